"""What an owner is cleared of, and what is made behind a collection by what the document says."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

STATUS = {"type": "string", "enum": ["open", "done"]}
ENTRY = thing(
    "name", id={**TEXT, "readOnly": True}, name=TEXT, status=STATUS, hidden={"type": "boolean"}
)
REF = {"$ref": "#/components/schemas/Entry"}
OWNER = {"name": "board", "in": "path", "required": True, "schema": TEXT}


def boards(*more: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    board = thing("id name", id={**TEXT, "readOnly": True}, name=TEXT)
    one = {"name": "entry", "in": "path", "required": True, "schema": TEXT}
    several = {"responses": {"200": answer({"type": "array", "items": REF})}}
    paths: dict[str, Any] = {
        "/boards": {
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(board)}},
            "get": {"responses": {"200": answer({"type": "array", "items": board})}},
        },
        "/boards/{board}": {"parameters": [OWNER], "get": {"responses": {"200": answer(board)}}},
        "/boards/{board}/entries": {
            "parameters": [OWNER],
            "get": several,
            "post": {"requestBody": body(REF), "responses": {"201": answer(REF)}},
        },
        "/boards/{board}/entries/{entry}": {
            "parameters": [OWNER, one],
            "get": {"responses": {"200": answer(REF)}},
        },
    }
    for path, operation in more:
        paths[path] = {"parameters": [OWNER], "post": operation}
    return document(paths, schemas={"Entry": ENTRY})


CLEARED = {
    "all": ("Clears all entries of a board.", set()),
    "deletes": ("This operation deletes all of the entries.", set()),
    "some": ("Clears all done entries from the board.", {"a"}),
    "nothing of it": ("Clears the background of a board.", {"a", "b"}),
    "of others": ("Clears all starred entries.", {"a", "b"}),
}


@pytest.mark.parametrize(
    ("word", "said"), in_turns(("clear", "purge-all", "wipe", "empty"), tuple(CLEARED))
)
def test_what_an_owner_is_cleared_of(word: str, said: str) -> None:
    text, left = CLEARED[said]
    done = {"description": text, "responses": {"204": answer()}}
    if word in ("wipe", "empty") and said == "nothing of it":
        left = set()  # by the word alone
    elif word == "purge-all":
        left = {"a", "b"}  # no word of this kind
    with MockServer(boards((f"/boards/{{board}}/{word}", done)), seeds="none") as mock:
        client = mock.client
        one, other = (client.post("/boards", json={"name": n}).json()["id"] for n in "xy")
        for board in (one, other):
            for name, status in (("a", "open"), ("b", "done")):
                sent = {"name": name, "status": status}
                assert client.post(f"/boards/{board}/entries", json=sent).status_code == 201
        assert client.post(f"/boards/{one}/{word}").status_code == 204
        there = [
            {row["name"] for row in client.get(f"/boards/{board}/entries").json()}
            for board in (one, other)
        ]
        assert there == [left, {"a", "b"}]
        assert client.get(f"/boards/{one}").status_code == 200


def test_what_is_marked_stays() -> None:
    text = "Clears all done entries. They will be marked as 'hidden'."
    done = {"description": text, "responses": {"204": answer()}}
    with MockServer(boards(("/boards/{board}/clear", done)), seeds="none") as mock:
        client = mock.client
        board = client.post("/boards", json={"name": "x"}).json()["id"]
        ids = [
            client.post(f"/boards/{board}/entries", json={"name": "a", "status": s}).json()["id"]
            for s in ("open", "done")
        ]
        client.post(f"/boards/{board}/clear")
        seen = [client.get(f"/boards/{board}/entries/{one}").json().get("hidden") for one in ids]
        assert seen[1] is True
        assert seen[0] is not True


MADE = {
    "says so": ("/boards/{board}/entries/quickAdd", "Creates an entry from a text.", False),
    "imports": ("/boards/{board}/entries/import", "Imports an entry.", True),
}


@pytest.mark.parametrize(("path", "text", "sends"), MADE.values(), ids=MADE)
def test_what_is_made_behind_a_collection(path: str, text: str, sends: bool) -> None:
    operation: dict[str, Any] = {"description": text, "responses": {"200": answer(REF)}}
    if sends:
        operation["requestBody"] = body(REF)
    with MockServer(boards((path, operation)), seeds="none") as mock:
        client = mock.client
        board = client.post("/boards", json={"name": "x"}).json()["id"]
        sent = {"json": {"name": "a", "status": "open"}} if sends else {}
        assert client.post(path.replace("{board}", board), **sent).status_code == 200
        assert len(client.get(f"/boards/{board}/entries").json()) == 1
