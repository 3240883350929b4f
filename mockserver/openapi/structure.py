"""Checks that a document has the structure of OpenAPI, before anything is read from it.

This only checks for objects and lists where they are needed: much that the specification forbids is
harmless and common. The keywords of schemas are checked when schemas are compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from mockserver.errors import ContractError
from mockserver.openapi.document import METHODS, join

_LONGEST = 80
_WORDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
}


def check_structure(document: Mapping[str, Any]) -> None:
    """Raises ContractError for the first part with the wrong structure, with its place."""
    try:
        error = next(iter(_validator().iter_errors(document)), None)
    except (TypeError, ValueError, OverflowError) as problem:
        # Lone surrogates, numbers that JSON can't say, or nested without end.
        raise ContractError(f"not a JSON document: {problem}") from None
    if error is None:
        return
    place = join("#", *error.instance_path)
    value = repr(error.instance)
    if len(value) > _LONGEST:
        value = value[:_LONGEST] + "…"
    raise ContractError(f"{_need(error)} is needed here, not {value}", place)


def _need(error: jsonschema_rs.ValidationError) -> str:
    kinds = getattr(error.kind, "types", None)
    if isinstance(error.instance, list) and not kinds:
        return "an object"
    if kinds:
        if "object" in kinds and "array" in kinds:
            return "an object"
        return " or ".join(word for kind, word in _WORDS.items() if kind in kinds)
    return error.message


def _a(reference: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{reference}"}


def _map(reference: str) -> dict[str, Any]:
    # PHP writes an empty object as [].
    return {
        "type": ["object", "null", "array"],
        "maxItems": 0,
        "additionalProperties": _a(reference),
    }


def _list(reference: str) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": _a(reference)}


_TEXT = {"type": "string"}
_OBJECT = {"type": "object"}
_MAYBE = {"type": ["object", "null"]}
_NUMBER = {"type": "number"}
_BOUND = {"type": ["number", "boolean"]}
_SCHEMAS = {"type": "array", "items": _a("schema")}
_SCHEMA_MAP = {"type": "object", "additionalProperties": _a("schema")}
_ONE_SCHEMA = ("additionalProperties", "items", "not", "contains", "propertyNames")
_NUMBERS = (
    *("minimum", "maximum", "multipleOf", "minLength", "maxLength"),
    *("minItems", "maxItems", "minProperties", "maxProperties"),
)
_NAMED: dict[str, Any] = {
    "schema": _a("schema"),
    "content": _map("media"),
    "examples": {"type": ["object", "array", "null"]},
}

_DEFINITIONS: dict[str, Any] = {
    "path": {
        **_OBJECT,
        "properties": {
            "$ref": _TEXT,
            "parameters": _list("parameter"),
            **{method: _a("operation") for method in METHODS},
            "additionalOperations": {
                "type": ["object", "null"],
                "additionalProperties": _a("operation"),
            },
        },
    },
    "operation": {
        **_OBJECT,
        "properties": {
            "parameters": _list("parameter"),
            "requestBody": {
                "type": ["object", "null"],
                "properties": {"$ref": _TEXT, "content": _map("media")},
            },
            "responses": _map("response"),
            "security": _list("requirement"),
            "tags": {"type": ["array", "null"]},
            "callbacks": _MAYBE,
        },
    },
    "parameter": {
        **_OBJECT,
        "properties": {"$ref": _TEXT, "in": _TEXT, "name": _TEXT, "style": _TEXT, **_NAMED},
    },
    "response": {
        **_OBJECT,
        "properties": {
            "$ref": _TEXT,
            "content": _map("media"),
            "headers": _map("header"),
            "links": _MAYBE,
        },
    },
    "header": {**_OBJECT, "properties": {"$ref": _TEXT, **_NAMED}},
    "media": {
        "type": ["object", "null"],
        "properties": {
            "schema": _a("schema"),
            "examples": {"type": ["object", "null"], "additionalProperties": _MAYBE},
            "encoding": _MAYBE,
        },
    },
    "requirement": {"type": "object", "additionalProperties": {"type": ["array", "null"]}},
    "scheme": {
        **_OBJECT,
        "properties": {
            "$ref": _TEXT,
            "type": _TEXT,
            "name": _TEXT,
            "in": _TEXT,
            "scheme": _TEXT,
            "flows": {
                "type": ["object", "null"],
                "additionalProperties": {"type": "object", "properties": {"scopes": _MAYBE}},
            },
        },
    },
    "server": {
        "type": ["object", "null"],
        "properties": {"url": _TEXT, "variables": _MAYBE},
    },
    "schema": {
        "type": ["object", "boolean"],
        "properties": {
            "$ref": _TEXT,
            "type": {"type": ["string", "array"], "items": _TEXT},
            "format": _TEXT,
            # YAML reads `pattern: 00:00:00` as a number.
            "pattern": {"type": ["string", "number", "boolean", "null"]},
            "enum": {"type": "array"},
            "required": {"type": ["array", "boolean"], "items": _TEXT},
            **dict.fromkeys(("properties", "patternProperties", "$defs"), _SCHEMA_MAP),
            **dict.fromkeys(_ONE_SCHEMA, _a("schema")),
            **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _SCHEMAS),
            **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), _BOUND),
            **dict.fromkeys(_NUMBERS, _NUMBER),
            "discriminator": _OBJECT,
        },
    },
}

_DOCUMENT: dict[str, Any] = {
    **_OBJECT,
    "properties": {
        "info": _OBJECT,
        "servers": _list("server"),
        "paths": {
            "type": ["object", "null", "array"],
            "maxItems": 0,
            "patternProperties": {"^/": _a("path")},
        },
        "security": _list("requirement"),
        "components": {
            "type": ["object", "null"],
            "properties": {
                "schemas": _map("schema"),
                "parameters": _map("parameter"),
                "responses": _map("response"),
                "headers": _map("header"),
                "requestBodies": _MAYBE,
                "securitySchemes": _map("scheme"),
            },
        },
    },
    "$defs": _DEFINITIONS,
}


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_DOCUMENT, offline=True)
