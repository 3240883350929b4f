"""Runs with children: the derived status, cancel, and the latest attempts."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.engine.jobs import (
    Derivation,
    Lifecycle,
    cancelled,
    is_open,
    latest,
    scheduled,
    settled,
    state_at,
)

hermetic = settings(derandomize=True, database=None, deadline=None)
JOB = Lifecycle(
    "job",
    "new",
    {"new": ("busy",), "busy": ("good", "bad"), "good": (), "bad": (), "cancelled": ()},
)
FAIR = Derivation(
    (
        ("all", frozenset({"new"}), "new"),
        ("any", frozenset({"new", "busy"}), "busy"),
        ("any", frozenset({"cancelled"}), "cancelled"),
    ),
    "ended",
)
states = st.sampled_from(["new", "busy", "good", "bad", "cancelled"])


@hermetic
@given(st.lists(states))
def test_the_first_line_that_holds_decides(children: list[str]) -> None:
    if children and all(state == "new" for state in children):
        expected = "new"
    elif any(state in ("new", "busy") for state in children):
        expected = "busy"
    else:
        expected = "cancelled" if "cancelled" in children else "ended"
    assert FAIR.of(children) == expected
    assert FAIR.of(reversed(children)) == FAIR.of(children * 2) == expected


ways = st.sampled_from(["good", "bad", None])


def job(way: str | None, waits: int, lasts: int) -> dict[str, Any]:
    steps = [["new", 0], ["busy", waits]]
    return scheduled({"id": "j"}, steps + ([[way, waits + lasts]] if way else []), JOB)


jobs = st.builds(job, ways, st.integers(1, 9), st.integers(1, 9))
instants = st.integers(0, 25)


@hermetic
@given(jobs)
def test_the_outcome_is_the_planned_end(row: dict[str, Any]) -> None:
    end = state_at(row["schedule"], 100)
    assert row["outcome"] == (end if JOB.is_terminal(end) else None)
    assert row["open"] is True


@hermetic
@given(jobs, instants, instants)
def test_a_cancelled_job_stays_what_it_is(row: dict[str, Any], now: int, later: int) -> None:
    if not is_open(row, JOB, now):
        assert JOB.is_terminal(state_at(row["schedule"], now + later))
        return
    stopped = cancelled(row, JOB, now)
    assert (stopped["outcome"], stopped["open"]) == ("cancelled", False)
    assert not is_open(stopped, JOB, now)
    assert state_at(stopped["schedule"], now + later) == "cancelled"
    assert stopped["schedule"][:-1] == [step for step in row["schedule"] if step[1] <= now]


@hermetic
@given(jobs, instants)
def test_settling_shows_nowhere_but_in_the_index(row: dict[str, Any], now: int) -> None:
    assert settled(row) == {**row, "open": False}


@hermetic
@given(st.lists(st.integers(0, 4)))
def test_the_latest_attempts_are_one_a_slot_and_in_its_order(slots: list[int]) -> None:
    children = [{"slot": slot, "n": n} for n, slot in enumerate(slots)]
    found = list(latest(children))
    assert [row["slot"] for row in found] == list(dict.fromkeys(slots))
    for row in found:
        assert row["n"] == max(n for n, slot in enumerate(slots) if slot == row["slot"])
