"""Rules 1 to 3 and 24 to 26: credentials, ids, slashes, errors, lists."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from mockserver import MockServer
from tests.vendors.truestate.sandbox import ASK, DOCUMENTED, START, THINK, UNKNOWN, Sandbox, chain

KEY = "mock-key"
BEARER = {"authorization": f"Bearer {KEY}"}
API_KEY = {"api-key": KEY}
_JSON = {"content-type": "application/json"}


@pytest.mark.rule("truestate", 1)
@pytest.mark.parametrize("headers", [BEARER, API_KEY, {"Api-Key": KEY}, {**BEARER, **API_KEY}])
def test_rule_1_a_bearer_token_or_an_api_key_is_enough(
    server: MockServer, headers: dict[str, str]
) -> None:
    assert server.client_for("").get("/automations/", headers=headers).status_code == 200


@pytest.mark.rule("truestate", 1)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": KEY},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic bW9jay1rZXk6"},
        {"api-key": "wrong"},
        {"api-key": ""},
    ],
)
def test_rule_1_anything_else_is_turned_away(server: MockServer, headers: dict[str, str]) -> None:
    for method, path in (
        ("GET", "/automations/"),
        ("POST", "/automations/"),
        ("PATCH", f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/cancel"),
        ("GET", "/live_flows/not-an-id/"),
    ):
        reply = server.client_for("").request(method, path, headers=headers)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert isinstance(reply.json()["detail"], str)


@pytest.mark.rule("truestate", 1)
def test_rule_1_the_bearer_token_wins_if_both_are_good(sandbox: Sandbox) -> None:
    made = sandbox.automation(chain(START))
    path = f"/automations/{made['id']}/"
    client = sandbox.server.client_for("")
    for headers, expect in (
        ({**BEARER, "api-key": "mock-other"}, 200),
        ({"authorization": "Bearer mock-other", **API_KEY}, 404),
        ({"authorization": "Bearer wrong", **API_KEY}, 200),
    ):
        assert client.get(path, headers=headers).status_code == expect


@pytest.mark.rule("truestate", 2)
def test_rule_2_ids_are_uuids_but_for_the_organisation(sandbox: Sandbox) -> None:
    session = sandbox.ended(chain(START, THINK))
    automation = sandbox.get(f"/automations/{session['automation_id']}/")
    version = automation["current_version"]
    ids = [automation["id"], version["id"], version["automation_id"], session["id"]]
    ids += [each["id"] for each in version["steps"] + version["step_transitions"]]
    ids += [each["id"] for each in session["steps"]]
    assert [str(UUID(each)) for each in ids] == ids
    with pytest.raises(ValueError, match="UUID"):
        UUID(automation["organisation_id"])


@pytest.mark.rule("truestate", 2)
def test_rule_2_other_spellings_of_an_id_name_the_same(sandbox: Sandbox) -> None:
    spelled = DOCUMENTED.upper().replace("-", "")
    assert sandbox.get(f"/automations/{spelled}/")["id"] == DOCUMENTED


@pytest.mark.rule("truestate", 3)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/automations"),
        ("POST", "/automations"),
        ("GET", f"/automations/{DOCUMENTED}"),
        ("PUT", f"/automations/{DOCUMENTED}"),
        ("DELETE", f"/automations/{DOCUMENTED}"),
        ("GET", f"/automations/{DOCUMENTED}/sessions"),
        ("GET", f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}"),
        ("GET", "/live_flows"),
        ("GET", f"/live_flows/{DOCUMENTED}"),
        ("GET", f"/live_flows/{DOCUMENTED}/sessions/{DOCUMENTED}"),
    ],
)
def test_rule_3_without_its_slash_a_path_is_redirected(
    sandbox: Sandbox, method: str, path: str
) -> None:
    reply = sandbox.client.request(method, path + "?a=1")
    assert reply.status_code == 307
    assert reply.headers["location"].endswith(path + "/?a=1")
    if method == "GET":
        followed = sandbox.client.get(path, follow_redirects=True)
        assert followed.json() == sandbox.get(path + "/")


@pytest.mark.rule("truestate", 3)
def test_rule_3_cancel_has_no_slash(sandbox: Sandbox) -> None:
    path = f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/cancel"
    reply = sandbox.client.patch(path + "/")
    assert (reply.status_code, reply.headers["location"]) == (307, path)
    sandbox.call("PATCH", path)


@pytest.mark.rule("truestate", 24)
def test_rule_24_unknown_ids_are_not_found(sandbox: Sandbox) -> None:
    other = sandbox.automation(chain(START))["id"]
    body = {"name": "a", "description": "b", "current_version": chain(START)}
    text = {"user_input": "red"}
    requests: list[tuple[str, str, Any]] = [
        ("GET", f"/automations/{UNKNOWN}/", None),
        ("PUT", f"/automations/{UNKNOWN}/", body),
        ("DELETE", f"/automations/{UNKNOWN}/", None),
        ("GET", f"/automations/{UNKNOWN}/sessions/", None),
        ("POST", f"/automations/{UNKNOWN}/sessions/", {}),
        ("GET", f"/live_flows/{UNKNOWN}/", None),
        ("GET", f"/live_flows/{UNKNOWN}/sessions/", None),
        ("POST", f"/live_flows/{UNKNOWN}/sessions/", {}),
    ]
    for parent, session in ((DOCUMENTED, UNKNOWN), (UNKNOWN, DOCUMENTED), (other, DOCUMENTED)):
        requests += [
            ("GET", f"/automations/{parent}/sessions/{session}/", None),
            ("PATCH", f"/automations/{parent}/sessions/{session}/cancel", None),
            ("PATCH", f"/automations/{parent}/sessions/{session}/user_input", text),
            ("GET", f"/live_flows/{parent}/sessions/{session}/", None),
            ("PATCH", f"/live_flows/{parent}/sessions/{session}/user_input", text),
        ]
    for method, path, sent in requests:
        refused = sandbox.call(method, path, 404, json=sent)
        assert isinstance(refused.pop("detail"), str)
        assert refused == {}


@pytest.mark.rule("truestate", 24)
def test_rule_24_what_belongs_to_another_key_is_not_found(sandbox: Sandbox) -> None:
    session = sandbox.ended(chain(START))
    other = sandbox.server.client_for("mock-other")
    assert other.get(sandbox.path(session) + "/").status_code == 404
    assert other.get(f"/automations/{session['automation_id']}/").status_code == 404


@pytest.mark.rule("truestate", 25)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/automations/{}/"),
        ("GET", "/automations/{}/sessions/"),
        ("GET", "/automations/" + DOCUMENTED + "/sessions/{}/"),
        ("PATCH", "/automations/" + DOCUMENTED + "/sessions/{}/cancel"),
        ("GET", "/live_flows/{}/"),
    ],
)
@pytest.mark.parametrize("value", ["1", "zzz", DOCUMENTED[:-1], "%20"])
def test_rule_25_a_malformed_id_is_refused_in_the_framework_s_words(
    sandbox: Sandbox, method: str, path: str, value: str
) -> None:
    (detail,) = sandbox.call(method, path.format(value), 422)["detail"]
    assert detail["type"] == "uuid_parsing"
    assert detail["loc"][0] == "path"
    assert {"loc", "msg", "type"} <= detail.keys()


@pytest.mark.rule("truestate", 25)
@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        ({"description": "", "current_version": chain(START)}, ["body", "name"], "missing"),
        ({"name": "", "current_version": chain(START)}, ["body", "description"], "missing"),
        ({"name": "", "description": ""}, ["body", "current_version"], "missing"),
        (
            {"name": 1, "description": "", "current_version": chain(START)},
            ["body", "name"],
            "string_type",
        ),
        (
            {
                "name": "",
                "description": "",
                "current_version": {
                    "steps": [{**START, "step_type": "STOP"}],
                    "step_transitions": [],
                },
            },
            ["body", "current_version", "steps", 0, "step_type"],
            "enum",
        ),
    ],
)
def test_rule_25_so_is_a_malformed_body(
    sandbox: Sandbox, body: Any, loc: list[str | int], kind: str
) -> None:
    for method, path in (("POST", "/automations/"), ("PUT", f"/automations/{DOCUMENTED}/")):
        (detail,) = sandbox.call(method, path, 422, json=body)["detail"]
        assert (detail["loc"], detail["type"]) == (loc, kind)


@pytest.mark.rule("truestate", 25)
def test_rule_25_no_json_no_input(sandbox: Sandbox) -> None:
    path = f"/automations/{DOCUMENTED}/sessions/{DOCUMENTED}/user_input"
    (detail,) = sandbox.call("PATCH", path, 422, content=b"{", headers=_JSON)["detail"]
    assert detail["type"] == "json_invalid"
    (detail,) = sandbox.call("PATCH", path, 422)["detail"]
    assert (detail["loc"], detail["type"]) == (["body"], "missing")
    (detail,) = sandbox.call("PATCH", path, 422, json={"user_input": None})["detail"]
    assert detail["type"] == "string_type"


@pytest.mark.rule("truestate", 26)
def test_rule_26_lists_are_bare_arrays_of_everything(sandbox: Sandbox) -> None:
    made = [sandbox.automation(chain(START, ASK))["id"] for _ in range(60)]
    started = [sandbox.session(made[0])["id"] for _ in range(60)]
    for path, ids in (
        ("/automations/", made),
        ("/live_flows/", made),
        (f"/automations/{made[0]}/sessions/", started),
        (f"/live_flows/{made[0]}/sessions/", started),
    ):
        listed = sandbox.get(path + "?limit=1&offset=5")
        assert [each["id"] for each in listed][-60:] == ids
