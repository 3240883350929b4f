"""The order of a list: from its parameters, in the styles of many APIs, or as rows are stored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.properties import Properties, means_created
from mockserver.engine.inferred.repository import (
    Entity,
    OwnRepository,
    Repository,
    Test,
    newest_first,
    value_at,
)
from mockserver.engine.pagination import Ordered, Selection
from mockserver.engine.world import Row
from mockserver.inference.model import Envelope
from mockserver.inference.page_fields import falling
from mockserver.inference.words import bag, snake_case, tokens
from mockserver.records import dataclass

_WAYS = bag(
    "desc descending newest latest recent reverse down asc ascending oldest earliest up first last"
)
_BY = ("by", "field", "property", "column", "key", "attribute")
_WAY = ("direction", "order", "dir", "type")
_MAX_FIELDS = 8
"""How many properties a list is sorted by; further ones are ignored."""


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """The paths of the properties that a list is sorted by, each with `True` for descending.

    Without any, the list is in the order of creation, reversed if `newest_first`.
    """

    fields: tuple[tuple[tuple[str, ...], bool], ...] = ()
    newest_first: bool = False


def order_of(
    query: Mapping[str, Any],
    envelope: Envelope,
    repository: Repository,
    properties: Properties,
    *,
    placed: bool = True,
) -> Order:
    """The order a query requests (`name`, `-name`, `name:desc`, `sort[name]=desc`, `order=asc`).

    `placed`: entities are stored in the order of their creation times; entities from examples may
    not be.
    """
    created = repository.roles.first("created")
    usual = newest_first(envelope, created is not None)
    requested = [
        pair for name in envelope.ordering.names for pair in _requested_by(name, query.get(name))
    ]
    way = next((falls for name, falls in requested if not name and falls is not None), None)
    if not any(name for name, _ in requested):
        requested = list(_usual(envelope, properties, usual if way is None else way))
    elif way is None:
        way = envelope.ordering.falls
    found: list[tuple[tuple[str, ...], bool]] = []
    for name, own in requested:
        falls = own if own is not None else way
        path = properties.path(name) if name else None
        if path is None and snake_case(name) in _BY_NAME:
            path = properties.path("name") or properties.path("title")
        if path is None and name and means_created(name):
            path = ()
        if path is not None and len(found) < _MAX_FIELDS and path not in dict(found):
            found.append((path, bool(falls)))
    if not found:
        return Order((), usual if way is None else way)
    first, falls = found[0]
    dated = {(name,) for name in repository.roles.created} | {created}
    if not first or (placed and first in dated):
        # Entities are stored in this order, also those with the same time.
        return Order((), bool(falls))
    return Order(tuple(found), found[0][1])


def _usual(
    envelope: Envelope, properties: Properties, falls: bool
) -> Iterator[tuple[str, bool | None]]:
    """The order that the document gives for a list, if no order is requested."""
    for name, way in _pairs(envelope.ordering.usual):
        if name and properties.path(name) is not None:
            yield name, falls if way is None else way


def _requested_by(name: str, value: Any) -> Iterator[tuple[str, bool | None]]:
    """The names in one parameter, each with its direction (`True` is descending). A flag
    (`descending=true`) gives a direction alone."""
    if isinstance(value, bool):
        yield "", value == (falling(name) or "descending" in name.lower())
        return
    named = falling(name) if snake_case(name) in _WAYS else None  # `descending=price`
    for by, way in _pairs(value):
        yield by, named if way is None and by else way


def _pairs(value: Any) -> Iterator[tuple[str, bool | None]]:
    """The names in a value, each with its direction; "" for a direction alone."""
    if isinstance(value, Mapping):
        spelled = {snake_case(name): one for name, one in value.items()}
        by = next((str(spelled[name]) for name in _BY if name in spelled), None)
        if by is not None and (by.startswith("-") or falling(by) is None):
            # `sort[by]=name&sort[direction]=desc`
            way = next((str(spelled[name]) for name in _WAY if name in spelled), "")
            yield by.lstrip("+-"), falling(by) or falling(way)
            return
        for name, way in value.items():
            yield str(name), falling(str(way))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _pairs(one)
    elif isinstance(value, int):
        yield "", value < 0
    elif isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        with suppress(ValueError, RecursionError):
            yield from _pairs(json.loads(value))
    elif isinstance(value, str):
        for text in filter(None, map(str.strip, value.split(","))):
            yield _pair(text)


_CALL = re.compile(r"(asc|desc)\w*\(([\w.]+)\)", re.IGNORECASE)
_BY_NAME = bag("alphabetical alphabetically alpha abc a_z")


def _pair(text: str) -> tuple[str, bool | None]:
    called = _CALL.fullmatch(text.strip())
    if called is not None:
        return called[2], falling(called[1])
    parts = re.split(r"[:\s|]+", text.strip("+-"), maxsplit=1)
    way = falling(parts[1]) if len(parts) > 1 else None
    if text.startswith("-"):
        way = True
    elif text.startswith("+"):
        way = False
    words = tokens(parts[0])
    if way is None and words and set(words) <= _WAYS:
        named = set(words) & {"newest", "oldest", "latest", "recent", "earliest"}
        return ("created" if named else ""), falling(parts[0])
    if way is None and len(words) > 1 and words[-1] in ("asc", "desc", "ascending", "descending"):
        # `created_at_desc`, `name.asc`
        return "_".join(words[:-1]), falling(words[-1])
    return parts[0], way


def sorted_by(entities: list[Entity], order: Order) -> list[Entity]:
    """The entities in this order; equal ones keep the order that they had."""
    for path, falls in reversed(order.fields):
        entities.sort(key=_rank(path), reverse=falls)
    return entities


def _rank(path: tuple[str, ...]) -> Callable[[Entity], tuple[int, Any]]:
    return lambda entity: _rank_of(entity.at(path))


def _rank_of(value: Any) -> tuple[int, Any]:
    if isinstance(value, Mapping):
        value = _comparable(value)
    if isinstance(value, bool):
        return 1, int(value)
    if isinstance(value, int | float):
        return 1, value
    return (2, value.casefold()) if isinstance(value, str) else (0, 0)


_KEPT_FROM = 500
"""A collection with this many rows keeps the orders that it is listed in."""
_SHARE = 8
"""A filter that leaves less than one row in this many makes sorting as quick as a kept order."""


_NEWER = bag("since_id min_id newer_than_id since_uuid")
_OLDER = bag("max_id older_than_id until_id")


def is_beside(name: str) -> bool:
    """Whether a parameter has the id of an entity, of which those that are newer or older are
    listed: `since_id`."""
    return snake_case(name) in _NEWER | _OLDER


def beside(call: Call, names: Iterable[str]) -> list[Test]:
    """The tests for those that are newer, or older, than the entities with these parameters."""
    found: list[Test] = []
    for name in names:
        value = call.request.query.get(name)
        known = call.find(call.key_of(value)) if value not in (None, "") else None
        if known is None:
            continue
        there: int = known.row.get("n", 0)
        found.append(partial(_is_newer if snake_case(name) in _NEWER else _is_older, there))
    return found


def _is_newer(there: int, one: Entity) -> bool:
    return bool(one.row.get("n", 0) > there)


def _is_older(there: int, one: Entity) -> bool:
    return bool(one.row.get("n", 0) < there)


def kept_in_order(call: Call, selection: Selection[Entity], order: Order) -> Ordered[Entity] | None:
    """The selection in an order that its collection keeps; None where sorting it is as quick, or
    where the clock changes the values that it is sorted by."""
    paths = tuple(path for path, _ in order.fields)
    several = len({falls for _, falls in order.fields}) > 1
    if several or not isinstance(call.repository, OwnRepository):
        return None
    # A filtered list has to be counted, which reads every row anyway.
    if selection.filters or len(selection.rows) < _KEPT_FROM:
        return None
    if selection.narrowest() * _SHARE < len(selection.rows):
        return None
    states, request = call.resource.states, call.resource.request
    if states is not None and states.moves:
        sent = call.context.schemas.flat_at(request).properties if request else {}
        if any(path[0] not in sent or path[0] == states.name for path in paths):
            return None

    def rank(row: Row) -> tuple[tuple[int, Any], ...]:
        return tuple(_rank_of(value_at(row["data"], path)) for path in paths)

    return Ordered(selection, paths, rank, falls=order.fields[0][1])


_COMPARED = ("value", "amount", "name", "title", "label", "display_name", "id")


def _comparable(value: Mapping[str, Any]) -> Any:
    """The value that an object is sorted by: its only plain one, or that of a known name."""
    spelled = {snake_case(name): one for name, one in value.items()}
    plain = [one for one in value.values() if not isinstance(one, list | Mapping)]
    named = (spelled[name] for name in _COMPARED if name in spelled)
    return plain[0] if len(plain) == 1 else next(named, None)
