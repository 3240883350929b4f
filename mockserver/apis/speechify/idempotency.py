"""Idempotency keys: the first answer, again, for a day (rules 66 to 70).

A key is taken by the first request that is carried out or refused by what it finds; one that the
contract itself refuses takes none, nor does one that ends in a fault of the server. It belongs to
the workspace, the operation and the path. Requests on one world take turns, so nobody ever meets
a first one in flight: the second waits and gets the replay.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from itertools import takewhile

from mockserver.engine.api import Handler
from mockserver.engine.instants import SECOND
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import Row, World, digest
from mockserver.errors import BadRequest, Conflict, NotFound, PaymentRequired, Refusal

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}
KEPT = 24 * 3600 * SECOND
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
        name = _mark(request.operation.id, sorted(request.path.items()), key)
        asked = _mark(json.dumps(request.body, sort_keys=True), request.has_body)
        first = world["answers"].get(name)
        if first is not None and first["expires_at"] > world.now:
            return _replayed(first, asked)
        return _first(world, lambda: handler(world, request), name, asked)

    return answer


def _first(world: World, carry_out: Callable[[], Reply], name: str, asked: str) -> Reply:
    _forget(world)
    kept = {"id": name, "asked": asked, "expires_at": world.now + KEPT}
    try:
        reply = carry_out()
    except Refusal as refusal:
        if refusal.status in KINDS:
            told = {"code": refusal.code, "message": refusal.message}
            world["answers"].put({**kept, "status": refusal.status, "refusal": told})
            refusal.keeps_writes = True
        raise
    world["answers"].put({**kept, "status": reply.status, "body": reply.body})
    return reply


def _forget(world: World) -> None:
    """Drop the answers whose day is over."""
    answers = world["answers"]
    for row in list(takewhile(lambda row: row["expires_at"] <= world.now, answers.scan())):
        answers.remove(row["id"])


def _replayed(first: Row, asked: str) -> Reply:
    if first["asked"] != asked:
        raise Conflict(
            "The idempotency key was used with another body.", code="idempotency_conflict"
        )
    told = first.get("refusal")
    if told is not None:
        raise KINDS[first["status"]](told["message"], code=told["code"], headers=REPLAYED)
    return Reply(first["status"], first["body"], dict(REPLAYED))


def _mark(*parts: object) -> str:
    return digest(*parts).hex()
