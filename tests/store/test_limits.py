"""What a world may take, and for how long it is kept without use, in both stores."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.engine.timestamps import SECOND
from mockserver.errors import TooLarge
from mockserver.store.base import Store
from tests.store.redis_server import RedisServer
from tests.store.test_memory import memory_store
from tests.store.test_redis_sharing import THING
from tests.store.test_store import redis_store

Make = Callable[..., Store]


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "memory":
        return memory_store
    server: RedisServer = request.getfixturevalue("redis_server")
    return lambda **options: redis_store(server, **options)


def put(store: Store, tenant: str, *rows: dict[str, Any]) -> None:
    with store.begin(tenant) as world:
        for row in rows:
            world["things"].put({**THING, **row})
        world.commit()


def test_a_world_has_a_bound(make: Make) -> None:
    store = make(max_bytes=20_000)
    for number in range(10):
        put(store, "mock-a", {"id": f"a{number}", "note": "x" * 1000})
    with pytest.raises(TooLarge, match="--max-bytes"):
        put(store, "mock-a", {"id": "large", "note": "x" * 10_000})
    put(store, "mock-b", {"id": "large", "note": "x" * 10_000})
    with store.begin("mock-a") as world:
        assert world["things"].get("large") is None
        for number in range(8):
            world["things"].remove(f"a{number}")
        world.commit()
    put(store, "mock-a", {"id": "large", "note": "x" * 10_000})
    # The same row again is no more.
    put(store, "mock-a", {"id": "large", "note": "y" * 10_000})


def test_many_small_rows_count_too(make: Make) -> None:
    store = make(max_bytes=20_000)
    with pytest.raises(TooLarge):
        put(store, "mock-a", *({"id": str(number)} for number in range(100)))
    assert "mock-a" not in {t for t in store.tenants() if _count(store, t) > 2}


def test_what_another_process_has_written_counts(redis_server: RedisServer) -> None:
    one = redis_store(redis_server, max_bytes=20_000)
    two = redis_store(redis_server, seed=one._settings.seed, max_bytes=20_000)
    put(one, "mock-a", {"id": "a", "note": "x" * 10_000})
    with pytest.raises(TooLarge):
        put(two, "mock-a", {"id": "b", "note": "x" * 10_000})


def test_an_idle_world_is_forgotten_in_memory() -> None:
    now = [0]
    store = memory_store(real_now=lambda: now[0], ttl=60 * SECOND)
    put(store, "mock-a", {"id": "a"})
    now[0] = 50 * SECOND
    put(store, "mock-b", {"id": "b"})
    now[0] = 61 * SECOND
    put(store, "mock-c", {"id": "c"})
    assert store.tenants() == ["mock-b", "mock-c"]
    assert _count(store, "mock-a") == 2  # its seed data


def test_an_idle_world_is_forgotten_in_redis(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = redis_store(redis_server, ttl=60 * SECOND)
    put(store, "mock-a", {"id": "a"})
    put(store, "mock-b", {"id": "b"})
    store.link.call(b"ZADD", store.prefix + b":worlds", b"%d" % (time.time() - 61), b"mock-a")
    store._next_expiry = 0
    put(store, "mock-b", {"id": "c"})
    assert store.tenants() == ["mock-b"]
    assert _count(store, "mock-a") == 2


def test_a_full_world_is_413_in_the_document_s_shape() -> None:
    with MockServer("feather", max_bytes=5000) as mock:
        body = {"name": "a", "body": "x" * 3000}
        statuses = [mock.client.post("/v1/personas", json=body).status_code for _ in range(3)]
        assert statuses[0] == 201
        assert statuses[-1] == 413
        assert mock.client.get("/v1/personas").status_code == 200


def _count(store: Store, tenant: str) -> int:
    with store.begin(tenant) as world:
        return len(world["things"])
