"""The page about Speechify agrees with the tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mockserver.engine.jobs import Derivation
from mockserver.vendors.speechify.run_rows import OUTCOMES
from mockserver.vendors.speechify.tables import OLDER_SUITE_STATUS, SUITE_STATUS
from mockserver.vendors.speechify.versions import CUTOVER, NEWER, OLDER, SETTINGS
from tests.rules.listed import listed

PAGE = (Path(__file__).parents[3] / "docs" / "apis" / "speechify.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("heading", "table"),
    [
        ("| children | newer shape |", SUITE_STATUS),
        ("| children | older shape |", OLDER_SUITE_STATUS),
    ],
)
def test_the_precedence_is_that_of_the_table(heading: str, table: Derivation) -> None:
    rows = PAGE.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    shown = [row.split("`")[1] for row in rows]
    assert shown == [*(result for _, _, result in table.lines), table.otherwise]


@pytest.mark.parametrize("word", [*OUTCOMES, "slow", "flaky"])
def test_every_switch_is_named(word: str) -> None:
    assert f"| `mock:{word}` |" in PAGE


def test_the_settings_are_named() -> None:
    block = PAGE.partition("[speechify]\n")[2].partition("```")[0]
    assert re.findall(r"^(\w+) =", block, re.MULTILINE) == [key.name for key in SETTINGS]
    assert f'cutover = "{CUTOVER}"' in block
    for document in (NEWER, OLDER):
        assert f"`contracts/{document}.json`" in PAGE


def test_the_facts_of_the_older_shape_are_numbered() -> None:
    older = PAGE.partition("## The older shape")[2]
    assert re.findall(r"^\| (\d+) \|", older, re.MULTILINE) == list(listed()["speechify-legacy"])


def test_decisions_are_about_rules_that_there_are() -> None:
    table = PAGE.partition("## Decisions")[2].partition("## The older")[0]
    cells = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    numbers = [int(number) for cell in cells for number in cell.split(",")]
    assert set(map(str, numbers)) <= listed()["speechify"].keys()
    assert [cell.split(",")[0] for cell in cells] == sorted(
        (cell.split(",")[0] for cell in cells), key=int
    )
