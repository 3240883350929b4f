"""Short ways to write an OpenAPI document in Python."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

MOMENT: Schema = {"type": "string", "format": "date-time"}
INTEGER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}


def text(**keywords: Any) -> Schema:
    return {"type": "string", **keywords}


def one_of(*values: str | None) -> Schema:
    return text(enum=list(values), **({"nullable": True} if None in values else {}))


def obj(*required: str, **properties: Schema) -> Schema:
    found: Schema = {"type": "object", "properties": properties}
    return {**found, "required": list(required)} if required else found


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def json_of(schema: Schema) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def operation(
    name: str,
    shown: Schema | None = None,
    *,
    status: int = 200,
    sent: Schema | None = None,
    query: dict[str, Schema] | None = None,
    also: tuple[int, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """An operation that responds with `shown`, and lists the statuses in `also` without a body."""
    success = {"description": "", **(json_of(shown) if shown is not None else {})}
    found: dict[str, Any] = {"operationId": name, "responses": {str(status): success}, **more}
    for other in also:
        found["responses"][str(other)] = {"description": ""}
    if sent is not None:
        found["requestBody"] = {"required": True, **json_of(sent)}
    if query:
        found["parameters"] = [
            {"name": n, "in": "query", "schema": schema} for n, schema in query.items()
        ]
    return found


def path(*names: str, schema: Schema | None = None, **operations: Any) -> dict[str, Any]:
    """A path item with these path parameters."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": schema or text()} for name in names
    ]
    return {"parameters": parameters, **operations}


def document(paths: dict[str, Any], **schemas: Schema) -> dict[str, Any]:
    return {
        "openapi": "3.0.3",
        "info": {"title": "styles", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }
