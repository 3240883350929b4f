"""Rules 18 to 33: refusals of requests."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.vendors.feather.sandbox import Sandbox

UNKNOWN = "00000000-0000-4000-8000-000000000000"
JSON = {"content-type": "application/json"}

rule = pytest.mark.rule


def entries(reply: httpx.Response) -> list[tuple[list[Any], str]]:
    assert reply.status_code == 422, reply.text
    return [(entry["loc"], entry["type"]) for entry in reply.json()["detail"]]


@rule("feather", 18)
@rule("feather", 21)
def test_rule_018_021_the_shapes_of_refusals(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    sandbox.run(agent, sandbox.scenario("mock:stuck"))
    empty = sandbox.post("/sim-suites", {"name": "empty"})
    for reply, code in (
        (sandbox.get("/personas", 400, cursor="broken"), "bad_request"),
        (sandbox.get(f"/personas/{UNKNOWN}", 404), "not_found"),
        (sandbox.delete(f"/agents/{agent['id']}", 409), "conflict"),
        (sandbox.post(f"/sim-suites/{empty['id']}/runs", {"agent_id": agent["id"]}, 400),
         "bad_request"),
    ):  # fmt: skip
        assert reply.keys() == {"error", "message"}
        assert reply["error"] == code
        assert reply["message"]
    detail = sandbox.get("/personas/x", 422)["detail"]
    assert detail[0].keys() <= {"loc", "msg", "type", "input", "ctx"}
    assert detail[0].keys() >= {"loc", "msg", "type"}


@rule("feather", 19)
def test_rule_019_schema_422_state_400_path_404(sandbox: Sandbox) -> None:
    suite = sandbox.post("/sim-suites", {"name": "empty"})
    agent_id = sandbox.agent()["id"]
    path = f"/sim-suites/{suite['id']}/runs"
    sandbox.post(path, {"agent_id": "x"}, 422)
    sandbox.post(path, {"agent_id": agent_id}, 400)
    sandbox.post(f"/sim-suites/{UNKNOWN}/runs", {"agent_id": agent_id}, 404)
    sandbox.post(f"/sim-suites/{UNKNOWN}/runs", {"agent_id": "x"}, 422)


@rule("feather", 22)
@pytest.mark.parametrize("text", ["x", "1", "srun_123", UNKNOWN[:-1], UNKNOWN + "0", "%00"])
def test_rule_022_a_malformed_id_in_the_path(sandbox: Sandbox, text: str) -> None:
    reply = sandbox.client.get(f"/v1/sim-suites/{text}")
    assert entries(reply) == [(["path", "suite_id"], "uuid_parsing")]
    (entry,) = reply.json()["detail"]
    assert entry["input"] == text.replace("%00", "\0")
    assert entry["ctx"]["error"]


@rule("feather", 23)
@rule("feather", 24)
def test_rule_023_024_every_fault_with_its_place_in_order(sandbox: Sandbox) -> None:
    items = [{"persona_id": UNKNOWN, "scenario_id": "x"}, {}]
    reply = sandbox.client.post("/v1/sim-suites", json={"name": "", "items": items})
    assert entries(reply) == [
        (["body", "name"], "string_too_short"),
        (["body", "items", 0, "scenario_id"], "uuid_parsing"),
        (["body", "items", 1, "persona_id"], "missing"),
        (["body", "items", 1, "scenario_id"], "missing"),
    ]
    reply = sandbox.client.get("/v1/sim-suites/x/runs", params={"limit": 0})
    assert entries(reply) == [
        (["path", "suite_id"], "uuid_parsing"),
        (["query", "limit"], "greater_than_equal"),
    ]
    reply = sandbox.client.post("/v1/sim-suites/x/runs", json={})
    assert [loc[0] for loc, _ in entries(reply)] == ["path", "body"]


FAULTS: list[tuple[str, Any, list[Any], str, dict[str, Any] | None]] = [
    ("/personas", {"body": "b"}, ["name"], "missing", None),
    ("/personas", {"name": "x" * 256, "body": "b"}, ["name"], "string_too_long",
     {"max_length": 255}),
    ("/personas", {"name": "", "body": "b"}, ["name"], "string_too_short", {"min_length": 1}),
    ("/personas", {"name": None, "body": "b"}, ["name"], "string_type", None),
    ("/personas", {"name": 5, "body": "b"}, ["name"], "string_type", None),
    ("/personas", {"name": "a", "body": "b", "is_active": "perhaps"}, ["is_active"],
     "bool_parsing", None),
    ("/personas", {"name": "a", "body": "b", "behavior_config": {"first_speaker": "x"}},
     ["behavior_config", "first_speaker"], "literal_error", None),
    ("/personas", {"name": "a", "body": "b", "behavior_config": {"reaction_pause_ms_min": 1.5}},
     ["behavior_config", "reaction_pause_ms_min"], "int_from_float", None),
    ("/scenarios", {"name": "a", "intent": "b", "source": "x"}, ["source"], "enum", None),
    ("/scenarios", {"name": "a", "intent": "b", "tags": "x"}, ["tags"], "list_type", None),
    ("/scenarios", {"name": "a", "intent": "b", "agent_ids": [5]}, ["agent_ids", 0],
     "uuid_type", None),
    ("/scenarios", {"name": "a", "intent": "b", "agent_ids": ["x"]}, ["agent_ids", 0],
     "uuid_parsing", None),
    ("/evaluators", {"name": "a", "tags": ["t"] * 65}, ["tags"], "too_long",
     {"field_type": "List", "max_length": 64, "actual_length": 65}),
    ("/evaluators", {"name": "a", "kind": "x"}, ["kind"], "literal_error", None),
]  # fmt: skip


@rule("feather", 25)
@pytest.mark.parametrize(("path", "body", "place", "kind", "context"), FAULTS)
def test_rule_025_the_kinds_of_faults(
    sandbox: Sandbox, path: str, body: Any, place: list[Any], kind: str, context: Any
) -> None:
    reply = sandbox.client.post("/v1" + path, json=body)
    assert entries(reply) == [(["body", *place], kind)]
    if context is not None:
        assert reply.json()["detail"][0]["ctx"] == context
    if kind == "missing":
        assert reply.json()["detail"][0]["input"] == body


@rule("feather", 26)
@pytest.mark.parametrize(
    ("limit", "kind", "context"),
    [
        ("0", "greater_than_equal", {"ge": 1}),
        ("-5", "greater_than_equal", {"ge": 1}),
        ("201", "less_than_equal", {"le": 200}),
        ("abc", "int_parsing", None),
        ("", "int_parsing", None),
        ("1.5", "int_parsing", None),
    ],
)
def test_rule_026_limits_out_of_range(
    sandbox: Sandbox, limit: str, kind: str, context: Any
) -> None:
    reply = sandbox.client.get("/v1/agents", params={"limit": limit})
    assert entries(reply) == [(["query", "limit"], kind)]
    assert reply.json()["detail"][0].get("ctx") == context


@rule("feather", 27)
@pytest.mark.parametrize("name", ["agent_id", "status"])
def test_rule_027_an_empty_query_value_is_not_absent(sandbox: Sandbox, name: str) -> None:
    reply = sandbox.client.get("/v1/simulation/runs", params={name: ""})
    assert [loc for loc, _ in entries(reply)] == [["query", name]]


@rule("feather", 28)
@pytest.mark.parametrize(
    ("content", "headers", "place", "kind"),
    [
        (b"", {}, ["body"], "missing"),
        (b"", JSON, ["body"], "missing"),
        (b"null", JSON, ["body"], "missing"),
        (b"[]", JSON, ["body"], "model_attributes_type"),
        (b'"text"', JSON, ["body"], "model_attributes_type"),
        (b'{"name": "a"}', {"content-type": "text/plain"}, ["body"], "model_attributes_type"),
        (b'{"name": }', JSON, ["body", 9], "json_invalid"),
    ],
)
def test_rule_028_bodies_that_are_no_objects(
    sandbox: Sandbox, content: bytes, headers: Any, place: list[Any], kind: str
) -> None:
    reply = sandbox.client.post("/v1/agents", content=content, headers=headers)
    ((loc, found),) = entries(reply)
    assert loc == place
    # FastAPI took null for a missing body and calls it an object that is none since.
    assert found == kind or content == b"null"


@rule("feather", 29)
def test_rule_029_cross_field_faults_are_at_the_object(sandbox: Sandbox) -> None:
    suite = sandbox.suite(sandbox.scenario())
    body = {"agent_id": sandbox.agent()["id"], "tool_overrides": {"lookup": {}}}
    reply = sandbox.client.post(f"/v1/sim-suites/{suite['id']}/runs", json=body)
    assert entries(reply) == [(["body", "tool_overrides", "lookup"], "value_error")]
    assert reply.json()["detail"][0]["msg"].startswith("Value error, ")


@rule("feather", 30)
def test_rule_030_every_fault_has_words(sandbox: Sandbox) -> None:
    for path, body, *_ in FAULTS:
        for entry in sandbox.post(path, body, 422)["detail"]:
            assert entry["msg"][0].isupper()


@rule("feather", 31)
def test_rule_031_methods_slashes_paths(sandbox: Sandbox) -> None:
    client = sandbox.client
    reply = client.patch(f"/v1/personas/{UNKNOWN}")
    assert reply.status_code == 405
    assert {"GET", "PUT", "DELETE"} <= set(reply.headers["allow"].split(", "))
    assert reply.json().keys() == {"error", "message"}
    reply = client.get("/v1/personas/?limit=1", follow_redirects=False)
    assert reply.status_code == 307
    assert reply.headers["location"].endswith("/v1/personas?limit=1")
    assert client.get("/v1/personas/?limit=1", follow_redirects=True).status_code == 200
    reply = client.get("/v1/nowhere")
    assert reply.status_code == 404
    assert reply.json()["error"] == "not_found"


@rule("feather", 32)
def test_rule_032_there_is_no_rate_limit(sandbox: Sandbox) -> None:
    for _ in range(200):
        sandbox.get("/identity/whoami")


@rule("feather", 33)
def test_rule_033_gaps_of_the_contract_are_filled(server: MockServer, sandbox: Sandbox) -> None:
    suite = sandbox.suite(sandbox.scenario())
    for path in (
        f"/scenarios/{UNKNOWN}",
        f"/sim-suites/{UNKNOWN}",
        f"/sim-suites/{suite['id']}/items/{UNKNOWN}",
    ):
        assert sandbox.delete(path, 404)["error"] == "not_found"
        assert server.client_for("").delete("/v1" + path).status_code == 401
    sandbox.post(f"/agents/{UNKNOWN}/revisions", {"name": "n"}, 404)
    sandbox.get(f"/agents/{UNKNOWN}/revisions", 404)
    sandbox.delete(f"/eval-runs/{UNKNOWN}", 404)
