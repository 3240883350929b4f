"""Documents whose responses have examples and no schemas are served as if they had schemas."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.openapi.example_schemas import schema_of, with_example_schemas

BOAT = {
    "id": 7,
    "type": "boat",
    "name": "Albatross",
    "length": 9.5,
    "berth": None,
    "launched_at": "2024-05-01T10:00:00Z",
    "crew": [{"role": "mate"}],
}
ITEM = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
SENT = {"content": {"application/json": {"example": {"name": "Heron"}}}}


def _shown(value: Any) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"example": value}}}


def document(items: Callable[[Any], Any] = lambda rows: {"data": rows}) -> dict[str, Any]:
    return {
        "openapi": "3.0.3",
        "info": {"title": "Boats", "version": "1"},
        "paths": {
            "/boats": {
                "get": {"responses": {"200": _shown(items([BOAT]))}},
                "post": {"requestBody": SENT, "responses": {"201": _shown(BOAT)}},
            },
            "/boats/{id}": {
                "parameters": [ITEM],
                "get": {"responses": {"200": _shown(BOAT)}},
                "put": {"requestBody": SENT, "responses": {"200": _shown(BOAT)}},
                "delete": {"responses": {"204": {"description": ""}}},
            },
        },
    }


def _named(shown: dict[str, Any]) -> dict[str, Any]:
    return {"examples": {"Result": {"value": shown["example"]}}}


def _text(shown: dict[str, Any]) -> dict[str, Any]:
    return {"example": json.dumps(shown["example"], indent=2)}


def _in_schema(shown: dict[str, Any]) -> dict[str, Any]:
    return {"schema": {"type": "object", "example": shown["example"]}}


def _empty_schema(shown: dict[str, Any]) -> dict[str, Any]:
    return {"schema": {}, **shown}


def _written(way: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """The document with its examples written in another way."""
    found = deepcopy(document())
    for item in found["paths"].values():
        for operation in (item[m] for m in ("get", "post", "put") if m in item):
            for response in operation["responses"].values():
                content = response["content"]
                content["application/json"] = way(content["application/json"])
    return found


def _swagger() -> dict[str, Any]:
    found = deepcopy(document())
    del found["openapi"]
    parameter = {"name": "id", "in": "path", "required": True, "type": "integer"}
    body = {"name": "body", "in": "body", "schema": {}}
    for path, item in found["paths"].items():
        if "{" in path:
            item["parameters"] = [parameter]
        for operation in (item[m] for m in ("get", "post", "put") if m in item):
            if operation.pop("requestBody", None):
                operation["parameters"] = [body]
            for response in operation["responses"].values():
                media = response.pop("content")["application/json"]
                response["examples"] = {"application/json": media["example"]}
    return {"swagger": "2.0", **found}


WAYS: dict[str, dict[str, Any]] = {
    "example": document(),
    "named examples": _written(_named),
    "text": _written(_text),
    "example of the schema": _written(_in_schema),
    "empty schema": _written(_empty_schema),
    "Swagger 2.0": _swagger(),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_sent_is_kept(way: str) -> None:
    with MockServer(WAYS[way]) as mock:
        client = mock.client
        assert client.get("/boats/7").json() == BOAT
        assert BOAT in client.get("/boats").json()["data"]
        made = client.post("/boats", json={"name": "Heron"})
        assert made.status_code == 201
        boat = made.json()
        assert (boat["name"], type(boat["id"])) == ("Heron", int)
        assert boat.get("berth") is None
        assert boat["type"] == "boat"
        assert client.get(f"/boats/{boat['id']}").json() == boat
        assert boat in client.get("/boats").json()["data"]
        changed = client.put(f"/boats/{boat['id']}", json={"name": "Gannet"}).json()
        assert (changed["name"], changed["id"]) == ("Gannet", boat["id"])
        assert client.delete(f"/boats/{boat['id']}").status_code == 204
        assert client.get(f"/boats/{boat['id']}").status_code == 404


@pytest.mark.parametrize(
    "items", [lambda rows: rows, lambda rows: {"boats": rows, "total": 1}, lambda rows: {"d": rows}]
)
def test_lists_of_any_shape(items: Callable[[Any], Any]) -> None:
    with MockServer(document(items)) as mock:
        boat = mock.client.post("/boats", json={"name": "Heron"}).json()
        shown = mock.client.get("/boats").json()
        rows = shown if isinstance(shown, list) else next(v for v in shown.values() if v)
        assert boat in rows


def test_a_document_with_schemas_is_left_as_it_is() -> None:
    plain = document()
    for item in plain["paths"].values():
        for operation in (item[m] for m in ("get", "post", "put") if m in item):
            for response in operation["responses"].values():
                response["content"]["application/json"]["schema"] = {"type": "array", "items": {}}
    assert with_example_schemas(plain) is plain
    nothing: dict[str, Any] = {"openapi": "3.0.3", "paths": []}
    assert with_example_schemas(nothing) is nothing


@pytest.mark.parametrize(
    ("values", "schema"),
    [
        ([1, 2.5], {"type": "number", "nullable": True}),
        ([True], {"type": "boolean", "nullable": True}),
        (["2024-02-03"], {"type": "string", "format": "date", "nullable": True}),
        (["a", 1], {}),
        ([None], {"default": None}),
        ([[1], []], {"type": "array", "items": {"type": "integer", "nullable": True}}),
        (
            [{"a": 1, "b": "x"}, {"a": 2}],
            {
                "type": "object",
                "properties": {
                    "a": {"type": "integer", "nullable": True},
                    "b": {"type": "string", "nullable": True},
                },
                "required": ["a"],
            },
        ),
    ],
)
def test_the_schema_of_examples(values: list[Any], schema: dict[str, Any]) -> None:
    assert schema_of(values) == schema


@pytest.mark.parametrize("way", WAYS)
def test_the_contract_is_a_valid_one(way: str) -> None:
    shown = deepcopy(WAYS[way])
    contract = build_contract(with_example_schemas(WAYS[way]))
    assert all(operation.success_json for operation in contract.operations if operation.body)
    assert shown == WAYS[way], "the document itself is not changed"
