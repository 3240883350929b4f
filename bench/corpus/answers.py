"""Reading responses by the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import orjson

from mockserver.inference.model import Action
from mockserver.inference.resource_model import FIRST, Link


def rows_of(reply: httpx.Response | None, action: Action) -> list[Any]:
    """The entities in a list response: objects, or strings and numbers that are ids."""
    items, row = (action.envelope.items, action.envelope.row) if action.envelope else ((), ())
    rows = dug(reply, items) if reply is not None else None
    found = [inside(one, row) for one in rows] if isinstance(rows, list) else []
    return [one for one in found if isinstance(one, dict | str | int)]


def alike(
    wanted: tuple[Link, ...], known: tuple[Link, ...], values: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Path values of one operation from those of another; None if one is missing."""
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
    """The value at a path of a JSON response, or None."""
    try:
        return inside(orjson.loads(reply.content), path)
    except ValueError:
        return None


def inside(value: Any, path: tuple[str, ...]) -> Any:
    """The value at a path of a JSON value, or None."""
    for step in path:
        if step == FIRST and isinstance(value, list) and value:
            value = value[0]
            continue
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[step]
    return value
