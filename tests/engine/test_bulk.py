"""Several entities in one request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer

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
