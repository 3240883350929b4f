"""Ids that a new entity has by what the document says of them."""

from __future__ import annotations

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, answer, body, document, thing

OWN = (
    "The application ID.",
    "Application identifier",
    "unique id of the application",
    "An application's ID",
)
OTHERS = ("The ID of the owner.", "The application ID of the caller's client", "Any text", "")


@pytest.mark.parametrize(
    ("text", "own"), [*((t, True) for t in OWN), *((t, False) for t in OTHERS)]
)
def test_it_is_made_with_the_entity(text: str, own: bool) -> None:
    shown = {"$ref": "#/components/schemas/Application"}
    one_of_them = thing("id", id=TEXT, name=TEXT, appId={**TEXT, "description": text})
    one = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    paths = {
        "/applications": {
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(shown)}},
            "get": {"responses": {"200": answer({"type": "array", "items": shown})}},
        },
        "/applications/{id}": {"get": {"parameters": one, "responses": {"200": answer(shown)}}},
    }
    with MockServer(document(paths, schemas={"Application": one_of_them})) as mock:
        made = [mock.client.post("/applications", json={"name": n}).json() for n in "ab"]
        assert len({row.get("appId") for row in made}) == (2 if own else 1)
        assert mock.client.get(f"/applications/{made[0]['id']}").json() == made[0]
