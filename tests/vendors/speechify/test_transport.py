"""Rules 1 to 12 of Speechify: credentials, errors, ids, versions."""

from __future__ import annotations

import json

import pytest

from mockserver import MockServer
from mockserver.files.reading import contract_file
from mockserver.vendors.speechify import HANDLERS
from mockserver.vendors.speechify.common import ALPHABET
from tests.vendors.speechify.sandbox import FOLDERS, SUITES, TESTS, Sandbox

CONTRACT = contract_file("speechify")
assert CONTRACT is not None
DOCUMENT = json.loads(CONTRACT.read_text("utf-8"))
CODES = DOCUMENT["components"]["schemas"]["ErrorCode"]["enum"]
SOME = "0123456789ABCDEFGHJKMNPQRS"

PLACES = [
    ("GET", "/agents/{}", "agent"),
    ("GET", "/agents/{}/tests", "agent"),
    ("POST", "/agents/{}/tests/runs", "agent"),
    ("GET", TESTS + "/{}", "test"),
    ("DELETE", TESTS + "/{}", "test"),
    ("GET", TESTS + "/{}/runs", "test"),
    ("POST", TESTS + "/{}/runs", "test"),
    ("GET", TESTS + "/runs/{}", "run"),
    ("POST", TESTS + "/runs/{}/cancel", "run"),
    ("GET", SUITES + "/{}", "srun"),
    ("POST", SUITES + "/{}/cancel", "srun"),
    ("POST", SUITES + "/{}/resubmit", "srun"),
    ("DELETE", FOLDERS + "/{}", "folder"),
]


@pytest.mark.rule("speechify", 1)
@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer sk_unknown", "Basic bW9jay1rZXk6", "mock-key"]
)
def test_rule_1_no_valid_bearer_key_is_401(server: MockServer, sent: str) -> None:
    reply = server.client_for("").get("/v1/agents", headers={"authorization": sent} if sent else {})
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "unauthorized"


@pytest.mark.rule("speechify", 2)
def test_rule_2_every_error_is_the_envelope(sandbox: Sandbox) -> None:
    refusals = [
        sandbox.send("GET", "/agents/agent_x"),
        sandbox.send("GET", "/nothing/here"),
        sandbox.send("PUT", "/agents"),
        sandbox.send("POST", "/agents", json={}),
        sandbox.send("POST", "/agents", content=b"{", headers={"content-type": "application/json"}),
        sandbox.send("GET", "/agents", headers={"Speechify-Version": "soon"}),
    ]
    assert [reply.status_code for reply in refusals] == [404, 404, 405, 400, 400, 400]
    for reply in refusals:
        body = reply.json()
        assert body.keys() <= {"error", "request_id"}
        assert {"code", "message"} <= body["error"].keys()
        assert body["error"]["message"]


@pytest.mark.rule("speechify", 3)
def test_rule_3_fields_come_with_failed_validation_only(sandbox: Sandbox) -> None:
    invalid = sandbox.refused("POST", "/agents", 400, json={"name": 5, "prompt": "x"})
    assert invalid["code"] == "validation_failed"
    assert invalid["fields"].keys() == {"name", "first_message", "tts"}
    assert all(isinstance(text, str) and text for text in invalid["fields"].values())
    agent = sandbox.agent()
    body = {"name": "x", "type": "reply", "config": {"success_criteria": 5, "context": ""}}
    nested = sandbox.refused("POST", f"/agents/{agent['id']}/tests", 400, json=body)
    assert (nested["code"], set(nested["fields"])) == (
        "validation_failed",
        {"config.success_criteria"},
    )
    other = [
        sandbox.refused("POST", f"{SUITES}/{sandbox.finished('passed')['id']}/resubmit", 400),
        sandbox.refused("GET", "/agents", 400, params={"cursor": "broken"}),
        sandbox.refused("GET", "/agents/agent_x", 404),
    ]
    assert [error["code"] for error in other] == ["bad_request", "bad_request", "agent_not_found"]
    assert not any("fields" in error for error in other)


@pytest.mark.rule("speechify", 4)
def test_rule_4_codes_are_documented_ones(sandbox: Sandbox) -> None:
    expected = {
        "/agents/agent_x": "agent_not_found",
        f"{TESTS}/test_x": "agent_test_not_found",
        f"{TESTS}/runs/run_x": "not_found",
        f"{SUITES}/srun_x": "not_found",
        "/nothing": "not_found",
    }
    for path, code in expected.items():
        assert sandbox.refused("GET", path, 404)["code"] == code
    assert sandbox.refused("DELETE", f"{FOLDERS}/folder_x", 404)["code"] == "not_found"
    assert sandbox.refused("PATCH", "/agents", 405)["code"] == "method_not_allowed"
    assert {*expected.values(), "method_not_allowed", "invalid_api_version"} <= set(CODES)
    assert len(CODES) == 58


@pytest.mark.rule("speechify", 5)
def test_rule_5_request_id_is_that_of_the_header_and_the_callers_if_given(sandbox: Sandbox) -> None:
    refused = sandbox.send("GET", "/agents/agent_x")
    made = refused.headers["x-request-id"]
    assert made == refused.headers["speechify-request-id"] == refused.json()["request_id"]
    fine = sandbox.send("GET", "/agents")
    assert fine.headers["x-request-id"] not in ("", made)
    given = {"X-Request-ID": "trace 1<b>;&" + "9" * 200}
    echoed = sandbox.send("GET", "/agents/agent_x", headers=given)
    assert echoed.json()["request_id"] == ("trace1b" + "9" * 200)[:64]
    assert echoed.headers["x-request-id"] == echoed.json()["request_id"]
    hopeless = sandbox.send("GET", "/agents", headers={"X-Request-ID": "<>"})
    assert hopeless.headers["x-request-id"].startswith("req_")


@pytest.mark.rule("speechify", 6)
def test_rule_6_ids_are_a_prefix_and_26_crockford_characters(sandbox: Sandbox) -> None:
    suite = sandbox.suite("passed")
    agent, test = sandbox.agent(), suite["runs"][0]["test_id"]
    folder = sandbox.folder("F")
    for prefix, found in {
        "agent": agent["id"],
        "test": test,
        "run": suite["runs"][0]["id"],
        "srun": suite["id"],
        "folder": folder["id"],
    }.items():
        head, _, rest = found.partition("_")
        assert head == prefix
        assert len(rest) == 26
        assert set(rest) <= set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)


@pytest.mark.rule("speechify", 6)
def test_rule_6_ids_sort_by_time_and_the_same_seed_gives_the_same(sandbox: Sandbox) -> None:
    def five(sandbox: Sandbox) -> list[str]:
        found = []
        for _ in range(5):
            found += [sandbox.agent()["id"], sandbox.agent()["id"]]
            sandbox.wait(0.001)
        return found

    first = five(sandbox)
    assert first == sorted(first)
    assert len(set(first)) == 10
    sandbox.server.reset()
    assert five(sandbox) == first


@pytest.mark.rule("speechify", 7)
@pytest.mark.parametrize(("method", "path", "own"), PLACES)
def test_rule_7_an_id_of_another_form_is_404(
    sandbox: Sandbox, method: str, path: str, own: str
) -> None:
    foreign = "run_" if own != "run" else "test_"
    for text in (
        "123e4567-e89b-42d3-a456-426614174000",
        foreign + SOME,
        f"{own}_{SOME[:-1]}",
        f"{own}_{SOME.lower()}",
        f"{own}_ILOU{SOME[4:]}",
        f"{own}_{SOME}",
        "%00",
        "x" * 5000,
    ):
        sandbox.refused(method, path.format(text), 404)


@pytest.mark.rule("speechify", 8)
@pytest.mark.parametrize(("method", "path", "own"), PLACES)
def test_rule_8_what_belongs_to_another_workspace_does_not_exist(
    server: MockServer, sandbox: Sandbox, method: str, path: str, own: str
) -> None:
    suite = sandbox.suite("failed")
    sandbox.wait()
    run = suite["runs"][0]
    ids = {"agent": run["agent_id"], "test": run["test_id"], "run": run["id"]}
    ids |= {"srun": suite["id"], "folder": sandbox.folder("F")["id"]}
    foreign = server.client_for("mock-other").request(method, "/v1" + path.format(ids[own]))
    unknown = sandbox.send(method, path.format("nothing"))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json()["error"]["code"] == unknown.json()["error"]["code"]
    assert sandbox.read_suite(suite)["status"] == "completed"


@pytest.mark.rule("speechify", 9)
def test_rule_9_header_then_workspace_default_then_oldest() -> None:
    settings = {"default_version": "none", "workspaces": {"mock-new": "2026-06-28"}}
    with MockServer("speechify", settings={"speechify": settings}) as server:

        def shape(key: str, **headers: str) -> str:
            listed = server.client_for(key).get("/v1/agents/tests/suite-runs", headers=headers)
            return "newer" if "total" in listed.json()["suite_runs"][0] else "older"

        new, old = {"Speechify-Version": "2026-07-01"}, {"Speechify-Version": "2026-06-01"}
        assert shape("mock-new", **old) == "older"
        assert shape("mock-new") == "newer"
        assert shape("mock-key") == "older"
        assert shape("mock-key", **new) == "newer"


@pytest.mark.rule("speechify", 10)
@pytest.mark.parametrize(
    "sent", ["", "latest", "2026-6-1", "2026-13-01", "2026-02-30", "20260628", "2026-06-28T00:00"]
)
def test_rule_10_a_version_that_is_no_date_is_refused_before_anything_else(
    server: MockServer, sandbox: Sandbox, sent: str
) -> None:
    headers = {"Speechify-Version": sent}
    for method, path in (
        ("GET", "/agents"),
        ("GET", "/agents/agent_x"),
        ("DELETE", f"{TESTS}/test_x"),
        ("POST", f"{SUITES}/srun_x/cancel"),
        ("GET", "/nothing"),
        ("PUT", "/agents"),
    ):
        error = sandbox.refused(method, path, 400, headers=headers)
        assert error["code"] == "invalid_api_version"
    anonymous = server.client_for("").get("/v1/agents", headers=headers)
    assert anonymous.json()["error"]["code"] == "invalid_api_version"


@pytest.mark.rule("speechify", 10)
def test_rule_10_so_the_contract_lists_400_everywhere() -> None:
    operations = [o for item in DOCUMENT["paths"].values() for o in item.values()]
    assert {operation["operationId"] for operation in operations} == HANDLERS.keys()
    assert all("400" in operation["responses"] for operation in operations)


@pytest.mark.rule("speechify", 11)
@pytest.mark.parametrize(
    ("sent", "word"),
    [
        ("1999-01-01", "queued"),
        ("2026-06-25", "queued"),
        ("2026-06-27", "queued"),
        ("2026-06-28", "pending"),
        ("2026-09-13", "pending"),
        ("2999-12-31", "pending"),
    ],
)
def test_rule_11_a_pin_before_the_change_gets_the_old_shape(
    sandbox: Sandbox, sent: str, word: str
) -> None:
    run = sandbox.run(sandbox.test(sandbox.agent()))
    shown = sandbox.call(
        "GET", f"{TESTS}/runs/{run['id']}", 200, headers={"Speechify-Version": sent}
    )
    assert shown["status"] == word


@pytest.mark.rule("speechify", 12)
def test_rule_12_answers_may_grow(sandbox: Sandbox) -> None:
    """The contract's response schemas are open, so clients must tolerate new fields."""
    schemas = DOCUMENT["components"]["schemas"]
    assert not [
        name
        for name, schema in schemas.items()
        if "additionalProperties" in schema and schema["additionalProperties"] is False
    ]
    agent = sandbox.agent(language="x-unheard-of", tts={"voice_id": "a", "pitch": 3})
    assert sandbox.get(f"/agents/{agent['id']}")["tts"]["pitch"] == 3
