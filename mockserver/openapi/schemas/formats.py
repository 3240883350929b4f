"""The rules of strings: `pattern`, and `format` with the non-canonical forms of UUIDs and
timestamps.

Patterns are matched by an engine with linear time. The one of Python never matches here: it can
take years for a pattern like `^(a+)+\\Z`.
"""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import jsonschema_rs

OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000)
"""A text that takes more steps does not match."""

# Rewritten for Rust: the end of the text, comments, `{,3}`, the hyphens of `[\d-_]` and `[_-\d]`.
_PYTHON = re.compile(
    r"(\\Z)|(\(\?#[^)]*\))|(\{,(?=\d+\}))|(\\[dDwWsS])-(?=[^\]\[])|(-)(?=\\[dDwWsS])|\\.", re.DOTALL
)
# Java's hexadecimal digits, the one class of its kind that Rust does not know.
_XDIGIT = re.compile(r"\\p\{XDigit\}")


# `\(\?s\).\+`: a flag that was escaped, with all else, when the pattern was copied.
_ESCAPED = re.compile(r"\\\(\\\?[ims]+\\\)")
_WORD = re.compile(r"\w[\w -]*")


# `(?=.*[A-Z])(?=.*\d).{8,}`: looks ahead that reach to the end of the line, then as much as there
# is. What fits such a pattern anywhere in a line fits it at the start of that line.
_AHEAD = re.compile(
    r"(\(\?=\.\*(\[\^?\]?(\\.|[^\]\\])*\]|\\.|[^()\[\\])*\))+(\.([*+]|\{\d+,\}).*|\.\{\d+,\d+\})?",
    re.DOTALL,
)


def _at_line_start(pattern: str) -> str:
    """The pattern, tried once a line where the engine would look ahead from every character."""
    return f"(?m:^){pattern}" if _AHEAD.fullmatch(pattern) else pattern


def as_meant(pattern: str) -> str:
    """The pattern without backslashes before its signs, if they were put there by mistake."""
    return re.sub(r"\\(\W)", r"\1", pattern) if _ESCAPED.match(pattern) else pattern


@lru_cache(maxsize=1024)
def alternatives(pattern: str) -> tuple[str, ...]:
    """The words that a pattern lists, if it does nothing else: `^(open|closed)$`,
    `(^Active$)|(^Paused$)`."""
    plain = pattern.removeprefix("(?i)").strip("^$")
    words = [word.strip("()^$") for word in plain.split("|")]
    return tuple(words) if len(words) > 1 and all(map(_WORD.fullmatch, words)) else ()


@lru_cache(maxsize=4096)
def rust_reads(pattern: str) -> bool:
    """Whether the validator's engine accepts the pattern unchanged, and in linear time."""
    return _at_line_start(as_meant(pattern)) == pattern and _compiled(pattern) is not None


@lru_cache(maxsize=1024)
def reader(pattern: str) -> Callable[[str], bool] | None:
    """A function that says whether a text matches; None for a pattern that can't be matched
    safely."""
    pattern = _at_line_start(as_meant(pattern))
    return _compiled(pattern) or _compiled(_PYTHON.sub(_in_rust, _without_xdigit(pattern)))


@lru_cache(maxsize=1024)
def careful_reader(pattern: str) -> Callable[[str], bool] | None:
    """As `reader`, of a text that is made: where a pattern is not read as it is written, it matches
    both ways, and no client finds fault with it."""
    meant, written = reader(pattern), _compiled(pattern)
    if meant is None or written is None or as_meant(pattern) == pattern:
        return meant
    return lambda text: meant(text) and written(text)


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


CANONICAL_UUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
).fullmatch
_HEX = r"[0-9a-fA-F]"
_HYPHENATED = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_ANY_UUID = re.compile(
    rf"(?:{_HEX}{{32}}|{_HYPHENATED}|\{{{_HYPHENATED}\}}|urn:uuid:{_HYPHENATED})"
).fullmatch

_CANONICAL_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
).fullmatch
_ANY_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt _](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
).fullmatch
_CLOCK = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)?", re.ASCII
).fullmatch


FORMAT_NAMES = dict.fromkeys(
    ("datetime", "date_time", "date/time", "iso-datetime", "iso8601", "iso-8601", "iso 8601",
     "isodate", "rfc3339", "iso8601-date-time", "iso 8601 date-time", "iso 8601 timestamp",
     "google-datetime"),
    "date-time",
)  # fmt: skip
"""What documents call a format, in lower case, beside its name; such values are not checked."""


def canonical_uuid(text: str) -> str | None:
    """The lower-case, hyphenated form; None if it isn't a UUID."""
    if CANONICAL_UUID(text):
        return text
    return str(UUID(text)) if _ANY_UUID(text) else None


def canonical_instant(text: str) -> str | None:
    """RFC 3339 with `T` and an offset (UTC if it had none); None if it isn't a timestamp."""
    match = _CANONICAL_INSTANT(text) or _ANY_INSTANT(text)
    if match is None:
        return None
    if match.re.groups:
        day, minute, second, zone = match.groups()
        zone = (zone or "Z").upper()
        if len(zone) == 5:
            zone = f"{zone[:3]}:{zone[3:]}"
        text = f"{day}T{minute}{second or ':00'}{zone}"
    return text if _is_real(text) else None


def _is_real(text: str) -> bool:
    # A leap second is RFC 3339, but not for datetime.
    head, tail = text[:19], text[19:].lstrip(".0123456789")
    if head.endswith(":60"):
        head = head[:-2] + "59"
    try:
        datetime.fromisoformat(head + tail.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def is_clock_time(text: str) -> bool:
    """Whether it is a time of day; pydantic writes and reads it without an offset."""
    return _CLOCK(text) is not None


def is_base64(text: str) -> bool:
    """Whether it is base64, the format `byte` of OpenAPI 3.0."""
    try:
        b64decode(text, validate=True)
    except ValueError:
        return False
    return True


class Noted(threading.local):
    """Counts values that were valid but not canonical, per thread."""

    count = 0


def lenient_formats(noted: Noted) -> dict[str, Callable[[str], bool]]:
    """Format checks that accept every form and count non-canonical ones."""

    def is_uuid(text: str) -> bool:
        if CANONICAL_UUID(text):
            return True
        noted.count += 1
        return _ANY_UUID(text) is not None

    def is_instant(text: str) -> bool:
        found = canonical_instant(text)
        if found != text:
            noted.count += 1
        return found is not None

    return {"uuid": is_uuid, "date-time": is_instant, "time": is_clock_time}


CANONICAL: dict[str, Callable[[str], str | None]] = {
    "uuid": canonical_uuid,
    "date-time": canonical_instant,
}
