"""Response headers: their examples, or values by their meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from json import dumps
from typing import Any

from mockserver.engine.generation.strings import FORMATS
from mockserver.engine.generation.values import Values
from mockserver.engine.randomness import Rng
from mockserver.engine.serialization import can_be_sent
from mockserver.engine.timestamps import SECOND, http_date
from mockserver.errors import ContractError
from mockserver.inference.words import tokens
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Header, Response
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
