"""The part of an entity in which an API keeps what others have beside the id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from mockserver.inference.words import bag, last_word, noun, snake_case, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas

USUAL = bag("attributes properties spec details fields data result")
"""What such a part is called whatever the entity is."""
FRAME = bag("id type kind links relationships meta metadata self href api_version etag")
"""What stands beside it in any API."""
_SHARE = 0.5
"""So much of what is sent has to be in a part of any other name."""


RELATIONSHIPS = "relationships"
_DATA = "data"


def relationships_of(schemas: Schemas, flat: Flat) -> Mapping[str, bool]:
    """The JSON:API relationships of an entity, each with whether it is of several: `{"project":
    False}` of `{"relationships": {"project": {"data": {"type": ..., "id": ...}}}}`."""
    found = {}
    written = properties_of(schemas, flat.properties.get(RELATIONSHIPS, {}))
    for name, schema in written.items():
        named = properties_of(schemas, schema).get(_DATA)
        if named is not None:
            found[name] = "array" in schemas.types(named)
    return found


def path_of_relationship(name: str) -> str:
    """Where an entity holds what a relationship names, as steps with dots between them."""
    return f"{RELATIONSHIPS}.{name}.{_DATA}"


def has_properties(schemas: Schemas, schema: object) -> bool:
    """Whether a schema is an object whose properties are written down."""
    written = schemas.plain(schema)
    return "properties" in written or "allOf" in written


def holder_of(
    schemas: Schemas, flat: Flat, about: str, sent: Set[str], others: Set[str] = frozenset()
) -> str | None:
    """The property under which most of what a client sends is shown: `attributes`, the entity's
    own noun (`{"id": ..., "rule": {...}}`), or whatever holds more of it than the entity does
    beside. None where properties stand side by side, or nowhere else than in what is sent.

    `about` is the entity's noun, `sent` are the names that a client may send of a new one,
    `others` the nouns of other resources: an order's `customer` is another entity.
    """
    own = _spelled(flat.properties)
    if not sent:
        return _framed(schemas, flat, own)
    sent_names = {snake_case(name) for name in sent}
    beside = len(sent_names & own)
    nouns = (about, last_word(about))
    best, holder = 0, None
    all_beside = beside == len(sent_names)
    for name, schema in flat.properties.items():
        called = name.lower() in USUAL or noun(name) in nouns
        if not called and (name in sent or all_beside or noun(name) in others):
            continue
        inner = properties_of(schemas, schema)
        if not inner or (not called and "id" in inner):
            continue  # what has an id is another entity: the active revision of a tool
        held = len(sent_names & _spelled(inner))
        if name in sent:
            # Requests have the same form.
            fits = called and len(inner) >= len(own - FRAME - {snake_case(name)})
        elif called:
            fits = held > 0 and held >= beside
        else:
            fits = held > 1 and held > beside and held >= _SHARE * len(sent_names)
        if fits and held + called > best:
            best, holder = held + called, name
    return holder


def _framed(schemas: Schemas, flat: Flat, own: Set[str]) -> str | None:
    """The part of something that no client makes or changes, where all else is its frame:
    `{"id": ..., "type": ..., "attributes": {...}}`."""
    return next(
        (
            name
            for name, schema in flat.properties.items()
            if name.lower() in USUAL and own <= FRAME | {snake_case(name)}
            if len(properties_of(schemas, schema)) > 1
        ),
        None,
    )


def properties_of(schemas: Schemas, schema: object) -> dict[str, object]:
    """The properties of an object, or of each kind of it; none of anything else."""
    found: dict[str, object] = {}
    flat = schemas.flat(schema) if _is_written(schemas, schema) else None
    if flat is not None and "object" in flat.types:
        found.update(flat.properties)
    for branches in flat.choices if flat is not None else ():
        for branch in branches:
            found = {**schemas.flat(branch).properties, **found}
    return found


def _is_written(schemas: Schemas, schema: object) -> bool:
    written = schemas.plain(schema)
    return not written.keys().isdisjoint(("properties", "allOf", "oneOf", "anyOf"))


def _spelled(names: Iterable[str]) -> set[str]:
    return {snake_case(name) for name in names}


def describe_alike(schemas: Schemas, one: str, other: str) -> bool:
    """Whether two schemas describe the same kind of entity: the response has most sent
    properties."""
    sent = schemas.flat_at(one).properties.keys()
    shown = schemas.flat_at(schemas.canonical(other)).properties.keys()
    return bool(sent) and 2 * len(sent & shown) > len(sent)


def share_id(schemas: Schemas, one: str, other: str) -> bool:
    """Whether two schemas, each perhaps a union, have the id of another entity in common."""
    places = (schemas.at(schemas.canonical(place)) for place in (one, other))
    mine, others = (properties_of(schemas, schema).keys() for schema in places)
    return any(tokens(name)[-1:] == ("id",) and name != "id" for name in mine & others)
