"""Numbers of things in messages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mockserver.files.wording import counted, often

PACKAGE = Path(__file__).parents[2] / "mockserver"


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "row", "0 rows"),
        (1, "row", "1 row"),
        (2, "reply", "2 replies"),
        (2, "day", "2 days"),
        (3, "guess", "3 guesses"),
        (1, "entity", "1 entity"),
    ],
)
def test_a_number_agrees_with_its_noun(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said


def test_irregular_nouns_and_how_often() -> None:
    assert counted(2, "child", "children") == "2 children"
    assert [often(n) for n in range(4)] == ["never", "once", "twice", "3 times"]


def test_no_message_makes_its_plural_by_itself() -> None:
    homemade = re.compile(r"\{''? if \w+ == 1 else '?s'?\}|\('s' \*|\"s\" \*|'s' \* \(")
    offenders = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if homemade.search(line)
    ]
    assert not offenders
