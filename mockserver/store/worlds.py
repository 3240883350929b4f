"""A world in memory, its collections, and the JSON form of worlds.

A collection is a dict, and a sorted list of sort keys for each index.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Protocol, Self, TypeVar

import orjson

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.leniency import STRICT
from mockserver.engine.serialization import dump
from mockserver.engine.world import Collection, Place, Row, Settings, SortKey
from mockserver.errors import MockServerError, StoreError, TooLarge, did_you_mean


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
    """How many values of each row an order keeps."""
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


A_ROW = 500
_WHOLE = "give one as GET /__mock__/state returns it"
W = TypeVar("W", bound="MemoryWorld")


class MemoryWorld:
    """A tenant's world. Reads see the writes of the open transaction."""

    __slots__ = (
        "_counters",
        "_rows",
        "api",
        "bytes",
        "clock",
        "last_used",
        "leniency",
        "most_bytes",
        "now",
        "settings",
        "tenant",
        "undo",
        "written",
    )

    def __init__(self, tenant: str, settings: Settings, clock: Clock) -> None:
        self.tenant = tenant
        self.settings = settings
        self.leniency = STRICT
        self.clock = clock
        self.now = 0
        self.undo: list[Undo] = []
        self.written = False
        # When a request last came, in real time; how large it has become beside its seed world.
        self.last_used = 0
        self.bytes = self.most_bytes = 0
        self.api: Api | None = None
        self._rows: dict[str, MemoryRows] = {}
        self._counters: dict[str, int] = {}

    def __getitem__(self, collection: str) -> MemoryRows:
        try:
            return self._rows[collection]
        except KeyError:
            raise KeyError(_unknown(collection, self._rows)) from None

    def __contains__(self, collection: str) -> bool:
        return collection in self._rows

    def ordinal(self, kind: str) -> int:
        count = self._counters.get(kind, 0)
        self._counters[kind] = count + 1
        self.undo.append((self, kind, count))
        return count + 1

    def show(self, row: Row, collection: str | None = None) -> Any:
        """The row as clients see it. Raises LookupError if its collection is unclear."""
        if collection is None:
            held = {name: _same_key(rows, row) for name, rows in self._rows.items()}
            same = [name for name, one in held.items() if one == row]
            found = same or [name for name, one in held.items() if one is not None]
            if len(found) != 1:
                which = f"several collections ({', '.join(found)})" if found else "no collection"
                raise LookupError(
                    f"{which} may hold this row; pass its name: world.show(row, NAME)"
                )
            collection = found[0]
        self[collection]  # raises with the known names
        return self.api.show(self, collection, row) if self.api is not None else dict(row)

    def put_back(self, kind: str, count: int) -> None:
        """Set a counter, outside any transaction."""
        self._counters[kind] = count

    def commit(self, *, by_time: bool = False) -> None:
        """Keep the writes. Raises TooLarge if the world would become too large."""
        if self.undo:
            if self.most_bytes:
                self._weigh(by_time)
            self.undo.clear()
            self.written = self.written or not by_time

    def _weigh(self, by_time: bool) -> None:
        more, seen = 0, set()
        for changed, key, before in self.undo:
            if not isinstance(changed, MemoryRows) or (changed, key) in seen:
                continue
            seen.add((changed, key))
            row = changed.get(key)
            if row is not None:
                more += len(dump(row)) + A_ROW
            if before is not None:
                more -= len(dump(before)) + A_ROW
        if more > 0 and not by_time:
            self.check_size(self.bytes + more)
        self.bytes = max(0, self.bytes + more)

    def check_size(self, size: int) -> None:
        """Raises TooLarge if the world may not have so many bytes."""
        if size > self.most_bytes > 0:
            raise TooLarge(
                f"The data of this key would be {size} bytes, and may be {self.most_bytes} "
                "(--max-bytes); remove some of it."
            )

    def rollback(self) -> None:
        undo = self.undo
        while undo:
            changed, key, before = undo.pop()
            changed.put_back(key, before)

    def add(self, rows: MemoryRows) -> None:
        self._rows[rows.spec.name] = rows

    def take(self, other: MemoryWorld) -> Self:
        """Become a copy of another world; both share their data until one of them writes."""
        self.api = other.api
        self._counters = dict(other._counters)
        for name, rows in other._rows.items():
            self._rows[name] = rows.fork(self.undo)
        return self

    def changes(self) -> Iterator[tuple[str, str, Row | None]]:
        """The writes of this transaction: collection, key, and the previous row."""
        for changed, key, before in self.undo:
            if isinstance(changed, MemoryRows):
                yield changed.spec.name, key, before

    def dump(self) -> dict[str, Any]:
        return {
            "counters": dict(self._counters),
            "collections": {
                name: [dict(row) for row in rows.scan()]
                for name, rows in self._rows.items()
                if len(rows)
            },
        }

    def load(self, counters: Mapping[str, int], collections: Mapping[str, list[Row]]) -> None:
        """Insert what `dump` returned. Raises StoreError for an unknown collection."""
        self._counters.update((str(kind), int(count)) for kind, count in counters.items())
        for name, rows in collections.items():
            if name not in self._rows:
                raise StoreError(
                    f"the snapshot has a collection {name!r}, which this API does not have"
                )
            check_rows(self._rows[name].spec, rows)
            self._rows[name].fill(rows)
            self.bytes += sum(map(_weight, rows))


def _weight(row: Row | None) -> int:
    """The bytes of a row as JSON, and what an object takes beside them."""
    return 0 if row is None else len(dump(row)) + A_ROW


def _same_key(rows: MemoryRows, row: Row) -> Row | None:
    """The row that has the same key here."""
    key = row.get(rows.spec.key)
    return rows.get(key) if isinstance(key, str) else None


def _unknown(collection: str, known: Iterable[str]) -> str:
    """The message for an unknown collection."""
    names = sorted(known)
    hint = did_you_mean(str(collection), names)
    listed = f"the collections are {', '.join(names)}"
    return f"there is no collection {collection!r}; {hint and hint + ' '}{listed}"


def check_rows(spec: Collection, rows: Any) -> None:
    """Check that rows have their key, order and index fields. Raises StoreError if not.

    Other fields are not checked: a snapshot is trusted like the code that wrote it.
    """
    needed = (spec.key, *spec.order, *spec.indexes)
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise StoreError(f"row {number} of {spec.name!r} is not an object")
        missing = [name for name in needed if name not in row]
        if missing:
            raise StoreError(f"row {number} of {spec.name!r} lacks {', '.join(missing)}")
        if not isinstance(row[spec.key], str):
            raise StoreError(f"the {spec.key} of row {number} of {spec.name!r} is not a string")


def with_collections(world: W, api: Api) -> W:
    """The world, with the API's collections, all empty."""
    world.api = api
    for spec in api.collections.values():
        world.add(MemoryRows(spec, world.undo))
    return world


def as_snapshot(api: Api, settings: Settings, worlds: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot of worlds, each as returned by `describe`."""
    return {
        "format": api.row_format,
        "api": api.name,
        "seed": settings.seed,
        "worlds": dict(worlds),
    }


def describe(world: MemoryWorld, real: int) -> dict[str, Any]:
    """One world, as it appears in a snapshot."""
    return {"clock": world.clock.describe(real), **world.dump()}


def read_snapshot(
    snapshot: Any, api: Api, real: int, make: Callable[[str, Clock], W]
) -> dict[str, W]:
    """The worlds of a snapshot, each created by `make`. Raises StoreError."""
    try:
        if snapshot["format"] != api.row_format or snapshot["api"] != api.name:
            raise StoreError(
                f"the snapshot is of {snapshot['api']!r} in format {snapshot['format']!r}; "
                f"this is {api.name!r} in format {api.row_format}. Restore it with the document "
                "and the version of mockserver that wrote it, or begin with another file."
            )
        restored = {}
        for tenant, dump in snapshot["worlds"].items():
            clock = _clock_of(dump["clock"], real)
            world = restored[tenant] = with_collections(make(tenant, clock), api)
            world.load(dump["counters"], dump["collections"])
            world.written = True
    except StoreError:
        raise
    except MockServerError as error:
        raise StoreError(f"the snapshot can't be restored: {error}") from None
    except KeyError as error:
        raise StoreError(f"the snapshot can't be restored: it has no {error}; {_WHOLE}") from None
    except (TypeError, AttributeError, ValueError):
        raise StoreError(
            f"the snapshot can't be restored: a part of it has the wrong type; {_WHOLE}"
        ) from None
    return restored


def _clock_of(description: Mapping[str, Any], real: int) -> Clock:
    """A clock from its description. Raises BadRequest for an invalid instant or speed."""
    orders = {"set": description["now"], "speed": description["speed"]}
    clock = Clock("manual", 0, real).change(real, orders)
    match description["mode"]:
        case "manual":
            return Clock("manual", clock.base, real)
        case "real":
            return Clock("real", clock.base, real, float(description["speed"]))
        case other:
            raise StoreError(f"a clock's mode is real or manual, not {other!r}")


_MAYBE_HUGE = re.compile(rb"\d{19}").search


def read_json(raw: bytes) -> Any:
    """Parse what `dump` wrote, including integers of any size. Raises ValueError."""
    try:
        if _MAYBE_HUGE(raw):
            return json.loads(raw)
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError:
            return json.loads(raw)  # lone surrogates
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
