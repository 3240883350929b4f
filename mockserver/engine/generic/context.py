"""What every generic handler needs: the document, its plan, its values, its replies."""

from __future__ import annotations

from typing import Any

from mockserver.contract.model import Contract, Header, MediaType, Operation, Response
from mockserver.contract.validation import Validators
from mockserver.engine.dice import Dice
from mockserver.engine.making import MISSING, Mode
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.negotiate import choose_media_type, is_json
from mockserver.engine.values import Values
from mockserver.engine.world import World
from mockserver.plan.model import Plan

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


class Context:
    def __init__(self, contract: Contract, plan: Plan, validators: Validators) -> None:
        self.contract = contract
        self.plan = plan
        self.values = Values(contract, validators)

    def reply(
        self, world: World, operation: Operation, known: Any, mode: Mode, *salt: object
    ) -> Reply:
        """The documented success of an operation, with as much of `known` as fits."""
        return self.reply_with(world, operation, operation.success, known, mode, *salt)

    def reply_with(
        self, world: World, operation: Operation, status: int, known: Any, mode: Mode, *salt: object
    ) -> Reply:
        response = operation.response_for(status)
        if response is None or status in (204, 205, 304):
            return Reply(status, NO_BODY)
        dice = Dice.of(world, operation.id, *salt)
        headers = self.headers(response, dice)
        chosen = choose_media_type(response)
        media = response.content.get(chosen)
        if media is None:
            return Reply(status, NO_BODY, headers)
        body = self.body(media, dice, known, mode)
        return Reply(status, body, headers, chosen if isinstance(body, bytes) else "")

    def body(self, media: MediaType, dice: Dice, known: Any, mode: Mode) -> Any:
        """A body of this media type: a JSON value, or bytes of what is none."""
        name = media.name.partition(";")[0].strip().lower()
        if is_json(name):
            if media.pointer is None:
                return next(iter(media.examples.values()), {} if known is MISSING else known)
            return self.values.make(media.pointer, dice, known, mode=mode)
        example = next(iter(media.examples.values()), None)
        if isinstance(example, str):
            return example.encode()
        if name in _TEXTS:
            return _TEXTS[name]
        return b"mock\n" if name.startswith("text/") else b"mock"

    def headers(self, response: Response, dice: Dice) -> dict[str, str]:
        """The documented headers that a reply must have."""
        return {
            name: self.header(header, dice)
            for name, header in response.headers.items()
            if header.required and name.lower() not in ("content-type", "content-length")
        }

    def header(self, header: Header, dice: Dice) -> str:
        if header.pointer is None:
            return "mock"
        value = self.values.make(header.pointer, dice, name=header.name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return ",".join(map(str, value)) if isinstance(value, list) else str(value)
