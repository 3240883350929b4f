"""Paths into a response, variables in a label, and conditions on values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bench.inference_score.labels import LabelError
from bench.inference_score.moments import is_date_only, moment

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "absent"})()
_VARIABLE = re.compile(r"\{([A-Za-z_]\w*(?:\.\d+)?)\}")
_SEGMENT = re.compile(r"([^.\[\]]+)|\[([^\]=]+)=([^\]]*)\]|\[(-?\d+)\]")
_CLOCK_ERROR = 2.0
_DAY = 86400.0


def filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """`value` with its `{variables}` substituted; one that is the whole text keeps its type."""
    if isinstance(value, str):
        whole = _VARIABLE.fullmatch(value)
        if whole:
            return _variable(whole[1], variables)
        return _VARIABLE.sub(lambda found: str(_variable(found[1], variables)), value)
    if isinstance(value, list):
        return [filled(each, variables) for each in value]
    if isinstance(value, dict):
        return {filled(key, variables): filled(each, variables) for key, each in value.items()}
    return value


def _variable(name: str, variables: Mapping[str, Any]) -> Any:
    head, _, index = name.partition(".")
    if head not in variables:
        raise LabelError(f"nothing was kept as {{{head}}}")
    found = variables[head]
    if not index:
        return found
    if not isinstance(found, list) or len(found) <= int(index):
        raise LabelError(f"{{{name}}}: {head} is {found!r}")
    return found[int(index)]


def at(body: Any, path: str) -> Any:
    """The value at a path: `data.items[0].id`, `items.*.id`, `rows[id=7].state`, `.` for all."""
    if path == ".":
        return body
    segments = [found.groups() for found in _SEGMENT.finditer(path)]
    return _walk(body, segments)


def _walk(body: Any, segments: list[tuple[Any, ...]]) -> Any:
    for index, (name, key, wanted, place) in enumerate(segments):
        if name == "*":
            if isinstance(body, dict):
                body = list(body.values())
            if not isinstance(body, list):
                return ABSENT
            return [_walk(each, segments[index + 1 :]) for each in body]
        if key is not None:
            rows = body if isinstance(body, list) else []
            body = next((row for row in rows if same(at(row, key), wanted)), ABSENT)
        elif isinstance(body, list) and (place or name.isdigit()):
            number = int(place or name)
            body = body[number] if -len(body) <= number < len(body) else ABSENT
        elif isinstance(body, dict) and name is not None:
            body = body.get(name, ABSENT)
        else:
            return ABSENT
        if body is ABSENT:
            return ABSENT
    return body


def same(left: Any, right: Any) -> bool:
    """Equality, in which a number equals its text: an id in a path is text."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right or str(left).lower() == str(right)
    if isinstance(left, str | int | float) and isinstance(right, str | int | float):
        return left == right or str(left) == str(right)
    return bool(left == right)


def mismatch(value: Any, wanted: Any, now: float, start: float) -> str | None:
    """Why `value` does not satisfy a label, or None if it does."""
    if isinstance(wanted, dict) and wanted and set(wanted) <= set(_OPERATORS):
        for name, argument in wanted.items():
            if not _OPERATORS[name](value, argument):
                return f"is {short(value)}, not {name} {short(argument)}"
        return None
    if isinstance(wanted, list):
        known = None if value is ABSENT else value
        return _unless(any(same(known, each) for each in wanted), value, f"one of {short(wanted)}")
    if wanted is None:
        return _unless(value is None or value is ABSENT, value, "null or absent")
    if isinstance(wanted, str) and wanted.startswith("<") and wanted.endswith(">"):
        return _unless(_named(value, wanted, now, start), value, wanted)
    return _unless(same(value, wanted), value, short(wanted))


def _unless(good: bool, value: Any, wanted: str) -> str | None:
    return None if good else f"is {short(value)}, not {wanted}"


def _named(value: Any, name: str, now: float, start: float) -> bool:
    if name == "<set>":
        return value is not ABSENT and value is not None and value not in ("", [], {})
    if name == "<absent>":
        return value is ABSENT
    if name == "<unset>":
        return value is ABSENT or value is None or value in ("", [], {})
    if name == "<list>":
        return isinstance(value, list)
    if name == "<empty>":
        return value in ([], {}, "")
    if name == "<number>":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if name in ("<moment>", "<now>", "<past>", "<future>"):
        found = moment(value)
        if found is None:
            return False
        room = _DAY if is_date_only(value) else _CLOCK_ERROR
        return {
            "<moment>": True,
            "<now>": abs(found - now) <= room,
            "<past>": start - room <= found <= now + room,
            "<future>": found > now,
        }[name]
    raise LabelError(f"no such word: {name}")


def _ordered(value: Any, direction: str) -> bool:
    """Sorted, with at least two different values."""
    if not isinstance(value, list) or ABSENT in value or None in value:
        return False
    keys = [_comparable(each) for each in value]
    if len(set(keys)) < 2:
        return False
    return keys == sorted(keys, reverse=direction == "desc")


def _comparable(value: Any) -> Any:
    found = moment(value)
    if found is not None:
        return (0, found, "")
    if isinstance(value, int | float):
        return (1, value, "")
    return (2, 0, str(value).lower())


def _compare(value: Any, other: Any) -> int | None:
    left, right = moment(value), moment(other)
    if left is None or right is None:
        left, right = _float(value), _float(other)
    if left is None or right is None:
        return None
    return (left > right) - (left < right)


def _float(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _has(value: Any, wanted: Any) -> bool:
    """A list with such an element: a value, or a mapping of paths that all match."""
    if not isinstance(value, list):
        return False
    if isinstance(wanted, dict):
        return any(all(same(at(row, key), each) for key, each in wanted.items()) for row in value)
    return any(same(row, wanted) for row in value)


def _same_members(value: Any, wanted: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == len(wanted)
        and all(_has(value, each) for each in wanted)
    )


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list | str | dict) else -1


_OPERATORS: dict[str, Any] = {
    "equals": lambda value, wanted: bool(value == wanted),
    "not": lambda value, wanted: (
        value is not ABSENT
        and not any(
            same(value, each) for each in (wanted if isinstance(wanted, list) else [wanted])
        )
    ),
    "length": lambda value, wanted: _length(value) == wanted,
    "least": lambda value, wanted: _length(value) >= wanted,
    "most": lambda value, wanted: 0 <= _length(value) <= wanted,
    "sorted": _ordered,
    "has": _has,
    "lacks": lambda value, wanted: isinstance(value, list) and not _has(value, wanted),
    "members": _same_members,
    "starts": lambda value, wanted: isinstance(value, str) and value.startswith(str(wanted)),
    "contains": lambda value, wanted: isinstance(value, str) and str(wanted) in value,
    "above": lambda value, wanted: _compare(value, wanted) == 1,
    "below": lambda value, wanted: _compare(value, wanted) == -1,
    "from": lambda value, wanted: _compare(value, wanted) in (0, 1),
    "upto": lambda value, wanted: _compare(value, wanted) in (0, -1),
    "each": lambda value, wanted: (
        isinstance(value, list)
        and bool(value)
        and all(
            any(same(row, each) for each in (wanted if isinstance(wanted, list) else [wanted]))
            for row in value
        )
    ),
}


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
