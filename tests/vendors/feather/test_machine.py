"""Dispatch, time, cancel, retry and steering in any order, checked against the rules."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from mockserver import MockServer
from mockserver.errors import Conflict
from mockserver.vendors.feather import FEATHER
from mockserver.vendors.feather.tables import SIMULATION_RUN
from tests.vendors.feather.sandbox import Json, Sandbox, path_of, statuses

FINAL = {"completed", "failed", "cancelled", "budget_exceeded"}
TAGS = ("mock:completed", "mock:failed", "mock:budget_exceeded", "mock:stuck", "mock:slow", "free")
tags = st.lists(st.sampled_from(TAGS), min_size=1, max_size=5)
which = st.integers(0, 99)

pytestmark = [pytest.mark.rule("feather", number) for number in (70, 74, 75, 79, 80, 83)]


def derived(suite_run: Json) -> str:
    """Rule 75 over the latest attempts, identified by their common fields."""
    latest: dict[Any, str] = {}
    for run in suite_run["runs"]:
        latest[run["scenario_id"]] = run["status"]
    states = list(latest.values())
    if set(states) == {"pending"}:
        return "pending"
    for wanted in ({"pending", "running"}, {"failed"}, {"budget_exceeded"}, {"cancelled"}):
        if wanted & set(states):
            return "running" if "running" in wanted else wanted.pop()
    return "completed"


class Batches(RuleBasedStateMachine):
    """`seen` is each suite run as last shown."""

    server: MockServer

    @initialize()
    def begin(self) -> None:
        self.server.reset()
        self.sandbox = Sandbox(self.server)
        self.agent = self.sandbox.agent()
        self.seen: dict[str, Json] = {}

    def some(self, number: int) -> Json:
        return list(self.seen.values())[number % len(self.seen)]

    def look(self, shown: Json) -> None:
        """Compare with the last observation, and remember this one."""
        before = self.seen.get(shown["id"])
        if before is not None:
            for name in shown.keys() - {"runs", "status"}:
                assert shown[name] == before[name]
            assert len(shown["runs"]) >= len(before["runs"])
            for old, new in zip(before["runs"], shown["runs"], strict=False):
                if old["status"] in FINAL:
                    assert json.dumps(new) == json.dumps(old)
                else:
                    assert new["id"] == old["id"]
                    assert reachable(old["status"], new["status"])
                    assert old["started_at"] in (None, new["started_at"])
        assert shown["status"] == derived(shown)
        self.seen[shown["id"]] = shown

    @rule(tags=tags, channel=st.sampled_from(["voice", "text"]))
    def dispatch(self, tags: list[str], channel: str) -> None:
        suite = self.sandbox.suite(*(self.sandbox.scenario(tag) for tag in tags))
        shown = self.sandbox.dispatch(suite, self.agent, channel=channel)
        assert statuses(shown) == ["pending"] * len(tags)
        self.look(shown)

    @rule(seconds=st.sampled_from([0, 0.2, 1, 2, 3, 5, 8, 13, 21, 300]))
    def wait(self, seconds: float) -> None:
        self.sandbox.wait(seconds)

    @precondition(lambda self: self.seen)
    @rule(number=which)
    def read(self, number: int) -> None:
        path = path_of(self.some(number))
        shown = self.sandbox.get(path)
        assert self.sandbox.get(path) == shown
        for run in shown["runs"]:
            assert self.sandbox.get(f"/simulation/runs/{run['id']}") == run
        self.look(shown)

    @precondition(lambda self: self.seen)
    @rule(number=which)
    def cancel(self, number: int) -> None:
        before = self.sandbox.again(self.some(number))
        shown = self.sandbox.cancel(before)
        assert set(statuses(shown)) <= FINAL
        assert len(shown["runs"]) == len(before["runs"])
        assert self.sandbox.cancel(before) == shown
        self.look(shown)

    @precondition(lambda self: self.seen)
    @rule(number=which)
    def retry(self, number: int) -> None:
        before = self.sandbox.again(self.some(number))
        latest = {run["scenario_id"]: run for run in before["runs"]}
        failed = [key for key, run in latest.items() if run["status"] == "failed"]
        shown = self.sandbox.retry(before)
        added = shown["runs"][len(before["runs"]) :]
        assert [run["scenario_id"] for run in added] == failed
        assert all(run["status"] == "pending" for run in added)
        assert shown["runs"][: len(before["runs"])] == before["runs"]
        assert self.sandbox.retry(before) == shown
        self.look(shown)

    @precondition(lambda self: self.seen)
    @rule(
        number=which,
        outcome=st.sampled_from(["completed", "failed", "budget_exceeded", "stuck"]),
        after=st.integers(0, 20),
    )
    def steer(self, number: int, outcome: str, after: int) -> None:
        run = self.some(number)["runs"][0]
        assert FEATHER.jobs.steer is not None
        with self.server.mock.store.begin("mock-key") as world:
            FEATHER.settle(world)
            try:
                FEATHER.jobs.steer(world, run["id"], {"outcome": outcome, "after": after})
            except Conflict:
                return
            world.commit()

    @invariant()
    def lists_agree(self) -> None:
        if not hasattr(self, "seen"):
            return
        rows = self.sandbox.get("/simulation/runs", agent_id=self.agent["id"], limit=200)["items"]
        for status in ("pending", "running", "failed"):
            query = {"agent_id": self.agent["id"], "limit": 200, "status": status}
            found = self.sandbox.get("/simulation/runs", **query)["items"]
            assert found == [row for row in rows if row["status"] == status]
        still_open = any(row["status"] not in FINAL for row in rows)
        with self.server.mock.store.begin("mock-key") as world:
            open_rows = list(world["runs"].scan(open=True))
            due = {row["id"] for row in world["agenda"].scan()}
            assert due == {row["id"] for row in open_rows if row["outcome"] is not None}
            mine = [row for row in open_rows if row["agent_id"] == self.agent["id"]]
            assert bool(mine) == still_open


def reachable(before: str, after: str) -> bool:
    if before == after:
        return True
    return any(reachable(step, after) for step in SIMULATION_RUN.moves[before])


def test_any_order_of_requests(server: MockServer) -> None:
    Batches.server = server
    hermetic = settings(
        derandomize=True, database=None, deadline=None, max_examples=15, stateful_step_count=20
    )
    run_state_machine_as_test(Batches, settings=hermetic)
