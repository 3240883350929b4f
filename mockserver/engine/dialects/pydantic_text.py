"""Why pydantic can't read a text as a UUID, a date, a time or a URL: its own words.

These follow the parsers that pydantic 2.14 uses (the uuid, speedate and url crates).
"""

from __future__ import annotations

import re
from calendar import monthrange

_GROUPS = (8, 4, 4, 4, 12)
_TOO_SHORT = "input is too short"
_EXTRA = "unexpected extra characters at the end of the input"


def uuid_error(text: str) -> str:
    """Why a text is no UUID."""
    body, offset, simple = text, 0, True
    if text.startswith("{") and text.endswith("}") and len(text) > 1:
        body, offset, simple = text[1:-1], 1, False
    elif text.startswith("urn:uuid:"):
        body, offset, simple = text[9:], 9, False
    hyphens = []
    index = 0
    for character in body:
        if character == "-":
            hyphens.append(index)
        elif character not in "0123456789abcdefABCDEF":
            return f"invalid character: found `{character}` at {index + offset}"
        index += 1
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
    """Why a text is no date; the rest of a date-time is never looked at."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) < 10:
        return _TOO_SHORT
    if not raw[:4].isdigit():
        return "invalid character in year"
    if raw[4:5] != b"-":
        return "invalid date separator, expected `-`"
    if not raw[5:7].isdigit():
        return "invalid character in month"
    if raw[7:8] != b"-":
        return "invalid date separator, expected `-`"
    if not raw[8:10].isdigit():
        return "invalid character in day"
    year, month, day = int(raw[:4]), int(raw[5:7]), int(raw[8:10])
    if not 1 <= month <= 12:
        return "month value is outside expected range of 1-12"
    if not 1 <= day <= monthrange(year or 4, month)[1]:
        return "day value is outside expected range"
    return _EXTRA


def time_error(text: str) -> str:
    """Why a text is no time of day."""
    raw = text.encode("utf-8", "surrogatepass")
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
    if raw[5:6] == b":" and len(raw) >= 8:
        if not raw[6:8].isdigit():
            return "invalid character in second"
        if int(raw[6:8]) > 59:
            return "second value is outside expected range of 0-59"
    return _EXTRA


def url_error(text: str) -> str:
    """Why a text is no absolute URL."""
    if not text:
        return "input is empty"
    scheme, separator, rest = text.partition(":")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return "relative URL without a base"
    host = re.split(r"[/?#]", rest.lstrip("/"))[0]
    if not host:
        return "empty host"
    return "invalid international domain name"
