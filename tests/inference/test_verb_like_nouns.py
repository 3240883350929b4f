"""A word that is a verb names a collection where entities lie beneath it."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract

THING = {
    "type": "object",
    "properties": {"uuid": {"type": "string"}, "title": {"type": "string"}},
}
THINGS = {"application/json": {"schema": THING}}
ONE = {"200": {"description": "so", "content": THINGS}}
SAYS = {
    "the whole": {"201": {"description": "so", "content": THINGS}},
    "its id": {
        "201": {
            "description": "so",
            "content": {
                "application/json": {
                    "schema": {"type": "object", "properties": {"uuid": {"type": "string"}}}
                }
            },
        }
    },
    "a text": {"200": {"description": "so", "content": {"text/plain": {"schema": {}}}}},
    "nothing": {"201": {"description": "so"}},
}


def actions(word: str, says: str, methods: tuple[str, ...]) -> dict[str, str]:
    parameter = {"name": "uuid", "in": "path", "required": True, "schema": {"type": "string"}}
    item: dict[str, Any] = {"parameters": [parameter]}
    for method in methods:
        item[method] = {"operationId": method, "responses": ONE}
        if method in ("put", "patch"):
            item[method]["requestBody"] = {"content": THINGS}
    make = {"operationId": "make", "requestBody": {"content": THINGS}, "responses": SAYS[says]}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": {f"/{word}": {"post": make}, f"/{word}/{{uuid}}": item},
    }
    plan = build_plan(build_contract(document))
    return {name: action.kind for name, action in plan.actions.items()}


@pytest.mark.parametrize("says", SAYS)
@pytest.mark.parametrize("word", ["watch", "tag", "lock", "copy", "shelf"])
def test_what_is_fetched_and_changed_beneath_it_is_made_there(word: str, says: str) -> None:
    for methods in (("get", "put"), ("get", "patch"), ("get", "delete")):
        assert actions(word, says, methods)["make"] == "create"


@pytest.mark.parametrize("word", ["search", "lock", "copy", "convert"])
@pytest.mark.parametrize("methods", [("delete",), ("put",)])
def test_a_verb_that_only_takes_an_id_makes_nothing(word: str, methods: tuple[str, ...]) -> None:
    assert actions(word, "a text", methods)["make"] != "create"
