"""Journal and faults of several processes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from mockserver.errors import BadRequest
from mockserver.server import shared
from mockserver.server.access import Guard
from mockserver.server.admin.app import admin_api
from mockserver.server.admin.request import Panel
from mockserver.server.clients import InProcessTransport
from mockserver.server.mock import Options, load
from mockserver.server.shared import SharedJournal
from tests.server.plane import DOCUMENT
from tests.store.redis_server import RedisServer

_seeds = count(50_000)


class Process:
    """A mock with its admin API, like a worker's."""

    journal: SharedJournal

    def __init__(self, server: RedisServer, seed: int) -> None:
        options = Options(seed=seed, store=server.url, clock="manual")
        self.mock = load(DOCUMENT, options, journal=lambda exchange: self.journal(exchange))
        assert self.mock.store.board is not None
        self.journal = SharedJournal(self.mock.store.board, self.mock.contract.by_id)
        app = self.mock.app(admin_api(Panel(self.mock, self.journal, "things"), Guard()))
        self.client = httpx.Client(
            transport=InProcessTransport(app),
            base_url="http://localhost",
            headers={"Key": "mock-a"},
        )

    def get(self, number: int = 1) -> int:
        return self.client.get(f"/things/{number}?key=secret").status_code

    def control(self, method: str, path: str, **more: Any) -> Any:
        reply = self.client.request(method, f"/__mock__/{path}", **more)
        assert reply.is_success, reply.text
        return reply.json()


@pytest.fixture
def two(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Process, Process]]:
    monkeypatch.setattr(shared, "SECONDS_TO_GATHER", 0)
    seed = next(_seeds)
    processes = Process(redis_server, seed), Process(redis_server, seed)
    yield processes
    for process in processes:
        process.client.close()
        process.mock.store.close()


def test_one_journal(two: tuple[Process, Process]) -> None:
    one, other = two
    one.get(1)
    assert one.control("GET", "journal")["total"] == 1
    other.client.put("/things/2", json={"id": "2", "size": "large"})
    other.journal.write()
    for process in two:
        shown = process.control("GET", "journal")
        assert shown["total"] == shown["kept"] == 2
        newest, oldest = shown["exchanges"]
        assert (newest["number"], newest["operation"], newest["status"]) == (2, "putThing", 422)
        assert newest["violations"][0]["value"] == "large"
        assert (oldest["number"], oldest["operation"]) == (1, "getThing")
        assert "secret" not in oldest["target"]
    found = one.control("GET", "journal?operation=putThing&tenant=mock-a")
    assert len(found["exchanges"]) == 1
    archive = one.control("GET", "journal?format=har")["log"]["entries"]
    assert [entry["request"]["method"] for entry in archive] == ["GET", "PUT"]
    assert archive[1]["request"]["postData"]["text"] == '{"id":"2","size":"large"}'
    assert one.control("GET", "health")["exchanges"] == 2


def test_a_journal_forgets_for_all(two: tuple[Process, Process]) -> None:
    one, other = two
    one.get()
    other.client.get("/things/1", headers={"Key": "mock-b"})
    other.journal.write()
    assert one.control("DELETE", "journal?tenant=mock-b") == {"forgotten": 0}  # as it knows of
    one.get()
    one.journal.write()
    assert [e["tenant"] for e in other.control("GET", "journal")["exchanges"]] == ["mock-a"] * 2
    assert one.control("DELETE", "journal") == {"forgotten": 2}
    assert other.control("GET", "journal")["exchanges"] == []


def test_a_long_body_is_left_out(two: tuple[Process, Process]) -> None:
    one, _ = two
    one.client.put("/things/1", json={"id": "x" * 20_000})
    (entry,) = one.journal.entries()
    assert entry.exchange.message.body == b""


def test_faults_strike_in_all(two: tuple[Process, Process]) -> None:
    one, other = two
    assert [one.get(), other.get()] == [other.get(), one.get()]
    usual = one.get()
    fault = {"operation": "getThing", "status": 503}
    (added,) = one.control("POST", "faults", json=fault)["added"]
    assert [one.get(), other.get(), other.get()] == [503, 503, 503]
    (shown,) = other.control("GET", "faults")["faults"]
    assert (shown["id"], shown["met"], shown["struck"]) == (added, 3, 3)
    other.control("DELETE", f"faults?id={added}")
    assert [one.get(), other.get()] == [usual, usual]
    assert one.control("GET", "faults")["faults"] == []


def test_faults_are_counted_together(two: tuple[Process, Process]) -> None:
    one, other = two
    usual = one.get()
    one.control("POST", "faults", json={"status": 503, "calls": [2], "tenant": "mock-a"})
    assert [one.get(), other.get(), one.get()] == [usual, 503, usual]
    one.control("DELETE", "faults")
    one.control("POST", "faults", json={"status": 503, "times": 3})
    assert [p.get() for p in (one, other) * 2] == [503, 503, 503, usual]
    one.control("DELETE", "faults")
    one.control("POST", "faults", json={"rate": {"limit": 3, "per": 60}})
    for _ in range(2):
        assert [p.get() for p in (one, other) * 2] == [usual, usual, usual, 429]
        one.control("POST", "clock", json={"advance": 60})


def test_a_stub_is_for_all_processes_and_counts_in_all(two: tuple[Process, Process]) -> None:
    one, other = two
    thing = {"id": "1", "size": 5}
    spec = {"operation": "getThing", "json": thing, "times": 3, "when": {"path": {"id": 1}}}
    (first,) = one.control("POST", "stubs", json=spec)["added"]
    (second,) = other.control(
        "POST", "stubs?tenant=mock-b", json={"operation": "getThing", "json": None, "invalid": True}
    )["added"]
    assert first != second
    got = [process.client.get("/things/1").json() == thing for process in (one, other, one, other)]
    assert got == [True, True, True, False]
    assert one.client.get("/things/1", headers={"Key": "mock-b"}).json() is None
    for process in two:
        shown = process.control("GET", "stubs")["stubs"]
        assert [(each["id"], each["calls"]) for each in shown] == [(first, 3), (second, 1)]
    assert other.control("DELETE", f"stubs?id={first}") == {"removed": 1}
    assert [each["id"] for each in one.control("GET", "stubs")["stubs"]] == [second]
    assert one.control("DELETE", "stubs") == {"removed": 1}
    assert other.client.get("/things/1", headers={"Key": "mock-b"}).json() is not None


def test_a_function_can_not_be_shared(two: tuple[Process, Process]) -> None:
    spec = {"operation": "getThing", "when": lambda request: True, "invalid": True}
    with pytest.raises(BadRequest, match="can't share a function"):
        two[0].mock.stub(spec, None)
