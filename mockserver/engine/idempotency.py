"""Idempotency keys, where a document has them: repeating a request repeats its response.

As in the IETF draft on the header, a key belongs to the operation and the path and is kept for a
day. A request that succeeds uses it up; a rejected one may be sent again.
"""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import Collection, Row, World, digest
from mockserver.errors import Conflict
from mockserver.inference.words import tokens
from mockserver.openapi.model import Operation

KEPT = 24 * 3600 * SECOND
"""How long a key stays taken."""


def place_of(request: Request, key: str) -> str:
    """The id of a key's row; it includes the operation and the path."""
    return digest(request.operation.id, sorted(request.path.items()), key).hex()


def mark_of(request: Request) -> str:
    """The fingerprint of a request: its body and query."""
    body = json.dumps(request.body, sort_keys=True, default=repr)
    return digest(body, request.has_body, sorted(request.query.items())).hex()


def kept(world: World, answers: str, place: str) -> Row | None:
    """The stored response, if it hasn't expired."""
    first = world[answers].get(place)
    return first if first is not None and first["expires_at"] > world.now else None


def keep(world: World, answers: str, place: str, fingerprint: str, **facts: Any) -> None:
    """Store a response and drop expired ones. The collection `answers` is ordered by
    `expires_at`."""
    rows = world[answers]
    for old in list(takewhile(lambda row: row["expires_at"] <= world.now, rows.scan())):
        rows.remove(old["id"])
    rows.put({"id": place, "fingerprint": fingerprint, "expires_at": world.now + KEPT, **facts})


ANSWERS = Collection("mock (answers)", order=("expires_at",))
_NAMES = ("idempotency", "idempotent", "idempotence")


def key_of(operation: Operation) -> str:
    """The header that holds the key (`X-Idempotency-Key` too); "" if there is none."""
    if operation.method not in ("POST", "PATCH"):
        return ""
    for parameter in operation.parameters:
        words = tokens(parameter.name)
        if parameter.place == "header" and any(word in words for word in _NAMES):
            return parameter.name
    return ""


def once(operation: Operation, handler: Handler) -> Handler:
    """The handler, executed once per key. Raises Conflict for a key that was used with another
    body, where the document has a 409; elsewhere that counts as another request."""
    name = key_of(operation)
    if not name:
        return handler

    def answer(world: World, request: Request) -> Reply:
        key = request.header.get(name)
        if not key:
            return handler(world, request)
        place, fingerprint = place_of(request, key), mark_of(request)
        first = kept(world, ANSWERS.name, place)
        if first is not None:
            if first["fingerprint"] == fingerprint:
                body = first["body"] if first["has_body"] else NO_BODY
                return Reply(first["status"], body, dict(first["headers"]))
            if 409 in operation.documented and not world.leniency.overrules:
                raise Conflict(f"The {name} was used with another body.")
        reply = handler(world, request)
        # Only JSON can be stored.
        if reply.status < 400 and not isinstance(reply.body, bytes):
            has_body = reply.body is not NO_BODY
            keep(
                world, ANSWERS.name, place, fingerprint,
                status=reply.status,
                has_body=has_body,
                body=reply.body if has_body else None,
                headers=dict(reply.headers),
            )  # fmt: skip
        return reply

    return answer
