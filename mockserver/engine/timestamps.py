"""Timestamps: microseconds since 1970 in UTC, and their RFC 3339 form.

The text has a fixed width, so that texts sort like the times they stand for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND = 1_000_000
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (*("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = int((datetime(9999, 12, 31, tzinfo=UTC) - _EPOCH).total_seconds()) * SECOND


@lru_cache(maxsize=16_384)
def render(instant: int) -> str:
    """`1700000000000000` -> `2023-11-14T22:13:20.000000Z`."""
    whole, part = divmod(instant, SECOND)
    return f"{_second(whole)}.{part:06}Z"


@lru_cache(maxsize=1024)  # what is created is mostly of this one
def _second(seconds: int) -> str:
    # Not strftime: its %Y has three digits for the year 999.
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def http_date(instant: int) -> str:
    """`Tue, 14 Nov 2023 22:13:20 GMT`, as HTTP writes it."""
    moment = _EPOCH + timedelta(microseconds=instant)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment:%d} {month} {moment.year:04d} {moment:%H:%M:%S} GMT"


def spellings(instant: int) -> Iterator[str]:
    """The time in formats that documents describe with a pattern, the usual one first."""
    full = render(instant)
    second, day, clock = full[:19], full[:10], full[11:19]
    yield from (full, f"{second}Z", f"{full[:23]}Z", second, full[:23], full[:26])
    yield from (f"{second}+00:00", f"{full[:23]}+00:00", f"{second}+0000", f"{second}.000Z")
    yield from (f"{day} {clock}", f"{day} {clock}Z", day, f"{day.replace('-', '/')} {clock}")
    yield from (day.replace("-", "/"), day.replace("-", ""), f"{day[8:]}/{day[5:7]}/{day[:4]}")
    yield from (f"{day[5:7]}/{day[8:]}/{day[:4]}", f"{day[8:]}.{day[5:7]}.{day[:4]}")
    yield (day + "T" + clock).replace("-", "").replace(":", "") + "Z"
    yield from (http_date(instant), day[:7], str(instant // SECOND), day[:4])


def parse(text: str) -> int:
    """An RFC 3339 date-time (an offset is honoured, none means UTC). Raises ValueError.

    A leap second, which RFC 3339 allows, is the start of the next minute.
    """
    if text[17:19] == "60":
        return parse(f"{text[:17]}59{text[19:]}") + SECOND
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def seconds(amount: float) -> int:
    """Seconds as microseconds."""
    return round(amount * SECOND)
