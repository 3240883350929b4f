"""Non-canonical forms of UUIDs and timestamps."""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

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
