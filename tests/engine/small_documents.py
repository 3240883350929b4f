"""Small documents, each written in one line."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer"}
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


def document(paths: Json, version: str = "3.1.0", **components: Any) -> Json:
    found: Json = {"openapi": version, "info": {"title": "Small", "version": "1"}, "paths": paths}
    return {**found, "components": components} if components else found


def thing(required: str = "", **properties: Any) -> Json:
    """An object schema; `required` are the required properties."""
    return {"type": "object", "required": required.split(), "properties": properties}


def body(schema: Any, *media_types: str) -> Json:
    names = media_types or ("application/json",)
    return {"required": True, "content": {name: {"schema": schema} for name in names}}


def answer(schema: Any = None, media_type: str = "application/json", **more: Any) -> Json:
    content = {"content": {media_type: {"schema": schema}}} if schema is not None else {}
    return {"description": "", **content, **more}


def collection(
    path: str, schema: Any, sent: Any, *refusals: str, change: Any = None, answers: Any = None
) -> Json:
    """The paths of a resource with list, create, fetch, PUT and PATCH."""
    refused = {status: answer(answers) for status in refusals}
    patch = body({} if change is None else change, "application/json", MERGE_PATCH)
    patch["content"][JSON_PATCH] = {"schema": {"type": "array"}}
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    return {
        path: {
            "get": {"responses": {"200": answer({"type": "array", "items": schema})}},
            "post": {"requestBody": body(sent), "responses": {"201": answer(schema), **refused}},
        },
        path + "/{id}": {
            "parameters": [item],
            "get": {"responses": {"200": answer(schema), "404": answer(answers)}},
            "put": {"requestBody": body(sent), "responses": {"200": answer(schema), **refused}},
            "patch": {
                "requestBody": patch,
                "responses": {"200": answer(schema), **refused},
            },
            "delete": {"responses": {"204": answer()}},
        },
    }
