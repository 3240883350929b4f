"""Schemas that name a property twice where JSON Schema wants each name once."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer

TEXT = {"type": "string"}
LAMP = {"type": "object", "properties": {"id": TEXT, "watts": {"type": "integer"}}}
SCHEMAS: dict[str, dict[str, Any]] = {
    "required": {**LAMP, "required": ["id", "watts", "id"]},
    "required in a part": {"allOf": [{**LAMP, "required": ["id", "id"]}, {"required": ["watts"]}]},
    "required alone": {"allOf": [LAMP, {"required": ["id", "watts", "watts", "id"]}]},
    "required in an item": {
        "type": "object",
        "required": ["id", "watts", "bulbs"],
        "properties": {
            **LAMP["properties"],
            "bulbs": {"type": "array", "items": {**LAMP, "required": ["id", "id"]}},
        },
    },
    "dependentRequired": {
        **LAMP,
        "required": ["id"],
        "dependentRequired": {"id": ["watts", "watts"]},
    },
}


def document(lamp: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object", "properties": {"lamp": lamp}}}}
    body = {"required": True, "content": {"application/json": {"schema": lamp}}}
    name = {"name": "lamp_id", "in": "path", "required": True, "schema": TEXT}
    responses = {"200": {"description": "ok", "content": content}, "422": {"description": "no"}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lamps", "version": "1"},
        "paths": {
            "/lamps/{lamp_id}": {
                "parameters": [name],
                "get": {"responses": responses},
                "put": {"requestBody": body, "responses": responses},
            }
        },
    }


@pytest.mark.parametrize("which", SCHEMAS)
def test_the_value_is_made_and_required_of_clients(which: str) -> None:
    with MockServer(document(SCHEMAS[which]), lenient=True) as server:
        lamp = server.client.get("/lamps/one").json()["lamp"]
        assert isinstance(lamp["watts"], int)
        whole = server.client.put("/lamps/one", json={**lamp, "watts": 60})
        assert whole.json()["lamp"]["watts"] == 60
        assert "x-mock-violations" not in whole.headers
        part = server.client.put("/lamps/one", json={"id": "one"})
        assert "watts is required" in part.headers["x-mock-violations"]
