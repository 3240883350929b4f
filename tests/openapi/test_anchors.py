"""References to schemas by name, in one file and over several."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import ContractError
from mockserver.openapi.references import (
    anchors_of,
    bundled,
    by_place,
    foreign_references,
    without_anchors,
)

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


def test_a_response_parameter_or_definition_called_like_a_keyword_is_none() -> None:
    other = {"Pet": PET, "Error": {"content": {"application/json": {"schema": PET}}}}
    root = document({"$ref": "pets.json#/Pet"})
    responses = root["paths"]["/pet"]["get"]["responses"]
    responses["default"] = {"$ref": "pets.json#/Error"}
    root["components"]["parameters"] = {"enum": {"schema": {"$ref": "pets.json#pet"}}}
    assert len(list(foreign_references(root))) == 3
    whole, _ = bundled(root, "file:///api/openapi.json", lambda uri: other)
    default = whole["paths"]["/pet"]["get"]["responses"]["default"]
    assert default == {"$ref": "#/x-bundled/pets/Error"}
    assert not list(foreign_references(whole))
    with MockServer(whole) as server:
        assert server.client.get("/pet").json() == {"id": 7}


def test_all_responses_of_another_file() -> None:
    root = document({})
    root["paths"]["/pet"]["get"]["responses"] = {"$ref": "said.json"}
    whole, _ = bundled(root, "file:///api/openapi.json", lambda uri: {"200": {"description": ""}})
    assert whole["paths"]["/pet"]["get"]["responses"] == {"$ref": "#/x-bundled/said"}


def test_of_a_name_that_two_have_the_first_counts_and_what_is_no_name_counts_nothing() -> None:
    pets: dict[str, Any] = {"A": PET, "B": {**PET, "const": 1}}
    pets |= {"C": {"$anchor": ""}, "D": {"$anchor": "/components/schemas/A"}}
    assert anchors_of(document({}, **pets)) == {"pet": "#/components/schemas/A"}


def test_names_in_a_document_that_is_too_deep_or_that_nothing_has() -> None:
    deep: Any = PET
    for _ in range(1500):
        deep = {"not": deep}
    with pytest.raises(ContractError, match="nested too deeply"):
        without_anchors(document({"$ref": "#pet"}, Deep=deep))
    with MockServer(document({"$ref": "#cat"}, Pet=PET)) as server:
        assert "no schema of this document has the $anchor 'cat'" in server.client.get("/pet").text
