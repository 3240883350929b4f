"""ETag, If-Match and If-None-Match, if documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer

NOTE = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {"id": {"type": "string"}, "text": {"type": "string"}},
}
JSON = {"application/json": {"schema": NOTE}}
TAGGED = {"description": "", "content": JSON, "headers": {"ETag": {"schema": {"type": "string"}}}}
OTHER = {"description": ""}
PLAIN = {"description": "", "content": JSON}


def header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "schema": {"type": "string"}}


DOCUMENT = {
    "openapi": "3.1.0",
    "paths": {
        "/notes": {
            "post": {"requestBody": {"content": JSON}, "responses": {"201": TAGGED}},
        },
        "/notes/{id}": {
            "get": {"responses": {"200": TAGGED, "304": OTHER, "404": OTHER}},
            "put": {
                "parameters": [header("If-Match"), header("If-None-Match")],
                "requestBody": {"content": JSON},
                "responses": {"200": TAGGED, "201": TAGGED, "412": OTHER, "404": OTHER},
            },
            "delete": {
                "parameters": [header("If-Match")],
                "responses": {"204": OTHER, "404": OTHER, "412": OTHER},
            },
        },
        "/plain": {"post": {"requestBody": {"content": JSON}, "responses": {"201": PLAIN}}},
        "/plain/{id}": {
            "get": {"responses": {"200": PLAIN}},
            "delete": {"responses": {"204": OTHER}},
        },
    },
}  # fmt: skip


@pytest.fixture
def notes() -> Iterator[httpx.Client]:
    with MockServer(DOCUMENT) as server:
        yield server.client


def test_a_change_of_what_the_client_knows(notes: httpx.Client) -> None:
    made = notes.post("/notes", json={"id": "a", "text": "one"})
    first = made.headers["etag"]
    assert first.startswith('"')
    assert notes.get("/notes/a").headers["etag"] == first
    body = {"id": "a", "text": "two"}
    changed = notes.put("/notes/a", json=body, headers={"if-match": f'"other", {first}'})
    assert changed.status_code == 200
    second = changed.headers["etag"]
    assert second != first
    late = notes.put("/notes/a", json={"id": "a", "text": "3"}, headers={"if-match": first})
    assert late.status_code == 412
    assert notes.get("/notes/a").json() == body
    assert notes.delete("/notes/a", headers={"if-match": first}).status_code == 412
    assert notes.delete("/notes/a", headers={"if-match": "*"}).status_code == 204


def test_what_is_known_is_not_sent_again(notes: httpx.Client) -> None:
    tag = notes.post("/notes", json={"id": "a", "text": "one"}).headers["etag"]
    same = notes.get("/notes/a", headers={"if-none-match": f"W/{tag}"})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert notes.get("/notes/a", headers={"if-none-match": '"x"'}).status_code == 200


def test_only_what_is_new(notes: httpx.Client) -> None:
    body = {"id": "a", "text": "one"}
    new = {"if-none-match": "*"}
    assert notes.put("/notes/a", json=body, headers={"if-match": "*"}).status_code == 412
    assert notes.put("/notes/a", json=body, headers=new).status_code == 201
    assert notes.put("/notes/a", json=body, headers=new).status_code == 412


def test_a_document_that_does_not_speak_of_it(notes: httpx.Client) -> None:
    made = notes.post("/plain", json={"id": "a", "text": "one"})
    assert "etag" not in made.headers
    assert notes.get("/plain/a", headers={"if-none-match": "*"}).status_code == 200
    assert notes.delete("/plain/a", headers={"if-match": '"x"'}).status_code == 204
