"""The Redis store: the common state machine, and its own behaviour."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, cycle
from typing import Any, ClassVar

import pytest

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.world import Settings
from mockserver.store.base import Limits
from mockserver.store.redis import store as redis
from mockserver.store.redis.store import RedisStore
from tests.store.machine import API, START, StoreMachine, hermetic
from tests.store.redis_server import RedisServer

_seeds = count(1)


def redis_store(
    server: RedisServer,
    api: Api = API,
    clock: Clock | None = None,
    seed: int | None = None,
    **limits: int,
) -> RedisStore:
    """An empty store, or one with this seed."""
    return RedisStore(
        server.url,
        api,
        Settings(seed=next(_seeds) if seed is None else seed),
        clock=clock or Clock("manual", START, 0),
        limits=Limits(**limits),
    )


class RedisMachine(StoreMachine):
    server: ClassVar[RedisServer]

    def make_store(self, api: Api, clock: Clock) -> RedisStore:
        return redis_store(self.server, api, clock)

    def teardown(self) -> None:
        assert isinstance(self.store, RedisStore)
        self.store.reset(None)
        self.store.close()


class Forgetful:
    """A store that loses its copies and connections before every other call."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store
        self._calls = count()

    def __getattr__(self, name: str) -> Any:
        turn = next(self._calls) % 4
        if turn == 1:
            self._store.close()
        elif turn == 3:
            self._store._copies.clear()
        return getattr(self._store, name)


class Workers:
    """The stores of several processes: calls go to them in turn."""

    def __init__(self, *stores: Any) -> None:
        self._next = cycle(stores)

    def __getattr__(self, name: str) -> Any:
        return getattr(next(self._next), name)


class WorkersMachine(RedisMachine):
    """Like the machine of one process, with successive calls to different processes."""

    def make_store(self, api: Api, clock: Clock) -> Any:
        seed = next(_seeds)
        stores = [redis_store(self.server, api, clock, seed) for _ in range(3)]
        self.owners = stores
        return Workers(stores[0], Forgetful(stores[1]), stores[2])

    def teardown(self) -> None:
        for store in self.owners:
            store.reset(None)
            store.close()


@pytest.fixture(scope="module", autouse=True)
def _machine(redis_server: RedisServer) -> Iterator[None]:
    RedisMachine.server = redis_server
    with pytest.MonkeyPatch.context() as patch:
        # So few that a process which looks away for a moment has to read the world again.
        patch.setattr(redis, "REMOVALS_KEPT", 1)
        yield


TestRedisMachine = RedisMachine.TestCase
TestRedisMachine.settings = hermetic
TestWorkersMachine = WorkersMachine.TestCase
TestWorkersMachine.settings = hermetic
