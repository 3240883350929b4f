"""A process' copy of a world that is kept in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from itertools import islice
from secrets import token_hex
from threading import RLock
from time import monotonic_ns

import orjson

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.serialization import dump
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import Row, Settings
from mockserver.records import dataclass
from mockserver.store.worlds import A_ROW, MemoryRows, MemoryWorld, read_json, with_collections

# Encoding of worlds in Redis: names, timestamps, clocks, rows.

SEPARATOR = "\x1f"
ROWS_A_COMMAND = 1000


def encoded(tenant: str) -> bytes:
    return tenant.encode("utf-8", "surrogatepass")


def decoded(name: bytes) -> str:
    return name.decode("utf-8", "surrogatepass")


def name_of(collection: str, key: str) -> bytes:
    """The field name of a row, or of a counter if `collection` is empty."""
    return encoded(f"{collection}{SEPARATOR}{key}")


def parts_of(name: bytes) -> tuple[str, str]:
    """The collection and key of a row, or "" and the name of a counter."""
    collection, _, key = decoded(name).partition(SEPARATOR)
    return collection, key


def instant_of(seconds: bytes, microseconds: bytes) -> int:
    """The result of Redis' TIME, in microseconds."""
    return int(seconds) * SECOND + int(microseconds)


def text_of(clock: Clock) -> bytes:
    return orjson.dumps((clock.mode, clock.base, clock.since, clock.speed))


def clock_of(text: bytes) -> Clock:
    return Clock(*orjson.loads(text))


def filling(prefix: bytes, tenant: bytes, world: MemoryWorld) -> Iterator[tuple[bytes, ...]]:
    """Commands that write all rows of a new world, as its version 1."""
    pairs = iter(list(_named(world)))
    while some := list(islice(pairs, ROWS_A_COMMAND)):
        yield (b"HSET", prefix + b":rows:" + tenant, *(part for pair in some for part in pair))
        scores = (part for name, _ in some for part in (b"1", name))
        yield (b"ZADD", prefix + b":changed:" + tenant, *scores)


def _named(world: MemoryWorld) -> Iterator[tuple[bytes, bytes]]:
    dumped = world.dump()
    for kind, count in dumped["counters"].items():
        yield name_of("", kind), b"%d" % count
    for collection, rows in dumped["collections"].items():
        key = world[collection].spec.key
        for row in rows:
            yield name_of(collection, row[key]), dump(row)


@dataclass(slots=True)
class Changes:
    """The writes of a transaction: rows as JSON by name, and the names of removed rows."""

    put: dict[bytes, bytes] = field(default_factory=dict)
    gone: set[bytes] = field(default_factory=set)


class RedisWorld(MemoryWorld):
    """A world at `version` of its `life`, as Redis numbers them.

    Reads and writes happen in memory; `push` sends the changes and returns the new version.
    `generation` is the connection it was read through, `real` the time of the read, `looked_at` the
    monotonic time in ns when that came, `turn` this copy's name among the waiting writers,
    `conflicts` the number of lost races in succession.
    """

    __slots__ = (
        "_origin",
        "_push",
        "_sizes",
        "clock_text",
        "conflicts",
        "contested_since",
        "generation",
        "life",
        "lock",
        "looked_at",
        "real",
        "turn",
        "used",
        "version",
    )

    def __init__(
        self,
        tenant: str,
        settings: Settings,
        clock: Clock,
        push: Callable[[RedisWorld, Changes], bytes],
    ) -> None:
        super().__init__(tenant, settings, clock)
        self.lock = RLock()
        self.life = b""
        self.version = b"0"
        self.clock_text = b""
        self.generation = 0
        self.real = 0
        self.looked_at = 0
        self.turn = token_hex(8).encode()
        self.used = 0.0
        self.conflicts = 0
        self.contested_since = 0.0
        self._push = push
        # Of the names in Redis, to know how large the world is.
        self._sizes: dict[bytes, int] = {}
        self._origin: MemoryWorld | None = None

    def commit(self, *, by_time: bool = False) -> None:
        """Keep the writes. Raises Stale, StoreUnavailable, or TooLarge if they are too many."""
        if self.undo:
            changes = self._changes()
            sizes = {name: len(text) + A_ROW for name, text in changes.put.items() if text}
            more = sum(sizes.values()) - sum(
                self._sizes.get(name, 0) for name in (*changes.put, *changes.gone)
            )
            if more > 0 and not by_time:
                self.check_size(self.bytes + more)
            self.version = self._push(self, changes)
            self.undo.clear()
            self._resize(sizes, (*changes.put, *changes.gone))

    def _resize(self, sizes: dict[bytes, int], names: Iterable[bytes]) -> None:
        """Note the sizes of these names; one without a size is no more."""
        for name in names:
            self.bytes += sizes.get(name, 0) - self._sizes.pop(name, 0)
        self._sizes.update(sizes)

    def restart(self, life: bytes, version: bytes, origin: MemoryWorld | None, api: Api) -> None:
        """Become a fork of `origin`, or empty."""
        self.life, self.version, self._origin = life, version, origin
        self.bytes = 0
        self._sizes.clear()
        self._counters.clear()
        if origin is None:
            with_collections(self, api)
        else:
            self.take(origin)

    def apply(self, put: Iterable[tuple[bytes, bytes | None]], gone: Iterable[bytes] = ()) -> None:
        """Apply changes read from Redis. Collections unknown to this API are ignored."""
        rows: dict[str, list[Row]] = {}
        put, gone = list(put), list(gone)
        sizes = {name: len(text) + A_ROW for name, text in put if text}
        self._resize(sizes, (*(name for name, _ in put), *gone))
        for name, text in put:
            collection, key = parts_of(name)
            if not collection:
                self._counters[key] = int(text or 0)
            elif collection in self._rows:
                if text:
                    rows.setdefault(collection, []).append(read_json(text))
                else:
                    self._rows[collection].put_back(key, None)
        for collection, some in rows.items():
            kept = self._rows[collection]
            if len(some) > len(kept):
                kept.fill([*kept.scan(), *some])
            else:
                for row in some:
                    kept.put_back(row[kept.spec.key], row)
        for name in gone:
            collection, key = parts_of(name)
            if collection in self._rows:
                self._rows[collection].put_back(key, None)

    def update(
        self,
        clock_text: bytes,
        version: bytes = b"",
        names: Sequence[bytes] = (),
        rows: Sequence[bytes | None] = (),
        gone: Iterable[bytes] = (),
    ) -> None:
        """Take over what a look has found: the clock, and the changes if there is a new version."""
        if version:
            self.apply(zip(names, rows, strict=True), gone)
            self.version = version
        if self.clock_text != clock_text:
            self.clock = clock_of(clock_text)
            self.clock_text = clock_text
        self.now = self.clock.now(self.real)

    def let_time_pass(self) -> None:
        """Set the time to now. It is never ahead of Redis' clock, which the next look will read."""
        now = monotonic_ns()
        self.real += (now - self.looked_at) // 1000
        self.looked_at = now
        self.now = self.clock.now(self.real)

    def _changes(self) -> Changes:
        changes = Changes()
        for changed, key, _ in self.undo:
            if not isinstance(changed, MemoryRows):
                changes.put[name_of("", key)] = b"%d" % self._counters[key]
                continue
            collection = changed.spec.name
            name = name_of(collection, key)
            row = changed.get(key)
            if name in changes.put:
                continue
            if row is not None:
                changes.put[name] = dump(row)
            elif self._origin is not None and self._origin[collection].get(key) is not None:
                changes.put[name] = b""
            else:
                changes.gone.add(name)
        return changes
