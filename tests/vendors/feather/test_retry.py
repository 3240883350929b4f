"""Rules 82 to 86: another attempt at what failed."""

from __future__ import annotations

import pytest

from tests.vendors.feather.sandbox import Json, Sandbox, path_of, statuses

UNKNOWN = "00000000-0000-4000-8000-000000000000"
KEPT = (
    *("persona_id", "scenario_id", "channel", "agent_id", "agent_revision_id"),
    *("tool_overrides", "inputs_snapshot", "organization_id"),
)

rule = pytest.mark.rule


def failed_batch(sandbox: Sandbox, *more: str) -> Json:
    overrides = {"x": {"output": 1}}
    tags = ("mock:failed", "mock:completed", "mock:failed", "mock:budget_exceeded", *more)
    suite_run = sandbox.batch(*tags, channel="text", tool_overrides=overrides)
    sandbox.wait(40)
    return sandbox.again(suite_run)


def heal(sandbox: Sandbox, run: Json) -> None:
    """Let the next attempt complete."""
    sandbox.put(f"/scenarios/{run['scenario_id']}", {"tags": ["mock:completed"]})


@rule("feather", 82)
def test_rule_082_a_new_child_for_each_failed_item(sandbox: Sandbox) -> None:
    before = failed_batch(sandbox)
    after = sandbox.retry(before)
    assert after["id"] == before["id"]
    added = after["runs"][len(before["runs"]) :]
    originals = [run for run in before["runs"] if run["status"] == "failed"]
    assert len(added) == len(originals) == 2
    for old, new in zip(originals, added, strict=True):
        assert {name: new[name] for name in KEPT} == {name: old[name] for name in KEPT}
        assert new["status"] == "pending"
        assert new["started_at"] is new["finished_at"] is new["error_text"] is None
        assert new["created_at"] > old["created_at"]
        assert sandbox.get(f"/simulation/runs/{new['id']}") == new
    ids = [run[name] for run in after["runs"] for name in ("id", "session_id")]
    assert len(set(ids)) == len(ids)
    assert sandbox.again(before) == after


@rule("feather", 83)
def test_rule_083_originals_stay_and_the_status_counts_new_attempts(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:failed", "mock:completed")
    sandbox.wait()
    before = sandbox.again(suite_run)
    assert before["status"] == "failed"
    heal(sandbox, before["runs"][0])
    after = sandbox.retry(before)
    assert after["runs"][:2] == before["runs"]
    assert after["status"] == "running"
    sandbox.wait()
    ended = sandbox.again(suite_run)
    assert statuses(ended) == ["failed", "completed", "completed"]
    assert ended["status"] == "completed"


@rule("feather", 83)
def test_rule_083_an_attempt_can_fail_again(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:failed")
    for attempts in range(1, 5):
        sandbox.wait()
        assert sandbox.again(suite_run)["status"] == "failed"
        assert statuses(sandbox.again(suite_run)) == ["failed"] * attempts
        assert statuses(sandbox.retry(suite_run)) == ["failed"] * attempts + ["pending"]
        assert sandbox.again(suite_run)["status"] == "pending"


@rule("feather", 84)
def test_rule_084_others_are_left_alone(sandbox: Sandbox) -> None:
    before = failed_batch(sandbox, "mock:stuck")
    after = sandbox.retry(before)
    assert after["runs"][: len(before["runs"])] == before["runs"]
    assert statuses(after)[len(before["runs"]) :] == ["pending", "pending"]
    sandbox.cancel(before)
    cancelled = sandbox.again(before)
    assert sandbox.retry(before) == cancelled
    assert cancelled["status"] == "budget_exceeded"


@rule("feather", 85)
def test_rule_085_nothing_failed(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:completed", "mock:stuck")
    assert sandbox.retry(suite_run) == suite_run
    sandbox.wait()
    ended = sandbox.again(suite_run)
    assert sandbox.retry(suite_run) == ended
    assert sandbox.again(suite_run) == ended


@rule("feather", 85)
def test_rule_085_the_second_of_two_calls_finds_nothing(sandbox: Sandbox) -> None:
    before = failed_batch(sandbox)
    after = sandbox.retry(before)
    assert sandbox.retry(before) == after


@rule("feather", 86)
def test_rule_086_the_snapshot_is_copied(sandbox: Sandbox) -> None:
    before = failed_batch(sandbox)
    first = before["runs"][0]
    sandbox.put(f"/personas/{first['persona_id']}", {"name": "Changed"})
    sandbox.put(f"/scenarios/{first['scenario_id']}", {"intent": "changed"})
    sandbox.delete(f"/scenarios/{before['runs'][2]['scenario_id']}")
    added = sandbox.retry(before)["runs"][-2:]
    assert added[0]["inputs_snapshot"] == first["inputs_snapshot"]
    assert added[1]["inputs_snapshot"] == before["runs"][2]["inputs_snapshot"]


@rule("feather", 82)
def test_rule_082_refusals(sandbox: Sandbox) -> None:
    suite_run = failed_batch(sandbox)
    path = path_of(suite_run) + "/retry-failed"
    sandbox.post(path.replace(suite_run["id"], UNKNOWN), expect=404)
    sandbox.post(path.replace(suite_run["suite_id"], UNKNOWN), expect=404)
    sandbox.post(path.replace(suite_run["id"], "x"), expect=422)


@rule("feather", 82)
def test_rule_082_what_is_deleted_since_does_not_matter(sandbox: Sandbox) -> None:
    suite_run = failed_batch(sandbox)
    sandbox.delete(f"/agents/{suite_run['agent_id']}")
    sandbox.delete(f"/personas/{suite_run['runs'][0]['persona_id']}")
    added = sandbox.retry(suite_run)["runs"][-2:]
    assert {run["agent_id"] for run in added} == {suite_run["agent_id"]}
