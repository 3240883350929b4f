"""Jobs as bytes, rendered once for as long as they stay the same.

A job's view follows from its row and from the state that its schedule has reached, so between
two steps of the schedule it is constant. Polling a batch then costs no more than copying.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from mockserver.engine.negotiate import dump
from mockserver.engine.world import Row

LIMIT = 8_000


class Rendered(NamedTuple):
    """One job at some time: what it was made of, until when it holds, and how it looks.

    `body` goes into a reply in place of the object; `status` is what a batch derives its own from.
    """

    row: Row
    owner: str
    begin: int
    end: float
    status: str
    body: Any


class Renderer:
    """Renders jobs with `view(row, now, owner) -> dict` (with a `status`) and remembers them.

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


def _window(schedule: Any, now: int) -> tuple[int, float]:
    """From when until when the schedule's state stays what it is now."""
    begin = -(2**62)
    for _, at in schedule:
        if at > now:
            return begin, at
        begin = at
    return begin, float("inf")
