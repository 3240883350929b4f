"""Rules 45 to 50: personas and scenarios."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.files.documents import as_document
from tests.vendors.feather.sandbox import Sandbox

UNKNOWN = "00000000-0000-4000-8000-000000000000"
BEHAVIOUR = {
    "first_speaker": "agent",
    "cut_in": {"min_words": 3, "min_duration_ms": 300, "backoff_ms": 1000},
    "language": None,
    "background_noise": "none",
    "background_noise_volume": 0.3,
    "wait_seconds": 0.0,
    "yield_on_overlap": {"after_words": 2, "after_seconds": 0.5},
    "interruption_mode": "off",
    "backchannel_style": "neutral",
    "backchannel_overrides": None,
    "reaction_pause_ms_min": 200,
    "reaction_pause_ms_max": 500,
}

rule = pytest.mark.rule


@pytest.fixture(scope="module")
def lax() -> Iterator[MockServer]:
    """The vendor's original contract, whose schemas do not enforce rules 46 and 47."""
    document = as_document("feather")
    schemas = document["components"]["schemas"]
    del schemas["CannedToolResponse"]["oneOf"]
    for name, schema in schemas["PersonaUpdate"]["properties"].items():
        schemas["PersonaUpdate"]["properties"][name] = {"anyOf": [schema, {"type": "null"}]}
    with MockServer(document, clock="manual", seed=7) as server:
        yield server


@rule("feather", 45)
def test_rule_045_a_persona_comes_with_its_defaults(sandbox: Sandbox) -> None:
    persona = sandbox.post("/personas", {"name": "n", "body": "b"})
    assert persona["behavior_config"] == BEHAVIOUR
    assert (persona["is_active"], persona["traits"], persona["description"]) == (True, {}, None)
    assert persona["cloned_from_id"] is None
    assert sandbox.get(f"/personas/{persona['id']}") == persona
    behaviour = {"cut_in": {"min_words": 9}, "yield_on_overlap": {"after_words": None}}
    partly = sandbox.post("/personas", {"name": "n", "body": "b", "behavior_config": behaviour})
    assert partly["behavior_config"]["cut_in"] == {**BEHAVIOUR["cut_in"], "min_words": 9}  # type: ignore[dict-item]
    assert partly["behavior_config"]["yield_on_overlap"] == {
        "after_words": None,
        "after_seconds": 0.5,
    }


@rule("feather", 45)
def test_rule_045_the_behaviour_is_replaced_as_a_whole(sandbox: Sandbox) -> None:
    behaviour = {"wait_seconds": 2.0, "cut_in": {"backoff_ms": 5}}
    body = {"name": "n", "body": "b", "traits": {"t": 1}, "behavior_config": behaviour}
    persona = sandbox.post("/personas", body)
    path = f"/personas/{persona['id']}"
    changed = sandbox.put(path, {"behavior_config": {"language": "de"}})
    assert changed["behavior_config"] == {**BEHAVIOUR, "language": "de"}
    assert sandbox.put(path, {"name": "m"}) == {**changed, "name": "m"}
    assert sandbox.put(path, {"traits": {}})["traits"] == {}
    sandbox.put(f"/personas/{UNKNOWN}", {"name": "m"}, 404)


@rule("feather", 46)
@pytest.mark.parametrize("name", ["name", "body", "is_active", "traits", "behavior_config"])
def test_rule_046_null_is_refused(sandbox: Sandbox, lax: MockServer, name: str) -> None:
    for place in (sandbox, Sandbox(lax)):
        persona = place.persona()
        path = f"/personas/{persona['id']}"
        place.put(path, {"description": "d", name: None}, 422)
        assert place.get(path) == persona
        place.put(f"/personas/{UNKNOWN}", {name: None}, 422)


@rule("feather", 46)
def test_rule_046_null_clears_what_can_be_null_and_leaves_the_rest(sandbox: Sandbox) -> None:
    persona = sandbox.post("/personas", {"name": "n", "body": "b", "description": "d"})
    assert sandbox.put(f"/personas/{persona['id']}", {"description": None})["description"] is None
    suite = sandbox.post("/sim-suites", {"name": "n", "description": "d"})
    nulls = {"name": None, "description": None, "is_active": None}
    changed = sandbox.put(f"/sim-suites/{suite['id']}", nulls)
    assert changed == {**suite, "description": None}
    scenario = sandbox.scenario("tag")
    names = ("name", "intent", "journey", "success_criteria", "mock_world", "tags", "agent_ids")
    assert sandbox.put(f"/scenarios/{scenario['id']}", dict.fromkeys(names)) == scenario
    suite = sandbox.suite(scenario)
    item = suite["items"][0]
    path = f"/sim-suites/{suite['id']}/items/{item['id']}"
    assert sandbox.put(path, {"persona_id": None, "scenario_id": None}) == item


GOOD = [{"output": None}, {"output": {"a": [1]}, "delay_ms": 60000}, {"error": "no"}]
BAD: list[Any] = [
    {},
    {"delay_ms": 5},
    {"error": ""},
    {"error": None},
    {"output": 1, "error": "no"},
    {"output": None, "error": "no"},
]


@rule("feather", 47)
@pytest.mark.parametrize("canned", BAD)
def test_rule_047_output_or_error(sandbox: Sandbox, lax: MockServer, canned: Any) -> None:
    for place in (sandbox, Sandbox(lax)):
        suite, agent = place.suite(place.scenario()), place.agent()
        body = {"agent_id": agent["id"], "tool_overrides": {"good": {"output": 1}, "x": canned}}
        pair = {name: suite["items"][0][name] for name in ("persona_id", "scenario_id")}
        for path, more in ((f"/sim-suites/{suite['id']}/runs", {}), ("/simulation/runs", pair)):
            (entry,) = place.post(path, {**body, **more}, 422)["detail"]
            assert entry["loc"] == ["body", "tool_overrides", "x"]
            assert entry["type"] == "value_error"
        assert place.get(f"/sim-suites/{suite['id']}/runs")["items"] == []


@rule("feather", 47)
@pytest.mark.parametrize("canned", GOOD)
def test_rule_047_one_of_both(sandbox: Sandbox, lax: MockServer, canned: Any) -> None:
    for place in (sandbox, Sandbox(lax)):
        suite_run = place.batch("mock:completed", tool_overrides={"x": canned})
        assert suite_run["runs"][0]["tool_overrides"] == {"x": {"delay_ms": 0, **canned}}


@rule("feather", 47)
@pytest.mark.parametrize("delay", [-1, 60001])
def test_rule_047_delays(sandbox: Sandbox, delay: int) -> None:
    suite, agent = sandbox.suite(sandbox.scenario()), sandbox.agent()
    overrides = {"x": {"output": 1, "delay_ms": delay}}
    body = {"agent_id": agent["id"], "tool_overrides": overrides}
    sandbox.post(f"/sim-suites/{suite['id']}/runs", body, 422)


@rule("feather", 48)
def test_rule_048_scenarios(sandbox: Sandbox) -> None:
    scenario = sandbox.post("/scenarios", {"name": "n", "intent": "i"})
    assert (scenario["journey"], scenario["source"]) == ("", "manual")
    for name, empty in (("tags", []), ("agents", []), ("success_criteria", []), ("mock_world", {})):
        assert scenario[name] == empty
    for name, most in (("name", 255), ("intent", 500), ("journey", 20000)):
        body = {"name": "n", "intent": "i"}
        sandbox.post("/scenarios", {**body, name: "x" * most})
        sandbox.post("/scenarios", {**body, name: "x" * (most + 1)}, 422)
    sandbox.post("/scenarios", {"name": "n", "intent": ""}, 422)
    sandbox.post("/scenarios", {"name": "n"}, 422)


@rule("feather", 48)
def test_rule_048_sources_cannot_be_changed_later(sandbox: Sandbox) -> None:
    persona = sandbox.persona()
    drafted = {"source": "drafted", "source_brief": "b", "source_persona_id": persona["id"]}
    scenario = sandbox.post("/scenarios", {"name": "n", "intent": "i", **drafted})
    assert scenario["source_persona_name"] == persona["name"]
    other = {"source": "manual", "source_brief": "c", "source_persona_id": sandbox.persona()["id"]}
    path = f"/scenarios/{scenario['id']}"
    assert sandbox.put(path, other) == scenario
    assert sandbox.put(path, {**other, "name": "m"})["source"] == "drafted"


@rule("feather", 48)
def test_rule_048_names_of_agents_are_those_of_today(sandbox: Sandbox) -> None:
    agents = [sandbox.agent(), sandbox.agent()]
    ids = [agent["id"] for agent in agents]
    scenario = sandbox.post("/scenarios", {"name": "n", "intent": "i", "agent_ids": ids})
    path = f"/scenarios/{scenario['id']}"
    assert scenario["agents"] == [{"id": key, "name": "Concierge"} for key in ids]
    sandbox.put(f"/agents/{ids[0]}", {"name": "Renamed"})
    sandbox.delete(f"/agents/{ids[1]}")
    assert sandbox.get(path)["agents"] == [{"id": ids[0], "name": "Renamed"}]
    assert sandbox.get("/scenarios", agent_id=ids[1])["items"] == []
    assert sandbox.put(path, {"agent_ids": []})["agents"] == []


@rule("feather", 48)
def test_rule_048_the_world_is_echoed(sandbox: Sandbox) -> None:
    world = {"order": {"lines": [1, None, {"deep": True}]}}
    criteria = [{"description": "d", "output_type": "score_5", "surprise": 1}]
    body = {"name": "n", "intent": "i", "mock_world": world, "success_criteria": criteria}
    scenario = sandbox.post("/scenarios", body)
    assert scenario["mock_world"] == world
    assert scenario["success_criteria"] == [{"description": "d", "output_type": "score_5"}]


@rule("feather", 49)
def test_rule_049_inactive_ones_can_be_run(sandbox: Sandbox) -> None:
    scenario, persona = sandbox.scenario("mock:completed"), sandbox.persona()
    sandbox.put(f"/personas/{persona['id']}", {"is_active": False})
    pair = {"persona_id": persona["id"], "scenario_id": scenario["id"]}
    suite = sandbox.post("/sim-suites", {"name": "n", "is_active": False, "items": [pair]})
    agent = sandbox.agent()
    assert len(sandbox.dispatch(suite, agent)["runs"]) == 1
    sandbox.post("/simulation/runs", {"agent_id": agent["id"], **pair})


@rule("feather", 50)
@pytest.mark.parametrize(("path", "field"), [("/personas", "persona"), ("/scenarios", "scenario")])
def test_rule_050_what_is_deleted_takes_its_items_along(
    sandbox: Sandbox, path: str, field: str
) -> None:
    suite = sandbox.suite(sandbox.scenario("mock:failed"))
    keep = {"persona_id": sandbox.persona()["id"], "scenario_id": sandbox.scenario()["id"]}
    kept = sandbox.post(f"/sim-suites/{suite['id']}/items", keep)
    suite_run = sandbox.dispatch(suite, sandbox.agent())
    sandbox.wait(1)
    key = suite["items"][0][f"{field}_id"]
    sandbox.delete(f"{path}/{key}")
    sandbox.get(f"{path}/{key}", 404)
    sandbox.delete(f"{path}/{key}", 404)
    shown = sandbox.get(f"/sim-suites/{suite['id']}")
    assert shown["items"] == [kept]
    assert shown["updated_at"] > suite["updated_at"]
    sandbox.wait()
    run = sandbox.again(suite_run)["runs"][0]
    assert run[f"{field}_id"] == key
    assert run["inputs_snapshot"] == suite_run["runs"][0]["inputs_snapshot"]
    assert len(sandbox.retry(suite_run)["runs"]) >= 3
