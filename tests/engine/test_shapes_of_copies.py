"""A verb that copies makes another entity, wherever the verb stands and whatever is answered."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

KITE = thing(id=TEXT, name=TEXT, color=TEXT, length=WHOLE)
SHAPES = {
    "below": "/kites/{id}/duplicate", "a noun": "/kites/{id}/copies", "forks": "/kites/{id}/forks",
    "two words": "/kites/{id}/make-copy",
    "a colon": "/kites/{id}:clone", "before": "/kites/copy/{id}",
    "actions": "/kites/{id}/actions/copy", "by body": "/kites/duplicate",
    "by body, dotted": "/kites.clone",
}  # fmt: skip
RESPONSES: dict[str, Any] = {
    "the copy": KITE, "the copy, wrapped": thing(kite=KITE), "its id": thing(id=TEXT),
    "its id, as of a new one": thing(newKiteId=TEXT), "where it is": None,
}  # fmt: skip


# By a body and without a response, nothing says that one is made.
SENT = ([], ["name"], ["newName"], ["name", "color"])
CASES = [
    (shape, shown, sent)
    for shape, shown, sent in in_turns(SHAPES, RESPONSES, SENT)
    if RESPONSES[shown] is not None or "{id}" in SHAPES[shape]
]


@pytest.mark.parametrize(("shape", "shown", "sent"), CASES)
def test_there_is_another_one(shape: str, shown: str, sent: list[str]) -> None:
    path, schema = SHAPES[shape], RESPONSES[shown]
    by_body = "{id}" not in path
    named = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    asked = {**dict.fromkeys(sent, TEXT), **({"kiteId": TEXT} if by_body else {})}
    copying: dict[str, Any] = {"responses": {"201": answer(schema)}}
    if schema is None:
        copying["responses"]["201"]["headers"] = {"Location": {"schema": TEXT}}
    if asked:
        copying["requestBody"] = body(thing("kiteId" if by_body else "", **asked))
    if not by_body:
        copying["parameters"] = named
    rows = answer({"type": "array", "items": KITE})
    new = body(thing(name=TEXT, color=TEXT, length=WHOLE))
    paths = {
        "/kites": {
            "get": {"responses": {"200": rows}},
            "post": {"requestBody": new, "responses": {"201": answer(KITE)}},
        },
        "/kites/{id}": {"parameters": named, "get": {"responses": {"200": answer(KITE)}}},
        path: {"post": copying},
    }
    with MockServer(document(paths), seeds="none") as mock:
        client = mock.client
        one = client.post("/kites", json={"name": "Red", "color": "red", "length": 7}).json()
        json = {**dict.fromkeys(sent, "blue"), **({"kiteId": one["id"]} if by_body else {})}
        reply = client.post(path.replace("{id}", one["id"]), **({"json": json} if json else {}))
        assert reply.status_code == 201
        rows_now = client.get("/kites").json()
        (copy,) = [row for row in rows_now if row["id"] != one["id"]]
        wanted = {"name": "blue"} if sent else {"name": copy["name"]}
        wanted |= {"color": "blue"} if "color" in sent else {"color": "red"}
        assert copy == {**copy, **wanted, "length": 7}
        assert one in rows_now
        if schema is None:
            assert client.get(reply.headers["location"]).json() == copy
        else:
            told = reply.json()
            assert copy["id"] in (
                told.get("id"),
                told.get("newKiteId"),
                *told.get("kite", {}).values(),
            )
