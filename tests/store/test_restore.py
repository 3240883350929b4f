"""Snapshots that no store wrote: refused, without changes."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import StoreError
from tests.support.documents import TEXT, collection, document, obj

CLOCK = {"now": "2026-01-01T00:00:00Z", "mode": "real", "speed": 1.0}


def snapshot(**world: Any) -> dict[str, Any]:
    whole = {"clock": CLOCK, "counters": {}, "collections": {}, **world}
    return {"format": 1, "api": "feather", "seed": 0, "worlds": {"mock-x": whole}}


@pytest.fixture
def server():
    with MockServer("feather", max_worlds=2) as mock:
        yield mock


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (snapshot(clock={**CLOCK, "speed": "nan"}), "speed"),
        (snapshot(clock={**CLOCK, "speed": float("nan")}), "speed"),
        (snapshot(clock={**CLOCK, "speed": 1e308}), "speed"),
        (snapshot(clock={**CLOCK, "speed": -1}), "speed"),
        (snapshot(clock={**CLOCK, "mode": "odd"}), "mode is real or manual"),
        (snapshot(clock={**CLOCK, "now": "never"}), "ISO 8601"),
        (snapshot(clock={}), "now"),
        (snapshot(collections={"runs": [{"id": "x"}]}), "row 0 of 'runs' lacks"),
        (snapshot(collections={"runs": [5]}), "not an object"),
        (snapshot(collections={"personas": [{"id": 5, "created_at": 1}]}), "not a string"),
        (snapshot(collections={"nothing": []}), "'nothing', which this API does not have"),
        (snapshot(counters={"id": "many"}), "wrong type"),
        ({**snapshot(), "api": "other"}, "'other'"),
        ({**snapshot(), "worlds": {f"mock-{n}": snapshot()["worlds"]["mock-x"] for n in "abc"}},
         "3 worlds, --max-worlds is 2"),
        ({}, "it has no 'format'; give one as GET"),
        ([], "wrong type"),
    ],
)  # fmt: skip
def test_a_broken_snapshot_changes_nothing(server: MockServer, broken: Any, words: str):
    server.client.post("/v1/personas", json={"name": "n", "body": "b"})
    before = server.mock.store.snapshot(None)
    with pytest.raises(StoreError, match=words):
        server.mock.store.restore(broken)
    assert server.mock.store.snapshot(None) == before


def test_a_paused_clock_stays_paused(server: MockServer):
    server.mock.store.restore(snapshot(clock={**CLOCK, "speed": 0.0}))
    clock = server.mock.store.clock("mock-x")
    assert (clock.mode, clock.speed) == ("real", 0.0)
    assert clock.now(10**18) == clock.base


def test_a_snapshot_in_rows_of_before_is_refused_with_the_way_out():
    pets = document(collection("/pets", obj("id", id=TEXT, name=TEXT), obj(name=TEXT)))
    with MockServer(pets) as mock:
        before = mock.mock.store.snapshot(None)
        old = {**before, "format": before["format"] - 1}
        with pytest.raises(StoreError, match="or begin with another file"):
            mock.mock.store.restore(old)
        mock.mock.store.restore(before)
