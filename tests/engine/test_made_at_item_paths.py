"""Entities created at their own path, and creates that return less than lists."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, answer, body, document, thing

NAMED = [{"name": "slug", "in": "path", "required": True, "schema": TEXT}]
SHOWN = thing("slug", slug=TEXT, scm=TEXT)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("post", {"summary": "Create a repository"}),
        ("post", {"summary": "Creates the repository called so."}),
        ("post", {"operationId": "addRepository"}),
        ("put", {"summary": "Register a repository"}),
        ("post", {"description": "Adds a repository."}),
        ("post", {"summary": "Upload a repository"}),
        ("post", {"summary": "Sets the repository of a slug"}),
        ("post", {"operationId": "saveRepository"}),
    ],
)
def test_an_operation_on_an_item_may_make_it(method: str, said: dict[str, Any]) -> None:
    paths = {
        "/repos": {"get": {"responses": {"200": answer({"type": "array", "items": SHOWN})}}},
        "/repos/{slug}": {
            "parameters": NAMED,
            "get": {"responses": {"200": answer(SHOWN), "404": answer()}},
            method: {
                "requestBody": body(thing(scm=TEXT)),
                "responses": {"200": answer(SHOWN), "404": answer()},
                **said,
            },
        },
    }
    with MockServer(document(paths)) as server:
        assert server.client.get("/repos/site").status_code == 404
        made = server.client.request(method, "/repos/site", json={"scm": "git"})
        assert made.status_code == 200
        assert server.client.get("/repos/site").json() == {"slug": "site", "scm": "git"}


@pytest.mark.parametrize(
    ("method", "summary", "status"),
    [
        ("post", "Upload a subtitle", "200"),
        ("post", "Attach subtitles in a language", "200"),
        ("post", "Create a subtitle", "201"),
        ("post", "Stores the subtitle", "201"),
        ("put", "Replace a subtitle", "200"),
    ],
)
def test_a_name_in_a_path_is_free_below_each_parent(method: str, summary: str, status: str) -> None:
    subtitle, film = thing("lang", lang=TEXT, text=TEXT), thing("id", id=TEXT, title=TEXT)
    below = [{"name": n, "in": "path", "required": True, "schema": TEXT} for n in ("film", "lang")]
    paths = {
        "/films": {
            "post": {
                "requestBody": body(thing(title=TEXT)),
                "responses": {"201": answer(film)},
            }
        },
        "/films/{film}": {"parameters": below[:1], "get": {"responses": {"200": answer(film)}}},
        "/films/{film}/subtitles": {
            "parameters": below[:1],
            "get": {"responses": {"200": answer({"type": "array", "items": subtitle})}},
        },
        "/films/{film}/subtitles/{lang}": {
            "parameters": below,
            "get": {"responses": {"200": answer(subtitle), "404": answer()}},
            method: {
                "summary": summary,
                "requestBody": body(thing(text=TEXT)),
                "responses": {status: answer(subtitle), "404": answer()},
            },
        },
    }
    with MockServer(document(paths)) as server:
        films = [server.client.post("/films", json={"title": t}).json()["id"] for t in "ab"]
        for film_id in films:
            path = f"/films/{film_id}/subtitles"
            made = server.client.request(method, f"{path}/fr", json={"text": film_id})
            assert made.status_code == int(status)
            assert server.client.get(f"{path}/fr").json() == {"lang": "fr", "text": film_id}
            assert len(server.client.get(path).json()) == 1


def test_an_update_of_what_is_not_there_is_refused() -> None:
    paths = {
        "/repos": {"get": {"responses": {"200": answer({"type": "array", "items": SHOWN})}}},
        "/repos/{slug}": {
            "parameters": NAMED,
            "get": {"responses": {"200": answer(SHOWN), "404": answer()}},
            "post": {
                "summary": "Update a repository",
                "requestBody": body(thing(scm=TEXT)),
                "responses": {"200": answer(SHOWN), "404": answer()},
            },
        },
    }
    with MockServer(document(paths)) as server:
        assert server.client.post("/repos/site", json={"scm": "git"}).status_code == 404


def test_a_list_may_say_more_than_the_answer_to_a_create() -> None:
    row = thing("id", id=TEXT, email=TEXT, verified={"type": "boolean"})
    item = [{"name": "check", "in": "path", "required": True, "schema": TEXT}]
    paths = {
        "/checks": {
            "get": {"responses": {"200": answer({"type": "array", "items": row})}},
            "post": {
                "requestBody": body(thing("email", email=TEXT)),
                "responses": {"201": answer(thing("id", id=TEXT))},
            },
        },
        "/checks/{check}/verify": {"post": {"parameters": item, "responses": {"200": answer()}}},
    }
    with MockServer(document(paths)) as server:
        made = server.client.post("/checks", json={"email": "a@example.com"}).json()["id"]
        found = {one["id"]: one for one in server.client.get("/checks").json()}[made]
        assert found == {"id": made, "email": "a@example.com", "verified": False}
        server.client.post(f"/checks/{made}/verify")
        found = {one["id"]: one for one in server.client.get("/checks").json()}[made]
        assert found["verified"] is True
