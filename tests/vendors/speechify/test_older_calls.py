"""Calls in the older version, fact by fact (numbered as in docs/apis/speechify.md)."""

from __future__ import annotations

import json

import pytest

from mockserver import MockServer
from tests.vendors.speechify.older_shape import DOCUMENT, OPERATIONS, check
from tests.vendors.speechify.sandbox import CONFIGS, OLD, SUITES, TESTS, Sandbox, change_plan


@pytest.mark.rule("speechify-legacy", 31)
def test_legacy_31_run_one_test_and_poll(older: Sandbox) -> None:
    test = older.test(older.agent(), "failed", kind="tool")
    run = older.run(test)
    assert run["status"] == "queued"
    seen = []
    while not seen or seen[-1] not in ("passed", "failed", "error"):
        seen.append(older.read(run)["status"])
        older.wait(0.5)
    assert list(dict.fromkeys(seen)) == ["queued", "running", "failed"]


@pytest.mark.rule("speechify-legacy", 32)
def test_legacy_32_the_list_of_suite_runs(server: MockServer, older: Sandbox) -> None:
    documented = OPERATIONS["listSuiteRuns"][1]["responses"].keys()
    assert documented == {"200", "400", "401"}
    for _ in range(55):
        older.suite("passed")
    page = older.get(SUITES)
    assert len(page["suite_runs"]) == 50
    rest = older.get(SUITES, cursor=page["next_cursor"], limit=200)
    assert not rest["has_more"]
    assert not {row["id"] for row in page["suite_runs"]} & {row["id"] for row in rest["suite_runs"]}
    for limit in (0, 201):
        older.get(SUITES, 400, limit=limit)
    assert server.client_for("").get(f"/v1{SUITES}", headers=OLD).status_code == 401


@pytest.mark.rule("speechify-legacy", 33)
def test_legacy_33_resubmit_answers_a_pair(sandbox: Sandbox) -> None:
    parent = sandbox.finished("passed", "failed", "errored")
    answer = sandbox.older.resubmit(parent)
    assert answer.keys() == {"runs", "suite_run"}
    assert "runs" not in answer["suite_run"]
    assert answer["suite_run"]["parent_suite_run_id"] == parent["id"]
    assert answer["suite_run"]["pending_count"] == 2
    assert [run["test_id"] for run in answer["runs"]] == [
        run["test_id"] for run in parent["runs"][1:]
    ]
    assert {run["status"] for run in answer["runs"]} == {"queued"}
    sandbox.older.resubmit(sandbox.finished("passed"), 400)
    sandbox.older.post(f"{SUITES}/srun_x/resubmit", expect=404)
    documented = OPERATIONS["resubmitSuiteRun"][1]["responses"].keys()
    assert documented == {"202", "400", "401", "404"}


@pytest.mark.rule("speechify-legacy", 34)
def test_legacy_34_a_batch_fans_out_to_every_attached_agent(older: Sandbox) -> None:
    own, further = older.agent(), older.agent()
    test, lone = older.test(own, kind="tool"), older.test(own, kind="tool")
    older.call("PUT", f"{TESTS}/{test['id']}/agents/{further['id']}", 204)
    path = f"{TESTS}/runs/batch"
    entries = [{"test_id": test["id"]}, {"test_id": lone["id"]}]
    answer = older.post(path, {"entries": entries})
    assert [(run["test_id"], run["agent_id"]) for run in answer["runs"]] == [
        (test["id"], own["id"]),
        (test["id"], further["id"]),
        (lone["id"], own["id"]),
    ]
    assert answer["suite_run"]["total_runs"] == 3
    chosen = {"test_id": test["id"], "agent_id": further["id"]}
    assert len(older.post(path, {"entries": [chosen]})["runs"]) == 1
    assert older.post(path, {"entries": []}) == {"runs": [], "suite_run": None}
    assert len(older.post(path, {"entries": entries[:1] * 50})["runs"]) == 100
    older.post(path, {"entries": entries[:1] * 51}, 400)
    documented = OPERATIONS["runTestsBatch"][1]["responses"].keys()
    assert documented == {"202", "400", "401"}


@pytest.mark.rule("speechify-legacy", 35)
def test_legacy_35_the_status_filter_takes_the_older_words(older: Sandbox) -> None:
    agent = older.agent()
    tests = {
        word: older.test(agent, outcome, "tool")["id"]
        for word, outcome in (
            ("passed", "passed"),
            ("failed", "failed"),
            ("error", "errored"),
            ("running", "stuck"),
        )
    }
    for test_id in tests.values():
        older.run({"id": test_id})
    older.wait()

    def found(status: str, **query: str) -> list[str]:
        page = older.get(TESTS, agent_id=agent["id"], status=status, **query)
        return [test["id"] for test in page["tests"]]

    for word, test_id in tests.items():
        assert found(word) == [test_id]
        assert found(word, verdict="passed") == [test_id]
    assert set(found("passed,error")) == {tests["passed"], tests["error"]}
    assert found("completed") == found("pending") == []
    cancelled = older.run({"id": tests["passed"]})
    assert found("queued") == [tests["passed"]]
    older.cancel(cancelled)
    assert set(found("error")) == {tests["passed"], tests["error"]}
    parameters = OPERATIONS["listAllTests"][1]["parameters"]
    assert "verdict" not in {parameter.get("name") for parameter in parameters}


@pytest.mark.rule("speechify-legacy", 36)
def test_legacy_36_cancel_is_served_in_the_older_words(sandbox: Sandbox, older: Sandbox) -> None:
    suite = older.suite("passed", "stuck")
    cancelled = older.cancel_suite(suite)
    check(cancelled)
    assert (cancelled["status"], cancelled["errored_count"]) == ("error", 2)
    assert older.cancel_suite(suite) == cancelled
    assert sandbox.read_suite(suite)["status"] == "cancelled"


@pytest.mark.rule("speechify-legacy", 37)
def test_legacy_37_path_parameters_are_called_id() -> None:
    names = {path: path.count("{id}") for path, _ in OPERATIONS.values() if "{" in path}
    assert set(names.values()) == {1}
    assert [path for path in names if path.count("{") != 1] == [
        f"/v1{TESTS}/{{id}}/agents/{{agentId}}"
    ]


@pytest.mark.rule("speechify-legacy", 38)
def test_legacy_38_create_folder_answers_200(sandbox: Sandbox, older: Sandbox) -> None:
    assert older.folder("Old", expect=200)["name"] == "Old"
    assert sandbox.folder("New", expect=201)["name"] == "New"


@pytest.mark.rule("speechify-legacy", 39)
def test_legacy_39_no_idempotency_keys_no_402_no_409(server: MockServer, older: Sandbox) -> None:
    agent = older.agent()
    older.test(agent, kind="tool")
    path = f"/agents/{agent['id']}/tests/runs"
    replies = [older.send("POST", path, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [reply.status_code for reply in replies] == [202, 202]
    assert replies[0].json()["suite_run"]["id"] != replies[1].json()["suite_run"]["id"]
    change_plan(server, credits=0)
    assert older.refused("POST", path, 400)["code"] == "payment_required"
    for _, operation in OPERATIONS.values():
        assert not {"402", "409"} & operation["responses"].keys()


@pytest.mark.rule("speechify-legacy", 40)
def test_legacy_40_the_version_header_is_not_listed_but_heard(older: Sandbox) -> None:
    assert "Speechify-Version" not in json.dumps(DOCUMENT)
    assert "total_runs" in older.get(SUITES)["suite_runs"][0]


@pytest.mark.rule("speechify-legacy", 41)
def test_legacy_41_a_reply_test_is_a_scenario_test(sandbox: Sandbox, older: Sandbox) -> None:
    agent = older.agent()
    body = {"name": "T", "type": "scenario", "config": CONFIGS["reply"]}
    test = older.post_test(agent, body)
    assert test["type"] == "scenario"
    assert sandbox.get(f"{TESTS}/{test['id']}")["type"] == "reply"
    refused = older.refused(
        "POST", f"/agents/{agent['id']}/tests", 400, json={**body, "type": "reply"}
    )
    assert refused["fields"].keys() == {"type"}
    for path in (TESTS, f"/agents/{agent['id']}/tests"):
        assert older.get(path, agent_id=agent["id"])["tests"][0]["type"] == "scenario"
    assert older.patch(f"{TESTS}/{test['id']}", {"name": "U"})["type"] == "scenario"
    only = older.get(TESTS, type="scenario", agent_id=agent["id"])["tests"]
    assert [row["id"] for row in only] == [test["id"]]
    kinds = older.get(f"{TESTS}/stats")["by_type"]
    assert "scenario" in kinds
    assert kinds["scenario"] == sandbox.get(f"{TESTS}/stats")["by_type"]["reply"]


@pytest.mark.rule("speechify-legacy", 42)
def test_legacy_42_a_test_can_be_attached_to_further_agents(
    sandbox: Sandbox, older: Sandbox
) -> None:
    own, further = older.agent(), older.agent()
    test = older.test(own, kind="tool")
    older.test(further, kind="tool")
    path = f"{TESTS}/{test['id']}/agents"
    for _ in range(2):
        older.call("PUT", f"{path}/{further['id']}", 204)
    older.call("PUT", f"{path}/{own['id']}", 204)
    started = older.post(f"/agents/{further['id']}/tests/runs")
    assert len(started["runs"]) == 2
    assert {run["agent_id"] for run in started["runs"]} == {further["id"]}
    assert started["runs"][0]["test_id"] == test["id"]
    assert len(older.post(f"/agents/{own['id']}/tests/runs")["runs"]) == 1
    older.call("PUT", f"{path}/agent_x", 404)
    older.call("PUT", f"{TESTS}/test_x/agents/{own['id']}", 404)
    sandbox.call("PUT", f"{path}/{further['id']}", 404)
    older.delete(f"/agents/{further['id']}")
    assert (
        len(older.post(f"{TESTS}/runs/batch", {"entries": [{"test_id": test["id"]}]})["runs"]) == 1
    )
