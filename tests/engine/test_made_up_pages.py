"""A client that turns the pages of a response that is made up, or that has other rows than
entities, comes to an end."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import FLAG, TEXT, WHOLE, answer, body, document, thing

MAYBE = {"type": ["string", "null"]}
ROW = thing("id", id=TEXT, name=TEXT)
OTHER = thing("id kind", id=TEXT, kind={"const": "other"})
ROWS = {"entities": ROW, "unions": {"oneOf": [ROW, OTHER]}, "texts": TEXT}
LINKS = {"type": "object", "properties": {"next": MAYBE, "prev": MAYBE}}
STYLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "after an id": ({"after": TEXT, "limit": WHOLE}, {"has_more": FLAG, "last_id": TEXT}),
    "cursor": ({"cursor": TEXT}, {"next_cursor": MAYBE}),
    "cursor that is a text": ({"cursor": TEXT, "limit": WHOLE}, {"next_cursor": TEXT}),
    "cursor in an object": ({"cursor": TEXT}, {"meta": thing("next_cursor", next_cursor=TEXT)}),
    "offset": ({"offset": WHOLE, "limit": WHOLE}, {"total": WHOLE, "next_offset": WHOLE}),
    "page": ({"page": WHOLE, "per_page": WHOLE}, {"page": WHOLE, "total_pages": WHOLE}),
    "number alone": ({"page": WHOLE, "limit": WHOLE}, {}),
    "last": ({"page": WHOLE}, {"last": FLAG, "totalElements": WHOLE}),
    "url": ({"page": WHOLE}, {"next": MAYBE, "count": WHOLE}),
    "links": ({"cursor": TEXT}, {"links": LINKS}),
    "no parameter": ({}, {"has_more": FLAG, "next_cursor": TEXT}),
}
BODIES = ("a page", "several arrays", "an entity", "a wrapper")
EXAMPLES = {"boolean": True, "integer": 7, "string": "abc"}


def example_of(schema: Any) -> Any:
    """A page in the middle: each flag is true, and there is a next page."""
    schema = schema.get("oneOf", [schema])[0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: example_of(inner) for name, inner in schema["properties"].items()}
    if kind == "array":
        return [example_of(schema["items"])] * 2
    return schema.get("const", EXAMPLES[kind])


def shown_as(form: str, rows: Any, fields: dict[str, Any]) -> dict[str, Any]:
    array = {"type": "array", "items": rows, "minItems": 0}
    arrays = {
        "several arrays": {"users": array, "groups": array},
        "an entity": {"id": TEXT, "messages": array},
    }
    own = arrays.get(form, {"data": array})
    page = thing(" ".join([*own, *fields]), **own, **fields)
    return thing("result", result=page, request_id=TEXT) if form == "a wrapper" else page


def page_document(style: str, rows: str, form: str, method: str, example: bool) -> dict[str, Any]:
    asked, fields = STYLES[style]
    schema = shown_as(form, ROWS[rows], fields)
    shown = answer(schema)
    if example:
        shown["content"]["application/json"]["example"] = example_of(schema)
    operation: dict[str, Any] = {"operationId": "turn", "responses": {"200": shown}}
    if method == "post":
        operation["requestBody"] = body({"type": "object", "properties": {"q": TEXT, **asked}})
    else:
        operation["parameters"] = [
            {"name": n, "in": "query", "schema": s} for n, s in asked.items()
        ]
    return document({"/search/things": {method: operation}})


def inside(answered: Any, *names: str) -> Any:
    """The first property with one of these names, wherever it is in the page."""
    for name in names:
        if name in answered:
            return answered[name]
    parts = [answered[part] for part in ("result", "meta", "links") if part in answered]
    found = (inside(one, *names) for one in parts)
    return next((one for one in found if one is not None), None)


def count(answered: Any) -> int:
    page = answered.get("result", answered)
    return sum(len(page.get(name, ())) for name in ("data", "users", "groups", "messages"))


def turned(server: MockServer, method: str, style: str, *, by_rows: bool) -> int:
    """How many pages a client reads that goes by what the page says, or until there are no rows."""
    asked: dict[str, Any] = {}
    path = "/search/things"
    for number in range(1, 9):
        sent = {"json": asked} if method == "post" else {"params": asked or None}
        reply = server.client.request(method, path, **sent)
        assert reply.status_code == 200, reply.text
        said = reply.json()
        if not count(said):
            assert number > 1
            return number
        if number == 1 and "totalElements" in str(said):
            assert inside(said, "totalElements") == count(said)
        more = {
            "after an id": ("after", inside(said, "last_id") if inside(said, "has_more") else None),
            "offset": ("offset", inside(said, "next_offset")),
            "url": ("", inside(said, "next")),
            "links": ("", inside(said, "next")),
            "last": ("page", None if inside(said, "last") else number + 1),
            "page": ("page", number + 1 if number < (inside(said, "total_pages") or 0) else None),
            "no parameter": ("", "again" if inside(said, "has_more") else None),
        }
        name, value = more.get(style, ("cursor", inside(said, "next_cursor")))
        numbered = {"offset", "page", "number alone", "last"} & {style}
        if style == "number alone" or (by_rows and numbered):
            name = "offset" if style == "offset" else "page"
            value = number + 1 if name == "page" else asked.get("offset", 0) + count(said)
        if value in (None, ""):
            return number
        if name:
            asked[name] = value
        elif method == "get" and value != "again":
            url = urlsplit(value)
            path, asked = f"{url.path}?{url.query}", {}
    raise AssertionError("the pages have no end")


CASES = in_turns(STYLES, ROWS, BODIES, ("get", "post"), (False, True), (False, True))


@pytest.mark.parametrize(("style", "rows", "form", "method", "example", "lenient"), CASES)
def test_pages_come_to_an_end(
    style: str, rows: str, form: str, method: str, example: bool, lenient: bool
) -> None:
    shown = page_document(style, rows, form, method, example)
    with MockServer(shown, lenient=lenient) as server:
        assert turned(server, method, style, by_rows=False) < 8
        assert turned(server, method, style, by_rows=True) < 8


def test_rows_of_a_part_are_paged() -> None:
    """Each row is shown once, whatever the size of a page."""
    shown = page_document("after an id", "unions", "a page", "get", False)
    with MockServer(shown) as server:
        read = server.client.get
        whole = read("/search/things").json()
        assert (whole["has_more"], whole["last_id"]) == (False, whole["data"][-1]["id"])
        ids, after = [], {}
        while rows := read("/search/things", params={"limit": 1, **after}).json()["data"]:
            ids.append(rows[0]["id"])
            after = {"after": rows[0]["id"]}
        assert ids == [row["id"] for row in whole["data"]]


def test_what_comes_after_an_unknown_row_is_nothing() -> None:
    shown = page_document("after an id", "unions", "a page", "get", False)
    with MockServer(shown) as server:
        assert server.client.get("/search/things?after=nobody").json()["data"] == []
    with MockServer(shown, lenient=True) as server:
        page = server.client.get("/search/things?after=nobody").json()
        assert (bool(page["data"]), page["has_more"]) == (True, False)


@pytest.mark.parametrize("items", [ROW, ROWS["unions"]], ids=["entities", "made up"])
def test_what_follows_0_is_the_first_page(items: dict[str, Any]) -> None:
    """As of events that a client synchronizes: the last id that it has seen, "or 0 initially"."""
    sent = body(thing("after_id", after_id=WHOLE, count=WHOLE))
    post = {
        "requestBody": sent,
        "responses": {"200": answer(thing("events", events={"type": "array", "items": items}))},
    }
    paths = {
        "/events/sync": {"post": post},
        "/events": {"get": {"responses": {"200": answer({"type": "array", "items": items})}}},
    }
    with MockServer(document(paths)) as server:
        assert server.client.post("/events/sync", json={"after_id": 0}).json()["events"]


def test_a_page_that_has_to_have_rows_is_the_last_one_again() -> None:
    array = {"type": "array", "items": ROW, "minItems": 1}
    page = thing("data total", data=array, total=WHOLE)
    asked = [{"name": name, "in": "query", "schema": WHOLE} for name in ("page", "per_page")]
    get = {"parameters": asked, "responses": {"200": answer(page)}}
    with MockServer(document({"/search/things": {"get": get}})) as server:
        first = server.client.get("/search/things").json()
        assert first["total"] == len(first["data"]) > 0
        assert server.client.get("/search/things?page=9").json() == first


def test_the_link_header_of_a_page_that_is_made_up_leads_to_its_rows() -> None:
    rows = answer({"type": "array", "items": ROWS["unions"]})
    rows["headers"] = {"Link": {"schema": TEXT}}
    asked = [{"name": name, "in": "query", "schema": WHOLE} for name in ("page", "per_page")]
    shown = document({"/search/things": {"get": {"parameters": asked, "responses": {"200": rows}}}})
    with MockServer(shown) as server:
        whole = server.client.get("/search/things")
        assert "next" not in whole.links
        url, seen = "/search/things?per_page=1", []
        while url:
            reply = server.client.get(url)
            seen += reply.json()
            url = reply.links.get("next", {}).get("url", "")
        assert seen == whole.json()
