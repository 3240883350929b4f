"""Schemas for responses of which a document shows only examples.

Such documents are made from collections of requests. A schema of an example says which properties
there are and their types; the values may be null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import orjson

from mockserver.openapi.media_types import is_json
from mockserver.openapi.schemas.formats import CANONICAL_UUID, canonical_instant

_TELLING = frozenset(
    ("$ref", "properties", "items", "allOf", "oneOf", "anyOf", "additionalProperties", "enum")
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_FORMATS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("date-time", canonical_instant),
    ("date", _DATE.fullmatch),
    ("uuid", CANONICAL_UUID),
)
_KINDS = frozenset(("type", "object", "kind", "_type", "__typename", "resource_type"))
_DEEPEST = 30
_MOST_EXAMPLES = 20


def with_example_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """The document, in which each successful JSON response with examples and no schema of its own
    has the schema of these. The same object if there is none."""
    old = document.get("swagger") is not None
    paths = document.get("paths")
    if not isinstance(paths, Mapping):
        return document
    changed: dict[str, Any] = {}
    for path, item in paths.items():
        operations = item if isinstance(item, Mapping) else {}
        for method, operation in operations.items():
            responses = operation.get("responses") if isinstance(operation, Mapping) else None
            if not isinstance(responses, Mapping):
                continue
            described = {
                status: _described(response, old)
                for status, response in responses.items()
                if str(status).startswith("2") and isinstance(response, Mapping)
            }
            if any(described[status] is not responses[status] for status in described):
                known = changed.setdefault(path, dict(item))
                known[method] = {**operation, "responses": {**responses, **described}}
    return {**document, "paths": {**paths, **changed}} if changed else document


def _described(response: Mapping[str, Any], old: bool) -> Mapping[str, Any]:
    """A response with its schemas; the same object if it has them already."""
    if old:
        shown = response.get("examples")
        if not isinstance(shown, Mapping) or not _says_nothing(response.get("schema")):
            return response
        read = {name: _read(value) for name, value in shown.items() if is_json(str(name))}
        if not read or not _are_of_it(response.get("schema"), [*read.values()]):
            return response
        return {**response, "examples": {**shown, **read}, "schema": schema_of([*read.values()])}
    content = response.get("content")
    if not isinstance(content, Mapping) or not all(
        isinstance(media, Mapping) and _says_nothing(media.get("schema"))
        for media in content.values()
    ):
        return response  # what one media type says counts for all
    found = {}
    for name, media in content.items():
        if is_json(str(name)):
            shown = _read_in(media)
            examples = list(_examples(shown))
            if examples and _are_of_it(media.get("schema"), examples):
                found[name] = {**shown, "schema": schema_of(examples)}
    return {**response, "content": {**content, **found}} if found else response


_KIND_OF: Mapping[Any, type] = {"array": list, "object": Mapping}


def _read(example: Any) -> Any:
    """An example; some documents write the JSON of an object or an array as a text."""
    if isinstance(example, str) and example.lstrip()[:1] in ("{", "["):
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(example)
    return example


def _read_in(media: Mapping[str, Any]) -> dict[str, Any]:
    """A media type whose examples are read, that of its schema as its own."""
    found = dict(media)
    for holder in (media.get("schema"), media):
        if isinstance(holder, Mapping) and "example" in holder:
            found["example"] = _read(holder["example"])
    if isinstance(media.get("examples"), Mapping):
        found["examples"] = {
            name: {**one, "value": _read(one["value"])}
            if isinstance(one, Mapping) and "value" in one
            else one
            for name, one in media["examples"].items()
        }
    return found


def _says_nothing(schema: Any) -> bool:
    if not isinstance(schema, Mapping):
        return not schema
    if schema.get("type") == "array" and isinstance(schema.get("items"), Mapping):
        items = schema["items"]  # an array of anything, or of objects of any kind
        return not (_TELLING & schema.keys() - {"items"}) and _says_nothing(items)
    return not (_TELLING & schema.keys()) and schema.get("type") in (None, "object")


def _are_of_it(schema: Any, examples: list[Any]) -> bool:
    """Whether the examples are of the kind that a schema names."""
    kind = _KIND_OF.get(schema.get("type")) if isinstance(schema, Mapping) else None
    return kind is None or all(isinstance(one, kind) for one in examples)


def _examples(media: Mapping[str, Any]) -> Iterator[Any]:
    if "example" in media:
        yield media["example"]
    several = media.get("examples")
    for one in several.values() if isinstance(several, Mapping) else ():
        if isinstance(one, Mapping) and "value" in one:
            yield one["value"]


def schema_of(values: list[Any], depth: int = 0) -> dict[str, Any]:
    """A schema that fits all these JSON values, in OpenAPI 3.0's words."""
    nothing, values = values, [value for value in values if value is not None][:_MOST_EXAMPLES]
    if depth > _DEEPEST or not values:
        return {"default": None} if nothing else {}
    if all(isinstance(value, Mapping) for value in values):
        names = dict.fromkeys(name for value in values for name in value)
        return {
            "type": "object",
            "properties": {
                name: _property(name, [one[name] for one in values if name in one], depth)
                for name in names
            },
            # What is always null says nothing of what it may be.
            "required": [
                name for name in names if all(one.get(name) is not None for one in values)
            ],
        }
    if all(isinstance(value, list) for value in values):
        elements = [element for value in values for element in value]
        return {"type": "array", "items": schema_of(elements, depth + 1)}
    return _scalar(values)


def _property(name: str, values: list[Any], depth: int) -> dict[str, Any]:
    """The schema of a property; what names the kind of an object is the same in each."""
    found = schema_of(values, depth + 1)
    same = name in _KINDS and all(value == values[0] for value in values)
    return {**found, "default": values[0]} if same and found.get("type") == "string" else found


def _scalar(values: list[Any]) -> dict[str, Any]:
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return {"type": "boolean", "nullable": True}
    if kinds == {int}:
        return {"type": "integer", "nullable": True}
    if kinds <= {int, float}:
        return {"type": "number", "nullable": True}
    if kinds != {str}:
        return {}
    for name, fits in _FORMATS:
        if all(map(fits, values)):
            return {"type": "string", "format": name, "nullable": True}
    return {"type": "string", "nullable": True}
