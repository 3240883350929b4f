"""docs/rules.json lists all rules."""

from __future__ import annotations

import pytest

from mockserver.vendors import built_in
from tests.rules.listed import MARKS, SENTENCES, listed, marks_in

WHERE = {
    "feather": ("feather.md", ""),
    "speechify": ("speechify-truestate.md", "# 1. "),
    "truestate": ("speechify-truestate.md", "# 2. "),
}


def test_every_api_has_rules() -> None:
    assert {api.name for api in built_in()} <= listed().keys()


def test_every_rule_has_marks() -> None:
    for rules in listed().values():
        for marks in rules.values():
            assert marks
            assert marks.split() == [mark for mark in MARKS if mark in marks.split()]


@pytest.mark.skipif(not SENTENCES.is_dir(), reason="the sentences are not in the repository")
@pytest.mark.parametrize("api", WHERE)
def test_the_rules_are_those_of_the_sentences(api: str) -> None:
    name, section = WHERE[api]
    text = (SENTENCES / name).read_text("utf-8")
    if section:
        text = text[text.index(section) + len(section) :].partition("\n# ")[0]
    assert listed()[api] == marks_in(text)


def test_marks_are_read_wherever_they_stand() -> None:
    text = """# 1. Head
1. One. [seed]
2. Two [docs: A says so; inferred: B], and
   more. [seed for C]
3a. Three. [seed/docs: D]

Not a rule: [inferred].
4. Four [see 3] remarks. [docs: "x" + seed]
"""
    assert marks_in(text) == {
        "1": "seed",
        "2": "seed docs inferred",
        "3a": "seed docs",
        "4": "seed docs",
    }
