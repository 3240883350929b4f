"""A world in memory, and the JSON form of worlds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Self, TypeVar

import orjson

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.leniency import STRICT
from mockserver.engine.serialization import dump
from mockserver.engine.world import Collection, Row, Settings
from mockserver.errors import MockServerError, StoreError, TooLarge
from mockserver.store.rows import MemoryRows, Undo

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
    close = get_close_matches(str(collection), names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"there is no collection {collection!r}; {hint}the collections are {', '.join(names)}"


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
