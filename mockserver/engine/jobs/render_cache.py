"""Jobs as bytes, rendered once for as long as they stay the same.

The view of a job follows from its row and the state that its schedule has reached, so it is
constant between two steps of the schedule. Polling a batch then only copies bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any, NamedTuple

import orjson

from mockserver.engine.messages import Json
from mockserver.engine.serialization import dump
from mockserver.engine.world import Row

LIMIT = 8_000
BATCHES = 500


class Rendered(NamedTuple):
    """A rendered job: its inputs, until when it is valid, and the bytes.

    `body` replaces the object in a reply; `status` is what a batch derives its own from.
    """

    row: Row
    owner: str
    begin: int
    end: float
    status: str
    body: Any


class Renderer:
    """Renders jobs with `view(row, now, owner) -> dict` (with a `status`) and caches them.

    `owner` is whatever else the view depends on.
    """

    def __init__(self, view: Callable[[Row, int, str], dict[str, Any]]) -> None:
        self._view = view
        self._known: dict[tuple[str, str], Rendered] = {}

    def __call__(self, row: Row, now: int, owner: str) -> Rendered:
        key = row["id"], owner
        known = self._known.get(key)
        if known is not None and known.row is row and known.begin <= now < known.end:
            return known
        begin, end = _window(row["schedule"], now)
        view = self._view(row, now, owner)
        rendered = Rendered(row, owner, begin, end, view["status"], orjson.Fragment(dump(view)))
        if len(self._known) >= LIMIT:
            self._known.clear()
        self._known[key] = rendered
        return rendered


class Joiner:
    """Caches a batch as bytes for as long as its row and its children look the same.

    Only for views that depend on these and `owner` alone.
    """

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._known: dict[tuple[str, str], _Joined] = {}

    def __call__(
        self,
        row: Row,
        children: list[Row],
        now: int,
        owner: str,
        view: Callable[[list[Rendered]], dict[str, Any]],
    ) -> Json:
        """`view(the children, rendered)`."""
        key = row["id"], owner
        known = self._known.get(key)
        if (
            known is not None
            and known.row is row
            and known.begin <= now < known.end
            and len(known.children) == len(children)
            and all(map(is_, known.children, children))
        ):
            return known.body
        parts = [self._renderer(child, now, owner) for child in children]
        body = Json(dump(view(parts)))
        begin = max((part.begin for part in parts), default=now)
        end = min((part.end for part in parts), default=now)
        if len(self._known) >= BATCHES:
            self._known.clear()
        self._known[key] = _Joined(row, children, begin, end, body)
        return body


class _Joined(NamedTuple):
    row: Row
    children: list[Row]
    begin: int
    end: float
    body: Json


def _window(schedule: Any, now: int) -> tuple[int, float]:
    """The time range in which the schedule's state stays what it is now."""
    begin = -(2**62)
    for _, at in schedule:
        if at > now:
            return begin, at
        begin = at
    return begin, float("inf")
