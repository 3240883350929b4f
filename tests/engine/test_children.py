"""Entities below another one, sent with it: the lines of an order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver import MockServer
from tests.support.documents import (
    TEXT,
    WHOLE,
    Json,
    answer,
    array,
    body,
    collection,
    document,
    thing,
)

LINE = {"$ref": "#/components/schemas/Line"}
ORDER = {"$ref": "#/components/schemas/Order"}
RUN = {"$ref": "#/components/schemas/Run"}
ITEM = {"name": "id", "in": "path", "required": True, "schema": TEXT}


def orders(**line: Json) -> Json:
    """Orders with lines, which responses show in them and which have paths of their own."""
    paths = collection("/orders", ORDER, thing(customer=TEXT, lines=array(LINE)))
    paths["/orders/{id}/lines"] = {
        "parameters": [ITEM],
        "get": {"responses": {"200": answer(array(LINE))}},
        "post": {"requestBody": body(LINE), "responses": {"201": answer(LINE)}},
    }
    order = thing("id", id=TEXT, customer=TEXT, lines=array(LINE), line_count=WHOLE)
    return document(
        paths, schemas={"Line": thing("sku", sku=TEXT, note=TEXT, **line), "Order": order}
    )


@pytest.fixture(params=[{}, {"id": {"type": "string", "readOnly": True}}], ids=["rows", "ids"])
def server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    with MockServer(orders(**request.param), clock="manual") as server:
        yield server


def skus(server: MockServer, path: str) -> list[str]:
    found = server.client.get(path).json()
    return [line["sku"] for line in (found["lines"] if isinstance(found, dict) else found)]


def test_what_is_sent_with_an_entity_is_below_it(server: MockServer) -> None:
    sent = {"customer": "a", "lines": [{"sku": "x"}, {"sku": "y"}]}
    made = server.client.post("/orders", json=sent).json()
    assert [line["sku"] for line in made["lines"]] == ["x", "y"]
    assert made["line_count"] == 2
    path = f"/orders/{made['id']}"
    assert skus(server, path + "/lines") == ["x", "y"]
    assert server.client.post(path + "/lines", json={"sku": "z"}).status_code == 201
    assert skus(server, path) == skus(server, path + "/lines") == ["x", "y", "z"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_replaces_what_is_below(server: MockServer, method: str) -> None:
    made = server.client.post("/orders", json={"lines": [{"sku": "x"}, {"sku": "y"}]}).json()
    path = f"/orders/{made['id']}"
    sent = {"customer": "b", "lines": [{"sku": "new"}]}
    changed = server.client.request(method, path, json=sent).json()
    assert [line["sku"] for line in changed["lines"]] == ["new"]
    assert skus(server, path) == skus(server, path + "/lines") == ["new"]
    kept = server.client.patch(path, json={"customer": "c"}).json()
    assert [line["sku"] for line in kept["lines"]] == ["new"]


def test_what_has_a_known_id_is_changed() -> None:
    with MockServer(orders(id=TEXT, amount=WHOLE), clock="manual") as server:
        made = server.client.post("/orders", json={"lines": [{"sku": "x", "amount": 1}]}).json()
        path, line = f"/orders/{made['id']}", made["lines"][0]
        sent = {"lines": [{"id": line["id"], "sku": "x2"}, {"sku": "y"}]}
        changed = server.client.patch(path, json=sent).json()["lines"]
        assert changed[0] == {**line, "sku": "x2"}
        assert [one["sku"] for one in changed] == ["x2", "y"]
        assert len({one["id"] for one in changed}) == 2


def test_an_empty_array_empties_it(server: MockServer) -> None:
    made = server.client.post("/orders", json={"lines": [{"sku": "x"}]}).json()
    assert server.client.patch(f"/orders/{made['id']}", json={"lines": []}).json()["lines"] == []
    assert skus(server, f"/orders/{made['id']}/lines") == []


def test_a_secret_of_what_is_sent_within_an_entity_stays_with_it() -> None:
    """The first of several has a key that clients may use."""
    key = {"type": "string", "readOnly": True}
    line = thing("sku", id={"type": "string", "readOnly": True}, sku=TEXT, apiKey=key)
    paths = collection("/orders", ORDER, thing(lines=array(LINE)))
    paths["/orders/{id}/lines"] = {
        "parameters": [ITEM],
        "get": {"responses": {"200": answer(array(LINE))}},
        "post": {"requestBody": body(LINE), "responses": {"201": answer(LINE)}},
    }
    scheme = {"key": {"type": "apiKey", "in": "header", "name": "Authorization"}}
    order = thing("id", id=TEXT, lines=array(LINE))
    made_of = document(paths, schemas={"Line": line, "Order": order}, securitySchemes=scheme)
    with MockServer({**made_of, "security": [{"key": []}]}, clock="manual") as server:
        made = server.client.post("/orders", json={"lines": [{"sku": "x"}, {"sku": "y"}]}).json()
        assert server.client.get(f"/orders/{made['id']}").json() == made


@pytest.mark.parametrize("word", ["thread", "threads"])
def test_a_request_makes_the_entity_above_as_well(word: str) -> None:
    """`POST /threads/runs` makes a thread, of what is sent as `thread`, and a run in it."""
    thread, message = thing("id", id=TEXT, title=TEXT), thing("id", id=TEXT, text=TEXT)
    states = {"enum": ["queued", "in_progress", "completed", "failed"]}
    run = thing("id thread_id status", id=TEXT, thread_id=TEXT, model=TEXT, status=states)
    base, item = f"/{word}", f"/{word}/{{thread_id}}"
    above = {"name": "thread_id", "in": "path", "required": True, "schema": TEXT}
    own = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    sent = thing(title=TEXT, messages=array(thing(text=TEXT)))
    paths = {
        base: {"post": {"requestBody": body(sent), "responses": {"200": answer(thread)}}},
        item: {"parameters": [above], "get": {"responses": {"200": answer(thread)}}},
        f"{base}/runs": {
            "post": {
                "summary": "Create a thread and run it in one request.",
                "requestBody": body(thing(model=TEXT, thread=sent)),
                "responses": {"200": answer(RUN)},
            }
        },
    }
    for name, schema in (("runs", RUN), ("messages", message)):
        paths[f"{item}/{name}"] = {
            "parameters": [above],
            "get": {"responses": {"200": answer(array(schema))}},
            "post": {"requestBody": body(schema), "responses": {"200": answer(schema)}},
        }
        paths[f"{item}/{name}/{{id}}"] = {
            "parameters": [above, own],
            "get": {"responses": {"200": answer(schema)}},
        }
    with MockServer(document(paths, schemas={"Run": run}), clock="manual") as server:
        client = server.client
        asked = {"model": "m", "thread": {"title": "T", "messages": [{"text": "hello"}]}}
        made = client.post(f"{base}/runs", json=asked).json()
        there = f"{base}/{made['thread_id']}"
        assert client.get(there).json()["title"] == "T"
        assert client.get(f"{there}/runs").json() == [made]
        assert [one["text"] for one in client.get(f"{there}/messages").json()] == ["hello"]
        other = client.post(f"{base}/runs", json={"model": "m"}).json()
        assert other["thread_id"] != made["thread_id"]
        assert client.get(f"{base}/{other['thread_id']}/runs/{other['id']}").status_code == 200
