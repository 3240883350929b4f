"""Small documents, each written in one line."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
WHOLE: Json = {"type": "integer"}
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


def document(paths: Json, version: str = "3.1.0", **components: Any) -> Json:
    """A document of its own: a test that changes it changes no schema that others share."""
    found: Json = {"openapi": version, "info": {"title": "Small", "version": "1"}, "paths": paths}
    return deepcopy({**found, "components": components} if components else found)


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


# -- documents in the style of a vendor, with named schemas

MOMENT: Json = {"type": "string", "format": "date-time"}
FLAG: Json = {"type": "boolean"}


def with_schemas(paths: Json, **schemas: Json) -> Json:
    """An OpenAPI 3.0 document with these component schemas."""
    return document(paths, "3.0.3", schemas=schemas)


def text(**keywords: Any) -> Json:
    return {**TEXT, **keywords}


def one_of(*values: str | None) -> Json:
    return text(enum=list(values), **({"nullable": True} if None in values else {}))


def obj(*required: str, **properties: Json) -> Json:
    found: Json = {"type": "object", "properties": properties}
    return {**found, "required": list(required)} if required else found


def array(items: Json) -> Json:
    return {"type": "array", "items": items}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def operation(
    name: str,
    shown: Json | None = None,
    *,
    status: int = 200,
    sent: Json | None = None,
    query: dict[str, Json] | None = None,
    also: tuple[int, ...] = (),
    **more: Any,
) -> Json:
    """An operation that responds with `shown`, and lists the statuses in `also` without a body."""
    responses = {str(status): answer(shown), **{str(other): answer() for other in also}}
    found: Json = {"operationId": name, "responses": responses, **more}
    if sent is not None:
        found["requestBody"] = body(sent)
    if query:
        found["parameters"] = [{"name": n, "in": "query", "schema": s} for n, s in query.items()]
    return found


def path(*names: str, **operations: Any) -> Json:
    """A path item with these path parameters."""
    parameters = [{"name": n, "in": "path", "required": True, "schema": TEXT} for n in names]
    return {"parameters": parameters, **operations}
