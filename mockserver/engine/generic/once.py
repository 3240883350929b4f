"""Idempotency keys, where a document has them: the same request again gets the same answer.

As in the IETF's draft on the header: a key belongs to the operation and the path, is kept for a
day, and is taken by a request that succeeds; one that was refused may be sent again.
"""

from __future__ import annotations

from mockserver.contract.model import Operation
from mockserver.engine.api import Handler
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.repeats import keep, kept, mark_of, place_of
from mockserver.engine.world import Collection, World
from mockserver.errors import Conflict
from mockserver.plan.naming import tokens

ANSWERS = Collection("mock (answers)", order=("expires_at",))
_NAMES = ("idempotency", "idempotent", "idempotence")


def key_of(operation: Operation) -> str:
    """The header that holds the key (`X-Idempotency-Key`, too); "" if there is none."""
    if operation.method not in ("POST", "PATCH"):
        return ""
    for parameter in operation.parameters:
        words = tokens(parameter.name)
        if parameter.place == "header" and any(word in words for word in _NAMES):
            return parameter.name
    return ""


def once(operation: Operation, handler: Handler) -> Handler:
    """The handler, carried out once for each key. Raises Conflict for a key that came with another
    body before, where the document has a 409; elsewhere that is another request."""
    name = key_of(operation)
    if not name:
        return handler

    def answer(world: World, request: Request) -> Reply:
        key = request.header.get(name)
        if not key:
            return handler(world, request)
        place, asked = place_of(request, key), mark_of(request)
        first = kept(world, ANSWERS.name, place)
        if first is not None:
            if first["asked"] == asked:
                body = first["body"] if first["has_body"] else NO_BODY
                return Reply(first["status"], body, dict(first["headers"]))
            if 409 in operation.documented:
                raise Conflict(f"The {name} was used with another body.")
        reply = handler(world, request)
        # What is no JSON can't be kept.
        if reply.status < 400 and not isinstance(reply.body, bytes):
            has_body = reply.body is not NO_BODY
            keep(
                world, ANSWERS.name, place, asked,
                status=reply.status,
                has_body=has_body,
                body=reply.body if has_body else None,
                headers=dict(reply.headers),
            )  # fmt: skip
        return reply

    return answer
