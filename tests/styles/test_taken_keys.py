"""A create that names an id or a name which another entity has."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer


def document(key: str, *, shared: bool, **sent: Any) -> dict[str, Any]:
    """Boards that paths name by `key`; requests share the schema of responses, or have their own
    with the properties `sent`."""
    text = {"type": "string"}
    board = {"type": "object", "required": ["title"], "properties": {key: text, "title": text}}
    new = {"type": "object", "properties": {"title": text, **(sent or {key: text})}}

    def media(schema: dict[str, Any]) -> dict[str, Any]:
        return {"description": "", "content": {"application/json": {"schema": schema}}}

    one = {"$ref": "#/components/schemas/Board"}
    named = {"name": key, "in": "path", "required": True, "schema": text}
    body = one if shared else {"$ref": "#/components/schemas/New"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Boards", "version": "1"},
        "paths": {
            "/boards": {
                "get": {"responses": {"200": media({"type": "array", "items": one})}},
                "post": {"requestBody": media(body), "responses": {"201": media(one)}},
            },
            f"/boards/{{{key}}}": {
                "parameters": [named],
                "get": {"responses": {"200": media(one), "404": {"description": ""}}},
            },
        },
        "components": {"schemas": {"Board": board, "New": new}},
    }


def twice(document: dict[str, Any], **sent: Any) -> tuple[int, int, int]:
    """The statuses of two creates of the same, and how many boards there are more than before."""
    with MockServer(document) as server:
        before = len(server.client.get("/boards").json())
        first, second = (server.client.post("/boards", json=sent) for _ in range(2))
        after = len(server.client.get("/boards").json())
    return first.status_code, second.status_code, after - before


@pytest.mark.parametrize("key", ["slug", "name", "username", "id"])
def test_the_request_has_a_schema_of_its_own(key: str) -> None:
    assert twice(document(key, shared=False), **{key: "roadmap"}) == (201, 409, 1)


@pytest.mark.parametrize("key", ["slug", "code", "handle"])
def test_a_name_in_a_schema_that_both_share(key: str) -> None:
    assert twice(document(key, shared=True), **{key: "roadmap", "title": "x"}) == (201, 409, 1)


@pytest.mark.parametrize("key", ["id", "board_id"])
def test_a_servers_id_that_a_client_sends_back(key: str) -> None:
    assert twice(document(key, shared=True), **{key: "roadmap", "title": "x"}) == (201, 201, 2)


def test_a_name_by_which_paths_call_it() -> None:
    sent = {"name": {"type": "string"}}
    assert twice(document("board_name", shared=False, **sent), name="roadmap") == (201, 409, 1)


def test_a_readonly_id_is_the_servers() -> None:
    sent = {"id": {"type": "string", "readOnly": True}}
    assert twice(document("id", shared=False, **sent), id="roadmap") == (201, 201, 2)


def test_who_is_named_by_an_address_has_one() -> None:
    with MockServer(document("email", shared=False, title={"type": "string"})) as server:
        seeds = server.client.get("/boards").json()
        made = server.client.post("/boards", json={"title": "x"}).json()
    addresses = [board["email"] for board in (*seeds, made)]
    assert seeds
    assert all("@" in address for address in addresses)
    assert len(set(addresses)) == len(addresses)
