"""What lenient mocks say whole: entities with much inside them, and responses to removals."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer

WORDS = [
    "shape",
    "mass",
    "colour",
    "maker",
    "origin",
    "finish",
    "grade",
    "length",
    "width",
    "height",
]
PART: dict[str, Any] = {
    "type": "object",
    "properties": {word: {"type": "string"} for word in ["id", *WORDS]},
}
LISTS = {
    "of many parts": {f"shelf_{n}": {"type": "array", "items": PART} for n in range(40)},
    "of parts in parts": {
        f"rack_{n}": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"id": {"type": "string"}, "pins": {"type": "array", "items": PART}},
            },
        }
        for n in range(30)
    },
    "after one wide part": {
        "frame": {
            "type": "object",
            "properties": {f"beam_{n}": PART for n in range(40)},
        },
        "bolts": {"type": "array", "items": PART},
    },
    "of parts that are several schemas": {
        f"crate_{n}": {
            "type": "array",
            "items": {"allOf": [PART, {"properties": {"seal": {"type": "boolean"}}}]},
        }
        for n in range(40)
    },
    "with a least number of parts": {
        f"drawer_{n}": {"type": "array", "minItems": 1, "items": {**PART, "required": ["id"]}}
        for n in range(60)
    },
}


def document(properties: dict[str, Any]) -> dict[str, Any]:
    machine = {
        "type": "object",
        "required": ["id", *properties],
        "properties": {"id": {"type": "string"}, **properties},
    }
    ok = {"description": "ok", "content": {"application/json": {"schema": machine}}}
    name = {"name": "machine_id", "in": "path", "required": True, "schema": {"type": "string"}}
    sent = {"content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Machines", "version": "1"},
        "paths": {
            "/machines": {"post": {"requestBody": sent, "responses": {"201": ok}}},
            "/machines/{machine_id}": {"get": {"parameters": [name], "responses": {"200": ok}}},
        },
    }


def parts(value: Any) -> list[Any]:
    """Every item of a list that is an object, at any depth."""
    if isinstance(value, dict):
        return [part for each in value.values() for part in parts(each)]
    if isinstance(value, list):
        inner = [part for each in value for part in parts(each)]
        return [each for each in value if isinstance(each, dict)] + inner
    return []


@pytest.mark.parametrize("lenient", [True, False], ids=["lenient", "strict"])
@pytest.mark.parametrize("which", LISTS)
def test_no_item_of_a_list_is_empty(which: str, lenient: bool) -> None:
    with MockServer(document(LISTS[which]), lenient=lenient) as server:
        made = [server.client.post("/machines", json={}).json() for _ in range(8)]
        found = [part for each in made for part in parts(each)]
    assert all(found)
    assert found or not lenient


def test_a_lenient_mock_says_all_of_one_part_rather_than_a_little_of_three() -> None:
    shelves = {f"shelf_{n}": {"type": "array", "items": PART} for n in range(12)}
    with MockServer(document(shelves), lenient=True) as server:
        made = server.client.get("/machines/any").json()
    assert [len(made[name]) for name in shelves] == [1] * 12
    assert all(part.keys() == {"id", *WORDS} for part in parts(made))


GONE = {
    "an object": {"type": "object", "nullable": True},
    "a text": {"type": "string", "nullable": True},
    "an object with an id": {
        "type": "object",
        "nullable": True,
        "required": ["part"],
        "properties": {"part": {"type": "string"}},
    },
    "a list": {"type": "array", "nullable": True, "items": {"type": "string"}},
    "a choice": {"oneOf": [{"type": "integer"}, {"type": "string"}], "nullable": True},
}


@pytest.mark.parametrize("which", GONE)
def test_the_response_to_a_removal_is_as_full_as_others(which: str) -> None:
    told = document({})
    removed = {"type": "object", "required": ["outcome"], "properties": {"outcome": GONE[which]}}
    ok = {"description": "ok", "content": {"application/json": {"schema": removed}}}
    machine = told["paths"]["/machines/{machine_id}"]
    machine["delete"] = {"parameters": machine["get"]["parameters"], "responses": {"200": ok}}
    told["openapi"] = "3.0.3"
    with MockServer(told, lenient=True) as server:
        made = server.client.post("/machines", json={}).json()
        for name in (made["id"], "never-made"):
            assert server.client.delete(f"/machines/{name}").json()["outcome"] is not None
    with MockServer(told) as server:
        made = server.client.post("/machines", json={}).json()
        assert server.client.delete(f"/machines/{made['id']}").status_code == 200
