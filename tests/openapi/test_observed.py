"""A document completed by what replies of a real server have."""

from __future__ import annotations

from typing import Any

from mockserver.openapi.build import build_contract
from mockserver.openapi.observed import completed, schema_at, schemas_of_success


def document(schema: dict[str, Any], components: dict[str, Any] | None = None) -> dict[str, Any]:
    response = {"description": "ok", "content": {"application/json": {"schema": schema}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/one": {"get": {"operationId": "getOne", "responses": {"200": response}}}},
        "components": {"schemas": components or {}},
    }


def after(schema: dict[str, Any], fields: dict[str, Any], **components: Any) -> dict[str, Any]:
    whole = document(schema, components)
    contract = build_contract(whole)
    found = completed(whole, contract, {"getOne": fields})
    pointer = schemas_of_success(contract.by_id["getOne"])[0]
    result: dict[str, Any] = schema_at(found, pointer, ())
    return result


def test_a_field_is_added_to_an_object_without_any() -> None:
    found = after({"type": "object"}, {"seen_at": {"type": "integer"}})
    assert found["properties"] == {"seen_at": {"type": "integer", "readOnly": True}}
    assert found["required"] == ["seen_at"]


def test_fields_of_a_field_and_of_elements_are_added() -> None:
    rows = {"type": "array", "items": {"type": "object"}}
    found = after(
        {"type": "object", "properties": {"rows": rows}},
        {
            "page": {"type": "object"},
            "page.size": {"type": "integer"},
            "rows.*.id": {"type": "string"},
        },
    )
    assert found["properties"]["page"]["properties"]["size"]["type"] == "integer"
    assert found["properties"]["rows"]["items"]["required"] == ["id"]


def test_a_field_of_the_document_is_required_and_has_a_default() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"type": "string"}, "size": {"type": "integer"}},
    }
    found = after(schema, {"kind": {"default": "plain"}, "size": {}})
    assert found["properties"]["kind"] == {"type": "string", "default": "plain"}
    assert found["properties"]["size"] == {"type": "integer"}
    assert found["required"] == ["kind", "size"]


def test_the_object_is_found_behind_references_and_alternatives() -> None:
    thing = {"type": "object", "properties": {"id": {"type": "string"}}}
    schema = {"anyOf": [{"$ref": "#/components/schemas/Thing"}, {"type": "null"}]}
    whole = document(schema, {"Thing": thing})
    found = completed(whole, build_contract(whole), {"getOne": {"x": {"type": "boolean"}}})
    assert found["components"]["schemas"]["Thing"]["required"] == ["x"]
    assert "required" not in thing, "the given document stays as it is"


def test_what_has_no_place_is_left_out() -> None:
    assert after({"type": "string"}, {"a.b": {"type": "string"}}) == {"type": "string"}
