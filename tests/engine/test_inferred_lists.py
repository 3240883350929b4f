"""Lists of inferred APIs: paging, order and filters."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.inferred import orders
from tests.support.documents import MOMENT, TEXT, WHOLE

BOAT = {
    "type": "object",
    "required": ["id", "name", "length", "created_at"],
    "properties": {
        "id": TEXT,
        "name": TEXT,
        "length": WHOLE,
        "harbour_id": TEXT,
        "created_at": {**MOMENT, "readOnly": True},
    },
}
NEW = {"type": "object", "properties": {"name": TEXT, "length": WHOLE, "harbour_id": TEXT}}


def reply(schema: Any, status: int = 200, headers: Any = None) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    found: dict[str, Any] = {"description": "ok", "content": content}
    if headers:
        found["headers"] = headers
    return {"responses": {str(status): found}}


def page(**fields: Any) -> dict[str, Any]:
    rows = {"type": "array", "items": BOAT}
    return {"type": "object", "properties": {"data": rows, **fields}}


def boats(
    schema: Any, *parameters: str | tuple[str, Any], headers: Any = None, path: str = "/boats"
) -> MockServer:
    asked = [(one, TEXT) if isinstance(one, str) else one for one in parameters]
    query = [{"name": name, "in": "query", "schema": schema} for name, schema in asked]
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Boats", "version": "1"},
        "paths": {
            path: {
                "get": {"parameters": query, **reply(schema, headers=headers)},
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": NEW}}},
                    **reply(BOAT, 201),
                },
            },
            f"{path}/{{boat_id}}": {
                "parameters": [{"name": "boat_id", "in": "path", "required": True, "schema": TEXT}],
                "get": reply(BOAT),
                "delete": {"responses": {"204": {"description": "gone"}}},
            },
        },
    }
    return MockServer(document, clock="manual", seeds="none")


def filled(server: MockServer, names: str = "dbace", path: str = "/boats") -> list[str]:
    """Boats with these names, a minute apart; returns their ids."""
    ids = []
    for number, name in enumerate(names):
        body = {"name": name, "length": number, "harbour_id": f"h{number % 2}"}
        ids.append(server.client.post(path, json=body).raise_for_status().json()["id"])
        server.clock.advance(60)
    return ids


def names(answer: httpx.Response) -> str:
    return "".join(row["name"] for row in answer.raise_for_status().json()["data"])


@pytest.mark.parametrize(
    ("after", "before"),
    [
        ("starting_after", "ending_before"),
        ("after", "before"),
        ("page[after]", "page[before]"),
        ("after_id", "before_id"),
    ],
)
def test_pages_by_the_id_of_a_row(after: str, before: str) -> None:
    schema = page(first_id=TEXT, last_id=TEXT, has_more={"type": "boolean"})
    with boats(schema, ("limit", WHOLE), after, before) as server:
        ids = filled(server)[::-1]
        first = server.client.get("/boats", params={"limit": 2}).json()
        assert [row["id"] for row in first["data"]] == ids[:2]
        assert (first["first_id"], first["last_id"], first["has_more"]) == (ids[0], ids[1], True)
        second = server.client.get("/boats", params={"limit": 2, after: first["last_id"]}).json()
        assert [row["id"] for row in second["data"]] == ids[2:4]
        back = server.client.get("/boats", params={"limit": 1, before: second["first_id"]}).json()
        assert [row["id"] for row in back["data"]] == ids[1:2]
        server.client.delete(f"/boats/{ids[1]}")
        assert server.client.get("/boats", params={after: "no-boat"}).status_code in (400, 422)


@pytest.mark.parametrize(
    ("asked", "told"),
    [("cursor", "next_cursor"), ("pageToken", "nextPageToken"), ("next_token", "next_token")],
)
def test_pages_by_a_token(asked: str, told: str) -> None:
    schema = page(**{told: {"type": ["string", "null"]}})
    with boats(schema, ("limit", WHOLE), asked) as server:
        filled(server)
        seen, query = "", {"limit": "2"}
        while True:
            found = server.client.get("/boats", params=query)
            seen += names(found)
            if not found.json()[told]:
                break
            query[asked] = found.json()[told]
        assert seen == "ecabd"
        assert found.json()[told] is None


@pytest.mark.parametrize("skip", ["offset", "skip", "$skip", "start"])
def test_pages_by_number_of_rows(skip: str) -> None:
    schema = page(total=WHOLE, count=WHOLE, limit=WHOLE, offset=WHOLE)
    with boats(schema, ("limit", WHOLE), (skip, WHOLE)) as server:
        filled(server)
        found = server.client.get("/boats", params={"limit": 2, skip: 3})
        assert names(found) == "ce"
        told = {name: found.json()[name] for name in ("total", "count", "limit", "offset")}
        assert told == {"total": 5, "count": 2, "limit": 2, "offset": 3}


PAGES = {"first": "ec", "prev": "ec", "self": "ab", "next": "d", "last": "d"}


@pytest.mark.parametrize("size", ["per_page", "pageSize", "page[size]", "$top"])
def test_pages_by_number_with_links(size: str) -> None:
    link = {"type": ["string", "null"], "format": "uri"}
    links = dict.fromkeys(("self", "first", "prev", "next", "last"), link)
    schema = page(
        links={"type": "object", "properties": links},
        meta={"type": "object", "properties": {"total_pages": WHOLE, "total_count": WHOLE}},
    )
    with boats(schema, (size, WHOLE), ("page", WHOLE)) as server:
        filled(server)
        found = server.client.get("/boats", params={size: 2, "page": 2}).json()
        assert found["meta"] == {"total_pages": 3, "total_count": 5}
        assert [row["name"] for row in found["data"]] == ["a", "b"]
        for rel, wanted in PAGES.items():
            assert names(server.client.get(found["links"][rel])) == wanted, rel
        last = server.client.get(found["links"]["last"]).json()
        assert last["links"].get("next") is None
        first = server.client.get(found["links"]["first"]).json()
        assert first["links"].get("prev") is None


def test_the_pages_stand_in_headers() -> None:
    rows = {"type": "array", "items": BOAT}
    headers = {"Link": {"schema": TEXT}, "X-Total-Count": {"schema": WHOLE}}
    with boats(rows, ("per_page", WHOLE), ("page", WHOLE), headers=headers) as server:
        filled(server)
        found = server.client.get("/boats", params={"per_page": 2, "page": 2})
        assert found.headers["x-total-count"] == "5"
        assert set(found.links) == {"prev", "next", "first", "last"}
        assert [row["name"] for row in server.client.get(found.links["next"]["url"]).json()] == [
            "e"
        ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"sort": "name"}, "abcde"),
        ({"sort": "-name"}, "edcba"),
        ({"sort": "name:desc"}, "edcba"),
        ({"sort": "name", "order": "desc"}, "edcba"),
        ({"sort": "created_at", "order": "asc"}, "dbace"),
        ({"sort": "-created_at"}, "ecabd"),
        ({"sort": "length_desc"}, "ecabd"),
        ({"order": "asc"}, "dbace"),
        ({"order": "desc"}, "ecabd"),
        ({"sort": "oldest"}, "dbace"),
        ({"sort": "harbour_id,-name"}, "edacb"),
    ],
)
def test_the_order_is_what_is_asked_for(query: dict[str, str], wanted: str) -> None:
    with boats(page(), "sort", "order") as server:
        filled(server)
        assert names(server.client.get("/boats", params=query)) == wanted


def test_a_list_is_sorted_by_each_property_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ranked: list[tuple[str, ...]] = []
    rank = orders._rank

    def counted(path: tuple[str, ...]) -> Any:
        ranked.append(path)
        return rank(path)

    monkeypatch.setattr(orders, "_rank", counted)
    with boats(page(), "sort") as server:
        filled(server)
        query = {"sort": ",".join(["-harbour_id", "name", "-name"] * 500)}
        assert names(server.client.get("/boats", params=query)) == "bcade"
        query = {"sort": ",".join(f"harbour_id.k{number}" for number in range(500))}
        assert len(names(server.client.get("/boats", params=query))) == 5
        assert len(ranked) < 20


def test_a_sorted_list_has_pages_too() -> None:
    schema = page(next_cursor={"type": ["string", "null"]})
    with boats(schema, "sort", ("limit", WHOLE), "cursor") as server:
        filled(server)
        first = server.client.get("/boats", params={"sort": "name", "limit": 3})
        cursor = first.json()["next_cursor"]
        query = {"sort": "name", "limit": 3, "cursor": cursor}
        assert names(first) + names(server.client.get("/boats", params=query)) == "abcde"
        # A cursor is of one order.
        other = server.client.get("/boats", params={**query, "sort": "-name"})
        assert other.status_code in (400, 422)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"name": "a"}, "a"),
        ({"name": "a,c"}, "ac"),
        ({"harbour_id": "h1"}, "bc"),
        ({"min_length": 3}, "ce"),
        ({"length_lte": 1}, "db"),
        ({"created_after": "2026-01-01T00:03:00Z"}, "ce"),
        ({"created_before": "2026-01-01T00:00:30Z"}, "d"),
        ({"since": "2026-01-01T00:02:00Z", "until": "2026-01-01T00:03:00Z"}, "ac"),
        ({"q": "H1"}, "bc"),
        ({"name": "[a..c]"}, "abc"),
        ({"length_lte": 10**30}, "abcde"),
        ({"filter": '{"created_at": {"lte": 1e308}}'}, "abcde"),
        ({"filter": '{"created_at": {"gte": Infinity}}'}, ""),
        ({"filter": "(" * 3000}, "abcde"),
        ({"filter": "harbour_id in (" + "h0," * 3000 + "h9)"}, "ade"),
        ({"name": ".. " * 3000 + "!"}, ""),
    ],
)
def test_some_of_what_is_there(query: dict[str, Any], wanted: str) -> None:
    asked = [("min_length", WHOLE), ("length_lte", WHOLE)]
    texts = ["name", "harbour_id", "created_after", "created_before", "since", "until"]
    texts += ["q", "filter"]
    with boats(page(), *asked, *texts) as server:
        filled(server)
        found = names(server.client.get("/boats", params=query))
        assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("path", ["/feedback", "/inventory", "/schiffe", "/gente"])
def test_nouns_that_are_no_english_plurals(path: str) -> None:
    with boats({"type": "array", "items": BOAT}, path=path) as server:
        made = server.client.post(path, json={"name": "x", "length": 1}).json()
        assert made in server.client.get(path).json()
        assert server.client.get(f"{path}/{made['id']}").json() == made


def test_a_page_that_is_all_of_something_generic() -> None:
    generic = {"type": "object", "properties": {"total": WHOLE, "page": WHOLE}}
    schema = {
        "allOf": [
            generic,
            {
                "type": "object",
                "properties": {"vessels": {"type": "array", "items": BOAT}},
            },
        ]
    }
    with boats(schema, ("page", WHOLE), ("size", WHOLE)) as server:
        filled(server)
        found = server.client.get("/boats", params={"page": 3, "size": 2}).json()
        assert (found["total"], found["page"]) == (5, 3)
        assert [row["name"] for row in found["vessels"]] == ["e"]


def test_what_is_made_beneath_another_entity_lies_where_its_list_looks() -> None:
    """A batch is started below a list and read below the account."""

    def named(name: str) -> dict[str, Any]:
        return {"name": name, "in": "path", "required": True, "schema": TEXT}

    def thing(key: str) -> dict[str, Any]:
        return {"type": "object", "required": [key], "properties": {key: TEXT, "name": TEXT}}

    def rows(key: str) -> dict[str, Any]:
        return reply({"type": "array", "items": thing(key)})

    new = {"requestBody": {"content": {"application/json": {"schema": NEW}}}}
    account = "/accounts/{account_id}"
    paths: dict[str, Any] = {
        "/accounts": {
            "get": rows("account_id"),
            "post": {**new, **reply(thing("account_id"), 201)},
        },
        account: {"get": reply(thing("account_id"))},
        f"{account}/lists": {"get": rows("id"), "post": {**new, **reply(thing("id"), 201)}},
        f"{account}/lists/{{list_id}}": {"get": reply(thing("id"))},
        f"{account}/lists/{{list_id}}/send": {"post": {**new, **reply(thing("batch_id"), 201)}},
        f"{account}/batches": {"get": rows("batch_id")},
        f"{account}/batches/{{batch_id}}": {"get": reply(thing("batch_id"))},
    }
    for path, item in paths.items():
        item["parameters"] = [named(name[1:-1]) for name in path.split("/") if "{" in name]
    document = {"openapi": "3.1.0", "info": {"title": "Post", "version": "1"}, "paths": paths}
    with MockServer(document, clock="manual", seeds="none") as server:
        client = server.client
        mine, other = (client.post("/accounts", json={}).json()["account_id"] for _ in "ab")
        letters = client.post(f"/accounts/{mine}/lists", json={}).json()["id"]
        made = client.post(f"/accounts/{mine}/lists/{letters}/send", json={}).json()
        assert made in client.get(f"/accounts/{mine}/batches").json()
        assert made not in client.get(f"/accounts/{other}/batches").json()


@pytest.mark.parametrize("paged", [False, True])
def test_no_page_has_more_rows_than_its_schema_admits(paged: bool) -> None:
    rows = {"type": "array", "items": BOAT, "maxItems": 2}
    schema = {"type": "object", "properties": {"data": rows, "next": TEXT}}
    with boats(schema, *(["cursor", ("limit", WHOLE)] if paged else [])) as server:
        ids = filled(server)
        first = server.client.get("/boats", params={"limit": 4} if paged else {})
        assert first.status_code == 200, first.text
        assert len(first.json()["data"]) == 2
        if paged:
            query = {"cursor": first.json()["next"], "limit": 4}
            more = server.client.get("/boats", params=query).json()["data"]
            assert {row["id"] for row in (*first.json()["data"], *more)} < set(ids)
            assert len(more) == 2
