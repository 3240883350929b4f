"""Sent values are stored unchanged or refused; values that were not sent are not invented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import (
    JSON_PATCH,
    MERGE_PATCH,
    TEXT,
    WHOLE,
    answer,
    body,
    collection,
    document,
    thing,
)

ROOM = thing(
    "id beds",
    id={**TEXT, "readOnly": True},
    beds={"type": "integer", "minimum": 1, "maximum": 4},
    name={"type": "string", "maxLength": 8},
    kind={"enum": ["single", "double"]},
    floor={"type": ["integer", "null"]},
    tags={"type": "array", "items": TEXT, "maxItems": 2, "uniqueItems": True},
    address=thing("city", city=TEXT, zip={"type": "string", "pattern": "^[0-9]{4}$"}),
    extra={},
    view_count=WHOLE,
    etag=TEXT,
)
SENT = thing("", beds=WHOLE, name=TEXT, kind=TEXT, floor={}, tags={}, address={}, extra={})


@pytest.fixture(scope="module")
def rooms() -> Iterator[httpx.Client]:
    paths = collection("/rooms", ROOM, SENT, "404", "409", "422", change={"type": "object"})
    with MockServer(document(paths), clock="manual") as server:
        yield server.client


@pytest.mark.parametrize(
    "sent",
    [
        {"beds": 5},
        {"beds": 2, "name": "far too long"},
        {"beds": 2, "kind": "suite"},
        {"beds": 2, "tags": ["a", "b", "c"]},
        {"beds": 2, "tags": ["a", "a"]},
        {"beds": 2, "address": {"city": "Bern", "zip": "x"}},
        {"beds": 2, "floor": "first"},
    ],
)
def test_what_the_resource_cannot_show_is_refused(rooms: httpx.Client, sent: Any) -> None:
    before = len(rooms.get("/rooms").json())
    response = rooms.post("/rooms", json=sent)
    assert response.status_code == 422
    assert len(rooms.get("/rooms").json()) == before


@pytest.mark.parametrize(
    "sent",
    [
        {"beds": 2, "extra": [1, {"a": None}]},
        {"beds": 2, "extra": None},
        {"beds": 2, "extra": "text"},
        {"beds": 2, "floor": None},
        {"beds": 2, "address": {"city": "Bern", "zip": "3000", "door": "left"}},
        {"beds": 2, "tags": []},
    ],
)
def test_what_it_can_show_comes_back(rooms: httpx.Client, sent: Any) -> None:
    made = rooms.post("/rooms", json=sent).json()
    kept = rooms.get(f"/rooms/{made['id']}").json()
    assert {name: kept[name] for name in sent} == sent
    assert made == kept


def test_what_nobody_sent_is_not_made_up(rooms: httpx.Client) -> None:
    made = rooms.post("/rooms", json={"beds": 1}).json()
    assert made.keys() == {"id", "beds", "view_count", "etag"}
    assert made["view_count"] == 0


def test_the_id_is_the_servers(rooms: httpx.Client) -> None:
    made = rooms.post("/rooms", json={"beds": 1, "id": "mine"}).json()
    assert made["id"] != "mine"
    changed = rooms.patch(f"/rooms/{made['id']}", json={"id": "mine", "beds": 2}).json()
    assert (changed["id"], changed["beds"]) == (made["id"], 2)


PLAIN, MERGE, EDITS = "application/json", MERGE_PATCH, JSON_PATCH


@pytest.mark.parametrize(
    ("media_type", "sent", "status"),
    [
        (PLAIN, {"beds": 9}, 422),
        (PLAIN, {"beds": "two"}, 422),
        (MERGE, {"beds": None}, 422),
        (MERGE, {"address": {"zip": "abc"}}, 422),
        (EDITS, [{"op": "replace", "path": "/beds", "value": 0}], 422),
        (EDITS, [{"op": "remove", "path": "/beds"}], 422),
        (EDITS, [{"op": "test", "path": "/beds", "value": 4}], 409),
        (EDITS, [{"op": "replace", "path": "/nothing", "value": 4}], 422),
        (EDITS, [{"op": "add", "path": "/tags/7", "value": "a"}], 422),
        (EDITS, [{"op": "move", "from": "/address", "path": "/address/city"}], 422),
        (EDITS, [{"op": "shuffle", "path": "/tags"}], 422),
        (EDITS, ["beds"], 422),
        (EDITS, [{"op": "copy", "from": 7, "path": "/name"}], 422),
    ],
)
def test_a_patch_that_breaks_the_room(
    rooms: httpx.Client, media_type: str, sent: Any, status: int
) -> None:
    made = {"beds": 3, "name": "old", "address": {"city": "Bern"}, "tags": ["a"]}
    url = f"/rooms/{rooms.post('/rooms', json=made).json()['id']}"
    before = rooms.get(url).json()
    headers = {"content-type": media_type}
    response = rooms.patch(url, content=json.dumps(sent), headers=headers)
    assert response.status_code == status
    assert rooms.get(url).json() == before


def test_a_patch_that_does_not(rooms: httpx.Client) -> None:
    url = f"/rooms/{rooms.post('/rooms', json={'beds': 3, 'tags': ['a']}).json()['id']}"
    edits: list[Any] = [
        {"op": "test", "path": "/tags/0", "value": "a"},
        {"op": "add", "path": "/tags/-", "value": "b"},
        {"op": "add", "path": "/extra", "value": {"a/b": 1}},
        {"op": "copy", "from": "/extra/a~1b", "path": "/floor"},
        {"op": "remove", "path": "/tags/0"},
    ]
    headers = {"content-type": EDITS}
    changed = rooms.patch(url, content=json.dumps(edits), headers=headers).json()
    assert (changed["tags"], changed["extra"], changed["floor"]) == (["b"], {"a/b": 1}, 1)
    cleared = rooms.patch(url, content='{"tags": null}', headers={"content-type": MERGE}).json()
    assert "tags" not in cleared


def test_copies_do_not_grow_without_end(rooms: httpx.Client) -> None:
    url = f"/rooms/{rooms.post('/rooms', json={'beds': 3, 'extra': {'a': 'x' * 99}}).json()['id']}"
    edits = [{"op": "copy", "from": "/extra", "path": f"/extra/{n}"} for n in range(60)]
    headers = {"content-type": EDITS}
    assert rooms.patch(url, content=json.dumps(edits), headers=headers).status_code == 422


def test_a_put_that_breaks_the_room(rooms: httpx.Client) -> None:
    url = f"/rooms/{rooms.post('/rooms', json={'beds': 3, 'name': 'old'}).json()['id']}"
    assert rooms.put(url, json={"beds": 7}).status_code == 422
    assert rooms.get(url).json()["name"] == "old"
    assert "name" not in rooms.put(url, json={"beds": 2}).json()


@pytest.mark.parametrize(
    ("listed", "status"), [(["400"], 400), (["409"], 409), (["400", "422"], 422), ([], 422)]
)
def test_the_status_is_one_that_is_listed(listed: list[str], status: int) -> None:
    paths = collection("/rooms", ROOM, SENT, *listed)
    with MockServer(document(paths)) as server:
        assert server.client.post("/rooms", json={"beds": 9}).status_code == status


def test_what_requests_describe_otherwise_is_shown_as_responses_have_it() -> None:
    sent = thing("owner", owner=TEXT, level={"enum": [1, 2]}, size={"type": ["integer", "null"]})
    shown = thing(
        "id owner size",
        id=TEXT,
        owner=thing("id", id=TEXT),
        level={"enum": ["low", "high"]},
        size=WHOLE,
    )
    with MockServer(document(collection("/cars", shown, sent, "422"))) as server:
        made = server.client.post("/cars", json={"owner": "x", "level": 2, "size": None})
        assert made.status_code == 201
        assert isinstance(made.json()["owner"], dict)


@pytest.mark.parametrize("word", ["oneOf", "anyOf"])
@pytest.mark.parametrize("owner", ["x", 7])
def test_what_requests_describe_by_choices_is_shown_as_responses_have_it(
    word: str, owner: Any
) -> None:
    choices = {word: [TEXT, {"allOf": [{"type": "integer"}]}]}
    shown = thing("id owner", id=TEXT, owner=thing("id", id=TEXT))
    for sent in (thing("owner", owner=choices), {word: [thing("owner", owner=choices), thing("")]}):
        with MockServer(document(collection("/cars", shown, sent, "422"))) as server:
            made = server.client.post("/cars", json={"owner": owner})
            assert made.status_code == 201, made.text
            assert isinstance(made.json()["owner"], dict)


def test_what_only_the_server_can_know_is_made() -> None:
    shown = thing(
        "id choices model",
        id=TEXT,
        model=TEXT,
        choices={
            "type": "array",
            "items": thing(
                "index message",
                index=WHOLE,
                message=thing("role content", role={"const": "assistant"}, content={
                    "type": ["string", "null"]}),
            ),
        },
    )  # fmt: skip
    sent = thing("model", model=TEXT, temperature={"type": "number"})
    with MockServer(document(collection("/completions", shown, sent))) as server:
        made = server.client.post("/completions", json={"model": "small"}).json()
        (choice,) = made["choices"]
        assert (choice["index"], choice["message"]["role"]) == (0, "assistant")
        assert choice["message"]["content"]
        assert server.client.get(f"/completions/{made['id']}").json() == made


def test_a_key_looks_like_one() -> None:
    listed = {"type": "array", "items": thing(id=TEXT, name=TEXT)}
    made = answer(thing(id=TEXT, token=TEXT, name=TEXT))
    keys = {
        "get": {"responses": {"200": answer(listed)}},
        "post": {"requestBody": body(thing("name", name=TEXT)), "responses": {"201": made}},
    }
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    remove = {"parameters": [item], "delete": {"responses": {"204": answer()}}}
    with MockServer(document({"/api-keys": keys, "/api-keys/{id}": remove})) as server:
        key = server.client.post("/api-keys", json={"name": "ci"}).json()
        assert key["name"] == "ci"
        assert len(key["token"]) > 15
        assert " " not in key["token"]


def test_what_requests_spell_otherwise_is_told_otherwise() -> None:
    shown = thing("id sandbox", id=TEXT, sandbox={"type": ["string", "null"]})
    sent = thing("Sandbox", Sandbox={"type": "boolean"})
    with MockServer(document(collection("/keys", shown, sent, "422"))) as server:
        assert server.client.post("/keys", json={"Sandbox": True}).status_code == 201


@pytest.mark.parametrize("kind", ["usage", "dwelling"])
def test_a_part_of_several_kinds_takes_the_values_of_each(kind: str) -> None:
    """`{"ruleId": ..., "rule": {...}}` is made from what is in `rule`."""
    kinds = [
        thing("type", type={**TEXT, "enum": [one]}, name=TEXT) for one in ("usage", "dwelling")
    ]
    shown = thing("ruleId rule", ruleId=TEXT, rule={"oneOf": kinds})
    with MockServer(document(collection("/rules", shown, {"oneOf": kinds}, "422"))) as server:
        sent = {"type": kind, "name": "long stay"}
        assert server.client.post("/rules", json=sent).json()["rule"] == sent


@pytest.mark.parametrize("word", ["additionalProperties", "unevaluatedProperties"])
def test_a_part_that_is_sent_and_never_shown_is_no_fault(word: str) -> None:
    level = {**thing("id", id=TEXT), word: False}
    shown = thing("id levels", id=TEXT, levels={"type": "array", "items": level})
    sent_level = thing("id", id=TEXT, members={"type": "array", "items": TEXT})
    sent = thing("levels", levels={"type": "array", "items": sent_level})
    with MockServer(document(collection("/schemes", shown, sent, "422"))) as server:
        given = {"levels": [{"id": "high", "members": ["ann"]}]}
        made = server.client.post("/schemes", json=given)
        assert made.status_code == 201, made.text
        assert made.json()["levels"] == [{"id": "high"}]


@pytest.mark.parametrize(
    ("asked", "shown", "sent"),
    [
        ({"type": "boolean"}, {**TEXT, "enum": ["true", "false"]}, True),
        ({"enum": [1, 2]}, TEXT, 2),
        ({"anyOf": [{"enum": ["here"]}, thing("at", at=TEXT)]}, thing("at", at=TEXT), "here"),
        ({"type": ["string", "object"]}, thing("", at=TEXT), "here"),
        ({"type": "integer"}, {"enum": ["low", "high"]}, 3),
    ],
)
def test_what_requests_and_responses_describe_by_other_types_is_no_fault(
    asked: Any, shown: Any, sent: Any
) -> None:
    room = thing("id level", id=TEXT, level=shown)
    with MockServer(document(collection("/rooms", room, thing("", level=asked), "422"))) as server:
        made = server.client.post("/rooms", json={"level": sent})
        assert made.status_code == 201, made.text
        assert server.client.get(f"/rooms/{made.json()['id']}").json() == made.json()
