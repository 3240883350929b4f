"""Rules 51 to 57: suites and items."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.feather.sandbox import Json, Sandbox, path_of

UNKNOWN = "00000000-0000-4000-8000-000000000000"

rule = pytest.mark.rule


def pairs(suite: Json) -> list[tuple[Any, Any]]:
    return [(item["persona_id"], item["scenario_id"]) for item in suite["items"]]


@rule("feather", 51)
def test_rule_051_a_suite_comes_with_its_items(sandbox: Sandbox) -> None:
    suite = sandbox.post("/sim-suites", {"name": "n"})
    assert (suite["items"], suite["is_active"], suite["description"]) == ([], True, None)
    suite = sandbox.suite(sandbox.scenario(), sandbox.scenario())
    assert len({item["id"] for item in suite["items"]}) == 2
    for item in suite["items"]:
        assert item["suite_id"] == suite["id"]
        assert item["created_at"] == suite["created_at"]
    assert sandbox.get(f"/sim-suites/{suite['id']}") == suite
    assert suite in sandbox.get("/sim-suites")["items"]
    sandbox.post("/sim-suites", {"name": ""}, 422)
    sandbox.post("/sim-suites", {"name": "x" * 256}, 422)


@rule("feather", 51)
def test_rule_051_all_or_nothing(sandbox: Sandbox) -> None:
    before = sandbox.get("/sim-suites")
    pair = {"persona_id": sandbox.persona()["id"], "scenario_id": sandbox.scenario()["id"]}
    items = [pair, {**pair, "scenario_id": UNKNOWN}]
    sandbox.post("/sim-suites", {"name": "n", "items": items}, 400)
    assert sandbox.get("/sim-suites") == before


@rule("feather", 52)
def test_rule_052_the_same_twice(sandbox: Sandbox) -> None:
    scenario = sandbox.scenario()
    pair = {"persona_id": sandbox.persona()["id"], "scenario_id": scenario["id"]}
    suites = [sandbox.post("/sim-suites", {"name": "n", "items": [pair] * 60}) for _ in range(2)]
    for suite in suites:
        assert len({item["id"] for item in suite["items"]}) == 60
    assert len(sandbox.dispatch(suites[0], sandbox.agent())["runs"]) == 60


@rule("feather", 53)
def test_rule_053_an_update_does_not_touch_items(sandbox: Sandbox) -> None:
    suite = sandbox.suite(sandbox.scenario())
    path = f"/sim-suites/{suite['id']}"
    changes = {"name": "m", "description": "d", "is_active": False}
    assert sandbox.put(path, {**changes, "items": []}) == {**suite, **changes}
    sandbox.put(path, {"items": "nonsense"})
    sandbox.put(f"/sim-suites/{UNKNOWN}", changes, 404)


@rule("feather", 54)
def test_rule_054_items_are_added_changed_removed(sandbox: Sandbox) -> None:
    suite = sandbox.suite(sandbox.scenario())
    path = f"/sim-suites/{suite['id']}"
    pair = {"persona_id": sandbox.persona()["id"], "scenario_id": sandbox.scenario()["id"]}
    sandbox.wait(1)
    item = sandbox.post(path + "/items", pair)
    assert item.items() >= {**pair, "suite_id": suite["id"]}.items()
    shown = sandbox.get(path)
    assert shown["items"] == [*suite["items"], item]
    other = sandbox.scenario()["id"]
    changed = sandbox.put(f"{path}/items/{item['id']}", {"scenario_id": other})
    assert changed == {**item, "scenario_id": other}
    assert sandbox.get(path)["items"] == [*suite["items"], changed]
    sandbox.delete(f"{path}/items/{item['id']}")
    assert sandbox.get(path)["items"] == suite["items"]
    sandbox.delete(f"{path}/items/{item['id']}", 404)
    sandbox.put(f"{path}/items/{item['id']}", {}, 404)


@rule("feather", 54)
def test_rule_054_an_item_has_one_suite(sandbox: Sandbox) -> None:
    one, other = sandbox.suite(sandbox.scenario()), sandbox.suite(sandbox.scenario())
    wrong = f"/sim-suites/{other['id']}/items/{one['items'][0]['id']}"
    sandbox.put(wrong, {}, 404)
    sandbox.delete(wrong, 404)
    pair = {name: one["items"][0][name] for name in ("persona_id", "scenario_id")}
    sandbox.post(f"/sim-suites/{UNKNOWN}/items", pair, 404)
    assert sandbox.get(f"/sim-suites/{one['id']}") == one


@rule("feather", 55)
def test_rule_055_items_do_not_touch_runs(sandbox: Sandbox) -> None:
    suite = sandbox.suite(sandbox.scenario("mock:failed"), sandbox.scenario("mock:completed"))
    suite_run = sandbox.dispatch(suite, sandbox.agent())
    path = f"/sim-suites/{suite['id']}/items"
    sandbox.put(f"{path}/{suite['items'][0]['id']}", {"scenario_id": sandbox.scenario()["id"]})
    sandbox.delete(f"{path}/{suite['items'][1]['id']}")
    pair = {name: suite["items"][0][name] for name in ("persona_id", "scenario_id")}
    sandbox.post(path, pair)
    assert sandbox.again(suite_run) == suite_run


@rule("feather", 56)
def test_rule_056_a_clone_is_independent(sandbox: Sandbox) -> None:
    suite = sandbox.suite(*(sandbox.scenario() for _ in range(4)))
    sandbox.dispatch(suite, sandbox.agent())
    path = f"/sim-suites/{suite['id']}"
    suite = sandbox.put(path, {"description": "d", "is_active": False})
    clone = sandbox.post(path + "/clone", {"name": "copy"})
    assert (clone["name"], clone["description"], clone["is_active"]) == ("copy", "d", False)
    assert clone["id"] != suite["id"]
    assert pairs(clone) == pairs(suite)
    assert not {item["id"] for item in clone["items"]} & {item["id"] for item in suite["items"]}
    assert sandbox.get(f"/sim-suites/{clone['id']}/runs")["items"] == []
    assert sandbox.get(path) == suite
    sandbox.delete(f"/sim-suites/{clone['id']}/items/{clone['items'][0]['id']}")
    assert sandbox.get(path) == suite
    sandbox.delete(path)
    assert len(sandbox.get(f"/sim-suites/{clone['id']}")["items"]) == 3


@rule("feather", 56)
def test_rule_056_the_description_of_a_clone(sandbox: Sandbox) -> None:
    suite = sandbox.post("/sim-suites", {"name": "n", "description": "d"})
    path = f"/sim-suites/{suite['id']}/clone"
    for sent, shown in (({}, "d"), ({"description": None}, None), ({"description": "e"}, "e")):
        assert sandbox.post(path, {"name": "c", **sent})["description"] == shown
    sandbox.post(path, {}, 422)


@rule("feather", 57)
def test_rule_057_a_deleted_suite_takes_its_paths_along(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    suite = sandbox.suite(sandbox.scenario("mock:completed"), sandbox.scenario("mock:stuck"))
    sandbox.put(f"/agents/{agent['id']}", {"release_suite_id": suite["id"]})
    suite_run = sandbox.dispatch(suite, agent)
    path = f"/sim-suites/{suite['id']}"
    item = f"{path}/items/{suite['items'][0]['id']}"
    sandbox.wait(4)
    sandbox.delete(path)
    for method, place in (
        ("GET", path),
        ("DELETE", path),
        ("GET", path + "/runs"),
        ("GET", path_of(suite_run)),
        ("POST", path_of(suite_run) + "/cancel"),
        ("POST", path_of(suite_run) + "/retry-failed"),
        ("DELETE", item),
    ):
        sandbox.call(method, place, 404)
    sandbox.put(path, {"name": "n"}, 404)
    sandbox.post(path + "/clone", {"name": "n"}, 404)
    sandbox.post(path + "/runs", {"agent_id": agent["id"]}, 404)
    assert sandbox.get(f"/agents/{agent['id']}")["release_suite_id"] is None
    shown = {row["id"] for row in sandbox.get("/simulation/runs")["items"]}
    assert shown >= {run["id"] for run in suite_run["runs"]}
    sandbox.wait()
    states = [sandbox.get(f"/simulation/runs/{run['id']}")["status"] for run in suite_run["runs"]]
    assert states == ["completed", "running"]
