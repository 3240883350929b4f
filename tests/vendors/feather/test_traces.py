"""Rules 35, 115 and 116: traces and recordings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.vendors.feather.sandbox import Sandbox

UNKNOWN = "00000000-0000-4000-8000-000000000000"
Json = dict[str, Any]


def _run(sandbox: Sandbox, tag: str = "mock:completed", **fields: Any) -> Json:
    return sandbox.run(sandbox.agent(), sandbox.scenario(tag), **fields)


def _trace(sandbox: Sandbox, run: Json, **query: Any) -> list[Json]:
    return list(sandbox.get(f"/simulation/runs/{run['id']}/trace", **query)["steps"])


@pytest.mark.rule("feather", 35)
def test_rule_035_a_trace_has_pages_of_its_own_kind(sandbox: Sandbox) -> None:
    run = _run(sandbox)
    sandbox.wait()
    path = f"/simulation/runs/{run['id']}/trace"
    whole = sandbox.get(path, category="all")
    assert whole.keys() == {"steps", "next_cursor"}
    assert whole["next_cursor"] is None
    for limit in (1, 3, len(whole["steps"])):
        seen: list[Json] = []
        query: Json = {"limit": limit, "category": "all"}
        while True:
            page = sandbox.get(path, **query)
            seen += page["steps"]
            if page["next_cursor"] is None:
                break
            assert len(page["steps"]) == limit
            query["cursor"] = page["next_cursor"]
        assert seen == whole["steps"]
    for limit, kind in ((0, "greater_than_equal"), (1001, "less_than_equal")):
        reply = sandbox.get(path, 422, limit=limit)
        assert reply["detail"][0]["type"] == kind
    sandbox.get(path, limit=1000)


@pytest.mark.rule("feather", 37)
def test_rule_037_a_cursor_belongs_to_one_trace(sandbox: Sandbox) -> None:
    first, second = _run(sandbox), _run(sandbox)
    sandbox.wait()
    path = f"/simulation/runs/{first['id']}/trace"
    cursor = sandbox.get(path, limit=1)["next_cursor"]
    sandbox.get(path, cursor=cursor)
    for other, query in (
        (f"/simulation/runs/{second['id']}/trace", {}),
        (path, {"category": "all"}),
        (path, {"turn_id": UNKNOWN}),
    ):
        assert sandbox.get(other, 400, cursor=cursor, **query)["error"] == "bad_request"
    assert sandbox.get(path, 400, cursor="garbage")["error"] == "bad_request"


@pytest.mark.rule("feather", 115)
def test_rule_115_a_run_that_has_not_started_has_no_steps(sandbox: Sandbox) -> None:
    run = _run(sandbox)
    empty = {"steps": [], "next_cursor": None}
    assert sandbox.get(f"/simulation/runs/{run['id']}/trace") == empty
    sandbox.get(f"/simulation/runs/{UNKNOWN}/trace", 404)


@pytest.mark.rule("feather", 115)
def test_rule_115_steps_are_added_at_the_end_and_never_change(sandbox: Sandbox) -> None:
    run = _run(sandbox)
    before: list[Json] = []
    while sandbox.get(f"/simulation/runs/{run['id']}")["status"] != "completed":
        sandbox.wait(1)
        after = _trace(sandbox, run, category="all")
        assert after[: len(before)] == before
        before = after
    run = sandbox.get(f"/simulation/runs/{run['id']}")
    moments = [step["started_at"] for step in before]
    assert moments == sorted(moments)
    assert (moments[0], moments[-1]) == (run["started_at"], run["finished_at"])
    assert [before[0]["kind"], before[-1]["kind"]] == ["session_started", "session_ended"]
    for step in before:
        assert step["started_at"] <= step["ended_at"] <= run["finished_at"]


@pytest.mark.rule("feather", 115)
def test_rule_115_a_turns_trace_is_the_trace_of_that_turn(sandbox: Sandbox) -> None:
    run = _run(sandbox)
    sandbox.wait()
    everything = _trace(sandbox, run, category="all")
    turns = dict.fromkeys(step["turn_id"] for step in everything if step["turn_id"])
    assert len(turns) > 3
    for turn in turns:
        path = f"/simulation/runs/{run['id']}/turns/{turn}/trace"
        expected = [step for step in everything if step["turn_id"] == turn]
        assert sandbox.get(path, category="all")["steps"] == expected
        assert _trace(sandbox, run, category="all", turn_id=turn) == expected
    sandbox.get(f"/simulation/runs/{run['id']}/turns/{UNKNOWN}/trace", 404)
    assert _trace(sandbox, run, turn_id=UNKNOWN) == []


@pytest.mark.rule("feather", 115)
@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ("mock:completed", "Succeeded"),
        ("mock:failed", "Failed"),
        ("mock:budget_exceeded", "Failed"),
    ],
)
def test_rule_115_the_last_step_says_how_it_ended(sandbox: Sandbox, tag: str, status: str) -> None:
    run = _run(sandbox, tag)
    sandbox.wait()
    run = sandbox.get(f"/simulation/runs/{run['id']}")
    last = _trace(sandbox, run)[-1]
    assert (last["kind"], last["status"]) == ("session_ended", status)
    assert last["summary"] == run["error_text"]


@pytest.mark.rule("feather", 115)
def test_rule_115_a_cancelled_conversation_stops_where_it_was(sandbox: Sandbox) -> None:
    agent, suite = sandbox.agent(), sandbox.suite(sandbox.scenario("mock:stuck"))
    batch = sandbox.post(f"/sim-suites/{suite['id']}/runs", {"agent_id": agent["id"]})
    (run,) = batch["runs"]
    sandbox.wait(5)
    before = _trace(sandbox, run)
    sandbox.post(f"/sim-suites/{suite['id']}/runs/{batch['id']}/cancel", None, 200)
    after = _trace(sandbox, run)
    assert len(before) > 1
    assert after[:-1] == before
    assert (after[-1]["kind"], after[-1]["status"]) == ("session_ended", "Skipped")
    sandbox.wait()
    assert _trace(sandbox, run) == after


@pytest.mark.rule("feather", 116)
def test_rule_116_the_product_category_is_the_default(sandbox: Sandbox) -> None:
    run = _run(sandbox)
    sandbox.wait()
    product = _trace(sandbox, run, category="product")
    engineering = _trace(sandbox, run, category="engineering")
    assert _trace(sandbox, run) == product
    assert {step["kind"] for step in engineering} == {"model_call"}
    everything = _trace(sandbox, run, category="all")
    assert len(everything) == len(product) + len(engineering)
    assert [step for step in everything if step["kind"] != "model_call"] == product


@pytest.mark.rule("feather", 116)
def test_rule_116_only_voice_runs_are_recorded(sandbox: Sandbox) -> None:
    for channel, recorded in (("text", False), ("voice", True)):
        run = _run(sandbox, channel=channel)
        sandbox.wait()
        run = sandbox.get(f"/simulation/runs/{run['id']}")
        assert (run["recording_id"] is not None) is recorded
        assert (run["recording_status"] is not None) is recorded


@pytest.mark.rule("feather", 62)
def test_rule_062_prepared_tool_answers_show_in_the_trace(sandbox: Sandbox) -> None:
    overrides = {"find_order": {"output": {"id": 7}, "delay_ms": 250}, "refund": {"error": "no"}}
    run = _run(sandbox, tool_overrides=overrides)
    sandbox.wait()
    calls = [step for step in _trace(sandbox, run) if step["kind"] == "tool_call"]
    assert [(step["details"]["tool"], step["status"]) for step in calls] == [
        ("find_order", "Succeeded"),
        ("refund", "Failed"),
    ]
    assert [step["summary"] for step in calls] == ['{"id":7}', "no"]
    assert calls[0]["duration_ms"] >= 250
