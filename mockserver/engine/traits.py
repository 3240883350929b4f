"""What is special about a request, in words that a rule can be written with.

A trait is a name and a value, both text: `body.name` is `empty text`, `query.limit` is `absent`,
`violates body.age minimum` is `negative number`. `mockserver diff` asks the mock for the traits of
what it sends, `mockserver calibrate` finds those that decide how the real server answers, and
the mock looks for them again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mockserver.openapi.model import Operation, Violation

Json = Any
Traits = dict[str, str]
HEADER = "x-mock-traits"
"""A request that has it gets the traits in a header of this name."""
_MOST = 120
_HUGE = 2**53
"""Beyond it, not every whole number is one for JavaScript."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_BOOLEANS = ("true", "false", "yes", "no", "on", "off", "t", "f", "y", "n")


def kind_of(value: Json) -> str:
    """The kind of a value, as finely as servers distinguish."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            fraction = isinstance(value, float) and not value.is_integer()
            sign = "negative " if value < 0 else "zero, a " if value == 0 else ""
            size = "huge " if abs(value) > _HUGE else ""
            return sign + size + ("fraction" if fraction else "number")
        case str():
            return _kind_of_text(value)
        case list():
            return "list" if value else "empty list"
        case dict():
            return "object" if value else "empty object"
    return "other"


def _kind_of_text(value: str) -> str:
    if not value:
        return "empty text"
    if _NUMBER.fullmatch(value):
        number = float(value)
        size = "huge " if abs(number) > _HUGE else ""
        return f"{'negative ' if number < 0 else ''}{size}number as text"
    if value.lower() in _BOOLEANS:
        return "yes or no as text"
    if value != value.strip():
        return "text with spaces around it"
    return "text" if value.isascii() else "text beyond ASCII"


def of_body(raw: bytes) -> tuple[str, Json]:
    """What the whole body is, and its value (None if it is not JSON)."""
    if not raw:
        return "absent", None
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return "not JSON", None
    return kind_of(value), value


def of_request(operation: Operation, query: Mapping[str, Iterable[str]], raw: bytes) -> Traits:
    """The traits that need no world."""
    kind, value = of_body(raw)
    found = {"body": kind} if operation.body is not None or raw else {}
    if isinstance(value, dict):
        found |= {f"body.{name}": kind_of(each) for name, each in value.items()}
    known = {p.name for p in operation.parameters if p.place == "query"}
    for name, values in query.items():
        found[f"query.{name}"] = next((kind_of(v) for v in values), "empty text")
        if name not in known:
            found["unknown query parameter"] = "yes"
    return dict(list(found.items())[:_MOST])


def of_violations(violations: Iterable[Violation]) -> Traits:
    """What of a request does not fit the document, by place and keyword and by keyword alone."""
    found: Traits = {}
    for violation in violations:
        place = ".".join("*" if isinstance(step, int) else step for step in violation.where)
        of_what = kind_of(violation.value)
        found[f"violates {place} {violation.keyword}"] = of_what
        found.setdefault(f"violates {violation.where[0]} {violation.keyword}", of_what)
    return dict(list(found.items())[:_MOST])


def as_header(traits: Traits) -> str:
    return json.dumps(traits, ensure_ascii=True, separators=(",", ":"))


def holds(when: Mapping[str, str], traits: Mapping[str, str]) -> bool:
    """Whether a request has all traits of a rule; `absent` is the lack of one."""
    return all(traits.get(name, "absent") == value for name, value in when.items())


def coerced(value: Json, violations: Iterable[Violation]) -> Json:
    """A body whose values are of the types that the document wants, as far as they can be read so:
    what a server does that takes "7" for 7."""
    for violation in violations:
        if violation.keyword == "type" and violation.where[0] == "body":
            value = _put(value, violation.where[1:], _as_type(violation.value, violation.limit))
    return value


def _put(value: Json, place: tuple[str | int, ...], new: Json) -> Json:
    if not place:
        return new
    step, rest = place[0], place[1:]
    if isinstance(value, dict) and step in value:
        return {**value, step: _put(value[step], rest, new)}
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return [*value[:step], _put(value[step], rest, new), *value[step + 1 :]]
    return value


def _as_type(value: Json, types: Json) -> Json:
    for kind in [types] if isinstance(types, str) else types or ():
        for found in _readings(value, kind):
            return found
    return value


def _readings(value: Json, kind: str) -> Iterator[Json]:
    text = str(value).strip().lower()
    if kind == "boolean" and text in (*_BOOLEANS, "1", "0", "1.0", "0.0"):
        yield text in ("true", "yes", "on", "t", "y", "1", "1.0")
    elif kind in ("integer", "number") and isinstance(value, bool):
        yield int(value)
    elif kind in ("integer", "number") and _NUMBER.fullmatch(text):
        number = float(text)
        yield int(number) if number.is_integer() else number
    elif kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)
