"""Worlds in memory."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import Settings
from mockserver.errors import StoreError
from mockserver.files.wording import counted
from mockserver.store.base import DEFAULT_LIMITS, Limits, Now
from mockserver.store.worlds import (
    MemoryWorld,
    as_snapshot,
    describe,
    read_snapshot,
    with_collections,
)

log = logging.getLogger("mockserver")

SEED_TENANT = ""
SEED_AGE = 60 * SECOND


class _Transaction:
    """Holds the store's lock; rolls back uncommitted writes."""

    __slots__ = ("_store", "_tenant", "_world")

    def __init__(self, store: MemoryStore, tenant: str) -> None:
        self._store = store
        self._tenant = tenant

    def __enter__(self) -> MemoryWorld:
        store = self._store
        store.lock.acquire()
        try:
            real = store.real_now()
            if store.limits.ttl:
                store.expire(real)
            tenant = self._tenant
            world = store.worlds.get(tenant)
            if world is None:
                world = store.world(tenant)
            else:
                store.worlds.move_to_end(tenant)
            self._world = world
            world.last_used = real
            world.now = world.clock.now(real)
        except BaseException:
            store.lock.release()
            raise
        return world

    def __exit__(self, *exception: object) -> None:
        world, store = self._world, self._store
        if world.undo:
            world.rollback()
        if len(store.worlds) > store.limits.max_worlds:
            store.evict()
        store.lock.release()


class MemoryStore:
    """Worlds by tenant, as many as `limits` allow.

    The world to evict is one that no request has written to (nothing is lost), else the one idle
    longest. New worlds are forks of the seed world, which is rebuilt once it is a minute old, so
    that the transitions of its jobs still lie ahead.
    """

    board = None
    look_ahead = None

    def __init__(
        self,
        api: Api,
        settings: Settings,
        *,
        real_now: Now,
        clock: Clock,
        fixtures: Callable[[], Mapping[str, Any]] = dict,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.limits = limits
        self._api = api
        self._settings = settings
        self.real_now = real_now
        self._first_clock = self._new_clock = clock
        self._fixtures = fixtures
        self.worlds: OrderedDict[str, MemoryWorld] = OrderedDict()
        # Some may have been written since.
        self._unwritten: OrderedDict[str, None] = OrderedDict()
        self._forgotten = 0
        self._seed: tuple[int, MemoryWorld] | None = None
        self.lock = RLock()

    def begin(self, tenant: str, looked: bool = False) -> _Transaction:
        return _Transaction(self, tenant)

    def tenants(self) -> list[str]:
        with self.lock:
            return list(self.worlds)

    def holder(self, collection: str, key: str) -> str | None:
        with self.lock:
            for tenant, world in self.worlds.items():
                if collection in world and world[collection].get(key) is not None:
                    return tenant
        return None

    def clock(self, tenant: str | None) -> Clock:
        with self.lock:
            if tenant is None or tenant not in self.worlds:
                return self._new_clock
            return self.worlds[tenant].clock

    def change_clock(self, tenant: str | None, order: Any) -> Clock:
        real = self.real_now()
        with self.lock:
            if tenant is not None:
                world = self.world(tenant)
                world.clock = world.clock.change(real, order)
                world.written = True
                self.evict()
                return world.clock
            changed = {key: world.clock.change(real, order) for key, world in self.worlds.items()}
            self._new_clock = self._new_clock.change(real, order)
            for key, clock in changed.items():
                self.worlds[key].clock = clock
            return self._new_clock

    def reset(self, tenant: str | None) -> None:
        with self.lock:
            if tenant is None:
                self._new_clock = self._first_clock
                self.worlds.clear()
                self._unwritten.clear()
            else:
                self.worlds.pop(tenant, None)
                self._unwritten.pop(tenant, None)

    def snapshot(self, tenant: str | None) -> dict[str, Any]:
        real = self.real_now()
        with self.lock:
            return as_snapshot(
                self._api,
                self._settings,
                {
                    key: describe(world, real)
                    for key, world in self.worlds.items()
                    if tenant in (None, key)
                },
            )

    def restore(self, snapshot: Any) -> None:
        with self.lock:
            restored = read_snapshot(snapshot, self._api, self.real_now(), self._new_world)
            if len(restored) > self.limits.max_worlds:
                raise StoreError(
                    f"the snapshot has {counted(len(restored), 'world')}, --max-worlds is "
                    f"{self.limits.max_worlds}"
                )
            for key, world in restored.items():
                self.worlds[key] = world
                self.worlds.move_to_end(key)
            self.evict()

    def close(self) -> None:
        """Nothing to close."""

    def world(self, tenant: str) -> MemoryWorld:
        """The tenant's world, marked as most recently used. The caller holds the lock."""
        world = self.worlds.get(tenant)
        if world is None:
            return self._add(tenant, self._new_clock)
        self.worlds.move_to_end(tenant)
        return world

    def _add(self, tenant: str, clock: Clock) -> MemoryWorld:
        world = self._new_world(tenant, clock).take(self._seed_world(clock))
        self.worlds[tenant] = world
        self._unwritten[tenant] = None
        return world

    def expire(self, real: int) -> None:
        """Forget the worlds that were idle for too long. The caller holds the lock."""
        while self.worlds:
            tenant, world = next(iter(self.worlds.items()))
            if real - world.last_used < self.limits.ttl:
                return
            del self.worlds[tenant]
            self._unwritten.pop(tenant, None)

    def evict(self) -> None:
        """Evict worlds down to `max_worlds`. The caller holds the lock."""
        while len(self.worlds) > self.limits.max_worlds:
            unwritten = self._pop_unwritten()
            if unwritten is not None:
                del self.worlds[unwritten]
                continue
            idle, _ = self.worlds.popitem(last=False)
            self._forgotten += 1
            log_eviction(idle, self.limits.max_worlds, self._forgotten)

    def _pop_unwritten(self) -> str | None:
        """Remove and return the oldest unwritten world; checks each world only once."""
        while self._unwritten:
            tenant = self._unwritten.popitem(last=False)[0]
            world = self.worlds.get(tenant)
            if world is not None and not world.written:
                return tenant
        return None

    def _seed_world(self, clock: Clock) -> MemoryWorld:
        now = clock.now(self.real_now())
        if self._seed is None or not 0 <= now - self._seed[0] < SEED_AGE:
            world = with_collections(self._new_world(SEED_TENANT, clock), self._api)
            world.now = now
            self._api.seed(world, self._fixtures())
            world.commit()
            self._seed = now, world
        return self._seed[1]

    def _new_world(self, tenant: str, clock: Clock) -> MemoryWorld:
        world = MemoryWorld(tenant, self._settings, clock)
        world.most_bytes = self.limits.max_bytes if tenant != SEED_TENANT else 0
        world.last_used = self.real_now()
        return world


def log_eviction(tenant: str, max_worlds: int, nth: int = 1) -> None:
    """Log an eviction: the first ten, then each power of ten."""
    if nth <= 10 or str(nth).strip("0") == "1":
        log.warning(
            "evicted the longest idle world, of %s: eviction %d (--max-worlds %d)",
            mask(tenant),
            nth,
            max_worlds,
        )


def mask(tenant: str) -> str:
    """A tenant's name for logs: only the first characters of a key."""
    return repr(tenant if len(tenant) <= 9 else tenant[:9] + "…")
