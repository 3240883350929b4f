"""Runs in the older version, fact by fact (numbered as in docs/apis/speechify.md)."""

from __future__ import annotations

import pytest

from tests.vendors.speechify.older_shape import SCHEMAS, both
from tests.vendors.speechify.sandbox import TESTS, Sandbox


@pytest.mark.rule("speechify-legacy", 1)
def test_legacy_1_pending_is_queued(sandbox: Sandbox) -> None:
    newer, older = both(sandbox, sandbox.run(sandbox.test(sandbox.agent())))
    assert (newer["status"], older["status"]) == ("pending", "queued")


@pytest.mark.rule("speechify-legacy", 2)
def test_legacy_2_running_is_running(sandbox: Sandbox) -> None:
    newer, older = both(sandbox, sandbox.ended("stuck"))
    assert (newer["status"], older["status"]) == ("running", "running")


@pytest.mark.parametrize(
    ("outcome", "status", "verdict", "word"),
    [
        pytest.param(
            *("passed", "completed", "passed", "passed"),
            marks=pytest.mark.rule("speechify-legacy", 3),
        ),
        pytest.param(
            *("failed", "completed", "failed", "failed"),
            marks=pytest.mark.rule("speechify-legacy", 4),
        ),
        pytest.param(
            *("errored", "failed", None, "error"), marks=pytest.mark.rule("speechify-legacy", 5)
        ),
    ],
)
def test_legacy_3_to_5_what_has_ended_is_one_word(
    sandbox: Sandbox, outcome: str, status: str, verdict: str | None, word: str
) -> None:
    newer, older = both(sandbox, sandbox.ended(outcome))
    assert (newer["status"], newer["verdict"], older["status"]) == (status, verdict, word)


@pytest.mark.rule("speechify-legacy", 6)
def test_legacy_6_cancelled_is_error(sandbox: Sandbox) -> None:
    run = sandbox.run(sandbox.test(sandbox.agent(), "stuck"))
    newer = sandbox.cancel(run)
    assert (newer["status"], sandbox.older.read(run)["status"]) == ("cancelled", "error")


@pytest.mark.rule("speechify-legacy", 7)
@pytest.mark.rule("speechify-legacy", 22)
def test_legacy_7_and_22_there_is_no_verdict(sandbox: Sandbox) -> None:
    suite = sandbox.older.finished("passed", "failed", "errored")
    assert "verdict" not in suite
    assert not any("verdict" in run for run in suite["runs"])
    names = {
        name
        for schema in ("AgentTestRun", "SuiteChildRun", "AgentTestSuiteRun")
        for name in SCHEMAS[schema]["properties"]
    }
    assert not names & {"verdict", "ended_at", "results", "cancelled", "completed"}


@pytest.mark.rule("speechify-legacy", 8)
@pytest.mark.rule("speechify-legacy", 9)
@pytest.mark.parametrize("outcome", ["passed", "failed", "errored", "stuck"])
def test_legacy_8_and_9_the_end_is_completed_at(sandbox: Sandbox, outcome: str) -> None:
    newer, older = both(sandbox, sandbox.ended(outcome))
    assert older["started_at"] == newer["started_at"]
    assert older["completed_at"] == newer["ended_at"]
    assert "ended_at" not in older
    fresh = sandbox.older.run(sandbox.test(sandbox.agent()))
    assert (fresh["started_at"], fresh["completed_at"]) == (None, None)


@pytest.mark.rule("speechify-legacy", 10)
def test_legacy_10_a_result_comes_in_a_terminal_status_only(sandbox: Sandbox) -> None:
    shown = {
        outcome: both(sandbox, sandbox.ended(outcome))
        for outcome in ("passed", "failed", "errored", "stuck")
    }
    for newer, older in shown.values():
        assert (older["result"] is None) == (newer["result"] is None)
        if older["result"] is not None:
            assert older["result"] == {**newer["result"], "test_type": "scenario"}
    assert shown["errored"][1]["result"] is None


@pytest.mark.rule("speechify-legacy", 11)
def test_legacy_11_error_says_why_when_the_status_is_error(sandbox: Sandbox) -> None:
    newer, older = both(sandbox, sandbox.ended("errored"))
    assert older["error"] == newer["error"]
    cancelled = sandbox.older.cancel(sandbox.run(sandbox.test(sandbox.agent())))
    assert cancelled["error"] == "The run was cancelled."
    for outcome in ("passed", "failed", "stuck"):
        assert "error" not in both(sandbox, sandbox.ended(outcome))[1]


@pytest.mark.rule("speechify-legacy", 12)
def test_legacy_12_ids_and_creation_are_the_same(sandbox: Sandbox) -> None:
    newer, older = both(sandbox, sandbox.ended("passed"))
    for name in ("id", "test_id", "agent_id", "created_at"):
        assert newer[name] == older[name]


@pytest.mark.rule("speechify-legacy", 13)
def test_legacy_13_what_a_run_must_have() -> None:
    required = ["id", "test_id", "agent_id", "status", "created_at"]
    assert SCHEMAS["AgentTestRun"]["required"] == required
    assert SCHEMAS["TestRunStatus"]["enum"] == ["queued", "running", "passed", "failed", "error"]


def test_cancelled_runs_from_the_newer_shape_have_an_error_in_lists(sandbox: Sandbox) -> None:
    test = sandbox.test(sandbox.agent())
    sandbox.cancel(sandbox.run(test))
    (run,) = sandbox.older.get(f"{TESTS}/{test['id']}/runs")["runs"]
    assert (run["status"], run["error"]) == ("error", "The run was cancelled.")
