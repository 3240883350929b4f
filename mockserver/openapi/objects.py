"""The objects an OpenAPI document consists of, and where they are: the one walker over documents.

Everything under other keys is data: an example, a default, an extension. Nothing in it is a schema
or a reference, whatever it looks like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mockserver.openapi.document import METHODS, find, join, pointer_of

# `{kind}` is a map of names to objects of a kind, `[kind]` a list of them; `{!kind}` is a map in
# which `x-...` is an extension and no name.
_CONTENT = {"schema": "schema", "content": "{media}", "examples": "{example}"}
_OBJECTS: dict[str, dict[str, str]] = {
    "document": {
        "paths": "{!path}",
        "webhooks": "{path}",
        "components": "components",
        # Swagger 2.0
        "definitions": "{schema}",
        "parameters": "{parameter}",
        "responses": "{response}",
        "securityDefinitions": "{security}",
    },
    "components": {
        "schemas": "{schema}",
        "responses": "{response}",
        "parameters": "{parameter}",
        "examples": "{example}",
        "requestBodies": "{body}",
        "headers": "{header}",
        "securitySchemes": "{security}",
        "links": "{link}",
        "callbacks": "{!callback}",
        "pathItems": "{path}",
        "mediaTypes": "{media}",
    },
    "path": {
        **dict.fromkeys(METHODS, "operation"),
        "parameters": "[parameter]",
        "additionalOperations": "{operation}",
    },
    "operation": {
        "parameters": "[parameter]",
        "requestBody": "body",
        "responses": "{!response}",
        "callbacks": "{!callback}",
    },
    "parameter": {**_CONTENT, "items": "schema"},
    "header": {**_CONTENT, "items": "schema"},
    "body": {"content": "{media}"},
    "media": {
        **_CONTENT,
        "itemSchema": "schema",
        "encoding": "{encoding}",
        "itemEncoding": "encoding",
        "prefixEncoding": "[encoding]",
    },
    "encoding": {"headers": "{header}"},
    "response": {
        "schema": "schema",
        "headers": "{header}",
        "content": "{media}",
        "links": "{link}",
    },
    "schema": {
        **dict.fromkeys(
            ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"),
            "{schema}",
        ),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), "[schema]"),
        **dict.fromkeys(("items", "additionalProperties", "not", "contains"), "schema"),
        **dict.fromkeys(("propertyNames", "if", "then", "else", "contentSchema"), "schema"),
        **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), "schema"),
        "additionalItems": "schema",
    },
}
_NONE: dict[str, str] = {}


class Object(NamedTuple):
    """An object of a document: its pointer, its kind and its value."""

    pointer: str
    kind: str
    value: dict[str, Any]


def members(kind: str, value: Any) -> Iterator[tuple[str | int, str, Any]]:
    """The parts of an object of a kind that are not data: key, kind and value."""
    if isinstance(value, list):
        if kind.startswith("["):
            kind = kind[1:-1]
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                yield index, kind, item
    elif isinstance(value, dict):
        if kind.startswith("{"):
            extensible = kind.startswith("{!")
            inner = kind[2:-1] if extensible else kind[1:-1]
            for key, item in value.items():
                if isinstance(item, dict | list) and not (extensible and key.startswith("x-")):
                    yield key, inner, item
        elif kind == "callback":
            for key, item in value.items():
                if isinstance(item, dict | list) and not key.startswith("x-"):
                    yield key, "path", item
        else:
            known = _OBJECTS.get(kind, _NONE)
            for key, item in value.items():
                if key in known and isinstance(item, dict | list):
                    yield key, known[key], item


def objects(document: Any, kind: str = "document") -> Iterator[Object]:
    """Every object of a document in order, with the targets of its references, each once."""
    seen: set[tuple[int, str]] = set()
    stack: list[tuple[str, str, Any]] = [("#", kind, document)]
    while stack:
        pointer, kind, value = stack.pop()
        if (id(value), kind) in seen:
            continue
        seen.add((id(value), kind))
        if isinstance(value, dict) and kind[0] != "{":
            yield Object(pointer, kind, value)
        below = [(join(pointer, key), inner, item) for key, inner, item in members(kind, value)]
        reference = reference_in(value)
        if reference is not None and reference.startswith("#"):
            target = pointer_of(reference)
            below.append((target, kind, find(document, target)))
        stack.extend(reversed(below))


def reference_in(value: Any) -> str | None:
    """The `$ref` of an object; a property named `$ref` isn't one, since its value is no text."""
    reference = value.get("$ref") if isinstance(value, Mapping) else None
    return reference if isinstance(reference, str) else None
