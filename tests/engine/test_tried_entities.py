"""`POST /entries/validate` is about the entry that is sent: none of that name has to be there."""

from __future__ import annotations

import pytest

from mockserver import MockServer
from tests.support.documents import FLAG, TEXT, Json, answer, body, collection, document, thing

ENTRY = thing("name", id=TEXT, name=TEXT, archived=FLAG)


def entries(word: str, sent: Json) -> Json:
    paths = collection("/entries", ENTRY, thing("name", name=TEXT))
    post = {"requestBody": body(sent), "responses": {"200": answer(ENTRY), "404": answer()}}
    paths[f"/entries/{word}"] = {"post": {**post, "summary": f"{word.capitalize()} an entry"}}
    return document(paths)


@pytest.mark.parametrize(
    "word", ["check", "validate", "preview", "estimate", "simulate", "test", "dry-run"]
)
@pytest.mark.parametrize("name", ["name", "entry_name"])
def test_what_is_tried_is_what_is_sent(word: str, name: str) -> None:
    with MockServer(entries(word, thing(name, **{name: TEXT}))) as server:
        before = server.client.get("/entries").json()
        assert server.client.post(f"/entries/{word}", json={name: "new"}).status_code == 200
        assert server.client.get("/entries").json() == before


def test_what_is_done_to_an_entity_names_it() -> None:
    with MockServer(entries("archive", thing("name", name=TEXT))) as server:
        assert server.client.post("/entries", json={"name": "one"}).status_code == 201
        shown = server.client.post("/entries/archive", json={"name": "one"})
        assert (shown.status_code, shown.json()["archived"]) == (200, True)
        assert server.client.post("/entries/archive", json={"name": "no"}).status_code == 404
