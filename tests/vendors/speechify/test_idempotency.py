"""Rules 66 to 72 of Speechify: idempotency keys, and similar paths."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from mockserver import MockServer
from tests.vendors.speechify.sandbox import SUITES, TESTS, Json, Sandbox

HEADER = "Idempotency-Key"


def _places(sandbox: Sandbox) -> dict[str, tuple[str, Json | None]]:
    """The four calls that accept a key, ready to be sent."""
    agent = sandbox.agent()
    test = sandbox.test(agent, "failed")
    suite = sandbox.post(f"/agents/{agent['id']}/tests/runs")["suite_run"]
    sandbox.wait()
    return {
        "run test": (f"{TESTS}/{test['id']}/runs", {"agent_id": agent["id"]}),
        "run all": (f"/agents/{agent['id']}/tests/runs", {"config_override": {"prompt": "p"}}),
        "batch": (f"{TESTS}/runs/batch", {"entries": [{"test_id": test["id"]}]}),
        "resubmit": (f"{SUITES}/{suite['id']}/resubmit", None),
    }


def _send(sandbox: Sandbox, path: str, body: Json | None, key: str) -> httpx.Response:
    return sandbox.send("POST", path, headers={HEADER: key}, **({"json": body} if body else {}))


def _count(sandbox: Sandbox) -> tuple[int, int]:
    """The number of suite runs and, over all tests of the world, of runs."""
    with sandbox.server.mock.store.begin(sandbox.server.key) as world:
        return len(world["suite_runs"]), len(world["runs"])


each_place = pytest.mark.parametrize("place", ["run test", "run all", "batch", "resubmit"])


@each_place
@pytest.mark.rule("speechify", 66)
def test_rule_66_four_calls_take_a_key_of_at_most_255_characters(
    sandbox: Sandbox, place: str
) -> None:
    path, body = _places(sandbox)[place]
    assert _send(sandbox, path, body, "k" * 255).status_code == 202
    before = _count(sandbox)
    refused = _send(sandbox, path, body, "k" * 256)
    assert refused.status_code == 400
    assert refused.json()["error"]["fields"].keys() == {HEADER}
    assert _count(sandbox) == before


@each_place
@pytest.mark.rule("speechify", 67)
def test_rule_67_the_first_answer_again_for_24_hours(sandbox: Sandbox, place: str) -> None:
    path, body = _places(sandbox)[place]
    first = _send(sandbox, path, body, "k")
    assert first.status_code == 202
    assert "idempotent-replayed" not in first.headers
    count = _count(sandbox)
    for seconds in (0, 60, 86_300):
        sandbox.wait(seconds)
        again = _send(sandbox, path, body, "k")
        assert (again.status_code, again.content) == (202, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert _count(sandbox) == count
    sandbox.wait(100)
    fresh = _send(sandbox, path, body, "k")
    assert fresh.status_code == 202
    assert fresh.content != first.content
    assert "idempotent-replayed" not in fresh.headers
    with sandbox.server.mock.store.begin(sandbox.server.key) as world:
        assert len(world["answers"]) == 1


@pytest.mark.parametrize("place", ["run test", "run all", "batch"])  # resubmit has no body
@pytest.mark.rule("speechify", 68)
def test_rule_68_the_key_with_another_body_is_409(sandbox: Sandbox, place: str) -> None:
    path, body = _places(sandbox)[place]
    first = _send(sandbox, path, body, "k")
    count = _count(sandbox)
    other: Json = {"entries": []} if place == "batch" else {}
    refused = sandbox.send("POST", path, headers={HEADER: "k"}, json=other)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "idempotency_conflict")
    assert _count(sandbox) == count
    assert _send(sandbox, path, body, "k").content == first.content


@pytest.mark.rule("speechify", 68)
def test_rule_68_of_two_at_once_one_is_carried_out(sandbox: Sandbox) -> None:
    path, body = _places(sandbox)["run all"]
    suites, _ = _count(sandbox)
    with ThreadPoolExecutor(8) as threads:
        replies = list(threads.map(lambda _: _send(sandbox, path, body, "k"), range(16)))
    assert {reply.status_code for reply in replies} == {202}
    assert len({reply.content for reply in replies}) == 1
    assert sum("idempotent-replayed" in reply.headers for reply in replies) == 15
    assert _count(sandbox)[0] == suites + 1


@pytest.mark.rule("speechify", 69)
def test_rule_69_a_4xx_is_replayed(sandbox: Sandbox) -> None:
    suite = sandbox.suite("failed")
    path = f"{SUITES}/{suite['id']}/resubmit"
    first = _send(sandbox, path, None, "k")
    assert first.status_code == 400
    sandbox.wait()
    again = _send(sandbox, path, None, "k")
    assert again.status_code == 400
    assert again.json()["error"] == first.json()["error"]
    assert again.headers["idempotent-replayed"] == "true"
    assert _send(sandbox, path, None, "another").status_code == 202
    missing = f"{TESTS}/test_x/runs"
    assert [_send(sandbox, missing, None, "k").status_code for _ in range(2)] == [404, 404]


@pytest.mark.rule("speechify", 69)
def test_rule_69_after_a_server_error_the_key_is_free(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, body = _places(sandbox)["run all"]
    with monkeypatch.context() as patch:
        patch.setattr("mockserver.vendors.speechify.runs.start_suite", lambda *_: 1 / 0)
        patch.setattr("mockserver.engine.pipeline.log.exception", lambda *_: None)
        assert _send(sandbox, path, body, "k").status_code == 500
    again = _send(sandbox, path, body, "k")
    assert again.status_code == 202
    assert "idempotent-replayed" not in again.headers


@pytest.mark.rule("speechify", 70)
def test_rule_70_a_key_belongs_to_workspace_method_and_path(
    server: MockServer, sandbox: Sandbox
) -> None:
    places = _places(sandbox)
    replies = [_send(sandbox, path, body, "k") for path, body in places.values()]
    assert [reply.status_code for reply in replies] == [202] * 4
    assert not any("idempotent-replayed" in reply.headers for reply in replies)
    agent = sandbox.agent()
    other = sandbox.test(agent)
    same_operation = _send(sandbox, f"{TESTS}/{other['id']}/runs", None, "k")
    assert same_operation.json()["test_id"] == other["id"]
    stranger = server.client_for("mock-stranger")
    of_seed = stranger.get("/v1/agents/tests").json()["tests"][0]
    foreign = stranger.post(f"/v1{TESTS}/{of_seed['id']}/runs", headers={HEADER: "k"})
    assert foreign.status_code == 202
    assert "idempotent-replayed" not in foreign.headers


def test_a_request_that_the_contract_refuses_takes_no_key(sandbox: Sandbox) -> None:
    """A decision, in addition to rule 69."""
    path, body = _places(sandbox)["batch"]
    refused = sandbox.send("POST", path, headers={HEADER: "k"}, json={"entries": "x"})
    assert refused.status_code == 400
    assert _send(sandbox, path, body, "k").status_code == 202


@pytest.mark.rule("speechify", 71)
def test_rule_71_literal_segments_win(sandbox: Sandbox) -> None:
    run = sandbox.run(sandbox.test(sandbox.agent()))
    assert "tests" in sandbox.get("/agents/tests")
    assert "folders" in sandbox.get("/agents/tests/folders")
    assert "buckets" in sandbox.get("/agents/tests/stats")
    assert "suite_runs" in sandbox.get("/agents/tests/suite-runs")
    assert sandbox.get(f"/agents/tests/runs/{run['id']}") == run
    listed = sandbox.get(f"/agents/tests/{run['test_id']}/runs")
    assert [row["id"] for row in listed["runs"]] == [run["id"]]
    # `tests` is no agent, though the path of one would fit.
    assert sandbox.refused("GET", "/agents/tests/tests", 404)["code"] == "agent_test_not_found"
    assert sandbox.refused("DELETE", "/agents/tests", 404)["code"] == "agent_not_found"


@pytest.mark.rule("speechify", 72)
def test_rule_72_batch_is_post_only_and_get_reads_a_run_of_that_name(sandbox: Sandbox) -> None:
    assert sandbox.post(f"{TESTS}/runs/batch", {"entries": []})["runs"] == []
    error = sandbox.refused("GET", f"{TESTS}/runs/batch", 404)
    assert error["code"] == "not_found"
    assert "batch" in error["message"]
