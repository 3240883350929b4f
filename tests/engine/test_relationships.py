"""JSON:API relationships: what names others is found, counted and changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import TEXT, WHOLE, array, ref, text, thing
from tests.support.trades import does, serve

NAMED = thing("type id", type=TEXT, id=TEXT)
ONE = thing(data={**NAMED, "nullable": True, "type": ["object", "null"]})
MANY = thing(data=array(NAMED))


def resource(name: str, attributes: Any, **related: Any) -> Any:
    more = {"relationships": thing(**related)} if related else {}
    return thing("type id attributes", type=text(), id=TEXT, attributes=attributes, **more)


def new(schema: Any) -> Any:
    sent = {name: one for name, one in schema["properties"].items() if name != "id"}
    return thing("data", data=thing("attributes", **sent))


BOOK = resource("books", thing("title", title=TEXT), author=ONE, shelves=MANY)
AUTHOR = resource("authors", thing("name", name=TEXT, book_count=WHOLE))
SHELF = resource("shelves", thing(name=TEXT))


def library() -> Any:
    several = thing(data=array(ref("Book")))
    own = "/books/{book_id}/relationships"
    operations = {
        "GET /books": does(several, **{"filter[author]": TEXT}),
        "POST /books": does(thing(data=ref("Book")), new(BOOK), status=201),
        "GET /books/{book_id}": does(thing(data=ref("Book"))),
        "PATCH /books/{book_id}": does(thing(data=ref("Book")), new(BOOK)),
        f"GET {own}/shelves": does(MANY),
        f"POST {own}/shelves": does(None, MANY, status=204),
        f"PATCH {own}/shelves": does(None, MANY, status=204),
        f"DELETE {own}/shelves": does(None, MANY, status=204),
        f"GET {own}/author": does(ONE),
        f"PATCH {own}/author": does(None, ONE, status=204),
        "POST /authors": does(thing(data=ref("Author")), new(AUTHOR), status=201),
        "GET /authors/{author_id}": does(thing(data=ref("Author"))),
        "GET /authors/{author_id}/books": does(several),
        "POST /shelves": does(thing(data=ref("Shelf")), new(SHELF), status=201),
        "GET /shelves/{shelf_id}": does(thing(data=ref("Shelf"))),
    }
    return serve(operations, Book=BOOK, Author=AUTHOR, Shelf=SHELF)


def author(client: Any, name: str = "Ann") -> str:
    sent = {"data": {"type": "authors", "attributes": {"name": name}}}
    return str(client.post("/authors", json=sent).raise_for_status().json()["data"]["id"])


def book(client: Any, title: str, **related: Any) -> str:
    sent = {"type": "books", "attributes": {"title": title}, "relationships": related}
    reply = client.post("/books", json={"data": sent}).raise_for_status()
    return str(reply.json()["data"]["id"])


def named(kind: str, key: str) -> dict[str, str]:
    return {"type": kind, "id": key}


def titles(client: Any, path: str, **query: str) -> list[str]:
    rows = client.get(path, params=query).raise_for_status().json()["data"]
    return [row["attributes"]["title"] for row in rows]


def test_those_that_name_one_are_listed_below_it_and_counted() -> None:
    with library() as server:
        client = server.client
        ann, bob = author(client), author(client, "Bob")
        book(client, "A", author={"data": named("authors", ann)})
        book(client, "B", author={"data": named("authors", bob)})
        book(client, "C", author={"data": named("authors", ann)})
        book(client, "D")
        assert titles(client, f"/authors/{ann}/books") == ["A", "C"]
        assert titles(client, f"/authors/{bob}/books") == ["B"]
        assert titles(client, "/books", **{"filter[author]": bob}) == ["B"]
        shown = client.get(f"/authors/{ann}").json()["data"]["attributes"]
        assert shown["book_count"] == 2


def test_a_change_of_a_relationship_moves_it_and_keeps_the_others() -> None:
    with library() as server:
        client = server.client
        ann, bob = author(client), author(client, "Bob")
        shelf = {"data": [named("shelves", "s1")]}
        own = book(client, "A", author={"data": named("authors", ann)}, shelves=shelf)
        moved = {"author": {"data": named("authors", bob)}}
        sent = {"type": "books", "id": own, "attributes": {"title": "A"}, "relationships": moved}
        after = client.patch(f"/books/{own}", json={"data": sent}).json()["data"]
        assert after["relationships"] == {**moved, "shelves": shelf}
        assert titles(client, f"/authors/{bob}/books") == ["A"]
        assert titles(client, f"/authors/{ann}/books") == []


@pytest.mark.parametrize(
    ("method", "left"),
    [("POST", ["s1", "s2", "s3"]), ("DELETE", ["s1"]), ("PATCH", ["s2", "s3"])],
)
def test_the_endpoint_of_a_relationship_to_several(method: str, left: list[str]) -> None:
    with library() as server:
        client = server.client
        own = book(client, "A", shelves={"data": [named("shelves", n) for n in ("s1", "s2")]})
        sent = {"data": [named("shelves", n) for n in ("s2", "s3")]}
        path = f"/books/{own}/relationships/shelves"
        assert client.request(method, path, json=sent).status_code == 204
        shown = client.get(path).json()["data"]
        assert shown == [named("shelves", key) for key in left]
        whole = client.get(f"/books/{own}").json()["data"]
        assert whole["relationships"]["shelves"]["data"] == shown
        assert whole["attributes"]["title"] == "A"


def test_the_endpoint_of_a_relationship_to_one() -> None:
    with library() as server:
        client = server.client
        own, ann = book(client, "A"), author(client)
        path = f"/books/{own}/relationships/author"
        client.patch(path, json={"data": named("authors", ann)}).raise_for_status()
        assert client.get(path).json() == {"data": named("authors", ann)}
        assert titles(client, f"/authors/{ann}/books") == ["A"]
        client.patch(path, json={"data": None}).raise_for_status()
        assert client.get(path).json() == {"data": None}
        assert titles(client, f"/authors/{ann}/books") == []
