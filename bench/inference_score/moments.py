"""Timestamps as APIs write them: several text formats, seconds or milliseconds since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_EARLIEST = 10**8
_NUMBER = re.compile(r"\d{9,19}(\.\d+)?")
_SCALES = ((10**11, 1), (10**14, 1_000), (10**17, 1_000_000), (10**20, 1_000_000_000))


def moment(value: Any) -> float | None:
    """Seconds since 1970, or None if this is not a timestamp."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _number(value)
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return _number(float(text))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except ValueError:
            return _loose(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _number(value: float) -> float | None:
    if value < _EARLIEST:
        return None
    return next((value / scale for end, scale in _SCALES if value < end), None)


def _loose(text: str) -> float | None:
    for form in ("%Y-%m-%d %H:%M:%S %z", "%Y/%m/%d %H:%M:%S", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S UTC"):
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            continue
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return None


def is_date_only(value: Any) -> bool:
    return isinstance(value, str) and len(value.strip()) <= 10 and not value.strip().isdigit()
