"""Rules 77 to 81b: cancelling a suite run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver import MockServer
from tests.vendors.feather.sandbox import Json, Sandbox, path_of, statuses

DOCUMENTED = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
OPEN = {"pending", "running"}
TAGS = ("mock:completed", "mock:failed", "mock:budget_exceeded", "mock:stuck", "mock:slow")

rule = pytest.mark.rule


def now(sandbox: Sandbox) -> str:
    text = sandbox.server.mock.store.clock("mock-key").describe(0)["now"]
    assert isinstance(text, str)
    return text


def at_any_time(sandbox: Sandbox, seconds: float) -> tuple[Json, Json]:
    """A suite run just before and just after its cancel."""
    suite_run = sandbox.batch(*TAGS)
    sandbox.wait(seconds)
    return sandbox.again(suite_run), sandbox.cancel(suite_run)


TIMES = [0, 0.5, 1.5, 2.5, 7, 12, 18, 24, 40, 500]


@rule("feather", 77)
def test_rule_077_the_whole_suite_run_comes_back(sandbox: Sandbox) -> None:
    before, after = at_any_time(sandbox, 5)
    assert after.keys() == before.keys()
    assert [run["id"] for run in after["runs"]] == [run["id"] for run in before["runs"]]
    assert sandbox.again(after) == after


@rule("feather", 77)
@pytest.mark.parametrize("content", [b"{}", b'{"runs": []}', b"[1]", b'"x"', b"nonsense"])
def test_rule_077_a_body_is_ignored(sandbox: Sandbox, content: bytes) -> None:
    path = "/v1" + path_of(sandbox.batch("mock:stuck")) + "/cancel"
    headers = {"content-type": "application/json"}
    reply = sandbox.client.post(path, content=content, headers=headers)
    assert reply.status_code == 200
    assert reply.json()["status"] == "cancelled"


@rule("feather", 78)
@pytest.mark.parametrize("seconds", TIMES)
def test_rule_078_what_is_open_is_cancelled_now(sandbox: Sandbox, seconds: float) -> None:
    before, after = at_any_time(sandbox, seconds)
    for old, new in zip(before["runs"], after["runs"], strict=True):
        if old["status"] in OPEN:
            ended = {"status": "cancelled", "finished_at": now(sandbox), "error_text": None}
            assert new == {**old, **ended}


@rule("feather", 78)
def test_rule_078_a_run_that_has_just_started_has_started(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:stuck")
    sandbox.wait(9)
    started = sandbox.again(suite_run)["runs"][0]["started_at"]
    sandbox.server.reset()
    suite_run = sandbox.batch("mock:stuck")
    sandbox.server.clock.set(started)
    run = sandbox.cancel(suite_run)["runs"][0]
    assert (run["started_at"], run["finished_at"]) == (started, started)


@rule("feather", 79)
@pytest.mark.parametrize("seconds", TIMES)
def test_rule_079_final_children_come_back_unchanged(sandbox: Sandbox, seconds: float) -> None:
    before, after = at_any_time(sandbox, seconds)
    for old, new in zip(before["runs"], after["runs"], strict=True):
        if old["status"] not in OPEN:
            assert json.dumps(new) == json.dumps(old)


@rule("feather", 80)
@pytest.mark.parametrize("seconds", TIMES)
def test_rule_080_a_second_cancel_changes_nothing(sandbox: Sandbox, seconds: float) -> None:
    _, after = at_any_time(sandbox, seconds)
    for wait in (0, 3, 600):
        sandbox.wait(wait)
        assert sandbox.cancel(after) == after


@rule("feather", 80)
def test_rule_080_nor_does_one_of_a_finished_run(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch(*TAGS[:3])
    sandbox.wait()
    finished = sandbox.again(suite_run)
    sandbox.wait()
    assert sandbox.cancel(suite_run) == finished


@rule("feather", 81)
def test_rule_081_late_results_are_dropped(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:completed", "mock:failed")
    sandbox.wait(4)
    after = sandbox.cancel(suite_run)
    for _ in range(5):
        sandbox.wait(10)
        assert sandbox.again(suite_run) == after
        assert sandbox.get("/simulation/runs", status="cancelled")["items"]
    assert sandbox.get("/eval-runs", agent_id=suite_run["agent_id"])["items"] == []


@rule("feather", 81)
def test_rule_081_refusals(server: MockServer, sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:stuck")
    path = path_of(suite_run) + "/cancel"
    for wrong in (suite_run["id"], suite_run["suite_id"]):
        sandbox.post(path.replace(wrong, UNKNOWN), expect=404)
        sandbox.post(path.replace(wrong, "x"), expect=422)
    sandbox.post(f"/sim-suites/{DOCUMENTED}/runs/{suite_run['id']}/cancel", expect=404)
    assert server.client_for("").post("/v1" + path).status_code == 401
    sandbox.tenant("mock-other").post(path, expect=404)
    assert sandbox.again(suite_run) == suite_run


@rule("feather", "81a")
@pytest.mark.parametrize("seconds", TIMES)
def test_rule_081a_after_a_cancel_nothing_is_open(sandbox: Sandbox, seconds: float) -> None:
    before, after = at_any_time(sandbox, seconds)
    assert not OPEN & set(statuses(after))
    ended = [status for status in ("failed", "budget_exceeded") if status in statuses(before)]
    assert after["status"] == (ended[0] if ended else "cancelled")
    for name in ("id", "created_at", "agent_id", "agent_revision_id", "suite_id", "created_by"):
        assert after[name] == before[name]
    assert len(after["runs"]) == len(before["runs"]) == len(TAGS)


@rule("feather", "81b")
def test_rule_081b_a_single_run_can_t_be_cancelled(server: MockServer, sandbox: Sandbox) -> None:
    assert not [o.id for o in server.mock.contract.operations if "cancelSimulationRun" in o.id]
    run = sandbox.run(sandbox.agent(), sandbox.scenario("mock:stuck"))
    path = f"/v1/simulation/runs/{run['id']}/cancel"
    assert sandbox.client.post(path).status_code == 404
    assert sandbox.get(f"/simulation/runs/{run['id']}")["status"] == "pending"


@rule("feather", 78)
def test_rule_078_the_documentation_s_example_works(sandbox: Sandbox) -> None:
    path = f"/sim-suites/{DOCUMENTED}/runs/{DOCUMENTED}"
    before: Any = sandbox.get(path)
    assert set(statuses(before)) == {"completed", "failed", "running", "pending"}
    after = sandbox.post(path + "/cancel", expect=200)
    assert set(statuses(after)) == {"completed", "failed", "cancelled"}
    assert after["status"] == "failed"
