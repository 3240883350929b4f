"""What a service may do with an entity without breaking its document."""

from __future__ import annotations

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.lifecycle import crud_checks, list_checks, samples
from mockserver.verify.lifecycle.clock import Manual
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.session import Broken, CannotMake, Session
from mockserver.verify.lifecycle.values import remains, says_it_is_gone
from mockserver.verify.model import Exchange
from mockserver.verify.target import Target
from tests.verify.jobs_server import serving


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


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        ({"status": {"state": "active"}}, {"status": {"state": "expired"}}, True),
        ({"state": "open"}, {"state": "SOFT_DELETED"}, True),
        ({"archived": False}, {"archived": True}, True),
        ({"deleted_at": None}, {"deleted_at": "2026-01-01T00:00:00Z"}, True),
        ({"id": "1"}, {"id": "1", "revoked": True}, True),
        ({"state": "open"}, {"state": "open"}, False),
        ({"state": "expired"}, {"state": "expired"}, False),
        ({"archived": False}, {"archived": False, "size": 2}, False),
        ({"name": "a"}, {"name": "The removed one"}, False),
    ],
)
def test_what_is_kept_for_the_record_says_that_it_is_gone(
    before: dict[str, Any], now: dict[str, Any], says: bool
) -> None:
    assert says_it_is_gone(before, now) is says


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


TASK = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "begins_at": {"type": "string", "format": "date-time"},
        "ends_at": {"type": "string", "format": "date-time"},
    },
}
SHOWN = {"description": "so", "content": {"application/json": {"schema": TASK}}}
ROWS = {"application/json": {"schema": {"type": "array", "items": TASK}}}
STATE = {"type": "string", "enum": ["open", "any"], "default": "open"}
TASKS = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Tasks", "version": "1"},
        "paths": {
            "/tasks": {
                "get": {
                    "operationId": "list",
                    "parameters": [{"name": "state", "in": "query", "schema": STATE}],
                    "responses": {"200": {"description": "so", "content": ROWS}},
                },
                "post": {
                    "operationId": "make",
                    "requestBody": {"content": {"application/json": {"schema": TASK}}},
                    "responses": {"201": SHOWN},
                },
            },
            "/tasks/{name}": {
                "parameters": [{"name": "name", "in": "path", "required": True, "schema": {}}],
                "get": {"operationId": "read", "responses": {"200": SHOWN, "404": SHOWN}},
                "put": {
                    "operationId": "change",
                    "requestBody": {"content": {"application/json": {"schema": TASK}}},
                    "responses": {"200": SHOWN},
                },
            },
        },
    }
)


class Tasks:
    """Tasks that a PUT can rename, and whose list shows none unless it is asked for any."""

    with_query = True

    def __init__(self, loses: bool = False) -> None:
        self.rows: dict[str, Any] = {}
        self.loses = loses

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        path, _, query = path.partition("?")
        if method == "POST":
            sent = json.loads(body)
            if sent.get("ends_at", "") < sent.get("begins_at", ""):
                return 400, {"detail": "it ends before it begins"}
            self.rows[sent["name"]] = sent
            return 201, sent
        if path == "/tasks":
            return 200, list(self.rows.values()) if "any" in query and not self.loses else []
        name = unquote(path.removeprefix("/tasks/"))
        if name not in self.rows:
            return 404, {"detail": "none"}
        if method == "PUT":
            sent = json.loads(body)
            self.rows[sent["name"]] = self.rows.pop(name) | sent
            return 200, self.rows[sent["name"]]
        return 200, self.rows[name]


@pytest.mark.parametrize("loses", [False, True])
def test_what_a_list_hides_by_default_is_looked_for(loses: bool) -> None:
    with serving(Tasks(loses)) as url, Target(TASKS, url, "") as target:
        acts = Session(target, derive(TASKS))
        (resource,) = acts.api.resources.values()
        acts.make(resource)
        if not loses:
            list_checks.listed(acts, resource, {})
            return
        with pytest.raises(Broken, match="is not listed"):
            list_checks.listed(acts, resource, {})


def test_a_change_keeps_the_name_that_leads_to_it() -> None:
    tasks = Tasks()
    with serving(tasks) as url, Target(TASKS, url, "") as target:
        acts = Session(target, derive(TASKS))
        (resource,) = acts.api.resources.values()
        entity = acts.make(resource)
        sent = crud_checks.changes(acts, entity)
    assert sent["name"] == entity.id
    assert sent["begins_at"] != entity.value["begins_at"]


class Leases:
    """Leases, which are named by another property when made, and stay as expired ones."""

    def __init__(self, keeps: bool) -> None:
        self.rows: dict[str, Any] = {}
        self.keeps = keeps

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "POST":
            made = f"l{len(self.rows)}"
            self.rows[made] = {"id": made, "state": "active"}
            return 200, {"leaseID": made}
        if path == "/leases":
            return 200, list(self.rows.values())
        row = self.rows[path.removeprefix("/leases/")]
        if method == "DELETE":
            self.rows[row["id"]] = row | ({} if self.keeps else {"state": "expired"})
            return 200, None
        return 200, row


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "It.", "content": {"application/json": {"schema": schema}}}


LEASE = {"type": "object", "properties": {"id": {"type": "string"}, "state": {"type": "string"}}}
LEASES = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Leases", "version": "1"},
        "paths": {
            "/leases": {
                "get": {
                    "operationId": "listLeases",
                    "responses": {"200": _json({"type": "array", "items": LEASE})},
                },
                "post": {
                    "operationId": "makeLease",
                    "responses": {
                        "200": _json(
                            {"type": "object", "properties": {"leaseID": {"type": "string"}}}
                        )
                    },
                },
            },
            "/leases/{leaseID}": {
                "parameters": [
                    {"name": "leaseID", "in": "path", "required": True}
                    | {"schema": {"type": "string"}}
                ],
                "get": {
                    "operationId": "getLease",
                    "responses": {"200": _json(LEASE), "404": {"description": "No."}},
                },
                "delete": {
                    "operationId": "deleteLease",
                    "responses": {"200": {"description": "Ended."}},
                },
            },
        },
    }
)


@pytest.mark.parametrize("keeps", [False, True])
def test_what_a_removal_ends_is_listed_by_its_id(keeps: bool) -> None:
    with serving(Leases(keeps)) as url, Target(LEASES, url, "") as target:
        acts = Session(target, derive(LEASES))
        (resource,) = acts.api.resources.values()
        entity = acts.make(resource)
        list_checks.listed(acts, resource, {})
        if not keeps:
            crud_checks.remove(acts, entity)
            list_checks.listed(acts, resource, {})
            return
        with pytest.raises(Broken, match="the lease was removed"):
            crud_checks.remove(acts, entity)


@pytest.mark.parametrize(
    ("name", "late"),
    [
        ("ends_at", True),
        ("validUntil", True),
        ("dateTo", True),
        ("notAfter", True),
        ("expires", True),
        ("starts_at", False),
        ("notBefore", False),
        ("weekend", False),
    ],
)
def test_what_ends_ends_later(name: str, late: bool) -> None:
    day = {"type": "object", "properties": {name: {"type": "string", "format": "date"}}}
    made = samples.sample(TASKS, day, 3, lambda field: None, full=True)
    assert (str(made[name]) > "2030") is late


def test_a_header_that_is_given_as_a_whole_is_no_part_of_reports() -> None:
    given = {"Authorization": "Token 4d5e6f", "X-Region": "north"}
    shown: list[Exchange] = []
    with serving(Tasks()) as url, Target(TASKS, url, "", headers=given) as target:
        target.watchers.append(shown.append)
        target.send("GET", "/tasks")
    headers = shown[0].request_headers
    assert headers["authorization"] == "$API_KEY"
    assert headers["x-region"] == "north"
