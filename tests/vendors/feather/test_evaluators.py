"""Rules 87 to 91: evaluators and bindings."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.files.documents import as_document
from tests.vendors.feather.sandbox import Sandbox

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def _fault(reply: dict[str, Any]) -> tuple[list[Any], str]:
    (fault,) = reply["detail"]
    return fault["loc"], fault["type"]


WRONG_TARGETS = [
    ("agent", {}),
    ("agent", {"agent_id": None}),
    ("agent", {"scenario_id": UNKNOWN}),
    ("agent", {"agent_id": UNKNOWN, "scenario_id": UNKNOWN}),
    ("scenario", {}),
    ("scenario", {"agent_id": UNKNOWN}),
    ("scenario", {"agent_id": UNKNOWN, "scenario_id": UNKNOWN}),
]


@pytest.mark.rule("feather", 87)
@pytest.mark.parametrize(("scope", "target"), WRONG_TARGETS)
def test_rule_087_a_binding_names_the_id_of_its_scope_only(
    sandbox: Sandbox, scope: str, target: dict[str, Any]
) -> None:
    body = {"evaluator_id": sandbox.evaluator()["id"], "scope": scope, **target}
    reply = sandbox.post("/evaluator-bindings", body, 422)
    assert _fault(reply) == (["body"], "value_error")


@pytest.fixture(scope="module")
def lax_server() -> Any:
    """The vendor's original contract, whose schema does not enforce rule 87."""
    document = as_document("feather")
    del document["components"]["schemas"]["EvaluatorBindingCreate"]["oneOf"]
    with MockServer(document, clock="manual", seed=7) as server:
        yield server


@pytest.mark.rule("feather", 87)
@pytest.mark.parametrize(("scope", "target"), WRONG_TARGETS)
def test_rule_087_holds_where_the_schema_does_not_say_it(
    lax_server: MockServer, scope: str, target: dict[str, Any]
) -> None:
    sandbox = Sandbox(lax_server)
    body = {"evaluator_id": sandbox.evaluator()["id"], "scope": scope, **target}
    reply = sandbox.post("/evaluator-bindings", body, 422)
    assert _fault(reply) == (["body"], "value_error")
    assert reply["detail"][0]["msg"].startswith("Value error, ")  # rule 29


@pytest.mark.rule("feather", 87)
def test_rule_087_null_stands_for_the_id_that_is_not_there(sandbox: Sandbox) -> None:
    agent, evaluator = sandbox.agent(), sandbox.evaluator()
    body = {"evaluator_id": evaluator["id"], "scope": "agent", "agent_id": agent["id"]}
    binding = sandbox.post("/evaluator-bindings", {**body, "scenario_id": None})
    assert (binding["agent_id"], binding["scenario_id"]) == (agent["id"], None)
    assert binding["is_critical"] is False
    assert sandbox.get(f"/evaluator-bindings/{binding['id']}") == binding


@pytest.mark.rule("feather", 20)
def test_rule_020_binding_what_does_not_exist_is_a_400(sandbox: Sandbox) -> None:
    evaluator, agent = sandbox.evaluator(), sandbox.agent()
    for evaluator_id, agent_id in ((UNKNOWN, agent["id"]), (evaluator["id"], UNKNOWN)):
        body = {"evaluator_id": evaluator_id, "scope": "agent", "agent_id": agent_id}
        assert sandbox.post("/evaluator-bindings", body, 400)["error"] == "bad_request"


@pytest.mark.rule("feather", 88)
def test_rule_088_an_evaluator_has_defaults(sandbox: Sandbox) -> None:
    evaluator = sandbox.post("/evaluators", {"name": ""})
    assert evaluator["name"] == ""
    assert evaluator["status"] == "active"
    assert evaluator["severity"] == "medium"
    assert evaluator["kind"] == "model_judge"
    assert evaluator["format"] == "score"
    assert (evaluator["config"], evaluator["tags"]) == ({}, [])
    assert evaluator["created_at"] == evaluator["updated_at"]
    assert sandbox.get(f"/evaluators/{evaluator['id']}") == evaluator


@pytest.mark.rule("feather", 88)
@pytest.mark.parametrize(
    ("field", "most"), [("name", "n" * 200), ("prompt", "p" * 16384), ("tags", ["t"] * 64)]
)
def test_rule_088_an_evaluator_has_bounds(sandbox: Sandbox, field: str, most: Any) -> None:
    assert sandbox.evaluator(**{field: most})[field] == most
    reply = sandbox.post("/evaluators", {"name": "n", field: most + most[:1]}, 422)
    assert _fault(reply)[0] == ["body", field]


@pytest.mark.rule("feather", 89)
def test_rule_089_the_kind_cannot_be_changed(sandbox: Sandbox) -> None:
    evaluator = sandbox.evaluator(kind="deterministic")
    reply = sandbox.patch(f"/evaluators/{evaluator['id']}", {"kind": "deterministic"}, 422)
    assert _fault(reply) == (["body", "kind"], "extra_forbidden")
    assert sandbox.get(f"/evaluators/{evaluator['id']}") == evaluator


@pytest.mark.rule("feather", 46)
def test_rule_046_null_clears_what_can_be_null_and_leaves_the_rest(sandbox: Sandbox) -> None:
    nullable = {"description": "d", "owner": "o", "prompt": "p", "threshold": 0.4}
    evaluator = sandbox.evaluator(**nullable, judge_model_override="m", severity="high")
    sandbox.wait(1)
    changed = sandbox.patch(
        f"/evaluators/{evaluator['id']}",
        {**dict.fromkeys(nullable), "severity": None, "config": None, "tags": None, "name": None},
    )
    cleared = {**evaluator, **dict.fromkeys(nullable)}
    assert changed == {**cleared, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > evaluator["updated_at"]


@pytest.mark.rule("feather", 14)
def test_rule_014_a_change_that_changes_nothing_leaves_the_time(sandbox: Sandbox) -> None:
    evaluator = sandbox.evaluator(threshold=0.5)
    sandbox.wait(1)
    assert sandbox.patch(f"/evaluators/{evaluator['id']}", {}) == evaluator
    assert sandbox.patch(f"/evaluators/{evaluator['id']}", {"threshold": 0.5}) == evaluator


@pytest.mark.rule("feather", 90)
def test_rule_090_archiving_is_idempotent_and_can_be_undone(sandbox: Sandbox) -> None:
    evaluator = sandbox.evaluator(tags=["mine"])
    sandbox.wait(1)
    archived = sandbox.call("POST", f"/evaluators/{evaluator['id']}/archive", 200)
    assert archived["status"] == "archived"
    sandbox.wait(1)
    assert sandbox.call("POST", f"/evaluators/{evaluator['id']}/archive", 200) == archived
    assert sandbox.get(f"/evaluators/{evaluator['id']}") == archived
    assert sandbox.get("/evaluators", tag="mine")["items"] == [archived]
    assert sandbox.get("/evaluators", tag="mine", status="active")["items"] == []
    back = sandbox.patch(f"/evaluators/{evaluator['id']}", {"status": "active"})
    assert back["status"] == "active"


@pytest.mark.rule("feather", 90)
@pytest.mark.parametrize("status", ["archived", "inactive"])
def test_rule_090_what_is_not_active_starts_nothing_and_cannot_be_bound(
    sandbox: Sandbox, status: str
) -> None:
    agent, evaluator = sandbox.agent(), sandbox.evaluator()
    binding = sandbox.bind(evaluator, agent=agent)
    sandbox.patch(f"/evaluators/{evaluator['id']}", {"status": status})
    body = {"evaluator_id": evaluator["id"], "scope": "agent", "agent_id": agent["id"]}
    assert sandbox.post("/evaluator-bindings", body, 400)["error"] == "bad_request"
    sandbox.run(agent, sandbox.scenario("mock:completed"))
    sandbox.wait()
    assert sandbox.evaluations(evaluator_id=evaluator["id"]) == []
    assert sandbox.get(f"/evaluator-bindings/{binding['id']}") == binding


@pytest.mark.rule("feather", 91)
def test_rule_091_only_is_critical_of_a_binding_changes(sandbox: Sandbox) -> None:
    agent, other = sandbox.agent(), sandbox.agent()
    binding = sandbox.bind(sandbox.evaluator(), agent=agent)
    path = f"/evaluator-bindings/{binding['id']}"
    reply = sandbox.patch(path, {}, 422)
    assert _fault(reply) == (["body", "is_critical"], "missing")
    changed = sandbox.patch(path, {"is_critical": True, "agent_id": other["id"]})
    assert changed == {**binding, "is_critical": True}
    assert sandbox.get(path) == changed


@pytest.mark.rule("feather", 91)
def test_rule_091_equal_bindings_may_exist_and_go_one_by_one(sandbox: Sandbox) -> None:
    agent, evaluator = sandbox.agent(), sandbox.evaluator()
    first, second = (sandbox.bind(evaluator, agent=agent) for _ in range(2))
    assert first["id"] != second["id"]
    sandbox.delete(f"/evaluator-bindings/{first['id']}")
    sandbox.get(f"/evaluator-bindings/{first['id']}", 404)
    sandbox.delete(f"/evaluator-bindings/{first['id']}", 404)
    assert sandbox.get("/evaluator-bindings", agent_id=agent["id"])["items"] == [second]


@pytest.mark.rule("feather", 91)
def test_rule_091_evaluations_outlive_the_binding(sandbox: Sandbox) -> None:
    evaluation = sandbox.evaluated()
    (binding,) = sandbox.get("/evaluator-bindings", agent_id=evaluation["agent_id"])["items"]
    sandbox.delete(f"/evaluator-bindings/{binding['id']}")
    assert sandbox.evaluations(session_id=evaluation["session_id"]) == [evaluation]


@pytest.mark.rule("feather", 39)
def test_rule_039_filters_of_evaluators_and_bindings_combine(sandbox: Sandbox) -> None:
    agent, scenario = sandbox.agent(), sandbox.scenario()
    rows = [sandbox.evaluator(tags=["a", kind], kind=kind) for kind in KINDS]
    assert sandbox.get("/evaluators", tag="a")["items"] == _newest(*rows)
    assert sandbox.get("/evaluators", tag="a", kind=KINDS[0])["items"] == rows[:1]
    assert sandbox.get("/evaluators", tag=KINDS[1], kind=KINDS[0])["items"] == []
    first, second = sandbox.bind(rows[0], agent=agent), sandbox.bind(rows[1], agent=agent)
    third = sandbox.bind(rows[0], scenario=scenario)
    bindings = "/evaluator-bindings"
    assert sandbox.get(bindings, agent_id=agent["id"])["items"] == _newest(second, first)
    assert sandbox.get(bindings, scenario_id=scenario["id"])["items"] == [third]
    query = {"evaluator_id": rows[0]["id"]}
    assert sandbox.get(bindings, **query)["items"] == _newest(third, first)
    assert sandbox.get(bindings, **query, scope="agent")["items"] == [first]
    assert sandbox.get(bindings, **query, agent_id=UNKNOWN)["items"] == []


KINDS = ("deterministic", "model_judge")


def _newest(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["created_at"], row["id"]), reverse=True)


@pytest.mark.rule("feather", 7)
def test_rule_007_another_organizations_evaluators_are_unknown(
    sandbox: Sandbox, server: MockServer
) -> None:
    evaluator = sandbox.evaluator()
    other = server.client_for("mock-other")
    for method, path in (("GET", ""), ("PATCH", ""), ("POST", "/archive")):
        reply = other.request(method, f"/v1/evaluators/{evaluator['id']}{path}", json={})
        assert reply.status_code == 404
        assert reply.json()["error"] == "not_found"


@pytest.mark.rule("feather", 36)
def test_rule_036_pages_of_evaluators_have_no_gaps_and_no_repeats(sandbox: Sandbox) -> None:
    rows = [sandbox.evaluator(tags=["paged"]) for _ in range(5)]
    seen, cursor = [], None
    while True:
        query = {} if cursor is None else {"cursor": cursor}
        page = sandbox.get("/evaluators", tag="paged", limit=2, **query)
        seen += page["items"]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        sandbox.wait(1)
        sandbox.evaluator(tags=["paged"])
        if cursor is None:
            break
    assert seen == _newest(*rows)
