"""Rules 69 to 76: the course of runs, and the status of a suite run."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.vendors.feather.tables import SIMULATION_RUN, SUITE_RUN_STATUS
from tests.vendors.feather.sandbox import Json, Sandbox, path_of, statuses

STATES = ("pending", "running", "completed", "failed", "cancelled", "budget_exceeded")
FINAL = {"completed", "failed", "cancelled", "budget_exceeded"}
TAGS = ("mock:completed", "mock:failed", "mock:budget_exceeded", "mock:stuck")

rule = pytest.mark.rule


@rule("feather", 69)
def test_rule_069_the_states_are_those_of_the_contract(server: MockServer) -> None:
    schemas = server.mock.contract.document["components"]["schemas"]
    assert set(schemas["SimulationRunStatus"]["enum"]) == set(STATES) == SIMULATION_RUN.moves.keys()
    assert schemas["SimulationRunResponse"]["properties"]["status"]["type"] == "string"


@rule("feather", 70)
def test_rule_070_the_moves() -> None:
    moves = {
        (before, after)
        for before, after in product(STATES, STATES)
        if SIMULATION_RUN.allows(before, after)
    }
    assert moves == {
        ("pending", "running"),
        ("pending", "failed"),
        ("pending", "cancelled"),
        *(("running", final) for final in FINAL),
    }
    assert SIMULATION_RUN.terminal == FINAL


def watch(sandbox: Sandbox, suite_run: Json, step: float, steps: int) -> list[Json]:
    seen = [suite_run]
    for _ in range(steps):
        sandbox.wait(step)
        seen.append(sandbox.again(suite_run))
    return seen


@rule("feather", 70)
def test_rule_070_runs_move_along_the_table_and_stay(sandbox: Sandbox) -> None:
    seen = watch(sandbox, sandbox.batch(*TAGS, *["plain"] * 20), 0.5, 70)
    for before, after in pairwise(seen):
        for old, new in zip(before["runs"], after["runs"], strict=True):
            assert old["status"] == new["status"] or SIMULATION_RUN.allows(
                old["status"], new["status"]
            )
            assert old == new or old["status"] not in FINAL
    assert {"pending", "running", "completed"} <= {s for view in seen for s in statuses(view)}


@rule("feather", 70)
@pytest.mark.parametrize(
    ("tag", "end"),
    [
        ("mock:completed", "completed"),
        ("mock:failed", "failed"),
        ("mock:budget_exceeded", "budget_exceeded"),
        ("mock:stuck", "running"),
    ],
)
def test_rule_070_a_tag_decides_how_a_run_ends(sandbox: Sandbox, tag: str, end: str) -> None:
    single = sandbox.run(sandbox.agent(), sandbox.scenario("other", tag))
    suite_run = sandbox.batch(*[tag] * 4)
    sandbox.wait(30)
    assert statuses(sandbox.again(suite_run)) == [end] * 4
    assert sandbox.get(f"/simulation/runs/{single['id']}")["status"] == end
    sandbox.wait(10**7)
    assert statuses(sandbox.again(suite_run)) == [end] * 4


@rule("feather", 70)
def test_rule_070_a_slow_run_takes_ten_times_as_long(sandbox: Sandbox) -> None:
    run = sandbox.run(sandbox.agent(), sandbox.scenario("mock:slow", "mock:failed"))
    sandbox.wait(59)
    assert sandbox.get(f"/simulation/runs/{run['id']}")["status"] == "running"
    sandbox.wait(200)
    assert sandbox.get(f"/simulation/runs/{run['id']}")["status"] == "failed"


@rule("feather", 70)
def test_rule_070_left_alone_most_complete_and_some_do_not(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch(*["plain"] * 300)
    sandbox.wait(30)
    shown = statuses(sandbox.again(suite_run))
    assert 220 < shown.count("completed") < 290
    assert 5 < shown.count("failed") < 60
    assert 0 < shown.count("budget_exceeded") < 40
    unstarted = [run for run in sandbox.again(suite_run)["runs"] if run["started_at"] is None]
    assert {run["status"] for run in unstarted} <= {"failed"}


@rule("feather", 70)
@pytest.mark.parametrize("pace", [0.0, 0.001, 1.0, 100.0])
def test_rule_070_the_pace_stretches_time(pace: float) -> None:
    with MockServer("feather", clock="manual", seed=7, pace=pace) as server:
        sandbox = Sandbox(server)
        suite_run = sandbox.batch(*["mock:completed"] * 5)
        assert statuses(suite_run) == ["pending"] * 5
        sandbox.wait(0.9 * pace)
        assert statuses(sandbox.again(suite_run)) == ["pending"] * 5
        sandbox.wait(3 * pace)
        if pace >= 0.001:
            assert statuses(sandbox.again(suite_run)) == ["running"] * 5
        sandbox.wait(30 * pace + 0.00001)
        assert statuses(sandbox.again(suite_run)) == ["completed"] * 5


@rule("feather", 71)
@rule("feather", 72)
def test_rule_071_072_instants_and_errors_fit_the_status(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch(*TAGS, *["plain"] * 20)
    seen = watch(sandbox, suite_run, 1, 34)
    sandbox.cancel(suite_run)
    for view in [*seen, sandbox.again(suite_run)]:
        for run in view["runs"]:
            status, start, end = run["status"], run["started_at"], run["finished_at"]
            assert (end is not None) == (status in FINAL)
            assert (run["error_text"] is not None) == (status == "failed")
            if status in ("running", "completed", "budget_exceeded"):
                assert start is not None
            if status == "pending":
                assert start is None
            times = [time for time in (run["created_at"], start, end) if time is not None]
            assert times == sorted(times)


@rule("feather", 73)
def test_rule_073_a_child_alone_is_the_child_in_the_suite_run(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch(*TAGS)
    for _ in range(8):
        listed = {row["id"]: row for row in sandbox.get("/simulation/runs")["items"]}
        for run in sandbox.again(suite_run)["runs"]:
            assert sandbox.get(f"/simulation/runs/{run['id']}") == run == listed[run["id"]]
        sandbox.wait(4)


@rule("feather", 74)
def test_rule_074_reading_changes_nothing(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch(*TAGS)
    for _ in range(6):
        first = sandbox.client.get("/v1" + path_of(suite_run)).content
        assert sandbox.client.get("/v1" + path_of(suite_run)).content == first
        sandbox.wait(5)
    watched = statuses(sandbox.again(suite_run))
    sandbox.server.reset()
    unwatched = sandbox.batch(*TAGS)
    sandbox.wait(30)
    assert statuses(sandbox.again(unwatched)) == watched


def expected_status(children: tuple[str, ...]) -> str:
    if all(state == "pending" for state in children):
        return "pending"
    for states, result in (
        (("pending", "running"), "running"),
        (("failed",), "failed"),
        (("budget_exceeded",), "budget_exceeded"),
        (("cancelled",), "cancelled"),
    ):
        if any(state in states for state in children):
            return result
    return "completed"


@rule("feather", 75)
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_rule_075_the_table_for_all_children(size: int) -> None:
    for children in product(STATES, repeat=size):
        assert SUITE_RUN_STATUS.of(children) == expected_status(children)


@rule("feather", 75)
def test_rule_075_the_status_shown_is_the_table_s(sandbox: Sandbox) -> None:
    for tags in product(TAGS[:3], repeat=2):
        suite_run = sandbox.batch(*tags)
        for _ in range(10):
            shown = sandbox.again(suite_run)
            assert shown["status"] == expected_status(tuple(statuses(shown)))
            sandbox.wait(3)


@rule("feather", 76)
@pytest.mark.parametrize("tag", TAGS[:3])
def test_rule_076_a_poller_ends_at_any_final_value(sandbox: Sandbox, tag: str) -> None:
    suite_run: Any = sandbox.batch("mock:completed", tag)
    for _ in range(60):
        if suite_run["status"] in FINAL:
            break
        sandbox.wait(1)
        suite_run = sandbox.again(suite_run)
    assert suite_run["status"] == tag.removeprefix("mock:")
