"""Requests about several entities: made, changed, removed and answered one by one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

ITEM = {"name": "id", "in": "path", "required": True, "schema": TEXT}
FLAT = thing("", title=TEXT, pages=WHOLE)
BOOK = thing("id", id=TEXT, title=TEXT, pages=WHOLE)


def many(schema: Any) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def shelf(paths: dict[str, Any], **collection: Any) -> httpx.Client:
    """Books, with more operations on the collection and at other `paths`."""
    own = {
        "/books": {
            "get": {"responses": {"200": answer(many(BOOK))}},
            "post": {"requestBody": body(FLAT), "responses": {"201": answer(BOOK)}},
            **collection,
        },
        "/books/{id}": {
            "parameters": [ITEM],
            "get": {"responses": {"200": answer(BOOK), "404": answer()}},
            "delete": {"responses": {"204": answer()}},
        },
        **paths,
    }
    return MockServer(document(own)).client


def made(client: httpx.Client, *titles: str) -> list[str]:
    found = (client.post("/books", json={"title": title}) for title in titles)
    return [one.raise_for_status().json()["id"] for one in found]


def left(client: httpx.Client, ids: list[str]) -> list[str]:
    listed = {row["id"] for row in client.get("/books").json()}
    return [one for one in ids if one in listed]


GONE = {"responses": {"204": answer()}}
IDS = many(TEXT)
OBJECTS = many(thing("id", id=TEXT))


@pytest.mark.parametrize(
    ("path", "method", "schema", "wrap"),
    [
        ("/books/delete", "post", thing("ids", ids=IDS), lambda ids: {"ids": ids}),
        ("/books/bulk-delete", "post", thing("", bookIds=IDS), lambda ids: {"bookIds": ids}),
        (
            "/books/batch/archive",
            "post",
            thing("", inputs=OBJECTS),
            lambda ids: {"inputs": [{"id": one} for one in ids]},
        ),
        (
            "/books/DeleteRequests",
            "post",
            thing("", items=OBJECTS),
            lambda ids: {"items": [{"id": one} for one in ids]},
        ),
        ("/books", "delete", thing("", books=IDS), lambda ids: {"books": ids}),
        ("/books", "delete", IDS, list),
        ("/books/remove", "post", OBJECTS, lambda ids: [{"id": one} for one in ids]),
    ],
)
def test_several_are_removed_by_what_a_body_names(
    path: str, method: str, schema: Any, wrap: Any
) -> None:
    operation = {"requestBody": body(schema), **GONE}
    own = {"delete": operation} if method == "delete" else {}
    client = shelf({} if own else {path: {method: operation}}, **own)
    ids = made(client, "a", "b", "c")
    client.request(method, path, json=wrap(ids[:2])).raise_for_status()
    assert left(client, ids) == ids[2:]


@pytest.mark.parametrize("name", ["id", "ids", "book_id", "q"])
def test_several_are_removed_by_what_a_query_names(name: str) -> None:
    query = {"name": name, "in": "query", "schema": IDS, "style": "form", "explode": False}
    client = shelf({}, delete={"parameters": [query], **GONE})
    ids = made(client, "a", "b", "c")
    client.delete("/books", params={name: ",".join(ids[:2])}).raise_for_status()
    assert left(client, ids) == ids[2:]


def test_a_delete_of_a_collection_that_names_none_removes_all() -> None:
    client = shelf({}, delete={"summary": "Delete all books", **GONE})
    made(client, "a", "b")
    client.delete("/books").raise_for_status()
    assert client.get("/books").json() == []


def test_a_delete_of_all_that_lie_under_one_leaves_the_others() -> None:
    shelf_ = thing("id", id=TEXT, name=TEXT)
    paths = {
        "/shelves": {
            "get": {"responses": {"200": answer(many(shelf_))}},
            "post": {
                "requestBody": body(thing("", name=TEXT)),
                "responses": {"201": answer(shelf_)},
            },
        },
        "/shelves/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(shelf_)}}},
        "/shelves/{id}/books": {
            "parameters": [ITEM],
            "get": {"responses": {"200": answer(many(BOOK))}},
            "post": {"requestBody": body(FLAT), "responses": {"201": answer(BOOK)}},
            "delete": GONE,
        },
        "/shelves/{id}/books/{book_id}": {
            "parameters": [ITEM, {**ITEM, "name": "book_id"}],
            "get": {"responses": {"200": answer(BOOK), "404": answer()}},
        },
    }
    client = MockServer(document(paths)).client
    one, other = (client.post("/shelves", json={"name": n}).json()["id"] for n in "ab")
    for key in (one, other):
        client.post(f"/shelves/{key}/books", json={"title": "Emma"}).raise_for_status()
    client.delete(f"/shelves/{one}/books").raise_for_status()
    assert client.get(f"/shelves/{one}/books").json() == []
    assert [row["title"] for row in client.get(f"/shelves/{other}/books").json()] == ["Emma"]


@pytest.mark.parametrize(
    ("path", "method", "wrapped"),
    [
        ("/books", "patch", True),
        ("/books", "put", False),
        ("/books/batch/update", "post", True),
        ("/books/bulk-update", "put", True),
    ],
)
def test_several_are_changed_by_what_each_names(path: str, method: str, wrapped: bool) -> None:
    array = many(BOOK)
    schema = thing("books", books=array) if wrapped else array
    operation = {"requestBody": body(schema), "responses": {"200": answer(schema)}}
    own = {method: operation} if path == "/books" else {}
    client = shelf({} if own else {path: {method: operation}}, **own)
    ids = made(client, "a", "b", "c")
    sent = [{"id": one, "title": one[:4]} for one in ids[:2]]
    changed = client.request(method, path, json={"books": sent} if wrapped else sent)
    rows = changed.raise_for_status().json()
    assert [row["id"] for row in (rows["books"] if wrapped else rows)] == ids[:2]
    titles = [client.get(f"/books/{one}").json()["title"] for one in ids]
    assert titles == [ids[0][:4], ids[1][:4], "c"]


def test_what_is_made_of_an_array_is_counted_and_shown() -> None:
    receipt = thing("", createdBooks=many(BOOK), successCount=WHOLE, errorsCount=WHOLE)
    operation = {
        "requestBody": body(thing("items", items=many(FLAT))),
        "responses": {"200": answer(receipt)},
    }
    client = shelf({}, post=operation)
    found = client.post("/books", json={"items": [{"title": "a"}, {"title": "b"}]}).json()
    assert [row["title"] for row in found["createdBooks"]] == ["a", "b"]
    assert (found["successCount"], found["errorsCount"]) == (2, 0)
    listed = [row.get("title") for row in client.get("/books").json()]
    assert listed[-2:] == ["a", "b"]


def test_a_create_that_takes_one_or_several_shows_several() -> None:
    sent = thing("", book=FLAT, books=many(FLAT))
    shown = thing("book_ids", book_ids=IDS, book=BOOK, books=many(BOOK))
    client = shelf({}, post={"requestBody": body(sent), "responses": {"201": answer(shown)}})
    found = client.post("/books", json={"books": [{"title": "a"}, {"title": "b"}]}).json()
    assert [row["title"] for row in found["books"]] == ["a", "b"]
    assert found["book_ids"] == [row["id"] for row in found["books"]]
    assert "book" not in found
    one = client.post("/books", json={"book": {"title": "c"}}).json()
    assert one["book"]["title"] == "c"


@pytest.mark.parametrize(
    ("sent", "row", "wanted"),
    [
        ({"emails": ["a@b.c", "d@e.f"]}, thing("input", input=TEXT, valid=TEXT), "input"),
        ({"images": [{"image_id": "1"}, {"image_id": "2"}]}, thing("", image_id=TEXT), "image_id"),
        ({"inputs": [{"vid": 1}, {"vid": 2}]}, thing("", vid=WHOLE, at=TEXT), "vid"),
    ],
)
def test_each_of_what_is_sent_is_answered(sent: Any, row: Any, wanted: str) -> None:
    ((name, items),) = sent.items()
    kind = TEXT if isinstance(items[0], str) else {"type": "object"}
    answered = thing("results", results=many(row), errors=many(TEXT))
    paths = {
        "/check": {
            "post": {
                "requestBody": body(thing(name, **{name: many(kind)})),
                "responses": {"200": answer(answered)},
            }
        }
    }
    client = MockServer(document(paths)).client
    rows = client.post("/check", json=sent).json()["results"]
    values = [one if isinstance(one, str) else one[wanted] for one in items]
    assert [one[wanted] for one in rows] == values


def test_lists_under_two_parents_show_what_belongs_to_both() -> None:
    entry = thing("id", id=TEXT, account_id=TEXT, memo=TEXT)
    account = thing("id", id=TEXT, name=TEXT)
    ledger = {**ITEM, "name": "ledger_id"}
    under = {**ITEM, "name": "account_id"}

    def kept(schema: Any, sent: Any) -> dict[str, Any]:
        return {
            "get": {"responses": {"200": answer(many(schema))}},
            "post": {"requestBody": body(sent), "responses": {"201": answer(schema)}},
        }

    name = thing("", name=TEXT)
    paths = {
        "/ledgers": kept(account, name),
        "/ledgers/{ledger_id}": {
            "parameters": [ledger],
            "get": {"responses": {"200": answer(account)}},
        },
        "/ledgers/{ledger_id}/accounts": {"parameters": [ledger], **kept(account, name)},
        "/ledgers/{ledger_id}/accounts/{account_id}": {
            "parameters": [ledger, under],
            "get": {"responses": {"200": answer(account)}},
        },
        "/ledgers/{ledger_id}/entries": {
            "parameters": [ledger],
            **kept(entry, thing("", account_id=TEXT, memo=TEXT)),
        },
        "/ledgers/{ledger_id}/entries/{entry_id}": {
            "parameters": [ledger, {**ITEM, "name": "entry_id"}],
            "get": {"responses": {"200": answer(entry)}},
        },
        "/ledgers/{ledger_id}/accounts/{account_id}/entries": {
            "parameters": [ledger, under],
            "get": {"responses": {"200": answer(many(entry))}},
        },
    }
    schemas = {"schemas": {"Entry": entry}}
    client = MockServer({**document(paths), "components": schemas}).client
    key = client.post("/ledgers", json={"name": "x"}).json()["id"]
    one, other = (
        client.post(f"/ledgers/{key}/accounts", json={"name": n}).json()["id"] for n in "ab"
    )
    for number, owner in enumerate((one, other, one)):
        sent = {"account_id": owner, "memo": str(number)}
        client.post(f"/ledgers/{key}/entries", json=sent).raise_for_status()
    rows = client.get(f"/ledgers/{key}/accounts/{one}/entries").json()
    assert sorted(row["memo"] for row in rows) == ["0", "2"]


@pytest.mark.parametrize("required", [["items"], []])
def test_one_entity_in_the_page_of_the_list(required: list[str]) -> None:
    """An API may answer everything with a page, also about one entity."""
    job = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "kind": TEXT}}
    page = {
        "type": "object",
        "required": required,
        "properties": {"count": WHOLE, "items": {"type": "array", "items": job}},
    }
    shown = {"responses": {"200": answer(page)}}
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/jobs": {"get": shown, "post": {**shown, "requestBody": body(job)}},
        "/jobs/{id}": {
            "parameters": [item],
            "get": shown,
            "patch": {**shown, "requestBody": body(job)},
            "delete": shown,
        },
    }
    with MockServer(document(paths)) as mock:
        sent = {"id": "one", "kind": "first"}
        changed = {"id": "one", "kind": "second"}
        client = mock.client
        assert client.post("/jobs", json=sent).json() == {"count": 1, "items": [sent]}
        assert client.get("/jobs/one").json() == {"count": 1, "items": [sent]}
        assert client.patch("/jobs/one", json=changed).json()["items"] == [changed]
        assert changed in client.get("/jobs").json()["items"]
        assert client.delete("/jobs/one").json() == {"count": 1, "items": [changed]}
        assert client.get("/jobs/one").status_code == 404
