"""What is done to several entities in one request: the same verb to each of those that it names, or
different changes (`{"create": [...], "delete": [...]}` to `/products/batch`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, cast

from mockserver.inference.bulk_ids import (
    Named,
    ends_like,
    ids_in,
    ids_of,
    only_array,
    positions,
    rows_shown,
    unwrapped,
)
from mockserver.inference.by_value import named_in_body
from mockserver.inference.effects import Effects
from mockserver.inference.elements import how_of
from mockserver.inference.evidence import Maker
from mockserver.inference.model import PLACE, Action, Elements, Transition, in_words
from mockserver.inference.operations import BULK, Facts, Survey, body_of
from mockserver.inference.resource_model import FIRST, Path, Resource
from mockserver.inference.verb_words import ORDERING, OTHER_NAMES, SETTING
from mockserver.inference.verbs import first_words, verb_of
from mockserver.inference.words import bag, last_word, noun, participles, plural, singular, tokens

Pairs = tuple[tuple[str, str], ...]
CHANGING = bag("update modify edit patch change save upsert set merge put")
ADDING = bag("upsert put save merge")
_EVERY = bag("all every everything")
_ALONE = bag("as from in")
BESIDE = bag("batch bulk many multiple several all by ids id request requests selected list mass")


class BulkVerbs:
    """Reads what a verb does to each of several entities of a collection."""

    def __init__(self, survey: Survey, make: Maker, effects: Effects) -> None:
        self.survey = survey
        self.make = make
        self.effects = effects

    def act(self, facts: Facts, resource: Resource) -> Action | None:
        """A verb on each of those whose ids are sent."""
        words = words_of_verb((last_of(facts),)) or words_of_verb(facts.route.steps[-2:-1])
        found = ids_in(self.survey, facts, resource)
        if found is None and not ORDERING.isdisjoint(words):
            found = only_array(self.survey, facts)
        by = named_in_body(self.survey, facts, resource) if found is None else ()
        if by and words_of_verb((last_of(facts),)) != list(words_of(last_of(facts))):
            return self._act_by(facts, resource, words, by)
        if found is None:
            return self._act_on_all(facts, resource, words)
        alone = len(words_of(last_of(facts))) == len(words)
        if alone and not (found.query or FIRST in found.at):
            return None  # nothing says that there may be several
        if FIRST in found.at and found.at[-1:] != (FIRST,):
            each = self._each_its_own(facts, resource, found, words)
            if each is not None or not self._only_names(facts, found):
                return each
        verb = verb_of("_".join(words))
        changes = dict(self.effects.changes(resource, verb, "_".join(words), facts))
        changes |= dict(self._told(facts, resource, found, words))
        if not ORDERING.isdisjoint(words) and FIRST in found.at:
            changes = dict.fromkeys(positions(self.survey, resource)[:1], PLACE)
        if not changes:
            return None
        effect = in_words(changes, resource)
        why = f"`{verb}` of those with ids in {found.text}: it sets {effect}"
        return self._changing(facts, resource, found, Transition(verb, tuple(changes.items())), why)

    def _act_on_all(self, facts: Facts, resource: Resource, words: Sequence[str]) -> Action | None:
        """A verb on every one there is, by the path or the summary: `/notifications/read-all`."""
        operation = facts.operation
        steps = facts.route.steps[-2:] + ((facts.route.verb,) if facts.route.verb else ())
        said = {one for step in steps for one in words_of(step)}
        text = tokens(operation.summary or operation.description[:60])
        if _EVERY.isdisjoint(said) and not _says_all(text, last_word(resource.noun)):
            return None
        if self._sends_any(facts) or facts.method == "DELETE":
            return None
        verb = verb_of("_".join(words))
        changes = dict(self.effects.changes(resource, verb, "_".join(words), facts))
        if not changes:
            return None
        why = f"`{verb}` of all {resource.noun}: it sets {in_words(changes, resource)}"
        return self.make(
            facts, "sweep", why, "likely", resource=resource.name, every=True,
            transition=Transition(verb, tuple(changes.items()), takes=False),
        )  # fmt: skip

    def _sends_any(self, facts: Facts) -> bool:
        """Whether a request has anything that could say of which entities it is."""
        media = body_of(facts.operation)
        place = self.survey.schemas.main(media.pointer) if media and media.pointer else None
        flat = self.survey.flat(place)
        return media is not None and (bool(flat.properties) or flat.types != ("object",))

    def _act_by(
        self, facts: Facts, resource: Resource, words: Sequence[str], by: Pairs
    ) -> Action | None:
        """A verb on each of those whose values are sent: `/bulk-unsubscribe` with `emails`."""
        verb = verb_of("_".join(words))
        changes = dict(self.effects.changes(resource, verb, "_".join(words), facts))
        if not changes:
            return None
        quoted = "`, `".join(name for name, _ in by)
        why = f"`{verb}` of those with `{quoted}`: it sets {in_words(changes, resource)}"
        return self.make(
            facts, "sweep", why, "likely", resource=resource.name, by=by,
            transition=Transition(verb, tuple(changes.items()), takes=False),
        )  # fmt: skip

    def set_of(self, facts: Facts, resource: Resource) -> Action | None:
        """The path names an array of each of those whose ids are sent: POST, PUT or DELETE of
        `/contacts/tags` with `{"contact_ids": [7], "tags": ["new"]}`."""
        found = ids_in(self.survey, facts, resource)
        about = noun(facts.route.last)
        own = self.survey.flat(resource.schema).properties
        arrays = (n for n in own if "array" in self.survey.schemas.kinds(own[n]))
        name = next((one for one in arrays if noun(one) == about), None)
        if found is None or name is None or facts.route.verb:
            return None
        named = self._sent_beside(facts, resource, found)
        sent = next((one for one in named if noun(one) == about), None)
        says = how_of(tuple(first_words(facts.operation.summary)))
        how = says or {"DELETE": "remove", "PUT": "set"}.get(facts.operation.method, "add")
        if sent is None or (facts.operation.method == "DELETE" and how != "remove"):
            return None
        changes = ((name, Elements(cast(Any, how), sent=(sent, FIRST))),)
        why = f"`{name}` of those with ids in {found.text} are changed"
        return self._changing(facts, resource, found, Transition("change", changes), why)

    def _only_names(self, facts: Facts, found: Named) -> bool:
        """Whether rows have nothing but the id of what is meant: `[{"id": 7}]`."""
        media = body_of(facts.operation)
        row = self.survey.schemas.along(media.pointer if media else None, found.at[:-1])
        place = self.survey.schemas.canonical(row) if row else None
        return len(self.survey.flat(place).properties) == 1

    def _each_its_own(
        self, facts: Facts, resource: Resource, found: Named, words: Sequence[str]
    ) -> Action | None:
        """Rows that each say which entity is meant and what it gets: `/reorder` with `{"items":
        [{"id": 7, "position": 1}]}`."""
        at = found.at[: found.at.index(FIRST) + 1]
        media = body_of(facts.operation)
        place = self.survey.schemas.along(media.pointer if media else None, at)
        row = self.survey.flat(self.survey.schemas.canonical(place)) if place else None
        own = self.survey.flat(resource.schema).properties.keys() - {resource.identity.key}
        setting = SETTING | ORDERING | CHANGING
        if row is None or setting.isdisjoint(words) or not row.properties.keys() & own:
            return None
        if resource.identity.key != found.at[-1] or not ADDING.isdisjoint(words):
            return None
        why = f"each of those in {found.text} gets what its row says"
        return self.make(
            facts, "create", why, "likely", resource=resource.name, upsert=True, partial=True,
            sent=at,
        )  # fmt: skip

    def _changing(
        self, facts: Facts, resource: Resource, found: Named, verb: Transition, why: str
    ) -> Action:
        """The action that does the same to each of those whose ids are sent."""
        action = self.make(
            facts, "sweep", why, "likely", resource=resource.name, ids=found.query, sent=found.at,
            transition=verb,
        )  # fmt: skip
        request = replace(action.request, told=self._told_at(facts, resource, found))
        shown = rows_shown(self.survey, facts, resource)
        response = replace(action.response, several=shown)
        return replace(action, request=request, response=response)

    def _told(
        self, facts: Facts, resource: Resource, found: Named, words: Sequence[str]
    ) -> Iterator[tuple[str, Any]]:
        """What a request says of each of those that it names: `{"ids": [7], "tags": ["new"]}` of
        `/bulk_tag`, `{"ids": [7], "folder_id": 2}` of `/move`."""
        own = self.survey.flat(resource.schema).properties
        sets = not SETTING.isdisjoint(words)
        for sent in self._sent_beside(facts, resource, found):
            name = sent if sent in own else ends_like(sent, own)
            if name is None or name == resource.identity.key:
                continue
            if "array" in self.survey.schemas.kinds(own[name]):
                how = how_of(words)
                if how is not None:
                    yield name, Elements(how, sent=(sent, FIRST))
            elif sets or {*tokens(name)} & {*words[1:]}:
                yield name, f"body.{sent}"

    def _sent_beside(self, facts: Facts, resource: Resource, found: Named) -> Iterable[str]:
        """The properties that a request has for each of the entities that it names."""
        media = body_of(facts.operation)
        at = self._told_at(facts, resource, found)
        place = self.survey.schemas.along(media.pointer if media else None, at)
        place = self.survey.schemas.main(self.survey.schemas.canonical(place)) if place else None
        return (name for name in self.survey.flat(place).properties if name not in found.at)

    def _told_at(self, facts: Facts, resource: Resource, found: Named) -> Path:
        """Where a request has the new values of those that it names: beside the ids, or in an
        object of their own (`{"ids": [7, 8], "changes": {"status": "read"}}`)."""
        if found.query is not None and facts.sent and FIRST not in facts.sent:
            return facts.sent
        media = body_of(facts.operation)
        if media is None or not media.pointer or found.at[:1] == (FIRST,):
            return ()
        within, place = unwrapped(self.survey, media.pointer)
        own = self.survey.flat(resource.schema).properties.keys()
        sent = self.survey.flat(place).properties
        if sent.keys() & own - {*found.at}:
            return within
        for name, schema in sent.items():
            inner = self.survey.schemas.flat(schema).properties.keys()
            if inner and 2 * len(inner & own) > len(inner):
                return (*within, name)
        return within

    def change_alike(self, facts: Facts, resource: Resource) -> Action | None:
        """`{"ids": [7, 8], "status": "read"}`: each of them gets the rest of what is sent."""
        media = body_of(facts.operation)
        found = ids_in(self.survey, facts, resource) if media is not None else None
        if found is None or not (found.query or (found.at[-1:] == (FIRST,) and found.at[:-1])):
            return None
        if len(found.at) - len(found.within) > 2:
            return None
        own = self.survey.flat(resource.schema).properties
        sent = self._sent_beside(facts, resource, found)
        changes = {name: f"body.{name}" for name in sent if name in own}
        if not changes:
            return None
        why = f"each of those with ids in {found.text} gets `{'`, `'.join(changes)}`"
        return self._changing(
            facts, resource, found, Transition("update", tuple(changes.items())), why
        )


def _says_all(text: Sequence[str], short: str) -> bool:
    """Whether a text is about all entities with this noun, not about all of something else: "Mark
    all as read", "Resets the state of every note"."""
    for index, word in enumerate(text):
        after = text[index + 1 : index + 4] if word in _EVERY else ()
        if word in _EVERY and (not after or after[0] in _ALONE or short in map(singular, after)):
            return True
    return False


def last_of(facts: Facts) -> str:
    """The word that says what is done: behind a colon, or the last of the path."""
    return facts.route.verb or facts.route.last


def words_of_verb(steps: Iterable[str]) -> list[str]:
    """The words of a verb in steps, without those that say that it is about several."""
    words = (one for step in steps for one in words_of(step))
    return [one for one in words if one not in BESIDE | BULK]


def words_of(step: str) -> tuple[str, ...]:
    """The words of a step; `batchdelete` is two."""
    found: list[str] = []
    for one in tokens(step):
        head = next(
            (w for w in ("batch", "bulk") if one.startswith(w) and verb_of(one[len(w) :])), ""
        )
        found += [head, one[len(head) :]] if head else [one]
    return tuple(found)


Change = Literal["create", "update", "upsert", "delete"]
_CHANGES: Mapping[Change, frozenset[str]] = {
    "create": bag("create add insert new post"),
    "update": bag("update change patch modify edit put"),
    "upsert": bag("upsert save merge"),
    "delete": bag("delete remove destroy"),
}
_NAMES: Mapping[str, Change] = {
    form: change
    for change, words in _CHANGES.items()
    for word in words
    for form in (word, plural(word), *participles(word))
}


def mixed(survey: Survey, facts: Facts, resource: Resource, make: Maker) -> Action | None:
    """The action of a request with an array of entities for each of several changes (`create`,
    `update` ...); None if it is another request."""
    media = body_of(facts.operation)
    if media is None or not media.pointer or facts.method not in ("POST", "PUT", "PATCH"):
        return None
    arrays = survey.schemas.arrays(survey.schemas.main(media.pointer))
    changes = dict(_changes(arrays, resource))
    named = [change for name, change in changes.items()]
    if len(changes) < 2 or len(named) != len(set(named)):
        return None
    shown = dict(_shown(survey, facts))
    parts = tuple(
        _part(survey, facts, resource, make, change, (name, arrays[name]), shown.get(change))
        for name, change in changes.items()
    )
    if any(part is None for part in parts):
        return None
    done = ", ".join(named)
    why = f"it does several things to {plural(resource.noun)}: {done}"
    action = make(facts, "sweep", why, "likely", resource=resource.name)
    return replace(action, parts=tuple(part for part in parts if part is not None))


def _changes(arrays: Iterable[str], resource: Resource) -> Iterator[tuple[str, Change]]:
    """The arrays of a request that are named after changes: `to_delete`, `productsToUpdate`."""
    nouns = {*tokens(resource.noun), *tokens(plural(resource.noun)), "to", "ids", "id", "items"}
    for name in arrays:
        words = [word for word in tokens(name) if word not in nouns]
        change = _NAMES.get(OTHER_NAMES.get(words[0], words[0])) if len(words) == 1 else None
        if change is not None:
            yield name, change


def _part(
    survey: Survey,
    facts: Facts,
    resource: Resource,
    make: Maker,
    change: Change,
    array: tuple[str, str],
    shown: str | None,
) -> Action | None:
    """The action of one `array`, of which the name and the place of an element are given; None if
    its elements do not say which entity is meant."""
    place, at = array[1], (array[0], FIRST)
    row = survey.flat(survey.schemas.canonical(place)).properties
    own = survey.flat(resource.schema).properties
    name = resource.name
    if change == "delete":
        found = ids_of(survey, place, resource, at)
        action = make(facts, "sweep", "", resource=name, sent=found) if found is not None else None
    elif not row.keys() & own.keys() or (change == "update" and resource.identity.key not in row):
        action = None
    else:
        made = change == "create"
        action = make(
            facts, "create", "", resource=name, sent=at, upsert=not made, partial=change == "update"
        )
    if action is None:
        return None
    response = replace(action.response, at=(), several=(shown,) if shown is not None else None)
    return replace(action, response=response)


def _shown(survey: Survey, facts: Facts) -> Iterator[tuple[Change, str]]:
    """Where a response says what has been done, by the change: `created`, `deleted_count`."""
    media = facts.operation.success_json
    if media is None or not media.pointer:
        return
    for name in survey.flat(survey.schemas.main(media.pointer)).properties:
        changes = {_NAMES[word] for word in tokens(name) if word in _NAMES}
        if len(changes) == 1:
            yield changes.pop(), name
