"""Rules 18 to 30 of Speechify: tests and folders; and agents, for which there are few rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.speechify.sandbox import CONFIGS, FOLDERS, TESTS, Json, Sandbox

USER = {"role": "user", "content": "Hi."}
ASSISTANT = {"role": "assistant", "content": "Hello."}


def _ids(page: Json) -> set[str]:
    return {test["id"] for test in page["tests"]}


@pytest.mark.rule("speechify", 18)
def test_rule_18_create_needs_name_type_config(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    body = {"name": "T", "type": "reply", "config": CONFIGS["reply"]}
    test = sandbox.post_test(agent, body)
    assert test["description"] == ""
    assert (test["agent_id"], test["folder_id"]) == (agent["id"], None)
    assert test["created_at"] == test["updated_at"]
    assert sandbox.get(f"{TESTS}/{test['id']}") == test
    for name in body:
        lacking = {key: value for key, value in body.items() if key != name}
        error = sandbox.refused("POST", f"/agents/{agent['id']}/tests", 400, json=lacking)
        assert name in error["fields"]


@pytest.mark.rule("speechify", 19)
@pytest.mark.parametrize("kind", CONFIGS)
def test_rule_19_config_has_the_shape_that_type_names(sandbox: Sandbox, kind: str) -> None:
    agent = sandbox.agent()
    made = sandbox.test(agent, kind=kind)
    assert CONFIGS[kind].items() <= made["config"].items()
    for shape, config in CONFIGS.items():
        if shape != kind:
            body = {"name": "T", "type": kind, "config": config}
            for method, path in (
                ("POST", f"/agents/{agent['id']}/tests"),
                ("PATCH", f"{TESTS}/{made['id']}"),
            ):
                error = sandbox.refused(method, path, 400, json=body)
                assert error["code"] == "validation_failed"
                assert all(name.startswith("config") for name in error["fields"])


@pytest.mark.rule("speechify", 19)
@pytest.mark.parametrize(
    ("kind", "broken", "place"),
    [
        ("reply", {"success_criteria": 5}, "config.success_criteria"),
        ("reply", {"success_examples": "x"}, "config.success_examples"),
        ("reply", {"initial_chat_history": [{"role": "robot"}]}, "config.initial_chat_history.0"),
        ("tool", {"expected_tool": None}, "config.expected_tool"),
        ("tool", {"parameter_checks": [{"path": "a"}]}, "config.parameter_checks.0.mode"),
        ("simulation", {"max_turns": 0}, "config.max_turns"),
        ("simulation", {"max_turns": 1.5}, "config.max_turns"),
        ("simulation", {"data_assertions": [5]}, "config.data_assertions.0"),
    ],
)
def test_rule_19_the_parts_of_a_config_are_looked_at_in_patch_too(
    sandbox: Sandbox, kind: str, broken: Json, place: str
) -> None:
    agent = sandbox.agent()
    config = {**CONFIGS[kind], **broken}
    body = {"name": "T", "type": kind, "config": config}
    created = sandbox.refused("POST", f"/agents/{agent['id']}/tests", 400, json=body)
    assert any(name.startswith(place) for name in created["fields"])
    test = sandbox.test(agent, kind=kind)
    patched = sandbox.refused("PATCH", f"{TESTS}/{test['id']}", 400, json={"config": config})
    assert any(name.startswith(("config", place)) for name in patched["fields"])
    assert sandbox.get(f"{TESTS}/{test['id']}") == test


@pytest.mark.rule("speechify", 20)
@pytest.mark.parametrize("kind", ["reply", "tool"])
@pytest.mark.parametrize(
    ("history", "expect"),
    [(None, 400), ([], 400), ([USER, ASSISTANT], 400), ([USER], 201), ([ASSISTANT, USER], 201)],
)
def test_rule_20_without_context_the_history_ends_with_the_user(
    sandbox: Sandbox, kind: str, history: Any, expect: int
) -> None:
    config = {name: value for name, value in CONFIGS[kind].items() if name != "context"}
    if history is not None:
        config = {**config, "initial_chat_history": history}
    path = f"/agents/{sandbox.agent()['id']}/tests"
    reply = sandbox.send("POST", path, json={"name": "T", "type": kind, "config": config})
    assert reply.status_code == expect
    if expect == 400:
        assert reply.json()["error"]["fields"].keys() == {"config.context"}


@pytest.mark.rule("speechify", 21)
def test_rule_21_no_expected_tool_means_that_none_is_called(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    config = {"context": "Nice weather.", "expected_tool": ""}
    good = sandbox.run(sandbox.test(agent, "passed", "tool", config=config))
    bad = sandbox.run(sandbox.test(agent, "failed", "tool", config=config))
    sandbox.wait()
    calm, eager = (sandbox.read(run)["result"]["tool_call"] for run in (good, bad))
    assert (calm["tool_called"], calm["tool_matched"], calm["passed"]) == ("", True, True)
    assert eager["tool_called"] != ""
    assert (eager["tool_matched"], eager["passed"]) == (False, False)


@pytest.mark.rule("speechify", 22)
def test_rule_22_a_simulation_has_5_turns_unless_told(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    assert sandbox.test(agent, kind="simulation")["config"]["max_turns"] == 5
    told = sandbox.test(agent, kind="simulation", config={"scenario": "x", "max_turns": 2})
    assert told["config"]["max_turns"] == 2
    run = sandbox.run(told)
    sandbox.wait()
    assert sandbox.read(run)["result"]["simulation"]["turns_used"] <= 2


@pytest.mark.rule("speechify", 23)
def test_rule_23_patch_leaves_what_is_absent_and_replaces_configs_whole(sandbox: Sandbox) -> None:
    agent, folder = sandbox.agent(), sandbox.folder("F")
    mocks = {"strategy": "all", "no_match_behavior": "skip", "mocks": []}
    test = sandbox.test(agent, tool_mock_config=mocks, folder_id=folder["id"])
    path = f"{TESTS}/{test['id']}"
    renamed = sandbox.patch(path, {"name": "New", "type": "tool", "variables": {"a": 1}})
    assert renamed == {**test, "name": "New", "updated_at": renamed["updated_at"]}
    config = {"context": "", "success_criteria": "Other."}
    fewer = {"strategy": "none", "no_match_behavior": "skip"}
    changed = sandbox.patch(path, {"config": config, "tool_mock_config": fewer})
    assert (changed["config"], changed["tool_mock_config"]) == (config, fewer)
    assert changed["folder_id"] == folder["id"]
    assert sandbox.patch(path, {"folder_id": None})["folder_id"] is None
    sandbox.refused("PATCH", path, 400, json={"folder_id": "folder_x"})


@pytest.mark.rule("speechify", 24)
def test_rule_24_patch_moves_updated_at_only(sandbox: Sandbox) -> None:
    test = sandbox.test(sandbox.agent())
    sandbox.wait(5)
    changed = sandbox.patch(f"{TESTS}/{test['id']}", {"name": "New"})
    assert changed["created_at"] == test["created_at"]
    assert changed["updated_at"] > test["updated_at"]
    assert sandbox.patch(f"{TESTS}/{test['id']}", {})["updated_at"] == changed["updated_at"]


@pytest.mark.rule("speechify", 25)
def test_rule_25_a_deleted_test_takes_its_runs_along(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    test, other = sandbox.test(agent), sandbox.test(agent)
    single, shared = sandbox.run(test), sandbox.post(f"/agents/{agent['id']}/tests/runs")
    alone = sandbox.post(f"{TESTS}/runs/batch", {"entries": [{"test_id": test["id"]}]})
    sandbox.wait()
    sandbox.delete(f"{TESTS}/{test['id']}")
    sandbox.get(f"{TESTS}/{test['id']}", 404)
    sandbox.get(f"{TESTS}/{test['id']}/runs", 404)
    sandbox.get(f"{TESTS}/runs/{single['id']}", 404)
    left = sandbox.read_suite(shared["suite_run"])
    assert ([run["test_id"] for run in left["runs"]], left["total"]) == ([other["id"]], 1)
    sandbox.get(f"/agents/tests/suite-runs/{alone['suite_run']['id']}", 404)
    sandbox.delete(f"{TESTS}/{test['id']}", 404)


@pytest.mark.rule("speechify", 26)
def test_rule_26_a_deleted_agent_takes_its_tests_but_not_their_runs(sandbox: Sandbox) -> None:
    agent = sandbox.agent("Gone soon")
    test = sandbox.test(agent)
    single, all_ = sandbox.run(test), sandbox.post(f"/agents/{agent['id']}/tests/runs")
    sandbox.wait()
    before = sandbox.read(single)
    sandbox.delete(f"/agents/{agent['id']}")
    sandbox.get(f"/agents/{agent['id']}", 404)
    sandbox.get(f"{TESTS}/{test['id']}", 404)
    assert test["id"] not in _ids(sandbox.get(TESTS, limit=200))
    assert sandbox.read(single) == before
    suite = sandbox.read_suite(all_["suite_run"])
    assert (suite["total"], suite["agent_id"], suite["agent_name"]) == (1, agent["id"], None)
    assert suite["runs"][0]["agent_name"] == "Gone soon"
    assert suite["runs"][0]["test_name"] == test["name"]


@pytest.mark.rule("speechify", 27)
def test_rule_27_filters_combine(sandbox: Sandbox) -> None:
    one, two = sandbox.agent("One"), sandbox.agent("Two")
    folder = sandbox.folder("F")
    fine = sandbox.test(one, "passed", name="Refund politely", folder_id=folder["id"])
    bad = sandbox.test(one, "failed", "tool", description="About a refund. mock:failed")
    broken = sandbox.test(two, "errored", "simulation")
    waiting = sandbox.test(two, "stuck")
    for test in (fine, bad, broken, waiting):
        sandbox.run(test)
    sandbox.wait()
    agents = f"{one['id']},{two['id']}"

    def found(**query: str) -> set[str]:
        return _ids(sandbox.get(TESTS, **{"agent_id": agents, "limit": 200, **query}))

    def these(*tests: Json) -> set[str]:
        return {test["id"] for test in tests}

    assert found() == these(fine, bad, broken, waiting)
    assert found(agent_id=one["id"]) == these(fine, bad)
    assert found(type="tool, simulation") == these(bad, broken)
    assert found(status="completed") == these(fine, bad)
    assert found(status="failed,running") == these(broken, waiting)
    assert found(verdict="failed") == these(bad)
    assert found(status="completed,failed", verdict="passed") == these(fine)
    assert found(status="failed", verdict="failed") == set()
    assert found(folder_id=folder["id"]) == these(fine)
    assert found(folder_id="root") == these(bad, broken, waiting)
    assert found(q="REFUND") == these(fine, bad)
    assert found(q="refund", type="tool") == these(bad)
    assert found(agent_id="agent_x") == set()
    assert found(status="") == found()
    sandbox.wait(1)
    mark = sandbox.patch(f"{TESTS}/{bad['id']}", {"name": "Changed"})["updated_at"]
    sandbox.wait(1)
    sandbox.patch(f"{TESTS}/{fine['id']}", {"name": "Changed later"})
    assert found(updated_after=mark) == these(fine)
    assert found(updated_after=bad["updated_at"]) == these(fine, bad)


@pytest.mark.rule("speechify", 28)
def test_rule_28_a_test_that_never_ran_has_no_last_run(sandbox: Sandbox) -> None:
    agent = sandbox.agent()
    fresh, used = sandbox.test(agent), sandbox.test(agent)
    first = sandbox.run(used)
    sandbox.wait(1)
    newest = sandbox.run(used)
    listed = {test["id"]: test for test in sandbox.get(f"/agents/{agent['id']}/tests")["tests"]}
    assert listed[fresh["id"]]["last_run"] is None
    assert listed[used["id"]]["last_run"]["id"] == newest["id"] != first["id"]
    every = "pending,running,completed,failed,cancelled"
    for query in ({"status": every}, {"verdict": "passed,failed"}):
        sandbox.wait()
        assert _ids(sandbox.get(TESTS, agent_id=agent["id"], **query)) == {used["id"]}


@pytest.mark.rule("speechify", 29)
def test_rule_29_folders_nest_3_deep_at_most(sandbox: Sandbox) -> None:
    one = sandbox.folder("1")
    two = sandbox.folder("2", one)
    three = sandbox.folder("3", two)
    assert three["parent_folder_id"] == two["id"]
    sandbox.folder("4", three, 400)
    sandbox.folder("?", {"id": "folder_x"}, 400)
    top = sandbox.folder("top")
    sandbox.patch(f"{FOLDERS}/{one['id']}", {"parent_folder_id": top["id"]}, 400)
    moved = sandbox.patch(f"{FOLDERS}/{two['id']}", {"parent_folder_id": top["id"], "name": "II"})
    assert (moved["parent_folder_id"], moved["name"]) == (top["id"], "II")


@pytest.mark.rule("speechify", 29)
def test_rule_29_a_move_never_makes_a_cycle(sandbox: Sandbox) -> None:
    one = sandbox.folder("1")
    two = sandbox.folder("2", one)
    for target in (one, two):
        error = sandbox.patch(f"{FOLDERS}/{one['id']}", {"parent_folder_id": target["id"]}, 400)
        assert error["error"]["code"] == "bad_request"
    assert sandbox.patch(f"{FOLDERS}/{two['id']}", {"parent_folder_id": None})
    assert sandbox.patch(f"{FOLDERS}/{one['id']}", {"parent_folder_id": two["id"]})


@pytest.mark.rule("speechify", 30)
def test_rule_30_what_was_in_a_deleted_folder_returns_to_the_root(sandbox: Sandbox) -> None:
    outer = sandbox.folder("outer")
    inner = sandbox.folder("inner", outer)
    test = sandbox.test(sandbox.agent(), folder_id=outer["id"])
    deep = sandbox.test(sandbox.agent(), folder_id=inner["id"])
    sandbox.delete(f"{FOLDERS}/{outer['id']}")
    assert sandbox.get(f"{TESTS}/{test['id']}")["folder_id"] is None
    assert sandbox.get(f"{TESTS}/{deep['id']}")["folder_id"] == inner["id"]
    folders = {row["id"]: row for row in sandbox.get(FOLDERS, limit=200)["folders"]}
    assert outer["id"] not in folders
    assert folders[inner["id"]]["parent_folder_id"] is None
    sandbox.delete(f"{FOLDERS}/{outer['id']}", 404)
    sandbox.patch(f"{FOLDERS}/{outer['id']}", {"name": "again"}, 404)
    sandbox.folder("inside nothing", outer, 400)


def test_an_agent_is_filled_patched_and_listed(sandbox: Sandbox) -> None:
    agent = sandbox.agent("Night desk", llm={"model": "gpt-4.1", "provider": "openai"})
    assert agent["slug"].startswith("night-desk-")
    assert (agent["language"], agent["is_public"], agent["webhook_secret_set"]) == (
        "en",
        False,
        False,
    )
    assert agent["llm"]["temperature"] == 0.5
    sandbox.wait(1)
    patch = {"llm": {"temperature": 0.1}, "webhook_secret": "s", "max_call_duration_seconds": 60}
    patch |= {"slug": "other", "allowed_origins": ["https://a.example"]}
    changed = sandbox.patch(f"/agents/{agent['id']}", patch)
    assert changed["llm"] == {**agent["llm"], "temperature": 0.1}
    assert changed["webhook_secret_set"] is True
    assert "webhook_secret" not in changed
    assert changed["slug"] == agent["slug"]
    assert changed["updated_at"] > agent["updated_at"]
    cleared = sandbox.patch(f"/agents/{agent['id']}", {"max_call_duration_seconds": None})
    assert cleared["max_call_duration_seconds"] is None
    assert sandbox.get("/agents", limit=1)["agents"][0] == cleared


def test_a_slug_belongs_to_one_agent(sandbox: Sandbox) -> None:
    first = sandbox.agent(slug="desk")
    body = {"name": "B", "prompt": "", "first_message": "", "tts": {"voice_id": "a"}}
    error = sandbox.refused("POST", "/agents", 400, json={**body, "slug": first["slug"]})
    assert error["fields"] == {"slug": "is taken"}
