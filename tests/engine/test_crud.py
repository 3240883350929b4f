"""Ids in a body that refer to entities of another resource."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import PlanError
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract

ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def resource(name: str, refusals: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    properties = {"id": {"type": "string"}, "name": {"type": "string"}, **more}
    schema = {"type": "object", "required": ["id"], "properties": properties}
    sent = {"type": "object", "properties": {n: v for n, v in properties.items() if n != "id"}}
    one = {"description": "", "content": {"application/json": {"schema": schema}}}
    listed = {"schema": {"type": "array", "items": schema}}
    refused = {status: {"description": ""} for status in refusals}
    return {
        f"/{name}": {
            "get": {
                "responses": {"200": {"description": "", "content": {"application/json": listed}}}
            },
            "post": {
                "operationId": f"create_{name}",
                "requestBody": {"content": {"application/json": {"schema": sent}}},
                "responses": {"201": one, **refused},
            },
        },
        f"/{name}/{{id}}": {
            "parameters": [ID],
            "get": {"responses": {"200": one, "404": {"description": ""}}},
        },
    }


def document(*refusals: str) -> dict[str, Any]:
    maybe = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    paths = {**resource("customers"), **resource("orders", refusals, customer_id=maybe)}
    return {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": paths}


def statuses(server: MockServer) -> list[int]:
    """For an order of an existing customer, of an unknown one, of none, and of a removed one."""
    known = server.client.post("/customers", json={"name": "Ada"}).json()["id"]
    bodies: list[Any] = [{"customer_id": known}, {"customer_id": None}, {}, {"customer_id": "x"}]
    return [server.client.post("/orders", json=body).status_code for body in bodies]


@pytest.mark.parametrize(
    ("refusals", "expected"),
    [(("404", "422"), [201, 201, 201, 404]), (("400", "422"), [201, 201, 201, 201])],
)
def test_a_404_that_can_mean_nothing_else(refusals: tuple[str, ...], expected: list[int]) -> None:
    with MockServer(document(*refusals), clock="manual") as server:
        assert statuses(server) == expected


def test_what_mockserver_toml_says() -> None:
    told = {"operations": {"create_orders": {"refers": {"customer_id": "customers"}}}}
    with MockServer(document("400"), clock="manual", overrides=told) as server:
        assert statuses(server) == [201, 201, 201, 400]
    told = {"operations": {"create_orders": {"refers": {}}}}
    with MockServer(document("404"), clock="manual", overrides=told) as server:
        assert statuses(server) == [201, 201, 201, 201]


def test_what_it_says_wrong() -> None:
    contract = build_contract(document("404"))
    for refers, words in (
        ({"customer_id": "customer"}, "did you mean 'customers'"),
        (["customer_id"], "refers is a table"),
    ):
        with pytest.raises(PlanError, match=words):
            build_plan(contract, {"operations": {"create_orders": {"refers": refers}}})


def test_a_choice_that_leads_to_itself() -> None:
    circle = {"anyOf": [{"$ref": "#/components/schemas/Circle"}, {"type": "string"}]}
    circular = document("404")
    circular["components"] = {"schemas": {"Circle": circle}}
    body = circular["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]
    body["schema"]["properties"]["customer_id"] = {"$ref": "#/components/schemas/Circle"}
    for path in ("/customers", "/orders"):
        made = circular["paths"][path]["post"]["responses"]["201"]["content"]["application/json"]
        made["schema"]["properties"]["status"] = {"$ref": "#/components/schemas/Circle"}
    with MockServer(circular, clock="manual") as server:
        assert statuses(server)[-1] == 404


def test_a_parent_may_be_of_any_kind() -> None:
    """`parent_id` of a folder is another folder, whatever a list of parents has."""
    text = {"type": "string"}
    paths = {**resource("parents"), **resource("folders", ("404",), parent_id=text)}
    shop = {"openapi": "3.1.0", "info": {"title": "Files", "version": "1"}, "paths": paths}
    with MockServer(shop) as server:
        top = server.client.post("/folders", json={"name": "top"}).json()["id"]
        assert server.client.post("/folders", json={"parent_id": top}).status_code == 201
