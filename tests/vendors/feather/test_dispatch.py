"""Rules 58 to 68: dispatching a suite or a single run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.feather.sandbox import Sandbox, path_of

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NULLS = ("started_at", "finished_at", "error_text", "recording_id", "recording_status")

rule = pytest.mark.rule


@rule("feather", 58)
def test_rule_058_a_suite_run(sandbox: Sandbox) -> None:
    suite, agent = sandbox.suite(sandbox.scenario()), sandbox.agent()
    suite_run = sandbox.dispatch(suite, agent)
    assert (suite_run["suite_id"], suite_run["agent_id"]) == (suite["id"], agent["id"])
    assert suite_run["status"] == "pending"
    assert sandbox.again(suite_run) == suite_run
    sandbox.post(f"/sim-suites/{suite['id']}/runs", {}, 422)


@rule("feather", 59)
@rule("feather", 60)
@pytest.mark.parametrize(("sent", "channel"), [({}, "voice"), ({"channel": "text"}, "text")])
def test_rule_059_060_a_child_for_each_item(sandbox: Sandbox, sent: Any, channel: str) -> None:
    suite, agent = sandbox.suite(*(sandbox.scenario() for _ in range(5))), sandbox.agent()
    suite_run = sandbox.dispatch(suite, agent, **sent)
    assert len(suite_run["runs"]) == 5
    for item, run in zip(suite["items"], suite_run["runs"], strict=True):
        assert (run["persona_id"], run["scenario_id"]) == (item["persona_id"], item["scenario_id"])
        assert (run["agent_id"], run["channel"]) == (agent["id"], channel)
        assert run["agent_revision_id"] == suite_run["agent_revision_id"]


@rule("feather", 60)
def test_rule_060_a_single_run_is_a_call_too(sandbox: Sandbox) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario()
    assert sandbox.run(agent, scenario)["channel"] == "voice"
    assert sandbox.run(agent, scenario, channel="text")["channel"] == "text"
    for channel in (None, "sms"):
        body = {"agent_id": agent["id"], "channel": channel}
        sandbox.post(f"/sim-suites/{sandbox.suite(scenario)['id']}/runs", body, 422)


@rule("feather", 61)
@pytest.mark.parametrize("sent", [{}, {"agent_revision_id": None}])
def test_rule_061_the_active_revision_is_pinned(sandbox: Sandbox, sent: Any) -> None:
    agent = sandbox.agent()
    suite = sandbox.suite(sandbox.scenario())
    suite_run = sandbox.dispatch(suite, agent, **sent)
    run = sandbox.run(agent, sandbox.scenario(), **sent)
    assert suite_run["agent_revision_id"] == agent["active_revision_id"]
    revision = sandbox.post(f"/agents/{agent['id']}/revisions", {"name": "r2"})
    path = f"/agents/{agent['id']}/set-active-revision"
    sandbox.post(path, {"revision_id": revision["id"]}, 200)
    assert sandbox.again(suite_run) == suite_run
    assert sandbox.get(f"/simulation/runs/{run['id']}") == run
    assert sandbox.dispatch(suite, agent)["agent_revision_id"] == revision["id"]


@rule("feather", 61)
def test_rule_061_another_revision_of_the_agent(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    revision = sandbox.post(f"/agents/{agent['id']}/revisions", {"name": "r2"})["id"]
    suite = sandbox.suite(sandbox.scenario())
    suite_run = sandbox.dispatch(suite, agent, agent_revision_id=revision)
    assert suite_run["agent_revision_id"] == suite_run["runs"][0]["agent_revision_id"] == revision
    run = sandbox.run(agent, sandbox.scenario(), agent_revision_id=revision)
    assert run["agent_revision_id"] == revision


@rule("feather", 62)
def test_rule_062_a_fresh_child(sandbox: Sandbox) -> None:
    overrides = {"a": {"output": None}, "b": {"error": "e", "delay_ms": 7}}
    suite_run = sandbox.batch(*["mock:completed"] * 3, tool_overrides=overrides)
    runs = suite_run["runs"]
    for run in runs:
        assert run["status"] == "pending"
        assert {run[name] for name in NULLS} == {None}
        assert run["created_at"] == suite_run["created_at"]
        assert run["tool_overrides"] == {
            "a": {"output": None, "delay_ms": 0},
            "b": {"error": "e", "delay_ms": 7},
        }
    assert len({run["id"] for run in runs} | {run["session_id"] for run in runs}) == 6
    assert sandbox.batch("mock:completed")["runs"][0]["tool_overrides"] is None


@rule("feather", 63)
def test_rule_063_the_snapshot_stays(sandbox: Sandbox) -> None:
    scenario = sandbox.scenario("mock:stuck")
    suite = sandbox.suite(scenario)
    persona_id = suite["items"][0]["persona_id"]
    suite_run = sandbox.dispatch(suite, sandbox.agent())
    snapshot = suite_run["runs"][0]["inputs_snapshot"]
    assert snapshot["persona"]["name"] == "Ada"
    assert snapshot["scenario"]["intent"] == scenario["intent"]
    sandbox.put(f"/personas/{persona_id}", {"name": "Eve", "traits": {"x": 1}})
    sandbox.put(f"/scenarios/{scenario['id']}", {"intent": "else"})
    assert sandbox.again(suite_run)["runs"][0]["inputs_snapshot"] == snapshot
    sandbox.delete(f"/personas/{persona_id}")
    sandbox.delete(f"/scenarios/{scenario['id']}")
    assert sandbox.again(suite_run)["runs"][0]["inputs_snapshot"] == snapshot


@rule("feather", 64)
def test_rule_064_a_suite_without_items(sandbox: Sandbox) -> None:
    suite, agent = sandbox.post("/sim-suites", {"name": "n"}), sandbox.agent()
    before = sandbox.get("/simulation/runs")
    sandbox.post(f"/sim-suites/{suite['id']}/runs", {"agent_id": agent["id"]}, 400)
    assert sandbox.get(f"/sim-suites/{suite['id']}/runs")["items"] == []
    assert sandbox.get("/simulation/runs") == before


@rule("feather", 65)
def test_rule_065_an_ordinary_run_is_no_release_check(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:completed")
    sandbox.wait()
    shown = sandbox.again(suite_run)
    for suffix in ("status", "verdict", "completed_at", "error"):
        assert suite_run[f"release_eval_{suffix}"] is shown[f"release_eval_{suffix}"] is None
    me = sandbox.get("/identity/whoami")["user_id"]
    assert suite_run["created_by"] == shown["created_by"] == me


@rule("feather", 66)
def test_rule_066_two_equal_dispatches_are_two_runs(sandbox: Sandbox) -> None:
    suite, agent = sandbox.suite(sandbox.scenario()), sandbox.agent()
    headers = {"idempotency-key": "same"}
    body = {"agent_id": agent["id"]}
    path = f"/sim-suites/{suite['id']}/runs"
    made = [sandbox.call("POST", path, 201, json=body, headers=headers) for _ in range(2)]
    assert made[0]["id"] != made[1]["id"]
    assert made[0]["runs"][0]["id"] != made[1]["runs"][0]["id"]
    assert len(sandbox.get(path)["items"]) == 2


@rule("feather", 67)
def test_rule_067_a_single_run(sandbox: Sandbox) -> None:
    run = sandbox.run(sandbox.agent(), sandbox.scenario("mock:completed"))
    assert run["status"] == "pending"
    assert {run[name] for name in NULLS} == {None}
    assert sandbox.get(f"/simulation/runs/{run['id']}") == run
    for suite in sandbox.get("/sim-suites")["items"]:
        for suite_run in sandbox.get(f"/sim-suites/{suite['id']}/runs")["items"]:
            assert run["id"] not in [child["id"] for child in suite_run["runs"]]
    sandbox.get(f"/simulation/runs/{UNKNOWN}", 404)


@rule("feather", 68)
def test_rule_068_a_run_has_one_suite(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:failed", "mock:completed")
    other = sandbox.suite(sandbox.scenario())
    wrong = path_of({**suite_run, "suite_id": other["id"]})
    sandbox.get(wrong, 404)
    sandbox.post(wrong + "/cancel", expect=404)
    sandbox.post(wrong + "/retry-failed", expect=404)
    sandbox.get(f"/sim-suites/{UNKNOWN}/runs/{suite_run['id']}", 404)
    sandbox.get(f"/sim-suites/{UNKNOWN}/runs", 404)
    assert sandbox.get(f"/sim-suites/{other['id']}/runs")["items"] == []


@rule("feather", 68)
def test_rule_068_list_rows_carry_the_children(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:failed", "mock:completed")
    sandbox.wait(9)
    (row,) = sandbox.get(f"/sim-suites/{suite_run['suite_id']}/runs")["items"]
    assert row == sandbox.again(suite_run)
    assert len(row["runs"]) == 2
