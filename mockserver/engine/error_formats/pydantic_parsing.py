"""Why pydantic can't parse a text as a UUID, a date, a time or a URL, in its own words.

These follow the parsers that pydantic 2.14 uses (the uuid, speedate and url crates).
"""

from __future__ import annotations

import re
from calendar import monthrange

_GROUPS = (8, 4, 4, 4, 12)
_TOO_SHORT = "input is too short"
_SECONDS = 20_000_000_000
_EXTRA = "unexpected extra characters at the end of the input"


def uuid_error(text: str) -> str:
    """Why a text is not a UUID."""
    body, offset, simple = text, 0, True
    if text.startswith("{") and text.endswith("}") and len(text) > 1:
        body, offset, simple = text[1:-1], 1, False
    elif text.startswith("urn:uuid:"):
        body, offset, simple = text[9:], 9, False
    hyphens = []
    for index, character in enumerate(body):
        if character == "-":
            hyphens.append(index)
        elif character not in "0123456789abcdefABCDEF":
            return f"invalid character: found `{character}` at {index + offset}"
    if not hyphens and simple:
        return f"invalid length: found {len(text)}"
    if len(hyphens) != 4:
        return f"invalid group count: expected 5, found {len(hyphens) + 1}"
    start = 0
    for group, (end, expected) in enumerate(zip([*hyphens, len(body)], _GROUPS, strict=True)):
        if end - start != expected:
            return (
                f"invalid group length in group {group}: expected {expected}, found {end - start}"
            )
        start = end + 1
    return "failed to parse a UUID"


def date_error(text: str) -> str:
    """Why a text is not a date."""
    raw = text.encode("utf-8", "surrogatepass")
    return _day_error(raw) or _EXTRA


def instant_error(text: str) -> str:
    """Why a text is not a date-time."""
    raw = text.encode("utf-8", "surrogatepass")
    error = _day_error(raw)
    if error:
        return error
    if len(raw) > 10 and raw[10:11] not in b"Tt_ ":
        return "invalid datetime separator, expected `T`, `t`, `_` or space"
    return _clock_error(raw[11:]) or _EXTRA


def time_error(text: str) -> str:
    """Why a text is not a time of day."""
    return _clock_error(text.encode("utf-8", "surrogatepass")) or _EXTRA


def timestamp_error(value: float) -> str:
    """Why a number is not a Unix time, in seconds or (above 20,000,000,000) milliseconds."""
    seconds = value if abs(value) <= _SECONDS else value / 1000
    if seconds > 253_402_300_799:
        return "dates after 9999 are not supported as unix timestamps"
    if seconds < -62_167_219_200:
        return "dates before 0000 are not supported as unix timestamps"
    return ""


def seconds_error(value: float) -> str:
    """Why a number is not a time of day in seconds."""
    if value < 0:
        return "time in seconds should be positive"
    return "numeric times may not exceed 86,399 seconds" if value > 86_399 else ""


def is_midnight(value: float) -> bool:
    """Whether a Unix time is a whole number of days."""
    return (value if abs(value) <= _SECONDS else value / 1000) % 86_400 == 0


def _day_error(raw: bytes) -> str:
    if len(raw) < 10:
        return _TOO_SHORT
    for start, end, name in ((0, 4, "year"), (5, 7, "month"), (8, 10, "day")):
        if not raw[start:end].isdigit():
            return f"invalid character in {name}"
        if end < 10 and raw[end : end + 1] != b"-":
            return "invalid date separator, expected `-`"
    year, month, day = int(raw[:4]), int(raw[5:7]), int(raw[8:10])
    if not 1 <= month <= 12:
        return "month value is outside expected range of 1-12"
    if not 1 <= day <= monthrange(year or 4, month)[1]:
        return "day value is outside expected range"
    return ""


def _clock_error(raw: bytes) -> str:
    if len(raw) < 5:
        return _TOO_SHORT
    if not raw[:2].isdigit():
        return "invalid character in hour"
    if raw[2:3] != b":":
        return "invalid time separator, expected `:`"
    if not raw[3:5].isdigit():
        return "invalid character in minute"
    if int(raw[:2]) > 23:
        return "hour value is outside expected range of 0-23"
    if int(raw[3:5]) > 59:
        return "minute value is outside expected range of 0-59"
    rest = raw[5:]
    if rest[:1] == b":":
        if not (len(rest) >= 3 and rest[1:3].isdigit()):
            return "invalid character in second"
        if int(rest[1:3]) > 59:
            return "second value is outside expected range of 0-59"
        rest = rest[3:]
        if rest[:1] in (b".", b","):
            if not rest[1:2].isdigit():
                return "second fraction digits missing after `.`"
            rest = rest[1:].lstrip(b"0123456789")
    return _zone_error(rest) if rest else ""


def _zone_error(raw: bytes) -> str:
    if raw[:1] in b"Zz":
        return _EXTRA if len(raw) > 1 else ""
    if raw[:1] not in b"+-":
        return "invalid timezone sign"
    if not (len(raw) >= 3 and raw[1:3].isdigit()):
        return "invalid timezone hour"
    minutes = raw[3:].removeprefix(b":")
    if not (len(minutes) >= 2 and minutes[:2].isdigit()):
        return "invalid timezone minute"
    if int(minutes[:2]) > 59:
        return "timezone minute value is outside expected range of 0-59"
    if int(raw[1:3]) > 23:
        return "timezone offset must be less than 24 hours"
    return _EXTRA if len(minutes) > 2 else ""


def url_error(text: str) -> str:
    """Why a text is not an absolute URL."""
    if not text:
        return "input is empty"
    scheme, separator, rest = text.partition(":")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return "relative URL without a base"
    host = re.split(r"[/?#]", rest.lstrip("/"))[0]
    if not host:
        return "empty host"
    return "invalid international domain name"
