"""A fresh mock holds the entities of the document's examples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mockserver import MockServer

ONE = "#/components/schemas/Pet"
PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}


def answer(schema: Any, status: str = "200", **shown: Any) -> dict[str, Any]:
    """The responses of an operation that returns JSON, with examples."""
    content = {"application/json": {"schema": schema, **shown}}
    return {status: {"description": "fine", "content": content}}


def named(name: str, schema: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema, **more}


def document(paths: dict[str, Any], **schemas: Any) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shown", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def pets(
    listed: Any = None, item: Any = None, parameter: Any = None, pet: Any = None, **more: Any
) -> dict[str, Any]:
    """`/pets` and `/pets/{id}` with these examples."""
    shown = {} if listed is None else {"example": listed}
    one = {} if item is None else {"example": item}
    given = {} if parameter is None else {"example": parameter}
    lists = answer({"type": "array", "items": {"$ref": ONE}}, **shown)
    fetched = answer({"$ref": ONE}, **one)
    names = {"type": "object", "properties": {"name": {"type": "string"}}}
    created = {"content": {"application/json": {"schema": names}}}
    return document(
        {
            "/pets": {
                "get": {"operationId": "listPets", "responses": lists},
                "post": {
                    "operationId": "createPet",
                    "requestBody": created,
                    "responses": answer({"$ref": ONE}, "201"),
                },
            },
            "/pets/{id}": {
                "parameters": [named("id", {"type": "integer"}, **given)],
                "get": {
                    "operationId": "getPet",
                    "responses": {**fetched, "404": {"description": "no"}},
                },
                "patch": {
                    "operationId": "changePet",
                    "requestBody": created,
                    "responses": answer({"$ref": ONE}),
                },
                "delete": {
                    "operationId": "removePet",
                    "responses": {"204": {"description": "gone"}},
                },
            },
        },
        Pet=pet or PET,
        **more,
    )


@contextmanager
def served(shown: dict[str, Any], **options: Any) -> Iterator[httpx.Client]:
    with MockServer(shown, **options) as mock:
        yield mock.client


TOM, JERRY = {"id": 7, "name": "Tom"}, {"id": 8, "name": "Jerry"}


def test_a_list_shows_what_its_example_shows() -> None:
    with served(pets([TOM, JERRY])) as client:
        assert client.get("/pets").json() == [TOM, JERRY]
        assert client.get("/pets/7").json() == TOM
        assert client.get("/pets/8").json() == JERRY
        assert client.get("/pets/9").status_code == 404


def test_an_item_and_the_list_are_about_one_entity() -> None:
    pet = {**PET, "properties": {**PET["properties"], "breed": {"type": "string"}}}  # type: ignore[dict-item]
    whole = {**TOM, "breed": "tabby"}
    with served(pets([TOM], whole, pet=pet)) as client:
        assert client.get("/pets").json() == [TOM]
        assert client.get("/pets/7").json() == whole
        client.patch("/pets/7", json={"name": "Thomas"})
        assert client.get("/pets/7").json()["name"] == "Thomas"
        assert client.get("/pets").json()[0]["name"] == "Thomas"
        assert client.delete("/pets/7").status_code == 204
        assert client.get("/pets").json() == []


def test_what_is_made_does_not_meet_a_shown_id() -> None:
    with served(pets([{"id": number, "name": "x"} for number in (1, 2, 4, 6)])) as client:
        made = [client.post("/pets", json={"name": "new"}).json()["id"] for _ in range(5)]
        listed = [pet["id"] for pet in client.get("/pets").json()]
        assert sorted(listed) == sorted({1, 2, 4, 6, *made})
        assert len(set(made)) == 5


def test_a_parameter_alone_names_one() -> None:
    with served(pets(parameter=7)) as client:
        assert client.get("/pets/7").json()["id"] == 7
        assert 7 in [pet["id"] for pet in client.get("/pets").json()]


def test_an_item_of_another_id_is_what_the_parameter_asks_for() -> None:
    with served(pets(item={"id": 10, "name": "Rex"}, parameter=7)) as client:
        assert client.get("/pets/7").json() == {"id": 7, "name": "Rex"}
        assert client.get("/pets/10").json() == {"id": 10, "name": "Rex"}


def test_an_item_without_its_id_is_what_the_parameter_asks_for() -> None:
    pet = {**PET, "required": ["name"]}
    with served(pets(item={"name": "Rex"}, parameter=7, pet=pet)) as client:
        assert client.get("/pets/7").json() == {"name": "Rex"}


@pytest.mark.parametrize("place", ["example", "examples", "default"])
def test_examples_of_properties_are_one_entity(place: str) -> None:
    def shown(value: Any) -> dict[str, Any]:
        return {place: [value] if place == "examples" else value}

    pet = {
        **PET,
        "properties": {
            "id": {"type": "integer", **({} if place == "default" else shown(10))},
            "name": {"type": "string", **shown("doggie")},
        },
    }
    with served(pets(pet=pet)) as client:
        listed = client.get("/pets").json()
        if place == "default":
            assert "doggie" in [one["name"] for one in listed]
            return
        assert {"id": 10, "name": "doggie"} in listed
        assert len(listed) == 3
        assert client.get("/pets/10").json() == {"id": 10, "name": "doggie"}


def test_an_example_of_the_schema_is_one_entity() -> None:
    with served(pets(pet={**PET, "example": TOM})) as client:
        assert client.get("/pets").json() == [TOM]


def test_named_examples_are_all_there() -> None:
    shown = pets()
    media = shown["paths"]["/pets/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
    media["examples"] = {"tom": {"value": TOM}, "jerry": {"$ref": "#/components/examples/Jerry"}}
    shown["components"]["examples"] = {"Jerry": {"value": JERRY}}
    with served(shown) as client:
        assert client.get("/pets/7").json() == TOM
        assert client.get("/pets/8").json() == JERRY


def test_what_does_not_fit_is_used_as_far_as_it_fits() -> None:
    pet = {
        "type": "object",
        "required": ["id", "name", "age"],
        "properties": {
            "id": {"type": "integer"},
            "name": {"type": "string", "maxLength": 5},
            "age": {"type": "integer", "minimum": 0},
            "tag": {"type": "string", "enum": ["a", "b"]},
        },
    }
    listed = [
        {"id": 7, "name": "much too long", "age": 3, "tag": "a"},
        {"id": "eight", "name": "Tom", "age": 4},
        {"id": 9, "name": "Rex", "tag": "c"},
    ]
    with served(pets(listed, pet=pet)) as client:
        one, two, three = client.get("/pets").json()
        assert (one["id"], one["age"], one["tag"]) == (7, 3, "a")
        assert len(one["name"]) <= 5
        assert (two["name"], two["age"]) == ("Tom", 4)
        assert client.get(f"/pets/{two['id']}").json() == two
        assert (three["id"], three["name"]) == (9, "Rex")
        assert three.get("tag") in (None, "a", "b")


@pytest.mark.parametrize(("seeds", "count"), [("examples", 2), ("generated", 3), ("none", 0)])
def test_what_worlds_begin_with_can_be_chosen(seeds: str, count: int) -> None:
    with served(pets([TOM, JERRY], TOM, 7), seeds=seeds) as client:
        listed = client.get("/pets").json()
        assert len(listed) == count
        assert (TOM in listed) == (seeds == "examples")
        assert client.get("/pets/7").status_code == (200 if seeds == "examples" else 404)
        made = client.post("/pets", json={"name": "new"}).json()
        assert client.get(f"/pets/{made['id']}").json() == made


def shops(**examples: Any) -> dict[str, Any]:
    """Shops with nested orders, and orders at the top level."""
    order = {
        "type": "object",
        "required": ["id", "shop_id"],
        "properties": {
            "id": {"type": "string"},
            "shop_id": {"type": "string"},
            "total": {"type": "number"},
        },
    }
    shop = {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
    }
    page = {
        "type": "object",
        "properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}},
    }

    def shown(name: str) -> dict[str, Any]:
        return {"example": examples[name]} if name in examples else {}

    return document(
        {
            "/shops": {
                "get": {
                    "operationId": "listShops",
                    "responses": answer(
                        {"type": "array", "items": {"$ref": "#/components/schemas/Shop"}},
                        **shown("shops"),
                    ),
                }
            },
            "/shops/{shop_id}": {
                "get": {
                    "operationId": "getShop",
                    "parameters": [named("shop_id", {"type": "string"}, **shown("shop_id"))],
                    "responses": {
                        **answer({"$ref": "#/components/schemas/Shop"}),
                        "404": {"description": "no"},
                    },
                }
            },
            "/shops/{shop_id}/orders": {
                "get": {
                    "operationId": "listOrders",
                    "parameters": [named("shop_id", {"type": "string"}, **shown("shop_id"))],
                    "responses": {**answer(page, **shown("orders")), "404": {"description": "no"}},
                }
            },
            "/orders/{order_id}": {
                "get": {
                    "operationId": "getOrder",
                    "parameters": [named("order_id", {"type": "string"}, **shown("order_id"))],
                    "responses": {
                        **answer({"$ref": "#/components/schemas/Order"}, **shown("order")),
                        "404": {"description": "no"},
                    },
                }
            },
        },
        Shop=shop,
        Order=order,
    )


def test_children_lie_under_the_parent_that_they_name() -> None:
    order = {"id": "ord_1", "shop_id": "shp_9", "total": 12.5}
    with served(shops(order=order)) as client:
        assert client.get("/orders/ord_1").json() == order
        assert client.get("/shops/shp_9/orders").json() == {"data": [order]}
        assert client.get("/shops/shp_9").status_code == 200
        assert "shp_9" in [shop["id"] for shop in client.get("/shops").json()]


def test_children_lie_under_the_parent_that_the_path_names() -> None:
    with served(shops(order_id="ord_1", shop_id="shp_9", orders={"data": [{"id": "a"}]})) as client:
        listed = client.get("/shops/shp_9/orders").json()["data"]
        assert [order["id"] for order in listed][:1] == ["a"]
        assert listed[0]["shop_id"] == "shp_9"
        assert client.get("/orders/ord_1").json()["id"] == "ord_1"


def test_children_without_a_parent_lie_under_the_first() -> None:
    orders = {"data": [{"id": "a", "total": 1}, {"id": "b", "total": 2}]}
    shown = shops(shops=[{"id": "one"}, {"id": "two"}], orders=orders)
    with served(shown) as client:
        assert [o["id"] for o in client.get("/shops/one/orders").json()["data"]] == ["a", "b"]
        assert {o["id"] for o in client.get("/shops/two/orders").json()["data"]}.isdisjoint("ab")
        assert client.get("/orders/b").json()["shop_id"] == "one"
    with served(shown) as client:  # whatever is looked at first
        assert client.get("/orders/b").json()["shop_id"] == "one"


def test_links_name_entities() -> None:
    shown = shops(order={"id": "ord_1", "shop_id": "shp_9"})
    responses = shown["paths"]["/orders/{order_id}"]["get"]["responses"]
    responses["200"]["links"] = {
        "shop": {"operationId": "getShop", "parameters": {"shop_id": "$response.body#/shop_id"}},
        "other": {"operationId": "getShop", "parameters": {"path.shop_id": "shp_10"}},
    }
    with served(shown) as client:
        assert client.get("/shops/shp_10").json()["id"] == "shp_10"


def test_a_request_example_is_what_a_made_up_entity_is_like() -> None:
    shown = pets()
    body = shown["paths"]["/pets"]["post"]["requestBody"]["content"]["application/json"]
    body["example"] = {"name": "Ferdinand"}
    with served(shown) as client:
        listed = client.get("/pets").json()
        assert [pet["name"] for pet in listed].count("Ferdinand") == 1
        assert len(listed) == 3


def test_static_responses_are_the_examples() -> None:
    def get(schema: Any, **shown: Any) -> dict[str, Any]:
        return {"get": {"responses": answer(schema, **shown)}}

    texts = {"type": "array", "items": {"type": "string"}}
    inner = {"type": "object", "required": ["e"], "properties": {"e": {**texts, "example": ["a"]}}}
    shown = document(
        {
            "/object": get({"type": "object"}, example={"v": "shown", "w": [1, {"x": None}]}),
            "/texts": get(texts, example=["x", "y"]),
            "/number": get({"type": "integer"}, example=42),
            "/yes": get({"type": "boolean"}, examples={"no": {"value": False}}),
            "/schema": get({"type": "array", "items": {}, "example": [1, "a"]}),
            "/inner": get(inner),
            "/empty": get({"type": "array", "items": {}}, example=[]),
            "/constant": get({"type": "object", "properties": {"v": {"const": 3}}}),
        }
    )
    with served(shown) as client:
        assert client.get("/object").json() == {"v": "shown", "w": [1, {"x": None}]}
        assert client.get("/texts").json() == ["x", "y"]
        assert client.get("/number").json() == 42
        assert client.get("/yes").json() is False
        assert client.get("/schema").json() == [1, "a"]
        assert client.get("/inner").json() == {"e": ["a"]}
        assert client.get("/empty").json() == []
        assert client.get("/constant").json() == {"v": 3}
    with served(shown, seeds="generated") as client:
        assert client.get("/texts").json() != ["x", "y"]


def test_a_singleton_is_its_example_until_it_is_set() -> None:
    schema = {
        "type": "object",
        "properties": {"mode": {"type": "string"}, "n": {"type": "integer"}},
    }
    shown = document(
        {
            "/settings": {
                "get": {"responses": answer(schema, example={"mode": "dark"})},
                "patch": {
                    "requestBody": {"content": {"application/json": {"schema": schema}}},
                    "responses": answer(schema),
                },
            }
        }
    )
    with served(shown) as client:
        assert client.get("/settings").json() == {"mode": "dark"}
        client.patch("/settings", json={"n": 3})
        assert client.get("/settings").json() == {"mode": "dark", "n": 3}


def test_there_is_one_entity_in_each_state() -> None:
    status = {"type": "string", "enum": ["queued", "running", "done", "failed", "cancelled"]}
    job = {
        "type": "object",
        "required": ["id", "status"],
        "properties": {
            "id": {"type": "string"},
            "status": status,
            "finished_at": {"type": ["string", "null"], "format": "date-time"},
        },
    }
    listed = {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}
    one = answer({"$ref": "#/components/schemas/Job"})
    shown = document(
        {
            "/jobs": {
                "get": {"responses": answer(listed)},
                "post": {"responses": answer({"$ref": "#/components/schemas/Job"}, "202")},
            },
            "/jobs/{id}": {
                "parameters": [named("id", {"type": "string"})],
                "get": {"responses": one},
            },
            "/jobs/{id}/cancel": {
                "parameters": [named("id", {"type": "string"})],
                "post": {"responses": {**one, "409": {"description": "too late"}}},
            },
        },
        Job=job,
    )
    with MockServer(shown) as mock:
        client = mock.client
        by_status = {job["status"]: job for job in client.get("/jobs").json()}
        assert set(by_status) == set(status["enum"])
        for state, found in by_status.items():
            over = state in ("done", "failed", "cancelled")
            assert (found["finished_at"] is not None) == over, state
        mock.clock.advance(3600)
        assert {job["status"] for job in client.get("/jobs").json()} == set(by_status)
        running, done = by_status["running"]["id"], by_status["done"]["id"]
        assert client.post(f"/jobs/{running}/cancel").json()["status"] == "cancelled"
        assert client.post(f"/jobs/{done}/cancel").status_code == 409


def test_every_tenant_has_the_examples() -> None:
    with MockServer(pets([TOM, JERRY])) as mock:
        mock.client.delete("/pets/7")
        assert mock.client_for("mock-other").get("/pets").json() == [TOM, JERRY]
        mock.reset()
        assert mock.client.get("/pets").json() == [TOM, JERRY]


def test_examples_fit_what_a_cursor_list_shows_first() -> None:
    event = {
        "type": "object",
        "required": ["id", "created_at"],
        "properties": {
            "id": {"type": "string"},
            "created_at": {"type": "string", "format": "date-time"},
        },
    }
    items = [
        {"id": name, "created_at": f"2024-0{n}-01T00:00:00Z"} for n, name in ((3, "c"), (1, "a"))
    ]
    page = {
        "type": "object",
        "required": ["data"],
        "properties": {
            "data": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
            "next_cursor": {"type": ["string", "null"]},
        },
    }
    parameters = [
        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
    ]
    shown = document(
        {
            "/events": {
                "get": {
                    "parameters": parameters,
                    "responses": answer(page, example={"data": items, "next_cursor": None}),
                }
            },
            "/events/{id}": {
                "parameters": [named("id", {"type": "string"})],
                "get": {"responses": answer({"$ref": "#/components/schemas/Event"})},
            },
        },
        Event=event,
    )
    with served(shown) as client:
        assert client.get("/events").json()["data"] == items
        first = client.get("/events?limit=1").json()
        assert first["data"] == items[:1]
        assert (
            client.get(f"/events?limit=1&cursor={first['next_cursor']}").json()["data"] == items[1:]
        )


def test_an_example_shows_an_object_where_the_schema_has_properties_and_no_type() -> None:
    value = {"properties": {"value": {"type": "string", "example": "mine"}}}
    schema = {"type": "object", "properties": {"values": {"type": "array", "items": value}}}
    media = {"schema": schema, "example": {"values": ["a text", {"value": "theirs"}]}}
    said = {"200": {"description": "", "content": {"application/json": media}}}
    paths = {"/facets/current": {"get": {"responses": said}}}
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}
    with MockServer(document) as mock:
        shown = mock.client.get("/facets/current").json()
    assert shown == {"values": [{"value": "mine"}, {"value": "theirs"}]}
