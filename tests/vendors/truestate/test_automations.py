"""Rules 4 to 10: automations and their versions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.truestate.sandbox import (
    ASK,
    DECIDE,
    PAINT,
    START,
    THINK,
    UNKNOWN,
    Json,
    Sandbox,
    chain,
    names,
    step,
    way,
)

FORK = {
    "steps": [START, DECIDE, THINK, PAINT],
    "step_transitions": [
        way(START, DECIDE),
        way(DECIDE, THINK, "yes"),
        way(DECIDE, PAINT, "no"),
        way(THINK, PAINT),
    ],
}


@pytest.mark.rule("truestate", 4)
def test_rule_4_create_takes_three_fields_and_answers_200(sandbox: Sandbox) -> None:
    body = {"name": "Colours", "description": "Paints.", "current_version": chain(START)}
    made = sandbox.call("POST", "/automations/", 200, json=body)
    assert (made["name"], made["description"]) == ("Colours", "Paints.")
    for field in body:
        less = {name: value for name, value in body.items() if name != field}
        sandbox.call("POST", "/automations/", 422, json=less)


@pytest.mark.rule("truestate", 5)
def test_rule_5_step_ids_are_the_client_s(sandbox: Sandbox) -> None:
    version = sandbox.automation(FORK)["current_version"]
    sent = {each["id"]: each for each in FORK["steps"]}
    for each in version["steps"]:
        assert {name: each[name] for name in sent[each["id"]]} == sent[each["id"]]
    keys = ("source_step_id", "target_step_id", "label")
    assert [{key: each[key] for key in keys} for each in version["step_transitions"]] == (
        FORK["step_transitions"]
    )


@pytest.mark.rule("truestate", 5)
@pytest.mark.parametrize("field", ["id", "name", "step_type", "prompt_template"])
def test_rule_5_a_step_needs_all_its_fields(sandbox: Sandbox, field: str) -> None:
    less = {name: value for name, value in START.items() if name != field}
    refused = sandbox.automation({"steps": [less], "step_transitions": []}, 422)
    assert refused["detail"][0]["loc"] == ["body", "current_version", "steps", 0, field]


@pytest.mark.rule("truestate", 5)
def test_rule_5_a_label_may_be_left_out(sandbox: Sandbox) -> None:
    plain = {"source_step_id": START["id"], "target_step_id": THINK["id"]}
    graph = {"steps": [START, THINK], "step_transitions": [plain]}
    assert sandbox.automation(graph)["current_version"]["step_transitions"][0]["label"] is None


@pytest.mark.rule("truestate", 6)
def test_rule_6_the_answer_adds_ids_and_times(sandbox: Sandbox) -> None:
    made = sandbox.automation(FORK)
    version = made["current_version"]
    assert made["organisation_id"]
    assert made["created_at"] == made["updated_at"] == version["created_at"]
    assert version["automation_id"] == made["id"]
    ids = {made["id"], version["id"], *(each["id"] for each in version["step_transitions"])}
    assert len(ids) == 2 + len(FORK["step_transitions"])
    assert all(each["created_at"] == made["created_at"] for each in version["steps"])
    assert sandbox.get("/automations/")[-1] == made


@pytest.mark.rule("truestate", 6)
def test_rule_6_an_organisation_belongs_to_its_key(sandbox: Sandbox) -> None:
    other = sandbox.server.client_for("mock-other").get("/automations/").json()
    ours = {each["organisation_id"] for each in sandbox.get("/automations/")}
    theirs = {each["organisation_id"] for each in other}
    assert len(ours) == len(theirs) == 1
    assert ours != theirs


def _graph(*steps: Json, ways: list[Json] | None = None) -> Json:
    return {"steps": list(steps), "step_transitions": ways or []}


SECOND = step("second", "START")


@pytest.mark.rule("truestate", 7)
@pytest.mark.parametrize(
    ("graph", "places"),
    [
        (_graph(), [["steps"]]),
        (_graph(THINK), [["steps"]]),
        (_graph(START, SECOND), [["steps"]]),
        (_graph(START, THINK, THINK), [["steps", 2, "id"]]),
        (_graph(START, ways=[way(START, THINK)]), [["step_transitions", 0, "target_step_id"]]),
        (_graph(START, ways=[way(THINK, ASK)]), [
            ["step_transitions", 0, "source_step_id"],
            ["step_transitions", 0, "target_step_id"],
        ]),
        (_graph(START, THINK, ways=[way(THINK, START)]), [
            ["step_transitions", 0, "target_step_id"],
        ]),
        (_graph(THINK, ways=[way(THINK, ASK)]), [
            ["steps"],
            ["step_transitions", 0, "target_step_id"],
        ]),
    ],
)  # fmt: skip
def test_rule_7_a_version_that_can_t_be_walked_is_refused(
    sandbox: Sandbox, graph: Json, places: list[list[Any]]
) -> None:
    before = sandbox.get("/automations/")
    details = sandbox.automation(graph, 422)["detail"]
    assert [each["loc"] for each in details] == [["body", "current_version", *p] for p in places]
    assert {each["type"] for each in details} == {"value_error"}
    body = {"name": "", "description": "", "current_version": graph}
    sandbox.call("PUT", f"/automations/{before[0]['id']}/", 422, json=body)
    assert sandbox.get("/automations/") == before


@pytest.mark.rule("truestate", 7)
def test_rule_7_steps_out_of_reach_are_allowed(sandbox: Sandbox) -> None:
    made = sandbox.automation(_graph(START, THINK, ASK, ways=[way(THINK, ASK)]))
    session = sandbox.session(made)
    sandbox.wait()
    assert names(sandbox.again(session)) == ["begin"]


@pytest.mark.rule("truestate", 8)
@pytest.mark.parametrize("kind", ["START", "LLM_CALL", "GET_USER_INPUT", "PYTHON"])
def test_rule_8_only_one_way_leaves_a_step(sandbox: Sandbox, kind: str) -> None:
    forking = step("fork", kind)
    first = [] if kind == "START" else [START]
    ways = [way(forking, THINK), way(forking, ASK, "other")]
    details = sandbox.automation(_graph(*first, forking, THINK, ASK, ways=ways), 422)["detail"]
    where = ["body", "current_version", "step_transitions", 1, "source_step_id"]
    assert [each["loc"] for each in details] == [where]


@pytest.mark.rule("truestate", 8)
@pytest.mark.parametrize(("label", "walked"), [("yes", ["think", "paint"]), ("no", ["paint"])])
def test_rule_8_a_decision_picks_by_label_and_ways_may_meet(
    sandbox: Sandbox, label: str, walked: list[str]
) -> None:
    session = sandbox.ended(FORK, choose={"decide": label})
    assert names(session) == ["begin", "decide", *walked]
    assert session["steps"][1]["result"] == label


@pytest.mark.rule("truestate", 8)
def test_rule_8_without_a_wish_a_decision_takes_every_way(sandbox: Sandbox) -> None:
    automation = sandbox.automation(FORK)
    sessions = [sandbox.session(automation) for _ in range(40)]
    sandbox.wait()
    labels = [sandbox.again(each)["steps"][1]["result"] for each in sessions]
    assert set(labels) == {"yes", "no"}


@pytest.mark.rule("truestate", 8)
@pytest.mark.parametrize("labels", [("yes", "yes"), ("yes", None), (None, None), ("", "no")])
def test_rule_8_a_decision_needs_labels_that_differ(
    sandbox: Sandbox, labels: tuple[str | None, str | None]
) -> None:
    first, second = labels
    ways = [way(START, DECIDE), way(DECIDE, THINK, first), way(DECIDE, ASK, second)]
    details = sandbox.automation(_graph(START, DECIDE, THINK, ASK, ways=ways), 422)["detail"]
    assert {each["loc"][-1] for each in details} == {"label"}


@pytest.mark.rule("truestate", 9)
def test_rule_9_an_update_makes_a_new_current_version(sandbox: Sandbox) -> None:
    made = sandbox.automation(chain(START, ASK, THINK))
    running = sandbox.session(made)
    sandbox.wait(5)
    body = {"name": "New", "description": "Newer", "current_version": chain(START, PAINT)}
    assert sandbox.call("PUT", f"/automations/{made['id']}/", json=body) == {}
    changed = sandbox.get(f"/automations/{made['id']}/")
    assert (changed["name"], changed["description"]) == ("New", "Newer")
    assert changed["created_at"] == made["created_at"] < changed["updated_at"]
    assert changed["current_version"]["id"] != made["current_version"]["id"]
    assert [each["name"] for each in changed["current_version"]["steps"]] == ["begin", "paint"]
    sandbox.answer(running, "red")
    sandbox.wait()
    assert names(sandbox.again(running)) == ["begin", "ask", "think"]
    assert sandbox.live(running)["flow_version"]["id"] == made["current_version"]["id"]
    later = sandbox.session(made)
    sandbox.wait()
    assert names(sandbox.again(later)) == ["begin", "paint"]


@pytest.mark.rule("truestate", 9)
def test_rule_9_an_update_needs_all_three_fields(sandbox: Sandbox) -> None:
    made = sandbox.automation(chain(START))
    path = f"/automations/{made['id']}/"
    sandbox.call("PUT", path, 422, json={"name": "New"})
    body = {"name": "New", "description": "", "current_version": chain(START)}
    sandbox.call("PUT", f"/automations/{UNKNOWN}/", 404, json=body)
    assert sandbox.get(path)["name"] == made["name"]


@pytest.mark.rule("truestate", 10)
def test_rule_10_reading_one_lists_its_sessions_without_steps(sandbox: Sandbox) -> None:
    made = sandbox.automation(chain(START, THINK))
    assert sandbox.get(f"/automations/{made['id']}/") == {**made, "sessions": []}
    sessions = [sandbox.session(made), sandbox.session(made, outcome="failed")]
    sandbox.wait()
    wanted = ("id", "automation_id", "inputs", "error", "status", "created_at", "updated_at")
    full = [sandbox.again(each) for each in sessions]
    assert sandbox.get(f"/automations/{made['id']}/")["sessions"] == [
        {name: each[name] for name in wanted} for each in full
    ]


def test_a_deleted_automation_takes_its_sessions_along(sandbox: Sandbox) -> None:
    session = sandbox.ended(chain(START))
    other = sandbox.ended(chain(START))
    path = f"/automations/{session['automation_id']}/"
    assert sandbox.call("DELETE", path) == {}
    sandbox.call("DELETE", path, 404)
    sandbox.get(path, 404)
    sandbox.get(sandbox.path(session) + "/", 404)
    sandbox.get(sandbox.live_path(session) + "/", 404)
    assert sandbox.again(other) == other
