"""Lists of a catalogue by ids, parameters of a server's own objects, and operators behind names."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, collection, document, thing

TRACK = thing("id", id=TEXT, name=TEXT)
TRACKS = {"type": "array", "items": TRACK}


def parameter(name: str, schema: Any = TEXT, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


def test_any_id_of_a_catalogue() -> None:
    several = {"type": "array", "items": TEXT}
    one = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    for ids in (
        parameter("ids", required=True),
        parameter("trackIDs", several, required=True, explode=False),
    ):
        paths = {
            "/tracks": {"get": {"parameters": [ids], "responses": {"200": answer(TRACKS)}}},
            "/tracks/{id}": {"parameters": [one], "get": {"responses": {"200": answer(TRACK)}}},
            "/picks": {"get": {"responses": {"200": answer(thing(tracks=TRACKS))}}},
        }
        with MockServer(document(paths)) as mock:
            found = mock.client.get("/tracks", params={ids["name"]: "b,a"}).json()
            assert [one["id"] for one in found] == ["b", "a"]
            again = mock.client.get("/tracks", params={ids["name"]: "a"}).json()
            assert again == found[1:]
            assert mock.client.get("/tracks/a").json() == found[1]


KITE = thing("id", id=TEXT, name=TEXT, length=WHOLE)


def kites(*parameters: dict[str, Any]) -> dict[str, Any]:
    paths = collection("/kites", KITE, thing("name", name=TEXT, length=WHOLE))
    paths["/kites"]["get"]["parameters"] = list(parameters)
    return document(paths)


@pytest.mark.parametrize("model", ["queryOptions", "parameters", "searchParams", "Request"])
def test_parameters_of_an_object_of_the_server(model: str) -> None:
    names = {"page": WHOLE, "pageSize": WHOLE, "orderBy": TEXT, "query": TEXT, "name": TEXT}
    asked = [parameter(f"{model}.{name}", schema) for name, schema in names.items()]
    with MockServer(kites(*asked)) as mock:
        for name in ("aa", "bb", "cc"):
            mock.client.post("/kites", json={"name": name, "length": 1})

        def listed(**query: Any) -> list[str]:
            named = {f"{model}.{name}": value for name, value in query.items()}
            found = mock.client.get("/kites", params=named).json()
            return [one["name"] for one in found]

        assert listed(name="bb") == listed(query="bb") == ["bb"]
        assert len(listed(pageSize=2)) == 2
        every = listed(pageSize=100, orderBy="name desc")
        assert every == sorted(every, reverse=True, key=str.casefold)
        assert listed(pageSize=2, page=2) == listed(pageSize=4)[2:]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("name__ic", "LPH", ["alpha"]),
        ("name__n", "alpha", ["beta"]),
        ("name__isw", "BE", ["beta"]),
        ("name__iew", "pha", ["alpha"]),
        ("name__nic", "lph", ["beta"]),
        ("name__ie", "beta", ["beta"]),
    ],
)
def test_operators_behind_names(name: str, value: str, wanted: list[str]) -> None:
    with MockServer(kites(parameter(name))) as mock:
        for one in ("alpha", "beta"):
            mock.client.post("/kites", json={"name": one, "length": 1})
        found = mock.client.get("/kites", params={name: value}).json()
        assert [one["name"] for one in found if one["name"] in ("alpha", "beta")] == wanted


def test_those_that_are_there_are_changed() -> None:
    named = thing("name", id=TEXT, name=TEXT, length=WHOLE)
    sent = body(thing(kites={"type": "array", "items": named}))
    shown = answer(thing(kites={"type": "array", "items": KITE}))
    paths = kites()["paths"]
    paths["/kites"]["post"] = {
        "summary": "Updates or creates one or more kites",
        "requestBody": sent,
        "responses": {"200": shown},
    }
    with MockServer(document(paths)) as mock:
        first = mock.client.post("/kites", json={"kites": [{"name": "a"}]}).json()["kites"][0]
        rows = [{"id": first["id"], "name": "b"}, {"name": "c"}]
        both = mock.client.post("/kites", json={"kites": rows}).json()["kites"]
        assert [one["name"] for one in both] == ["b", "c"]
        assert both[0]["id"] == first["id"]
        assert mock.client.get(f"/kites/{first['id']}").json()["name"] == "b"


def test_rows_of_any_kind_with_an_example() -> None:
    free = {"type": "array", "items": {"type": "object"}}
    shown = {"description": "", "content": {"application/json": {
        "schema": free, "example": [{"id": "7", "name": "shown"}],
    }}}  # fmt: skip
    paths = collection("/kites", thing("id", id=TEXT, name=TEXT), thing("name", name=TEXT))
    paths["/kites"]["get"]["responses"]["200"] = shown
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/kites", json={"name": "a"}).json()
        assert made["id"] in [one["id"] for one in mock.client.get("/kites").json()]


@pytest.mark.parametrize(
    ("names", "query", "wanted"),
    [
        ("filter_field filter_value", {"filter_field": "name", "filter_value": "b"}, "b"),
        (
            "search_by search_operator search_value",
            {"search_by": "length", "search_operator": "gte", "search_value": "2"},
            "bc",
        ),
        ("filterBy filterValue", {"filterBy": "name", "filterValue": "c"}, "c"),
        ("filter", {"filter": "length,gt,1"}, "bc"),
        ("filter", {"filter": "and(equals(name,'b'),greaterOrEqual(length,'2'))"}, "b"),
        ("filter", {"filter": "or(equals(name,'b'),equals(name,'c'))"}, "bc"),
        ("length", {"length": "1-2"}, "ab"),
        ("length_between", {"length_between": "2,3"}, "bc"),
        ("length_between", {"length_between": "1..2"}, "ab"),
        ("name!", {"name!": "a"}, "bc"),
    ],
)
def test_conditions(names: str, query: dict[str, Any], wanted: str) -> None:
    with MockServer(kites(*map(parameter, names.split()))) as mock:
        for length, name in enumerate("abc", 1):
            mock.client.post("/kites", json={"name": name, "length": length})
        found = mock.client.get("/kites", params=query).json()
        assert "".join(one["name"] for one in found if one["name"] in "abc") == wanted


def test_an_array_of_conditions() -> None:
    many = parameter("filter[]", {"type": "array", "items": TEXT})
    with MockServer(kites(many)) as mock:
        for length, name in enumerate("abc", 1):
            mock.client.post("/kites", json={"name": name, "length": length})
        query = [("filter[]", "length:>=2"), ("filter[]", "name:c")]
        assert [one["name"] for one in mock.client.get("/kites", params=query).json()] == ["c"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sort", "desc(length)"),
        ("sorts", '[{"field": "length", "direction": "desc"}]'),
        ("sort", '{"length": -1}'),
        ("descending", "length"),
    ],
)
def test_orders(name: str, value: str) -> None:
    with MockServer(kites(parameter(name))) as mock:
        for length, one in enumerate("abc", 1):
            mock.client.post("/kites", json={"name": one, "length": length})
        found = mock.client.get("/kites", params={name: value}).json()
        assert [one["name"] for one in found if one["name"] in "abc"] == ["c", "b", "a"]
