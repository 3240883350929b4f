"""Proves that no string satisfies patterns, lengths and formats together.

Patterns are ECMA-262's (JSON Schema Validation, 6.3.3): `^` and `$` are the ends of the string.
Anything that Python's parser interprets differently, or that is not understood, is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import inf
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

_STARTS = (_constants.AT_BEGINNING, _constants.AT_BEGINNING_STRING)
_ENDS = (_constants.AT_END, _constants.AT_END_STRING)
# An empty class, any character, a repetition without a least count: other things in Python.
_OTHERWISE = re.compile(r"\[\]|\[\^\]|\{,")
_HOLDERS = '\\"(['
_LETTERS = (_constants.CATEGORY_DIGIT, _constants.CATEGORY_WORD)
# RFC 4122's 36 characters, in braces, as a URN or without its hyphens.
_LENGTHS: dict[str, tuple[float, float]] = {"uuid": (32, 45)}


def no_text(schemas: Sequence[Mapping[str, Any]]) -> bool:
    """Whether it is proven that no string matches all of these."""
    low, high = 0.0, inf
    for schema in schemas:
        low = max(low, schema.get("minLength") or 0)
        high = min(high, schema.get("maxLength", inf))
        least, most = _LENGTHS.get(str(schema.get("format")), (0.0, inf))
        low, high = max(low, least), min(high, most)
        if isinstance(schema.get("pattern"), str):
            least, most = _width(schema["pattern"])
            low, high = max(low, least), min(high, most)
    if any(schema.get("format") == "email" for schema in schemas):
        patterns = [s["pattern"] for s in schemas if isinstance(s.get("pattern"), str)]
        if any(_escapes_early(pattern) for pattern in patterns):
            return True
    return low > high or low == inf


def _parsed(pattern: str) -> Any:
    """The parsed pattern; None if it can't be parsed, or not as in ECMA-262."""
    try:
        parsed = _parser.parse(pattern)
    except (re.error, OverflowError, RecursionError):
        return None
    other = _OTHERWISE.search(pattern) or parsed.state.flags & ~re.UNICODE
    return None if other else parsed


def _escapes_early(pattern: str) -> bool:
    """Whether every match has a backslash before anything that could contain one.

    In an email address that is a quoted string, a comment or a domain literal (RFC 5322, 3.2.1 and
    3.4.1; RFC 5321, 4.1.2).
    """
    parsed = _parsed(pattern)
    if parsed is None or not len(parsed) or not _is_at(parsed[0], _STARTS):
        return False
    for item in list(parsed)[1:]:
        if item == (_constants.LITERAL, ord("\\")):
            return True
        if not _is_plain(item):
            return False
    return False


def _is_plain(item: tuple[Any, Any]) -> bool:
    """Whether an item matches neither a backslash nor what could contain one."""
    kind, said = item
    if kind is _constants.LITERAL:
        return chr(said) not in _HOLDERS
    if kind is _constants.RANGE:
        return not any(said[0] <= ord(letter) <= said[1] for letter in _HOLDERS)
    if kind is _constants.IN:
        return all(_is_plain(part) for part in said)
    if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
        return all(_is_plain(part) for part in said[2])
    return kind is _constants.CATEGORY and said in _LETTERS


def _width(pattern: str) -> tuple[float, float]:
    """The minimum and maximum length of a match; the minimum is infinite if there is none."""
    parsed = _parsed(pattern)
    if parsed is None:
        return 0, inf
    if _is_dead(parsed, 0, 0):
        return inf, inf
    least, most = parsed.getwidth()
    whole = len(parsed) > 1 and _is_at(parsed[0], _STARTS) and _is_at(parsed[-1], _ENDS)
    return least, most if whole and most < _constants.MAXREPEAT else inf


def _is_at(item: tuple[Any, Any], places: tuple[Any, ...]) -> bool:
    return item[0] is _constants.AT and item[1] in places


def _is_dead(items: Any, before: int, after: int) -> bool:
    """Whether a sequence can't match with at least this many characters matched before and after
    it: the string's start can't follow a character, nor its end precede one."""
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
