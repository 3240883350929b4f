"""Bodies at the bounds of a schema and just beyond them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.openapi.model import Contract, Json
from mockserver.verify.lifecycle.infer import properties, required_of, solid

Schema = Mapping[str, Any]
Body = dict[str, Json]
LONGEST = 4096
MOST_ITEMS = 60
NOT_A_FORMAT = {
    "uuid": "no-uuid",
    "date-time": "yesterday",
    "date": "2026-02-30",
    "email": "no at sign",
    "uri": "no uri",
    "url": "no url",
}
OTHER_TYPE: dict[str, tuple[Json, ...]] = {
    "string": (7, {"a": 1}),
    "integer": ("7", 1.5, "seven", True),
    "number": ("0.5", "half"),
    "boolean": ("true", 1, "yes", "perhaps"),
    "array": ("one", {}),
    "object": ("one", []),
}


def variations(contract: Contract, schema: Schema, body: Body) -> Iterator[tuple[str, Body]]:
    """For each field and bound, a body with that field changed, and a description."""
    required = required_of(contract, schema)
    for name, value in properties(contract, schema).items():
        if value.get("readOnly"):
            continue
        if name in body:
            without = {key: other for key, other in body.items() if key != name}
            yield f"without {name}", without
        for about, new in _values(contract, value, body.get(name)):
            yield f"{name} {about}", {**body, name: new}
        if name not in required and name not in body:
            continue
        yield from _inside(contract, name, value, body)
    yield "with a field that is not known", {**body, "x_unknown_field": "x"}


def _values(contract: Contract, schema: Schema, now: Json) -> Iterator[tuple[str, Json]]:
    """Valid and invalid values for a field."""
    yield "is null", None
    if schema.get("enum"):
        for value in schema["enum"]:
            if value is not None:
                yield f"is {value!r}", value
        yield "is none of its values", "no such value"
        if isinstance(schema["enum"][0], str):
            yield "is one of its values in other case", schema["enum"][0].swapcase()
        return
    kind = schema.get("type")
    for other in OTHER_TYPE.get(str(kind), ()):
        yield f"is {other!r}, not {kind}", other
    if kind == "string":
        yield from _texts(schema, now)
    elif kind in ("integer", "number"):
        yield from _numbers(schema, kind == "integer")
    elif kind == "boolean":
        yield "is true", True
        yield "is false", False
    elif kind == "array":
        yield from _arrays(schema, now)


def _texts(schema: Schema, now: Json) -> Iterator[tuple[str, Json]]:
    form = schema.get("format")
    if form in NOT_A_FORMAT:
        yield f"is no {form}", NOT_A_FORMAT[str(form)]
        return
    if isinstance(now, str) and "{{" in now:
        return
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 0)
    yield "is empty", ""
    if 0 < longest <= LONGEST:
        yield "is as long as it may be", "x" * longest
        yield "is one too long", "x" * (longest + 1)
    if shortest > 1:
        yield "is as short as it may be", "x" * shortest
        yield "is one too short", "x" * (shortest - 1)
    if not schema.get("pattern"):
        yield "has spaces around it", "  padded  "
        yield "is not Latin", "Ünïcode ✓ 漢字"


def _numbers(schema: Schema, whole: bool) -> Iterator[tuple[str, Json]]:
    step = 1 if whole else 0.5
    for word, sign in (("minimum", -1), ("maximum", 1)):
        if word in schema and abs(schema[word]) < 2**53:
            yield f"is at its {word}", schema[word]
            yield f"is beyond its {word}", schema[word] + sign * step
    for word, sign in (("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
        if isinstance(schema.get(word), int | float) and not isinstance(schema[word], bool):
            yield f"is at its {word}", schema[word]
            yield f"is within its {word}", schema[word] + sign * step
    if "minimum" not in schema and "exclusiveMinimum" not in schema:
        yield "is negative", -step


def _arrays(schema: Schema, now: Json) -> Iterator[tuple[str, Json]]:
    yield "is empty", []
    if not isinstance(now, list) or not now:
        return
    yield "has an element twice", [*now, now[0]]
    most = schema.get("maxItems", 0)
    if 0 < most <= MOST_ITEMS:
        yield "has as many as it may have", [now[0]] * most
        yield "has one too many", [now[0]] * (most + 1)
    yield "has null in it", [*now, None]


def _inside(
    contract: Contract, name: str, schema: Schema, body: Body
) -> Iterator[tuple[str, Body]]:
    """One level deeper: an object's fields, or those of an array's first element."""
    now = body.get(name)
    if isinstance(now, dict) and schema.get("properties"):
        for about, new in _fields(contract, schema, now):
            yield f"{name}: {about}", {**body, name: new}
    elif isinstance(now, list) and now and isinstance(now[0], dict):
        items = solid(contract, schema.get("items", {}))
        for about, new in _fields(contract, items, now[0]):
            yield f"{name}[0]: {about}", {**body, name: [new, *now[1:]]}


def _fields(contract: Contract, schema: Schema, now: Body) -> Iterator[tuple[str, Body]]:
    for name, value in properties(contract, schema).items():
        if name in now:
            yield f"without {name}", {k: v for k, v in now.items() if k != name}
        for about, new in _values(contract, value, now.get(name)):
            if "other case" not in about and "spaces" not in about:
                yield f"{name} {about}", {**now, name: new}


WHOLE: tuple[tuple[str, str], ...] = (
    ("the body is an empty object", "{}"),
    ("the body is an array", "[]"),
    ("the body is null", "null"),
    ("the body is a text", '"text"'),
    ("the body is broken JSON", '{"a": '),
    ("the body is empty", ""),
)
"""Bodies that are invalid as a whole."""
