"""Document -> Contract -> routing projection."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.errors import ContractError
from mockserver.openapi.build import build_contract
from mockserver.openapi.routing_projection import parameter_names, routing_projection, safe_path


def document(**paths: Any) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": "https://{host}/base/", "variables": {"host": {"default": "x.test"}}}],
        "paths": {"/" + name.replace("__", "/"): item for name, item in paths.items()},
        "components": {
            "parameters": {
                "Limit": {
                    "name": "limit",
                    "in": "query",
                    "schema": {"$ref": "#/components/schemas/N"},
                }
            },
            "schemas": {"N": {"type": "integer"}},
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        },
    }


def test_parameters_of_the_operation_win_over_those_of_the_path_item():
    contract = build_contract(
        document(
            a={
                "parameters": [
                    {"$ref": "#/components/parameters/Limit"},
                    {"name": "q", "in": "query", "schema": {"type": "string"}},
                ],
                "get": {
                    "operationId": "a",
                    "parameters": [{"name": "q", "in": "query", "required": True}],
                    "responses": {"200": {"description": ""}},
                },
            }
        )
    )
    (operation,) = contract.operations
    found = {p.name: p for p in operation.parameters}
    assert found["q"].required
    assert found["limit"].pointer == "#/components/schemas/N"
    assert found["limit"].schema == {"type": "integer"}
    assert contract.base_path == "/base"


def test_operation_ids_are_made_unique_and_noted():
    get = {"operationId": "same", "responses": {"200": {"description": ""}}}
    contract = build_contract(
        document(a={"get": get}, b={"get": get}, c__d={"post": {"responses": {}}})
    )
    assert [o.id for o in contract.operations] == ["same", "same_get_b", "post_c_d"]
    assert any("occurs twice" in note.message for note in contract.notes)
    assert any("lists no responses" in note.message for note in contract.notes)


def test_a_path_parameter_that_is_not_declared_takes_any_text():
    contract = build_contract(
        {"openapi": "3.0.0", "paths": {"/a/{x}": {"get": {"responses": {"200": {}}}}}}
    )
    (operation,) = contract.operations
    assert [(p.name, p.required) for p in operation.parameters] == [("x", True)]
    assert "not declared" in contract.notes[0].message


def test_statuses_are_found_by_number_range_and_default():
    contract = build_contract(
        document(a={"get": {"responses": {"204": {}, "4xx": {}, "default": {}, "x-y": {}}}})
    )
    (operation,) = contract.operations
    assert operation.success == 204
    for status, expected in ((204, "204"), (418, "4XX"), (500, "default")):
        response = operation.response_for(status)
        assert response is not None
        assert response.status == expected


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"swagger": "1.2"}, "Swagger 1.2 is not served"),
        ({"openapi": "4.0.0"}, "not served"),
        ({}, "not an OpenAPI document"),
        ({"openapi": 3.1}, "not served"),
        ({"openapi": "3.1.0", "paths": []}, None),
        ({"openapi": "3.1.0", "paths": {"a": {}}}, "slash"),
        ({"openapi": "3.1.0", "paths": {"/a": 5}}, "object is needed"),
        ({"openapi": "3.1.0", "paths": {"/a": {"get": None}}}, "object is needed"),
        ({"openapi": "3.1.0", "paths": {"/a": {"get": {"responses": {"200": 1}}}}}, "object"),
        ({"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/nope"}}}, "is missing"),
    ],
)
def test_broken_documents_are_refused_with_the_place(broken: dict[str, Any], words: str | None):
    if words is None:
        assert build_contract(broken).operations == ()
        return
    with pytest.raises(ContractError, match=words):
        build_contract(broken)


def test_the_projection_has_safe_names_and_every_operation():
    contract = build_contract(
        {
            "openapi": "3.1.0",
            "paths": {
                "/a/{x-id}/b": {"get": {"operationId": "g", "responses": {"200": {}}}},
                "/a/{y.id}/b": {"post": {"operationId": "p", "responses": {"200": {}}}},
            },
        }
    )
    projection = routing_projection(contract)
    assert projection["openapi"] == "3.0.3"
    assert list(projection["paths"]) == ["/a/{p0}/b"]
    item = projection["paths"]["/a/{p0}/b"]
    assert (item["get"]["operationId"], item["post"]["operationId"]) == ("g", "p")
    assert [p["name"] for p in item["parameters"]] == ["p0"]
    assert safe_path("/x/{a}:{b}") == "/x/{p0}:{p1}"
    assert parameter_names("/x/{a}:{b}") == ("a", "b")


@pytest.mark.parametrize(
    ("url", "base"),
    [("/v1", "/v1"), ("https://x.test/v1/", "/v1"), ("v1", "/v1"), ("/", ""), ("//x.test", "")],
)
def test_the_base_path_begins_at_the_root(url: str, base: str) -> None:
    assert build_contract({**document(), "servers": [{"url": url}]}).base_path == base


@pytest.mark.parametrize(
    ("security", "kept"),
    [
        ([{"key": []}, {"Key": []}], [{"key": ()}]),
        ([{"other": []}, {"key": ["read"]}], [{"key": ("read",)}]),
        ([{"key": [], "other": []}, {"key": []}], [{"key": ()}]),
        ([{"other": []}], [{"other": ()}]),
        ([{"other": []}, {}], [{"other": ()}, {}]),
        ([{"key": []}, {}], [{"key": ()}, {}]),
    ],
)
def test_a_scheme_that_has_no_definition_is_no_way_in_beside_others(
    security: list[Any], kept: list[Any]
) -> None:
    operation = {"operationId": "read", "security": security, "responses": {}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Doors", "version": "1"},
        "paths": {"/doors": {"get": operation}},
        "components": {
            "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
        },
    }
    (operation_read,) = build_contract(document).operations
    assert [dict(one) for one in operation_read.security] == kept
