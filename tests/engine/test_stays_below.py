"""A change through a path leaves an entity below what the path names, whatever else its body says,
unless that names another owner that is there."""

from __future__ import annotations

import httpx
import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, answer, body, document, thing

METHODS = ("patch", "put")
FIELDS = ("shelfId", "shelf_id", "shelf")
PARAMETERS = ("shelfId", "shelf_id", "shelf", "parentId")
OWNERS = ("known", "unknown to the document")
SHOWN = ("200", "204")


def shelves(method: str, field: str, parameter: str, owners: str, shown: str) -> MockServer:
    """Books on shelves: a `field` says on which one a book is, and is no secret to a client."""
    book, shelf = thing("id", id=TEXT, title=TEXT, **{field: TEXT}), thing("id", id=TEXT, name=TEXT)
    own = {"in": "path", "required": True, "schema": TEXT}
    above = {"name": parameter, **own}
    changed = {"200": answer(book)} if shown == "200" else {"204": {"description": "changed"}}
    paths = {
        f"/shelves/{{{parameter}}}/books": {
            "parameters": [above],
            "get": {"responses": {"200": answer({"type": "array", "items": book})}},
            "post": {"requestBody": body(thing(title=TEXT)), "responses": {"201": answer(book)}},
        },
        f"/shelves/{{{parameter}}}/books/{{bookId}}": {
            "parameters": [above, {"name": "bookId", **own}],
            "get": {"responses": {"200": answer(book)}},
            method: {
                "requestBody": body(thing("title", title=TEXT, **{field: TEXT})),
                "responses": changed,
            },
        },
    }
    if owners == "known":
        paths["/books/{bookId}"] = {
            "parameters": [{"name": "bookId", **own}], "get": {"responses": {"200": answer(book)}},
        }  # fmt: skip
        paths["/shelves"] = {
            "get": {"responses": {"200": answer({"type": "array", "items": shelf})}},
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(shelf)}},
        }
        paths[f"/shelves/{{{parameter}}}"] = {
            "parameters": [above], "get": {"responses": {"200": answer(shelf)}},
        }  # fmt: skip
    return MockServer(document(paths), seeds="none")


def made(client: httpx.Client, owners: str) -> tuple[str, str, str]:
    """Two shelves, and a book on the first one."""
    here, there = "1", "2"
    if owners == "known":
        here, there = (client.post("/shelves", json={"name": n}).json()["id"] for n in "ab")
    book = client.post(f"/shelves/{here}/books", json={"title": "x"}).json()
    return here, there, book["id"]


@pytest.mark.parametrize(
    ("method", "field", "parameter", "owners", "shown"),
    in_turns(METHODS, FIELDS, PARAMETERS, OWNERS, SHOWN),
)
def test_it_stays_where_the_path_says(
    method: str, field: str, parameter: str, owners: str, shown: str
) -> None:
    with shelves(method, field, parameter, owners, shown) as mock:
        here, _, book = made(mock.client, owners)
        place = f"/shelves/{here}/books/{book}"
        sent = {"title": "y", field: "nowhere"}
        changed = mock.client.request(method, place, json=sent)
        assert changed.status_code == int(shown)
        fetched = mock.client.get(place)
        assert fetched.status_code == 200
        assert fetched.json()["title"] == "y"
        assert [one["id"] for one in mock.client.get(f"/shelves/{here}/books").json()] == [book]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("field", FIELDS)
def test_it_moves_to_another_owner_that_is_there(method: str, field: str) -> None:
    with shelves(method, field, "shelfId", "known", "200") as mock:
        here, there, book = made(mock.client, "known")
        sent = {"title": "y", field: there}
        changed = mock.client.request(method, f"/shelves/{here}/books/{book}", json=sent)
        assert changed.json()[field] == there
        rows = [mock.client.get(f"/shelves/{one}/books").json() for one in (here, there)]
        assert [[row["id"] for row in each] for each in rows] == [[], [book]]


@pytest.mark.parametrize("name", ["requestId", "request_id", "clientToken", "idempotencyKey"])
def test_a_token_in_the_query_names_no_source(name: str) -> None:
    """A verb that starts an operation, and a collection whose items no path names."""
    config, own = thing("id", id=TEXT, name=TEXT), {"in": "path", "required": True, "schema": TEXT}
    operation = thing("id", id=TEXT, status=TEXT, clientOperationId=TEXT)
    query = {"name": name, "in": "query", "schema": TEXT}
    group, everywhere = thing("id", id=TEXT, name=TEXT), [{"name": "group", **own}]
    paths = {
        "/operations": {
            "get": {"responses": {"200": answer({"type": "array", "items": operation})}}
        },
        "/operations/{operation}": {
            "parameters": [{"name": "operation", **own}],
            "get": {"responses": {"200": answer(operation)}},
        },
        "/groups": {"post": {"requestBody": body(group), "responses": {"201": answer(group)}}},
        "/groups/{group}": {"parameters": everywhere, "get": {"responses": {"200": answer(group)}}},
        "/groups/{group}/configs": {
            "parameters": everywhere,
            "get": {"responses": {"200": answer({"type": "array", "items": config})}},
            "post": {"requestBody": body(config), "responses": {"201": answer(config)}},
        },
        "/groups/{group}/patchConfigs": {
            "parameters": [*everywhere, query],
            "post": {
                "requestBody": body(thing(configs={"type": "array", "items": config})),
                "responses": {"200": answer(operation)},
            },
        },
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/groups", json={"id": "g", "name": "x"}).json()["id"]
        for asked in ("", f"?{name}=1"):
            sent = {"configs": [{"id": "c", "name": "y"}]}
            reply = mock.client.post(f"/groups/{made}/patchConfigs{asked}", json=sent)
            assert reply.status_code == 200
