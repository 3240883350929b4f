"""Rules 99 to 114: release checks and their verdicts. The sums are in test_arithmetic.py."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import MockServer
from tests.vendors.feather.sandbox import Sandbox

UNKNOWN = "00000000-0000-4000-8000-000000000000"
TAGS = ("completed", "completed", "failed", "budget_exceeded", "stuck")
RESULTS = ("passed", "passed", "failed", "no_verdict", "errored")
ORDERS = ("look", "cancel", "retry-failed")
Json = dict[str, Any]


class Check:
    """An agent with a release suite whose scenarios have these tags."""

    def __init__(self, sandbox: Sandbox, *tags: str, **agent: Any) -> None:
        self.sandbox = sandbox
        self.scenarios = [sandbox.scenario(f"mock:{tag}") for tag in tags]
        self.suite = sandbox.suite(*self.scenarios)
        self.agent = sandbox.agent(release_suite_id=self.suite["id"], **agent)
        self.revision = self.agent["active_revision_id"]
        self.path = f"/agents/{self.agent['id']}/revisions/{self.revision}/release-check"

    def evaluate(self, critical: bool, *outcomes: str, **target: Json) -> None:
        """An evaluator for each outcome, bound to the agent unless a scenario is given."""
        for outcome in outcomes:
            evaluator = self.sandbox.evaluator(
                name=outcome, config={"mock": {"outcome": outcome}}, severity="high", threshold=0.5
            )
            self.sandbox.bind(evaluator, critical=critical, **(target or {"agent": self.agent}))

    def start(self) -> Json:
        started: Json = self.sandbox.post(self.path)
        return started

    def read(self) -> Json:
        found: Json = self.sandbox.get(self.path)
        return found

    def finish(self) -> Json:
        self.start()
        self.sandbox.wait()
        return self.read()


@pytest.mark.rule("feather", 99)
def test_rule_099_a_check_runs_the_release_suite_with_the_revision(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed", "failed")
    started = check.start()
    assert started["suite_id"] == check.suite["id"]
    assert started["agent_id"] == check.agent["id"]
    assert started["agent_revision_id"] == check.revision
    assert started["release_eval_status"] == "pending"
    assert started["release_eval_verdict"] is None
    assert started["release_eval_completed_at"] is None
    assert started["release_eval_error"] is None
    pairs = [(run["scenario_id"], run["agent_revision_id"]) for run in started["runs"]]
    assert pairs == [(scenario["id"], check.revision) for scenario in check.scenarios]
    assert {run["status"] for run in started["runs"]} == {"pending"}
    assert sandbox.get(f"/sim-suites/{check.suite['id']}/runs/{started['id']}") == started


@pytest.mark.rule("feather", 99)
def test_rule_099_without_a_release_suite_there_is_nothing_to_run(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    path = f"/agents/{agent['id']}/revisions/{agent['active_revision_id']}/release-check"
    assert sandbox.post(path, None, 400)["error"] == "bad_request"
    empty = Check(sandbox)
    assert sandbox.post(empty.path, None, 400)["error"] == "bad_request"  # rule 64
    sandbox.get(empty.path, 404)


@pytest.mark.rule("feather", 99)
@pytest.mark.parametrize("mode", ["off", "advisory", "blocking"])
def test_rule_099_the_gate_mode_does_not_matter(sandbox: Sandbox, mode: str) -> None:
    check = Check(sandbox, "completed", release_gate_mode=mode)
    assert check.finish()["release_eval_verdict"]["status"] == "passed"


@pytest.mark.rule("feather", 99)
def test_rule_099_the_revision_is_one_of_the_agents(sandbox: Sandbox) -> None:
    mine, other = Check(sandbox, "completed"), Check(sandbox, "completed")
    for agent, revision in (
        (mine.agent["id"], other.revision),
        (mine.agent["id"], UNKNOWN),
        (UNKNOWN, mine.revision),
    ):
        path = f"/agents/{agent}/revisions/{revision}/release-check"
        assert sandbox.post(path, None, 404)["error"] == "not_found"
        assert sandbox.get(path, 404)["error"] == "not_found"


@pytest.mark.rule("feather", 100)
def test_rule_100_the_newest_check_of_the_revision_is_read(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed")
    sandbox.get(check.path, 404)
    check.start()
    sandbox.wait(1)
    second = check.start()
    runs = f"/sim-suites/{check.suite['id']}/runs"
    body = {"agent_id": check.agent["id"], "agent_revision_id": check.revision}
    sandbox.wait(1)
    ordinary = sandbox.post(runs, body)
    assert check.read()["id"] == second["id"]
    revision = sandbox.post(f"/agents/{check.agent['id']}/revisions", {"name": "next"})
    other = f"/agents/{check.agent['id']}/revisions/{revision['id']}/release-check"
    sandbox.get(other, 404)
    # An ordinary run is no check, though it runs the same (rule 65).
    sandbox.wait()
    ordinary = sandbox.get(f"{runs}/{ordinary['id']}")
    assert {ordinary[name] for name in ordinary if name.startswith("release_eval_")} == {None}


@pytest.mark.rule("feather", 100)
def test_rule_100_no_release_suite_no_check_to_read(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed")
    check.start()
    sandbox.put(f"/agents/{check.agent['id']}", {"release_suite_id": None})
    sandbox.get(check.path, 404)


@pytest.mark.rule("feather", 101)
def test_rule_101_the_verdict_comes_when_every_evaluation_has_settled(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed", "completed")
    check.evaluate(False, "passed")
    check.evaluate(True, "failed", scenario=check.scenarios[0])
    started = check.start()
    seen: list[Json] = []
    for _ in range(100):
        sandbox.wait(0.5)
        found = check.read()
        runs = found["runs"]
        states = [run["status"] for run in runs]
        for run in runs:
            rows = sandbox.evaluations(session_id=run["session_id"])
            assert bool(rows) == (run["status"] == "completed")
            states += [row["status"] for row in rows]
        settled = set(states) == {"completed"}
        assert found["release_eval_status"] == ("completed" if settled else "pending")
        assert (found["release_eval_verdict"] is not None) == settled
        assert (found["release_eval_completed_at"] is not None) == settled
        seen.append(found)
    assert seen[0]["release_eval_status"] == "pending"
    assert seen[-1]["id"] == started["id"]
    assert seen[-1]["release_eval_verdict"]["status"] == "failed"
    ended = [found for found in seen if found["release_eval_verdict"]]
    assert all(found == ended[0] for found in ended)


@pytest.mark.rule("feather", 101)
def test_rule_101_an_errored_critical_evaluation_leaves_no_verdict(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed")
    evaluator = sandbox.evaluator(config={"mock": {"outcome": ["errored", "passed"]}})
    sandbox.bind(evaluator, agent=check.agent, critical=True)
    found = check.finish()
    assert found["release_eval_status"] == "errored"
    assert found["release_eval_verdict"] is None
    assert "Polite" in found["release_eval_error"]
    assert found["release_eval_completed_at"] is not None
    (evaluation,) = sandbox.evaluations(agent_id=check.agent["id"])
    sandbox.post(f"/eval-runs/{evaluation['id']}/retry", None, 202)
    assert check.read()["release_eval_status"] == "pending"
    sandbox.wait()
    again = check.read()
    assert again["release_eval_status"] == "completed"
    assert again["release_eval_verdict"]["status"] == "passed"
    assert again["release_eval_error"] is None
    assert again["release_eval_completed_at"] > found["release_eval_completed_at"]


@pytest.mark.rule("feather", 102)
def test_rule_102_the_end_is_not_before_that_of_a_child_or_an_evaluation(
    sandbox: Sandbox,
) -> None:
    check = Check(sandbox, "completed", "failed", "budget_exceeded", "completed")
    check.evaluate(True, "passed", "failed")
    found = check.finish()
    ends = [run["finished_at"] for run in found["runs"]]
    ends += [row["finished_at"] for row in sandbox.evaluations(agent_id=check.agent["id"])]
    assert found["release_eval_completed_at"] == max(ends)


@pytest.mark.rule("feather", 103)
def test_rule_103_a_verdict_speaks_of_its_suite_run(sandbox: Sandbox) -> None:
    check = Check(sandbox, "failed", "completed", release_gate_max_failures=1)
    check.start()
    sandbox.put(f"/agents/{check.agent['id']}", {"release_gate_max_failures": 0})
    sandbox.wait()
    found = check.read()
    verdict = found["release_eval_verdict"]
    assert verdict["schema_version"] == 1
    assert verdict["agent_id"] == found["agent_id"]
    assert verdict["agent_revision_id"] == found["agent_revision_id"] == check.revision
    assert verdict["suite_id"] == found["suite_id"]
    assert verdict["suite_run_id"] == found["id"]
    assert verdict["max_failures"] == 1  # as it was when the check began
    assert verdict["status"] == "passed"  # rule 109


@pytest.mark.rule("feather", 104)
def test_rule_104_each_item_has_one_entry_of_its_latest_attempt(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed", "failed", "completed")
    first = check.finish()
    _assert_entries_follow_runs(first)
    path = f"/sim-suites/{check.suite['id']}/runs/{first['id']}/retry-failed"
    sandbox.post(path, None, 200)
    sandbox.wait()
    second = check.read()
    assert len(second["runs"]) == 4
    assert len(second["release_eval_verdict"]["scenarios"]) == 3
    _assert_entries_follow_runs(second)
    runs = [entry["simulation_run_id"] for entry in second["release_eval_verdict"]["scenarios"]]
    assert runs == [second["runs"][index]["id"] for index in (0, 3, 2)]


@pytest.mark.rule("feather", 104)
@pytest.mark.rule("feather", 105)
@pytest.mark.rule("feather", 106)
@settings(derandomize=True, database=None, deadline=None, max_examples=15)
@given(
    tags=st.lists(st.sampled_from(TAGS), min_size=1, max_size=4),
    evaluators=st.lists(st.tuples(st.booleans(), st.sampled_from(RESULTS)), max_size=4),
    most=st.integers(0, 3),
    steps=st.lists(st.tuples(st.integers(1, 20), st.sampled_from(ORDERS)), max_size=6),
)
def test_rule_105_every_verdict_adds_up_whatever_happens(
    server: MockServer,
    tags: list[str],
    evaluators: list[tuple[bool, str]],
    most: int,
    steps: list[tuple[int, str]],
) -> None:
    server.reset()
    sandbox = Sandbox(server)
    check = Check(sandbox, *tags, release_gate_max_failures=most)
    for critical, outcome in evaluators:
        check.evaluate(critical, outcome)
    path = f"/sim-suites/{check.suite['id']}/runs/{check.start()['id']}"
    for seconds, order in [*steps, (600, "cancel")]:
        sandbox.wait(seconds)
        if order != "look":
            sandbox.post(f"{path}/{order}", None, 200)
        _assert_adds_up(sandbox, check.read(), len(tags))
    sandbox.wait()
    assert check.read()["release_eval_status"] in ("completed", "errored")


def _assert_adds_up(sandbox: Sandbox, found: Json, items: int) -> None:
    status, verdict = found["release_eval_status"], found["release_eval_verdict"]
    assert (verdict is not None) == (status == "completed")
    assert (found["release_eval_error"] is not None) == (status == "errored")
    assert (found["release_eval_completed_at"] is None) == (status == "pending")
    if verdict is None:
        return
    summary, scenarios = verdict["summary"], verdict["scenarios"]
    statuses = [entry["status"] for entry in scenarios]
    assert summary["total_scenarios"] == len(scenarios) == items
    for word in ("passed", "failed", "pending"):
        assert summary[f"{word}_scenarios"] == statuses.count(word)
    assert summary["critical_failures"] == sum(entry["critical_failed"] for entry in scenarios)
    assert (verdict["status"] == "failed") == (
        summary["failed_scenarios"] > verdict["max_failures"]
    )
    _assert_entries_follow_runs(found)
    for entry in scenarios:
        critical = [row["status"] for row in entry["evaluators"] if row["is_critical"]]
        assert entry["critical_total"] == len(critical)
        for word in ("succeeded", "failed", "pending"):
            assert entry[f"critical_{word}"] == critical.count(word)
        rows = sandbox.evaluations(session_id=entry["session_id"])
        found_by = sorted(row["evaluator_id"] for row in rows)
        assert found_by == sorted(row["evaluator_id"] for row in entry["evaluators"])


def _assert_entries_follow_runs(found: Json) -> None:
    runs = {run["id"]: run for run in found["runs"]}
    for entry in found["release_eval_verdict"]["scenarios"]:
        run = runs[entry["simulation_run_id"]]
        for name in ("session_id", "persona_id", "scenario_id"):
            assert entry[name] == run[name]


@pytest.mark.rule("feather", 105)
@pytest.mark.rule("feather", 109)
@pytest.mark.parametrize(("most", "status"), [(0, "failed"), (1, "failed"), (2, "passed")])
def test_rule_105_the_summary_counts_the_scenarios(
    sandbox: Sandbox, most: int, status: str
) -> None:
    check = Check(sandbox, "completed", "failed", "completed", release_gate_max_failures=most)
    check.evaluate(True, "failed", "failed", "passed", scenario=check.scenarios[2])
    verdict = check.finish()["release_eval_verdict"]
    assert verdict["summary"] == {
        "total_scenarios": 3,
        "passed_scenarios": 1,
        "failed_scenarios": 2,
        "pending_scenarios": 0,
        "critical_failures": 2,
    }
    assert [entry["status"] for entry in verdict["scenarios"]] == ["passed", "failed", "failed"]
    assert verdict["status"] == status


@pytest.mark.rule("feather", 106)
@pytest.mark.rule("feather", 107)
@pytest.mark.parametrize(
    ("critical", "overall", "status"),
    [
        ([], "none", "passed"),
        (["passed"], "success", "passed"),
        (["passed", "failed"], "partial", "failed"),
        (["passed", "no_verdict"], "partial", "failed"),
        (["failed", "no_verdict"], "failure", "failed"),
    ],
)
def test_rule_106_critical_results_decide_over_a_session(
    sandbox: Sandbox, critical: list[str], overall: str, status: str
) -> None:
    check = Check(sandbox, "completed")
    check.evaluate(True, *critical)
    check.evaluate(False, "passed", "failed", "errored")
    (entry,) = check.finish()["release_eval_verdict"]["scenarios"]
    succeeded = critical.count("passed")
    assert entry["critical_total"] == len(critical)
    assert entry["critical_succeeded"] == succeeded
    assert entry["critical_failed"] == len(critical) - succeeded
    assert entry["critical_pending"] == 0
    assert len(entry["evaluators"]) == len(critical) + 3
    assert entry["session_eval_status"] == overall
    assert entry["status"] == status


@pytest.mark.rule("feather", 108)
@pytest.mark.parametrize("tag", ["failed", "budget_exceeded"])
def test_rule_108_a_child_that_did_not_complete_has_failed(sandbox: Sandbox, tag: str) -> None:
    check = Check(sandbox, tag)
    check.evaluate(True, "passed")
    (entry,) = check.finish()["release_eval_verdict"]["scenarios"]
    assert entry["status"] == "failed"
    assert (entry["session_eval_status"], entry["evaluators"]) == ("none", [])


@pytest.mark.rule("feather", 110)
def test_rule_110_an_entry_shows_the_snapshots_and_the_score(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed")
    check.evaluate(True, "passed")
    numeric = sandbox.evaluator(name="Seconds", format="numeric", threshold=2, severity="low")
    sandbox.bind(numeric, agent=check.agent)
    (entry,) = check.finish()["release_eval_verdict"]["scenarios"]
    rows = {row["evaluator_id"]: row for row in sandbox.evaluations(agent_id=check.agent["id"])}
    for result in entry["evaluators"]:
        row = rows[result["evaluator_id"]]
        (score,) = row["scores"]
        assert result["severity"] == row["severity_snapshot"]
        assert result["threshold"] == row["threshold_snapshot"]
        assert result["is_critical"] == row["is_critical_snapshot"]
        raw = row["format_snapshot"] == "numeric"
        assert result["score"] == score["raw_value" if raw else "value"]
        assert result["reason"] == score["rationale"]
        assert result["status"] == "succeeded"
    assert {result["name"] for result in entry["evaluators"]} == {"passed", "Seconds"}


@pytest.mark.rule("feather", 110)
def test_rule_110_a_verdict_stands_when_things_change_afterwards(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed")
    check.evaluate(True, "failed")
    before = check.finish()
    (row,) = sandbox.evaluations(agent_id=check.agent["id"])
    sandbox.patch(f"/evaluators/{row['evaluator_id']}", {"name": "new", "severity": "info"})
    sandbox.delete(f"/eval-runs/{row['id']}")
    (binding,) = sandbox.get("/evaluator-bindings", agent_id=check.agent["id"])["items"]
    sandbox.delete(f"/evaluator-bindings/{binding['id']}")
    assert check.read() == before
    assert sandbox.evaluations(agent_id=check.agent["id"]) == []
    sandbox.get(f"/eval-runs/{row['id']}", 404)


@pytest.mark.rule("feather", 111)
def test_rule_111_cancelled_children_fail_the_check(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed", "stuck")
    check.evaluate(True, "passed")
    started = check.start()
    sandbox.wait()
    assert check.read()["release_eval_status"] == "pending"
    path = f"/sim-suites/{check.suite['id']}/runs/{started['id']}/cancel"
    found = sandbox.post(path, None, 200)
    assert found["release_eval_status"] == "completed"
    verdict = found["release_eval_verdict"]
    assert [entry["status"] for entry in verdict["scenarios"]] == ["passed", "failed"]
    assert verdict["status"] == "failed"
    assert found["release_eval_completed_at"] == found["runs"][1]["finished_at"]


@pytest.mark.rule("feather", 112)
def test_rule_112_retrying_failed_children_opens_the_check_again(sandbox: Sandbox) -> None:
    check = Check(sandbox, "failed", "completed")
    first = check.finish()
    assert first["release_eval_verdict"]["status"] == "failed"
    tags = {"tags": ["mock:completed"]}
    sandbox.put(f"/scenarios/{check.scenarios[0]['id']}", tags)
    path = f"/sim-suites/{check.suite['id']}/runs/{first['id']}/retry-failed"
    again = sandbox.post(path, None, 200)
    assert again["id"] == first["id"]
    assert again["release_eval_status"] == "pending"
    for name in ("verdict", "completed_at", "error"):
        assert again[f"release_eval_{name}"] is None
    sandbox.wait()
    second = check.read()
    assert second["release_eval_verdict"]["status"] == "passed"
    assert second["release_eval_completed_at"] > first["release_eval_completed_at"]


@pytest.mark.rule("feather", 113)
def test_rule_113_other_evaluators_change_nothing(sandbox: Sandbox) -> None:
    check = Check(sandbox, "completed")
    check.evaluate(True, "passed")
    check.evaluate(False, "failed", "errored", "no_verdict")
    found = check.finish()
    assert found["release_eval_status"] == "completed"
    verdict = found["release_eval_verdict"]
    (entry,) = verdict["scenarios"]
    assert (verdict["status"], entry["status"]) == ("passed", "passed")
    assert entry["session_eval_status"] == "success"


@pytest.mark.rule("feather", 114)
@pytest.mark.parametrize("mode", ["off", "advisory", "blocking"])
@pytest.mark.parametrize("extra", [{}, {"bypass_release_gate": True, "override_reason": "x"}])
def test_rule_114_no_verdict_blocks_an_activation(sandbox: Sandbox, mode: str, extra: Json) -> None:
    check = Check(sandbox, "failed", release_gate_mode=mode)
    assert check.finish()["release_eval_verdict"]["status"] == "failed"
    path = f"/agents/{check.agent['id']}/set-active-revision"
    active = sandbox.post(path, {"revision_id": check.revision, **extra}, 200)
    assert active["id"] == check.revision
