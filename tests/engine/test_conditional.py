"""ETag, If-Match and If-None-Match, if documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, collection, document, thing

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


def tagged(paths: dict[str, Any]) -> dict[str, Any]:
    """A document whose GETs have versions, and whose changes need them."""
    for item in paths.values():
        for method, operation in item.items():
            if method == "get":
                headers = {"ETag": {"schema": TEXT}, "Last-Modified": {"schema": TEXT}}
                operation["responses"]["200"]["headers"] = headers
                operation["responses"]["304"] = OTHER
            elif method in ("put", "patch"):
                operation["responses"]["412"] = OTHER
    return document(paths)


def test_tags_that_may_be_weak_are_of_no_version_that_is_changed(notes: httpx.Client) -> None:
    tag = notes.post("/notes", json={"id": "a", "text": "one"}).headers["etag"]
    body = {"id": "a", "text": "two"}
    # RFC 9110, 13.1.1: If-Match compares strongly.
    assert notes.put("/notes/a", json=body, headers={"if-match": f"W/{tag}"}).status_code == 412
    assert notes.put("/notes/a", json=body, headers={"if-match": tag}).status_code == 200


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 01 Jan 2020 00:00:00 -9999999999999",
        "99999999999999999999 Jan 99999999 1:1:1 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "",
    ],
)
def test_what_is_no_date_counts_as_none(notes: httpx.Client, date: str) -> None:
    notes.post("/notes", json={"id": "a", "text": "one"})
    assert notes.get("/notes/a", headers={"if-modified-since": date}).status_code == 200


def test_a_version_has_what_is_counted_below() -> None:
    page = thing("id title comment_count", id=TEXT, title=TEXT, comment_count=WHOLE)
    comment = thing("id text", id=TEXT, text=TEXT)
    paths = {
        **collection("/pages", page, thing("title", title=TEXT)),
        **collection("/pages/{page_id}/comments", comment, thing("text", text=TEXT)),
    }
    with MockServer(tagged(paths)) as mock:
        client = mock.client
        path = f"/pages/{client.post('/pages', json={'title': 'a'}).json()['id']}"
        known = client.get(path).headers
        tag, since = {"if-none-match": known["etag"]}, {"if-modified-since": known["last-modified"]}
        mock.clock.advance(60)
        assert [client.get(path, headers=one).status_code for one in (tag, since)] == [304, 304]
        client.post(f"{path}/comments", json={"text": "x"})
        assert [client.get(path, headers=one).status_code for one in (tag, since)] == [200, 200]
        assert client.get(path).json()["comment_count"] == 1


@pytest.mark.parametrize("listed", [False, True])
def test_a_version_has_what_is_expanded(listed: bool) -> None:
    owner = thing("id name", id=TEXT, name=TEXT)
    kite = thing("id name", id=TEXT, name=TEXT, owner={"oneOf": [TEXT, owner]})
    paths = {**collection("/owners", owner, thing("name", name=TEXT)),
             **collection("/kites", kite, thing("name", name=TEXT, owner=TEXT))}  # fmt: skip
    for path in ("/kites", "/kites/{id}"):
        paths[path]["get"]["parameters"] = [{"name": "expand", "in": "query", "schema": TEXT}]
    with MockServer(tagged(paths)) as mock:
        client = mock.client
        bo = client.post("/owners", json={"name": "Bo"}).json()["id"]
        made = client.post("/kites", json={"name": "a", "owner": bo}).json()["id"]
        path = "/kites" if listed else f"/kites/{made}"

        def status(tag: str, **query: str) -> int:
            return client.get(path, params=query, headers={"if-none-match": tag}).status_code

        plain = client.get(path).headers["etag"]
        whole = client.get(path, params={"expand": "owner"}).headers["etag"]
        assert (status(plain), status(whole, expand="owner")) == (304, 304)
        assert status(plain, expand="owner") == 200
        client.patch(f"/owners/{bo}", json={"name": "Cy"})
        assert (status(plain), status(whole, expand="owner")) == (304, 200)


def test_a_singleton_that_nobody_has_set_has_a_version() -> None:
    item = thing("theme", theme=TEXT)
    paths = {"/settings": {
        "get": {"responses": {"200": answer(item)}},
        "put": {"requestBody": {"content": {"application/json": {"schema": item}}},
                "responses": {"200": answer(item)}},
    }}  # fmt: skip
    with MockServer(tagged(paths)) as mock:
        tag = mock.client.get("/settings").headers["etag"]
        sent = {"theme": "dark"}

        def put(known: str) -> int:
            return mock.client.put("/settings", json=sent, headers={"if-match": known}).status_code

        assert (put('"other"'), put(tag), put(tag)) == (412, 200, 412)
