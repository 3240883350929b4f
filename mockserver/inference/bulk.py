"""Operations on several entities of a collection: which ids or entities a request names, and what
is done to each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from mockserver.inference.bulk_ids import ids_in, rows_sent, rows_shown
from mockserver.inference.bulk_verbs import (
    ADDING,
    BESIDE,
    CHANGING,
    BulkVerbs,
    last_of,
    mixed,
    words_of,
    words_of_verb,
)
from mockserver.inference.by_value import (
    key_sent,
    named_in_body,
    named_in_query,
    named_so,
    says_upsert,
    sends_most,
    upserted_by,
)
from mockserver.inference.effects import Effects
from mockserver.inference.evidence import WEIGHTS, Maker, Reading
from mockserver.inference.making import is_link
from mockserver.inference.model import Action, ItemPlace, Transition
from mockserver.inference.operations import BULK, Facts, Survey, body_of
from mockserver.inference.paths import ANY, Steps
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.verb_words import JOINING, LEAVING, ORDERING
from mockserver.inference.verbs import (
    first_words,
    says_it_changes,
    speaks_of_making,
    state_called,
    verb_of,
)
from mockserver.inference.words import (
    bag,
    last_word,
    names_member,
    noun,
    plural,
    snake_case,
    tokens,
)

_REMOVING = bag("delete remove destroy purge deletes deletion deletions erase trash discard")
_SETTING = bag("replace replaces overwrite overwrites set sets all update updates")
_MAKING = bag("create add insert import new make creates adds imports post")
_ARRAY = bag("array lists arrays")
_OF_CALLER = bag("leave quit exit unfollow unsubscribe unlike unsave")
"""What is about the row of the caller alone."""
_ALL = bag("all every clear clears empty empties everything purge purges")


_CLEARING = bag("clear clear_all empty purge flush wipe reset delete_all remove_all")
_EMPTYING = bag("empty purge flush wipe clear_all delete_all remove_all")
"""What is about all that lies below an entity, whatever the text says."""
_ALL_THE = (
    r"\b(?:clears?|delet\w+|remov\w+|empt\w+|purg\w+|flush\w*)\b[^.]{{0,12}}? "
    r"(?:all|every)(?: of)?(?: the| its)? (?!the |its |of )(\w+ )??{noun}\b"
)
_MARKED = re.compile(r"\bmarked (?:as )?['\"`]?(\w+)")
_OF_ONE = re.compile(
    r"(?:delet|remov|destroy|eras|revok)(?:es?|s)? (?:an?|one|(?:a|the) (?:single|given|specified|"
    r"existing|certain)) \w+",
    re.I,
)
"""What is said of removing one, where its name is missing in the document."""


def means_all(facts: Facts) -> bool:
    """Whether a DELETE of a collection has nothing that could name a few of it."""
    operation = facts.operation
    if operation.body is not None or not _OF_CALLER.isdisjoint(first_words(operation.summary)):
        return False
    says = {*tokens(operation.summary), *tokens(operation.id), *tokens(operation.description[:200])}
    if _OF_ONE.match(operation.summary or operation.description) and not says & _ALL:
        return False
    query = [one for one in operation.parameters if one.place == "query" and one.required]
    return not query or bool(says & _ALL)


_CHANGES = {"POST": ("create",), "PUT": ("update",), "PATCH": ("update",), "DELETE": ("delete",)}


def _said(facts: Facts) -> frozenset[str]:
    """What an operation says that it does, where its path does not: by its summary or id, else by
    its method."""
    says = {*first_words(facts.operation.summary)} or {*tokens(facts.operation.id)}
    if facts.method == "PUT" and speaks_of_making(facts.operation):
        return frozenset((*says, "upsert"))
    if facts.method in ("POST", "PUT") and says & (_REMOVING | CHANGING | _MAKING):
        return frozenset(says)
    return frozenset((*says, *_CHANGES.get(facts.method, ())))


def _plural_pattern(name: str) -> str:
    """A pattern for several of a noun, by its last word or in whole."""
    names = {plural(name), plural(last_word(name))}
    return "(?:" + "|".join(sorted(re.escape(one).replace("_", r"[ _-]?") for one in names)) + ")"


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
        self._verbs = BulkVerbs(survey, make, effects)
        self._beside: dict[tuple[Steps, str], Steps] = {}
        for steps in collections:
            if steps:
                self._beside.setdefault((steps[:-1], noun(steps[-1])), steps)

    def readings(self, facts: Facts) -> Iterator[Reading]:
        """`POST /contacts/delete` and `/contacts/batch/update`, with ids or entities in a body."""
        if facts.operation.method in ("GET", "HEAD") or facts.plain is not None:
            return
        yield from self._cleared(facts)
        whole = (*facts.route.steps, facts.route.verb) if facts.route.verb else facts.route.steps
        for steps in _without_bulk(whole):
            said = _said(facts)
            several = steps != whole
            both = self._mixed(facts, steps)
            if both is not None:
                yield Reading(WEIGHTS["plain"] + WEIGHTS["several"] + WEIGHTS["word"], both)
                return
            alone = _REMOVING | {"archive"}
            for found, read in (
                (self._collection(steps, _REMOVING, _REMOVING, said, several), self.sweep),
                (self._collection(steps, CHANGING, frozenset(), said, several), self.change),
                (self._acted(steps), self._verbs.act),
                (steps[:-1] if steps[:-1] in self.collections else None, self._verbs.set_of),
                (self._collection(steps, alone, _REMOVING, said, several), self.archive),
                (self._collection(steps, _MAKING, _MAKING, said, several), self.made),
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

    def children(self, facts: Facts, above: Resource) -> Iterator[Reading]:
        """`POST /lists/{id}/import` with `{"members": [...]}`: it makes several of
        `/lists/{id}/members`."""
        yield from self._members(facts, above)
        media = body_of(facts.operation)
        top = self.survey.schemas.main(media.pointer) if media and media.pointer else ""
        for name, place in self.survey.schemas.arrays(top).items() if top else ():
            row = self.survey.flat(self.survey.schemas.canonical(place)).properties
            made = [
                one
                for one in self.resources.values()
                if noun(name) in (one.noun, last_word(one.noun)) and one.creatable
                if one.parents and one.parents[-1].resource == above.name and not one.singleton
            ]
            if (
                facts.method != "POST"
                or len(made) != 1
                or not sends_most(self.survey, row, made[0])
            ):
                continue
            why = f"it makes several {plural(made[0].noun)}: `{name}` has them"
            action = self.make(
                facts, "create", why, "likely", resource=made[0].name, sent=(name, FIRST)
            )
            yield Reading(WEIGHTS["plain"], action)

    def _cleared(self, facts: Facts) -> Iterator[Reading]:
        """`POST /carts/{id}/clear`: it removes all of `/carts/{id}/items`, those in the state that
        the text names, or marks them as it says (`Clears all completed tasks ... marked as
        'hidden'`)."""
        operation, above = facts.operation, facts.route.steps[:-1]
        sent = self.survey.flat(facts.body).properties if facts.body else ()
        if facts.method != "POST" or above[-1:] != (ANY,) or facts.route.verb or sent:
            return
        word = snake_case(facts.route.last)
        if word not in _CLEARING:
            return
        text = f"{operation.summary}. {operation.description}"
        below = [
            resource
            for steps, resource in ((s, self.resources[n]) for s, n in self.collections.items())
            if steps[:-1] == above and not resource.singleton and resource.creatable
        ]
        for one in below:
            found = re.search(_ALL_THE.format(noun=_plural_pattern(one.noun)), text, re.IGNORECASE)
            only = self._in_state(found[1], one) if found is not None else ()
            emptied = len(below) == 1 and found is None and word in _EMPTYING
            if only is None or (found is None and not emptied):
                continue
            own = self.survey.flat(one.schema).properties
            flags = [name for name in _MARKED.findall(text) if name in own]
            change = Transition(word, ((flags[0], True),), takes=False) if flags else None
            which = f"{found[1] or ''}{plural(one.noun)}" if found else plural(one.noun)
            does = f"marks as {flags[0]}" if flags else "removes"
            action = self.make(
                facts, "sweep", f"it {does} all {which} of one {facts.route.parent.noun}", "likely",
                resource=one.name, every=True, transition=change,
            )  # fmt: skip
            request = replace(action.request, only=only)
            yield Reading(WEIGHTS["plain"] + WEIGHTS["several"], replace(action, request=request))

    def _in_state(self, said: str | None, resource: Resource) -> tuple[tuple[str, str], ...] | None:
        """The state that an adjective says; () for no adjective, None for one that is no state."""
        if not said or said.strip().lower() in ("existing", "current"):
            return ()
        states = resource.states
        words = {snake_case(one): one for one in states.known} if states is not None else {}
        known = words.get(said.strip().lower()) or state_called(said.strip(), words.values())
        return ((states.name, known),) if states is not None and known else None

    def sent_below(self, facts: Facts, above: Resource) -> Iterator[Reading]:
        """`POST /lists/{id}` with `{"members": [...]}` and nothing that a list has."""
        sent = self.survey.flat(facts.body).properties.keys() if facts.body else set()
        if sent and not sent & self.survey.flat(above.schema).properties.keys():
            yield from self.children(facts, above)

    def _members(self, facts: Facts, above: Resource) -> Iterator[Reading]:
        """`POST /channels/{id}/invite` with `{"users": [...]}`: for each there is a row in
        `/channels/{id}/members`, or no longer."""
        words = set(words_of(last_of(facts)))
        sent = self.survey.flat(facts.body).properties if facts.body else {}
        for one in self.resources.values() if words & (JOINING | LEAVING) and sent else ():
            member, link = one.identity.member, one.parents[-1:]
            if not link or link[0].resource != above.name or len(sent) != 1:
                continue
            if not any(names_member(member, name) for name in sent):
                continue
            why = f"it is about {plural(one.noun)} of one {above.noun}"
            if words & JOINING:
                action = self.make(facts, "create", why, "likely", resource=one.name, sent=())
            else:
                found = ids_in(self.survey, facts, one)
                at = found.at if found is not None else tuple(sent)
                action = self.make(facts, "sweep", why, "likely", resource=one.name, sent=at)
            yield Reading(WEIGHTS["plain"] + WEIGHTS["several"], action)

    def _mixed(self, facts: Facts, steps: Steps) -> Action | None:
        """Different changes of a collection: at its own path, or with a word for several."""
        above = steps if steps in self.collections else steps[:-1]
        if above not in self.collections or (above != steps and words_of_verb(steps[-1:])):
            return None
        return mixed(self.survey, facts, self.resources[self.collections[above]], self.make)

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

    def archive(self, facts: Facts, resource: Resource) -> Action | None:
        """What is archived is removed from lists only where it has no state for that."""
        acted, states = self._verbs.act(facts, resource), resource.states
        if acted is not None or (states is not None and state_called("archive", states.known)):
            return acted
        return self.sweep(facts, resource)

    def change(self, facts: Facts, resource: Resource) -> Action | None:
        """Several entities to change: an array, each of which names itself, or the ids of those
        that get the same new values."""
        key = resource.identity.key
        sent = self._array_of(facts, resource)
        if sent is None:
            return self._verbs.change_alike(facts, resource)
        why = f"{facts.method} of {facts.operation.path} changes several, each named by its `{key}`"
        adds = speaks_of_making(facts.operation)
        adds = adds or not ADDING.isdisjoint(words_of(last_of(facts)))
        return self.make(
            facts, "create", why + (", or makes them" if adds else ""), "likely",
            resource=resource.name, upsert=True, partial=not adds, sent=sent,
        )  # fmt: skip

    def either(self, facts: Facts, resource: Resource) -> Action | None:
        """An array of entities of which some may be there: "Updates or creates contacts"."""
        said = FIRST in facts.sent and says_upsert(facts.operation)
        return self.change(facts, resource) if said else None

    def made(self, facts: Facts, resource: Resource) -> Action | None:
        """Several new entities: an array of what one has."""
        sent = self._rows_sent(facts, resource) if facts.method in ("POST", "PUT") else None
        if sent is None or FIRST not in sent:
            return None
        why = f"makes several {plural(resource.noun)}: an array of them is sent"
        return self.make(facts, "create", why, "likely", resource=resource.name, sent=sent)

    def _array_of(self, facts: Facts, resource: Resource) -> Path | None:
        """Where a request has an array of entities, each with its id."""
        key = resource.identity.key
        if FIRST in facts.sent and key in self.survey.flat(facts.body).properties:
            return facts.sent
        found = rows_sent(self.survey, facts, resource)
        return found[0] if found is not None and key in found[1].properties else None

    def one(self, facts: Facts, resource: Resource) -> Action | None:
        """PUT or PATCH of a collection, with one entity that a required parameter names, or its id
        in the body; it may be made, if the operation says so."""
        sent = self.survey.flat(facts.body).properties if facts.body else {}
        if FIRST in facts.sent or not sends_most(self.survey, sent, resource):
            return None
        partial, path = facts.method == "PATCH", facts.operation.path
        if speaks_of_making(facts.operation):
            return self.make(
                facts, "create", f"{facts.method} of {path} changes one, or makes it", "likely",
                resource=resource.name, upsert=True, partial=partial,
                by=upserted_by(self.survey, facts, resource),
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
        if speaks_of_making(facts.operation) or 201 in facts.operation.documented:
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
        shown, response = rows_shown(self.survey, facts, resource), action.response
        if shown is not None and FIRST not in response.at:
            response = replace(response, at=(*shown, FIRST))
        return replace(action, request=replace(action.request, sets=True), response=response)

    def _rows_sent(self, facts: Facts, resource: Resource) -> Path | None:
        """Where a request has an array of entities; at the top if it has what they are known by,
        each alone (`{"labels": ["a", "b"]}`)."""
        found = rows_sent(self.survey, facts, resource)
        sent = self.survey.flat(facts.body).properties if facts.body else {}
        if found is not None:
            return found[0]
        name = next(iter(sent)) if len(sent) == 1 else None
        named = name is not None and "array" in self.survey.schemas.types(sent[name])
        return () if name and named and named_so(self.survey, resource, name) else None

    def sends_like(self, facts: Facts, resource: Resource) -> bool:
        """Whether the request holds several of what creates one entity (`POST /emails/batch`)."""
        sent = self.survey.flat(facts.body).properties.keys()
        one = self.survey.flat(resource.request or resource.schema).properties.keys()
        words = set(words_of(last_of(facts)))
        several = facts.route.last in BULK or noun(facts.sent[0]) == resource.noun
        many = bool(words & (BULK | BESIDE | _ARRAY)) and not words & CHANGING
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
            words = {one for step in steps[length:] for one in words_of(step)}
            own = set(tokens(above[-1]))
            many = several or words & (BESIDE | BULK) or words & own
            found = words & verbs or (not words - BESIDE - BULK - own and said & verbs)
            if found and not words - verbs - BESIDE - BULK - own:
                return above if many or words & alone else None
        if several and steps in self.collections and said & verbs:
            return steps
        rest = [one for one in words_of(steps[-1]) if one not in verbs | BESIDE | BULK]
        if rest and len(rest) < len(words_of(steps[-1])) and plural(rest[-1]) == rest[-1]:
            return self._beside.get((steps[:-1], noun("_".join(rest))))
        return None

    def _acted(self, steps: Steps) -> Steps | None:
        """The collection before another verb: `/messages/batch/archive`, `/messages/archive`."""
        for length in (len(steps) - 1, len(steps) - 2):
            above = steps[: max(length, 0)]
            if above and above in self.collections and ANY not in steps[length:]:
                words = words_of_verb(reversed(steps[length:]))
                known = verb_of("_".join(words)) or not ORDERING.isdisjoint(words)
                return above if known else None
        return None


def _without_bulk(steps: Steps) -> Iterator[Steps]:
    """The steps, and those without a word for several before the last one: `/bulk/contacts`."""
    if steps:
        yield steps
    plain = tuple(one for one in steps[:-1] if one.lower() not in ("bulk", "batch"))
    if len(plain) == len(steps) - 2:
        yield (*plain, steps[-1])
