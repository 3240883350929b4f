"""The order of a list, by its parameters in the styles of different APIs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mockserver.engine.inferred.properties import Properties, means_created
from mockserver.engine.inferred.repository import Entity, Repository, newest_first
from mockserver.inference.model import Envelope
from mockserver.inference.page_fields import falling
from mockserver.inference.words import bag, tokens

_WAYS = bag(
    "desc descending newest latest recent reverse down asc ascending oldest earliest up first last"
)


@dataclass(frozen=True, slots=True)
class Order:
    """The properties by which a list is sorted, descending if `True`; else in order of creation."""

    fields: tuple[tuple[tuple[str, ...], bool], ...] = ()
    newest_first: bool = False


def order_of(
    query: Mapping[str, Any], envelope: Envelope, repository: Repository, properties: Properties
) -> Order:
    """The order a query requests (`name`, `-name`, `name:desc`, `sort[name]=desc`, `order=asc`)."""
    created = repository.roles.first("created")
    usual = newest_first(envelope, created is not None)
    asked = [pair for name in envelope.ordering.names for pair in _pairs(query.get(name))]
    way = next((falls for name, falls in asked if not name and falls is not None), None)
    if not any(name for name, _ in asked):
        asked = list(_usual(envelope, properties, usual if way is None else way))
    elif way is None:
        way = envelope.ordering.falls
    found: list[tuple[tuple[str, ...], bool]] = []
    for name, own in asked:
        falls = own if own is not None else way
        path = properties.path(name) if name else None
        if path is None and name and means_created(name):
            path = ()
        if path is not None:
            found.append((path, bool(falls)))
    if not found:
        return Order((), usual if way is None else way)
    if found[0][0] in {(), *((name,) for name in repository.roles.created), created}:
        # Entities lie in this order already, those of one instant too.
        return Order((), found[0][1])
    return Order(tuple(found), found[0][1])


def _usual(
    envelope: Envelope, properties: Properties, falls: bool
) -> Iterator[tuple[str, bool | None]]:
    """The order of a list for which none is requested, if the document names a property."""
    for name, way in _pairs(envelope.ordering.usual):
        if name and properties.path(name) is not None:
            yield name, falls if way is None else way


def _pairs(value: Any) -> Iterator[tuple[str, bool | None]]:
    """The names in a parameter, each with its direction; "" for a direction alone."""
    if isinstance(value, Mapping):
        for name, way in value.items():
            yield str(name), falling(str(way))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _pairs(one)
    elif isinstance(value, bool):
        yield "", not value
    elif isinstance(value, int):
        yield "", value < 0
    elif isinstance(value, str):
        for text in filter(None, map(str.strip, value.split(","))):
            yield _pair(text)


def _pair(text: str) -> tuple[str, bool | None]:
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
    """The entities in this order; equal ones keep theirs."""
    for path, falls in reversed(order.fields):
        entities.sort(key=_rank(path), reverse=falls)
    return entities


def _rank(path: tuple[str, ...]) -> Callable[[Entity], tuple[int, Any]]:
    def rank(entity: Entity) -> tuple[int, Any]:
        value = entity.at(path)
        if isinstance(value, bool):
            return 1, int(value)
        if isinstance(value, int | float):
            return 1, value
        return (2, value.casefold()) if isinstance(value, str) else (0, 0)

    return rank
