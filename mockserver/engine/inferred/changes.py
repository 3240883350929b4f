"""What requests change in entities, kept for the webhooks that report it.

Only entities that a webhook is about are noted, and only the latest changes are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.jobs import state_at
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import Collection, Row, World
from mockserver.inference.model import CREATED, REMOVED, UPDATED, Action, done_by

CHANGES = Collection("changes", order=("n",), internal=True)
"""Each row has the entity's collection as `of`, the moments that it passed, most telling first, and
the entity's row after the change; before it, if it was removed."""
MOST = 2000
"""The number of changes that a world keeps."""


def note(
    world: World, of: str, before: Row | None, after: Row | None, state: str | None = None
) -> None:
    """Note that a row changed; `state` is the property with the entity's state."""
    row = after or before
    if row is None or after == before or (before is None and row.get("seed")):
        return
    n = world.ordinal("change")
    moments = _moments(before, after, state, world.now)
    at = row["at"] if moments == [CREATED] else world.now
    change = {"id": str(n), "n": n, "at": at, "of": of, "moments": moments, "row": row}
    world[CHANGES.name].put(change)
    if n > MOST and world[CHANGES.name].get(str(n - MOST)) is not None:
        world[CHANGES.name].remove(str(n - MOST))


def _moments(before: Row | None, after: Row | None, state: str | None, now: int) -> list[str]:
    if before is None:
        return [CREATED]
    if after is None or (after.get("gone") and not before.get("gone")):
        return [REMOVED]
    was, has = (_state(row, state, now) for row in (before, after))
    moved = [has] if has is not None and has != was else []
    if after.get("schedule") != before.get("schedule") or after["data"] == before["data"]:
        return moved
    return [*moved, UPDATED]


def _state(row: Row, state: str | None, now: int) -> str | None:
    found = state_at(row["schedule"], now) if row.get("schedule") else row["data"].get(state)
    return found if isinstance(found, str) else None


def noting(action: Action, handler: Handler) -> Handler:
    """The handler of an operation that changes entities; each change of an entity becomes one, and
    says by which operation."""

    def handle(world: World, request: Request) -> Reply:
        rows = world[CHANGES.name]
        last = next((row["n"] for row in rows.scan(newest_first=True)), 0)
        reply = handler(world, request)
        fresh = list(takewhile(lambda row: row["n"] > last, rows.scan(newest_first=True)))
        found: dict[tuple[str, str], Row] = {}
        for row in fresh:
            rows.remove(row["id"])
            key = row["of"], str(row["row"]["id"])
            later = found.get(key)
            passed = [*row["moments"], *(later["moments"] if later is not None else ())]
            # The time of a creation is that of its row.
            at = row["at"] if CREATED in passed else (later or row)["at"]
            found[key] = {**(later or row), "at": at, "moments": passed}
        for row in found.values():
            rows.put({**row, "moments": _told(action, row)})
        return reply

    return handle


def _told(action: Action, row: Mapping[str, Any]) -> list[str]:
    """The moments of a change, the most telling first."""
    if CREATED in row["moments"]:
        return [CREATED]
    moments = [done_by(action.operation), *dict.fromkeys(row["moments"])]
    if action.kind == "remove" and row["row"].get("hidden"):
        moments = [REMOVED, *moments]  # hidden is how this API removes
    if REMOVED in moments:
        return [one for one in moments if one != UPDATED]
    return sorted(moments, key=lambda moment: moment == UPDATED)


def changes_since(world: World, since: int) -> Iterator[Row]:
    """The changes from an instant on, newest first."""
    if CHANGES.name in world:
        rows = world[CHANGES.name].scan(newest_first=True)
        yield from takewhile(lambda row: row["at"] >= since, rows)
