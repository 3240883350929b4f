"""Content negotiation: by `Accept`, or by a streaming flag in the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.responses import Answers
from mockserver.engine.generation.values import Values
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.randomness import Rng
from mockserver.engine.representations import EVENT_STREAM
from mockserver.engine.serialization import choose_media_type
from mockserver.engine.world import World
from mockserver.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotAcceptable,
    NotFound,
    Refusal,
    Unauthenticated,
)
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import choose, essence, is_json_or_any, narrowed
from mockserver.openapi.model import MediaType, Operation, Response

# `Prefer: code=404`, `Prefer: example=NAME`, `Prefer: dynamic=true`, as in other mock servers.

_WISH = re.compile(r"(code|example|dynamic)\s*=\s*(\"[^\"]*\"|[^,;\s]+)", re.IGNORECASE)
_REFUSALS: dict[int, type[Refusal]] = {
    400: BadRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
}


class Preference:
    """Replies that a client prefers; they change nothing in the world."""

    def __init__(self, values: Values) -> None:
        self._answers = Answers(values)

    def success(self, operation: Operation, status: int) -> Reply:
        """The documented reply of a status, the same each time."""
        return self._answers.reply(operation, Rng(0, operation.id, status), status=status)

    def stand_in(
        self, world: World, request: Request, mode: Mode, named: Mapping[str, Any]
    ) -> Reply:
        """The documented success, echoing the request and the entity that it has `named`; nothing
        is carried out."""
        body = request.body if isinstance(request.body, Mapping) else {}
        known = {**named, **body, **request.path}
        rng = Rng.of(world, request.operation.id, *sorted(map(str, request.path.items())))
        return self._answers.reply(request.operation, rng, known or MISSING, (), mode, sample=True)

    def add_headers(self, operation: Operation, reply: Reply, now: int) -> None:
        """Add the documented headers of its status to a refusal."""
        response = operation.response_for(reply.status)
        if response is not None and response.headers:
            sent = {name.lower() for name in reply.headers}
            rng = Rng(now, operation.id, reply.status)
            for name, value in self._answers.headers.of(response, rng, refused=True).items():
                if name.lower() not in sent:
                    reply.headers[name] = value

    def __call__(self, world: World, request: Request) -> Reply | None:
        """The preferred reply, None without a preference.

        Raises BadRequest for what the document does not have, and the refusal that a code names.
        """
        header = request.headers.get("prefer")
        if not header:
            return None
        wishes = {key.lower(): value.strip('"') for key, value in _WISH.findall(header)}
        if not wishes:
            return None
        operation = request.operation
        status = _status(operation, wishes.get("code", ""))
        response = operation.response_for(status)
        if response is None:
            listed = ", ".join(operation.responses) or "none"
            raise BadRequest(f"There is no response {status} to prefer; documented: {listed}.")
        if "example" in wishes:
            return _example(status, response, wishes["example"])
        dynamic = wishes.get("dynamic", "").lower() in ("true", "1", "yes")
        if not dynamic:
            first = _first_example(response)
            if first is not None:
                return Reply(status, first)
            if status in _REFUSALS:
                raise _REFUSALS[status](response.description or f"Preferred: {status}.")
        salt = world.ordinal("prefer:" + operation.id) if dynamic else "static"
        rng = Rng.of(world, operation.id, status, salt)
        return self._answers.reply(operation, rng, status=status)


def _status(operation: Operation, code: str) -> int:
    if not code:
        return operation.success
    if not re.fullmatch(r"[1-5]\d\d", code):
        raise BadRequest(f"Prefer: code={code} is no status.")
    return int(code)


def _media(response: Response) -> MediaType | None:
    return response.content.get(choose_media_type(response))


def _example(status: int, response: Response, name: str) -> Reply:
    media = _media(response)
    examples = media.examples if media is not None else {}
    if name not in examples:
        listed = ", ".join(examples) or "none"
        raise BadRequest(f"There is no example {name!r} of {status}; documented: {listed}.")
    return Reply(status, examples[name])


def _first_example(response: Response) -> object | None:
    media = _media(response)
    if media is None:
        return NO_BODY if not response.content else None
    if not is_json_or_any(media.name):
        return None
    return next(iter(media.examples.values()), None)


def has_choice(operation: Operation) -> bool:
    """Whether a reply depends on what the client accepts: there are several media types, or a
    refusal for the case that none is acceptable."""
    return 406 in operation.documented or any(
        len(response.content) > 1 or any("*" in name for name in response.content)
        for response in operation.responses.values()
    )


class Negotiator:
    """Converts a reply to the documented media type that the client prefers, for operations that
    have a choice.

    A media type set by a handler is kept.
    """

    def __init__(self, values: Values) -> None:
        self._answers = Answers(values)

    def check(self, request: Request) -> None:
        """Raises NotAcceptable if the document lists a 406 and no documented type is acceptable."""
        accept = request.headers.get("accept")
        operation = request.operation
        if not accept or 406 not in operation.documented:
            return
        response = operation.response_for(operation.success)
        if response is None or not response.content:
            return
        if self._streams(request, response) or choose(accept, list(response.content)):
            return
        raise NotAcceptable(f"There is {', '.join(response.content)} to be accepted.")

    def __call__(self, world: World, request: Request, reply: Reply) -> Reply:
        """The reply in the preferred form, if there are several."""
        operation = request.operation
        if reply.media_type or reply.body is NO_BODY:
            return reply
        response = operation.response_for(reply.status)
        if response is None or not 200 <= reply.status < 300:
            return reply
        usual = choose_media_type(response)
        offered = [usual, *(name for name in response.content if name != usual)]
        accept = request.headers.get("accept", "")
        wanted = self._streams(request, response) or choose(accept, offered) or usual
        name = narrowed(wanted, accept)
        if wanted == usual and (name == usual or "*" not in usual):
            return reply
        media = response.content[wanted]
        rng = Rng.of(world, operation.id, "as", wanted, repr(sorted(request.path.items())))
        body = self._answers.in_another_form(operation, media, name, rng, reply)
        return Reply(reply.status, body, reply.headers, name)

    def _streams(self, request: Request, response: Response) -> str:
        """The event stream, if the body requests one with `stream: true`."""
        if not isinstance(request.body, Mapping) or request.body.get("stream") is not True:
            return ""
        return next((n for n in response.content if essence(n) == EVENT_STREAM), "")
