"""A clock is a value: its time follows from it and the real time, and never goes back."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.engine.clock import Clock
from mockserver.engine.timestamps import LATEST, SECOND, parse, render, seconds
from mockserver.errors import BadRequest

hermetic = settings(derandomize=True, database=None, deadline=None)
START = parse("2026-01-01T00:00:00Z")

orders = st.one_of(
    st.builds(lambda n: {"advance": n}, st.floats(0, 1e6) | st.integers(0, 10**6)),
    st.builds(lambda n: {"set": render(START + n)}, st.integers(0, 10**14)),
    st.builds(lambda n: {"speed": n}, st.floats(0, 1000)),
)


@hermetic
@given(
    st.sampled_from(["real", "manual"]),
    st.lists(st.tuples(st.integers(0, 10**9), orders), max_size=8),
)
def test_time_never_goes_back(mode: Any, steps: list[tuple[int, Any]]) -> None:
    real, clock = 0, Clock(mode, START, 0)
    shown = clock.now(real)
    for passed, order in steps:
        real += passed
        assert clock.now(real) >= shown
        shown = clock.now(real)
        with suppress(BadRequest):
            clock = clock.change(real, order)
        assert clock.now(real) >= shown
        shown = clock.now(real)


@hermetic
@given(st.integers(0, 10**12), st.floats(0, 1e6))
def test_advance_adds_exactly(real: int, amount: float) -> None:
    clock = Clock("real", START, 0)
    assert clock.advance(real, amount).now(real) == clock.now(real) + seconds(amount)


def test_a_manual_clock_stands_still() -> None:
    clock = Clock("manual", START, 0)
    assert clock.now(10 * SECOND) == START
    assert clock.advance(10 * SECOND, 2.5).now(99 * SECOND) == START + 2_500_000


def test_a_real_clock_runs_at_its_speed() -> None:
    clock = Clock("real", START, 0).run_at(10 * SECOND, 60)
    assert clock.now(10 * SECOND) == START + 10 * SECOND
    assert clock.now(11 * SECOND) == START + 70 * SECOND
    assert clock.run_at(11 * SECOND, 0).now(999 * SECOND) == START + 70 * SECOND


def test_a_speed_sets_a_manual_clock_going() -> None:
    clock = Clock("manual", START, 0).run_at(5 * SECOND, 2)
    assert clock.describe(6 * SECOND) == {
        "now": "2026-01-01T00:00:02.000000Z",
        "mode": "real",
        "speed": 2,
    }


def test_several_orders_at_once_are_obeyed_in_turn() -> None:
    clock = Clock("manual", START, 0)
    changed = clock.change(0, {"set": "2026-01-02T00:00:00Z", "advance": 5})
    assert render(changed.now(0)) == "2026-01-02T00:00:00.000000Z"


@pytest.mark.parametrize(
    "order",
    [
        None,
        [],
        {},
        {"advance": -1},
        {"advance": "5"},
        {"advance": True},
        {"advance": float("inf")},
        {"advance": float("nan")},
        {"advance": 1e12},
        {"advance": 5e11},
        {"set": "2025-12-31T23:59:59Z"},
        {"set": "tomorrow"},
        {"set": 5},
        {"set": None},
        {"speed": -1},
        {"speed": 1e7},
        {"speed": None},
        {"back": 5},
        {"advance": 5, "hurry": True},
    ],
)
def test_a_bad_order_is_refused(order: Any) -> None:
    with pytest.raises(BadRequest):
        Clock("manual", START, 0).change(0, order)


@pytest.mark.parametrize("amount", [1e300, 1e12, 5e11, float("inf"), 10**400])
def test_too_far_ahead_is_not_called_back(amount: float) -> None:
    with pytest.raises(BadRequest, match="does not go beyond the year 9999"):
        Clock("manual", START, 0).change(0, {"advance": amount})


@pytest.mark.parametrize("amount", [-1, -1e300, float("-inf"), -(10**400)])
def test_a_negative_advance_goes_back(amount: float) -> None:
    with pytest.raises(BadRequest, match="never goes back"):
        Clock("manual", START, 0).change(0, {"advance": amount})


def test_a_year_has_four_digits() -> None:
    assert render(parse("0001-01-01T00:00:00Z")) == "0001-01-01T00:00:00.000000Z"
    assert render(parse("0999-12-31T23:59:59.000007Z")) == "0999-12-31T23:59:59.000007Z"


@hermetic
@given(st.integers(0, LATEST))
def test_an_instant_survives_its_spelling(instant: int) -> None:
    text = render(instant)
    assert parse(text) == instant
    assert len(text) == len("2026-01-01T00:00:00.000000Z")


@hermetic
@given(st.integers(0, LATEST), st.integers(0, LATEST))
def test_spellings_sort_as_instants_do(one: int, other: int) -> None:
    assert (render(one) < render(other)) == (one < other)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-01-01T01:30:00+01:30", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00Z"),
        ("2025-12-31T23:59:60Z", "2026-01-01T00:00:00Z"),
        ("2025-12-31T23:59:60.5+00:00", "2026-01-01T00:00:00.5Z"),
    ],
)
def test_other_spellings_of_an_instant(text: str, same: str) -> None:
    assert parse(text) == parse(same)
