"""The page about TrueState agrees with the code (for its diagrams see
tests/vendors/test_pages.py)."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from mockserver.vendors.truestate.session_rows import CANCELLED, OUTCOMES, Orders
from mockserver.vendors.truestate.tables import (
    FAILING,
    MOST_STEPS,
    SECONDS,
    SECONDS_BEFORE_START,
    SLOW,
)

PAGE = (Path(__file__).parents[3] / "docs" / "apis" / "truestate.md").read_text("utf-8")


@pytest.mark.parametrize("kind", SECONDS)
def test_every_type_says_how_long_it_runs(kind: str) -> None:
    low, high = (f"{bound:g}" for bound in SECONDS[kind])
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {kind} |"))
    assert f"{low} to {high}" in line


def test_every_switch_is_named() -> None:
    for field in fields(Orders):
        assert f"| `{field.name}` |" in PAGE
    for outcome in OUTCOMES:
        assert f"`{outcome}`" in PAGE


def test_figures_and_texts_are_those_of_the_code() -> None:
    start = " to ".join(f"{bound:g}" for bound in SECONDS_BEFORE_START)
    assert f"after {start} in NEW" in PAGE
    assert f"{FAILING:.0%}".replace("%", " %") in PAGE
    assert f"walked {MOST_STEPS} steps" in PAGE
    assert f'"{CANCELLED}"' in PAGE
    assert SLOW == 10
    assert "ten times as long" in PAGE
