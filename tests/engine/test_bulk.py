"""Several entities in one request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, answer, body, document, thing

DOCUMENT = Path(__file__).parent.parent / "fixtures" / "bulk.yaml"


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with MockServer(DOCUMENT, clock="manual", seed=7) as server:
        yield server.client


def listed(client: httpx.Client, path: str = "/contacts") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(path).raise_for_status().json()
    return rows


def test_each_of_an_array_is_made(client: httpx.Client) -> None:
    before = listed(client)
    reply = client.post("/contacts", json=[{"name": "Ada"}, {"name": "Grace"}])
    assert reply.status_code == 201
    made = reply.json()
    assert [contact["name"] for contact in made] == ["Ada", "Grace"]
    assert listed(client) == [*before, *made]
    assert client.get(f"/contacts/{made[1]['id']}").json() == made[1]


def test_an_array_inside_an_object(client: httpx.Client) -> None:
    before = listed(client)
    made = client.post("/contacts/batch", json={"contacts": [{"name": "A"}, {"name": "B"}]}).json()
    assert [contact["name"] for contact in made["contacts"]] == ["A", "B"]
    assert listed(client) == [*before, *made["contacts"]]


def test_of_none_nothing_is_made(client: httpx.Client) -> None:
    before = listed(client)
    assert client.post("/contacts", json=[]).json() == []
    assert client.post("/contacts/batch", json={"contacts": []}).json() == {"contacts": []}
    assert listed(client) == before


def test_all_or_none(client: httpx.Client) -> None:
    before = listed(client)
    reply = client.post("/contacts", json=[{"name": "New"}, {"name": "Old", "id": before[0]["id"]}])
    assert reply.status_code == 409
    assert listed(client) == before


def test_those_that_are_named_go_once(client: httpx.Client) -> None:
    one, two, three = listed(client)
    ids = [one["id"], one["id"], "nobody", three["id"]]
    assert client.delete("/contacts", params={"ids": ids}).status_code == 204
    assert listed(client) == [two]
    assert client.get(f"/contacts/{one['id']}").status_code == 404


def test_ids_in_a_body(client: httpx.Client) -> None:
    one, two, three = listed(client, "/labels")
    body = {"label_ids": [two["id"], 10**9]}
    reply = client.request("DELETE", "/labels", json=body)
    assert reply.json() == {"deleted": 1}
    assert listed(client, "/labels") == [one, three]


def test_ids_below_a_thing(client: httpx.Client) -> None:
    label = listed(client, "/labels")[0]["id"]
    marks = listed(client, f"/labels/{label}/marks")
    gone = {"ids": [marks[0]["id"]]}
    assert client.delete(f"/labels/{label}/marks", params=gone).status_code == 204
    assert listed(client, f"/labels/{label}/marks") == marks[1:]


def test_an_entity_for_each_recipient() -> None:
    shown = thing("id to body", id=TEXT, to=TEXT, body=TEXT)
    sent = thing("to body", to={"type": "array", "items": TEXT}, body=TEXT)
    several = {"type": "array", "items": shown}
    paths = {
        "/messages": {
            "get": {"responses": {"200": answer(several)}},
            "post": {"requestBody": body(sent), "responses": {"201": answer(several)}},
        }
    }
    with MockServer(document(paths)) as server:
        made = server.client.post("/messages", json={"to": ["a", "b"], "body": "hi"}).json()
        assert [(one["to"], one["body"]) for one in made] == [("a", "hi"), ("b", "hi")]
        listed = server.client.get("/messages").json()
        assert all(one in listed for one in made)


def test_a_row_for_each_item_of_an_array() -> None:
    result = {"type": "array", "items": thing(to=TEXT, code={"type": "integer"})}
    sent = {"type": "array", "items": thing("to", to=TEXT)}
    paths = {
        "/send/batch": {"post": {"requestBody": body(sent), "responses": {"200": answer(result)}}}
    }
    with MockServer(document(paths)) as server:
        shown = server.client.post("/send/batch", json=[{"to": "a"}, {"to": "b"}]).json()
        assert [one.get("to") for one in shown] == ["a", "b"]
