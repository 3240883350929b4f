"""What a run may send to and must remove from servers with unusual operations."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.verify.conformance.guarded import Guard
from mockserver.verify.ledger import Ledger
from mockserver.verify.ownership import Ownership, Withheld
from mockserver.verify.witness import LOOKS
from tests.support.documents import TEXT

ROW = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "size": TEXT}}
ROWS = {"type": "array", "items": ROW}


def _operation(
    name: str, schema: Any = None, status: str = "200", body: Any = None
) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    found: dict[str, Any] = {
        "operationId": name,
        "responses": {status: {"description": "It.", **content}},
    }
    if body is not None:
        found["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return found


def _ownership(paths: dict[str, Any], ledger: Ledger | None = None, **more: Any) -> Ownership:
    for path, item in paths.items():
        if "{" in path:
            item["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": TEXT}
                for name in re.findall(r"{(\w+)}", path)
            ]
    info = {"title": "Users", "version": "1"}
    components = {"schemas": {"User": ROW}}
    document = {"openapi": "3.1.0", "info": info, "paths": paths, "components": components}
    contract = build_contract(document)
    return Ownership(contract, build_plan(contract), ledger, **more)


NAMES = {"type": "object", "properties": {"names": {"type": "array", "items": TEXT}}}


def _users(body: Any, shown: Any) -> dict[str, Any]:
    return {
        "/users": {
            "get": _operation("list", ROWS),
            "post": _operation("make", shown, "201", body),
        },
        "/users/{name}": {
            "get": _operation("get", ROW),
            "post": _operation("makeOne", ROW, "201"),
            "delete": _operation("remove", status="204"),
        },
    }


@pytest.mark.parametrize(
    ("body", "shown", "sent", "reply", "made"),
    [
        (NAMES, ROWS, {"names": ["a", "b"]}, [{"name": "a"}, {"name": "b"}], ["a", "b"]),
        (ROWS, ROWS, [{"name": "a"}, {"name": "b"}], [{"name": "a"}, {"name": "b"}], ["a", "b"]),
        (
            ROWS,
            {"type": "array", "items": TEXT},
            [{"name": "a"}, {"name": "b"}],
            ["1", "2"],
            ["1", "2"],
        ),
        (ROW, ROW, {"name": "a"}, {"name": "a"}, ["a"]),
        # More than was asked for: the others may be somebody else's.
        (NAMES, ROWS, {"names": ["a"]}, [{"name": "a"}, {"name": "theirs"}], ["a"]),
    ],
)
def test_all_that_one_request_creates_is_recorded(
    tmp_path: Path, body: Any, shown: Any, sent: Any, reply: Any, made: list[str]
) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    known = _ownership(_users(body, shown), ledger)
    ticket = known.admit("POST", "/users", json.dumps(sent).encode())
    known.settle(ticket, 201, {}, json.dumps(reply).encode())
    assert sorted(entry.id for entry in ledger.left()) == made
    assert not ledger.pending
    ledger.close()


def test_an_empty_array_shows_that_nothing_was_made(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    known = _ownership(_users(ROWS, ROWS), ledger)
    known.settle(known.admit("POST", "/users", b"[]"), 201, {}, b"[]")
    assert not ledger.pending
    known.settle(known.admit("POST", "/users", b"[{}]"), 201, {}, b'"done"')
    assert ledger.pending
    ledger.close()


def test_a_post_to_a_name_creates_it(tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    user = {"$ref": "#/components/schemas/User"}
    paths = _users(NAMES, {"type": "array", "items": user})
    paths["/users/{name}"] = {
        "get": _operation("get", user),
        "post": _operation("makeOne", user, "201"),
        "delete": _operation("remove", status="204"),
    }
    # It shows a user, too, and nothing else makes what its path names.
    paths["/sessions/cookie/{cookie}"] = {"get": _operation("cookie", user)}
    known = _ownership(paths, ledger, probe=lambda path: 404)
    known.settle(known.admit("POST", "/users/a"), 201, {}, b'{"name": "a"}')
    assert [(entry.kind, entry.id) for entry in ledger.left()] == [("users", "a")]
    ledger.close()


def test_a_read_by_post_proves_nothing_about_an_id() -> None:
    paths: dict[str, Any] = {
        "/projects/list": {"post": _operation("list", ROWS)},
        "/projects/{name}/get": {"post": _operation("get", ROW)},
        "/projects/{name}/update": {"post": _operation("update", ROW, body=ROW)},
    }
    known = _ownership(paths, probe=lambda path: 405)
    with pytest.raises(Withheld, match="not ours"):
        known.admit("POST", "/projects/theirs/update", b"{}")


@pytest.mark.parametrize(("status", "sent"), [(404, True), (400, True), (405, False), (0, False)])
def test_only_some_statuses_say_that_nothing_has_an_id(status: int, sent: bool) -> None:
    known = _ownership(_users(ROW, ROW), probe=lambda path: status)
    if sent:
        known.admit("DELETE", "/users/nobody")
        return
    with pytest.raises(Withheld, match="not ours"):
        known.admit("DELETE", "/users/nobody")


def test_nothing_is_made_below_what_belongs_to_somebody_else() -> None:
    paths = _users(ROW, ROW)
    paths["/users/{name}/servers/{server}"] = {
        "get": _operation("getServer", ROW),
        "post": _operation("startServer", ROW, "201"),
        "put": _operation("putServer", ROW, "201", ROW),
        "delete": _operation("stopServer", status="204"),
    }
    known = _ownership(paths, probe=lambda path: 404 if "/servers/" in path else 200)
    for method in ("POST", "PUT"):
        with pytest.raises(Withheld, match="not ours"):
            known.admit(method, "/users/theirs/servers/new", b"{}")
    known.admit("DELETE", "/users/theirs/servers/nothing")


@pytest.mark.parametrize(
    ("location", "followed"),
    [
        ("/api/users/", True),
        ("http://x/api/users/a", True),
        ("/login?next=/api/users", False),
        ("http://elsewhere.example/api/users", False),
        ("/api/pages/home", False),
    ],
)
def test_redirects_are_followed_within_the_api(location: str, followed: bool) -> None:
    guard = Guard("/api", 1, _ownership(_users(ROW, ROW)))
    assert guard.follows("http://x/api/users", location) is followed


@pytest.mark.parametrize(("method", "makes"), [("get", False), ("get", True), ("post", True)])
def test_lists_are_read_around_a_request_while_it_adds_to_them(
    method: str, makes: bool, tmp_path: Path
) -> None:
    paths = _users(ROW, ROW)
    paths["/users"].pop("get")
    paths |= {"/users/all": {"get": _operation("list", ROWS)}}
    one = {"type": "object", "properties": {"id": TEXT, "user_name": TEXT}}
    notes = {"type": "array", "items": one}
    listing = {"get": ("/notes", None), "post": ("/notes/filter", {"type": "object"})}[method]
    paths |= {
        "/notes": {"post": _operation("makeNote", one, "201", one)},
        "/notes/{id}": {
            "get": _operation("getNote", one),
            "delete": _operation("removeNote", status="204"),
        },
    }
    paths.setdefault(listing[0], {})[method] = _operation("listNotes", notes, body=listing[1])
    there: list[dict[str, str]] = []
    asked = []

    def look(verb: str, path: str, query: Any, body: Any) -> Any:
        asked.append((verb, path))
        return list(there)

    ledger = Ledger.create(str(tmp_path / "ledger"), "http://x")
    known = _ownership(paths, ledger, look=look)
    ledger.found("notes", [])
    for number in range(5):
        ticket = known.admit("POST", "/users", b'{"name": "a%d"}' % number)
        there += [{"id": f"n{number}", "user_name": f"a{number}"}] if makes else []
        there.append({"id": f"theirs{number}", "user_name": "b"})
        known.settle(ticket, 201, {}, b'{"name": "a%d"}' % number)
        there.append({"id": f"comment{number}", "user_name": f"a{number}"})
    assert set(asked) == {(method.upper(), listing[0])}
    assert len(asked) == 2 * (5 if makes else LOOKS)
    found = [entry.id for entry in ledger.left() if entry.kind == "notes"]
    assert sorted(found) == ([f"n{number}" for number in range(5)] if makes else [])
    ledger.close()
