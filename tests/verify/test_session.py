"""What a service may do with an entity without breaking its document."""

from __future__ import annotations

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.lifecycle import crud_checks, list_checks
from mockserver.verify.lifecycle.clock import Manual
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.session import Broken, CannotMake, Session, remains
from mockserver.verify.model import Exchange


@pytest.mark.parametrize(
    ("old", "new", "name", "listed", "same"),
    [
        ({"size": 1}, None, "details", True, True),
        ({"size": 1}, None, "details", False, False),
        ({"size": 1, "note": "a"}, {"size": 1}, "details", True, True),
        ({"size": 1, "note": "a"}, {"size": 1}, "details", False, False),
        ({"size": 1}, {"size": 2}, "details", True, False),
        ("a", None, "title", True, False),
        ({"key": "k1", "size": 1}, {"key": None, "size": 1}, "body", False, True),
        ({"key": "k1"}, {"key": "k2"}, "body", False, False),
        ({"api_token": "t"}, {"api_token": "***"}, "body", False, True),
        ({"max_tokens": 5}, {"max_tokens": 7}, "body", False, False),
    ],
)
def test_what_may_be_left_out_later(
    old: Any, new: Any, name: str, listed: bool, same: bool
) -> None:
    assert remains(old, new, name, listed=listed) is same


ROOM = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
    "required": ["id"],
}


def session(reply: dict[str, Any], shown: dict[str, Any] = ROOM) -> Session:
    content = {"content": {"application/json": {"schema": reply}}, "description": "so"}
    one = {"name": "room_id", "in": "path", "required": True, "schema": {"type": "string"}}
    given = {"content": {"application/json": {"schema": shown | {"required": []}}}}
    item = {"description": "so", "content": {"application/json": {"schema": shown}}}
    paths = {
        "/rooms": {
            "post": {"operationId": "make", "requestBody": given, "responses": {"200": content}}
        },
        "/rooms/{room_id}": {
            "get": {"operationId": "read", "parameters": [one], "responses": {"200": item}}
        },
    }
    info = {"title": "Rooms", "version": "1"}
    contract = build_contract({"openapi": "3.1.0", "info": info, "paths": paths})
    return Session(cast(Any, SimpleNamespace(contract=contract)), derive(contract))


class Slots:
    """A target whose entity shows these numbers of slots, one after the other."""

    def __init__(self, contract: Any, slots: list[int]) -> None:
        self.contract, self.slots, self.params = contract, slots, {}

    def send(self, method: str, path: str, **_: Any) -> Exchange:
        body = json.dumps({"id": "1", "slots": self.slots.pop(0), "name": "a"}).encode()
        return Exchange(method, f"http://x{path}", {}, b"", 200, {}, body, 0, "any", "read")


@pytest.mark.parametrize("slots", [[4, 3, 2], [4, 4, 4]])
def test_a_number_that_time_changes_is_no_fault(slots: list[int]) -> None:
    schema = {**ROOM, "properties": {**ROOM["properties"], "slots": {"type": "integer"}}}
    rooms = session(schema, schema)
    rooms.time.step = 0.01  # type: ignore[attr-defined]
    entity = made(rooms, {"id": "1", "slots": 5, "name": "a"})
    rooms.target = cast(Any, Slots(rooms.target.contract, slots))
    if len(set(slots)) == 1:
        with pytest.raises(Broken, match="read_your_writes"):
            crud_checks.read(rooms, entity)
        return
    crud_checks.read(rooms, entity)
    assert rooms.drifting == {"slots"}


@pytest.mark.parametrize(("now", "fault"), [(0, False), (5, True)])
def test_a_number_may_change_between_a_read_and_a_list(now: int, fault: bool) -> None:
    schema = {**ROOM, "properties": {**ROOM["properties"], "slots": {"type": "integer"}}}
    rooms = session(schema, schema)
    entity = made(rooms, {"id": "1", "slots": 5, "name": "a"})
    rooms.target = cast(Any, Slots(rooms.target.contract, [now]))
    with pytest.raises(Broken, match="row_as_read") if fault else nullcontext():
        list_checks.as_read(rooms, entity, {"id": "1", "slots": 0, "name": "a"})


@pytest.mark.parametrize(("moved", "rule"), [(True, ""), (False, "row_as_read")])
def test_a_row_is_compared_with_what_is_read_after_a_manual_clock_was_moved(
    moved: bool, rule: str
) -> None:
    schema = {**ROOM, "properties": {**ROOM["properties"], "slots": {"type": "integer"}}}
    rooms = session(schema, schema)
    rooms.time = clock = Manual(cast(Any, None))
    entity = made(rooms, {"id": "1", "slots": 5, "name": "a"})
    clock.moment += 2 if moved else 0
    rooms.target = cast(Any, Slots(rooms.target.contract, [0, 0]))
    with pytest.raises(Broken, match=rule) if rule else nullcontext():
        list_checks.as_read(rooms, entity, {"id": "1", "slots": 0, "name": "a"})
        # From now on time stands still.
        list_checks.as_read(rooms, entity, {"id": "1", "slots": 0, "name": "a"})
    entity.value["name"] = "b"
    with pytest.raises(Broken, match="row_as_read"):
        list_checks.as_read(rooms, entity, {"id": "1", "slots": 0, "name": "a"})


def made(by: Session, value: Any) -> Any:
    (resource,) = by.api.resources.values()
    body = json.dumps(value).encode()
    reply = Exchange("POST", "http://x/rooms", {}, b"", 200, {}, body, 0, "any", "make")
    by.steps.append(reply)
    return by.made(resource, {}, {}, reply)


def test_the_id_of_what_is_removed_may_be_given_again() -> None:
    rooms = session(ROOM)
    first = made(rooms, {"id": "1", "name": "a"})
    rooms.removed(first)
    second = made(rooms, {"id": "1", "name": "b"})
    assert [room.alive for room in rooms.entities] == [True]
    assert rooms.entities == [second]
    with pytest.raises(Broken, match="created_is_new"):
        made(rooms, {"id": "1", "name": "c"})


def test_a_creation_may_show_nothing_where_the_document_says_null() -> None:
    with pytest.raises(CannotMake, match="does not show"):
        made(session({"anyOf": [ROOM, {"type": "null"}]}), None)
    with pytest.raises(Broken, match="readable_reply"):
        made(session(ROOM), None)
