"""Answers that are kept for a day, so that the same request again gets the first one."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Any

from mockserver.engine.instants import SECOND
from mockserver.engine.messages import Request
from mockserver.engine.world import Row, World, digest

KEPT = 24 * 3600 * SECOND
"""How long a key stays taken."""


def place_of(request: Request, key: str) -> str:
    """The id of the row for a key: it belongs to the operation and the path."""
    return digest(request.operation.id, sorted(request.path.items()), key).hex()


def mark_of(request: Request) -> str:
    """What tells a request from another one with the same key: its body, and its query."""
    said = json.dumps(request.body, sort_keys=True, default=repr)
    return digest(said, request.has_body, sorted(request.query.items())).hex()


def kept(world: World, answers: str, place: str) -> Row | None:
    """The first answer, while it is kept."""
    first = world[answers].get(place)
    return first if first is not None and first["expires_at"] > world.now else None


def keep(world: World, answers: str, place: str, asked: str, **said: Any) -> None:
    """Keep an answer, and drop those whose day is over. The collection
    `answers` is ordered by `expires_at`."""
    rows = world[answers]
    for old in list(takewhile(lambda row: row["expires_at"] <= world.now, rows.scan())):
        rows.remove(old["id"])
    rows.put({"id": place, "asked": asked, "expires_at": world.now + KEPT, **said})
