"""Idempotency keys, where a document has them: repeating a request repeats its response.

As in the IETF draft on the header, a key belongs to the operation and the path and is kept for a
day. A request that succeeds uses it up; a rejected one may be sent again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from itertools import takewhile
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import Collection, Row, World, digest
from mockserver.errors import Conflict
from mockserver.inference.page_parameters import sent_in
from mockserver.openapi.model import Operation
from mockserver.openapi.schemas.resolved import Schemas

KEPT = 24 * 3600 * SECOND
"""How long a key is kept."""


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


ANSWERS = Collection("mock (answers)", order=("expires_at",), internal=True)
_NAMES = ("idempotency", "idempotent", "idempotence")
_ENDINGS = ("token", "key", "requestid", "request_id", "request-id")
_SAYING = re.compile(
    r"\bidempoten|\bretr(?:y|ied|ies)\b[^.]{0,60}\b(?:twice|safely|duplicate)", re.I
)
Read = Callable[[Request], Any]
"""What a request has as its key, if it has one."""


def key_of(schemas: Schemas, operation: Operation) -> tuple[str, Read] | None:
    """The name of the key and how to read it, if the operation has one: in a header or the query,
    or in its body (`client_token`)."""
    if operation.method not in ("POST", "PATCH"):
        return None
    for parameter in operation.parameters:
        if parameter.place in ("header", "query") and _is_key(
            parameter.name, parameter.description
        ):
            part = "header" if parameter.place == "header" else "query"
            return parameter.name, partial(_read, part, parameter.name)
    for name, schema in sent_in(schemas, operation).items():
        text = schema.get("description") if isinstance(schema, Mapping) else None
        if _is_key(name, text if isinstance(text, str) else ""):
            return name, partial(_read, "body", name)
    return None


def _read(part: str, name: str, request: Request) -> Any:
    holder = getattr(request, part)
    return holder.get(name) if isinstance(holder, Mapping) else None


def _is_key(name: str, text: str) -> bool:
    lower = name.lower()
    if any(word in lower for word in _NAMES):
        return not lower.endswith(("level", "ttl", "at", "mode"))
    return lower.endswith(_ENDINGS) and _SAYING.search(text) is not None


def once(schemas: Schemas, operation: Operation, handler: Handler) -> Handler:
    """The handler, executed once per key. Raises Conflict for a key that was used with another
    body, where the document has a 409; elsewhere that counts as another request."""
    found = key_of(schemas, operation)
    if found is None:
        return handler
    name, read = found

    def answer(world: World, request: Request) -> Reply:
        key = read(request)
        if not isinstance(key, str) or not key:
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
