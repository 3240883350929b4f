"""Response headers: their examples, or values by their meaning; and rate limit headers that count:
what is left goes down with each request of a tenant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from json import dumps
from typing import Any

from mockserver.engine.faults import Faults
from mockserver.engine.generation.strings import FORMATS
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Rng
from mockserver.engine.serialization import Sent, can_be_sent
from mockserver.engine.timestamps import SECOND, http_date
from mockserver.errors import ContractError
from mockserver.inference.words import tokens
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Header, Operation, Response
from mockserver.openapi.schemas.resolved import Flat

SOON = 1
"""Seconds after which a client is asked to come again."""
_RARE = frozenset(("deprecation", "sunset", "warning", "retry-after", "refresh", "clear-site-data"))
"""Headers that are sent only if they are required."""
LIMIT = 1000
WINDOW = 60
_EPOCH = re.compile(r"epoch|unix|timestamp|utc", re.IGNORECASE)


class Headers:
    """Generates the documented headers of a response."""

    def __init__(self, values: Values) -> None:
        self._values = values

    def of(self, response: Response, rng: Rng, *, refused: bool = False) -> dict[str, str]:
        """All documented headers; of a refusal, those that are required or have an example."""
        return {
            name: self.value(header, rng, response)
            for name, header in response.headers.items()
            if can_be_sent(name) and (header.required or self._is_said(header, refused))
        }

    def _is_said(self, header: Header, refused: bool) -> bool:
        name = header.name.lower()
        if header.examples:
            return True
        if refused:
            return name == "www-authenticate" or "ratelimit" in _plain(name)
        if name.startswith("access-control-"):
            return False
        return name not in _RARE or name == "retry-after"

    def value(self, header: Header, rng: Rng, response: Response | None = None) -> str:
        """The value of a header, as text."""
        value = self._value(header, rng, response)
        if is_json(header.media_type or "") and not (header.examples and isinstance(value, str)):
            return dumps(value)
        return as_text(value, explode=header.explode)

    def _value(self, header: Header, rng: Rng, response: Response | None) -> Any:
        if header.examples:
            return header.examples[0]
        flat = self._values.schemas.flat_at(header.pointer) if header.pointer else Flat()
        shown = [*flat.notes.examples, *flat.notes.defaults]
        meant = [] if shown or flat.values else _meant(header, rng, response)
        if header.name.lower() == "retry-after":
            meant = [SOON]
        for value in (*meant, *shown):
            if header.pointer is None or self._fits(header.pointer, value):
                return value
        if header.pointer is None:
            return "mock"
        return self._values.make(header.pointer, rng, name=header.name)

    def admits(self, header: Header, value: Any) -> bool:
        """Whether a header can have a value."""
        return header.pointer is None or self._fits(header.pointer, value)

    def _fits(self, pointer: str, value: Any) -> bool:
        try:
            check = self._values.check(pointer)
        except ContractError:
            return False
        return check.is_valid(value) or (not isinstance(value, str) and check.is_valid(str(value)))


def as_text(value: Any, *, explode: bool = False) -> str:
    """A value in the format of a header."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        between = "=" if explode else ","
        return ",".join(f"{name}{between}{as_text(inner)}" for name, inner in value.items())
    return ",".join(map(as_text, value)) if isinstance(value, list) else str(value)


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _meant(header: Header, rng: Rng, response: Response | None) -> list[Any]:
    """The value of a header with this name; None if the name has no known meaning."""
    name = header.name.lower()
    make = _BY_NAME.get(name)
    if make is not None:
        return [make(rng)]
    if name == "content-disposition":
        return [f'attachment; filename="mock{_ending(response)}"']
    plain = _plain(name)
    if "ratelimit" in plain:
        return [_rate_limit(plain.partition("ratelimit")[2], header, rng)]
    words = tokens(name)
    if words[-2:] in (("request", "id"), ("correlation", "id"), ("trace", "id")):
        return [FORMATS["uuid"](rng, name)]
    return []


def _rate_limit(part: str, header: Header, rng: Rng) -> Any:
    """One of the rate limit headers."""
    if part.startswith("policy"):
        return f'"default";q={LIMIT};w={WINDOW}'
    if part.startswith("limit"):
        return LIMIT
    if part.startswith("remaining"):
        return LIMIT - 1
    if part.startswith("used"):
        return 1
    if part.startswith(("reset", "retryafter")):
        text = f"{header.description} {header.schema.get('description') or ''}"
        return rng.now // SECOND + WINDOW if _EPOCH.search(text) else WINDOW
    return f'"default";r={LIMIT - 1};t={WINDOW}'


def _ending(response: Response | None) -> str:
    kind = next(iter(response.content), "") if response is not None else ""
    return {
        "text/csv": ".csv", "application/pdf": ".pdf", "application/zip": ".zip",
        "image/png": ".png", "image/jpeg": ".jpg", "application/json": ".json",
        "text/plain": ".txt", "application/xml": ".xml", "text/html": ".html",
        "audio/mpeg": ".mp3", "video/mp4": ".mp4",
    }.get(kind, ".bin")  # fmt: skip


_BY_NAME: dict[str, Callable[[Rng], Any]] = {
    "retry-after": lambda rng: SOON,
    "set-cookie": lambda rng: f"session=mock-{rng.random.getrandbits(96):024x}; Path=/; HttpOnly",
    "www-authenticate": lambda rng: "Bearer",
    "date": lambda rng: http_date(rng.now),
    "expires": lambda rng: http_date(rng.now + 3600 * SECOND),
    "last-modified": lambda rng: http_date(rng.now),
    "cache-control": lambda rng: "no-cache",
    "pragma": lambda rng: "no-cache",
    "vary": lambda rng: "Accept",
    "allow": lambda rng: "GET, HEAD, OPTIONS",
    "accept-ranges": lambda rng: "none",
    "content-language": lambda rng: "en",
    "server": lambda rng: "mock",
    "link": lambda rng: "",
    "location": lambda rng: f"https://example.com/{rng.fake.slug()}",
    "content-location": lambda rng: f"/{rng.fake.slug()}",
    "etag": lambda rng: f'"{rng.random.getrandbits(64):016x}"',
}


Fits = Callable[[Header, int], bool]
_MOST_TENANTS = 10_000
_INSTANT = 10**8
"""A larger number of seconds is an instant."""
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
        if part == "reset" and int(value) > _INSTANT:
            number = counted["instant"] * (1000 if int(value) > _INSTANT * 1000 else 1)
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


def _part(name: str) -> str:
    """What a header is about: `remaining` of `x-ratelimit-remaining-requests`."""
    rest = _plain(name).partition("ratelimit")[2]
    parts = ("remaining", "reset", "used", "limit", "policy")
    return next((part for part in parts if rest.startswith(part)), rest)


def _is_number(value: str | None) -> bool:
    return value is not None and value.isascii() and value.isdecimal()
