"""What is deleted and can be seen or had again."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import FLAG, TEXT, answer, body, document, thing

ITEM = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]


def kept(shown: Any, query: str = "", verb: str = "") -> dict[str, Any]:
    rows = {"type": "array", "items": shown}
    asked = [{"name": query, "in": "query", "schema": FLAG}] if query else []
    paths: dict[str, Any] = {
        "/notes": {
            "get": {"parameters": asked, "responses": {"200": answer(rows)}},
            "post": {"requestBody": body(thing(text=TEXT)), "responses": {"201": answer(shown)}},
        },
        "/notes/{id}": {
            "parameters": ITEM,
            "get": {"responses": {"200": answer(shown), "404": answer()}},
            "delete": {"responses": {"204": answer()}},
        },
    }
    if verb:
        paths[f"/notes/{{id}}/{verb}"] = {
            "post": {"parameters": ITEM, "responses": {"200": answer(shown)}}
        }
    return paths


def ids(server: MockServer, query: str = "") -> list[str]:
    return [row["id"] for row in server.client.get(f"/notes{query}").json()]


@pytest.mark.parametrize(
    ("flag", "query"),
    [
        ("deleted", "with_deleted"),
        ("is_deleted", "includeDeleted"),
        ("deleted", "show_deleted"),
        ("removed", "include_removed"),
        ("trashed", "trashed"),
    ],
)
def test_a_list_can_be_asked_for_what_is_deleted(flag: str, query: str) -> None:
    shown = thing("id", id=TEXT, text=TEXT, **{flag: FLAG})
    with MockServer(document(kept(shown, query))) as server:
        made = server.client.post("/notes", json={"text": "a"}).json()
        assert made[flag] is False
        server.client.delete(f"/notes/{made['id']}")
        assert made["id"] not in ids(server)
        rows = server.client.get(f"/notes?{query}=true").json()
        assert {row["id"]: row for row in rows}[made["id"]][flag] is True


@pytest.mark.parametrize("verb", ["restore", "undelete", "untrash", "recover"])
def test_what_is_deleted_can_be_had_again(verb: str) -> None:
    with MockServer(document(kept(thing("id", id=TEXT, text=TEXT), verb=verb))) as server:
        made = server.client.post("/notes", json={"text": "a"}).json()
        path = f"/notes/{made['id']}"
        server.client.delete(path)
        assert server.client.get(path).status_code == 404
        assert made["id"] not in ids(server)
        server.client.post(f"{path}/{verb}")
        assert server.client.get(path).json()["text"] == "a"
        assert made["id"] in ids(server)


def test_what_nobody_can_have_again_is_gone() -> None:
    with MockServer(document(kept(thing("id", id=TEXT, text=TEXT, deleted=FLAG)))) as server:
        made = server.client.post("/notes", json={"text": "a"}).json()
        server.client.delete(f"/notes/{made['id']}")
        assert server.client.get(f"/notes/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("summary", "time", "listed"),
    [
        ("Retires a note. It stays readable, but is not listed.", "retired_at", False),
        ("Retire a note; retired notes are hidden from lists", "retiredAt", False),
        ("Close a note. Closed notes no longer appear in the list.", "closed_at", False),
        ("Retires a note", "retired_at", True),
    ],
)
def test_a_removal_that_sets_a_time_hides_what_the_document_says(
    summary: str, time: str, listed: bool
) -> None:
    moment = {"type": "string", "format": "date-time", "nullable": True}
    paths = kept(thing("id", id=TEXT, text=TEXT, **{time: moment}))
    paths["/notes/{id}"]["delete"]["summary"] = summary
    with MockServer(document(paths)) as server:
        seeds = server.client.get("/notes").json()
        assert [row[time] for row in seeds] == [None] * len(seeds), "only the removal sets it"
        note = seeds[0]["id"]
        server.client.delete(f"/notes/{note}")
        assert server.client.get(f"/notes/{note}").json()[time].startswith("2026-01-01T00:00")
        assert (note in ids(server)) is listed
