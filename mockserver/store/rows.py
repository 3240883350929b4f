"""One collection in memory: a dict, and a sorted list of sort keys for each index."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Protocol

from mockserver.engine.world import Collection, Place, Row, SortKey


class Reversible(Protocol):
    """State that a transaction changes and can restore."""

    def put_back(self, key: str, before: Any, /) -> None: ...


Undo = tuple[Reversible, str, Any]
"""The changed state, the key, and the previous value."""
_ALL = (None, None)
_last = itemgetter(-1)
_MOST_ORDERS = 8
"""Orders that are kept besides a collection's own; each costs a little at each write. One by
several properties counts as several: it takes as much memory."""


Order = tuple[Callable[[Row], SortKey], list[Place]]


def _width(order: Order) -> int:
    """How many values an order keeps of each row."""
    places = order[1]
    return len(places[0][0]) if places else 1


class MemoryRows:
    """The rows of one collection.

    A page costs time in proportion to its size: an index is a sorted list, searched by bisection.
    `undo` records every change. `fork` shares all data until one side writes.
    """

    __slots__ = ("_indexed", "_lists", "_orders", "_rows", "_shared", "spec", "undo")

    def __init__(self, spec: Collection, undo: list[Undo]) -> None:
        self.spec = spec
        self.undo = undo
        self._indexed = (*spec.indexes, *spec.sparse)
        self._rows: dict[str, Row] = {}
        self._lists: dict[tuple[Any, Any], list[SortKey]] = {_ALL: []}
        self._orders: dict[Hashable, Order] = {}
        self._shared = False

    def fork(self, undo: list[Undo]) -> MemoryRows:
        copy = MemoryRows.__new__(MemoryRows)
        copy.spec, copy.undo, copy._indexed = self.spec, undo, self._indexed
        copy._rows, copy._lists = self._rows, self._lists
        copy._orders = {}
        copy._shared = self._shared = True
        return copy

    def get(self, key: str) -> Row | None:
        return self._rows.get(key)

    def pick(self, keys: Iterable[str]) -> list[Row]:
        return [row for row in map(self._rows.get, keys) if row is not None]

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, row: Row) -> None:
        key = row[self.spec.key]
        before = self._rows.get(key)
        self.undo.append((self, key, before))
        self.put_back(key, row)

    def remove(self, key: str) -> None:
        before = self._rows.get(key)
        if before is not None:
            self.undo.append((self, key, before))
            self.put_back(key, None)

    def fill(self, rows: Iterable[Row]) -> None:
        """Insert many new rows at once, outside any transaction."""
        self._rows = {row[self.spec.key]: row for row in rows}
        self._lists = {_ALL: []}
        self._orders = {}
        self._shared = False
        for row in sorted(self._rows.values(), key=self.spec.sort_key):
            for name, sort_key in self._places(row):
                self._lists.setdefault(name, []).append(sort_key)

    def scan(
        self,
        *,
        newest_first: bool = False,
        after: SortKey | None = None,
        skip: int = 0,
        **where: Any,
    ) -> Iterator[Row]:
        keys = self._list(where) if where else self._lists[_ALL]
        if newest_first:
            start = len(keys) if after is None else bisect_left(keys, after)
            positions = range(start - 1 - skip, -1, -1)
        else:
            start = 0 if after is None else bisect_right(keys, after)
            positions = range(start + skip, len(keys))
        return map(self._rows.__getitem__, map(_last, map(keys.__getitem__, positions)))

    def count(self, **where: Any) -> int:
        return len(self._list(where))

    def ordered(self, name: Hashable, rank: Callable[[Row], SortKey]) -> Sequence[Place]:
        kept = self._orders.get(name)
        if kept is None:
            places = sorted((rank(row), self.spec.sort_key(row)) for row in self._rows.values())
            orders = self._orders
            while orders and sum(map(_width, (*orders.values(), (rank, places)))) > _MOST_ORDERS:
                del orders[next(iter(orders))]
            kept = orders[name] = rank, places
        return kept[1]

    def _list(self, where: dict[str, Any]) -> list[SortKey]:
        if not where:
            return self._lists[_ALL]
        (entry,) = where.items()
        if entry[0] not in self._indexed:
            raise KeyError(f"{self.spec.name} has no index on {entry[0]!r}")
        return self._lists.get(entry, [])

    def put_back(self, key: str, row: Row | None, /) -> None:
        """Set or remove a row, outside any transaction."""
        if self._shared:
            self._rows = dict(self._rows)
            self._lists = {name: list(keys) for name, keys in self._lists.items()}
            self._shared = False
        before = self._rows.get(key)
        leaves = () if before is None else self._places(before)
        enters = () if row is None else self._places(row)
        for name, sort_key in leaves:
            if (name, sort_key) not in enters:
                keys = self._lists[name]
                del keys[bisect_left(keys, sort_key)]
                if not keys and name is not _ALL:
                    del self._lists[name]
        for name, sort_key in enters:
            if (name, sort_key) not in leaves:
                insort(self._lists.setdefault(name, []), sort_key)
        for rank, places in self._orders.values():
            if before is not None:
                del places[bisect_left(places, (rank(before), self.spec.sort_key(before)))]
            if row is not None:
                insort(places, (rank(row), self.spec.sort_key(row)))
        if row is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = row

    def _places(self, row: Row) -> list[tuple[tuple[Any, Any], SortKey]]:
        sort_key = self.spec.sort_key(row)
        found: list[tuple[tuple[Any, Any], SortKey]] = [(_ALL, sort_key)]
        found += [((name, row.get(name)), sort_key) for name in self.spec.indexes]
        for name in self.spec.sparse:
            value = row.get(name)
            if value is not None:
                found.append(((name, value), sort_key))
        return found
