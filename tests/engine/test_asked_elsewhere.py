"""Lists that are asked for a page or filters in a header, in an object in the query or by a range,
and what a response shows of each row."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import MOMENT, TEXT, WHOLE, answer, body, document, thing

MUG = thing("id name", id=TEXT, name=TEXT, size=WHOLE, glaze=TEXT, made_at=MOMENT)
NEW = thing("name", name=TEXT, size=WHOLE, glaze=TEXT)
ROWS: Any = {"type": "array", "items": MUG}
NAMES = ["ash", "birch", "cedar", "elm", "fir"]


def asked(name: str, schema: Any, place: str = "query", **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema, **more}


def mugs(
    *parameters: Any, rows: Any = ROWS, headers: tuple[str, ...] = (), **more: Any
) -> MockServer:
    """Five mugs, made by a client."""
    listed = answer(rows, headers={name: {"schema": TEXT} for name in headers})
    item = [asked("id", TEXT, "path", required=True)]
    paths = {
        "/mugs": {
            "get": {"parameters": list(parameters), "responses": {"200": listed, **more}},
            "post": {"requestBody": body(NEW), "responses": {"201": answer(MUG)}},
        },
        "/mugs/{id}": {
            "get": {"parameters": [*item, *parameters], "responses": {"200": answer(MUG)}}
        },
    }
    server = MockServer(document(paths, "3.0.3"), seeds="none", clock="manual")
    for size, name in enumerate(NAMES):
        sent = {"name": name, "size": size, "glaze": "blue" if size % 2 else "green"}
        assert server.client.post("/mugs", json=sent).status_code == 201
    return server


def names(reply: httpx.Response, at: str = "") -> list[str]:
    assert reply.status_code in (200, 206), reply.text
    return [row["name"] for row in (reply.json()[at] if at else reply.json())]


@pytest.mark.parametrize(
    ("request_header", "response_header"),
    [
        ("x-ms-continuation", "x-ms-continuation"),
        ("X-Continuation-Token", "X-Continuation-Token"),
        ("X-Page-Token", "X-Next-Page-Token"),
        ("Next-Token", "Next-Token"),
        ("X-Cursor", "X-Next-Cursor"),
    ],
)
def test_a_header_continues_a_list(request_header: str, response_header: str) -> None:
    paged = asked("limit", WHOLE), asked(request_header, TEXT, "header")
    with mugs(*paged, headers=(response_header,)) as server:
        found, sent = [], {}
        for _ in range(3):
            reply = server.client.get("/mugs", params={"limit": 2}, headers=sent)
            found += names(reply)
            sent = {request_header: reply.headers.get(response_header, "")}
        assert found == NAMES
        assert response_header not in reply.headers


@pytest.mark.parametrize(
    ("place", "value", "rows", "said"),
    [
        ("header", "items=0-1", NAMES[:2], "items 0-1/5"),
        ("header", "mugs=3-", NAMES[3:], "mugs 3-4/5"),
        ("query", "1-2", NAMES[1:3], "items 1-2/5"),
        ("header", "items=0-99", NAMES, "items 0-4/5"),
        ("header", "anything", NAMES, None),
    ],
)
def test_a_range_asks_for_rows(place: str, value: str, rows: list[str], said: str | None) -> None:
    part = answer(ROWS, headers={"Content-Range": {"schema": TEXT}})
    with mugs(asked("Range", TEXT, place), **{"206": part}) as server:
        sent: Any = {"headers" if place == "header" else "params": {"Range": value}}
        reply = server.client.get("/mugs", **sent)
        assert names(reply) == rows
        assert reply.headers.get("content-range") == said
        assert reply.status_code == (200 if rows == NAMES else 206)


@pytest.mark.parametrize(
    ("name", "spells"),
    [("pageable", "{}"), ("page", "page[{}]"), ("paging", "{}"), ("pagination", "pagination[{}]")],
)
def test_an_object_in_the_query_asks_for_a_page(name: str, spells: str) -> None:
    """Each of its parts by itself, as Spring's documents have it, or as `page[size]`."""
    number = "number" if name == "page" else "page"
    style = "deepObject" if "[" in spells else "form"
    schema = thing("", **{number: {**WHOLE, "minimum": 1}}, size=WHOLE)
    rows = thing("", data=ROWS, total=WHOLE, links=thing("", next={**TEXT, "nullable": True}))
    with mugs(asked(name, schema, style=style, explode=True), rows=rows) as server:
        first = {spells.format("size"): 2}
        second = {**first, spells.format(number): 2}
        reply = server.client.get("/mugs", params=second)
        assert (names(reply, "data"), reply.json()["total"]) == (NAMES[2:4], 5)
        reply = server.client.get(server.client.get("/mugs", params=first).json()["links"]["next"])
        assert names(reply, "data") == NAMES[2:4]


@pytest.mark.parametrize(
    ("outer", "style"), in_turns(["filter", "criteria", "params"], ["form", "deepObject"])
)
def test_an_object_in_the_query_has_filters(outer: str, style: str) -> None:
    schema = thing("", glaze=TEXT, minSize=WHOLE)
    with mugs(asked(outer, schema, style=style, explode=True)) as server:
        said = (lambda name: name) if style == "form" else (lambda name: f"{outer}[{name}]")
        reply = server.client.get("/mugs", params={said("glaze"): "blue", said("minSize"): 2})
        assert names(reply) == ["elm"]


def test_scim_counts_rows_from_1() -> None:
    rows = thing("", Resources=ROWS, totalResults=WHOLE, startIndex=WHOLE, itemsPerPage=WHOLE)
    with mugs(asked("startIndex", WHOLE), asked("count", WHOLE), rows=rows) as server:
        reply = server.client.get("/mugs", params={"startIndex": 2, "count": 2})
        assert names(reply, "Resources") == NAMES[1:3]
        assert (reply.json()["startIndex"], reply.json()["totalResults"]) == (2, 5)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("fields", "size", "id name size"),
        ("$select", "size,glaze", "id name size glaze"),
        ("fields[mugs]", "size", "id name size"),
        ("exclude", "size,made_at", "id name glaze"),
        ("fields", "colour", "id name size glaze"),
        ("fields", "", "id name size glaze"),
    ],
)
def test_a_response_shows_the_properties_that_are_asked_for(
    name: str, value: str, shown: str
) -> None:
    """And what its schema requires; an unknown property is without effect."""
    with mugs(asked(name, TEXT)) as server:
        one = server.client.get("/mugs", params={name: value}).json()[0]
        assert set(one) - {"made_at"} == set(shown.split())
        assert server.client.get(f"/mugs/{one['id']}", params={name: value}).json() == one


COMPARED = thing("", property=TEXT, operator=TEXT, value=TEXT)
FILTERS: Any = {"type": "array", "items": COMPARED}
BLUE = {"property": "glaze", "operator": "EQ", "value": "blue"}
NONE = {"property": "glaze", "operator": "EQ", "value": "red"}


@pytest.mark.parametrize(
    ("path", "asks"),
    in_turns(
        ["/mugs:search", "/mugs:query", "/mugs/search", "/mugs/list"],
        [
            ({"filters": FILTERS}, {"filters": [BLUE]}),
            (
                {"filterGroups": {"type": "array", "items": thing("", filters=FILTERS)}},
                {"filterGroups": [{"filters": [BLUE]}, {"filters": [NONE]}]},
            ),
            ({"filter": {"type": "object"}}, {"filter": {"property": "glaze", "equals": "blue"}}),
            (
                {"query": thing("", operator=TEXT, value=FILTERS)},
                {"query": {"operator": "OR", "value": [BLUE, NONE]}},
            ),
        ],
    ),
)
def test_a_search_by_post_finds_what_its_body_asks_for(path: str, asks: Any) -> None:
    schema, sent = asks
    with mugs() as plain:
        paths = plain.mock.contract.document["paths"]
    found = answer(thing("", results=ROWS, total=WHOLE))
    search = {"post": {"requestBody": body(thing("", **schema)), "responses": {"200": found}}}
    with MockServer(
        document({**paths, path: search}, "3.0.3"), seeds="none", clock="manual"
    ) as server:
        for size, name in enumerate(NAMES):
            made = {"name": name, "size": size, "glaze": "blue" if size % 2 else "green"}
            server.client.post("/mugs", json=made)
        assert names(server.client.post(path, json={}), "results") == NAMES
        reply = server.client.post(path, json=sent)
        assert (names(reply, "results"), reply.json()["total"]) == (["birch", "elm"], 2)
