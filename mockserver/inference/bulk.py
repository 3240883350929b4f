"""Operations on several entities of a collection: which ids or entities a request names, and what
is done to each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mockserver.inference.by_value import (
    key_sent,
    named_in_body,
    named_in_query,
    named_so,
    names_of,
    sends_most,
)
from mockserver.inference.effects import Effects
from mockserver.inference.evidence import WEIGHTS, Maker, Reading
from mockserver.inference.making import is_link
from mockserver.inference.model import Action, ItemPlace, Transition, in_words
from mockserver.inference.operations import BULK, Facts, Survey, body_of
from mockserver.inference.paths import ANY
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.verbs import first_words, says_it_changes, says_upsert, verb_of
from mockserver.inference.words import bag, last_word, noun, plural, snake_case, tokens
from mockserver.records import dataclass

Steps = tuple[str, ...]

_REMOVING = bag("delete remove destroy purge deletes deletion deletions erase trash discard")
_CHANGING = bag("update modify edit patch change save upsert set merge put")
_ADDING = bag("upsert put save merge")
_BESIDE = bag("batch bulk many multiple several all by ids id request requests selected list mass")
_WRAPS = bag(
    "inputs items objects data entries elements records requests values operations keys entities "
    "list selection selected targets"
)
_SETTING = bag("replace replaces overwrite overwrites set sets all update updates")
_ARRAY = bag("array lists arrays")
_ALL = bag("all every clear clears empty empties everything purge purges")


_OF_ONE = re.compile(
    r"(?:delet|remov|destroy|eras|revok)(?:es?|s)? (?:an?|one|(?:a|the) (?:single|given|specified|"
    r"existing|certain)) \w+",
    re.I,
)
"""What is said of removing one, where its name is missing in the document."""


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """Where a request has the ids of several entities: in a query parameter, or at a path in the
    body (with `FIRST` where an array stands). `every`: it has none, and means all of them."""

    text: str
    query: str | None = None
    at: Path = ()
    every: bool = False


def ids_in(survey: Survey, facts: Facts, resource: Resource) -> Named | None:
    """Where a request has ids of a resource; None if it has none."""
    names = set(_names(resource))
    query = [one for one in facts.operation.parameters if one.place == "query"]
    arrays = [one for one in query if "array" in survey.schemas.flat(one.schema).types]
    for parameter in query:
        if snake_case(parameter.name) in names or (query == arrays and len(arrays) == 1):
            return Named(f"`{parameter.name}`", query=parameter.name)
    media = body_of(facts.operation)
    if media is None or not media.pointer:
        return None
    body = survey.schemas.main(media.pointer)
    flat = survey.flat(body)
    if "array" in flat.types:
        found = _ids_of(survey, survey.schemas.place(body, None), resource, (FIRST,))
        return Named("the body", at=found) if found is not None else None
    arrays_ = survey.schemas.arrays(body)
    for name in flat.properties:
        rows = survey.flat(survey.schemas.canonical(arrays_[name])) if name in arrays_ else None
        only = rows is not None and bool(rows.properties) and len(arrays_) == 1
        if rows is not None and (snake_case(name) in names | _WRAPS or only):
            found = _ids_of(survey, arrays_[name], resource, (name, FIRST))
            if found is not None:
                return Named(f"`{name}`", at=found)
        elif (
            snake_case(name) in names
            and "object" not in survey.schemas.flat(flat.properties[name]).types
        ):
            return Named(f"`{name}`", at=(name,))
    return None


def _ids_of(survey: Survey, place: str | None, resource: Resource, path: Path) -> Path | None:
    """The path to the ids in an array: its items, or a property of each."""
    if place is None:
        return path
    flat = survey.flat(survey.schemas.canonical(place))
    if not flat.properties:
        return path if "object" not in flat.types else None
    own = {resource.identity.key or "", resource.identity.parameter or ""} - {""}
    spelled = {snake_case(name): name for name in flat.properties}
    wanted = [*map(snake_case, own), f"{resource.noun}_id", "id", "uuid"]
    named = next((spelled[one] for one in wanted if one in spelled), None)
    return (*path, named) if named is not None else None


def _names(resource: Resource) -> Iterator[str]:
    """What requests call the ids of a resource."""
    for one in names_of(resource):
        yield from (one, plural(one))
    for one in (resource.noun, last_word(resource.noun)):
        yield plural(one)
    yield "object_ids"


def means_all(facts: Facts) -> bool:
    """Whether a DELETE of a collection has nothing that could name a few of it."""
    operation = facts.operation
    if operation.body is not None:
        return False
    says = {*tokens(operation.summary), *tokens(operation.id), *tokens(operation.description[:200])}
    if _OF_ONE.match(operation.summary or operation.description) and not says & _ALL:
        return False
    query = [one for one in operation.parameters if one.place == "query" and one.required]
    return not query or bool(says & _ALL)


def _said(facts: Facts) -> frozenset[str]:
    """What an operation says that it does, where its path does not: by its method or summary."""
    if facts.method == "DELETE":
        return frozenset(("delete",))
    changes = ("update",) if facts.method == "PATCH" else ()
    return frozenset((*first_words(facts.operation.summary), *changes))


class SeveralReader:
    """Reads operations on several entities of a collection."""

    def __init__(
        self,
        survey: Survey,
        resources: Mapping[str, Resource],
        collections: Mapping[Steps, str],
        make: Maker,
        effects: Effects,
    ) -> None:
        self.survey = survey
        self.resources = resources
        self.collections = collections
        self.make = make
        self.effects = effects
        self._beside: dict[tuple[Steps, str], Steps] = {}
        for steps in collections:
            if steps:
                self._beside.setdefault((steps[:-1], noun(steps[-1])), steps)

    def readings(self, facts: Facts) -> Iterator[Reading]:
        """`POST /contacts/delete` and `/contacts/batch/update`, with ids or entities in a body."""
        if facts.operation.method in ("GET", "HEAD") or facts.plain is not None:
            return
        for steps in _without_bulk(facts.route.steps):
            said = _said(facts)
            several = steps != facts.route.steps
            alone = _REMOVING | {"archive"}
            for found, read in (
                (self._collection(steps, _REMOVING, _REMOVING, said, several), self.sweep),
                (self._collection(steps, _CHANGING, frozenset(), said, several), self.change),
                (self._acted(steps, several), self._act),
                (self._collection(steps, alone, _REMOVING, said, several), self.sweep),
            ):
                action = read(facts, self.resources[self.collections[found]]) if found else None
                if action is not None:
                    yield Reading(WEIGHTS["plain"] + WEIGHTS["several"], action)
            if several and steps in self.collections and facts.method in ("POST", "PUT"):
                resource = self.resources[self.collections[steps]]
                if FIRST in facts.sent and self.sends_like(facts, resource):
                    why = f"makes several {plural(resource.noun)}: an array of them is sent"
                    action = self.make(facts, "create", why, "likely", resource=resource.name)
                    yield Reading(WEIGHTS["plain"], action)

    def sweep(self, facts: Facts, resource: Resource) -> Action | None:
        """DELETE on a collection, with the ids to remove in the request, or of all of it."""
        why = f"{facts.method} of {facts.operation.path}"
        if is_link(self.survey, facts):
            by = tuple((name, name) for name in self.survey.flat(facts.body).properties)
            return self.make(
                facts, "sweep", f"{why} with the ids it links", "likely",
                resource=resource.name, by=by,
            )  # fmt: skip
        by = named_in_body(self.survey, facts, resource)
        found = ids_in(self.survey, facts, resource) if not by else None
        if found is not None:
            return self.make(
                facts, "sweep", f"{why} with ids in {found.text}", "likely",
                resource=resource.name, ids=found.query, sent=found.at,
            )  # fmt: skip
        by = by or named_in_query(self.survey, facts, resource)
        if by:
            quoted = "`, `".join(name for name, _ in by)
            return self.make(
                facts, "sweep", f"{why} with `{quoted}` of what is removed", "likely",
                resource=resource.name, by=by,
            )  # fmt: skip
        if facts.operation.method == "DELETE" and means_all(facts):
            why += f", which names none: all {plural(resource.noun)}"
            return self.make(facts, "sweep", why, "likely", resource=resource.name, every=True)
        return None

    def change(self, facts: Facts, resource: Resource) -> Action | None:
        """Several entities to change: an array, each of which names itself, or the ids of those
        that get the same new values."""
        key = resource.identity.key
        sent = self._array_of(facts, resource)
        if sent is None:
            return self._change_alike(facts, resource)
        why = f"{facts.method} of {facts.operation.path} changes several, each named by its `{key}`"
        adds = says_upsert(facts.operation)
        adds = adds or not _ADDING.isdisjoint(_words(facts.route.last))
        return self.make(
            facts, "create", why + (", or makes them" if adds else ""), "likely",
            resource=resource.name, upsert=True, partial=not adds, sent=sent,
        )  # fmt: skip

    def _array_of(self, facts: Facts, resource: Resource) -> Path | None:
        """Where a request has an array of entities, each with its id."""
        key = resource.identity.key
        if FIRST in facts.sent:
            return facts.sent if key in self.survey.flat(facts.body).properties else None
        media = body_of(facts.operation)
        if media is None or not media.pointer or facts.method == "POST":
            return None
        arrays = self.survey.schemas.arrays(self.survey.schemas.main(media.pointer))
        if len(arrays) != 1:
            return None
        (name, place), *_ = arrays.items()
        sent = self.survey.flat(self.survey.schemas.canonical(place)).properties
        whole = name in self.survey.flat(resource.schema).properties
        alike = key in sent and sends_most(self.survey, sent, resource)
        return (name, FIRST) if alike and not whole else None

    def _change_alike(self, facts: Facts, resource: Resource) -> Action | None:
        """`{"ids": [7, 8], "status": "read"}`: each of them gets the rest of what is sent."""
        media = body_of(facts.operation)
        found = ids_in(self.survey, facts, resource) if media is not None else None
        if found is None or found.at[-1:] != (FIRST,) or len(found.at) != 2:
            return None
        sent = self.survey.flat(media.pointer if media else None).properties
        own = self.survey.flat(resource.schema).properties
        changes = {name: f"body.{name}" for name in sent if name in own and name != found.at[0]}
        if not changes:
            return None
        why = f"each of those with ids in {found.text} gets `{'`, `'.join(changes)}`"
        return self.make(
            facts, "sweep", why, "likely", resource=resource.name, sent=found.at,
            transition=Transition("update", tuple(changes.items())),
        )  # fmt: skip

    def one(self, facts: Facts, resource: Resource) -> Action | None:
        """PUT or PATCH of a collection, with one entity that a required parameter names, or its id
        in the body; it may be made, if the operation says so."""
        sent = self.survey.flat(facts.body).properties if facts.body else {}
        if FIRST in facts.sent or not sends_most(self.survey, sent, resource):
            return None
        partial, path = facts.method == "PATCH", facts.operation.path
        if says_upsert(facts.operation):
            return self.make(
                facts, "create", f"{facts.method} of {path} changes one, or makes it", "likely",
                resource=resource.name, upsert=True, partial=partial,
            )  # fmt: skip
        by = named_in_query(self.survey, facts, resource)
        asked = len(by) == 1 and by[0][1] == resource.identity.key
        key = by[0][0] if asked else key_sent(self.survey, facts, resource)
        if key is None:
            return None
        place: ItemPlace = "query" if asked else "body"
        why = f"{facts.method} of {path} is of the one with `{key}` in the {place}"
        action = self.make(
            facts, "patch" if partial else "replace", why, "likely", resource=resource.name,
            partial=partial,
        )  # fmt: skip
        parents = tuple(link for link in action.parents if link.parameter != key)
        request = replace(action.request, item_in=place)
        return replace(action, item=key, request=request, parents=parents)

    def may_make(self, facts: Facts) -> bool:
        """Whether PUT or PATCH of a collection may make one: nothing says which one it changes."""
        if says_upsert(facts.operation) or 201 in facts.operation.documented:
            return True
        return facts.method == "PUT" and not says_it_changes(facts.operation)

    def sets(self, facts: Facts, resource: Resource) -> Action | None:
        """PUT of an array to a collection below an entity: what is sent replaces what was there."""
        if facts.method != "PUT" or ANY not in facts.route.steps:
            return None
        sent = self._rows_sent(facts, resource)
        said = {*tokens(facts.operation.summary), *tokens(facts.operation.id)}
        said |= set(tokens(facts.operation.description[:200]))
        if sent is None or not said & _SETTING:
            return None
        why = f"PUT of {facts.operation.path} replaces the {plural(resource.noun)} that there are"
        action = self.make(facts, "create", why, "likely", resource=resource.name, sent=sent)
        return replace(action, request=replace(action.request, sets=True))

    def _rows_sent(self, facts: Facts, resource: Resource) -> Path | None:
        """Where a request has an array of entities; at the top if it has what they are known by,
        each alone (`{"labels": ["a", "b"]}`)."""
        media = body_of(facts.operation)
        if media is None or not media.pointer:
            return None
        schemas, body = self.survey.schemas, self.survey.schemas.main(media.pointer)
        flat = self.survey.flat(body)
        name = next(iter(flat.properties)) if len(flat.properties) == 1 else None
        inner = schemas.place(body, name) if name is not None else body
        if inner is None or "array" not in self.survey.flat(schemas.main(inner)).types:
            return None
        place = schemas.place(schemas.main(inner), None)
        row = self.survey.flat(schemas.canonical(place)).properties if place is not None else {}
        if row:
            path = (FIRST,) if name is None else (name, FIRST)
            return path if sends_most(self.survey, row, resource) else None
        return () if name is not None and named_so(self.survey, resource, name) else None

    def sends_like(self, facts: Facts, resource: Resource) -> bool:
        """Whether the request holds several of what creates one entity (`POST /emails/batch`)."""
        sent = self.survey.flat(facts.body).properties.keys()
        one = self.survey.flat(resource.request or resource.schema).properties.keys()
        words = set(_words(facts.route.last))
        several = facts.route.last in BULK or noun(facts.sent[0]) == resource.noun
        many = bool(words & (BULK | _BESIDE | _ARRAY)) and not words & _CHANGING
        several = several or many
        alike = 2 * len(sent & one) > len(sent) or facts.ref == resource.schema
        return several and bool(sent) and alike

    def _collection(
        self,
        steps: Steps,
        verbs: frozenset[str],
        alone: frozenset[str],
        said: frozenset[str],
        several: bool = False,
    ) -> Steps | None:
        """The collection before a verb, and a word for several unless the verb may stand `alone`;
        or beside it: `/delete-contacts`. What is `said` counts where the path has nothing but such
        a word, which may stand before the collection, too: `several`."""
        for length in (len(steps) - 1, len(steps) - 2):
            above = steps[: max(length, 0)]
            if not above or above not in self.collections or ANY in steps[length:]:
                continue
            if ANY in steps[length:]:
                continue  # one of them is named
            words = {one for step in steps[length:] for one in _words(step)}
            own = set(tokens(above[-1]))
            many = several or words & (_BESIDE | BULK) or words & own
            found = words & verbs or (not words - _BESIDE - BULK - own and said & verbs)
            if found and not words - verbs - _BESIDE - BULK - own:
                return above if many or words & alone else None
        if several and steps in self.collections and said & verbs:
            return steps
        rest = [one for one in _words(steps[-1]) if one not in verbs | _BESIDE | BULK]
        if rest and len(rest) < len(_words(steps[-1])) and plural(rest[-1]) == rest[-1]:
            return self._beside.get((steps[:-1], noun("_".join(rest))))
        return None

    def _acted(self, steps: Steps, several: bool) -> Steps | None:
        """The collection before another verb and a word for several: `/messages/batch/archive`."""
        for length in (len(steps) - 1, len(steps) - 2):
            above = steps[: max(length, 0)]
            if above and above in self.collections and ANY not in steps[length:]:
                words = [one for step in steps[length:] for one in _words(step)]
                left = [one for one in words if one not in _BESIDE | BULK]
                many = several or len(left) < len(words)
                return above if many and left and verb_of("_".join(left)) else None
        return None

    def _act(self, facts: Facts, resource: Resource) -> Action | None:
        """A verb on each of those whose ids are sent."""
        found = ids_in(self.survey, facts, resource)
        words = [one for one in _words(facts.route.last) if one not in _BESIDE | BULK]
        verb = verb_of("_".join(words))
        changes = dict(self.effects.changes(resource, verb, "_".join(words), facts))
        if found is None or not changes:
            return None
        effect = in_words(changes, resource)
        why = f"`{verb}` of those with ids in {found.text}: it sets {effect}"
        return self.make(
            facts, "sweep", why, "likely", resource=resource.name, ids=found.query, sent=found.at,
            transition=Transition(verb, tuple(changes.items())),
        )  # fmt: skip


def _words(step: str) -> tuple[str, ...]:
    """The words of a step; `batchdelete` is two."""
    found: list[str] = []
    for one in tokens(step):
        head = next(
            (w for w in ("batch", "bulk") if one.startswith(w) and verb_of(one[len(w) :])), ""
        )
        found += [head, one[len(head) :]] if head else [one]
    return tuple(found)


def _without_bulk(steps: Steps) -> Iterator[Steps]:
    """The steps, and those without a word for several before the last one: `/bulk/contacts`."""
    if steps:
        yield steps
    plain = tuple(one for one in steps[:-1] if one.lower() not in ("bulk", "batch"))
    if len(plain) == len(steps) - 2:
        yield (*plain, steps[-1])
