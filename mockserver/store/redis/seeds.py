"""Seed worlds in Redis: the first process creates one, and all processes fork it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from mockserver.engine.api import Api
from mockserver.engine.serialization import dump
from mockserver.engine.timestamps import SECOND
from mockserver.store.redis.connection import Link
from mockserver.store.worlds import MemoryWorld, read_json, with_collections

SEED_AGE = 60 * SECOND
KEPT = 16


@dataclass(frozen=True, slots=True)
class Base:
    """A seed world: its id in Redis, its time, and, if it is new, its JSON."""

    id: bytes
    at: int
    text: bytes = b""


class Bases:
    """The seed worlds that this process has used recently.

    `empty` creates a world without collections; `seed` fills one as of its time.
    """

    def __init__(
        self,
        link: Link,
        prefix: bytes,
        api: Api,
        empty: Callable[[], MemoryWorld],
        seed: Callable[[MemoryWorld], None],
    ) -> None:
        self._link = link
        self._prefix = prefix
        self._api = api
        self._empty = empty
        self._seed = seed
        self._known: OrderedDict[bytes, MemoryWorld] = OrderedDict()

    def choose(self, newest: Base | None, now: int) -> Base:
        """The base for a new world: the newest, or a new one if that is too old."""
        if newest is not None and 0 <= now - newest.at < SEED_AGE:
            return newest
        world = with_collections(self._empty(), self._api)
        world.now = now
        self._seed(world)
        world.commit()
        base = Base(token_hex(8).encode(), now, dump(world.dump()))
        self._keep(base.id, base.text)
        return base

    def get(self, base: bytes) -> MemoryWorld | None:
        """A base to fork, never to write to; None if Redis no longer has it."""
        if base not in self._known:
            text = self._link.call(b"GET", self._prefix + b":base:" + base)
            if text is None:
                return None
            self._keep(base, text)
        self._known.move_to_end(base)
        return self._known[base]

    def _keep(self, base: bytes, text: bytes) -> None:
        # Always parse the text, so that all processes hold identical data.
        dumped = read_json(text)
        world = with_collections(self._empty(), self._api)
        known = self._api.collections
        world.load(
            dumped["counters"],
            {name: rows for name, rows in dumped["collections"].items() if name in known},
        )
        self._known[base] = world
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
