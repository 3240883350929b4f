"""Content negotiation: by `Accept`, or by a streaming flag in the body."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.engine.generation.responses import Answers
from mockserver.engine.generation.values import Values
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.randomness import Dice
from mockserver.engine.representations.sequences import EVENT_STREAM
from mockserver.engine.serialization import choose_media_type
from mockserver.engine.world import World
from mockserver.errors import NotAcceptable
from mockserver.openapi.media_types import choose, essence, narrowed
from mockserver.openapi.model import Operation, Response


class Negotiator:
    """Converts a reply to the documented media type that the client prefers.

    A media type set by a handler is kept.
    """

    def __init__(self, values: Values) -> None:
        self._answers = Answers(values)
        self._choosable: dict[str, bool] = {}

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
        if reply.media_type or reply.body is NO_BODY or not self._has_choice(operation):
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
        dice = Dice.of(world, operation.id, "as", wanted, repr(sorted(request.path.items())))
        body = self._answers.in_another_form(operation, media, name, dice, reply)
        return Reply(reply.status, body, reply.headers, name)

    def _has_choice(self, operation: Operation) -> bool:
        found = self._choosable.get(operation.id)
        if found is None:
            found = self._choosable[operation.id] = any(
                len(response.content) > 1 or any("*" in name for name in response.content)
                for response in operation.responses.values()
            )
        return found

    def _streams(self, request: Request, response: Response) -> str:
        """The event stream, if the body requests one with `stream: true`."""
        if not isinstance(request.body, Mapping) or request.body.get("stream") is not True:
            return ""
        return next((n for n in response.content if essence(n) == EVENT_STREAM), "")
