"""Idempotency keys: the first response is replayed for a day (rules 66 to 70).

A key is used up by the first request that succeeds or is refused because of the state. A request
that breaks the contract does not use it, nor does one that ends in a server error. A key belongs to
the workspace, the operation and the path. Requests in one world are serialised, so a duplicate
never meets the first request in flight: it waits and gets the replay.
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
    """The handler, run once for each key."""

    @wraps(handler)
    def answer(world: World, request: Request) -> Reply:
        key = request.header.get(HEADER)
        if not key:
            return handler(world, request)
        place, fingerprint = place_of(request, key), mark_of(request)
        first = kept(world, "answers", place)
        if first is not None:
            return _replayed(first, fingerprint)
        return _first(world, lambda: handler(world, request), place, fingerprint)

    return answer


def _first(world: World, carry_out: Callable[[], Reply], place: str, fingerprint: str) -> Reply:
    try:
        reply = carry_out()
    except Refusal as refusal:
        if refusal.status in KINDS:
            problem = {"code": refusal.code, "message": refusal.message}
            keep(world, "answers", place, fingerprint, status=refusal.status, refusal=problem)
            refusal.keeps_writes = True
        raise
    keep(world, "answers", place, fingerprint, status=reply.status, body=reply.body)
    return reply


def _replayed(first: Row, fingerprint: str) -> Reply:
    if first["fingerprint"] != fingerprint:
        raise Conflict(
            "The idempotency key was used with another body.", code="idempotency_conflict"
        )
    problem = first.get("refusal")
    if problem is not None:
        raise KINDS[first["status"]](problem["message"], code=problem["code"], headers=REPLAYED)
    return Reply(first["status"], first["body"], dict(REPLAYED))
