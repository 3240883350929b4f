"""Rules 31 to 41 of Speechify: single runs and statistics."""

from __future__ import annotations

import pytest

from mockserver import MockServer
from mockserver.errors import Conflict
from mockserver.vendors.speechify.tables import TEST_RUN
from tests.vendors.speechify.sandbox import TESTS, Json, Sandbox, change_plan, steer

STATS = "/agents/tests/stats"
DAY = 86_400


def _sums(stats: Json) -> tuple[int, int, int]:
    buckets = stats["buckets"]
    passed, failed, errored = (
        sum(bucket[word] for bucket in buckets) for word in ("passed", "failed", "errored")
    )
    return passed, failed, errored


@pytest.mark.rule("speechify", 31)
@pytest.mark.parametrize("days", [1, 7, 30, 90])
def test_rule_31_a_bucket_for_each_day_of_the_window(sandbox: Sandbox, days: int) -> None:
    stats = sandbox.get(STATS, window_days=days)
    listed = [bucket["day"] for bucket in stats["buckets"]]
    assert stats["window_days"] == len(listed) == len(set(listed)) == days
    assert listed == sorted(listed)
    assert listed[-1] == "2026-01-01"
    assert sandbox.get(STATS)["window_days"] == 30
    for wrong in (0, 91, "x"):
        sandbox.refused("GET", STATS, 400, params={"window_days": wrong})


@pytest.mark.rule("speechify", 31)
def test_rule_31_totals_are_the_sums_of_the_buckets(sandbox: Sandbox) -> None:
    sandbox.wait(91 * DAY)
    empty = sandbox.get(STATS, window_days=90)
    assert (empty["total_runs"], empty["avg_duration_ms"], empty["by_type"]) == (0, 0, {})
    agent = sandbox.agent()
    for outcome, kind in (
        ("passed", "reply"),
        ("passed", "tool"),
        ("failed", "tool"),
        ("errored", "simulation"),
        ("stuck", "reply"),
    ):
        sandbox.run(sandbox.test(agent, outcome, kind))
    sandbox.cancel(sandbox.run(sandbox.test(agent)))
    sandbox.wait(DAY)
    sandbox.run(sandbox.test(agent, "passed"))
    sandbox.wait()
    stats = sandbox.get(STATS, window_days=2)
    assert _sums(stats) == (3, 1, 1)
    assert stats["total_runs"] == 5
    assert (stats["passed_runs"], stats["failed_runs"], stats["errored_runs"]) == (3, 1, 1)
    assert [bucket["passed"] for bucket in stats["buckets"]] == [2, 1]
    assert stats["by_type"] == {"reply": 2, "simulation": 1, "tool": 2}
    assert stats["avg_duration_ms"] > 0
    assert _sums(sandbox.get(STATS, window_days=1)) == (1, 0, 0)


@pytest.mark.rule("speechify", 32)
def test_rule_32_a_fresh_run_is_pending_and_empty(sandbox: Sandbox) -> None:
    test = sandbox.test(sandbox.agent())
    run = sandbox.run(test)
    assert (run["status"], run["test_id"], run["agent_id"]) == (
        "pending",
        test["id"],
        test["agent_id"],
    )
    nulls = ("verdict", "started_at", "ended_at", "result")
    assert all(name in run and run[name] is None for name in nulls)
    assert "error" not in run
    assert sandbox.read(run) == run


@pytest.mark.rule("speechify", 33)
@pytest.mark.parametrize("outcome", ["passed", "failed", "errored", "slow", "stuck"])
def test_rule_33_runs_move_along_the_table_and_terminal_ones_stay(
    sandbox: Sandbox, outcome: str
) -> None:
    run = sandbox.run(sandbox.test(sandbox.agent(), outcome))
    seen = [run["status"]]
    last = run
    for _ in range(400):
        sandbox.wait(0.25)
        shown = sandbox.read(run)
        if TEST_RUN.is_terminal(seen[-1]):
            assert shown == last
        if shown["status"] != seen[-1]:
            assert TEST_RUN.allows(seen[-1], shown["status"])
            seen.append(shown["status"])
        last = shown
    sandbox.wait(100 * DAY)
    assert sandbox.read(run) == last
    assert (seen[-1] == "running") == (outcome == "stuck")


@pytest.mark.rule("speechify", 33)
def test_rule_33_the_table_is_closed() -> None:
    moves = {state: set(following) for state, following in TEST_RUN.moves.items()}
    assert moves == {
        "pending": {"running", "failed", "cancelled"},
        "running": {"completed", "failed", "cancelled"},
        "completed": set(),
        "failed": set(),
        "cancelled": set(),
    }


@pytest.mark.rule("speechify", 34)
@pytest.mark.parametrize("outcome", ["passed", "failed", "errored", "stuck"])
def test_rule_34_a_verdict_exactly_when_completed(sandbox: Sandbox, outcome: str) -> None:
    run = sandbox.run(sandbox.test(sandbox.agent(), outcome))
    for _ in range(60):
        shown = sandbox.read(run)
        assert (shown["verdict"] is not None) == (shown["status"] == "completed")
        sandbox.wait(0.25)
    sandbox.wait()
    expected = outcome if outcome in ("passed", "failed") else None
    assert sandbox.read(run)["verdict"] == expected
    assert sandbox.cancel(run)["verdict"] == expected


@pytest.mark.rule("speechify", 35)
@pytest.mark.parametrize("outcome", ["passed", "failed"])
@pytest.mark.parametrize(
    ("kind", "part"),
    [("reply", "reply"), ("tool", "tool_call"), ("simulation", "simulation")],
)
def test_rule_35_a_completed_run_has_the_result_of_its_type(
    sandbox: Sandbox, outcome: str, kind: str, part: str
) -> None:
    shown = sandbox.ended(outcome, kind)
    result = shown["result"]
    assert (shown["status"], shown["verdict"]) == ("completed", outcome)
    assert result["passed"] == result[part]["passed"] == (outcome == "passed")
    assert result["test_type"] == kind
    filled = [name for name in ("reply", "tool_call", "simulation") if result[name] is not None]
    assert filled == [part]
    assert result["duration_ms"] > 0


@pytest.mark.rule("speechify", 35)
def test_rule_35_results_hold_together_and_outlive_a_change_of_the_test(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    checks = [{"path": "id", "mode": "exact", "expected": 'A "1"'}, {"path": "", "mode": "llm"}]
    tool = {"context": "{{who}} {{nobody}}", "expected_tool": "look", "parameter_checks": checks}
    keys = [{"key": "order", "mode": "regex", "expected": "[0-9]+"}]
    talk = {"scenario": "{{who}}", "data_assertions": keys}
    for outcome in ("passed", "failed"):
        for kind, config in (("tool", tool), ("simulation", talk)):
            test = sandbox.test(agent, outcome, kind, config=config, variables={"who": "Mia"})
            run = sandbox.run(test)
            sandbox.wait()
            shown = sandbox.read(run)
            result = shown["result"]
            if kind == "tool":
                call = result["tool_call"]
                parts = [part["passed"] for part in call["parameter_results"]]
                assert call["passed"] == (call["tool_matched"] and all(parts))
            else:
                found = result["simulation"]
                fine = all(item["status"] != "failure" for item in found["criteria"])
                kept = all(item["passed"] for item in found["data_assertions"])
                assert found["passed"] == (fine and kept)
            sandbox.patch(f"{TESTS}/{test['id']}", {"config": {**config, "expected_tool": "x"}})
            assert sandbox.read(run) == shown


@pytest.mark.rule("speechify", 36)
def test_rule_36_an_errored_run_says_why_and_others_say_nothing(sandbox: Sandbox) -> None:
    errored = sandbox.ended("errored")
    assert (errored["status"], errored["verdict"], errored["result"]) == ("failed", None, None)
    assert errored["error"]
    for outcome in ("passed", "failed", "stuck"):
        assert "error" not in sandbox.ended(outcome)
    assert "error" not in sandbox.cancel(sandbox.run(sandbox.test(sandbox.agent())))


@pytest.mark.rule("speechify", 37)
def test_rule_37_agent_id_in_the_body_overrides_the_tests_own(sandbox: Sandbox) -> None:
    own, other = sandbox.agent(), sandbox.agent()
    test = sandbox.test(own)
    assert sandbox.run(test)["agent_id"] == own["id"]
    assert sandbox.run(test, {})["agent_id"] == own["id"]
    assert sandbox.run(test, {"agent_id": other["id"]})["agent_id"] == other["id"]
    path = f"{TESTS}/{test['id']}/runs"
    error = sandbox.refused("POST", path, 404, json={"agent_id": "agent_x"})
    assert error["code"] == "agent_not_found"


@pytest.mark.rule("speechify", 38)
def test_rule_38_cancel_ends_an_open_run_and_leaves_a_terminal_one(sandbox: Sandbox) -> None:
    for wait in (0, 2.1):
        run = sandbox.run(sandbox.test(sandbox.agent(), "slow"))
        sandbox.wait(wait)
        cancelled = sandbox.cancel(run)
        assert (cancelled["status"], cancelled["verdict"]) == ("cancelled", None)
        sandbox.wait()
        assert sandbox.cancel(run) == cancelled == sandbox.read(run)
    for outcome in ("passed", "failed", "errored"):
        ended = sandbox.ended(outcome)
        path = f"{TESTS}/runs/{ended['id']}"
        before = sandbox.send("GET", path).content
        assert sandbox.send("POST", f"{path}/cancel").content == before
        assert sandbox.send("POST", f"{path}/cancel").content == before


@pytest.mark.rule("speechify", 39)
def test_rule_39_cancelling_sets_the_end_and_no_beginning(sandbox: Sandbox) -> None:
    early = sandbox.cancel(sandbox.run(sandbox.test(sandbox.agent())))
    assert early["started_at"] is None
    assert early["ended_at"] == early["created_at"]
    run = sandbox.run(sandbox.test(sandbox.agent(), "stuck"))
    sandbox.wait(3)
    running = sandbox.read(run)
    late = sandbox.cancel(run)
    assert late["started_at"] == running["started_at"] is not None
    assert late["created_at"] < late["started_at"] < late["ended_at"]


@pytest.mark.rule("speechify", 40)
def test_rule_40_what_a_worker_brings_after_a_cancel_is_dropped(
    server: MockServer, sandbox: Sandbox
) -> None:
    run = sandbox.run(sandbox.test(sandbox.agent()))
    sandbox.wait(1)
    cancelled = sandbox.cancel(run)
    sandbox.wait(DAY)
    assert sandbox.read(run) == cancelled
    with pytest.raises(Conflict):
        steer(server, run, "passed")


@pytest.mark.rule("speechify", 41)
def test_rule_41_without_credit_402_and_nothing_is_queued(
    server: MockServer, sandbox: Sandbox
) -> None:
    agent = sandbox.agent()
    tests = [sandbox.test(agent, "failed") for _ in range(3)]
    done = sandbox.post(f"/agents/{agent['id']}/tests/runs")["suite_run"]
    sandbox.wait()
    change_plan(server, credits=2)
    batch = {"entries": [{"test_id": test["id"]} for test in tests]}
    before = sandbox.get("/agents/tests/suite-runs", limit=200)
    for path, body in (
        (f"/agents/{agent['id']}/tests/runs", None),
        (f"{TESTS}/runs/batch", batch),
        (f"/agents/tests/suite-runs/{done['id']}/resubmit", None),
    ):
        error = sandbox.refused("POST", path, 402, json=body)
        assert error["code"] == "payment_required"
    assert sandbox.get("/agents/tests/suite-runs", limit=200) == before
    for left in (1, 0):
        sandbox.run(tests[0])
        listed = sandbox.get(f"{TESTS}/{tests[0]['id']}/runs")["runs"]
        assert len(listed) == 3 - left
    sandbox.refused("POST", f"{TESTS}/{tests[0]['id']}/runs", 402)


def test_the_dice_and_the_switches(sandbox: Sandbox) -> None:
    """Without a switch most runs pass, and all outcomes occur; `mock:flaky` fails once."""
    agent = sandbox.agent()
    plain = sandbox.test(agent, description="")
    runs = [sandbox.run(plain) for _ in range(120)]
    sandbox.wait()
    ends = [sandbox.read(run) for run in runs]
    passed = sum(run["verdict"] == "passed" for run in ends)
    assert {(run["status"], run["verdict"]) for run in ends} == {
        ("completed", "passed"),
        ("completed", "failed"),
        ("failed", None),
    }
    assert passed > 80
    flaky = sandbox.test(agent, "flaky")
    verdicts = []
    for _ in range(3):
        run = sandbox.run(flaky)
        sandbox.wait()
        verdicts.append(sandbox.read(run)["verdict"])
    assert verdicts == ["failed", "passed", "passed"]


@pytest.mark.parametrize("outcome", ["passed", "failed", "errored", "stuck"])
def test_an_open_run_and_an_open_suite_can_be_steered(
    server: MockServer, sandbox: Sandbox, outcome: str
) -> None:
    suite = sandbox.suite("passed", "stuck")
    steer(server, suite, outcome, 3)
    sandbox.wait(2.9)
    assert sandbox.read_suite(suite)["running"] == 2
    sandbox.wait(0.2)
    ended = {"passed": "completed", "failed": "completed", "errored": "failed", "stuck": "running"}
    shown = sandbox.read_suite(suite)
    assert {run["status"] for run in shown["runs"]} == {ended[outcome]}
