"""Details of lists that many documents have: headers, flags, links, parts with a value in them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from mockserver import MockServer
from tests.support.documents import FLAG, TEXT, WHOLE, answer, body, document, thing


def asked(name: str, schema: Any = TEXT, text: str = "") -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": text}


def serve(
    row: Any,
    *parameters: Any,
    shown: Any = None,
    headers: Any = None,
    sent: Any = None,
    seeds: str = "none",
) -> MockServer:
    """`/boats` and `/boats/{id}` with this row; `shown`: the response of the list."""
    listed = answer(shown if shown is not None else {"type": "array", "items": row})
    if headers:
        listed["headers"] = {name: {"schema": WHOLE} for name in headers}
    item = {"name": "boat_id", "in": "path", "required": True, "schema": TEXT}
    paths = {
        "/boats": {
            "get": {"parameters": list(parameters), "responses": {"200": listed}},
            "post": {
                "requestBody": body(sent if sent is not None else row),
                "responses": {"201": answer(row)},
            },
        },
        "/boats/{boat_id}": {"parameters": [item], "get": {"responses": {"200": answer(row)}}},
    }
    return MockServer(document(paths), clock="manual", seeds=seeds)


def filled(server: MockServer, *rows: dict[str, Any]) -> None:
    for row in rows:
        server.client.post("/boats", json=row).raise_for_status()


NAMED = thing("id", id={**TEXT, "readOnly": True}, name=TEXT)


def test_headers_of_paging_say_what_was_skipped() -> None:
    headers = ("X-Paging-Skipped", "X-Paging-Take", "X-Paging-TotalResults")
    with serve(NAMED, asked("skip", WHOLE), asked("take", WHOLE), headers=headers) as server:
        filled(server, *({"name": name} for name in "abc"))
        found = server.client.get("/boats?skip=1&take=1")
        assert [row["name"] for row in found.json()] == ["b"]
        assert [found.headers[name] for name in headers] == ["1", "1", "3"]


def test_a_negative_limit_asks_for_everything() -> None:
    with serve(NAMED, asked("limit", WHOLE), asked("offset", WHOLE)) as server:
        filled(server, *({"name": name} for name in "abc"))
        assert len(server.client.get("/boats?limit=-1").json()) == 3
        assert len(server.client.get("/boats?limit=2").json()) == 2


@pytest.mark.parametrize(
    ("flag", "value", "expected"),
    [
        ("orderascending", "true", ["a", "b", "c"]),
        ("orderascending", "false", ["c", "b", "a"]),
        ("descending", "true", ["c", "b", "a"]),
        ("descending", "false", ["a", "b", "c"]),
    ],
)
def test_a_flag_says_in_which_order(flag: str, value: str, expected: list[str]) -> None:
    with serve(NAMED, asked("orderby"), asked(flag, FLAG)) as server:
        filled(server, *({"name": name} for name in "bca"))
        found = server.client.get(f"/boats?orderby=name&{flag}={value}").json()
        assert [row["name"] for row in found] == expected


def test_parts_are_sorted_by_the_value_in_them() -> None:
    row = thing("id", id={**TEXT, "readOnly": True}, name=thing("", value=TEXT))
    with serve(row, asked("sort")) as server:
        filled(server, *({"name": {"value": name}} for name in "bca"))
        found = server.client.get("/boats?sort=-name").json()
        assert [one["name"]["value"] for one in found] == ["c", "b", "a"]


@pytest.mark.parametrize(
    "expression",
    [
        '{"length":[{"operator":">","value":3},{"operator":"<","value":9}]}',
        '{"length":{"operator":"=","value":5}}',
        '{"name":[{"operator":"IN","value":["b"]}]}',
    ],
)
def test_a_property_may_have_several_conditions(expression: str) -> None:
    row = thing("id", id={**TEXT, "readOnly": True}, name=TEXT, length=WHOLE)
    with serve(row, asked("search")) as server:
        filled(server, *({"name": n, "length": s} for n, s in (("a", 3), ("b", 5), ("c", 9))))
        found = server.client.get("/boats", params={"search": expression}).json()
        assert [one["name"] for one in found] == ["b"]


def test_a_link_to_the_next_page_can_be_followed_without_a_parameter_for_it() -> None:
    meta = thing("", next_page_url=TEXT)
    shown = thing("", boats={"type": "array", "items": NAMED}, meta=meta)
    with serve(NAMED, asked("page_size", WHOLE), shown=shown) as server:
        filled(server, *({"name": name} for name in "abc"))
        seen, url = [], "/boats?page_size=2"
        for _ in range(5):
            page = server.client.get(url).json()
            seen += [row["name"] for row in page["boats"]]
            if not page["meta"].get("next_page_url"):
                break
            parts = urlsplit(page["meta"]["next_page_url"])
            url = f"{parts.path}?{parts.query}"
        assert sorted(seen) == ["a", "b", "c"]


def test_a_parameter_called_like_a_property_filters() -> None:
    row = thing("id", **{"id": {**TEXT, "readOnly": True}, "from": TEXT})
    with serve(row, asked("from"), asked("limit", WHOLE)) as server:
        filled(server, {"from": "+41"}, {"from": "+49"})
        assert [one["from"] for one in server.client.get("/boats?from=%2B49").json()] == ["+49"]


def test_a_range_may_stand_in_a_parameter_that_is_a_bound_by_its_name() -> None:
    row = thing("id", id={**TEXT, "readOnly": True}, start_at={**TEXT, "format": "ISODate"})
    with serve(row, asked("filter[start_at]")) as server:
        filled(server, *({"start_at": f"2017-{month}-05T00:00:00Z"} for month in ("10", "11")))
        wanted = {"filter[start_at]": "2017-11-01T00:00:00Z..2017-12-01T00:00:00Z"}
        found = server.client.get("/boats", params=wanted).json()
        assert [one["start_at"] for one in found] == ["2017-11-05T00:00:00Z"]


def test_a_name_within_several_parts_is_any_of_them() -> None:
    person = thing("", login=TEXT)
    row = thing("id", id={**TEXT, "readOnly": True}, owner=person, editor=person)
    with serve(row, asked("login")) as server:
        people = (("ada", "bob"), ("bob", "cy"), ("cy", "dee"))
        filled(server, *({"owner": {"login": a}, "editor": {"login": b}} for a, b in people))
        assert len(server.client.get("/boats?login=bob").json()) == 2


def test_seed_entities_have_what_lists_are_filtered_and_sorted_by() -> None:
    row = thing(
        "id",
        id=TEXT,
        seen_by={**TEXT, "nullable": True},
        weight=WHOLE,
        attributes=thing("", hue=TEXT),
    )
    by = {**TEXT, "enum": ["weight", "-weight"]}
    with serve(row, asked("seen_by"), asked("hue"), asked("sort", by), seeds="generated") as server:
        rows = server.client.get("/boats").json()
        assert all(one.get("seen_by") is not None and "weight" in one for one in rows)
        assert all(one["attributes"].get("hue") for one in rows)


@pytest.mark.parametrize(
    ("links", "path"),
    [
        ({"_links": thing("", self=thing("", href=TEXT))}, ("_links", "self", "href")),
        ({"links": thing("", self=TEXT)}, ("links", "self")),
        ({"meta": thing("", location=TEXT, created=TEXT)}, ("meta", "location")),
    ],
)
def test_links_of_an_entity_lead_to_itself(links: dict[str, Any], path: tuple[str, ...]) -> None:
    row = thing("id", id={**TEXT, "readOnly": True}, name=TEXT, **links)
    with serve(row, sent=thing("", name=TEXT)) as server:
        filled(server, {"name": "a"})
        for found in (server.client.get("/boats").json()[0],):
            link: Any = found
            for step in path:
                link = link[step]
            assert server.client.get(urlsplit(link).path).json()["name"] == "a"


def test_links_in_rows_alone_lead_to_the_entity() -> None:
    linked = thing("", id=TEXT, name=TEXT, _links=thing("", self=thing("", href=TEXT)))
    shown = thing("", _embedded=thing("", items={"type": "array", "items": linked}))
    with serve(NAMED, shown=shown) as server:
        filled(server, {"name": "a"})
        row = server.client.get("/boats").json()["_embedded"]["items"][0]
        assert urlsplit(row["_links"]["self"]["href"]).path == f"/boats/{row['id']}"


def test_rows_below_what_is_not_kept_say_what_they_are_below() -> None:
    row = thing("namespace", namespace=TEXT, digest=TEXT, status=TEXT)
    parts = [
        {"name": "namespace", "in": "path", "required": True, "schema": TEXT},
        asked("page", WHOLE),
    ]
    listed = answer(thing("", results={"type": "array", "items": row}, count=WHOLE))
    path = "/namespaces/{namespace}/images"
    paths = {path: {"get": {"parameters": parts, "responses": {"200": listed}}}}
    with MockServer(document(paths), seeds="generated") as server:
        rows = server.client.get("/namespaces/acme/images").json()["results"]
        assert {one["namespace"] for one in rows} == {"acme"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort[by]=name&sort[direction]=desc", ["c", "b", "a"]),
        ("sort[by]=name&sort[direction]=asc", ["a", "b", "c"]),
        ("sort[by]=-name", ["c", "b", "a"]),
        ("sort[name]=desc", ["c", "b", "a"]),
    ],
)
def test_an_order_may_be_an_object(query: str, expected: list[str]) -> None:
    order = {"name": "sort", "in": "query", "style": "deepObject", "explode": True}
    by = {**order, "schema": thing("", by=TEXT, direction=TEXT, name=TEXT)}
    with serve(NAMED, by) as server:
        filled(server, *({"name": name} for name in "bca"))
        found = server.client.get(f"/boats?{query}").json()
        assert [row["name"] for row in found] == expected


def test_links_without_listed_names_lead_below_the_entity() -> None:
    policy = thing("id", id=TEXT, links={"type": "object"})
    item = {"name": "policy_id", "in": "path", "required": True, "schema": TEXT}
    below = {**item, "name": "PolicySid"}
    target = thing("id", id=TEXT)
    listed = answer({"type": "array", "items": target})
    paths = {
        "/policies": {
            "post": {"requestBody": body(thing("")), "responses": {"201": answer(policy)}}
        },
        "/policies/{policy_id}": {
            "parameters": [item],
            "get": {"responses": {"200": answer(policy)}},
        },
        "/policies/{PolicySid}/Targets": {
            "parameters": [below],
            "get": {"responses": {"200": listed}},
            "post": {"requestBody": body(thing("")), "responses": {"201": answer(target)}},
        },
    }
    with MockServer(document(paths), seeds="none") as server:
        made = server.client.post("/policies", json={}).json()
        found = server.client.get(f"/policies/{made['id']}").json()
        links = {name: urlsplit(url).path for name, url in found["links"].items()}
        assert links == {"targets": f"/policies/{made['id']}/Targets"}
        assert server.client.get(links["targets"]).json() == []


def test_a_url_whose_schema_says_that_it_leads_to_the_entity_does() -> None:
    url = {"$ref": "#/components/schemas/Url"}
    row = thing("id", id={**TEXT, "readOnly": True}, name=TEXT, url=url)
    one = {"name": "boat_id", "in": "path", "required": True, "schema": TEXT}
    rows = answer({"type": "array", "items": row})
    paths = {
        "/boats": {
            "get": {"responses": {"200": rows}},
            "post": {"requestBody": body(thing("", name=TEXT)), "responses": {"201": answer(row)}},
        },
        "/boats/{boat_id}": {"parameters": [one], "get": {"responses": {"200": answer(row)}}},
    }
    told = {**TEXT, "readOnly": True, "description": "URL of this individual resource."}
    with MockServer(document(paths, schemas={"Url": told}), seeds="none") as server:
        filled(server, {"name": "a"})
        found = server.client.get("/boats").json()[0]
        assert urlsplit(found["url"]).path == f"/boats/{found['id']}"


def test_a_list_at_a_parameter_has_what_is_made_there() -> None:
    card = thing("id title", id=TEXT, title=TEXT)
    app = {"name": "app_id", "in": "path", "required": True, "schema": TEXT}
    one = {"name": "card_id", "in": "path", "required": True, "schema": TEXT}
    listed = answer(thing("results", results={"type": "array", "items": card}))
    paths = {
        "/{app_id}": {
            "parameters": [app],
            "get": {"responses": {"200": listed}},
            "post": {
                "requestBody": body(thing("title", title=TEXT)),
                "responses": {"201": answer(card)},
            },
        },
        "/{app_id}/{card_id}": {
            "parameters": [app, one],
            "get": {"responses": {"200": answer(card)}},
        },
    }
    with MockServer(document(paths), seeds="none") as server:
        made = server.client.post("/7", json={"title": "Pets"}).json()
        assert server.client.get("/7").json()["results"] == [made]
        assert server.client.get("/8").json()["results"] == []


def test_one_property_that_is_read_and_set_is_kept() -> None:
    shown = {"$ref": "#/components/schemas/Settings"}
    paths = {
        "/settings": {
            "get": {"responses": {"200": answer(shown)}},
            "post": {
                "requestBody": body(thing("", open=FLAG)),
                "responses": {"202": answer(shown)},
            },
        }
    }
    settings = thing("", open=FLAG, url=TEXT)
    with MockServer(document(paths, schemas={"Settings": settings})) as server:
        for value in (True, False):
            server.client.post("/settings", json={"open": value}).raise_for_status()
            assert server.client.get("/settings").json()["open"] is value
