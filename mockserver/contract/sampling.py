"""A part of a very large value that is wrong in the same way.

The validator reports all faults or none, and a body of a megabyte can have several hundred
thousand of them. To say that it is valid or not is cheap, so that is how the part is found.
"""

from __future__ import annotations

from collections.abc import Callable

from mockserver.contract.model import Json
from mockserver.contract.violations import Shape

_LARGE = 4000
_FINE = 64


def faulty_part(value: Json, shape: Shape, is_valid: Callable[[Json], bool]) -> Json:
    """The value itself if it is not very large; else with fewer entries in its containers."""
    if not _is_large(value):
        return value
    low, high = 0, 1
    part = _cut(value, high, shape)
    while is_valid(part):
        low, high = high, 2 * high
        if high > 1 << 40:
            return value
        part = _cut(value, high, shape)
    while high - low > _FINE:
        middle = (low + high) // 2
        candidate = _cut(value, middle, shape)
        if is_valid(candidate):
            low = middle
        else:
            high, part = middle, candidate
    while high < _LARGE:
        high *= 2
        candidate = _cut(value, high, shape)
        if _is_large(candidate):
            break
        part = candidate
    return part


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


def _cut(value: Json, most: int, shape: Shape) -> Json:
    """The value with so many items in an array, and so many unnamed properties in an object."""
    if isinstance(value, list):
        kept = value[: max(most, shape.fewest)]
        return [_cut(item, most, shape.child(index)) for index, item in enumerate(kept)]
    if isinstance(value, dict):
        named = shape.names()
        found = {}
        left = most
        for key, item in value.items():
            if key not in named:
                left -= 1
                if left < 0:
                    continue
            found[key] = _cut(item, most, shape.child(key))
        return found
    return value
