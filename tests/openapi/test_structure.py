"""A malformed document is refused with the place, whatever is wrong with it."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from mockserver.errors import ContractError
from mockserver.openapi.build import build_contract
from mockserver.openapi.schemas.validators import Validators
from mockserver.openapi.structure import check_structure

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "servers": [{"url": "/{v}", "variables": {"v": {"default": "v1"}}}],
    "security": [{"key": []}],
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}],
            "get": {
                "operationId": "getThing",
                "tags": ["things"],
                "parameters": [
                    {"name": "q", "in": "query", "schema": {"type": "integer"}, "example": 1},
                    {"$ref": "#/components/parameters/P"},
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "headers": {"X": {"schema": {"type": "string"}}},
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Thing"},
                                "examples": {"one": {"value": {"id": "a"}}},
                            }
                        },
                    },
                    "4XX": {"$ref": "#/components/responses/Error"},
                },
            },
            "post": {
                "requestBody": {
                    "content": {"text/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
                },
                "responses": {"201": {"description": "", "links": {}}},
                "callbacks": {},
            },
        }
    },
    "components": {
        "parameters": {"P": {"name": "h", "in": "header", "schema": {"type": "string"}}},
        "responses": {"Error": {"description": ""}},
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "pattern": "^a", "maxLength": 9},
                    "kind": {"enum": ["a", "b"]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                    "other": {"oneOf": [{"type": "string"}, {"allOf": [{"type": "null"}]}]},
                },
            }
        },
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Key"}},
    },
}  # fmt: skip

REPLACEMENTS: list[Any] = [
    None, True, False, 0, -1, 1.5, "", "x", "#/a", "#", "other.json#/x", "(", 10**30, [], [None],
    [[]], {}, {"": None}, {"$ref": 5}, {"$ref": "#"}, {"type": 5}, {"a": {"$ref": "#/components"}},
]  # fmt: skip


def test_the_whole_document_is_fine() -> None:
    check_structure(DOCUMENT)
    assert len(build_contract(DOCUMENT).operations) == 2


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (["info"], 5, "an object is needed here, not 5 (at #/info)"),
        (["paths"], [1], "an object is needed here, not [1] (at #/paths)"),
        (["paths"], 3, "an object is needed here, not 3 (at #/paths)"),
        (["paths", "/things/{id}", "get", "parameters"], 3, "a list is needed here, not 3"),
        (["paths", "/things/{id}", "get"], "x", "(at #/paths/~1things~1{id}/get)"),
        (["components", "schemas", "Thing", "required"], [3], "a text is needed here, not 3"),
        (["components", "schemas", "Thing"], 1, "an object or true or false is needed here"),
        (["info"], "a" * 1000, "…"),
    ],
)
def test_the_place_and_what_is_needed(path: list[str], value: Any, says: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    node = document
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    with pytest.raises(ContractError) as caught:
        build_contract(document)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("pattern", [0, 43200, 1.5, True])
def test_a_pattern_that_is_no_text_matches_any(pattern: Any) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["components"]["schemas"]["Thing"]["properties"]["id"]["pattern"] = pattern
    contract = build_contract(document)
    validators = Validators(contract.document, contract.version)
    assert validators.request("#/components/schemas/Thing").is_valid({"id": "anything"})


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_broken_it_is_a_contract_error(seed: int) -> None:
    random_ = random.Random(seed)
    places = list(_places(DOCUMENT))
    for _ in range(250):
        document = copy.deepcopy(DOCUMENT)
        changed = [_change(document, random_.choice(places), random_) for _ in range(2)]
        try:
            contract = build_contract(document)
            validators = Validators(contract.document, contract.version)
            for operation in contract.operations:
                for response in operation.responses.values():
                    for media in response.content.values():
                        if media.pointer is not None:
                            validators.reply(media.pointer)
        except ContractError:
            continue
        except Exception as error:
            raise AssertionError(f"{changed}: {error!r}") from error


def test_an_empty_schema_allows_any_value() -> None:
    """`schema:` with nothing after it is common in documents that are written by hand."""
    media = {"application/json": {"schema": None}}
    pet: dict[str, Any] = {
        "type": "object",
        "properties": {"name": None, "age": {"type": "integer"}},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "a", "version": "1"},
        "paths": {"/pets": {"post": {"requestBody": {"content": media}, "responses": {}}}},
        "components": {"schemas": {"Pet": pet}},
    }
    contract = build_contract(document)
    assert contract.document["components"]["schemas"]["Pet"]["properties"]["name"] == {}
    assert pet["properties"]["name"] is None
    places = {note.where for note in contract.notes}
    assert "#/components/schemas/Pet/properties/name" in places
    assert any(place.endswith("application~1json/schema") for place in places)


def _places(node: Any, path: tuple[Any, ...] = ()) -> Any:
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in pairs:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from _places(value, (*path, key))


def _change(document: Any, path: tuple[Any, ...], random_: random.Random) -> Any:
    node = document
    for step in path[:-1]:
        if not isinstance(node, dict | list) or (isinstance(node, dict) and step not in node):
            return None
        if isinstance(node, list) and (not isinstance(step, int) or step >= len(node)):
            return None
        node = node[step]
    if isinstance(node, dict) and path[-1] in node:
        if random_.random() < 0.3:
            del node[path[-1]]
            return path, "removed"
        node[path[-1]] = copy.deepcopy(random_.choice(REPLACEMENTS))
        return path, node[path[-1]]
    return None
