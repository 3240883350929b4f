"""Entities that responses lay out differently than requests: parts, envelopes, mixed pages."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, TEXT, WHOLE, answer, array, body, document, thing

ITEM = {"name": "id", "in": "path", "required": True, "schema": TEXT}


def shelf(
    sent: Any,
    one: Any,
    listed: Any,
    made: Any = None,
    *queries: str,
    path: str = "/books",
    **schemas: Any,
) -> httpx.Client:
    """Books that are created with `sent`, and returned as `one` or in `listed`."""
    paths = {
        path: {
            "get": {
                "parameters": [{"name": n, "in": "query", "schema": TEXT} for n in queries],
                "responses": {"200": answer(listed)},
            },
            "post": {"requestBody": body(sent), "responses": {"201": answer(made or one)}},
        },
        path + "/{id}": {
            "parameters": [ITEM],
            "get": {"responses": {"200": answer(one), "404": answer()}},
            "patch": {"requestBody": body(sent), "responses": {"200": answer(one)}},
        },
    }
    spec = document(paths, schemas=schemas) if schemas else document(paths)
    return MockServer(spec, clock="manual").client


def made(client: httpx.Client, sent: Any, path: str = "/books") -> Any:
    return client.post(path, json=sent).raise_for_status().json()


FLAT = thing("title", title=TEXT, pages=WHOLE)
ATTRIBUTES = thing("", title=TEXT, pages=WHOLE, created_at=MOMENT, updated_at=MOMENT)
RESOURCE = thing("id type", id=TEXT, type={"const": "book"}, attributes=ATTRIBUTES)


@pytest.mark.parametrize(
    ("holder", "more"),
    [
        ("attributes", {}),
        ("spec", {"kind": TEXT}),
        ("book", {"version": WHOLE}),
        ("result", {"message": TEXT}),
        ("volume", {"shelf": TEXT}),
    ],
)
def test_what_is_sent_is_shown_in_the_part_that_has_it(holder: str, more: Any) -> None:
    part = thing("", title=TEXT, pages=WHOLE)
    one = thing("id", id=TEXT, **{holder: part}, **more)
    client = shelf(FLAT, one, array(one))
    key = made(client, {"title": "Emma", "pages": 300})["id"]
    assert client.get(f"/books/{key}").json()[holder] == {"title": "Emma", "pages": 300}
    client.patch(f"/books/{key}", json={"title": "Persuasion"})
    shown = client.get(f"/books/{key}").json()[holder]
    assert (shown["title"], shown["pages"]) == ("Persuasion", 300)
    assert [row[holder]["title"] for row in client.get("/books").json()][-1] == "Persuasion"


def test_a_part_that_is_another_resource_holds_nothing_of_what_is_sent() -> None:
    author = thing("id", id=TEXT, title=TEXT, pages=WHOLE)
    one = thing("id", id=TEXT, author=author)
    paths = {
        "/authors": {"get": {"responses": {"200": answer(array(author))}}},
        "/authors/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(author)}}},
        "/books": {"post": {"requestBody": body(FLAT), "responses": {"201": answer(one)}}},
        "/books/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(one)}}},
    }
    client = MockServer(document(paths)).client
    shown = client.get(f"/books/{made(client, {'title': 'Emma'})['id']}").json()
    assert shown.get("author", {}).get("title") != "Emma"


def test_attributes_have_times_filters_and_an_order() -> None:
    sent = thing("data", data=thing("attributes", attributes=FLAT))
    rows = thing("data", data=array(RESOURCE))
    client = shelf(sent, thing("data", data=RESOURCE), rows, None, "sort", "title")
    for title in ("b", "c", "a"):
        found = made(client, {"data": {"attributes": {"title": title, "pages": 1}}})["data"]
        assert found["attributes"]["title"] == title
        assert found["attributes"]["created_at"] == found["attributes"]["updated_at"]
    listed = client.get("/books", params={"sort": "-title"}).json()["data"]
    titles = [row["attributes"].get("title") or "" for row in listed]
    assert titles == sorted(titles, key=str.casefold, reverse=True)
    found = client.get("/books", params={"title": "c"}).json()["data"]
    assert [row["attributes"]["title"] for row in found] == ["c"]


def test_a_list_shows_flat_what_one_has_in_a_part() -> None:
    one = thing("id", id=TEXT, result=thing("", title=TEXT, pages=WHOLE), message=TEXT)
    row = thing("id", id=TEXT, title=TEXT)
    client = shelf(FLAT, one, array(row))
    key = made(client, {"title": "Emma", "pages": 3})["id"]
    assert {"id": key, "title": "Emma"} in client.get("/books").json()


PAGE = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {}}, "total": WHOLE, "limit": WHOLE},
}
BOOK = thing("id title", id=TEXT, title=TEXT, pages=WHOLE)


@pytest.mark.parametrize(
    "page",
    [
        {"allOf": [PAGE, thing("", items=array(BOOK))]},
        {"allOf": [thing("", items=array(BOOK)), PAGE]},
        {"allOf": [thing("", items=array({"type": "object"})), thing("", items=array(BOOK))]},
        {"allOf": [PAGE], "properties": {"items": array(BOOK)}},
    ],
)
def test_a_page_of_anything_that_is_narrowed_by_allof_is_a_list(page: Any) -> None:
    client = shelf(FLAT, BOOK, page, None, "limit")
    made(client, {"title": "Emma"})
    rows = client.get("/books?limit=50").json()["items"]
    assert "Emma" in [row["title"] for row in rows]


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        ({"success": {"type": "boolean"}}, {"success": True}),
        ({"ok": {"type": "boolean"}, "errors": array(TEXT)}, {"ok": True, "errors": []}),
        ({"status_code": WHOLE}, {"status_code": 200}),
        ({"status": {"enum": ["error", "success"]}}, {"status": "success"}),
        ({"status": thing("", code={"enum": ["FAILED", "OK"]})}, {"status": {"code": "OK"}}),
        ({"meta": thing("", success={"type": "boolean"})}, {"meta": {"success": True}}),
        ({"hasErrors": {"type": "boolean"}}, {"hasErrors": False}),
    ],
)
def test_envelopes_say_that_all_went_well(beside: Any, said: Any) -> None:
    one = thing(" ".join(beside), data=BOOK, **beside)
    client = shelf(FLAT, one, thing(" ".join(beside), data=array(BOOK), **beside))
    key = made(client, {"title": "Emma"})["data"]["id"]
    for path in ("/books", f"/books/{key}"):
        shown = client.get(path).json()
        assert {name: shown[name] for name in said} == said, path


def test_what_an_entity_says_of_itself_is_no_outcome() -> None:
    book = thing("id", id=TEXT, title=TEXT, success={"type": "boolean"}, errors=array(TEXT))
    sent = thing("", title=TEXT, success={"type": "boolean"}, errors=array(TEXT))
    client = shelf(sent, book, array(book))
    shown = made(client, {"title": "Emma", "success": False, "errors": ["torn"]})
    assert (shown["success"], shown["errors"]) == (False, ["torn"])


@pytest.mark.parametrize("name", ["location", "href", "self", "resource_uri"])
def test_a_create_says_where_the_new_one_is(name: str) -> None:
    receipt = thing(f"entity_id {name}", entity_id=TEXT, **{name: {**TEXT, "format": "uri"}})
    client = shelf(FLAT, BOOK, array(BOOK), receipt)
    told = made(client, {"title": "Emma"})
    assert client.get(told[name]).json()["title"] == "Emma"
    assert told[name].endswith(f"/books/{told['entity_id']}")


@pytest.mark.parametrize(
    ("name", "query"),
    [("pageToken", "pageToken"), ("bookmarkKey", "page_key"), ("next_marker", "marker")],
)
def test_the_property_that_is_called_like_the_cursor_is_the_next_one(name: str, query: str) -> None:
    name = query if query != "marker" else name
    rows = thing("data", data=array(BOOK), **{name: TEXT})
    client = shelf(FLAT, BOOK, rows, None, "limit", query)
    for number in range(4):
        made(client, {"title": str(number)})
    seen: list[str] = []
    asked: dict[str, Any] = {"limit": 2}
    while True:
        page = client.get("/books", params=asked).json()
        seen += [row["id"] for row in page["data"]]
        if not page.get(name):
            break
        asked[query] = page[name]
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    ("total", "returned"),
    [
        ("totalResults", "returnedResults"),
        ("total_books", "books_on_page"),
        ("books_count", "shown_books"),
        ("allItems", "items_in_page"),
        ("sum", "returned"),
    ],
)
def test_totals_are_counted_whatever_they_are_called(total: str, returned: str) -> None:
    fields = {total: WHOLE, returned: WHOLE}
    rows = thing(f"books {total} {returned}", books=array(BOOK), **fields)
    client = shelf(FLAT, BOOK, rows, None, "limit")
    page = client.get("/books?limit=2").json()
    assert (page[total], page[returned]) == (3, 2)


def test_a_search_finds_what_is_there() -> None:
    found = thing("results", results=array(BOOK))
    for words in ("search", "query", "find", "list"):
        paths = {
            "/books": {
                "get": {"responses": {"200": answer(array(BOOK))}},
                "post": {"requestBody": body(FLAT), "responses": {"201": answer(BOOK)}},
            },
            f"/books/{words}": {
                "post": {
                    "requestBody": body(thing("", title=TEXT)),
                    "responses": {"200": answer(found)},
                }
            },
            "/books/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(BOOK)}}},
        }
        client = MockServer(document(paths)).client
        made(client, {"title": "Emma"})
        rows = client.post(f"/books/{words}", json={"title": "Emma"}).json()["results"]
        assert [row["title"] for row in rows] == ["Emma"], words


def test_compounds_of_a_verb_and_a_noun_are_one_family() -> None:
    named = thing("corpusId", corpusId=TEXT)
    corpus = thing("id", id=TEXT, name=TEXT)
    paths = {
        f"/v1/{path}": {"post": {"requestBody": body(sent), "responses": {"200": answer(schema)}}}
        for path, sent, schema in (
            ("create-corpus", thing("name", name=TEXT), named),
            ("list-corpora", thing("", limit=WHOLE), thing("corpora", corpora=array(corpus))),
            ("delete-corpus", named, thing("")),
        )
    }
    client = MockServer(document(paths)).client
    key = client.post("/v1/create-corpus", json={"name": "letters"}).json()["corpusId"]
    listed = client.post("/v1/list-corpora", json={}).json()["corpora"]
    assert {"id": key, "name": "letters"} in listed
    client.post("/v1/delete-corpus", json={"corpusId": key}).raise_for_status()
    left = client.post("/v1/list-corpora", json={}).json()["corpora"]
    assert key not in [row["id"] for row in left]


@pytest.mark.parametrize("summary", ["Create a book", "Add a book", "Creates the named book"])
def test_post_to_the_path_of_one_makes_it_where_the_text_says_so(summary: str) -> None:
    paths = {
        "/books/{id}": {
            "parameters": [ITEM],
            "get": {"responses": {"200": answer(BOOK), "404": answer()}},
            "post": {
                "summary": summary,
                "requestBody": body(FLAT),
                "responses": {"200": answer(BOOK), "404": answer()},
            },
        },
        "/books": {"get": {"responses": {"200": answer(array(BOOK))}}},
    }
    client = MockServer(document(paths)).client
    client.post("/books/emma", json={"title": "Emma"}).raise_for_status()
    assert client.get("/books/emma").json()["title"] == "Emma"


def test_a_first_page_has_room_for_what_is_made() -> None:
    states = {"enum": [f"state{number}" for number in range(9)]}
    book = thing("id", id=TEXT, title=TEXT, status=states)
    rows = thing("data", data=array(book))
    size = {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 8}}
    paths = {
        "/books": {
            "get": {"parameters": [size], "responses": {"200": answer(rows)}},
            "post": {"requestBody": body(FLAT), "responses": {"201": answer(book)}},
        },
        "/books/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(book)}}},
    }
    client = MockServer(document(paths)).client
    key = made(client, {"title": "Emma"})["id"]
    assert key in [row["id"] for row in client.get("/books").json()["data"]]


def test_a_version_at_the_end_of_a_path_names_nothing() -> None:
    client = shelf(FLAT, thing("id", id=TEXT, book=FLAT), array(BOOK), path="/books/v2")
    key = made(client, {"title": "Emma"}, "/books/v2")["id"]
    assert client.get(f"/books/v2/{key}").json()["book"]["title"] == "Emma"


AUTHOR = thing("id", id=TEXT, name=TEXT)


def test_relationships_have_the_ids_that_are_sent() -> None:
    related = thing("", author=thing("", data=thing("id", id=TEXT, type={"const": "author"})))
    one = thing("id", id=TEXT, attributes=FLAT, relationships=related)
    attributes = thing("title", title=TEXT, author_id=TEXT)
    sent = thing("data", data=thing("attributes", attributes=attributes))
    client = shelf(sent, thing("data", data=one), thing("data", data=array(one)))
    body_ = {"data": {"attributes": {"title": "Emma", "author_id": "7"}}}
    key = made(client, body_)["data"]["id"]
    shown = client.get(f"/books/{key}").json()["data"]
    assert shown["relationships"]["author"]["data"]["id"] == "7"


def test_what_lies_above_is_embedded() -> None:
    book = thing("id", id=TEXT, title=TEXT, _embedded=thing("", author=AUTHOR))
    paths = {
        "/authors": {
            "get": {"responses": {"200": answer(array(AUTHOR))}},
            "post": {
                "requestBody": body(thing("", name=TEXT)),
                "responses": {"201": answer(AUTHOR)},
            },
        },
        "/authors/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(AUTHOR)}}},
        "/authors/{id}/books": {
            "parameters": [ITEM],
            "post": {"requestBody": body(FLAT), "responses": {"201": answer(book)}},
        },
        "/books/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(book)}}},
    }
    client = MockServer(document(paths)).client
    author = made(client, {"name": "Ann"}, "/authors")
    found = made(client, {"title": "Emma"}, f"/authors/{author['id']}/books")
    assert client.get(f"/books/{found['id']}").json()["_embedded"] == {"author": author}


@pytest.mark.parametrize("name", ["name", "Name"])
def test_a_create_may_say_something_in_its_query(name: str) -> None:
    box = thing("Id", Id=TEXT, Name=TEXT, Image=TEXT)
    query = {"name": name, "in": "query", "schema": TEXT}
    paths = {
        "/boxes/create": {
            "post": {
                "parameters": [query],
                "requestBody": body(thing("", Image=TEXT)),
                "responses": {"201": answer(thing("Id", Id=TEXT))},
            }
        },
        "/boxes/json": {"get": {"responses": {"200": answer(array(box))}}},
        "/boxes/{id}/json": {"parameters": [ITEM], "get": {"responses": {"200": answer(box)}}},
    }
    client = MockServer(document(paths)).client
    key = client.post("/boxes/create", params={name: "web"}, json={"Image": "x"}).json()["Id"]
    assert client.get(f"/boxes/{key}/json").json() == {"Id": key, "Name": "web", "Image": "x"}
    assert key in [row["Id"] for row in client.get("/boxes/json").json()]


def test_what_a_post_sets_is_read_at_the_same_path() -> None:
    settings = thing("hour", hour=WHOLE, currency=TEXT)
    paths = {
        "/settings": {
            "get": {"responses": {"200": answer(settings)}},
            "post": {"requestBody": body(settings), "responses": {"200": answer(settings)}},
        }
    }
    client = MockServer(document(paths)).client
    client.post("/settings", json={"hour": 7, "currency": "CHF"}).raise_for_status()
    assert client.get("/settings").json() == {"hour": 7, "currency": "CHF"}


def test_a_copy_tells_its_own_id_and_has_what_is_sent_of_it() -> None:
    told = thing("data", data=thing("id", id=TEXT))
    paths = {
        "/books": {"post": {"requestBody": body(FLAT), "responses": {"201": answer(told)}}},
        "/books/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(BOOK)}}},
        "/books/{id}/copy": {
            "parameters": [ITEM],
            "post": {
                "requestBody": body(thing("", settings=thing("", title=TEXT))),
                "responses": {"200": answer(told)},
            },
        },
    }
    client = MockServer(document(paths)).client
    key = made(client, {"title": "Emma", "pages": 3})["data"]["id"]
    sent = {"settings": {"title": "Emma, again"}}
    copy = client.post(f"/books/{key}/copy", json=sent).raise_for_status().json()["data"]["id"]
    assert copy != key
    shown = client.get(f"/books/{copy}").json()
    assert (shown["title"], shown["pages"]) == ("Emma, again", 3)


def test_of_what_no_client_makes_there_is_some_of_each_kind() -> None:
    bounce = thing("ID", ID=WHOLE, Type=TEXT)
    kinds = {"name": "type", "in": "query", "schema": {**TEXT, "enum": ["Hard", "Soft"]}}
    paths = {
        "/bounces": {"get": {"parameters": [kinds], "responses": {"200": answer(array(bounce))}}},
        "/bounces/{id}": {"parameters": [ITEM], "get": {"responses": {"200": answer(bounce)}}},
    }
    client = MockServer(document(paths)).client
    for kind in ("Hard", "Soft"):
        rows = client.get("/bounces", params={"type": kind}).json()
        assert {row["Type"] for row in rows} == {kind}
