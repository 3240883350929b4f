"""Encoding of worlds in Redis: names, timestamps, clocks, rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import orjson

from mockserver.engine.clock import Clock
from mockserver.engine.serialization import dump
from mockserver.engine.timestamps import SECOND
from mockserver.store.worlds import MemoryWorld

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
