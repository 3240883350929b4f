"""The types of a schema, and the values of its enumeration that they do not allow.

No value fits `type: string` with `enum: [1, 2]`. YAML makes numbers and booleans of what nobody
quotes, and generators of clients take the values in the type that the document states.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d{0,17})(\.\d{1,17})?")
_FLAGS = {"true": True, "false": False}


MISREAD = "x-misread"
"""Marks a schema whose values are not written as they are read: for other readers of the document
no value fits."""


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The types in `type`."""
    found = schema.get("type")
    if isinstance(found, str):
        return (found,)
    return tuple(found) if isinstance(found, list) else ()


def in_its_types(values: list[Any], types: tuple[str, ...]) -> list[Any]:
    """The values in the type that can write them, if no type allows any of them; else the list
    itself."""
    if not types or any(value is not None and _is_of(value, types) for value in values):
        return values
    found = [value if value is None else _written(value, types) for value in values]
    return values if all(a is b for a, b in zip(found, values, strict=True)) else found


def as_read(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What an enumeration or a constant is read as, where that is not as it is written."""
    for word, values in (("enum", schema.get("enum")), ("const", [schema.get("const")])):
        if isinstance(values, list) and word in schema:
            read = in_its_types(values, types_of(schema))
            if read is not values:
                return {word: read if word == "enum" else read[0], MISREAD: True}
    return {}


def _is_of(value: Any, types: tuple[str, ...]) -> bool:
    if isinstance(value, bool):
        return "boolean" in types
    if isinstance(value, int):
        return "integer" in types or "number" in types
    if isinstance(value, float):
        return "number" in types or ("integer" in types and value.is_integer())
    # What is no scalar has no other spelling.
    return not isinstance(value, str) or "string" in types


def _written(value: Any, types: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        if "integer" in types and _WHOLE.fullmatch(value):
            return int(value)
        if "number" in types and _DECIMAL.fullmatch(value):
            return float(value) if "." in value else int(value)
        return _FLAGS.get(value, value) if "boolean" in types else value
    if "string" not in types:
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
