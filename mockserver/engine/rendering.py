"""Jobs as bytes, rendered once for as long as they stay the same.

A job's view follows from its row and from the state that its schedule has reached, so between
two steps of the schedule it is constant. Polling a batch then costs no more than copying.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any, NamedTuple

import orjson

from mockserver.engine.negotiate import dump
from mockserver.engine.world import Row

LIMIT = 8_000
BATCHES = 500


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


class Joiner:
    """Remembers a batch as bytes while its row and its children look the same.

    Only for what follows from these alone: a view that depends on more, on time say, is not.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[Row, list[Rendered], Any]] = {}

    def __call__(
        self, row: Row, owner: str, parts: list[Rendered], view: Callable[[], dict[str, Any]]
    ) -> Any:
        """`view()` in a form that goes into a reply in place of the object."""
        key = row["id"], owner
        known = self._known.get(key)
        if known is not None and known[0] is row and _same(known[1], parts):
            return known[2]
        body = orjson.Fragment(dump(view()))
        if len(self._known) >= BATCHES:
            self._known.clear()
        self._known[key] = row, parts, body
        return body


def _same(some: list[Rendered], others: list[Rendered]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


def _window(schedule: Any, now: int) -> tuple[int, float]:
    """From when until when the schedule's state stays what it is now."""
    begin = -(2**62)
    for _, at in schedule:
        if at > now:
            return begin, at
        begin = at
    return begin, float("inf")
