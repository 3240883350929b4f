"""References to schemas by name, within one file and across files."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import ContractError
from mockserver.openapi.references import (
    anchors_of,
    bundled,
    foreign_references,
    plain_references,
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
    assert plain_references(whole) == whole


def test_plain_references_a_document_stays_the_very_same() -> None:
    whole = document({"$ref": "#/components/schemas/Pet"}, Pet={"type": "string"})
    assert plain_references(whole) is whole
    named = document({}, Link={"properties": {"anchor": {"type": "string"}, "id": {}}})
    assert plain_references(named) is named


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
    assert whole["paths"]["/pet"]["get"]["responses"] == {"200": {"description": ""}}


def test_of_a_name_that_two_have_the_first_counts_and_what_is_no_name_counts_nothing() -> None:
    pets: dict[str, Any] = {"A": PET, "B": {**PET, "const": 1}}
    pets |= {"C": {"$anchor": ""}, "D": {"$anchor": "/components/schemas/A"}}
    assert anchors_of(document({}, **pets)) == {"pet": "#/components/schemas/A"}


def test_names_in_a_document_that_is_too_deep_or_that_nothing_has() -> None:
    deep: Any = PET
    for _ in range(1500):
        deep = {"not": deep}
    with pytest.raises(ContractError, match="nested too deeply"):
        plain_references(document({"$ref": "#pet"}, Deep=deep))
    with MockServer(document({"$ref": "#cat"}, Pet=PET)) as server:
        assert "no schema of this document has the $anchor 'cat'" in server.client.get("/pet").text


def test_a_schema_that_is_referred_to_by_its_id() -> None:
    schemas = {
        "Pet": {
            "$id": "https://vendor.test/pet.json",
            **PET,
            "$defs": {"Age": {"type": "integer"}},
        },
        "Litter": {
            "$id": "https://vendor.test/deep/litter.json",
            "type": "array",
            "prefixItems": [
                {"$ref": "../pet.json"},
                {"$ref": "/pet.json#pet"},
                {"$ref": "https://vendor.test/pet.json#/$defs/Age"},
                {"$ref": "#/$defs/Own"},
                {"$ref": "#/components/schemas/Pet"},
            ],
            "$defs": {"Own": {"type": "null"}},
        },
    }
    whole = plain_references(document({}, **schemas))
    pet = "#/components/schemas/Pet"
    assert [item["$ref"] for item in whole["components"]["schemas"]["Litter"]["prefixItems"]] == [
        pet,
        pet,
        f"{pet}/$defs/Age",
        "#/components/schemas/Litter/$defs/Own",
        pet,
    ]


def generic(**more: Any) -> dict[str, Any]:
    """A generic page, and pages of two kinds."""
    anything = {"$dynamicAnchor": "item", "not": {}}
    kinds: dict[str, Any] = {
        name: {
            "$id": f"https://vendor.test/{name}",
            "$ref": "https://vendor.test/page",
            "$defs": {"item": {"$dynamicAnchor": "item", **schema}},
        }
        for name, schema in (("numbers", {"type": "integer"}), ("pets", {"$ref": "#pet"}))
    }
    kinds["pets"]["$defs"]["item"] = {
        "$dynamicAnchor": "item",
        "$ref": "/components/schemas/Pet",
    }
    kinds["pets"]["$defs"]["item"]["$ref"] = "https://vendor.test/pet"
    return {
        "page": {
            "$id": "https://vendor.test/page",
            "type": "object",
            "required": ["items"],
            "properties": {"items": {"type": "array", "items": {"$dynamicRef": "#item"}}},
            "$defs": {"item": anything},
        },
        "Pet": {"$id": "https://vendor.test/pet", **PET},
        **kinds,
        **more,
    }


@pytest.mark.parametrize(
    ("name", "good", "bad"), [("numbers", [1], ["x"]), ("pets", [{"id": 7}], [{"id": 8}])]
)
def test_a_generic_type_by_dynamic_references(name: str, good: Any, bad: Any) -> None:
    whole = document({"$ref": f"#/components/schemas/{name}"}, **generic())
    whole["paths"]["/pet"]["post"] = {
        "operationId": "send",
        "requestBody": {
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        },
        "responses": {"204": {"description": ""}, "422": {"description": ""}},
    }
    with MockServer(whole) as server:
        assert server.client.get("/pet").status_code == 200
        assert server.client.post("/pet", json={"items": good}).status_code == 204
        assert server.client.post("/pet", json={"items": bad}).status_code == 422


def test_a_tree_that_is_extended() -> None:
    tree = {
        "$id": "https://vendor.test/tree",
        "$dynamicAnchor": "node",
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
    }
    strict = {
        "$id": "https://vendor.test/strict",
        "$dynamicAnchor": "node",
        "$ref": "tree",
        "required": ["name"],
    }
    schemas = plain_references(document({}, Tree=tree, Strict=strict))["components"]["schemas"]
    items = schemas["Tree"]["properties"]["children"]["items"]
    assert items == {"$ref": "#/components/schemas/Tree"}
    assert schemas["Strict"]["$ref"].startswith("#/x-dynamic/")


def test_schemas_that_are_a_file_of_their_own() -> None:
    whole, files = bundled(
        {"components": {"schemas": {"$ref": "all.json"}}, "paths": {}},
        "file:///api/openapi.json",
        lambda uri: {"Pet": {"items": {"$ref": "#/Tag"}}, "Tag": {"type": "string"}},
    )
    assert files == ("file:///api/all.json",)
    tag = {"type": "string"}
    pet = {"items": {"$ref": "#/x-bundled/all/Tag"}}
    assert whole["components"]["schemas"] == {"Pet": pet, "Tag": tag}
    assert whole["x-bundled"]["all"]["Pet"]["items"] == {"$ref": "#/x-bundled/all/Tag"}


@pytest.mark.parametrize("name", ["a%20b", "a b", "100%", "a/b", "ä", "a{b}", "a#b", "a?b", "%25"])
def test_any_name_can_be_referred_to(name: str) -> None:
    from urllib.parse import quote

    reference = "#/components/schemas/" + quote(name.replace("/", "~1"), safe="~")
    with MockServer(document({"$ref": reference}, **{name: PET})) as server:
        assert server.client.get("/pet").json() == {"id": 7}
