"""The page about Feather agrees with the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.vendors.feather.run_rows import OUTCOMES
from mockserver.vendors.feather.tables import SUITE_RUN_STATUS

PAGE = (Path(__file__).parents[3] / "docs" / "apis" / "feather.md").read_text()


def test_the_precedence_is_that_of_the_table() -> None:
    shown = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| a")]
    assert shown == [result for _, _, result in SUITE_RUN_STATUS.lines]
    assert f"| `{SUITE_RUN_STATUS.otherwise}` |" in PAGE


@pytest.mark.parametrize("outcome", [*OUTCOMES, "slow"])
def test_every_switch_is_named(outcome: str) -> None:
    assert f"| `mock:{outcome}` |" in PAGE
