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
