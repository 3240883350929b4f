"""Conditional requests, if the document has them: ETag, If-Match, If-None-Match,
If-Modified-Since."""

from __future__ import annotations

import json
from datetime import UTC
from email.utils import parsedate_to_datetime

from mockserver.engine.inferred.repository import Entity
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.serialization import nearest_status
from mockserver.engine.timestamps import SECOND, http_date
from mockserver.engine.world import World, digest
from mockserver.errors import PreconditionFailed
from mockserver.openapi.model import Operation


def etag(entity: Entity) -> str:
    """The version of an entity in its current form: digits, which fit most patterns for it."""
    text = json.dumps(entity.data, sort_keys=True, default=str)
    return _tag(digest(entity.key, text))


def _tag(digested: bytes) -> str:
    return f'"{int.from_bytes(digested[:8]) % (9 * 10**15) + 10**15}"'


def modified(entity: Entity, now: int) -> int:
    """When an entity was changed last, by a request or in the course of its job."""
    row = entity.row
    passed = [int(one) for _, one in row.get("schedule") or () if one <= now]
    last: int = row.get("changed", row.get("at", now))
    return max([last, *passed])


def mark(operation: Operation, reply: Reply, entity: Entity, now: int) -> None:
    """Set the ETag and Last-Modified of a reply, if the document lists them."""
    response = operation.response_for(reply.status)
    for name in response.headers if response is not None else ():
        if name.lower() == "etag":
            reply.headers[name] = etag(entity)
        elif name.lower() == "last-modified":
            reply.headers[name] = http_date(modified(entity, now))


def of_version(request: Request, reply: Reply) -> Reply:
    """The reply with the ETag of its body, or the 304 for a client that has it, as far as the
    document lists them."""
    operation = request.operation
    response = operation.response_for(reply.status)
    names = [name for name in response.headers if name.lower() == "etag"] if response else []
    known = request.headers.get("if-none-match")
    if not names and (known is None or 304 not in operation.documented):
        return reply
    text = json.dumps(reply.body, sort_keys=True, default=str)
    own = _tag(digest(text))
    reply.headers.update(dict.fromkeys(names, own))
    if known is None or 304 not in operation.documented or not _lists(known, own):
        return reply
    return Reply(304, NO_BODY, {"ETag": own})


def check_match(world: World, request: Request, entity: Entity | None) -> None:
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
    if wanted is not None and (entity is None or not _names(wanted, entity)):
        raise PreconditionFailed("The resource is not what If-Match says.")
    refused = request.headers.get("if-none-match")
    changes = operation.method not in ("GET", "HEAD")
    if refused is not None and changes and entity is not None and _names(refused, entity):
        raise PreconditionFailed("The resource is what If-None-Match says.")


def unchanged(request: Request, entity: Entity, now: int) -> Reply | None:
    """The 304 for a client that has the current version, if the document lists one."""
    if 304 not in request.operation.documented:
        return None
    known, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
    if known is not None:
        return Reply(304, NO_BODY, {"ETag": etag(entity)}) if _names(known, entity) else None
    last = modified(entity, now) // SECOND
    if since is None or (at := _seconds(since)) is None or last > at:
        return None
    return Reply(304, NO_BODY, {"Last-Modified": http_date(last * SECOND)})


def _seconds(text: str) -> float | None:
    """An HTTP date in seconds since 1970; None for another text, which counts as none (RFC 9110,
    13.1.3)."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _speaks_of(operation: Operation, status: int, *headers: str) -> bool:
    return status in operation.documented or any(
        p.place == "header" and p.name.lower() in headers for p in operation.parameters
    )


def _names(tags: str, entity: Entity) -> bool:
    return _lists(tags, etag(entity))


def _lists(tags: str, own: str) -> bool:
    return any(
        tag == "*" or tag.removeprefix("W/").strip('"') == own.strip('"')
        for tag in (part.strip() for part in tags.split(","))
    )
