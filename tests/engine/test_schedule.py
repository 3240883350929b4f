"""A job's state is a function of its schedule and the time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.engine.jobs import Lifecycle, cut, ends, entered, state_at

hermetic = settings(derandomize=True, database=None, deadline=None)
STATES = ("waiting", "busy", "paused", "done", "broken")
JOB = Lifecycle(
    "job",
    "waiting",
    {
        "waiting": ("busy", "broken"),
        "busy": ("paused", "done", "broken"),
        "paused": ("busy",),
        "done": (),
        "broken": (),
    },
)


@st.composite
def schedules(draw: st.DrawFn) -> list[list[Any]]:
    """Steps in chronological order; two may share an instant."""
    gaps = draw(st.lists(st.integers(0, 5), min_size=1, max_size=6))
    at, steps = 100, []
    for gap in gaps:
        at += gap
        steps.append([draw(st.sampled_from(STATES)), at])
    return steps


instants = st.integers(90, 140)


@hermetic
@given(schedules(), instants)
def test_the_state_is_that_of_the_last_step_that_has_come(
    schedule: list[list[Any]], now: int
) -> None:
    past = [state for state, at in schedule if at <= now]
    assert state_at(schedule, now) == (past[-1] if past else schedule[0][0])


@hermetic
@given(schedules(), instants, instants)
def test_what_has_been_entered_stays_entered(
    schedule: list[list[Any]], first: int, second: int
) -> None:
    early, late = sorted((first, second))
    for wanted in ({"busy"}, set(JOB.terminal)):
        before, after = entered(schedule, wanted, early), entered(schedule, wanted, late)
        assert before is None or before == after
        assert after is None or after <= late


@hermetic
@given(schedules(), instants, instants)
def test_a_cut_keeps_the_past_and_fixes_the_future(
    schedule: list[list[Any]], now: int, other: int
) -> None:
    stopped = cut(schedule, "broken", now)
    assert ends(stopped) == now
    assert stopped[:-1] == [step for step in schedule if step[1] <= now]
    assert state_at(stopped, max(now, other)) == "broken"
    if other < now and schedule[0][1] <= other:
        assert state_at(stopped, other) == state_at(schedule, other)


@hermetic
@given(schedules(), instants)
def test_a_cut_changes_nothing_of_what_it_was_given(schedule: list[list[Any]], now: int) -> None:
    before = [list(step) for step in schedule]
    stopped = cut(schedule, "broken", now)
    stopped[0][0] = "changed"
    assert schedule == before


@pytest.mark.parametrize(
    ("now", "state"), [(0, "waiting"), (9, "waiting"), (10, "busy"), (29, "busy"), (30, "done")]
)
def test_a_state_begins_at_its_instant(now: int, state: str) -> None:
    assert state_at([["waiting", 5], ["busy", 10], ["done", 30]], now) == state


def test_a_lifecycle_is_a_table() -> None:
    assert JOB.terminal == {"done", "broken"}
    assert JOB.is_terminal("done")
    assert not JOB.is_terminal("busy")
    assert JOB.allows("paused", "busy")
    assert not JOB.allows("done", "busy")
    assert not JOB.allows("unknown", "busy")
