"""The known rules: per API their numbers and marks, from docs/rules.json.

A mark is the source of a rule: [seed] a page this project started from, [docs] another page of the
vendor, [inferred] neither. The rules' texts are not in the repository.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "rules.json"
SENTENCES = ROOT.parent / "shared" / "rules"
"""Where the sentences lie on the machines of those who wrote the rules."""

Rules = dict[str, dict[str, str]]
"""API -> number -> marks, the strongest first, with blanks between."""
PROPERTY = "rule"
"""Under this name a report carries the rules that its test shows."""
MARKS = ("seed", "docs", "inferred")
_ITEM = re.compile(r"^(\d+[a-z]?)\. (.*(?:\n(?!\d+[a-z]?\. |#|\n).*)*)", re.MULTILINE)
_MARK = re.compile(r"\[((?:seed|docs|inferred)\b[^\]]*)\]")
_KIND = re.compile(r"(?:^|[;/+,] *)(seed|docs|inferred)\b")


def listed() -> Rules:
    """The rules by API and number, each with its marks."""
    rules: Rules = json.loads(FILE.read_text("utf-8"))
    return rules


def marks_in(text: str) -> dict[str, str]:
    """The numbered rules of a text, and the marks of each."""
    found = {}
    for number, sentence in _ITEM.findall(text):
        kinds = {kind for mark in _MARK.findall(sentence) for kind in _KIND.findall(mark)}
        found[number] = " ".join(kind for kind in MARKS if kind in kinds)
    return found
