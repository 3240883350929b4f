"""Steering runs: `steer` and `plan_outcome`."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import BadRequest, Conflict, NotFound
from mockserver.vendors.feather import FEATHER
from tests.vendors.feather.sandbox import Sandbox, statuses

ENDS = ("completed", "failed", "budget_exceeded")


def steer(sandbox: Sandbox, job: str, order: dict[str, Any]) -> None:
    assert FEATHER.jobs.steer is not None
    with sandbox.server.mock.store.begin("mock-key") as world:
        FEATHER.settle(world)
        FEATHER.jobs.steer(world, job, order)
        world.commit()


@pytest.mark.parametrize("seconds", [0, 5])
@pytest.mark.parametrize("end", ENDS)
def test_a_run_ends_as_it_is_told(sandbox: Sandbox, end: str, seconds: float) -> None:
    suite_run = sandbox.batch("mock:stuck", "mock:completed")
    run_id = suite_run["runs"][0]["id"]
    sandbox.wait(seconds)
    before = sandbox.get(f"/simulation/runs/{run_id}")
    steer(sandbox, run_id, {"outcome": end, "after": 100})
    sandbox.wait(99)
    running = sandbox.get(f"/simulation/runs/{run_id}")
    assert running["status"] == "running"
    assert before["started_at"] in (None, running["started_at"])
    sandbox.wait(1)
    ended = sandbox.get(f"/simulation/runs/{run_id}")
    assert ended["status"] == end
    assert (ended["error_text"] is not None) == (end == "failed")
    assert sandbox.again(suite_run)["runs"][0] == ended


def test_a_run_that_would_end_can_be_held(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:completed", "mock:failed")
    steer(sandbox, suite_run["id"], {"outcome": "stuck"})
    sandbox.wait()
    assert statuses(sandbox.again(suite_run)) == ["running", "running"]
    steer(sandbox, suite_run["id"], {"outcome": "completed", "after": 1})
    sandbox.wait(1)
    assert sandbox.again(suite_run)["status"] == "completed"


def test_a_run_that_is_told_to_complete_is_evaluated(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    sandbox.bind(sandbox.evaluator(), agent=agent)
    run = sandbox.run(agent, sandbox.scenario("mock:stuck"))
    steer(sandbox, run["id"], {"outcome": "completed"})
    sandbox.wait(1)
    assert len(sandbox.evaluations(session_id=run["session_id"])) == 1


def test_what_has_ended_stays(sandbox: Sandbox) -> None:
    suite_run = sandbox.cancel(sandbox.batch("mock:stuck", "mock:completed"))
    for job in (suite_run["id"], suite_run["runs"][0]["id"]):
        with pytest.raises(Conflict):
            steer(sandbox, job, {"outcome": "completed"})
    assert sandbox.again(suite_run) == suite_run


def test_only_what_is_open_is_steered(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:stuck", "mock:completed")
    sandbox.wait()
    steer(sandbox, suite_run["id"], {"outcome": "failed"})
    sandbox.wait(1)
    assert statuses(sandbox.again(suite_run)) == ["failed", "completed"]


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"outcome": "cancelled"},
        {"outcome": None},
        {"outcome": "completed", "after": -1},
        {"outcome": "completed", "after": "5"},
        {"outcome": "completed", "after": True},
        {"outcome": "completed", "after": float("nan")},
        {"outcome": "completed", "when": 5},
    ],
)
def test_other_orders_are_refused(sandbox: Sandbox, order: dict[str, Any]) -> None:
    run = sandbox.run(sandbox.agent(), sandbox.scenario("mock:stuck"))
    with pytest.raises(BadRequest):
        steer(sandbox, run["id"], order)


def test_unknown_jobs(sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        steer(sandbox, "unknown", {"outcome": "completed"})


def test_all_of_a_runs_way_is_told(sandbox: Sandbox) -> None:
    run = sandbox.batch("mock:stuck")["runs"][0]
    steer(sandbox, run["id"], {"schedule": [["running", 2], ["cancelled", 5]]})
    seen = []
    for _ in range(3):
        seen.append(sandbox.get(f"/simulation/runs/{run['id']}")["status"])
        sandbox.wait(2.5)
    assert seen == ["pending", "running", "cancelled"]
    with pytest.raises(Conflict):
        steer(sandbox, run["id"], {"schedule": []})


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ([["completed", 1]], "pending is not followed by 'completed'"),
        ([["failed", 1], ["running", 2]], "failed is not followed by 'running'"),
        ([["running", 3], ["failed", 1]], "failed comes before running"),
        ([["running", -1]], "seconds from 0 on"),
        ([["running"]], "a step is"),
        ("running", "give"),
        ([[["x"], 1]], "is not followed by"),
    ],
)
def test_an_impossible_way_is_refused(sandbox: Sandbox, schedule: Any, words: str) -> None:
    run = sandbox.batch("mock:stuck")["runs"][0]
    with pytest.raises(BadRequest, match=words):
        steer(sandbox, run["id"], {"schedule": schedule})
