"""Rules 1 to 33: credentials, ids, bodies, refusals."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.pipeline.authentication import Authenticator
from tests.vendors.feather.sandbox import Sandbox

DOCUMENTED = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
UNKNOWN = "00000000-0000-4000-8000-000000000000"
RUN = f"/v1/sim-suites/{DOCUMENTED}/runs/{DOCUMENTED}"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z").fullmatch

rule = pytest.mark.rule


def entries(reply: httpx.Response) -> list[tuple[list[Any], str]]:
    assert reply.status_code == 422, reply.text
    return [(entry["loc"], entry["type"]) for entry in reply.json()["detail"]]


@rule("feather", 1)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer mock-key"},
        {"cookie": "x-api-key=mock-key"},
        {"api-key": "mock-key"},
    ],
)
def test_rule_001_only_the_key_header_lets_in(server: MockServer, headers: dict[str, str]) -> None:
    assert server.client_for("").get(RUN, headers=headers).status_code == 401


@rule("feather", 1)
def test_rule_001_the_header_s_name_is_taken_in_any_case(server: MockServer) -> None:
    reply = server.client_for("").get(RUN, headers={"X-API-Key": "mock-key"})
    assert reply.status_code == 200


@rule("feather", 1)
def test_rule_001_every_operation_needs_a_key(server: MockServer) -> None:
    for operation in server.mock.contract.operations:
        path = re.sub(r"\{\w+\}", UNKNOWN, operation.path)
        reply = server.client_for("").request(operation.method, path)
        assert reply.status_code == 401, operation.id


@rule("feather", 2)
@rule("feather", 3)
@pytest.mark.parametrize("key", ["", "wrong", "MOCK-KEY", "x" * 5000])
def test_rule_002_003_a_key_that_does_not_count_is_401(server: MockServer, key: str) -> None:
    reply = server.client_for("").get(RUN, headers={"x-api-key": key})
    assert reply.status_code == 401
    assert reply.json()["error"] == "authentication_required"
    assert isinstance(reply.json()["message"], str)
    assert reply.json().keys() == {"error", "message"}


@rule("feather", 5)
def test_rule_005_a_key_that_is_revoked_fails_at_once() -> None:
    with MockServer("feather", keys=("live-key",)) as server:
        client = server.client_for("live-key")
        assert client.post(RUN + "/cancel").status_code == 200
        pipeline: Any = server.mock.pipeline
        pipeline.authenticator = Authenticator(pipeline.contract, keys=())
        assert client.get(RUN).status_code == 401


@rule("feather", 4)
def test_rule_004_the_key_is_looked_at_before_path_and_body(server: MockServer) -> None:
    client = server.client_for("")
    assert client.get("/v1/sim-suites/nonsense").status_code == 401
    assert client.post("/v1/personas", json={"name": 5}).status_code == 401
    assert client.post("/v1/personas").status_code == 401


@rule("feather", 4)
def test_rule_004_but_not_before_the_body_is_json(server: MockServer) -> None:
    headers = {"content-type": "application/json"}
    reply = server.client_for("").post("/v1/personas", content=b"{nope", headers=headers)
    assert reply.status_code == 422


@rule("feather", 6)
def test_rule_006_the_key_fixes_the_organization(sandbox: Sandbox) -> None:
    mine = sandbox.get("/identity/whoami")["organization_id"]
    others = sandbox.tenant("mock-other").get("/identity/whoami")["organization_id"]
    assert mine != others
    body = {"name": "A", "body": "b", "organization_id": others}
    sandbox.post("/personas", body, 422)  # a persona admits no other field
    del body["body"]
    assert sandbox.post("/agents", body)["organization_id"] == mine
    suite_run = sandbox.get(RUN.removeprefix("/v1"))
    assert {suite_run["organization_id"]} == {run["organization_id"] for run in suite_run["runs"]}
    assert suite_run["organization_id"] == mine
    for path in ("agents", "personas", "scenarios", "sim-suites", "simulation/runs"):
        assert {row["organization_id"] for row in sandbox.get("/" + path)["items"]} == {mine}


@rule("feather", 7)
@rule("feather", 9)
def test_rule_007_009_what_another_organization_has_is_not_there(sandbox: Sandbox) -> None:
    other = sandbox.tenant("mock-other")
    suite_run = sandbox.batch("mock:completed")
    suite_id, run_id = suite_run["suite_id"], suite_run["runs"][0]["id"]
    paths = {
        "/agents": suite_run["agent_id"],
        "/personas": suite_run["runs"][0]["persona_id"],
        "/scenarios": suite_run["runs"][0]["scenario_id"],
        "/sim-suites": suite_id,
        f"/sim-suites/{suite_id}/runs": suite_run["id"],
        "/simulation/runs": run_id,
    }
    for path, key in paths.items():
        sandbox.get(f"{path}/{key}")
        theirs = other.get(f"{path}/{key}", 404)
        unknown = other.get(f"{path}/{UNKNOWN}", 404)
        assert theirs["error"] == unknown["error"] == "not_found"
        if path.count("/") == 1 or path == "/simulation/runs":
            assert key not in [row["id"] for row in other.get(path)["items"]]
            assert key in [row["id"] for row in sandbox.get(path)["items"]]
    other.call("POST", f"/sim-suites/{suite_id}/runs/{suite_run['id']}/cancel", 404)
    other.call("DELETE", f"/personas/{suite_run['runs'][0]['persona_id']}", 404)
    assert sandbox.again(suite_run) == suite_run


@rule("feather", 8)
@rule("feather", 20)
def test_rule_008_020_an_id_in_a_body_that_names_nothing(sandbox: Sandbox) -> None:
    other = sandbox.tenant("mock-other")
    agent, scenario, persona = sandbox.agent(), sandbox.scenario(), sandbox.persona()
    suite = sandbox.suite(scenario)
    foreign = {
        "agent_id": other.agent()["id"],
        "persona_id": other.persona()["id"],
        "scenario_id": other.scenario()["id"],
    }
    own = {"agent_id": agent["id"], "persona_id": persona["id"], "scenario_id": scenario["id"]}
    revision = sandbox.agent()["active_revision_id"]
    for name, key in foreign.items():
        for bad in (key, UNKNOWN):
            sandbox.post("/simulation/runs", {**own, name: bad}, 400)
            if name == "agent_id":
                sandbox.post(f"/sim-suites/{suite['id']}/runs", {name: bad}, 404)
                body = {"name": "n", "intent": "i"}
                sandbox.post("/scenarios", {**body, "agent_ids": [agent["id"], bad]}, 400)
                sandbox.post("/scenarios", {**body, "source_agent_id": bad}, 400)
                sandbox.put(f"/scenarios/{scenario['id']}", {"agent_ids": [bad]}, 404)
            else:
                pair = {"persona_id": persona["id"], "scenario_id": scenario["id"], name: bad}
                sandbox.post("/sim-suites", {"name": "n", "items": [pair]}, 400)
                sandbox.post(f"/sim-suites/{suite['id']}/items", pair, 404)
                item = f"/sim-suites/{suite['id']}/items/{suite['items'][0]['id']}"
                sandbox.put(item, {name: bad}, 404)
    active = f"/agents/{agent['id']}/set-active-revision"
    for bad in (revision, UNKNOWN):
        sandbox.post(active, {"revision_id": bad}, 404)
        based = {"name": "n", "based_on_revision_id": bad}
        sandbox.post(f"/agents/{agent['id']}/revisions", based, 400)
        body = {"agent_id": agent["id"], "agent_revision_id": bad}
        sandbox.post(f"/sim-suites/{suite['id']}/runs", body, 404)
        sandbox.post("/simulation/runs", {**own, "agent_revision_id": bad}, 400)
    sandbox.put(f"/agents/{agent['id']}", {"release_suite_id": UNKNOWN}, 404)
    sandbox.post(f"/sim-suites/{UNKNOWN}/clone", {"name": "n"}, 404)


@rule("feather", 10)
def test_rule_010_scopes_are_not_modelled(server: MockServer) -> None:
    for operation in server.mock.contract.operations:
        assert 403 not in operation.documented


@rule("feather", 11)
def test_rule_011_ids_are_lower_case_uuids(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:completed")
    ids = [value for name, value in suite_run.items() if name.endswith("id")]
    ids += [value for name, value in suite_run["runs"][0].items() if name.endswith("id") and value]
    assert len(ids) > 8
    for key in ids:
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", key)


@rule("feather", 12)
def test_rule_012_an_id_may_be_spelled_otherwise(sandbox: Sandbox) -> None:
    persona = sandbox.persona()
    key = persona["id"]
    spellings = [key.upper(), key.replace("-", ""), f"{{{key}}}", f"urn:uuid:{key}"]
    for spelling in spellings:
        assert sandbox.get(f"/personas/{spelling}")["id"] == key
        pair = {"persona_id": spelling, "scenario_id": sandbox.scenario()["id"].upper()}
        suite = sandbox.post("/sim-suites", {"name": "n", "items": [pair]})
        assert suite["items"][0]["persona_id"] == key
        agent = sandbox.agent()
        body = {"name": "n", "intent": "i", "agent_ids": [agent["id"], agent["id"].upper()]}
        assert [row["id"] for row in sandbox.post("/scenarios", body)["agents"]] == [agent["id"]]
        rows = sandbox.get("/scenarios", agent_id=agent["id"].upper())["items"]
        assert len(rows) == 1


def instants(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [v for k, v in value.items() if k.endswith("_at") and v is not None]
        return own + [text for part in value.values() for text in instants(part)]
    return [text for part in value for text in instants(part)] if isinstance(value, list) else []


@rule("feather", 13)
def test_rule_013_instants_are_utc_with_z(sandbox: Sandbox) -> None:
    found = instants(sandbox.get(RUN.removeprefix("/v1"))) + instants(sandbox.get("/agents"))
    assert len(found) > 10
    assert all(INSTANT(text) for text in found)


@rule("feather", 14)
@pytest.mark.parametrize(
    ("path", "body", "change"),
    [
        ("/agents", {"name": "a"}, {"name": "b"}),
        ("/personas", {"name": "a", "body": "b"}, {"body": "c"}),
        ("/scenarios", {"name": "a", "intent": "b"}, {"tags": ["c"]}),
        ("/sim-suites", {"name": "a"}, {"is_active": False}),
    ],
)
def test_rule_014_updated_at_moves_with_changes_only(
    sandbox: Sandbox, path: str, body: Any, change: Any
) -> None:
    made = sandbox.post(path, body)
    place = f"{path}/{made['id']}"
    assert made["created_at"] == made["updated_at"]
    for same in ({}, body):
        sandbox.wait(1)
        assert sandbox.put(place, same) == made
    sandbox.wait(1)
    changed = sandbox.put(place, change)
    assert changed["updated_at"] > changed["created_at"] == made["created_at"]
    sandbox.wait(1)
    assert sandbox.get(place) == changed


@rule("feather", 14)
def test_rule_014_runs_and_items_have_no_updated_at(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:completed")
    suite = sandbox.get(f"/sim-suites/{suite_run['suite_id']}")
    for row in (suite_run, suite_run["runs"][0], suite["items"][0]):
        assert "created_at" in row
        assert "updated_at" not in row


@rule("feather", 15)
def test_rule_015_required_nulls_are_there(server: MockServer, sandbox: Sandbox) -> None:
    run = sandbox.batch("mock:completed")["runs"][0]
    schemas = server.mock.contract.document["components"]["schemas"]
    for name in schemas["SimulationRunResponse"]["required"]:
        assert name in run
    assert run["started_at"] is run["tool_overrides"] is None


@rule("feather", 16)
def test_rule_016_unknown_fields_are_ignored_or_refused(sandbox: Sandbox) -> None:
    for path, body in (
        ("/agents", {"name": "a"}),
        ("/scenarios", {"name": "a", "intent": "b"}),
        ("/sim-suites", {"name": "a"}),
    ):
        assert "surprise" not in sandbox.post(path, {**body, "surprise": 1})
    behaviour = {"cut_in": {"surprise": 1}}
    body = {"name": "a", "body": "b", "behavior_config": behaviour, "surprise": 1}
    reply = sandbox.client.post("/v1/personas", json=body)
    assert sorted(entries(reply), key=str) == [
        (["body", "behavior_config", "cut_in", "surprise"], "extra_forbidden"),
        (["body", "surprise"], "extra_forbidden"),
    ]
    canned = {"lookup": {"output": 1, "surprise": 1}}
    suite = sandbox.suite(sandbox.scenario())
    body = {"agent_id": sandbox.agent()["id"], "tool_overrides": canned}
    reply = sandbox.client.post(f"/v1/sim-suites/{suite['id']}/runs", json=body)
    place = ["body", "tool_overrides", "lookup", "surprise"]
    assert (place, "extra_forbidden") in entries(reply)


@rule("feather", 17)
def test_rule_017_unknown_query_parameters_are_ignored_and_the_last_wins(
    sandbox: Sandbox,
) -> None:
    assert len(sandbox.client.get("/v1/personas?surprise=1&limit=5&limit=2").json()["items"]) == 2
