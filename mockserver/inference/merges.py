"""Entities that become another: several of a resource become one of them, and the others go; a lead
becomes a deal, a cart an order. What is converted, or checked out, may name what it has become.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference.effects import Effects, values_of
from mockserver.inference.evidence import WEIGHTS, Maker, Reading
from mockserver.inference.model import Action, Merge, Source, Transition
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.paths import ANY, Steps
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.states import spelled
from mockserver.inference.verbs import flags, spaced, state_called, verb_of
from mockserver.inference.words import ID_WORDS, bag, last_word, plural, snake_case, tokens

_MERGING = bag("merge combine dedupe deduplicate consolidate unify")
_INTO = bag(
    "target into primary master main destination dest to winner winning survivor surviving parent "
    "keep kept base"
)
_FROM = bag("source sources secondary duplicate duplicates from loser losing merged other others "
            "child children with vid")  # fmt: skip
_ID_ENDS = ID_WORDS | bag("gid gids")
_ENDED = ("merged", "closed", "archived", "inactive", "deleted")
"""What those are that have gone into another one, if a description says one of it."""


_MERGED = re.compile(r"merged_(?:into|to|in)(?:_\w+)?")
"""What the id of the one is called that an entity has gone into."""


class MergeReader:
    """Reads operations that merge entities of one resource."""

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        items: Mapping[Steps, str],
        collections: Mapping[Steps, str],
        make: Maker,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.items = items
        self.collections = collections
        self.make = make

    def readings(self, facts: Facts) -> Iterator[Reading]:
        """`POST /contacts/merge` with the ids of two, `POST /tickets/{id}/merge` with those of the
        others or of the one that it goes into."""
        route = facts.route
        word, above = (route.verb, route.steps) if route.verb else (route.last, route.steps[:-1])
        if facts.operation.method not in ("POST", "PUT") or (route.is_item and not route.verb):
            return
        if _MERGING.isdisjoint(tokens(word)):
            return
        name = self.items.get(above)
        if name is not None:
            item: str | None = route.names[-1]
        else:
            name, item = self.collections.get(above), None
        resource = self.resources[name] if name is not None else None
        if resource is None or resource.singleton or resource.identity.key is None:
            return
        if item is None and ANY in above[-1:]:
            return
        found = self._named(facts, resource, item is not None)
        if found is None:
            return
        sources, into = found
        changes = tuple(self._marks(facts, resource))
        quoted = ".".join(one for one in (sources or into or ()) if one != FIRST)
        why = f"it merges {plural(resource.noun)}, by `{quoted}`"
        action = self.make(facts, "merge", why, "likely", item=item, resource=resource.name)
        shows = bool(facts.ref) and facts.ref == resource.schema
        merge = Merge(sources, into, changes, shows)
        yield Reading(WEIGHTS["plain"] + WEIGHTS["several"] + WEIGHTS["word"], _with(action, merge))

    def _named(
        self, facts: Facts, resource: Resource, on_one: bool
    ) -> tuple[Path | None, Path | None] | None:
        """Where a request names those that go, and the one that stays; None for the one that the
        path names. None if nothing says which is which."""
        media = body_of(facts.operation)
        place = self.survey.schemas.main(media.pointer) if media and media.pointer else None
        sent = self.survey.flat(place).properties if place else {}
        into: list[Path] = []
        sources: list[Path] = []
        plain: list[Path] = []
        nouns = {*tokens(resource.noun), *tokens(plural(last_word(resource.noun)))}
        for name, schema in sent.items():
            words = {*tokens(name)}
            several = "array" in self.survey.schemas.kinds(schema)
            path = (name, FIRST) if several else (name,)
            if words - nouns - _ID_ENDS - _INTO - _FROM:
                continue
            if words & _INTO and not several:
                into.append(path)
            elif words & _FROM:
                sources.append(path)
            elif words & (_ID_ENDS | nouns):
                plain.append(path)
        if len(into) > 1 or len(sources) > 1 or len(plain) > 1:
            return None
        if into and (sources or plain):
            return (sources or plain)[0], into[0]
        if on_one and (into or sources or plain):
            return (None, into[0]) if into else ((sources or plain)[0], None)
        return None

    def _marks(self, facts: Facts, resource: Resource) -> Iterator[tuple[str, Any]]:
        """How those are marked that have gone into another one; nothing if they are removed."""
        said = f"{facts.operation.summary} {facts.operation.description}".lower()
        for value in values_of(resource):
            called = spelled(value)
            if called == "merged" or (called in _ENDED and re.search(rf"\b{called}\b", said)):
                yield (resource.states.name if resource.states is not None else ""), value
                break
        for name in self.survey.flat(resource.schema).properties:
            if _MERGED.fullmatch(snake_case(name)):
                yield name, "into"


def _with(action: Action, merge: Merge) -> Action:
    return replace(action, merge=merge)


def source_of(effects: Effects, facts: Facts, resource: Resource, made: Resource) -> Source | None:
    """What becomes of an entity of `resource` when the operation makes one of `made`: the states,
    flags and moments that are called after the verb, or that the description tells. What a job is
    started for is not done yet."""
    if made.name == resource.name or (made.states is not None and made.states.moves):
        return None
    word = spaced(facts.route.verb or facts.route.last, facts.operation.id)
    verb = verb_of(word) or ("" if facts.route.plural else snake_case(word))
    states = resource.states
    changes: dict[str, Any] = {}
    if verb:
        named = state_called(verb, values_of(resource))
        if named is not None and states is not None and states.name:
            changes[states.name] = named
        changes |= {n: value for n, value in effects.flags(resource, flags(verb)) if value}
    stated = effects.stated(facts, resource)
    if stated is not None and states is not None:
        changes[states.name] = stated
    naming = _naming(effects, facts, resource, made)
    if not changes and naming is None:
        return None
    transition = Transition(verb, tuple(changes.items()), takes=False)
    return Source(resource.name, transition=transition, naming=naming)


def _naming(effects: Effects, facts: Facts, resource: Resource, made: Resource) -> str | None:
    """The property of an entity that names what is made of it: `converted_deal_id`."""
    survey = effects.survey
    sent = survey.flat(facts.body).properties.keys() if facts.body else set()
    asked = survey.flat(resource.request).properties.keys() if resource.request else set()
    wanted = (last_word(made.noun), "id")
    own = survey.flat(resource.schema).properties.keys() - sent - asked
    found = [name for name in own if tokens(name)[-2:] == wanted]
    return found[0] if len(found) == 1 else None
