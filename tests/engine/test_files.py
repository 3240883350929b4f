"""An uploaded file can be downloaded, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

BINARY = {"type": "string", "format": "binary"}
NAME = {"name": "id", "in": "path", "required": True, "schema": TEXT}
EVERY_BYTE = bytes(range(256))


def a_file() -> dict[str, Any]:
    shown = thing(
        "id filename bytes",
        id=TEXT,
        filename=TEXT,
        bytes=WHOLE,
        mime_type=TEXT,
        sha256=TEXT,
        purpose=TEXT,
        file={"type": "string", "format": "uri"},
    )
    form = thing("file", file=BINARY, purpose=TEXT)
    opaque = answer(BINARY, "application/octet-stream")
    avatar = {"responses": {"200": answer(BINARY, "image/png"), "404": answer()}}
    put = {"requestBody": body(BINARY, "image/png"), "responses": {"204": answer()}}
    return document(
        {
            "/files": {
                "get": {"responses": {"200": answer({"type": "array", "items": shown})}},
                "post": {
                    "requestBody": body(form, "multipart/form-data"),
                    "responses": {"201": answer(shown)},
                },
            },
            "/files/{id}": {
                "parameters": [NAME],
                "get": {"responses": {"200": answer(shown), "404": answer()}},
                "delete": {"responses": {"204": answer(), "404": answer()}},
            },
            "/files/{id}/content": {
                "parameters": [NAME],
                "get": {"responses": {"200": opaque, "404": answer()}},
            },
            "/users/{id}/avatar": {
                "parameters": [NAME],
                "get": avatar,
                "put": put,
                "delete": {"responses": {"204": answer()}},
            },
        }
    )


@pytest.fixture(scope="module")
def api() -> Iterator[httpx.Client]:
    with MockServer(a_file()) as server:
        yield server.client


@pytest.mark.parametrize(
    ("name", "kind", "data", "told"),
    [
        ("a.json", "application/json", b'{"a": [1]}', "application/json"),
        ("a.jsonl", "application/jsonl", b"{}\n{}\n", "application/jsonl"),
        ("a.txt", "text/plain", "ü\r\n--x".encode(), "text/plain"),
        ("a.bin", None, EVERY_BYTE, "application/octet-stream"),
        ("ä ö.png", "application/octet-stream", b"\x89PNG", "image/png"),
        ("empty", "text/plain", b"", "text/plain"),
    ],
)
def test_a_file_of_a_form(
    api: httpx.Client, name: str, kind: str | None, data: bytes, told: str
) -> None:
    file = (name, data, kind) if kind else (name, data)
    response = api.post("/files", files={"file": file}, data={"purpose": "test"})
    assert response.status_code == 201
    made = response.json()
    assert (made["filename"], made["bytes"], made["purpose"]) == (name, len(data), "test")
    assert (made["mime_type"], made["sha256"]) == (told, hashlib.sha256(data).hexdigest())
    assert "file" not in made
    got = api.get(f"/files/{made['id']}/content")
    assert (got.content, got.headers["content-type"]) == (data, told)
    assert api.delete(f"/files/{made['id']}").status_code == 204
    assert api.get(f"/files/{made['id']}/content").status_code == 404


def test_a_file_that_nobody_knows(api: httpx.Client) -> None:
    assert api.get("/files/nothing/content").status_code == 404


def test_a_file_at_its_path(api: httpx.Client) -> None:
    url = "/users/ann/avatar"
    assert api.get(url).status_code == 404
    for data in (EVERY_BYTE, b"\x89PNG"):
        sent = api.put(url, content=data, headers={"content-type": "image/png"})
        assert sent.status_code == 204
        assert api.get(url).content == data
    assert api.get("/users/bob/avatar").status_code == 404
    api.delete(url)
    assert api.get(url).status_code == 404


def test_the_files_of_the_seed_world_can_be_had(api: httpx.Client) -> None:
    for row in api.get("/files").json():
        assert api.get(f"/files/{row['id']}/content").status_code == 200


def test_bytes_of_any_type_come_back_with_it() -> None:
    item = {
        "parameters": [NAME],
        "get": {"responses": {"200": answer(BINARY, "*/*"), "404": answer()}},
        "put": {"requestBody": body(BINARY, "*/*"), "responses": {"204": answer()}},
    }
    with MockServer(document({"/blobs/{id}": item})) as server:
        assert server.client.get("/blobs/a").status_code == 404
        for data, kind in (
            (EVERY_BYTE, "application/octet-stream"),
            (b'{"a": 1}', "application/json"),
            (b"<a", "application/xml"),
            (b"", "image/png"),
        ):
            put = server.client.put("/blobs/a", content=data, headers={"content-type": kind})
            assert put.status_code == 204
            got = server.client.get("/blobs/a")
            assert (got.content, got.headers["content-type"]) == (data, kind)


def test_an_entity_without_bytes_can_be_fetched_where_bytes_are_shown() -> None:
    shown, sent = thing("id", id=TEXT, size=WHOLE), thing("", content=TEXT)
    content = {"application/json": {"schema": sent}, "text/plain": {"schema": BINARY}}
    item = {
        "parameters": [NAME],
        "get": {"responses": {"200": answer(BINARY, "*/*"), "404": answer()}},
        "put": {"requestBody": body(BINARY, "*/*"), "responses": {"204": answer()}},
    }
    post = {"requestBody": {"content": content}, "responses": {"201": answer(shown)}}
    with MockServer(document({"/artifacts": {"post": post}, "/artifacts/{id}": item})) as server:
        made = server.client.post("/artifacts", json={"content": "x"}).json()
        assert server.client.get(f"/artifacts/{made['id']}").status_code == 200
        assert server.client.get("/artifacts/nothing").status_code == 404
        text = {"content-type": "text/plain"}
        made = server.client.post("/artifacts", content=b"bytes", headers=text).json()
        assert server.client.get(f"/artifacts/{made['id']}").content == b"bytes"
