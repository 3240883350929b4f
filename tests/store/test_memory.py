"""The memory store: the common state machine, and its own behaviour."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.engine.api import Api
from mockserver.engine.clock import Clock
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import Settings
from mockserver.errors import BadRequest, StoreError
from mockserver.store.base import Limits
from mockserver.store.memory import MemoryStore, mask
from mockserver.store.worlds import MemoryRows
from tests.store.machine import API, COLLECTIONS, START, StoreMachine, hermetic


def memory_store(
    api: Api = API,
    clock: Clock | None = None,
    real_now: Any = lambda: 0,
    **limits: int,
) -> MemoryStore:
    return MemoryStore(
        api,
        Settings(),
        real_now=real_now,
        clock=clock or Clock("manual", START, 0),
        limits=Limits(**limits),
    )


class MemoryMachine(StoreMachine):
    def make_store(self, api: Api, clock: Clock) -> MemoryStore:
        return memory_store(api, clock)


TestMemoryMachine = MemoryMachine.TestCase
TestMemoryMachine.settings = hermetic

THING = {"id": "a", "created_at": 1, "colour": "red", "parent": "p1", "note": ""}


def names(store: MemoryStore, tenant: str) -> list[str]:
    with store.begin(tenant) as world:
        return [row["id"] for row in world["things"].scan()]


def test_a_new_world_is_a_fork_that_nobody_else_sees() -> None:
    store = memory_store()
    with store.begin("mock-a") as world:
        world["things"].put(THING)
        world["things"].remove("seed-1")
        world.commit()
    assert names(store, "mock-a") == ["a", "seed-2"]
    assert names(store, "mock-b") == ["seed-1", "seed-2"]
    store.reset("mock-a")
    assert names(store, "mock-a") == ["seed-1", "seed-2"]


def test_a_fork_and_its_origin_part_at_the_first_write_of_either() -> None:
    origin = MemoryRows(COLLECTIONS["things"], [])
    origin.put(THING)
    copies = [origin.fork([]), origin.fork([])]
    copies[0].put({**THING, "id": "b"})
    origin.remove("a")
    assert [row["id"] for row in copies[0].scan()] == ["a", "b"]
    assert [row["id"] for row in copies[1].scan(colour="red")] == ["a"]
    assert list(origin.scan()) == list(origin.scan(colour="red")) == []


def test_what_is_not_committed_leaves_no_trace() -> None:
    store = memory_store()
    with store.begin("mock-a") as world:
        world["things"].put(THING)
        assert world.ordinal("x") == 2
    with store.begin("mock-a") as world:
        assert world["things"].get("a") is None
        assert world.ordinal("x") == 2


def test_a_scan_without_its_index_is_refused() -> None:
    with memory_store().begin("mock-a") as world, pytest.raises(KeyError, match="no index"):
        list(world["things"].scan(note="x"))


def test_the_longest_idle_world_goes_first(said: pytest.LogCaptureFixture) -> None:
    store = memory_store(max_worlds=2)
    for tenant in ("mock-secret-1", "mock-b", "mock-secret-1", "mock-c"):
        with store.begin(tenant) as world:
            world.ordinal("thing")
            world.commit()
    assert store.tenants() == ["mock-secret-1", "mock-c"]
    assert "mock-b" in said.text


@pytest.mark.parametrize("most", [1, 3, 10])
def test_readers_with_fresh_keys_lose_nothing_of_anybody_s(
    most: int, said: pytest.LogCaptureFixture
) -> None:
    store = memory_store(max_worlds=most)
    kept = [f"mock-{n}" for n in range(most)]
    for tenant in kept:
        with store.begin(tenant) as world:
            world.ordinal("thing")
            world.commit()
    for n in range(3 * most):
        with store.begin(f"mock-reader-{n}") as world:
            world.ordinal("looked at, and undone")
    assert store.tenants() == kept
    assert not said.text


def test_what_time_brings_about_is_no_reason_to_keep_a_world() -> None:
    store = memory_store(max_worlds=1)
    with store.begin("mock-a") as world:
        world.ordinal("thing")
        world.commit(by_time=True)
    with store.begin("mock-b") as world:
        world.ordinal("thing")
        world.commit()
    assert store.tenants() == ["mock-b"]


def test_a_clock_that_was_moved_is_kept() -> None:
    store = memory_store(max_worlds=1)
    store.change_clock("mock-a", {"advance": 60})
    with store.begin("mock-b"):
        pass
    assert store.tenants() == ["mock-a"]


def test_a_log_shows_only_the_beginning_of_a_key() -> None:
    assert mask("mock-secret-key") == "'mock-secr…'"
    assert mask("mock-key") == "'mock-key'"


def test_the_seed_world_is_made_again_when_it_is_old() -> None:
    real = [0]
    seeded: list[int] = []
    api = Api("shelf", collections=API.collections, seed=lambda world, _: seeded.append(world.now))
    store = memory_store(api, Clock("real", START, 0), lambda: real[0])
    for now in (0, 30, 59, 61, 100):
        real[0] = now * SECOND
        with store.begin(f"mock-{now}"):
            pass
    assert seeded == [START, START + 61 * SECOND]


def test_a_clock_that_does_not_obey_changes_no_other_one() -> None:
    store = memory_store()
    for tenant in ("mock-a", "mock-b"):
        with store.begin(tenant):
            pass
    store.change_clock("mock-b", {"advance": 100})
    with pytest.raises(BadRequest):
        store.change_clock(None, {"set": "2026-01-01T00:00:50Z"})
    assert store.clock("mock-a").now(0) == START
    assert store.clock(None).now(0) == START


def test_a_reset_of_all_starts_time_afresh() -> None:
    store = memory_store()
    store.change_clock(None, {"advance": 100})
    assert store.clock("mock-new").now(0) == START + 100 * SECOND
    store.reset(None)
    assert store.clock("mock-new").now(0) == START
    assert store.tenants() == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda saved: None,
        lambda saved: [],
        lambda saved: {**saved, "format": 99},
        lambda saved: {**saved, "api": "other"},
        lambda saved: {**saved, "worlds": {"mock-a": {}}},
        lambda saved: {
            **saved,
            "worlds": {"mock-a": {**saved["worlds"]["mock-a"], "collections": {"no": [{}]}}},
        },
        lambda saved: {
            **saved,
            "worlds": {"mock-a": {**saved["worlds"]["mock-a"], "collections": {"things": [{}]}}},
        },
        lambda saved: {
            **saved,
            "worlds": {"mock-a": {**saved["worlds"]["mock-a"], "clock": {"now": "never"}}},
        },
    ],
)
def test_a_snapshot_that_does_not_fit_changes_nothing(damage: Any) -> None:
    store = memory_store()
    with store.begin("mock-a") as world:
        world["things"].put(THING)
        world.commit()
    saved = json.loads(json.dumps(store.snapshot(None)))
    with pytest.raises(StoreError):
        store.restore(damage(saved))
    assert names(store, "mock-a") == ["a", "seed-1", "seed-2"]


def test_a_snapshot_can_hold_one_world() -> None:
    store = memory_store()
    for tenant in ("mock-a", "mock-b"):
        with store.begin(tenant):
            pass
    assert list(store.snapshot("mock-b")["worlds"]) == ["mock-b"]
    assert sorted(store.snapshot(None)["worlds"]) == ["mock-a", "mock-b"]
