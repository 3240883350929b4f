"""An entity is moved below another one, whatever its request calls that."""

from __future__ import annotations

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

PATHS = ("/cards/{card_id}/move", "/cards/{card_id}:move", "/cards/{card_id}/actions/move",
         "/cards/{card_id}/transfer", "/cards/{card_id}/move-to-list")  # fmt: skip
NAMES = ("list_id", "target_list_id", "destination_list_id", "list", "destination", "target")
FIELDS = ("list_id", "listId", "list")


@pytest.mark.parametrize(("path", "name", "field"), in_turns(PATHS, NAMES, FIELDS))
def test_it_is_listed_there_and_no_longer_here(path: str, name: str, field: str) -> None:
    card, own = thing("id", id=TEXT, title=TEXT, **{field: TEXT}), {"in": "path", "required": True}
    board = thing("id", id=TEXT, name=TEXT)
    lists = [{"name": "list_id", "schema": TEXT, **own}]
    cards = [{"name": "card_id", "schema": TEXT, **own}]
    below = "/lists/{list_id}/cards"
    made = {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(board)}}
    paths = {
        "/lists": {"post": made},
        "/lists/{list_id}": {"parameters": lists, "get": {"responses": {"200": answer(board)}}},
        below: {
            "parameters": lists,
            "get": {"responses": {"200": answer({"type": "array", "items": card})}},
            "post": {"requestBody": body(thing(title=TEXT)), "responses": {"201": answer(card)}},
        },
        "/cards/{card_id}": {"parameters": cards, "get": {"responses": {"200": answer(card)}}},
        path: {
            "post": {
                "parameters": cards, "requestBody": body(thing(name, **{name: TEXT})),
                "responses": {"204": answer()},
            },
        },
    }  # fmt: skip
    with MockServer(document(paths), seeds="none") as mock:
        client = mock.client
        here, there = (client.post("/lists", json={"name": n}).json()["id"] for n in "ab")
        one = client.post(below.replace("{list_id}", here), json={"title": "x"}).json()["id"]
        moved = client.post(path.replace("{card_id}", one), json={name: there})
        assert moved.status_code == 204
        assert client.get(f"/cards/{one}").json()[field] == there
        rows = [client.get(below.replace("{list_id}", each)).json() for each in (here, there)]
        assert [[row["id"] for row in each] for each in rows] == [[], [one]]
