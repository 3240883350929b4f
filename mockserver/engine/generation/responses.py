"""Replies by what the document says of a status: media type, body, headers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import orjson

from mockserver.engine.generation.generator import MISSING
from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.values import Values
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.randomness import Dice
from mockserver.engine.serialization import choose_media_type
from mockserver.inference.model import FIRST
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Header, MediaType, Operation, Response
from mockserver.openapi.schemas.resolved import Flat

_TEXTS = {
    "text/event-stream": b'data: {"done": true}\n\n',
    "text/html": b"<!doctype html><title>mock</title><p>mock</p>\n",
    "text/csv": b"id,name\n1,mock\n",
    "application/xml": b"<mock/>\n",
    "text/xml": b"<mock/>\n",
    "application/pdf": b"%PDF-1.4\n%%EOF\n",
    "application/x-ndjson": b"{}\n",
    "application/zip": b"PK\x05\x06" + bytes(18),
    "image/svg+xml": b'<svg xmlns="http://www.w3.org/2000/svg"/>\n',
}
SOON = 1
"""Seconds after which a client is asked to come again."""
_BODILESS = frozenset((204, 205, 304))


class Answers:
    """Makes the documented answer of an operation out of what is known."""

    def __init__(self, values: Values) -> None:
        self.values = values

    def reply(
        self,
        operation: Operation,
        dice: Dice,
        known: Any = MISSING,
        at: tuple[str, ...] = (),
        mode: Mode = "rich",
        status: int = 0,
        *,
        sample: bool = False,
        new: bool = False,
    ) -> Reply:
        """The success (or another status), with as much of `known`, standing at `at`, as fits.

        `sample`: what is known is only a part of what there is to say. `new`: it was made by this
        very request, whose answer may say more of it than any other.
        """
        status = status or operation.success
        response = operation.response_for(status)
        if response is None:
            return Reply(status, NO_BODY)
        headers = self.headers(response, dice)
        if status in _BODILESS:
            return Reply(status, NO_BODY, headers)
        chosen = choose_media_type(response)
        media = response.content.get(chosen)
        if media is None:
            return Reply(status, NO_BODY, headers)
        body = self.body(media, dice, known, at, mode, sample=sample, new=new)
        opaque = isinstance(body, bytes)
        if opaque and chosen == "application/*" and self._is_binary(media):
            chosen = "application/octet-stream"
        return Reply(status, body, headers, chosen if opaque else "")

    def _is_binary(self, media: MediaType) -> bool:
        flat = self.values.schemas.flat_at(media.pointer) if media.pointer else Flat()
        return flat.rules.get("format") == "binary"

    def body(
        self,
        media: MediaType,
        dice: Dice,
        known: Any,
        at: tuple[str, ...],
        mode: Mode,
        *,
        sample: bool = False,
        new: bool = False,
    ) -> Any:
        """A body of this media type: a JSON value, or bytes of what is none."""
        name = media.name.partition(";")[0].strip().lower()
        if is_json_or_any(name):
            if media.pointer is None:
                return _unjudged(media, known)
            if not at and not sample and isinstance(known, Mapping):
                plain = self.values.plain(media.pointer, known, new=new)
                if plain is not MISSING:
                    return plain
            for step in reversed(at):
                known = [known] if step == FIRST else {step: known}
            return self.values.make(media.pointer, dice, known, mode=mode)
        example = next(iter(media.examples.values()), None)
        if isinstance(example, str):
            return example.encode()
        if name in _TEXTS:
            return _TEXTS[name]
        return b"mock\n" if name.startswith("text/") else b"mock"

    def headers(self, response: Response, dice: Dice) -> dict[str, str]:
        """The documented headers: those that are required, Location and Retry-After."""
        return {
            name: self.header(header, dice)
            for name, header in response.headers.items()
            if (header.required and name.lower() not in ("content-type", "content-length"))
            or name.lower() in ("location", "retry-after")
        }

    def header(self, header: Header, dice: Dice) -> str:
        """A value for a header, as text."""
        if header.pointer is None:
            return "1" if header.name.lower() == "retry-after" else "mock"
        if header.name.lower() == "retry-after":
            check = self.values.check(header.pointer)
            if check.is_valid(SOON) or check.is_valid(str(SOON)):
                return str(SOON)
        value = self.values.make(header.pointer, dice, name=header.name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _unjudged(media: MediaType, known: Any) -> Any:
    """A body without a schema: the example, with what is known under the same names."""
    example = next(iter(media.examples.values()), None)
    if isinstance(example, str) and example.lstrip()[:1] in ("{", "["):
        # JSON that is shown as a text.
        with suppress(orjson.JSONDecodeError):
            example = orjson.loads(example)
    if example is None:
        return {} if known is MISSING else known
    if isinstance(example, dict) and isinstance(known, Mapping):
        return {name: known.get(name, value) for name, value in example.items()}
    return example
