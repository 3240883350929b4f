"""Requests that are valid only to the letter of JSON Schema, so that a refusal is no fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from mockserver.openapi.model import Contract
from mockserver.openapi.observed import ITEM, schema_at
from mockserver.verify.model import Exchange

_LARGEST_FLOAT = 3.4028235e38
"""Of format `float`, which has single precision."""
_LARGE = re.compile(r"-?(?:\d{20,}|9[3-9]\d{17}|92[3-9]\d{16})")
"""Integers beyond 64 bits."""


def is_borderline(exchange: Exchange, contract: Contract) -> bool:
    """Whether the body is valid only in the strictest reading of JSON Schema: an integer is
    written as `1.0`, a number is too large for 64 bits or its format `float` (few programs know
    such numbers: RFC 8259, 6), or a schema with properties but no type gets no object."""
    query = parse_qs(urlsplit(exchange.url).query).values()
    if any(_LARGE.fullmatch(value) for values in query for value in values):
        return True
    large = list[str]()

    def whole(text: str) -> int:
        large.extend([text] if _LARGE.fullmatch(text) else ())
        return int(text)

    try:
        body = exchange.request_body or b"null"
        value = json.loads(body, parse_float=_Written, parse_int=whole)
    except (ValueError, RecursionError):
        return False
    if large:
        return True
    operation = contract.by_id.get(exchange.operation)
    content = operation.body.content.values() if operation and operation.body else ()
    document = contract.document
    pointers = [media.pointer for media in content if media.pointer]
    schemas = [schema_at(document, pointer, ()) for pointer in pointers]
    means_object = any("properties" in s and not types_named(s) for s in schemas if s)
    if means_object and not isinstance(value, dict):
        return True
    for place, number in _fractions(value, ()):
        for schema in (schema_at(document, pointer, place) for pointer in pointers):
            if number.is_integer() and "integer" in types_named(schema):
                return True
            if abs(number) > _LARGEST_FLOAT and _format(schema) == "float":
                return True
    return False


class _Written(float):
    """A number that was written with a fraction or an exponent."""


def _fractions(value: object, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], _Written]]:
    """The numbers that are written with a fraction or an exponent, and their places."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fractions(inner, (*place, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _fractions(inner, (*place, ITEM))
    elif isinstance(value, _Written):
        yield place, value


def _format(schema: object) -> object:
    return schema.get("format") if isinstance(schema, dict) else None


def types_named(schema: object) -> set[str]:
    """The types that a schema or one of its alternatives names."""
    if not isinstance(schema, dict):
        return set()
    named = schema.get("type")
    found = {named} if isinstance(named, str) else {*named} if isinstance(named, list) else set()
    parts = [part for keyword in ("anyOf", "oneOf", "allOf") for part in schema.get(keyword, ())]
    return found.union(*map(types_named, parts))
