"""Limits on the size of generated values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_LETTERS = 100_000
"""Of one text."""
MOST_ITEMS = 1000
"""Of one array, or one object."""
MOST_STEPS = 20_000
"""Of one value with all that is inside it: values made, choices that led nowhere."""
LETTERS_A_STEP = 10
MOST = {
    "minLength": MOST_LETTERS,
    "minItems": MOST_ITEMS,
    "minContains": MOST_ITEMS,
    "minProperties": MOST_ITEMS,
}


class Impossible(Exception):
    """No value fits the schema."""


class TooLarge(Impossible):
    """No value of a sane size fits the schema."""


def bound(rules: Mapping[str, Any], word: str, otherwise: int) -> int:
    """The bound of a size, which a document may write as 3.0 or 1e300."""
    try:
        return int(rules.get(word, otherwise))
    except (OverflowError, ValueError):
        return 1 << 62


def least(rules: Mapping[str, Any], word: str, otherwise: int = 0) -> int:
    """A lower bound. Raises TooLarge for one that can't be met."""
    found = bound(rules, word, otherwise)
    if found > MOST[word]:
        raise TooLarge(f"{word} asks for more than the {MOST[word]} that are made")
    return found
