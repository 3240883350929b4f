"""A small document in equivalent 3.0 and 3.1 forms."""

from __future__ import annotations

from typing import Any, Literal

Version = Literal["3.0.3", "3.1.0"]


def nullable(version: Version, schema: dict[str, Any]) -> dict[str, Any]:
    if version == "3.0.3":
        return {**schema, "nullable": True}
    return {**schema, "type": [schema["type"], "null"]}


def exclusive(version: Version, bound: int) -> dict[str, Any]:
    if version == "3.0.3":
        return {"minimum": bound, "exclusiveMinimum": True}
    return {"exclusiveMinimum": bound}


def thing(version: Version) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["id", "name", "secret"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "format": "uuid", "readOnly": True},
            "secret": {"type": "string", "minLength": 2, "writeOnly": True},
            "name": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[a-z]*$"},
            "note": nullable(version, {"type": "string", "maxLength": 3}),
            "count": nullable(version, {"type": "integer", "maximum": 10, **exclusive(version, 0)}),
            "small": {"type": "integer", "format": "int32"},
            "ratio": {"type": "number", "multipleOf": 0.5},
            "flag": {"type": "boolean"},
            "colour": {"type": "string", "enum": ["red", "green"]},
            "when": {"type": "string", "format": "date-time"},
            "day": {"type": "string", "format": "date"},
            "mail": {"type": "string", "format": "email"},
            "address": {"type": "string", "format": "ipv4"},
            "tags": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": 2,
                "uniqueItems": True,
            },
            "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
            "either": {"oneOf": [{"type": "integer"}, {"type": "number", "minimum": 5}]},
            "any": {"anyOf": [{"type": "string"}, {"$ref": "#/components/schemas/Point"}]},
            "all": {"allOf": [{"$ref": "#/components/schemas/Point"}, {"minProperties": 2}]},
            "none": {"not": {"type": "string"}},
            "child": {"$ref": "#/components/schemas/Child"},
        },
    }


def document(version: Version) -> dict[str, Any]:
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
    query = [
        ("limit", {"type": "integer", "minimum": 1, "maximum": 200}),
        ("ratio", {"type": "number", "maximum": 1}),
        ("active", {"type": "boolean"}),
        ("colour", {"type": "string", "enum": ["red", "green"]}),
        ("tags", {"type": "array", "items": {"type": "integer"}, "maxItems": 2}),
    ]
    identifier = {"type": "string", "format": "uuid"}
    return {
        "openapi": version,
        "info": {"title": "Agreement", "version": "1"},
        "paths": {
            "/things/{id}": {
                "put": {
                    "operationId": "put",
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": identifier},
                        *({"name": name, "in": "query", "schema": s} for name, s in query),
                        {"name": "x-n", "in": "header", "schema": {"type": "integer"}},
                    ],
                    "requestBody": {"required": True, "content": body},
                    "responses": {"200": {"description": "done", "content": body}},
                }
            }
        },
        "components": {
            "schemas": {
                "Thing": thing(version),
                "Point": {
                    "type": "object",
                    "required": ["x"],
                    "properties": {"x": {"type": "integer"}, "y": {"type": "number"}},
                },
                "Child": {
                    "type": "object",
                    "properties": {
                        "child": {"$ref": "#/components/schemas/Child"},
                        "size": {"type": "integer"},
                    },
                },
            }
        },
    }
