"""Sessions of any version follow the tables."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver import MockServer
from mockserver.engine.jobs import Lifecycle
from mockserver.vendors.truestate.tables import MOST_STEPS, SECONDS, SESSION, SESSION_STEP
from tests.vendors.truestate.sandbox import Json, Sandbox, step, way

HERMETIC = settings(derandomize=True, database=None, deadline=None, max_examples=40)
KINDS = [kind for kind in SECONDS if kind != "START"]


@st.composite
def graphs(draw: st.DrawFn) -> Json:
    """Any valid version, including cycles and dead ends."""
    kinds = ["START", *draw(st.lists(st.sampled_from(KINDS), max_size=6))]
    steps = [step(f"s{n}", kind, text="${s1.result}") for n, kind in enumerate(kinds)]
    ways = []
    for source in steps:
        most = 3 if source["step_type"] == "LOGIC_DECISION" else 1
        targets = st.lists(st.sampled_from(steps[1:]), max_size=most) if steps[1:] else st.just([])
        ways += [way(source, target, f"way {n}") for n, target in enumerate(draw(targets))]
    return {"steps": steps, "step_transitions": ways}


actions = st.lists(
    st.one_of(
        st.floats(0, 60).map(lambda seconds: ("wait", seconds)),
        st.text(max_size=5).map(lambda text: ("answer", text)),
        st.just(("cancel", None)),
        st.just(("wait", 3600.0)),
    ),
    max_size=12,
)


@HERMETIC
@given(graph=graphs(), todo=actions, mock=st.sampled_from([None, "finished", "failed", "stuck"]))
def test_sessions_walk_by_the_tables(
    server: MockServer, graph: Json, todo: list[tuple[str, Any]], mock: str | None
) -> None:
    sandbox = Sandbox(server)
    session = sandbox.session(sandbox.automation(graph), outcome=mock)
    before = sandbox.live(session)
    _check(before, graph)
    for what, value in todo:
        if what == "wait":
            sandbox.wait(value)
        elif what == "cancel":
            sandbox.cancel(session)
        else:
            waits = before["status"] == "WAITING_FOR_USER_INPUT"
            sandbox.answer(session, value, 200 if waits else 409)
        after = sandbox.live(session)
        _check(after, graph)
        _compare(before, after)
        before = after


def _check(session: Json, graph: Json) -> None:
    assert 1 <= session["steps_count"] == len(session["steps"]) <= MOST_STEPS
    assert session["current_step"] == session["steps"][-1]
    *done, current = session["steps"]
    assert all(each["status"] == "FINISHED" for each in done)
    assert session["status"] == (
        "RUNNING" if done and current["status"] == "NEW" else current["status"]
    )
    assert (session["error"] is not None) == (session["status"] == "FAILED")
    assert session["error"] == current["error"]
    assert session["updated_at"] == current["updated_at"]
    assert session["steps"][0]["created_at"] == session["created_at"]
    ways = {(each["source_step_id"], each["target_step_id"]) for each in graph["step_transitions"]}
    for one, two in pairwise(session["steps"]):
        assert (one["step"]["id"], two["step"]["id"]) in ways
        assert one["updated_at"] == two["created_at"]


def _compare(before: Json, after: Json) -> None:
    """The past stays; changes follow the tables."""
    if before["status"] in SESSION.terminal:
        assert after == before
    assert _leads(SESSION, before["status"], after["status"])
    for one, two in zip(before["steps"], after["steps"], strict=False):
        assert one["id"] == two["id"]
        assert _leads(SESSION_STEP, one["status"], two["status"])
        assert one["prompt"] == two["prompt"]
    assert len(after["steps"]) >= len(before["steps"])
    assert after["updated_at"] >= before["updated_at"]


def _leads(table: Lifecycle, before: str, after: str) -> bool:
    """Whether transitions of the table lead from one state to the other."""
    reached = {before}
    while following := {to for state in reached for to in table.moves[state]} - reached:
        reached |= following
    return after in reached


@HERMETIC
@given(graph=graphs())
def test_both_namings_tell_of_one_truth(server: MockServer, graph: Json) -> None:
    sandbox = Sandbox(server)
    session = sandbox.session(sandbox.automation(graph))
    for seconds in (0, 2, 7, 3600):
        sandbox.wait(seconds)
        plain, live = sandbox.again(session), sandbox.live(session)
        assert live.pop("flow_version")["flow_id"] == plain.pop("automation_id")
        for one, two in zip(live["steps"], plain["steps"], strict=True):
            assert one.pop("user_input") is None
            _same_state(one, two)
        live.pop("current_step")
        plain.pop("current_step")
        _same_state(live, plain)


def _same_state(live: Json, plain: Json) -> None:
    words = {"WAITING_FOR_USER_INPUT": "RUNNING"}
    assert words.get(live["status"], live["status"]) == plain["status"]
    assert {**live, "status": "", "steps": []} == {**plain, "status": "", "steps": []}


def test_both_namings_list_the_same(sandbox: Sandbox) -> None:
    plain, live = sandbox.get("/automations/"), sandbox.get("/live_flows/")
    for one, two in zip(plain, live, strict=True):
        assert [each["id"] for each in sandbox.get(f"/automations/{one['id']}/sessions/")] == [
            each["id"] for each in two["sessions"]
        ]
        assert sandbox.get(f"/live_flows/{one['id']}/") == two
        assert sandbox.get(f"/live_flows/{one['id']}/sessions/") == two["sessions"]
        assert one["current_version"].pop("automation_id") == one["id"]
        assert two["current_version"].pop("flow_id") == one["id"]
        assert {**one, "sessions": two["sessions"]} == two


@pytest.mark.parametrize("key", ["mock-a", "mock-b"])
def test_the_same_seed_gives_the_same_walk(key: str) -> None:
    shown = []
    for _ in range(2):
        with MockServer("truestate", clock="manual", seed=3, key=key) as server:
            sandbox = Sandbox(server)
            session = sandbox.session(sandbox.automation({
                "steps": [step("s", "START"), step("w", "LLM_CALL")],
                "step_transitions": [way(step("s", "START"), step("w", "LLM_CALL"))],
            }))  # fmt: skip
            sandbox.wait()
            shown.append(sandbox.again(session))
    assert shown[0] == shown[1]
