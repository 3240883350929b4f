"""Rules 41 to 44: agents and revisions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.feather.sandbox import Sandbox

UNKNOWN = "00000000-0000-4000-8000-000000000000"
FULL: dict[str, Any] = {
    "persona": "Kind",
    "system_prompt": "Be kind.",
    "global_skill_ids": [UNKNOWN],
    "context_variables": [{"name": "order", "type": "string"}],
    "variable_defaults": {"order": "none"},
    "channel_specific_config": {"voice": {"first_speaking_config": {"text": "Hello"}}},
    "router_config_id": UNKNOWN,
    "model_settings": {"model": "m", "config": {"temperature": 0.5}},
    "kb_clearance_level": 2,
    "kb_audience_tags": ["staff"],
}

rule = pytest.mark.rule


@rule("feather", 41)
def test_rule_041_a_name_is_enough_and_the_first_revision_is_active(sandbox: Sandbox) -> None:
    agent = sandbox.post("/agents", {"name": "A"})
    assert agent["active_revision"]["id"] == agent["active_revision_id"]
    assert agent["active_revision"]["agent_id"] == agent["id"]
    assert (agent["release_gate_mode"], agent["release_gate_max_failures"]) == ("off", 0)
    assert agent["release_suite_id"] is agent["description"] is None
    assert sandbox.get(f"/agents/{agent['id']}") == agent
    revision = sandbox.get(f"/agents/revisions/{agent['active_revision_id']}")
    assert revision == agent["active_revision"]
    assert sandbox.get(f"/agents/{agent['id']}/revisions")["items"] == [revision]


@rule("feather", 41)
def test_rule_041_what_is_sent_goes_to_the_first_revision(sandbox: Sandbox) -> None:
    agent = sandbox.post("/agents", {"name": "A", "description": "d", **FULL})
    revision = agent["active_revision"]
    for name, value in FULL.items():
        if name not in ("context_variables", "channel_specific_config", "model_settings"):
            assert revision[name] == value
    assert revision["context_variables"][0]["source"] == "derived"
    speaking = revision["channel_specific_config"]["voice"]["first_speaking_config"]
    assert (speaking["text"], speaking["first_speaker"]) == ("Hello", "agent")
    assert revision["model_settings"]["config"]["temperature"] == 0.5
    assert (agent["description"], revision["description"]) == ("d", None)


@rule("feather", 41)
def test_rule_041_list_rows_do_not_embed_the_revision(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    row = next(row for row in sandbox.get("/agents")["items"] if row["id"] == agent["id"])
    assert "active_revision" not in row
    assert row["active_revision_id"] == agent["active_revision_id"]


@rule("feather", 41)
def test_rule_041_nulls_are_as_good_as_absent(sandbox: Sandbox) -> None:
    nulls: dict[str, None] = dict.fromkeys([*FULL, "description", "metadata"])
    agent = sandbox.post("/agents", {"name": "A", **nulls})
    assert agent["metadata"] == {}
    assert agent["active_revision"]["kb_audience_tags"] == []


@rule("feather", 42)
def test_rule_042_an_update_is_partial(sandbox: Sandbox) -> None:
    suite = sandbox.suite(sandbox.scenario())
    agent = sandbox.post("/agents", {"name": "A", "description": "d", "metadata": {"a": 1}})
    path = f"/agents/{agent['id']}"
    changes = {"release_suite_id": suite["id"], "release_gate_max_failures": 3}
    changed = sandbox.put(path, {**changes, "release_gate_mode": "blocking"})
    assert changed == {**agent, **changes, "release_gate_mode": "blocking"}
    assert sandbox.put(path, {"name": "B"}) == {**changed, "name": "B"}
    cleared = sandbox.put(path, {"release_suite_id": None, "name": None, "metadata": None})
    assert cleared == {**changed, "name": "B", "release_suite_id": None}
    assert sandbox.put(path, {"description": None})["description"] is None
    sandbox.put(path, {"release_gate_max_failures": -1}, 422)
    sandbox.put(path, {"release_gate_mode": "x"}, 422)
    assert sandbox.put(path, {"release_gate_max_failures": 0})["release_gate_max_failures"] == 0
    sandbox.put(f"/agents/{UNKNOWN}", {}, 404)


@rule("feather", 43)
def test_rule_043_a_new_revision_is_not_active(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    path = f"/agents/{agent['id']}/revisions"
    revision = sandbox.post(path, {"name": "r2", "description": "d", **FULL})
    assert revision["agent_id"] == agent["id"]
    assert (revision["description"], revision["system_prompt"]) == ("d", "Be kind.")
    assert sandbox.get(f"/agents/{agent['id']}") == agent
    assert {row["id"] for row in sandbox.get(path)["items"]} == {
        revision["id"],
        agent["active_revision_id"],
    }


@rule("feather", 43)
def test_rule_043_unset_fields_are_copied_from_the_base(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    path = f"/agents/{agent['id']}/revisions"
    tools = [{"kind": "api", "id": "t", "input_defaults": {"city": {"value": "Rome"}}}]
    extra = {"tool_refs": tools, "policies_enabled": False, "policy_refs": [{"policy_id": UNKNOWN}]}
    base = sandbox.post(path, {"name": "base", **FULL, **extra})
    assert base["tool_refs"][0]["input_defaults"]["city"] == {"value": "Rome", "type": "default"}
    sent = {"name": "next", "system_prompt": "Be brief.", "kb_clearance_level": None}
    derived = sandbox.post(path, {**sent, "based_on_revision_id": base["id"]})
    own = {"id", "created_at", "updated_at", *sent}
    assert derived.items() >= sent.items()
    for name in base.keys() - own:
        assert derived[name] == base[name], name


@rule("feather", 43)
def test_rule_043_activating_a_revision(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    revision = sandbox.post(f"/agents/{agent['id']}/revisions", {"name": "r2"})
    sandbox.wait(1)
    body = {"revision_id": revision["id"], "bypass_release_gate": True, "override_reason": "x"}
    assert sandbox.post(f"/agents/{agent['id']}/set-active-revision", body, 200) == revision
    shown = sandbox.get(f"/agents/{agent['id']}")
    assert shown["active_revision"] == revision
    assert shown["updated_at"] > agent["updated_at"]
    other = sandbox.agent()["active_revision_id"]
    sandbox.post(f"/agents/{agent['id']}/set-active-revision", {"revision_id": other}, 404)
    assert sandbox.get(f"/agents/{agent['id']}") == shown


@rule("feather", 44)
def test_rule_044_a_deleted_agent_is_gone_and_its_runs_stay(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    run = sandbox.run(agent, sandbox.scenario("mock:completed"))
    path = f"/agents/{agent['id']}"
    sandbox.delete(path, 409)
    assert sandbox.get(path) == agent
    sandbox.wait()
    ended = sandbox.get(f"/simulation/runs/{run['id']}")
    sandbox.delete(path)
    sandbox.get(path, 404)
    sandbox.get(path + "/revisions", 404)
    sandbox.get(f"/agents/revisions/{agent['active_revision_id']}", 404)
    sandbox.delete(path, 404)
    assert sandbox.get(f"/simulation/runs/{run['id']}") == ended
    assert sandbox.get("/simulation/runs", agent_id=agent["id"])["items"] == [ended]


@rule("feather", 44)
def test_rule_044_a_cancel_frees_the_agent(sandbox: Sandbox) -> None:
    suite_run = sandbox.batch("mock:stuck", "mock:completed")
    path = f"/agents/{suite_run['agent_id']}"
    sandbox.wait()
    sandbox.delete(path, 409)
    sandbox.cancel(suite_run)
    sandbox.delete(path)


@rule("feather", 6)
def test_rule_006_who_am_i(sandbox: Sandbox) -> None:
    me = sandbox.get("/identity/whoami")
    assert me == sandbox.get("/identity/whoami")
    assert sandbox.agent()["active_revision"]["created_by"] == me["user_id"]
    assert sandbox.tenant("mock-else").get("/identity/whoami")["user_id"] != me["user_id"]
