"""A small part of a very large value that has the same violation.

The validator reports all errors or none, and a body of a megabyte can have several hundred
thousand. Whether a value is valid is cheap to find out, so bisection finds the part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.openapi.model import Json
from mockserver.openapi.schemas.violations import Shape

_LARGE = 4000


def faulty_part(value: Json, shape: Shape, is_valid: Callable[[Json], bool]) -> Json:
    """The value itself if it isn't very large; else with fewer entries in its containers.

    What is left out comes after the first errors, or has none.
    """
    if not _is_large(value):
        return value
    narrowing = _Narrowing(value, is_valid)
    narrowing.narrow(narrowing.holder, 0, shape)
    return narrowing.holder[0]


class _Narrowing:
    def __init__(self, value: Json, is_valid: Callable[[Json], bool]) -> None:
        self.holder = [value]
        self._is_valid = is_valid

    def narrow(self, holder: Any, token: str | int, shape: Shape) -> None:
        """Shorten the container `holder[token]` and, if the error is inside, its parts."""
        node = holder[token]
        if isinstance(node, list):
            self._list(holder, token, node, shape)
        elif isinstance(node, dict):
            self._object(holder, token, node, shape)

    def _list(self, holder: Any, token: str | int, items: list[Json], shape: Shape) -> None:
        def keep(count: int) -> None:
            holder[token] = items[:count]

        low, high = self._bisect(keep, items, shape.fewest)
        own = holder[token]
        for index in range(low, high):
            if _is_large(own[index]):
                self.narrow(own, index, shape.child(index))

    def _object(self, holder: Any, token: str | int, node: dict[str, Json], shape: Shape) -> None:
        names = shape.names()
        named = {name: value for name, value in node.items() if name in names}
        others = [(name, value) for name, value in node.items() if name not in names]

        def keep(count: int) -> None:
            holder[token] = {**named, **dict(others[:count])}

        low, high = self._bisect(keep, [value for _, value in others], 0)
        own = holder[token]
        inside = [name for name, _ in others[low:high]] if high else list(named)
        for name in inside:
            if _is_large(own[name]):
                self.narrow(own, name, shape.child(name))

    def _bisect(
        self, keep: Callable[[int], None], parts: list[Json], fewest: int
    ) -> tuple[int, int]:
        """Keep as few parts as contain the first error; returns the range that may contain it.

        Stops early when the rest is small enough to be reported completely.
        """
        low, high = min(fewest, len(parts)), len(parts)
        keep(low)
        if not self._is_valid(self.holder[0]):
            return 0, low
        while high - low > 1 and _is_large(parts[low:high]):
            middle = (low + high) // 2
            keep(middle)
            if self._is_valid(self.holder[0]):
                low = middle
            else:
                high = middle
        keep(high)
        return low, high


def _is_large(value: Json) -> bool:
    seen = 0
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (list, dict)):
            seen += len(node)
            if seen > _LARGE:
                return True
            waiting.extend(node.values() if isinstance(node, dict) else node)
    return False
