"""The older shape, fact by fact (the numbers are those of docs/apis/speechify.md)."""

from __future__ import annotations

import json
from itertools import product

import pytest

from mockserver import MockServer
from mockserver.server.resources import contract_file
from tests.apis.speechify.sandbox import (
    CONFIGS,
    FOLDERS,
    OLD,
    SUITES,
    TESTS,
    Json,
    Sandbox,
    change_plan,
)

CONTRACT = contract_file("speechify-legacy")
assert CONTRACT is not None
DOCUMENT = json.loads(CONTRACT.read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: (path, operation)
    for path, item in DOCUMENT["paths"].items()
    for operation in item.values()
}
COUNTS = ("passed_count", "failed_count", "errored_count", "pending_count")


def both(sandbox: Sandbox, run: Json) -> tuple[Json, Json]:
    """A run in the newer and in the older shape."""
    return sandbox.read(run), sandbox.older.read(run)


def check(suite: Json) -> None:
    """What holds of every older suite run at every moment."""
    states = [run["status"] for run in suite["runs"]]
    assert suite["total_runs"] == len(states) == sum(suite[name] for name in COUNTS)
    assert [suite[name] for name in COUNTS] == [
        states.count("passed"),
        states.count("failed"),
        states.count("error"),
        states.count("queued") + states.count("running"),
    ]
    if suite["pending_count"]:
        expected = "running"
    else:
        expected = next((word for word in ("failed", "error") if word in states), "passed")
    assert suite["status"] == expected
    ends = [run["completed_at"] for run in suite["runs"]]
    assert suite["completed_at"] == (None if None in ends else max(ends))


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


def test_cancelled_runs_from_the_newer_shape_have_an_error_in_lists(sandbox: Sandbox) -> None:
    test = sandbox.test(sandbox.agent())
    sandbox.cancel(sandbox.run(test))
    (run,) = sandbox.older.get(f"{TESTS}/{test['id']}/runs")["runs"]
    assert (run["status"], run["error"]) == ("error", "The run was cancelled.")
    assert sandbox.older.get(FOLDERS) == sandbox.get(FOLDERS)
