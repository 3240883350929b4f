"""Worlds in Redis, used by several processes: no write is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from mockserver.engine.clock import Clock
from mockserver.engine.timestamps import SECOND
from mockserver.errors import BadRequest, Stale, StoreUnavailable
from mockserver.server.mock import MockServer
from mockserver.store.base import transact
from mockserver.store.memory import MemoryStore
from mockserver.store.redis import store as redis
from mockserver.store.redis.store import RedisStore
from tests.store.machine import API, START
from tests.store.redis_server import RedisServer
from tests.store.test_store import redis_store

PERSONA = {"name": "Ada", "body": "You are in a hurry."}
THING = {"id": "a", "created_at": 1, "colour": "red", "parent": "p1", "note": ""}


@pytest.fixture
def two(redis_server: RedisServer) -> tuple[RedisStore, RedisStore]:
    """The stores of two processes."""
    first = redis_store(redis_server)
    return first, redis_store(redis_server, seed=first._settings.seed)


def put(store: Any, tenant: str, **fields: Any) -> None:
    def work(world: Any) -> None:
        world["things"].put({**THING, **fields})
        world.commit()

    transact(store, tenant, work)


def attempt(store: Any, meanwhile: Callable[[], Any], **fields: Any) -> None:
    """One attempt to write while something else happens."""
    with store.begin("mock-a") as world:
        world["things"].put({**THING, **fields})
        meanwhile()
        world.commit()


def names(store: Any, tenant: str = "mock-a") -> list[str]:
    with store.begin(tenant) as world:
        return [row["id"] for row in world["things"].scan()]


def test_each_sees_at_once_what_the_other_wrote(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    put(one, "mock-a", id="a")
    assert names(other) == ["a", "seed-1", "seed-2"]
    put(other, "mock-a", id="b", note="\N{SNOWMAN}")
    with other.begin("mock-a") as world:
        world["things"].remove("a")
        world["things"].remove("seed-1")
        assert world.ordinal("x") == 2
        world.commit()
    assert names(one) == ["b", "seed-2"]
    with one.begin("mock-a") as world:
        assert world.ordinal("x") == 3
        assert world["things"].get("b") == {**THING, "id": "b", "note": "\N{SNOWMAN}"}


def test_of_two_that_write_at_a_time_one_does_it_again(
    two: tuple[RedisStore, RedisStore],
) -> None:
    one, other = two
    with pytest.raises(Stale):
        attempt(one, lambda: put(other, "mock-a", id="b"))
    assert names(one) == names(other) == ["b", "seed-1", "seed-2"]
    put(one, "mock-a")
    assert names(other) == ["a", "b", "seed-1", "seed-2"]


def test_who_only_reads_sees_one_state_and_disturbs_nobody(
    two: tuple[RedisStore, RedisStore],
) -> None:
    one, other = two
    with one.begin("mock-a") as world:
        put(other, "mock-a")
        assert len(world["things"]) == 2
        world.commit()
    assert len(names(one)) == 3


@pytest.mark.parametrize(
    "meddle",
    [
        lambda store: store.reset("mock-a"),
        lambda store: store.reset(None),
        lambda store: store.change_clock("mock-a", {"advance": 1}),
        lambda store: store.restore(store.snapshot(None)),
    ],
    ids=["reset", "reset all", "clock", "restore"],
)
def test_a_commit_to_a_world_that_has_changed_otherwise(
    two: tuple[RedisStore, RedisStore], meddle: Any
) -> None:
    one, other = two
    with pytest.raises(Stale):
        attempt(one, lambda: meddle(other))
    assert names(one) == names(other) == ["seed-1", "seed-2"]


def test_who_was_always_too_late_gets_a_turn(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    for tries in range(redis.CONFLICTS_BEFORE_TURN):
        with pytest.raises(Stale):
            attempt(one, partial(put, other, "mock-a", id=f"b{tries}"))
    with one.begin("mock-a") as world:
        with pytest.raises(Stale):
            attempt(other, lambda: None, id="too late")
        world["things"].put(THING)
        world.commit()
    assert names(other) == ["a", "b0", "b1", "b2", "seed-1", "seed-2"]
    put(other, "mock-a", id="c")
    assert len(names(one)) == 7


def test_a_turn_that_is_not_used_is_given_back(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    for _ in range(redis.CONFLICTS_BEFORE_TURN):
        with pytest.raises(Stale):
            attempt(one, lambda: put(other, "mock-a", id="b"))
    with one.begin("mock-a"):
        pass
    attempt(other, lambda: None)


def test_nobody_waits_for_ever(
    two: tuple[RedisStore, RedisStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis, "SECONDS_OF_CONFLICTS", 0)
    one, other = two

    def work(world: Any) -> None:
        world["things"].put(THING)
        put(other, "mock-a", id="b")
        world.commit()

    with pytest.raises(StoreUnavailable, match="changed too often"):
        transact(one, "mock-a", work)


def test_a_turn_of_orders_to_the_clock(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    one.change_clock("mock-a", {"advance": 5})
    other.change_clock(None, {"advance": 7})
    assert other.clock("mock-a").now(0) == START + 12 * SECOND
    assert one.clock("mock-new").now(0) == one.clock(None).now(0) == START + 7 * SECOND
    with one.begin("mock-new") as world:
        assert world.now == START + 7 * SECOND
    with pytest.raises(BadRequest):
        one.change_clock(None, {"set": "2026-01-01T00:00:10Z"})
    assert other.clock("mock-a").now(0) == START + 12 * SECOND


def test_all_have_the_time_of_redis(redis_server: RedisServer) -> None:
    """Even if a machine's clock is wrong."""
    wrong = redis_store(redis_server, clock=Clock("real", START, START))
    with wrong.begin("mock-a") as world:
        first = world.now
        assert first > START
    right = redis_store(redis_server, clock=Clock("real", first, first), seed=wrong._settings.seed)
    with right.begin("mock-a") as world:
        assert 0 <= world.now - first < 60 * SECOND


def test_the_longest_idle_world_goes_first(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, said: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redis, "SECONDS_BETWEEN_USES", -1)
    store = redis_store(redis_server, max_worlds=2)
    for tenant in ("mock-secret-1", "mock-b", "mock-secret-1", "mock-c"):
        put(store, tenant)
    assert store.tenants() == ["mock-secret-1", "mock-c"]
    assert "mock-b" in said.text
    assert "mock-secret-1" not in said.text


def test_what_is_dropped_leaves_nothing_behind(redis_server: RedisServer) -> None:
    store = redis_store(redis_server)
    for tenant in ("mock-a", "mock-b"):
        put(store, tenant)
    store.restore(store.snapshot("mock-a"))
    store.reset("mock-b")
    store.reset(None)
    left = store.link.call(b"KEYS", b"*" + store.prefix[1:-1] + b"*")
    kinds = sorted(key[len(store.prefix) :].split(b":")[1] for key in left)
    assert kinds == [b"base", b"bases", b"newest"]  # the seed world for whoever comes next


def test_seed_worlds_that_nobody_needs_go(redis_server: RedisServer) -> None:
    real = Clock("manual", START, 0)
    store = redis_store(redis_server, clock=real)
    for step in range(4):
        put(store, f"mock-{step}")
        store.change_clock(None, {"advance": 100})
    bases = store.link.call(b"KEYS", b"*" + store.prefix[1:-1] + b"*:base:*")
    assert len(bases) == 4
    for step in range(3):
        store.reset(f"mock-{step}")
    bases = store.link.call(b"KEYS", b"*" + store.prefix[1:-1] + b"*:base:*")
    assert len(bases) == 1


def test_rows_of_every_kind(two: tuple[RedisStore, RedisStore]) -> None:
    one, other = two
    name = "k:\x1f/é"
    odd = {"id": name, "note": {"huge": 2**70, "deep": [1.5, None], "surrogate": "\ud800"}}
    put(one, "mock-a", **odd)
    with other.begin("mock-a") as world:
        assert world["things"].get(name) == {**THING, **odd}
        world["things"].remove(name)
        world.commit()
    assert names(one) == ["seed-1", "seed-2"]


def test_many_rows(two: tuple[RedisStore, RedisStore], redis_server: RedisServer) -> None:
    """More than one batch."""
    one, other = two
    assert len(names(other)) == 2
    with one.begin("mock-a") as world:
        for number in range(9000):
            world["things"].put({**THING, "id": f"{number:05}"})
        world.commit()
    assert len(names(other)) == 9002
    third = redis_store(redis_server, seed=one._settings.seed)
    with third.begin("mock-a") as world:
        page = list(world["things"].scan(after=(1, "00500"), colour="red"))[:3]
    assert [row["id"] for row in page] == ["00501", "00502", "00503"]
    third.restore(third.snapshot(None))
    assert len(names(one)) == 9002


def test_collections_of_another_version_stay_out(redis_server: RedisServer) -> None:
    newer = redis_store(redis_server)
    with newer.begin("mock-a") as world:
        world["steps"].put({"name": "a", "at": 1, "position": 0, "open": True})
        world.commit()
    put(newer, "mock-a")
    less = type(API)("shelf", collections={"things": API.collections["things"]})
    older = redis_store(redis_server, less, seed=newer._settings.seed)
    assert names(older) == ["a", "seed-1", "seed-2"]


def test_two_mocks_that_share_everything(redis_server: RedisServer) -> None:
    """Concurrent creates by both: each exists once, with a unique id."""
    servers = [MockServer(store=redis_server.url, seed=77) for _ in range(2)]

    def work(worker: int) -> list[str]:
        client = servers[worker % 2].client_for("mock-shared")
        replies = [client.post("/v1/personas", json=PERSONA) for _ in range(15)]
        return [reply.json()["id"] for reply in replies]

    with ThreadPoolExecutor(4) as pool:
        ids = {name for some in pool.map(work, range(4)) for name in some}
    assert len(ids) == 60
    for server in servers:
        with server.mock.store.begin("mock-shared") as world:
            assert ids <= {row["id"] for row in world["personas"].scan()}
        server.close()


def test_memory_is_the_default() -> None:
    server = MockServer()
    assert isinstance(server.mock.store, MemoryStore)
    assert server.mock.store.board is None
    server.close()
