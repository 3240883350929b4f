"""The page about Feather says what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.apis.feather import FEATHER
from mockserver.apis.feather.dispatch import OUTCOMES
from mockserver.apis.feather.tables import SUITE_RUN_STATUS
from mockserver.engine.diagrams import diagram
from mockserver.engine.schedule import Lifecycle

PAGE = (Path(__file__).parents[3] / "docs" / "apis" / "feather.md").read_text()


@pytest.mark.parametrize("lifecycle", FEATHER.lifecycles, ids=lambda lifecycle: lifecycle.name)
def test_a_diagram_is_drawn_from_its_table(lifecycle: Lifecycle) -> None:
    assert f"```mermaid\n{diagram(lifecycle)}\n```" in PAGE


def test_the_precedence_is_that_of_the_table() -> None:
    shown = [line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| a")]
    assert shown == [result for _, _, result in SUITE_RUN_STATUS.lines]
    assert f"| `{SUITE_RUN_STATUS.otherwise}` |" in PAGE


@pytest.mark.parametrize("outcome", [*OUTCOMES, "slow"])
def test_every_switch_is_named(outcome: str) -> None:
    assert f"| `mock:{outcome}` |" in PAGE
