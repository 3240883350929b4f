"""Idempotency keys: the first answer, again, for a day (rules 66 to 70).

A key is taken by the first request that is carried out or refused by what it finds; one that the
contract itself refuses takes none, nor does one that ends in a fault of the server. It belongs to
the workspace, the operation and the path. Requests on one world take turns, so nobody ever meets
a first one in flight: the second waits and gets the replay.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from mockserver.engine.api import Handler
from mockserver.engine.idempotency import keep, kept, mark_of, place_of
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest, Conflict, NotFound, PaymentRequired, Refusal

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}
KINDS: dict[int, type[Refusal]] = {
    kind.status: kind for kind in (BadRequest, PaymentRequired, NotFound, Conflict)
}


def once(handler: Handler) -> Handler:
    """The handler, carried out once for each key."""

    @wraps(handler)
    def answer(world: World, request: Request) -> Reply:
        key = request.header.get(HEADER)
        if not key:
            return handler(world, request)
        place, asked = place_of(request, key), mark_of(request)
        first = kept(world, "answers", place)
        if first is not None:
            return _replayed(first, asked)
        return _first(world, lambda: handler(world, request), place, asked)

    return answer


def _first(world: World, carry_out: Callable[[], Reply], place: str, asked: str) -> Reply:
    try:
        reply = carry_out()
    except Refusal as refusal:
        if refusal.status in KINDS:
            told = {"code": refusal.code, "message": refusal.message}
            keep(world, "answers", place, asked, status=refusal.status, refusal=told)
            refusal.keeps_writes = True
        raise
    keep(world, "answers", place, asked, status=reply.status, body=reply.body)
    return reply


def _replayed(first: Row, asked: str) -> Reply:
    if first["asked"] != asked:
        raise Conflict(
            "The idempotency key was used with another body.", code="idempotency_conflict"
        )
    told = first.get("refusal")
    if told is not None:
        raise KINDS[first["status"]](told["message"], code=told["code"], headers=REPLAYED)
    return Reply(first["status"], first["body"], dict(REPLAYED))
