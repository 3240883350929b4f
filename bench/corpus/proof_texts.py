"""Proves that no text keeps to patterns, lengths and formats at once.

Patterns are ECMA-262's (JSON Schema Validation, 6.3.3): `^` and `$` are the text's own ends. What
Python's parser reads otherwise is left alone, and so is whatever is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import inf
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

_STARTS = (_constants.AT_BEGINNING, _constants.AT_BEGINNING_STRING)
_ENDS = (_constants.AT_END, _constants.AT_END_STRING)
# An empty class, any character, a repetition without a least count: other things in Python.
_OTHERWISE = re.compile(r"\[\]|\[\^\]|\{,")
# RFC 4122's 36 characters, in braces, as a URN or without its hyphens.
_LENGTHS: dict[str, tuple[float, float]] = {"uuid": (32, 45)}


def no_text(schemas: Iterable[Mapping[str, Any]]) -> bool:
    """Whether no text fits what all of these say of texts, for sure."""
    low, high = 0.0, inf
    for schema in schemas:
        low = max(low, schema.get("minLength") or 0)
        high = min(high, schema.get("maxLength", inf))
        least, most = _LENGTHS.get(str(schema.get("format")), (0.0, inf))
        low, high = max(low, least), min(high, most)
        if isinstance(schema.get("pattern"), str):
            least, most = _width(schema["pattern"])
            low, high = max(low, least), min(high, most)
    return low > high or low == inf


def _width(pattern: str) -> tuple[float, float]:
    """The least and the largest length of a text that matches; the least is infinite if none
    does."""
    try:
        parsed = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return 0, inf
    if _OTHERWISE.search(pattern) or parsed.state.flags & ~re.UNICODE:
        return 0, inf
    if _is_dead(parsed, 0, 0):
        return inf, inf
    least, most = parsed.getwidth()
    whole = len(parsed) > 1 and _is_at(parsed[0], _STARTS) and _is_at(parsed[-1], _ENDS)
    return least, most if whole and most < _constants.MAXREPEAT else inf


def _is_at(item: tuple[Any, Any], places: tuple[Any, ...]) -> bool:
    return item[0] is _constants.AT and item[1] in places


def _is_dead(items: Any, before: int, after: int) -> bool:
    """Whether a sequence can't match, with so many characters at least matched before and after
    it: the text's start can't come behind a character, nor its end before one."""
    widths = [_parser.SubPattern(items.state, [item]).getwidth()[0] for item in items]
    for index, (kind, said) in enumerate(items):
        ahead = before + sum(widths[:index])
        behind = after + sum(widths[index + 1 :])
        if kind is _constants.AT and (
            (said in _STARTS and ahead > 0) or (said in _ENDS and behind > 0)
        ):
            return True
        if kind is _constants.SUBPATTERN and _is_dead(said[-1], ahead, behind):
            return True
        if kind is _constants.BRANCH and all(_is_dead(way, ahead, behind) for way in said[1]):
            return True
    return False
