"""Suite runs in the older version, fact by fact (numbered as in docs/apis/speechify.md)."""

from __future__ import annotations

from itertools import product

import pytest

from tests.vendors.speechify.older_shape import COUNTS, SCHEMAS, check
from tests.vendors.speechify.sandbox import SUITES, Sandbox


@pytest.mark.parametrize(
    ("name", "newer"),
    [
        pytest.param(name, newer, marks=pytest.mark.rule("speechify-legacy", number))
        for number, name, newer in (
            (14, "total_runs", lambda suite: suite["total"]),
            (15, "passed_count", lambda suite: suite["results"]["passed"]),
            (16, "failed_count", lambda suite: suite["results"]["failed"]),
            (17, "errored_count", lambda suite: suite["failed"] + suite["cancelled"]),
            (18, "pending_count", lambda suite: suite["pending"] + suite["running"]),
        )
    ],
)
def test_legacy_14_to_18_counts(sandbox: Sandbox, name: str, newer: object) -> None:
    assert callable(newer)
    suite = sandbox.suite("passed", "failed", "errored", "stuck", "passed")
    for _ in range(40):
        assert sandbox.older.read_suite(suite)[name] == newer(sandbox.read_suite(suite))
        sandbox.wait(0.3)


@pytest.mark.rule("speechify-legacy", 19)
@pytest.mark.rule("speechify-legacy", 20)
def test_legacy_19_and_20_completed_and_cancelled_have_no_field(sandbox: Sandbox) -> None:
    suite = sandbox.suite("passed", "failed", "stuck")
    sandbox.wait()
    newer = sandbox.cancel_suite(suite)
    older = sandbox.older.read_suite(suite)
    assert not {"completed", "cancelled"} & older.keys()
    assert newer["completed"] == older["passed_count"] + older["failed_count"]
    assert (newer["cancelled"], older["errored_count"]) == (1, 1)


@pytest.mark.rule("speechify-legacy", 21)
def test_legacy_21_the_end_of_a_suite_is_completed_at(sandbox: Sandbox) -> None:
    suite = sandbox.suite("passed", "failed")
    assert sandbox.older.read_suite(suite)["completed_at"] is None
    sandbox.wait()
    assert sandbox.older.read_suite(suite)["completed_at"] == sandbox.read_suite(suite)["ended_at"]


@pytest.mark.rule("speechify-legacy", 23)
def test_legacy_23_the_other_fields_are_the_same(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    sandbox.test(agent, "failed")
    body = {"config_override": {"prompt": "Be brief."}}
    suite = sandbox.post(f"/agents/{agent['id']}/tests/runs", body)["suite_run"]
    sandbox.wait()
    again = sandbox.resubmit(suite)
    for row in (suite, again):
        newer, older = sandbox.read_suite(row), sandbox.older.read_suite(row)
        for name in (
            *("id", "trigger", "agent_id", "agent_name", "parent_suite_run_id", "created_at"),
            *("config_override", "flow_version_id", "flow_version_number"),
        ):
            assert newer[name] == older[name]
        names = [(run["id"], run["test_name"], run["agent_name"]) for run in newer["runs"]]
        assert [(run["id"], run["test_name"], run["agent_name"]) for run in older["runs"]] == names


@pytest.mark.rule("speechify-legacy", 24)
def test_legacy_24_what_a_suite_run_must_have() -> None:
    required = ["id", "trigger", "status", "total_runs", *COUNTS, "created_at"]
    assert SCHEMAS["AgentTestSuiteRun"]["required"] == required
    assert SCHEMAS["AgentTestSuiteRunWithRuns"]["required"] == [*required, "runs"]


@pytest.mark.rule("speechify-legacy", 25)
def test_legacy_25_the_four_counts_add_up_at_every_moment(sandbox: Sandbox) -> None:
    suite = sandbox.suite("passed", "failed", "errored", "slow", "stuck")
    for step in range(50):
        check(sandbox.older.read_suite(suite))
        if step == 20:
            check(sandbox.older.cancel_suite(suite))
        sandbox.wait(0.25)


@pytest.mark.rule("speechify-legacy", 26)
@pytest.mark.parametrize("ended", [(), ("passed",), ("failed",), ("errored",)])
def test_legacy_26_running_while_a_child_is_open(sandbox: Sandbox, ended: tuple[str, ...]) -> None:
    suite = sandbox.suite(*ended, "stuck")
    assert sandbox.older.read_suite(suite)["status"] == "running"
    sandbox.wait()
    assert sandbox.older.read_suite(suite)["status"] == "running"


@pytest.mark.rule("speechify-legacy", 27)
@pytest.mark.rule("speechify-legacy", 28)
@pytest.mark.rule("speechify-legacy", 29)
@pytest.mark.parametrize("outcomes", list(product(("passed", "failed", "errored"), repeat=2)))
def test_legacy_27_to_29_a_judged_failure_ranks_above_an_error(
    sandbox: Sandbox, outcomes: tuple[str, ...]
) -> None:
    suite = sandbox.older.finished(*outcomes)
    check(suite)
    if "failed" in outcomes:
        assert suite["status"] == "failed"
    else:
        assert suite["status"] == ("error" if "errored" in outcomes else "passed")


@pytest.mark.rule("speechify-legacy", 30)
@pytest.mark.parametrize(
    ("children", "newer", "older"),
    [
        ("PP", ("completed", "passed"), "passed"),
        ("PF", ("completed", "failed"), "failed"),
        ("PE", ("failed", None), "error"),
        ("FE", ("failed", None), "failed"),
        ("EE", ("failed", None), "error"),
        ("PX", ("cancelled", None), "error"),
        ("FX", ("cancelled", None), "failed"),
    ],
)
def test_legacy_30_the_two_shapes_rank_differently(
    sandbox: Sandbox, children: str, newer: tuple[str, str | None], older: str
) -> None:
    words = {"P": "passed", "F": "failed", "E": "errored", "X": "stuck"}
    suite = sandbox.finished(*(words[child] for child in children))
    if "X" in children:
        suite = sandbox.cancel_suite(suite)
    assert (suite["status"], suite["verdict"]) == newer
    assert sandbox.older.read_suite(suite)["status"] == older
    row = sandbox.older.get(SUITES)["suite_runs"][0]
    assert (row["id"], row["status"]) == (suite["id"], older)
