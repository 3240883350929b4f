"""Conditional requests, if the document has them: ETag, If-Match, If-None-Match,
If-Modified-Since."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from mockserver.engine.inferred.repository import Entity
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.serialization import nearest_status
from mockserver.engine.timestamps import SECOND, http_date
from mockserver.engine.world import World, digest
from mockserver.errors import PreconditionFailed
from mockserver.openapi.model import Operation

Shown = Callable[[Entity], Mapping[str, Any]]
"""What is shown of an entity, with what follows from others: how many lie below it."""


def etag(entity: Entity, shown: Shown) -> str:
    """The version of an entity in its current form: digits, which fit most patterns for it."""
    text = json.dumps(shown(entity), sort_keys=True, default=str)
    return _tag(digest(entity.key, text))


def _tag(digested: bytes) -> str:
    return f'"{int.from_bytes(digested[:8]) % (9 * 10**15) + 10**15}"'


def modified(entity: Entity, now: int) -> int:
    """When an entity was changed last, by a request or in the course of its job."""
    row = entity.row
    passed = [int(one) for _, one in row.get("schedule") or () if one <= now]
    last: int = row.get("changed", row.get("at", now))
    return max([last, *passed])


def mark(operation: Operation, reply: Reply, entity: Entity, shown: Shown, now: int) -> None:
    """Set the ETag and Last-Modified of a reply, if the document lists them."""
    response = operation.response_for(reply.status)
    for name in response.headers if response is not None else ():
        if name.lower() == "etag":
            reply.headers[name] = etag(entity, shown)
        elif name.lower() == "last-modified":
            reply.headers[name] = http_date(modified(entity, now))


def of_version(request: Request, reply: Reply) -> Reply:
    """The reply with the ETag of its body, or the 304 for a client that has it, as far as the
    document lists them."""
    operation = request.operation
    response = operation.response_for(reply.status)
    names = [name for name in response.headers if name.lower() == "etag"] if response else []
    known = request.headers.get("if-none-match") if _may_be_unchanged(operation) else None
    if not names and known is None:
        return reply
    text = json.dumps(reply.body, sort_keys=True, default=str)
    own = _tag(digest(text))
    reply.headers.update(dict.fromkeys(names, own))
    return Reply(304, NO_BODY, {"ETag": own}) if known is not None and _lists(known, own) else reply


def unconditional(request: Request) -> Request:
    """The request without conditions: its response is not what they are about."""
    left = {name: value for name, value in request.headers.items() if name not in _CONDITIONS}
    return replace(request, headers=left) if len(left) < len(request.headers) else request


_CONDITIONS = ("if-none-match", "if-modified-since")


def is_conditional(request: Request) -> bool:
    """Whether a change depends on the version of an entity."""
    return "if-match" in request.headers or "if-none-match" in request.headers


def check_match(world: World, request: Request, entity: Entity | None, shown: Shown) -> None:
    """Raises PreconditionFailed if the entity (None: it doesn't exist) isn't the version the client
    knows."""
    if world.leniency.overrules:
        return
    operation = request.operation
    if not _speaks_of(operation, 412, "if-match", "if-none-match"):
        return
    if operation.response_for(nearest_status(operation, 412)) is None:
        # The header is documented, but its failure isn't.
        return
    wanted = request.headers.get("if-match")
    if wanted is not None and (
        entity is None or not _lists(wanted, etag(entity, shown), strongly=True)
    ):
        raise PreconditionFailed("The resource is not what If-Match says.")
    refused = request.headers.get("if-none-match")
    if refused is None or entity is None or operation.method in _READING:
        return
    if _lists(refused, etag(entity, shown)):
        raise PreconditionFailed("The resource is what If-None-Match says.")


def unchanged(request: Request, entity: Entity, shown: Shown, now: int) -> Reply | None:
    """The 304 for a client that has the current version, if the document lists one. Of what is
    shown of others nobody knows when it was changed."""
    if not _may_be_unchanged(request.operation):
        return None
    known, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if known is not None:
        own = etag(entity, shown)
        return Reply(304, NO_BODY, {"ETag": own}) if _lists(known, own) else None
    last = modified(entity, now) // SECOND
    if since is None or (at := _seconds(since)) is None or last > at:
        return None
    if shown(entity) != entity.data:
        return None
    return Reply(304, NO_BODY, {"Last-Modified": http_date(last * SECOND)})


def _seconds(text: str) -> float | None:
    """An HTTP date in seconds since 1970; None for another text, which counts as none (RFC 9110,
    13.1.3)."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _speaks_of(operation: Operation, status: int, *headers: str) -> bool:
    return status in operation.documented or any(
        p.place == "header" and p.name.lower() in headers for p in operation.parameters
    )


_READING = ("GET", "HEAD")


def _may_be_unchanged(operation: Operation) -> bool:
    """Whether the document lists a 304 that HTTP knows (RFC 9110, 13.1.2 and 13.1.3)."""
    return 304 in operation.documented and operation.method in _READING


def _lists(tags: str, own: str, *, strongly: bool = False) -> bool:
    """Whether tags of a client are of this version; weak ones never are `strongly` (RFC 9110,
    8.8.3.2)."""
    own = own.strip('"')
    for tag in (part.strip() for part in tags.split(",")):
        if tag == "*" or (tag if strongly else tag.removeprefix("W/")).strip('"') == own:
            return True
    return False
