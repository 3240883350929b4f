"""Rules 55 to 65 of Speechify: resubmit, run all, batch."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.vendors.speechify.newer_shape import batch, check, listed
from tests.vendors.speechify.sandbox import SUITES, TESTS, Sandbox, change_plan, steer


@pytest.mark.rule("speechify", 55)
def test_rule_55_resubmit_repeats_the_judged_bad_and_the_errored(sandbox: Sandbox) -> None:
    parent = sandbox.finished("passed", "failed", "errored", "failed")
    again = sandbox.resubmit(parent)
    repeated = [run["test_id"] for run in parent["runs"][1:]]
    assert [run["test_id"] for run in again["runs"]] == repeated
    assert again["id"] != parent["id"]
    assert {run["status"] for run in again["runs"]} == {"pending"}
    assert not {run["id"] for run in again["runs"]} & {run["id"] for run in parent["runs"]}
    check(again)
    assert sandbox.read_suite(parent) == parent


@pytest.mark.rule("speechify", 56)
def test_rule_56_nothing_to_repeat_is_400(sandbox: Sandbox) -> None:
    passed = sandbox.finished("passed", "passed")
    assert sandbox.resubmit(passed, 400)["error"]["code"] == "bad_request"
    cancelled = sandbox.suite("passed", "stuck")
    sandbox.wait()
    sandbox.cancel_suite(cancelled)
    before = len(listed(sandbox))
    sandbox.resubmit(cancelled, 400)
    assert len(listed(sandbox)) == before
    sandbox.post(f"{SUITES}/srun_x/resubmit", expect=404)


@pytest.mark.rule("speechify", 57)
def test_rule_57_the_override_is_applied_again_and_checked_again(
    server: MockServer, sandbox: Sandbox
) -> None:
    agent = sandbox.agent()
    sandbox.test(agent, "failed")
    override = {"prompt": "Be brief.", "model": "gpt-4.1", "tool_ids": ["tool_1"]}
    body = {"config_override": override}
    parent = sandbox.post(f"/agents/{agent['id']}/tests/runs", body)["suite_run"]
    sandbox.wait()
    assert sandbox.resubmit(parent)["config_override"] == override
    change_plan(server, withdrawn_models={"gpt-4.1": 0})
    before = len(listed(sandbox))
    assert sandbox.resubmit(parent, 402)["error"]["code"] == "payment_required"
    assert len(listed(sandbox)) == before


@pytest.mark.rule("speechify", 57)
def test_rule_57_a_model_may_leave_the_plan_between_run_and_resubmit(sandbox: Sandbox) -> None:
    """In the seed world the plan includes gpt-4o-mini for 30 more days."""
    agent = sandbox.agent()
    sandbox.test(agent, "failed")
    path = f"/agents/{agent['id']}/tests/runs"
    gone = {"config_override": {"model": "gpt-4-classic"}}
    assert sandbox.refused("POST", path, 402, json=gone)["code"] == "payment_required"
    parent = sandbox.post(path, {"config_override": {"model": "gpt-4o-mini"}})["suite_run"]
    sandbox.wait()
    sandbox.resubmit(parent)
    sandbox.wait(31 * 86_400)
    sandbox.resubmit(parent, 402)


@pytest.mark.rule("speechify", 58)
def test_rule_58_a_running_parent_repeats_what_has_failed_so_far(sandbox: Sandbox) -> None:
    parent = sandbox.suite("failed", "stuck", "errored")
    sandbox.resubmit(parent, 400)
    sandbox.wait()
    assert sandbox.read_suite(parent)["status"] == "running"
    again = sandbox.resubmit(parent)
    assert again["total"] == 2
    assert sandbox.read_suite(parent)["status"] == "running"


@pytest.mark.rule("speechify", 59)
def test_rule_59_a_resubmit_can_be_resubmitted(sandbox: Sandbox) -> None:
    first = sandbox.finished("failed", "passed")
    second = sandbox.resubmit(first)
    sandbox.wait()
    third = sandbox.resubmit(second)
    assert (third["parent_suite_run_id"], third["total"]) == (second["id"], 1)
    assert second["parent_suite_run_id"] == first["id"]


@pytest.mark.rule("speechify", 60)
def test_rule_60_run_all_makes_a_run_for_each_test_up_to_50(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    path = f"/agents/{agent['id']}/tests/runs"
    assert sandbox.post(path) == {"runs": [], "suite_run": None}
    tests = [sandbox.test(agent)["id"] for _ in range(52)]
    for body in (None, {}):
        started = sandbox.post(path, body)
        assert [run["test_id"] for run in started["runs"]] == tests[:50]
        assert started["suite_run"]["total"] == 50
    sandbox.post("/agents/agent_x/tests/runs", expect=404)


@pytest.mark.rule("speechify", 61)
def test_rule_61_a_batch_has_at_most_100_runs(sandbox: Sandbox) -> None:
    own, other = sandbox.agent(), sandbox.agent()
    one, two = sandbox.test(own), sandbox.test(other)
    started = batch(sandbox, one, two, one)
    assert [(run["test_id"], run["agent_id"]) for run in started["runs"]] == [
        (one["id"], own["id"]),
        (two["id"], other["id"]),
        (one["id"], own["id"]),
    ]
    entry = {"test_id": one["id"], "agent_id": other["id"]}
    told = sandbox.post(f"{TESTS}/runs/batch", {"entries": [entry]})
    assert told["runs"][0]["agent_id"] == other["id"]
    assert batch(sandbox) == {"runs": [], "suite_run": None}
    assert len(batch(sandbox, *[one] * 100)["runs"]) == 100
    before = len(listed(sandbox))
    assert batch(sandbox, *[one] * 101, expect=400)["error"]["code"] == "bad_request"
    unknown = batch(sandbox, one, {"id": "test_x"}, expect=400)
    assert unknown["error"]["code"] == "bad_request"
    stranger = {"entries": [{"test_id": one["id"], "agent_id": "agent_x"}]}
    sandbox.post(f"{TESTS}/runs/batch", stranger, 400)
    assert len(listed(sandbox)) == before


@pytest.mark.rule("speechify", 62)
def test_rule_62_agent_name_is_looked_up_at_each_read(sandbox: Sandbox) -> None:
    agent = sandbox.agent("Before")
    test = sandbox.test(agent, "failed")
    started = sandbox.post(f"/agents/{agent['id']}/tests/runs")["suite_run"]
    assert (started["agent_id"], started["agent_name"]) == (agent["id"], None)
    some = batch(sandbox, test)["suite_run"]
    assert sandbox.read_suite(some)["agent_name"] is None
    sandbox.wait()
    assert sandbox.resubmit(started)["agent_name"] is None
    for name in ("Before", "After"):
        sandbox.patch(f"/agents/{agent['id']}", {"name": name})
        shown = sandbox.read_suite(started)
        assert (shown["agent_name"], shown["runs"][0]["agent_name"]) == (name, name)
        assert [row["agent_name"] for row in listed(sandbox) if row["id"] == started["id"]] == [
            name
        ]
        assert sandbox.cancel_suite(started)["agent_name"] == name
        assert sandbox.read_suite(some)["agent_name"] is None


@pytest.mark.rule("speechify", 63)
@pytest.mark.parametrize(
    "override", [None, {}, {"tool_ids": []}, {"prompt": "p", "model": "m", "tool_ids": ["tool_a"]}]
)
def test_rule_63_the_override_is_kept_and_echoed(sandbox: Sandbox, override: Any) -> None:
    agent = sandbox.agent()
    test = sandbox.test(agent)
    body = {} if override is None else {"config_override": override}
    started = sandbox.post(f"/agents/{agent['id']}/tests/runs", body)["suite_run"]
    assert started["config_override"] == override
    assert sandbox.read_suite(started)["config_override"] == override
    assert batch(sandbox, test)["suite_run"]["config_override"] is None


@pytest.mark.rule("speechify", 63)
def test_rule_63_built_in_tools_are_refused(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    sandbox.test(agent)
    for tool in ("builtin_end_call", "", "x"):
        body = {"config_override": {"tool_ids": ["tool_a", tool]}}
        error = sandbox.refused("POST", f"/agents/{agent['id']}/tests/runs", 400, json=body)
        assert error["fields"].keys() == {"config_override.tool_ids.1"}


@pytest.mark.rule("speechify", 64)
def test_rule_64_a_flow_version_belongs_to_its_agent(server: MockServer, sandbox: Sandbox) -> None:
    """Only agents of the seed world have flow versions: no operation creates one."""
    with server.mock.store.begin(server.key) as world:
        versions = list(world["flow_versions"].scan())
    version = versions[1]
    path = f"/agents/{version['agent_id']}/tests/runs"
    body = {"flow_version_id": version["id"]}
    suite = sandbox.post(path, body)["suite_run"]
    assert (suite["flow_version_id"], suite["flow_version_number"]) == (version["id"], 2)
    assert sandbox.read_suite(suite)["flow_version_number"] == 2
    plain = sandbox.post(path)["suite_run"]
    assert (plain["flow_version_id"], plain["flow_version_number"]) == (None, None)
    other = next(row for row in versions if row["agent_id"] != version["agent_id"])
    for wrong in (other["id"], "fver_x"):
        sandbox.refused("POST", path, 400, json={"flow_version_id": wrong})
    steer(server, suite, "failed")
    assert sandbox.resubmit(suite)["flow_version_id"] == version["id"]


@pytest.mark.rule("speechify", 65)
def test_rule_65_where_the_children_are_shown(sandbox: Sandbox) -> None:
    suite = sandbox.finished("failed")
    assert "runs" in suite
    assert "runs" in sandbox.cancel_suite(suite)
    assert "runs" in sandbox.resubmit(suite)
    assert not any("runs" in row for row in listed(sandbox))
    agent, test = suite["agent_id"], {"id": suite["runs"][0]["test_id"]}
    for started in (sandbox.post(f"/agents/{agent}/tests/runs"), batch(sandbox, test)):
        assert "runs" not in started["suite_run"]
        assert "test_name" not in started["runs"][0]
    assert suite["runs"][0].keys() >= {"test_name", "agent_name"}


def test_suite_runs_of_one_agent(sandbox: Sandbox) -> None:
    mine, _ = sandbox.suite("passed"), sandbox.suite("passed")
    page = sandbox.get(SUITES, agent_id=mine["agent_id"])
    assert [row["id"] for row in page["suite_runs"]] == [mine["id"]]
    assert sandbox.get(SUITES, agent_id="agent_x")["suite_runs"] == []
