"""Lists: filters, keyset paging and the page's envelope. What differs between APIs is data."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from mockserver.engine.timestamps import parse
from mockserver.engine.world import Row, SortKey, World, digest, take
from mockserver.errors import BadRequest


def encode_cursor(scope: tuple[Any, ...], key: SortKey) -> str:
    """The cursor of the page after the row with this sort key."""
    return urlsafe_b64encode(orjson.dumps([_mark(scope, key), *key])).rstrip(b"=").decode()


def decode_cursor(scope: tuple[Any, ...], cursor: str) -> SortKey:
    """The sort key inside. Raises BadRequest for garbage, another list or other filters."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        mark, *key = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (Base64Error, ValueError, TypeError):
        raise BadRequest("The cursor is not valid.") from None
    if mark != _mark(scope, key):
        raise BadRequest("The cursor is not one of this list with these filters.")
    return tuple(key)


def _after(world: World, scope: tuple[Any, ...], cursor: str) -> SortKey | None:
    """Where a page begins. Raises BadRequest for an unknown cursor, if it is not forgiven."""
    try:
        return decode_cursor(scope, cursor)
    except BadRequest:
        if world.leniency.unknown_cursors == "refuse":
            raise
        return None


def _mark(scope: tuple[Any, ...], key: SortKey | list[Any]) -> str:
    # Over the key too: a key that this list never gave could not be compared with its rows.
    return digest("cursor", *scope, *key)[:6].hex()


Predicate = Callable[[Row], bool]
Filter = Callable[[World, Any], Predicate]
"""What a query parameter asks for, made into a test of rows once per request."""
View = Callable[[World, Row], Any]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The names of a page's parts; None for a part that it does not have."""

    items: str = "items"
    cursor: str = "next_cursor"
    more: str | None = "has_more"


@dataclass(frozen=True)
class Listing:
    """How one collection is listed.

    `filters` by query parameter, combined by AND. `indexed` names, the best first, the query
    parameters whose value can be looked up in an index instead of testing every row.
    """

    collection: str
    filters: Mapping[str, Filter] = field(default_factory=dict)
    indexed: Mapping[str, Callable[[Any], tuple[str, Any]]] = field(default_factory=dict)
    envelope: Envelope = Envelope()
    newest_first: bool = True
    limit: int = 50

    def page(
        self,
        world: World,
        query: Mapping[str, Any],
        view: View,
        where: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One page. `where` is one indexed field and its value, fixed by the path.

        Raises BadRequest for a cursor that is not this list's.
        """
        asked = {name: query[name] for name in self.filters if query.get(name) is not None}
        rows = world[self.collection]
        scope = (self.collection, sorted((where or {}).items()), sorted(asked.items()))
        cursor = query.get("cursor")
        after = None if cursor is None else _after(world, scope, cursor)
        lookup = where if where is not None else self._lookup(asked)
        scanned = rows.scan(newest_first=self.newest_first, after=after, **lookup)
        tests = [self.filters[name](world, wanted) for name, wanted in asked.items()]
        found, more = take(_matching(scanned, tests), query.get("limit") or self.limit)
        parts: dict[str, Any] = {
            self.envelope.items: [view(world, row) for row in found],
            self.envelope.cursor: (
                encode_cursor(scope, rows.spec.sort_key(found[-1])) if more else None
            ),
        }
        if self.envelope.more is not None:
            parts[self.envelope.more] = more
        return parts

    def _lookup(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        for name, index in self.indexed.items():
            if name in asked:
                return dict((index(asked[name]),))
        return {}


def _matching(rows: Iterator[Row], tests: list[Predicate]) -> Iterator[Row]:
    if not tests:
        return rows
    return (row for row in rows if all(test(row) for test in tests))


def by(name: str) -> Callable[[Any], tuple[str, Any]]:
    """The index of this field, with the value that was asked for."""
    return lambda wanted: (name, wanted)


def same(name: str) -> Filter:
    """The field is equal to the value."""
    return lambda world, wanted: lambda row: bool(row.get(name) == wanted)


def contains(*names: str) -> Filter:
    """The text occurs in one of the fields, whatever the case."""

    def prepare(world: World, wanted: Any) -> Predicate:
        text = str(wanted).casefold()
        return lambda row: any(text in str(row.get(name) or "").casefold() for name in names)

    return prepare


def has_all(name: str) -> Filter:
    """The field is a list that holds every one of the values (or the one value)."""

    def prepare(world: World, wanted: Any) -> Predicate:
        values: Iterable[Any] = wanted if isinstance(wanted, list | tuple) else (wanted,)
        return lambda row: all(value in (row.get(name) or ()) for value in values)

    return prepare


def since(name: str) -> Filter:
    """The field, an instant, is not before the date-time."""

    def prepare(world: World, wanted: Any) -> Predicate:
        bound = parse(wanted)
        return lambda row: bool(row[name] >= bound)

    return prepare


def until(name: str) -> Filter:
    """The field, an instant, is not after the date-time."""

    def prepare(world: World, wanted: Any) -> Predicate:
        bound = parse(wanted)
        return lambda row: bool(row[name] <= bound)

    return prepare
