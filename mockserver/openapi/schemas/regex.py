"""Regular expressions, matched by an engine with linear time.

Python's own engine never matches here: it can take years for a pattern like `^(a+)+\\Z`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import jsonschema_rs

OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
"""A text that takes more steps does not match."""

# Rewritten for Rust: the end of the text, comments, `{,3}`, the hyphens of `[\d-_]` and `[_-\d]`.
_PYTHON = re.compile(
    r"(\\Z)|(\(\?#[^)]*\))|(\{,(?=\d+\}))|(\\[dDwWsS])-(?=[^\]\[])|(-)(?=\\[dDwWsS])|\\.", re.DOTALL
)
# Java's hexadecimal digits, the one class of its kind that Rust does not know.
_XDIGIT = re.compile(r"\\p\{XDigit\}")


# `(?=.*[A-Z])(?=.*\d).{8,}`: looks ahead that reach to the end of the line, then as much as there
# is. What fits such a pattern anywhere in a line fits it at the start of that line.
_AHEAD = re.compile(
    r"(\(\?=\.\*(\[\^?\]?(\\.|[^\]\\])*\]|\\.|[^()\[\\])*\))+(\.([*+]|\{\d+,\}).*|\.\{\d+,\d+\})?",
    re.DOTALL,
)


def _at_line_start(pattern: str) -> str:
    """The pattern, tried once a line where the engine would look ahead from every character."""
    return f"(?m:^){pattern}" if _AHEAD.fullmatch(pattern) else pattern


@lru_cache(maxsize=4096)
def rust_reads(pattern: str) -> bool:
    """Whether the validator's engine accepts the pattern unchanged, and in linear time."""
    return _at_line_start(pattern) == pattern and _compiled(pattern) is not None


@lru_cache(maxsize=1024)
def reader(pattern: str) -> Callable[[str], bool] | None:
    """A function that says whether a text matches; None for a pattern that can't be matched
    safely."""
    pattern = _at_line_start(pattern)
    return _compiled(pattern) or _compiled(_PYTHON.sub(_in_rust, _without_xdigit(pattern)))


def fault(pattern: str) -> str | None:
    """Why the pattern is invalid in every engine, if it is."""
    if reader(pattern) is None:
        try:
            # Named classes are valid in other engines.
            re.compile(re.sub(r"\\[pP]", r"\\w", pattern))
        except (re.error, OverflowError, RecursionError) as error:
            return str(error)
    return None


def _without_xdigit(pattern: str) -> str:
    def digits(found: re.Match[str]) -> str:
        return "0-9A-Fa-f" if _inside(pattern, found.start()) else "[0-9A-Fa-f]"

    return _XDIGIT.sub(digits, pattern)


def _inside(pattern: str, end: int) -> bool:
    """Whether this position is inside brackets."""
    plain = re.sub(r"\\.", "..", pattern[:end])
    return plain.rfind("[") > plain.rfind("]")


def _in_rust(found: re.Match[str]) -> str:
    end, comment, repeat, letters, hyphen = found.groups()
    if letters or hyphen:
        # JavaScript takes the hyphen of `[\d-_]` for itself; outside of brackets it is the same.
        return (letters or "") + r"\-"
    if end:
        return r"\z"
    if comment:
        return ""
    return "{0," if repeat else found[0]


def _compiled(pattern: str) -> Callable[[str], bool] | None:
    try:
        validator = jsonschema_rs.Draft202012Validator(
            {"pattern": pattern}, pattern_options=OPTIONS
        )
    except (jsonschema_rs.ValidationError, ValueError):
        return None
    return validator.is_valid
