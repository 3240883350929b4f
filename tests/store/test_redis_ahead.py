"""Requests that came together look at their worlds in one round trip, and miss nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from mockserver.errors import Stale, StoreUnavailable
from mockserver.server.mock import MockServer
from mockserver.store.redis.store import RedisStore
from mockserver.store.redis.world import name_of
from tests.store.machine import START
from tests.store.redis_server import RedisServer
from tests.store.test_redis_sharing import PERSONA, THING, names, put, two
from tests.store.test_store import redis_store

__all__ = ["two"]


def looked(store: RedisStore, *tenants: str) -> list[bool]:
    """What each request is told that waits for the next look."""

    async def work() -> list[bool]:
        return await asyncio.gather(*map(store.look_ahead, tenants))

    return asyncio.run(work())


@contextmanager
def counted(store: RedisStore) -> Iterator[Callable[[], int]]:
    """How often something was sent to Redis in the block."""
    sent = 0
    original = store.link._exchange

    def count(packed: bytes, replies: int) -> object:
        nonlocal sent
        sent += 1
        return original(packed, replies)

    store.link._exchange = count  # type: ignore[method-assign, assignment]
    try:
        yield lambda: sent
    finally:
        store.link._exchange = original  # type: ignore[method-assign]


def seen(store: RedisStore, tenant: str) -> list[str]:
    """The names in a world that was looked at."""
    with store.begin(tenant, looked=True) as world:
        return [row["id"] for row in world["things"].scan()]


def write(store: RedisStore, tenant: str, name: str) -> None:
    """Write to a world that was looked at, once."""
    with store.begin(tenant, looked=True) as world:
        world["things"].put({**THING, "id": name})
        world.commit()


def test_requests_that_came_together_look_once(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    for tenant in ("mock-a", "mock-b"):
        assert names(one, tenant) == ["seed-1", "seed-2"]
    put(other, "mock-b", id="b")
    with counted(one) as sent:
        assert looked(one, "mock-a", "mock-b", "mock-a", "mock-b") == [True] * 4
        assert seen(one, "mock-a") == ["seed-1", "seed-2"]
        assert seen(one, "mock-b") == ["b", "seed-1", "seed-2"]
        assert sent() == 1


def test_a_commit_after_a_look_takes_one_round_trip(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    put(one, "mock-a", id="a")  # Redis has the script from now on
    with counted(one) as sent:
        looked(one, "mock-a")
        write(one, "mock-a", "mine")
        assert sent() == 2
    assert names(other) == ["a", "mine", "seed-1", "seed-2"]


def test_what_changed_after_the_look_is_no_ground_for_a_commit(
    two: tuple[RedisStore, RedisStore],
) -> None:
    one, other = two
    names(one)
    looked(one, "mock-a")
    put(other, "mock-a", id="theirs")
    with pytest.raises(Stale):
        write(one, "mock-a", "mine")
    # Who lost a race looks again, whatever it is told.
    assert "theirs" in seen(one, "mock-a")


def test_a_world_that_is_new_here_is_left_to_its_request(
    two: tuple[RedisStore, RedisStore],
) -> None:
    one, other = two
    put(other, "mock-a", id="theirs")
    assert looked(one, "mock-a", "mock-nobody") == [False, False]
    assert seen(one, "mock-a") == ["seed-1", "seed-2", "theirs"]


def test_a_world_that_has_changed_much_is_left_to_its_request(
    two: tuple[RedisStore, RedisStore],
) -> None:
    """What one look for many returns is bounded."""
    one, other = two
    for tenant in ("mock-a", "mock-b"):
        names(one, tenant)
    with other.begin("mock-a") as world:
        for number in range(1001):
            world["things"].put({**THING, "id": f"t{number}"})
        world.commit()
    assert looked(one, "mock-a", "mock-b") == [False, True]
    assert looked(one, "mock-a") == [True]
    assert len(seen(one, "mock-a")) == 1003


def test_a_reset_is_seen(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    put(one, "mock-a", id="a")
    names(other)
    one.reset("mock-a")
    assert looked(other, "mock-a") == [False]
    assert names(other) == ["seed-1", "seed-2"]


def test_time_passes_between_looks_and_never_back(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    names(one)
    looked(one, "mock-a")
    instants = []
    for _ in range(50):
        with one.begin("mock-a", looked=True) as world:
            instants.append(world.real)
    for _ in range(50):
        with other.begin("mock-a") as world:
            instants.append(world.real)
        looked(one, "mock-a")
        with one.begin("mock-a", looked=True) as world:
            instants.append(world.real)
    assert instants == sorted(instants)
    assert instants[0] < instants[49]


def test_a_clock_that_another_process_has_moved(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    names(one)
    other.change_clock("mock-a", {"advance": 60})
    looked(one, "mock-a")
    with one.begin("mock-a", looked=True) as world:
        assert world.now == START + 60_000_000


def test_after_a_new_connection_a_look_does_not_do(two: tuple[RedisStore, RedisStore]) -> None:
    one, _ = two
    put(one, "mock-a", id="a")
    one.link.close()
    assert looked(one, "mock-a") == [False]
    assert names(one) == ["a", "seed-1", "seed-2"]
    assert looked(one, "mock-a") == [True]
    one.link.close()
    one.link.call(b"PING")
    with counted(one) as sent:
        assert seen(one, "mock-a") == ["a", "seed-1", "seed-2"]
        assert sent() > 0


def test_requests_over_http(redis_server: RedisServer) -> None:
    path = "/v1/personas?limit=50"
    with (
        MockServer("feather", store=redis_server.url, seed=4711) as one,
        MockServer("feather", store=redis_server.url, seed=4711) as other,
    ):
        one.client.post("/v1/personas", json=PERSONA)
        body = {**PERSONA, "name": "theirs"}
        assert other.client.post("/v1/personas", json=body).status_code == 201

        async def ask() -> list[httpx.Response]:
            transport = httpx.ASGITransport(one.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://mock.local", headers=one.headers
            ) as client:
                return await asyncio.gather(*(client.get(path) for _ in range(8)))

        store = one.mock.store
        assert isinstance(store, RedisStore)
        with counted(store) as sent:
            replies = asyncio.run(ask())
            assert sent() == 1
    assert all(reply.status_code == 200 and "theirs" in reply.text for reply in replies)


def test_a_client_that_leaves_does_not_disturb_others(two: tuple[RedisStore, RedisStore]) -> None:
    one, _ = two
    names(one)

    async def work() -> bool:
        leaves = asyncio.ensure_future(one.look_ahead("mock-a"))
        stays = asyncio.ensure_future(one.look_ahead("mock-a"))
        await asyncio.sleep(0)
        leaves.cancel()
        return await stays

    assert asyncio.run(work())


def test_a_damaged_world_is_for_its_own_request_to_report(
    two: tuple[RedisStore, RedisStore], caplog: pytest.LogCaptureFixture
) -> None:
    one, other = two
    for tenant in ("mock-a", "mock-b"):
        names(one, tenant)
    put(other, "mock-b", id="b")
    one.link.call(b"HDEL", one.prefix + b":clocks", b"mock-a")
    assert looked(one, "mock-a", "mock-b") == [False, True]
    assert seen(one, "mock-b") == ["b", "seed-1", "seed-2"]
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="damaged; reset it"):
            names(one)
    one.reset("mock-a")
    assert names(one) == ["seed-1", "seed-2"]
    assert not caplog.records


@pytest.mark.parametrize("row", [b"{", b"[]", b"\xff"])
def test_a_world_that_can_not_be_read_is_damaged(redis_server: RedisServer, row: bytes) -> None:
    store = redis_store(redis_server)
    put(store, "mock-a", id="a")
    other = redis_store(redis_server, seed=store._settings.seed)
    rows = store.prefix + b":rows:mock-a"
    store.link.call(b"HSET", rows, name_of("things", "a"), row)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="damaged; reset it"):
            names(other)


def test_a_look_that_fails_in_any_way_is_repeated_by_its_request(
    two: tuple[RedisStore, RedisStore], caplog: pytest.LogCaptureFixture
) -> None:
    one, _ = two
    names(one)

    def fail() -> None:
        raise RuntimeError("a listener fails")

    one.board.on_news(fail)
    one.board.put("faults", {"a": b"1"})
    assert looked(one, "mock-a") == [False]
    assert names(one) == ["seed-1", "seed-2"]
    assert not caplog.records


def test_a_store_that_is_away_is_for_the_request_to_report(redis_server: RedisServer) -> None:
    store = redis_store(redis_server)
    names(store)

    def fail(packed: bytes, replies: int) -> object:
        raise OSError("away")

    store.link._exchange = fail  # type: ignore[method-assign, assignment]
    assert looked(store, "mock-a") == [False]
