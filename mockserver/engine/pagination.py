"""The list engine. The cost of a page depends on the page, not on the length of the list.

`Selection` pages through the rows of a collection in its own order, `Ordered` through an order that
the collection keeps, `Sorted` through rows that are sorted already. `Listing` describes the
parameters and the response of a hand-written API's list as data.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

import orjson

from mockserver.engine.timestamps import parse
from mockserver.engine.world import (
    Collection,
    Listed,
    Place,
    Row,
    SortKey,
    World,
    digest,
    take,
)
from mockserver.errors import BadRequest
from mockserver.records import dataclass


def encode_cursor(scope: tuple[Any, ...], key: SortKey) -> str:
    """The cursor of the page after the row with this sort key."""
    return urlsafe_b64encode(orjson.dumps([_mark(scope, key), *key])).rstrip(b"=").decode()


def decode_cursor(scope: tuple[Any, ...], cursor: str) -> SortKey:
    """The sort key in a cursor. Raises BadRequest for garbage, another list or other filters."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        mark, *key = orjson.loads(urlsafe_b64decode(padded.encode("ascii")))
    except (Base64Error, ValueError, TypeError):
        raise BadRequest("The cursor is not valid.") from None
    if mark != _mark(scope, key):
        raise BadRequest("The cursor is not one of this list with these filters.")
    return tuple(key)


def _after(world: World, scope: tuple[Any, ...], cursor: str) -> SortKey | None:
    """Where a page begins. Raises BadRequest for an unknown cursor, unless the mock is lenient."""
    try:
        return decode_cursor(scope, cursor)
    except BadRequest:
        if world.leniency.unknown_cursors == "refuse":
            raise
        return None


def _mark(scope: tuple[Any, ...], key: SortKey | list[Any]) -> str:
    # The key is signed too: a foreign key couldn't be compared with the rows.
    return digest("cursor", *scope, *key)[:6].hex()


T = TypeVar("T")
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and whether there are others before and after them.

    `first` and `last` are the positions of the outermost rows, from which the next page starts.
    """

    rows: Sequence[T]
    less: bool = False
    more: bool = False
    first: SortKey | None = None
    last: SortKey | None = None


class Pages(Protocol[T]):
    """A list that can be paged."""

    def page(
        self,
        limit: int,
        *,
        after: SortKey | None = None,
        before: SortKey | None = None,
        skip: int = 0,
    ) -> Page[T]:
        """At most `limit` rows: after a position, before one, or from an offset.

        The row at the position need not exist any more.
        """
        ...

    def count(self) -> int:
        """The number of rows; free if there are no filters."""
        ...


class _Scanned(Generic[P, T]):
    """A list that is read from a place on, forward or backward. `P` is what has the place of a row:
    the row itself, or its rank and sort key."""

    def page(
        self,
        limit: int,
        *,
        after: SortKey | None = None,
        before: SortKey | None = None,
        skip: int = 0,
    ) -> Page[T]:
        backward = before is not None
        found, more = take(self._from(before if backward else after, backward, skip), limit)
        if backward:
            found.reverse()
        positions = [self._position(place) for place, _ in (found[:1] + found[-1:])]
        return Page(
            [shown for _, shown in found],
            less=more if backward else after is not None or (skip > 0 and self._any()),
            more=more or backward,
            first=positions[0] if positions else None,
            last=positions[-1] if positions else None,
        )

    def _any(self) -> bool:
        return next(self._from(None, False, 0), None) is not None

    def _from(self, position: SortKey | None, backward: bool, skip: int) -> Iterator[tuple[P, T]]:
        """The rows after a position, or before it if `backward`, each with its place."""
        raise NotImplementedError

    def _position(self, place: P) -> SortKey:
        raise NotImplementedError


class Selection(_Scanned[Row, T]):
    """The rows of a collection in its own order that pass the filters, each as `view` shows it."""

    def __init__(
        self,
        rows: Listed,
        view: Callable[[Row], T],
        tests: Sequence[Callable[[T], bool]] = (),
        *,
        newest_first: bool = False,
        where: Mapping[str, Any] | None = None,
        screen: Callable[[Row], bool] | None = None,
    ) -> None:
        self.rows = self._rows = rows
        self._screen = screen
        self.filters = bool(tests) or screen is not None
        """Whether rows are tested: by `screen` as they are stored, by `tests` as they are shown."""
        self._view = view
        self._tests = tests
        self._newest_first = newest_first
        self._where = where or {}
        # What has been read from the start, of a filtered list, and what comes then.
        self._seen: list[tuple[Row, T]] = []
        self._ahead: Iterator[tuple[Row, T]] | None = None
        self._number: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it has every row of the collection."""
        return not (self.filters or self._where)

    def narrowest(self) -> int:
        """How many rows are looked through."""
        return self.rows.count(**self._where)

    def viewed(self, row: Row) -> T | None:
        """A row as it is shown; None if it is not among those chosen."""
        if any(row.get(name) != value for name, value in self._where.items()):
            return None
        if self._screen is not None and not self._screen(row):
            return None
        shown = self._view(row)
        return shown if all(test(shown) for test in self._tests) else None

    def count(self) -> int:
        if not self.filters:
            return self._rows.count(**self._where)
        if self._number is None and not self._tests:
            self._number = sum(1 for _ in filter(self._screen, self._rows.scan(**self._where)))
        if self._number is None:
            if self._ahead is None:
                self._ahead = self._read(None, False, 0)
            self._number = len(self._seen) + sum(1 for _ in self._ahead)
        return self._number

    def _position(self, place: Row) -> SortKey:
        return self._rows.spec.sort_key(place)

    def _from(self, position: SortKey | None, backward: bool, skip: int) -> Iterator[tuple[Row, T]]:
        if not self.filters or position is not None or backward:
            return self._read(position, backward, skip)
        return islice(self._again(), skip, None)

    def _again(self) -> Iterator[tuple[Row, T]]:
        """The rows that pass, each read and tested once, however often they are asked for."""
        if self._ahead is None:
            self._ahead = self._read(None, False, 0)
        index, seen = 0, self._seen
        while True:
            if index < len(seen):
                yield seen[index]
                index += 1
            elif self._number is not None:
                # The others have only been counted.
                beyond = index < self._number
                yield from islice(self._read(None, False, 0), index, None) if beyond else ()
                return
            elif (pair := next(self._ahead, None)) is None:
                self._number = len(seen)
            else:
                seen.append(pair)

    def _read(self, position: SortKey | None, backward: bool, skip: int) -> Iterator[tuple[Row, T]]:
        newest = self._newest_first is not backward
        ahead = 0 if self.filters else skip
        rows = self._rows.scan(newest_first=newest, after=position, skip=ahead, **self._where)
        rows = rows if self._screen is None else filter(self._screen, rows)
        shown = ((row, self._view(row)) for row in rows)
        if not self.filters:
            return shown
        passed = (pair for pair in shown if all(test(pair[1]) for test in self._tests))
        return islice(passed, skip, None)


class Ordered(_Scanned[Place, T]):
    """The rows of a selection by a rank that the collection keeps: pairs of a number and a value.

    A position begins with a key and an index, as in `Sorted`, because a list that shrinks or gets a
    filter between two pages becomes a `Sorted`. The shortened rank and the sort key follow.
    """

    def __init__(
        self,
        chosen: Selection[T],
        name: Hashable,
        rank: Callable[[Row], SortKey],
        *,
        falls: bool = False,
    ) -> None:
        self._chosen = chosen
        self._falls = falls
        self._rank = rank
        self._places = chosen.rows.ordered(name, rank)

    def place(self, key: str) -> SortKey | None:
        """The position of the row with this key."""
        row = self._chosen.rows.get(key)
        return None if row is None else self._position(self._place_of(row))

    def count(self) -> int:
        return self._chosen.count()

    @property
    def _spec(self) -> Collection:
        return self._chosen.rows.spec

    def _place_of(self, row: Row) -> Place:
        return self._rank(row), self._spec.sort_key(row)

    def _position(self, place: Place) -> SortKey:
        index = bisect_left(self._places, place)
        index = len(self._places) - 1 - index if self._falls else index
        return (place[1][-1], index, *_short(place))

    def _at(self, position: SortKey) -> Place | None:
        """The place in a position, also of a removed row; None if it has only key and index."""
        key, _, *rest = position
        row = self._chosen.rows.get(key)
        own = self._place_of(row) if row is not None else None
        if own is not None and (not rest or _short(own) == tuple(rest)):
            return own
        depth = len(self._spec.order) + 1
        ranks = rest[:-depth]
        if not ranks:
            return None
        return tuple(zip(ranks[::2], ranks[1::2], strict=True)), tuple(rest[-depth:])

    def _start(self, position: SortKey, up: bool) -> int:
        """The index in the kept places where the rows beyond a position begin: upwards from it if
        `up`, else downwards from the one before it."""
        place = self._at(position)
        if place is not None:
            return (bisect_right if up else bisect_left)(self._places, place)
        index = min(int(position[1]), len(self._places))
        return len(self._places) - index if self._falls else index

    def _from(
        self, position: SortKey | None, backward: bool, skip: int
    ) -> Iterator[tuple[Place, T]]:
        places, up = self._places, self._falls is backward
        start = (0 if up else len(places)) if position is None else self._start(position, up)
        order = range(start, len(places)) if up else range(start - 1, -1, -1)
        if self._chosen.is_whole:
            order, skip = order[skip:], 0
        rows = self._chosen.rows
        pairs = ((places[at], rows.get(places[at][1][-1])) for at in order)
        shown = (
            (place, view)
            for place, row in pairs
            if row is not None and (view := self._chosen.viewed(row)) is not None
        )
        return islice(shown, skip, None)


_LONG = 100
_FAR = 1 << 62


def _short(place: Place) -> SortKey:
    """The values of a place, short enough for a URL and for JSON."""
    return (*(_brief(value) for pair in place[0] for value in pair), *place[1])


def _brief(value: Any) -> Any:
    if isinstance(value, str):
        return value[:_LONG]
    return max(-_FAR, min(_FAR, value)) if isinstance(value, int) else value


class Sorted(Generic[T]):
    """Rows that are sorted already. `key` names each; a position is a key and an index."""

    def __init__(self, rows: Sequence[T], key: Callable[[T], str]) -> None:
        self._rows = rows
        self._key = key

    def place(self, key: str) -> SortKey | None:
        """The position of the row with this key."""
        for number, row in enumerate(self._rows):
            if self._key(row) == key:
                return key, number
        return None

    def page(
        self,
        limit: int,
        *,
        after: SortKey | None = None,
        before: SortKey | None = None,
        skip: int = 0,
    ) -> Page[T]:
        if before is not None:
            end, _ = self._around(before)
            start = max(0, end - limit)
        else:
            start = skip if after is None else self._around(after)[1]
            end = start + limit
        rows = self._rows[start:end]
        if not rows:
            return Page((), less=start > 0 and bool(self._rows))
        return Page(
            rows,
            less=start > 0,
            more=start + len(rows) < len(self._rows),
            first=(self._key(rows[0]), start),
            last=(self._key(rows[-1]), start + len(rows) - 1),
        )

    def count(self) -> int:
        return len(self._rows)

    def _around(self, place: SortKey) -> tuple[int, int]:
        """The indexes at which the rows before a position end and those after it start."""
        known = self.place(str(place[0]))
        if known is not None:
            return int(known[1]), int(known[1]) + 1
        number = min(int(place[1]), len(self._rows))
        return number, number


Predicate = Callable[[Row], bool]
Filter = Callable[[World, Any], Predicate]
"""What a query parameter asks for, made into a test of rows once per request."""
View = Callable[[World, Row], Any]


@dataclass(frozen=True, slots=True)
class PageNames:
    """The names of a page's properties; None for those it doesn't have."""

    items: str = "items"
    cursor: str = "next_cursor"
    more: str | None = "has_more"


@dataclass(frozen=True, eq=False)
class Listing:
    """How one collection is listed.

    `filters` by query parameter, combined by AND. `indexed` names the query parameters, best first,
    that are looked up in an index instead of testing every row.
    """

    collection: str
    filters: Mapping[str, Filter] = field(default_factory=dict)
    indexed: Mapping[str, Callable[[Any], tuple[str, Any]]] = field(default_factory=dict)
    envelope: PageNames = PageNames()
    newest_first: bool = True
    limit: int = 50

    def page(
        self,
        world: World,
        query: Mapping[str, Any],
        view: View,
        where: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One page. `where` is an indexed field and its value, fixed by the path.

        Raises BadRequest for a cursor that is not this list's.
        """
        wanted_filters = {name: query[name] for name in self.filters if query.get(name) is not None}
        rows = world[self.collection]
        scope = (self.collection, sorted((where or {}).items()), sorted(wanted_filters.items()))
        cursor = query.get("cursor")
        after = None if cursor is None else _after(world, scope, cursor)
        lookup = where if where is not None else self._lookup(wanted_filters)
        tests = [self.filters[name](world, wanted) for name, wanted in wanted_filters.items()]
        passed = rows.scan(newest_first=self.newest_first, after=after, **lookup)
        if tests:
            passed = (row for row in passed if all(test(row) for test in tests))
        found, more = take(passed, query.get("limit") or self.limit)
        ahead = encode_cursor(scope, rows.spec.sort_key(found[-1])) if more else None
        parts: dict[str, Any] = {
            self.envelope.items: [view(world, row) for row in found],
            self.envelope.cursor: ahead,
        }
        if self.envelope.more is not None:
            parts[self.envelope.more] = more
        return parts

    def _lookup(self, wanted_filters: Mapping[str, Any]) -> dict[str, Any]:
        for name, index in self.indexed.items():
            if name in wanted_filters:
                return dict((index(wanted_filters[name]),))
        return {}


def by(name: str) -> Callable[[Any], tuple[str, Any]]:
    """The index of this field, with the requested value."""
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
    """The field is a list that contains every one of the values (or the single value)."""

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
