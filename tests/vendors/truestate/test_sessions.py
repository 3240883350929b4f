"""Rules 11 to 20 and 27: sessions and their course."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from mockserver.vendors.truestate.tables import MOST_STEPS, SECONDS
from tests.vendors.truestate.sandbox import (
    ASK,
    DOCUMENTED,
    LONG,
    PAINT,
    START,
    THINK,
    Sandbox,
    chain,
    names,
    step,
    way,
)

STATES = {"NEW", "RUNNING", "FINISHED", "FAILED"}
TYPES = tuple(SECONDS)
TALK = chain(START, THINK, ASK, PAINT)


@pytest.mark.rule("truestate", 11)
@pytest.mark.parametrize("outcome", ["finished", "failed", "stuck"])
def test_rule_11_four_states_for_sessions_and_steps(sandbox: Sandbox, outcome: str) -> None:
    session = sandbox.session(sandbox.automation(TALK), outcome=outcome, at="paint")
    seen = set()
    for turn in range(60):
        now = sandbox.again(session)
        seen |= {now["status"], *(each["status"] for each in now["steps"])}
        if turn == 30 and sandbox.live(session)["status"] == "WAITING_FOR_USER_INPUT":
            sandbox.answer(session, "red")
        sandbox.wait(0.6)
    assert seen <= STATES
    assert seen >= {"NEW", "RUNNING", "FINISHED"}
    assert ("FAILED" in seen) == (outcome == "failed")


@pytest.mark.rule("truestate", 12)
@pytest.mark.parametrize("kind", TYPES)
def test_rule_12_a_step_of_each_type_is_taken_and_walked(sandbox: Sandbox, kind: str) -> None:
    assert len(TYPES) == 10
    tried = step("tried", kind)
    graph = chain(tried) if kind == "START" else chain(START, tried)
    session = sandbox.session(sandbox.automation(graph))
    sandbox.wait()
    if kind == "GET_USER_INPUT":
        sandbox.answer(session, "red")
        sandbox.wait()
    session = sandbox.again(session)
    assert session["status"] == "FINISHED"
    assert session["steps"][-1]["step"]["step_type"] == kind


@pytest.mark.rule("truestate", 12)
def test_rule_12_there_is_no_other_type(sandbox: Sandbox) -> None:
    for kind in ("END", "start", "", None):
        sandbox.automation({"steps": [{**START, "step_type": kind}], "step_transitions": []}, 422)


@pytest.mark.rule("truestate", 13)
def test_rule_13_the_fields_of_a_session(sandbox: Sandbox) -> None:
    automation = sandbox.automation(chain(START, THINK))
    session = sandbox.session(automation, {"a": 1})
    assert session.keys() == {
        *("id", "automation_id", "inputs", "error", "status", "created_at", "updated_at"),
        *("steps", "steps_count", "current_step"),
    }
    assert session["automation_id"] == automation["id"]
    for each in sandbox.passing(session, 12, 0.4):
        assert each["steps_count"] == len(each["steps"])
        assert each["current_step"] == each["steps"][-1]
        assert each["created_at"] == session["created_at"] <= each["updated_at"]


@pytest.mark.rule("truestate", 14)
def test_rule_14_a_step_of_a_session_has_a_snapshot_of_its_definition(sandbox: Sandbox) -> None:
    session = sandbox.ended(chain(START, THINK))
    automation = sandbox.get(f"/automations/{session['automation_id']}/")
    definitions = automation["current_version"]["steps"]
    assert [each["step"] for each in session["steps"]] == definitions
    for each in session["steps"]:
        assert each.keys() == {
            *("id", "status", "prompt", "result", "error", "step", "created_at", "updated_at")
        }
        assert each["created_at"] < each["updated_at"]
    body = {"name": "", "description": "", "current_version": chain(START, PAINT)}
    sandbox.call("PUT", f"/automations/{automation['id']}/", json=body)
    assert sandbox.again(session) == session


@pytest.mark.rule("truestate", 15)
@pytest.mark.parametrize(("outcome", "end"), [("finished", "FINISHED"), ("failed", "FAILED")])
def test_rule_15_new_then_running_then_ended_for_good(
    sandbox: Sandbox, outcome: str, end: str
) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK)), outcome=outcome)
    assert (session["status"], session["error"]) == ("NEW", None)
    words = [each["status"] for each in sandbox.passing(session, 15, 0.1)]
    assert [word for word, _ in _runs(words)] == ["NEW", "RUNNING", end]
    ended = sandbox.again(session)
    sandbox.wait(86_400 * 400)
    assert sandbox.again(session) == ended


@pytest.mark.rule("truestate", 15)
def test_rule_15_steps_go_one_after_the_other(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK, PAINT)))
    for each in sandbox.passing(session, 25, 0.1):
        *done, current = each["steps"]
        assert {before["status"] for before in done} <= {"FINISHED"}
        assert each["updated_at"] == current["updated_at"]
        for earlier, later in pairwise(each["steps"]):
            assert earlier["updated_at"] == later["created_at"]


@pytest.mark.rule("truestate", 15)
def test_rule_15_reading_changes_nothing(sandbox: Sandbox) -> None:
    automation = sandbox.automation(TALK)
    read, unread = sandbox.session(automation), sandbox.session(automation)
    for _ in range(20):
        sandbox.again(read)
    assert sandbox.again(read) == read
    assert unread["status"] == sandbox.again(unread)["status"] == "NEW"


@pytest.mark.rule("truestate", 16)
def test_rule_16_a_question_waits_for_its_answer(sandbox: Sandbox) -> None:
    session = sandbox.ended(TALK)
    assert names(session) == ["begin", "think", "ask"]
    assert (session["status"], session["current_step"]["status"]) == ("RUNNING", "RUNNING")
    live = sandbox.live(session)
    assert live["status"] == live["current_step"]["status"] == "WAITING_FOR_USER_INPUT"
    sandbox.wait(86_400 * 30)
    assert sandbox.live(session) == live
    assert sandbox.answer(session, "red")["status"] == "RUNNING"
    assert sandbox.live(session)["status"] == "RUNNING"
    sandbox.wait()
    ended = sandbox.live(session)
    assert ended["status"] == "FINISHED"
    assert [each["status"] for each in ended["steps"]] == ["FINISHED"] * 4


@pytest.mark.rule("truestate", 16)
def test_rule_16_live_flows_take_the_answer_too(sandbox: Sandbox) -> None:
    session = sandbox.ended(chain(START, ASK))
    path = sandbox.live_path(session) + "/user_input"
    live = sandbox.call("PATCH", path, json={"user_input": "blue"})
    assert live["status"] == "RUNNING"
    assert live["current_step"]["user_input"] == "blue"
    sandbox.wait()
    assert sandbox.live(session)["current_step"]["result"] == "blue"


@pytest.mark.rule("truestate", 16)
def test_rule_16_who_does_not_wait_takes_no_input(sandbox: Sandbox) -> None:
    automation = sandbox.automation(chain(START, ASK, THINK))
    session = sandbox.session(automation)
    for _ in ("NEW", "RUNNING", "FINISHED"):
        if sandbox.live(session)["status"] == "WAITING_FOR_USER_INPUT":
            sandbox.answer(session, "red")
        refused = sandbox.answer(session, "again", 409)
        assert isinstance(refused["detail"], str)
        sandbox.wait()
    assert sandbox.live(session)["steps"][1]["user_input"] == "red"


@pytest.mark.rule("truestate", 16)
def test_rule_16_every_question_is_asked(sandbox: Sandbox) -> None:
    """A looping conversation continues until the maximum number of steps."""
    graph = chain(START, ASK, THINK)
    graph["step_transitions"].append(way(THINK, ASK))
    session = sandbox.session(sandbox.automation(graph))
    answers = 0
    while sandbox.again(session)["status"] not in ("FINISHED", "FAILED"):
        sandbox.wait()
        if sandbox.live(session)["status"] == "WAITING_FOR_USER_INPUT":
            sandbox.answer(session, f"{answers}")
            answers += 1
    ended = sandbox.live(session)
    heard = [each["user_input"] for each in ended["steps"] if each["user_input"] is not None]
    assert heard == [str(number) for number in range(answers)]
    assert ended["status"] == "FAILED"
    assert ended["steps_count"] == MOST_STEPS


@pytest.mark.rule("truestate", 17)
@pytest.mark.parametrize("at", ["begin", "think", "paint"])
def test_rule_17_an_error_in_a_step_fails_the_session(sandbox: Sandbox, at: str) -> None:
    session = sandbox.ended(chain(START, THINK, PAINT), outcome="failed", at=at)
    *done, last = session["steps"]
    assert last["step"]["name"] == at
    assert (session["status"], last["status"], last["result"]) == ("FAILED", "FAILED", None)
    assert session["error"] == last["error"]
    assert at in session["error"]
    assert [each["error"] for each in done] == [None] * len(done)


@pytest.mark.rule("truestate", 17)
def test_rule_17_some_sessions_fail_by_themselves(sandbox: Sandbox) -> None:
    automation = sandbox.automation(chain(START, *(step(f"s{n}", "PYTHON") for n in range(8))))
    for _ in range(60):
        sandbox.call("POST", f"/automations/{automation['id']}/sessions/")
    sandbox.wait()
    ended = sandbox.get(f"/automations/{automation['id']}/sessions/")
    failed = [each for each in ended if each["status"] == "FAILED"]
    assert 0 < len(failed) < 40
    assert all(each["error"] for each in failed)
    assert all(each["error"] is None for each in ended if each not in failed)


@pytest.mark.rule("truestate", 17)
def test_rule_17_a_circle_without_end_is_an_error(sandbox: Sandbox) -> None:
    graph = chain(START, THINK, PAINT)
    graph["step_transitions"].append(way(PAINT, THINK))
    session = sandbox.ended(graph)
    assert (session["status"], session["steps_count"]) == ("FAILED", MOST_STEPS)
    assert str(MOST_STEPS) in session["error"]


@pytest.mark.rule("truestate", 18)
def test_rule_18_results_are_put_into_prompts(sandbox: Sandbox) -> None:
    session = sandbox.ended(TALK)
    sandbox.answer(session, "red")
    sandbox.wait()
    _, think, _, paint = sandbox.again(session)["steps"]
    assert paint["prompt"]["text"] == f"Paint it red, as {think['result']} says."
    assert paint["step"]["prompt_template"]["text"] == PAINT["prompt_template"]["text"]


@pytest.mark.rule("truestate", 18)
def test_rule_18_wherever_they_are_named(sandbox: Sandbox) -> None:
    nested = {"a": [{"b": "${my step.result}!"}], "c": 1, "${my step.result}": None}
    template = {"more": nested, "text": "${nobody.result} ${begin.result} ${my step.error} ${"}
    first, second = step("my step", "GET_USER_INPUT"), step("then", "LLM_CALL", **template)
    session = sandbox.ended(chain(START, first, second))
    sandbox.answer(session, "${then.result}")
    sandbox.wait()
    prompt = sandbox.again(session)["current_step"]["prompt"]
    assert prompt == {
        "type": "text",
        "more": {"a": [{"b": "${then.result}!"}], "c": 1, "${my step.result}": None},
        "text": "${nobody.result}  ${my step.error} ${",
    }


@pytest.mark.rule("truestate", 18)
def test_rule_18_of_two_steps_with_one_name_the_later_counts(sandbox: Sandbox) -> None:
    first = step("ask", "GET_USER_INPUT")
    second = {**ASK, "id": DOCUMENTED}
    session = sandbox.ended(chain(START, first, second, PAINT))
    for text in ("red", "blue"):
        sandbox.answer(session, text)
        sandbox.wait()
    assert "Paint it blue" in sandbox.again(session)["current_step"]["prompt"]["text"]


@pytest.mark.rule("truestate", 18)
def test_rule_18_a_prompt_does_not_grow_without_bounds(sandbox: Sandbox) -> None:
    greedy = step("greedy", "LLM_CALL", text="${ask.result}" * 1000)
    session = sandbox.ended(chain(START, ASK, greedy))
    answered = sandbox.client.patch(
        sandbox.path(session) + "/user_input", json={"user_input": "x" * 50_000}
    )
    assert len(answered.content) < 2_000_000
    sandbox.wait()
    assert len(sandbox.again(session)["current_step"]["prompt"]["text"]) < 1_100_000


@pytest.mark.rule("truestate", 19)
def test_rule_19_prompt_and_result_by_type(sandbox: Sandbox) -> None:
    session = sandbox.ended(TALK)
    sandbox.answer(session, "red")
    sandbox.wait()
    start, think, ask, _ = sandbox.again(session)["steps"]
    assert (start["prompt"], start["result"]) == (None, None)
    assert think["result"]
    assert ask["prompt"]["text"] == "Which colour?"
    assert ask["result"] == "red"


@pytest.mark.rule("truestate", 19)
@pytest.mark.parametrize(
    "kind", ["EMBEDDING_SEARCH", "REST_API", "PYTHON", "TEXT_TO_JSON", "DATA_TRANSFORM"]
)
def test_rule_19_data_steps_give_json(sandbox: Sandbox, kind: str) -> None:
    session = sandbox.ended(chain(START, step("data", kind)))
    assert isinstance(json.loads(session["current_step"]["result"]), dict | list)


@pytest.mark.rule("truestate", 19)
def test_rule_19_there_is_no_result_before_the_end(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK)))
    for each in sandbox.passing(session, 12, 0.3):
        for taken in each["steps"][1:]:
            assert (taken["result"] is None) == (taken["status"] != "FINISHED")


@pytest.mark.rule("truestate", 20)
def test_rule_20_sessions_do_not_see_one_another(sandbox: Sandbox) -> None:
    automation = sandbox.automation(TALK)
    sessions = [sandbox.session(automation, {"number": number}) for number in range(3)]
    sandbox.wait()
    first, second, third = sessions
    untouched = sandbox.again(third)
    sandbox.answer(first, "red")
    sandbox.cancel(second)
    sandbox.wait()
    assert sandbox.again(first)["status"] == "FINISHED"
    assert sandbox.again(second)["status"] == "FAILED"
    assert sandbox.again(third) == untouched
    results = {sandbox.again(each)["steps"][1]["result"] for each in sessions}
    ids = {taken["id"] for each in sessions for taken in sandbox.again(each)["steps"]}
    assert (len(results), len(ids)) == (3, 4 + 3 + 3)


@pytest.mark.rule("truestate", 27)
@pytest.mark.parametrize("naming", ["automations", "live_flows"])
@pytest.mark.parametrize("body", [{}, {"a": 1}, {"deep": {"list": [1, None, "x"]}, "b": None}])
def test_rule_27_the_payload_becomes_the_inputs(sandbox: Sandbox, naming: str, body: Any) -> None:
    path = f"/{naming}/{DOCUMENTED}/sessions/"
    made = sandbox.call("POST", path, json=body)
    assert made["inputs"] == body
    assert sandbox.get(f"{path}{made['id']}/") == made
    assert sandbox.call("POST", path)["inputs"] == {}
    for wrong in ([], "a", 1, None):
        sandbox.call("POST", path, 422, content=json.dumps(wrong), headers=_JSON)


@pytest.mark.rule("truestate", 27)
@pytest.mark.parametrize(
    "mock",
    [None, 1, "failed", [], {}, {"outcome": 3}, {"choose": 3, "at": 3, "slow": 3}, {"other": 1}],
)
def test_rule_27_a_strange_wish_is_ignored(sandbox: Sandbox, mock: Any) -> None:
    made = sandbox.call("POST", f"/automations/{DOCUMENTED}/sessions/", json={"mock": mock})
    assert made["inputs"] == {"mock": mock}
    assert made["status"] == "NEW"


def test_a_slow_session_takes_ten_times_as_long(sandbox: Sandbox) -> None:
    session = sandbox.session(sandbox.automation(chain(START, THINK)), slow=True)
    sandbox.wait(15)
    assert sandbox.again(session)["status"] == "RUNNING"
    sandbox.wait(100)
    assert sandbox.again(session)["status"] == "FINISHED"


def test_a_stuck_session_never_ends(sandbox: Sandbox) -> None:
    session = sandbox.ended(chain(START, THINK), outcome="stuck")
    assert session["status"] == session["current_step"]["status"] == "RUNNING"
    sandbox.wait(LONG * 24 * 400)
    assert sandbox.again(session) == session


def _runs(words: list[str]) -> list[tuple[str, int]]:
    """Consecutive equal values, counted."""
    found: list[tuple[str, int]] = []
    for word in words:
        if found and found[-1][0] == word:
            found[-1] = (word, found[-1][1] + 1)
        else:
            found.append((word, 1))
    return found


_JSON = {"content-type": "application/json"}
