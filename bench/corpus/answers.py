"""What an answer says, by what is inferred of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from mockserver.plan.model import FIRST, Action, Link


def rows_of(reply: httpx.Response | None, action: Action) -> list[Any]:
    """The rows of a list's answer: objects, or texts and numbers that are ids."""
    envelope = action.envelope
    rows = dug(reply, envelope.items if envelope is not None else ()) if reply is not None else None
    return (
        [row for row in rows if isinstance(row, dict | str | int)] if isinstance(rows, list) else []
    )


def alike(
    wanted: tuple[Link, ...], known: tuple[Link, ...], values: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The path values of one operation by what those of another have named; None if one lacks."""
    found: dict[str, Any] = {}
    for link in wanted:
        other = next((o for o in reversed(known) if o.alike(link)), None)
        if other is None or other.parameter not in values:
            if link.parameter not in values:
                return None
            found[link.parameter] = values[link.parameter]
            continue
        found[link.parameter] = values[other.parameter]
    return found


def dug(reply: httpx.Response, path: tuple[str, ...]) -> Any:
    """What stands at a path of a JSON answer; None if nothing does."""
    try:
        value = reply.json()
    except ValueError:
        return None
    for step in path:
        if step == FIRST and isinstance(value, list) and value:
            value = value[0]
            continue
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value
