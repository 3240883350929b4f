"""Rate limit headers that count: what is left goes down with each request of a tenant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from mockserver.engine.faults import Faults
from mockserver.engine.generation.headers import LIMIT, WINDOW
from mockserver.engine.serialization import Sent
from mockserver.engine.timestamps import SECOND
from mockserver.openapi.model import Header, Operation, Response

Fits = Callable[[Header, int], bool]
_MOST_TENANTS = 10_000
_EPOCH = 10**8
"""From here on, a number of seconds is an instant."""
_PARTS = re.compile(r"\b(r|t|limit|remaining|reset|used)=(\d+)")


class RateLimits:
    """Counts the requests of each tenant within a minute of its world's clock.

    Only operations whose documents describe such headers are counted. Thread-safe.
    """

    def __init__(self, fits: Fits, faults: Faults) -> None:
        self._fits = fits
        self._faults = faults
        self._last: dict[str, int] = {}
        self._counts: dict[tuple[str, int], Iterator[int]] = {}
        self._named: dict[tuple[str, int], dict[str, Header]] = {}

    def counted(self, operation: Operation, tenant: str, now: int, sent: Sent) -> Sent:
        """The reply with what is left at `now` (microseconds; 0 if the world was not read);
        unchanged if it says nothing. A rate limit that a fault sets is the one that counts."""
        named = self._headers(operation, sent.status) if tenant else None
        if not named:
            return sent
        now = self._last[tenant] = now or self._last.get(tenant, 0)
        window = now // (WINDOW * SECOND)
        if len(self._counts) > _MOST_TENANTS:
            self._counts.clear()
            self._last.clear()
        used = next(self._counts.setdefault((tenant, window), count(1)))
        values = {name.decode(): value.decode("latin-1") for name, value in sent.headers}
        limits = [
            int(values[n]) for n in named if _part(n) == "limit" and _is_number(values.get(n))
        ]
        limit = limits[0] if limits else LIMIT
        faults = self._faults
        fault = faults.allowance(operation.id, tenant, now) if faults.active else None
        limit, left, end = fault or (limit, max(0, limit - used), (window + 1) * WINDOW)
        left = 0 if sent.status == 429 else left
        wait = end - now // SECOND
        counted = {
            "limit": limit, "remaining": left, "used": limit - left, "reset": wait,
            "r": left, "t": wait, "instant": end,
        }  # fmt: skip
        headers = []
        for name, value in sent.headers:
            header = named.get(name.decode())
            text = value.decode("latin-1")
            new = self._counted(header, text, counted) if header is not None else None
            headers.append((name, value if new is None else new.encode()))
        return replace(sent, headers=headers)

    def _counted(self, header: Header, value: str, counted: dict[str, int]) -> str | None:
        part = _part(header.name.lower())
        if not _is_number(value):
            return _PARTS.sub(lambda m: f"{m[1]}={counted[m[1]]}", value) if part == "" else None
        if part not in ("limit", "remaining", "used", "reset"):
            return None
        number = counted[part]
        if part == "reset" and int(value) > _EPOCH:
            number = counted["instant"] * (1000 if int(value) > _EPOCH * 1000 else 1)
        return str(number) if self._fits(header, number) else None

    def _headers(self, operation: Operation, status: int) -> dict[str, Header]:
        key = operation.id, status
        found = self._named.get(key)
        if found is None:
            response = operation.response_for(status)
            found = self._named[key] = dict(_limits(response)) if response is not None else {}
        return found


def has_limits(operation: Operation) -> bool:
    """Whether a response of the operation has rate limit headers."""
    return any(any(_limits(response)) for response in operation.responses.values())


def _limits(response: Response) -> Iterator[tuple[str, Header]]:
    for name, header in response.headers.items():
        if "ratelimit" in _plain(name):
            yield name.lower(), header


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _part(name: str) -> str:
    """What a header is about: `remaining` of `x-ratelimit-remaining-requests`."""
    rest = _plain(name).partition("ratelimit")[2]
    parts = ("remaining", "reset", "used", "limit", "policy")
    return next((part for part in parts if rest.startswith(part)), rest)


def _is_number(value: str | None) -> bool:
    return value is not None and value.isascii() and value.isdecimal()
