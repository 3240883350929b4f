"""Conditional requests, if the document has them: ETag, If-Match, If-None-Match."""

from __future__ import annotations

import json

from mockserver.engine.inferred.repository import Entity
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.serialization import nearest_status
from mockserver.engine.world import World, digest
from mockserver.errors import PreconditionFailed
from mockserver.openapi.model import Operation


def etag(entity: Entity) -> str:
    """The version of an entity in its current form: digits, which fit most patterns for it."""
    text = json.dumps(entity.data, sort_keys=True, default=str)
    return f'"{int.from_bytes(digest(entity.key, text)[:8]) % (9 * 10**15) + 10**15}"'


def mark(operation: Operation, reply: Reply, entity: Entity) -> None:
    """Set the ETag of a reply, if the document lists one."""
    response = operation.response_for(reply.status)
    for name in response.headers if response is not None else ():
        if name.lower() == "etag":
            reply.headers[name] = etag(entity)


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


def unchanged(request: Request, entity: Entity) -> Reply | None:
    """The 304 for a client that has the current version, if the document lists one."""
    known = request.headers.get("if-none-match")
    if known is None or 304 not in request.operation.documented or not _names(known, entity):
        return None
    return Reply(304, NO_BODY, {"ETag": etag(entity)})


def _speaks_of(operation: Operation, status: int, *headers: str) -> bool:
    return status in operation.documented or any(
        p.place == "header" and p.name.lower() in headers for p in operation.parameters
    )


def _names(tags: str, entity: Entity) -> bool:
    own = etag(entity)
    return any(
        tag == "*" or tag.removeprefix("W/").strip('"') == own.strip('"')
        for tag in (part.strip() for part in tags.split(","))
    )
