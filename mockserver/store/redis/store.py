"""Worlds in Redis or Valkey, shared by processes and machines.

Each process caches the worlds that it serves. A request first updates the cached copy, which costs
one round trip and the changes since the last one; it then reads and writes in memory. A commit is
one script, which succeeds only if the world has not changed. Redis therefore has everything that a
reply depends on before the reply is sent.
"""

from __future__ import annotations

import random
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from threading import RLock
from typing import Any

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.serialization import dump
from mockserver.engine.world import Settings
from mockserver.errors import Stale, StoreUnavailable
from mockserver.records import dataclass
from mockserver.store.base import DEFAULT_LIMITS, Limits
from mockserver.store.memory import SEED_AGE, SEED_TENANT, log_eviction, mask
from mockserver.store.redis import scripts
from mockserver.store.redis.board import RedisBoard
from mockserver.store.redis.connection import Link, LookAhead
from mockserver.store.redis.scripts import Script
from mockserver.store.redis.world import (
    Changes,
    RedisWorld,
    clock_of,
    decoded,
    encoded,
    filling,
    instant_of,
    name_of,
    text_of,
)
from mockserver.store.worlds import (
    MemoryWorld,
    as_snapshot,
    describe,
    read_json,
    read_snapshot,
    with_collections,
)

# Seed worlds in Redis: the first process creates one, and all processes fork it.

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


LAYOUT = 1
REMOVALS_KEPT = 10_000
SECONDS_BETWEEN_USES = 5.0
CONFLICTS_BEFORE_TURN = 3
SECONDS_OF_CONFLICTS = 10.0
LONGEST_WAIT = 0.016
MOST_LOADS = 20
UP_TO_DATE = b""
DAMAGED = b"damaged"
UNREADABLE = (ValueError, TypeError, LookupError)


class _Transaction:
    """Holds this process' copy of a world; rolls back uncommitted writes."""

    __slots__ = ("_looked", "_store", "_tenant", "_world")

    def __init__(self, store: RedisStore, tenant: str, looked: bool) -> None:
        self._store = store
        self._tenant = tenant
        self._looked = looked

    def __enter__(self) -> RedisWorld:
        self._world = self._store.enter(self._tenant, self._looked)
        return self._world

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        self._world.rollback()
        self._store.leave(self._world, kind is Stale)


class RedisStore:
    """Worlds by tenant, as many as `limits` allow.

    Time is Redis' clock, which all processes share. The worlds of one API and seed share one
    prefix, so other content of the database does not matter.
    """

    def __init__(
        self,
        url: str,
        api: Api,
        settings: Settings,
        *,
        clock: Clock,
        fixtures: Callable[[], Mapping[str, Any]] = dict,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._limits = limits
        self._ttl = limits.ttl / 1_000_000
        self._next_expiry = 0.0
        self.link = Link(url)
        # Braces keep all keys on one node of a cluster.
        layout = LAYOUT + api.row_format - 1
        self.prefix = f"{{mockserver:{layout}:{api.name}:{settings.seed}}}".encode()
        self.board = RedisBoard(self.link, self.prefix)
        self._api = api
        self._settings = settings
        self._first_clock = clock
        self._copies: OrderedDict[str, RedisWorld] = OrderedDict()
        self._lock = RLock()
        self.look_ahead = LookAhead(self.look)
        self._bases = Bases(
            self.link,
            self.prefix,
            api,
            lambda: MemoryWorld(SEED_TENANT, settings, clock),
            lambda world: api.seed(world, fixtures()),
        )

    def check(self) -> None:
        """Raises UsageError if the server can't be reached."""
        self.link.check()

    def close(self) -> None:
        """Close the connection, as before a fork; it is reopened when needed."""
        self.link.close()

    def begin(self, tenant: str, looked: bool = False) -> _Transaction:
        return _Transaction(self, tenant, looked)

    def look(self, tenants: Sequence[str]) -> set[str]:
        """Update the copies of these worlds in one round trip. Returns those that are up to date.

        The others, which are new here, contested or in use, are left to `enter`.
        """
        copies: list[RedisWorld] = []
        try:
            for tenant in tenants:
                copy = self._copies.get(tenant)
                if copy is None or not copy.life or copy.conflicts:
                    continue
                if copy.lock.acquire(blocking=False):
                    copies.append(copy)
            left = self._look(copies) if copies else []
            return {
                copy.tenant
                for copy, needs in zip(copies, left, strict=True)
                if needs == [UP_TO_DATE]
            }
        finally:
            for copy in copies:
                copy.lock.release()

    def enter(self, tenant: str, looked: bool = False) -> RedisWorld:
        """Lock this process' copy of the world and update it, unless `look` has just done so."""
        if self._ttl and time.monotonic() > self._next_expiry:
            self._next_expiry = time.monotonic() + max(1.0, self._ttl / 10)
            self._script(scripts.EXPIRE, b"%f" % self._ttl)
        world = self._copy(tenant)
        world.lock.acquire()
        try:
            if world.conflicts:
                _wait(world)
            elif looked and world.life and world.generation == self.link.generation:
                world.let_time_pass()
                return world
            for _ in range(MOST_LOADS):
                missing = self._sync(world)
                if missing is None:
                    return world
                self._create(world, missing)
            raise self._damaged(world)
        except BaseException:
            world.lock.release()
            raise

    def leave(self, world: RedisWorld, stale: bool) -> None:
        """Release the copy; `stale` means that the caller will retry at once."""
        try:
            if not stale and world.conflicts:
                if world.conflicts >= CONFLICTS_BEFORE_TURN:
                    self._script(scripts.YIELD, encoded(world.tenant), world.turn)
                world.conflicts = 0
        finally:
            world.lock.release()

    def tenants(self) -> list[str]:
        """All tenants, the longest idle first, accurate to a few seconds."""
        found = self.link.call(b"ZRANGE", self.prefix + b":worlds", b"0", b"-1")
        return [decoded(name) for name in found]

    def holder(self, collection: str, key: str) -> str | None:
        name = name_of(collection, key)
        for tenant in self.tenants():
            if self.link.call(b"HEXISTS", self.prefix + b":rows:" + encoded(tenant), name):
                return tenant
        return None

    def clock(self, tenant: str | None) -> Clock:
        clocks = self._clocks(SEED_TENANT if tenant is None else tenant, SEED_TENANT)
        return next((clock_of(text) for text in clocks if text), self._first_clock)

    def change_clock(self, tenant: str | None, order: Any) -> Clock:
        while True:
            clock = self._change_all(order) if tenant is None else self._change_one(tenant, order)
            if clock is not None:
                return clock

    def reset(self, tenant: str | None) -> None:
        self._script(scripts.DROP, *(() if tenant is None else (encoded(tenant),)))

    def snapshot(self, tenant: str | None) -> dict[str, Any]:
        worlds = {}
        for name in self.tenants():
            if tenant in (None, name):
                world = self._copy(name)
                with world.lock:
                    if self._sync(world) is None:
                        worlds[name] = describe(world, world.real)
        return as_snapshot(self._api, self._settings, worlds)

    def restore(self, snapshot: Any) -> None:
        worlds = read_snapshot(
            snapshot,
            self._api,
            instant_of(*self.link.call(b"TIME")),
            lambda tenant, clock: MemoryWorld(tenant, self._settings, clock),
        )
        if not worlds:
            return
        head = (b"1", self.prefix)
        names = map(encoded, worlds)
        commands: list[tuple[bytes, ...]] = [(b"EVAL", scripts.DROP.text, *head, *names)]
        for tenant, world in worlds.items():
            name = encoded(tenant)
            commands += filling(self.prefix, name, world)
            adopted = (name, token_hex(8).encode(), text_of(world.clock))
            commands.append((b"EVAL", scripts.ADOPT.text, *head, *adopted))
        commands.append((b"EVAL", scripts.EVICT.text, *head, b"%d" % self._limits.max_worlds))
        self.link.all_or_nothing(commands)

    def push(self, world: RedisWorld, changes: Changes) -> bytes:
        """Commit and return the new version. Raises Stale if the world has changed."""
        version = self._script(
            scripts.COMMIT,
            encoded(world.tenant),
            world.life,
            world.version,
            world.clock_text,
            world.turn,
            b"%d" % REMOVALS_KEPT,
            b"%d" % len(changes.put),
            *(part for pair in changes.put.items() for part in pair),
            *changes.gone,
            only=world.generation,
        )
        if version == 0:
            world.conflicts += 1
            if world.conflicts == 1:
                world.contested_since = time.monotonic()
            raise Stale(f"the world of {mask(world.tenant)} was changed by another process")
        return b"%d" % version

    def _script(self, script: Script, *arguments: bytes, only: int | None = None) -> Any:
        return self.link.script(script, self.prefix, *arguments, only=only)

    def _copy(self, tenant: str) -> RedisWorld:
        with self._lock:
            world = self._copies.get(tenant)
            if world is None:
                world = RedisWorld(tenant, self._settings, self._first_clock, self.push)
                world.most_bytes = self._limits.max_bytes
                self._copies[tenant] = world
                if len(self._copies) > self._limits.max_worlds:
                    self._copies.popitem(last=False)
            else:
                self._copies.move_to_end(tenant)
            return world

    def _sync(self, world: RedisWorld) -> list[Any] | None:
        """Update a copy. If the world does not exist, return what `_create` needs."""
        for _ in range(MOST_LOADS):
            ((what, *needs),) = self._look((world,))
            if what == UP_TO_DATE:
                return None
            if what == b"missing":
                return needs
            if what == DAMAGED:
                break
            if what == b"load":
                try:
                    self._load(world, encoded(world.tenant), *needs)
                except UNREADABLE:
                    world.life = b""
                    break
        raise self._damaged(world)

    def _look(self, worlds: Sequence[RedisWorld]) -> list[list[Any]]:
        """Ask what has changed in these worlds, and take that over into the copies.

        Returns for each `UP_TO_DATE`, or what must be done before it is.
        """
        moment = time.monotonic()
        params: list[bytes] = []
        for world in worlds:
            used = b"1" if moment - world.used > SECONDS_BETWEEN_USES else b""
            turn = world.turn if world.conflicts >= CONFLICTS_BEFORE_TURN else b""
            params += (encoded(world.tenant), world.life, world.version, used, turn)
        replies: list[list[Any]]
        seconds, microseconds, news, *replies = self._script(scripts.SYNC, *params)
        generation = self.link.generation
        real, looked_at = instant_of(seconds, microseconds), time.monotonic_ns()
        self.board.receive(news)
        for world, reply in zip(worlds, replies, strict=True):
            world.real, world.looked_at = real, looked_at
            if reply[0] != b"missing" and moment - world.used > SECONDS_BETWEEN_USES:
                world.used = moment
            if world.generation != generation:
                world.generation = generation
                if world.life:
                    # The copy was read through an earlier connection: read it again.
                    world.life = b""
                    reply[:] = [b"again"]
            if reply[0] in (b"same", b"changed"):
                try:
                    world.update(*reply[1:])
                    reply[:] = [UP_TO_DATE]
                except UNREADABLE:
                    world.life = b""
                    reply[:] = [DAMAGED]
        return replies

    def _damaged(self, world: RedisWorld) -> StoreUnavailable:
        who = mask(world.tenant)
        return StoreUnavailable(f"{self.link.shown}: the world of {who} is damaged; reset it")

    def _load(
        self, world: RedisWorld, name: bytes, life: bytes, version: bytes, base: bytes
    ) -> None:
        """Read the whole world. Changes made meanwhile come with the next sync."""
        origin = self._bases.get(base) if base else None
        world.life = b""
        if base and origin is None:
            return  # dropped a moment ago
        rows = self.link.hash(self.prefix + b":rows:" + name)
        world.restart(life, version, origin, self._api)
        world.apply(rows.items())

    def _create(self, world: RedisWorld, missing: list[Any]) -> None:
        """Create the world unless another process has just done so."""
        clock_text, newest, newest_at = missing
        clock = clock_of(clock_text) if clock_text else self._first_clock
        known = Base(newest, int(newest_at)) if newest else None
        base = self._bases.choose(known, clock.now(world.real))
        evicted = self._script(
            scripts.CREATE,
            encoded(world.tenant),
            token_hex(8).encode(),
            text_of(clock),
            clock_text or b"",
            base.id,
            b"%d" % base.at,
            base.text,
            b"%d" % self._limits.max_worlds,
        )
        for idle in evicted or ():
            log_eviction(decoded(idle), self._limits.max_worlds)

    def _clocks(self, *tenants: str) -> list[bytes | None]:
        found: list[bytes | None] = self.link.call(
            b"HMGET", self.prefix + b":clocks", *map(encoded, tenants)
        )
        return found

    def _change_one(self, tenant: str, order: Any) -> Clock | None:
        with self.begin(tenant) as world:
            clock = world.clock.change(world.real, order)
            params = (b"", encoded(tenant), world.clock_text, text_of(clock))
        return clock if self._script(scripts.SET_CLOCKS, *params) else None

    def _change_all(self, order: Any) -> Clock | None:
        flat = self.link.call(b"HGETALL", self.prefix + b":clocks")
        real = instant_of(*self.link.call(b"TIME"))
        clocks = dict(zip(flat[::2], flat[1::2], strict=True))
        params = [b"%d" % len(clocks)]
        new = clock_of(clocks[b""]) if b"" in clocks else self._first_clock
        for name, text in clocks.items():
            if name:
                params += [name, text, text_of(clock_of(text).change(real, order))]
        new = new.change(real, order)
        params += [b"", clocks.get(b"", b""), text_of(new)]
        return new if self._script(scripts.SET_CLOCKS, *params) else None


def _wait(world: RedisWorld) -> None:
    """Back off, a little longer each time. Raises StoreUnavailable after too many conflicts."""
    if time.monotonic() - world.contested_since > SECONDS_OF_CONFLICTS:
        world.conflicts = 0
        raise StoreUnavailable(
            f"the world of {mask(world.tenant)} is changed too often by other processes"
        )
    time.sleep(random.random() * min(0.001 * 2**world.conflicts, LONGEST_WAIT))
