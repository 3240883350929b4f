"""References to schemas by name, in one file and over several."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from mockserver.contract.anchors import anchors_of, by_place, without_anchors
from mockserver.contract.bundle import bundled

PET = {"$anchor": "pet", "type": "object", "required": ["id"], "properties": {"id": {"const": 7}}}


def document(schema: Any, **schemas: Any) -> dict[str, Any]:
    answer = {"description": "", "content": {"application/json": {"schema": schema}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/pet": {"get": {"operationId": "pet", "responses": {"200": answer}}}},
        "components": {"schemas": schemas},
    }


def test_a_schema_that_is_referred_to_by_its_name() -> None:
    with MockServer(document({"$ref": "#pet"}, Pet=PET)) as server:
        assert server.client.get("/pet").json() == {"id": 7}


def test_a_name_in_another_file_and_one_within_it() -> None:
    other = {"$defs": {"a~/b": PET, "Litter": {"$anchor": "litter", "items": {"$ref": "#pet"}}}}
    root = document({"$ref": "pets.json#litter"})
    whole, _ = bundled(root, "file:///api/openapi.json", lambda uri: other)
    schema = whole["paths"]["/pet"]["get"]["responses"]["200"]["content"]["application/json"]
    assert schema == {"schema": {"$ref": "#/x-bundled/pets/$defs/Litter"}}
    litter = whole["x-bundled"]["pets"]["$defs"]["Litter"]
    assert litter["items"] == {"$ref": "#/x-bundled/pets/$defs/a~0~1b"}


def test_what_only_looks_like_an_anchor_is_none() -> None:
    schemas = {
        "A": {"properties": {"$anchor": {"type": "string"}, "$ref": {"type": "string"}}},
        "B": {"const": {"$anchor": "b", "$ref": "#b"}, "items": {"$ref": "#b"}},
    }
    whole = document({}, **schemas)
    assert anchors_of(whole) == {}
    assert without_anchors(whole) == whole


def test_without_anchors_a_document_stays_the_very_same() -> None:
    whole = document({"$ref": "#/components/schemas/Pet"}, Pet={"type": "string"})
    assert without_anchors(whole) is whole
    assert by_place(whole, {}) is whole
