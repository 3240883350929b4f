"""Worlds in memory."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.instants import SECOND
from mockserver.engine.world import Settings
from mockserver.errors import MockServerError, StoreError
from mockserver.store.base import Now
from mockserver.store.rows import MemoryRows, Undo

log = logging.getLogger("mockserver")

SEED_TENANT = ""
SEED_AGE = 60 * SECOND
FORMAT = 1


class MemoryWorld:
    """One tenant's world. Reads see what the open transaction has written."""

    __slots__ = ("_counters", "_rows", "clock", "now", "settings", "tenant", "undo")

    def __init__(self, tenant: str, settings: Settings, clock: Clock) -> None:
        self.tenant = tenant
        self.settings = settings
        self.clock = clock
        self.now = 0
        self.undo: list[Undo] = []
        self._rows: dict[str, MemoryRows] = {}
        self._counters: dict[str, int] = {}

    def __getitem__(self, collection: str) -> MemoryRows:
        return self._rows[collection]

    def __contains__(self, collection: str) -> bool:
        return collection in self._rows

    def ordinal(self, kind: str) -> int:
        count = self._counters.get(kind, 0)
        self._counters[kind] = count + 1
        self.undo.append(lambda: self._counters.__setitem__(kind, count))
        return count + 1

    def commit(self) -> None:
        self.undo.clear()

    def rollback(self) -> None:
        # The reverses write through the same methods' inner half and add nothing.
        while self.undo:
            self.undo.pop()()

    def add(self, rows: MemoryRows) -> None:
        self._rows[rows.spec.name] = rows

    def fork(self, tenant: str, clock: Clock) -> MemoryWorld:
        copy = MemoryWorld(tenant, self.settings, clock)
        copy._counters = dict(self._counters)
        for name, rows in self._rows.items():
            copy._rows[name] = rows.fork(copy.undo)
        return copy

    def dump(self) -> dict[str, Any]:
        return {
            "counters": dict(self._counters),
            "collections": {
                name: [dict(row) for row in rows.scan()]
                for name, rows in self._rows.items()
                if len(rows)
            },
        }

    def load(self, counters: Mapping[str, int], collections: Mapping[str, Any]) -> None:
        self._counters = {str(kind): int(count) for kind, count in counters.items()}
        for name, rows in collections.items():
            if name not in self._rows:
                raise StoreError(f"the snapshot has a collection {name!r} that this API has not")
            for row in rows:
                self._rows[name].put(row)
        self.commit()


class _Transaction:
    """Holds the store's lock and undoes what was not committed."""

    __slots__ = ("_store", "_tenant", "_world")

    def __init__(self, store: MemoryStore, tenant: str) -> None:
        self._store = store
        self._tenant = tenant

    def __enter__(self) -> MemoryWorld:
        store = self._store
        store.lock.acquire()
        try:
            world = self._world = store.world(self._tenant)
            world.now = world.clock.now(store.real_now())
        except BaseException:
            store.lock.release()
            raise
        return world

    def __exit__(self, *exception: object) -> None:
        if self._world.undo:
            self._world.rollback()
        self._store.lock.release()


class MemoryStore:
    """Worlds by tenant, at most `max_worlds`: then the longest idle one goes.

    A new world is a fork of the seed world, which is made again when it is older than a
    minute, so that what its jobs do still lies ahead.
    """

    def __init__(
        self,
        api: Api,
        settings: Settings,
        *,
        real_now: Now,
        clock: Clock,
        fixtures: Callable[[], Mapping[str, Any]] = dict,
        max_worlds: int = 1000,
    ) -> None:
        self._api = api
        self._settings = settings
        self.real_now = real_now
        self._first_clock = self._new_clock = clock
        self._fixtures = fixtures
        self._max_worlds = max_worlds
        self._worlds: OrderedDict[str, MemoryWorld] = OrderedDict()
        self._seed: tuple[int, MemoryWorld] | None = None
        self.lock = RLock()

    def begin(self, tenant: str) -> _Transaction:
        return _Transaction(self, tenant)

    def tenants(self) -> list[str]:
        with self.lock:
            return list(self._worlds)

    def clock(self, tenant: str | None) -> Clock:
        with self.lock:
            if tenant is None or tenant not in self._worlds:
                return self._new_clock
            return self._worlds[tenant].clock

    def change_clock(self, tenant: str | None, order: Any) -> Clock:
        real = self.real_now()
        with self.lock:
            if tenant is not None:
                world = self.world(tenant)
                world.clock = world.clock.change(real, order)
                return world.clock
            changed = {key: world.clock.change(real, order) for key, world in self._worlds.items()}
            self._new_clock = self._new_clock.change(real, order)
            for key, clock in changed.items():
                self._worlds[key].clock = clock
            return self._new_clock

    def reset(self, tenant: str | None) -> None:
        with self.lock:
            if tenant is None:
                self._new_clock = self._first_clock
                self._worlds.clear()
            else:
                self._worlds.pop(tenant, None)

    def snapshot(self, tenant: str | None) -> dict[str, Any]:
        real = self.real_now()
        with self.lock:
            return {
                "format": FORMAT,
                "api": self._api.name,
                "seed": self._settings.seed,
                "worlds": {
                    key: {"clock": world.clock.describe(real), **world.dump()}
                    for key, world in self._worlds.items()
                    if tenant in (None, key)
                },
            }

    def restore(self, snapshot: Any) -> None:
        with self.lock:
            restored = self._read(snapshot)
            for key, world in restored.items():
                self._worlds[key] = world
                self._worlds.move_to_end(key)
            self._evict()

    def _read(self, snapshot: Any) -> dict[str, MemoryWorld]:
        real = self.real_now()
        try:
            if snapshot["format"] != FORMAT or snapshot["api"] != self._api.name:
                raise StoreError(
                    f"the snapshot is of {snapshot['api']!r} in format {snapshot['format']!r}; "
                    f"this is {self._api.name!r} in format {FORMAT}"
                )
            restored = {}
            for key, dump in snapshot["worlds"].items():
                clock = Clock("manual", 0, real).change(real, {"set": dump["clock"]["now"]})
                if dump["clock"]["mode"] == "real":
                    clock = Clock("real", clock.base, real, float(dump["clock"]["speed"]))
                world = self._empty(key, clock)
                world.load(dump["counters"], dump["collections"])
                restored[key] = world
        except StoreError:
            raise
        except MockServerError as error:
            raise StoreError(f"the snapshot can't be restored: {error}") from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise StoreError(
                f"the snapshot can't be restored, {type(error).__name__}: {error}"
            ) from None
        return restored

    def world(self, tenant: str) -> MemoryWorld:
        """The tenant's world, now the latest used; to be called with the lock held."""
        world = self._worlds.get(tenant)
        if world is None:
            return self._add(tenant, self._new_clock)
        self._worlds.move_to_end(tenant)
        return world

    def _add(self, tenant: str, clock: Clock) -> MemoryWorld:
        world = self._seed_world(clock).fork(tenant, clock)
        self._worlds[tenant] = world
        self._evict()
        return world

    def _evict(self) -> None:
        while len(self._worlds) > self._max_worlds:
            idle, _ = self._worlds.popitem(last=False)
            log.warning(
                "the world of %s was idle longest and is forgotten (--max-worlds %d)",
                mask(idle),
                self._max_worlds,
            )

    def _seed_world(self, clock: Clock) -> MemoryWorld:
        now = clock.now(self.real_now())
        if self._seed is None or not 0 <= now - self._seed[0] < SEED_AGE:
            world = self._empty(SEED_TENANT, clock)
            world.now = now
            self._api.seed(world, self._fixtures())
            world.commit()
            self._seed = now, world
        return self._seed[1]

    def _empty(self, tenant: str, clock: Clock) -> MemoryWorld:
        world = MemoryWorld(tenant, self._settings, clock)
        for spec in self._api.collections.values():
            world.add(MemoryRows(spec, world.undo))
        return world


def mask(tenant: str) -> str:
    """A tenant's name fit for a log: only the beginning of a key."""
    return repr(tenant if len(tenant) <= 9 else tenant[:9] + "…")
