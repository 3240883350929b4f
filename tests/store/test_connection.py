"""The connection to Redis: failures and their messages."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mockserver.errors import MissingExtra, Stale, StoreUnavailable, UsageError
from mockserver.server.mock import MockServer
from mockserver.store.base import is_shared, shown
from mockserver.store.redis import connection
from mockserver.store.redis import scripts as redis_scripts
from mockserver.store.redis.connection import Link
from mockserver.store.redis.store import RedisStore
from tests.store.redis_server import RedisServer, free_port
from tests.store.test_redis_sharing import THING, names, put
from tests.store.test_store import redis_store


@pytest.fixture
def own_server(redis_server: RedisServer, tmp_path: Path) -> Iterator[RedisServer]:
    """A server to be killed, without persistence."""
    server = RedisServer(tmp_path)
    yield server
    server.kill()


@pytest.fixture(autouse=True)
def _heard(said: pytest.LogCaptureFixture) -> None:
    pass


def test_nobody_listens() -> None:
    url = f"redis://:secret@127.0.0.1:{free_port()}/0"
    with pytest.raises(UsageError) as caught:
        MockServer(store=url)
    said = str(caught.value)
    assert said.startswith("--store redis://:…@127.0.0.1:")
    assert "refused" in said
    assert "secret" not in said
    assert "\n" not in said


def test_the_password_is_wrong(redis_server: RedisServer) -> None:
    url = redis_server.url.replace("//", "//:wrong@")
    with pytest.raises(UsageError, match="AUTH") as caught:
        Link(url).check()
    assert "wrong" not in str(caught.value).split(": ", 1)[0]


@pytest.mark.parametrize(
    "url", ["redis://localhost:port/0", "redis://localhost:6379/0?socket_timeout=soon"]
)
def test_no_address_at_all(url: str) -> None:
    with pytest.raises(UsageError, match="--store redis://"):
        Link(url)


def test_an_unknown_store() -> None:
    with pytest.raises(UsageError, match="use memory or redis://"):
        is_shared("postgres://localhost")


def test_the_client_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(MissingExtra, match=r"pip install '/PATH/TO/CLONE\[redis\]'"):
        MockServer(store="redis://127.0.0.1:6379/0")


def test_a_url_is_shown_without_its_password() -> None:
    assert shown("redis://me:secret@host:1/0") == "redis://me:…@host:1/0"
    assert shown("redis://host:1/0") == "redis://host:1/0"
    assert shown("redis://[half") == "redis://[half"


def test_scripts_that_redis_forgot_are_sent_again(redis_server: RedisServer) -> None:
    store = redis_store(redis_server)
    put(store, "mock-a")
    store.link.call(b"SCRIPT", b"FLUSH")
    put(store, "mock-a", id="b")
    assert names(store) == ["a", "b", "seed-1", "seed-2"]


def test_a_server_that_comes_back_without_its_memory(
    own_server: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SECONDS_BETWEEN_TRIES", 0)
    store = redis_store(own_server)
    put(store, "mock-a")
    own_server.kill()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            names(store)
    own_server.start()
    # What this process still knows is gone, and so it is a new world.
    assert names(store) == ["seed-1", "seed-2"]
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "does not respond" in caplog.messages[0]
    assert "responds again" in caplog.messages[1]


def test_a_connection_lost_in_the_middle_is_no_commit(redis_server: RedisServer) -> None:
    store = redis_store(redis_server)

    def lose(store: RedisStore) -> None:
        with store.begin("mock-a") as world:
            world["things"].put(THING)
            store.link.close()
            assert len(world["things"]) == 3
            world.commit()

    with pytest.raises(Stale):
        lose(store)
    assert names(store) == ["seed-1", "seed-2"]


def test_an_idle_connection_that_was_closed_is_made_again(redis_server: RedisServer) -> None:
    store = redis_store(redis_server)
    put(store, "mock-a")
    other = redis_store(redis_server)
    other.link.call(b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes")
    assert names(store) == ["a", "seed-1", "seed-2"]


def test_it_is_not_asked_again_at_once(
    own_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SECONDS_BETWEEN_TRIES", 1000)
    store = redis_store(own_server)
    put(store, "mock-a")
    own_server.kill()
    with pytest.raises(StoreUnavailable):
        names(store)
    own_server.start()
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        names(store)


@pytest.mark.parametrize("away", [1, 7, 600])
def test_it_is_asked_again_however_many_requests_come(
    own_server: RedisServer, monkeypatch: pytest.MonkeyPatch, away: int
) -> None:
    store = redis_store(own_server)
    put(store, "mock-a")
    now = [0.0]
    monkeypatch.setattr(connection, "time", SimpleNamespace(monotonic=lambda: now[0]))
    own_server.kill()
    while now[0] < away:
        with pytest.raises(StoreUnavailable):
            names(store)
        now[0] += 0.3  # more often than it is asked
    own_server.start()
    back = now[0]
    while True:
        try:
            names(store)
            break
        except StoreUnavailable:
            now[0] += 0.1
            assert now[0] < back + 2
    put(store, "mock-a", id="b")
    assert "b" in names(store)


@pytest.mark.parametrize("how", ["killed", "halted"])
def test_what_was_acknowledged_is_there_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(connection, "SECONDS_TO_ANSWER", 0.3)
    monkeypatch.setattr(connection, "SECONDS_BETWEEN_TRIES", 0.01)
    server = RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    try:
        store = redis_store(server)
        acknowledged, refused = [], 0
        for number in range(60):
            if number == 20:
                server.kill() if how == "killed" else server.halt()
            if number == 28:
                server.start() if how == "killed" else server.go_on()
            try:
                put(store, "mock-a", id=f"row-{number}")
                acknowledged.append(f"row-{number}")
            except StoreUnavailable:
                refused += 1
                time.sleep(0.02)
        assert refused
        assert len(acknowledged) > 25
        assert set(acknowledged) <= set(names(store))
    finally:
        server.stop()


def test_what_redis_refuses_is_said(own_server: RedisServer) -> None:
    store = redis_store(own_server)
    put(store, "mock-a")
    store.link.call(b"CONFIG", b"SET", b"maxmemory", b"1")
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        put(store, "mock-a", id="b")
    snapshot = store.snapshot(None)
    with pytest.raises(StoreUnavailable, match="maxmemory"):
        store.restore(snapshot)
    store.link.call(b"CONFIG", b"SET", b"maxmemory", b"0")
    assert names(store) == ["a", "seed-1", "seed-2"]


def test_a_world_without_its_base_is_damaged(redis_server: RedisServer) -> None:
    store = redis_store(redis_server)
    put(store, "mock-a")
    (base,) = store.link.call(b"KEYS", b"*" + store.prefix[1:-1] + b"*:base:*")
    store.link.call(b"DEL", base)
    other = redis_store(redis_server, seed=store._settings.seed)
    with pytest.raises(StoreUnavailable, match="damaged"):
        names(other)
    other.reset("mock-a")
    assert names(other) == ["seed-1", "seed-2"]


def test_requests_while_it_is_away(own_server: RedisServer) -> None:
    server = MockServer(store=own_server.url)
    assert server.client.get("/v1/personas").status_code == 200
    own_server.kill()
    reply = server.client.get("/v1/personas")
    assert reply.status_code == 503
    assert reply.headers["retry-after"] == "1"
    assert reply.headers["content-type"] == "application/problem+json"
    assert own_server.url in reply.json()["detail"]
    assert server.client.get("/v1/nothing").status_code == 404
    server.close()


def test_every_script_is_named_by_its_text() -> None:
    scripts: list[Any] = [
        found for found in vars(redis_scripts).values() if isinstance(found, redis_scripts.Script)
    ]
    assert len({script.sha for script in scripts}) == len(scripts) >= 8
