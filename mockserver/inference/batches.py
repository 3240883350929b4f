"""Batches of different changes in one request: `{"create": [...], "delete": [...]}` to
`/products/batch`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from mockserver.inference.evidence import Maker
from mockserver.inference.model import Action
from mockserver.inference.operations import Facts, Survey, body_of
from mockserver.inference.resource_model import FIRST, Resource
from mockserver.inference.several import ids_of
from mockserver.inference.verb_words import OTHER_NAMES
from mockserver.inference.words import bag, participles, plural, tokens

Deed = Literal["create", "update", "upsert", "delete"]
_DEEDS: Mapping[Deed, frozenset[str]] = {
    "create": bag("create add insert new post"),
    "update": bag("update change patch modify edit put"),
    "upsert": bag("upsert save merge"),
    "delete": bag("delete remove destroy"),
}
_NAMES: Mapping[str, Deed] = {
    form: deed
    for deed, words in _DEEDS.items()
    for word in words
    for form in (word, plural(word), *participles(word))
}


def mixed(survey: Survey, facts: Facts, resource: Resource, make: Maker) -> Action | None:
    """The action of a request with an array of entities for each of several deeds; None if it is
    another request."""
    media = body_of(facts.operation)
    if media is None or not media.pointer or facts.method not in ("POST", "PUT", "PATCH"):
        return None
    arrays = survey.schemas.arrays(survey.schemas.main(media.pointer))
    deeds = dict(_deeds(arrays, resource))
    named = [deed for name, deed in deeds.items()]
    if len(deeds) < 2 or len(named) != len(set(named)):
        return None
    shown = dict(_shown(survey, facts))
    parts = tuple(
        _part(survey, facts, resource, make, deed, (name, arrays[name]), shown.get(deed))
        for name, deed in deeds.items()
    )
    if any(part is None for part in parts):
        return None
    done = ", ".join(named)
    why = f"it does several things to {plural(resource.noun)}: {done}"
    action = make(facts, "sweep", why, "likely", resource=resource.name)
    return replace(action, parts=tuple(part for part in parts if part is not None))


def _deeds(arrays: Iterable[str], resource: Resource) -> Iterator[tuple[str, Deed]]:
    """The arrays of a request that are named after deeds: `to_delete`, `productsToUpdate`."""
    nouns = {*tokens(resource.noun), *tokens(plural(resource.noun)), "to", "ids", "id", "items"}
    for name in arrays:
        words = [word for word in tokens(name) if word not in nouns]
        deed = _NAMES.get(OTHER_NAMES.get(words[0], words[0])) if len(words) == 1 else None
        if deed is not None:
            yield name, deed


def _part(
    survey: Survey,
    facts: Facts,
    resource: Resource,
    make: Maker,
    deed: Deed,
    array: tuple[str, str],
    shown: str | None,
) -> Action | None:
    """The action of one `array`, of which the name and the place of an element are given; None if
    its elements do not say which entity is meant."""
    place, at = array[1], (array[0], FIRST)
    row = survey.flat(survey.schemas.canonical(place)).properties
    own = survey.flat(resource.schema).properties
    name = resource.name
    if deed == "delete":
        found = ids_of(survey, place, resource, at)
        action = make(facts, "sweep", "", resource=name, sent=found) if found is not None else None
    elif not row.keys() & own.keys() or (deed == "update" and resource.identity.key not in row):
        action = None
    else:
        made = deed == "create"
        action = make(
            facts, "create", "", resource=name, sent=at, upsert=not made, partial=deed == "update"
        )
    if action is None:
        return None
    response = replace(action.response, at=(), several=(shown,) if shown is not None else None)
    return replace(action, response=response)


def _shown(survey: Survey, facts: Facts) -> Iterator[tuple[Deed, str]]:
    """Where a response says what has been done, by deed: `created`, `deleted_count`."""
    media = facts.operation.success_json
    if media is None or not media.pointer:
        return
    for name in survey.flat(survey.schemas.main(media.pointer)).properties:
        deeds = {_NAMES[word] for word in tokens(name) if word in _NAMES}
        if len(deeds) == 1:
            yield deeds.pop(), name
