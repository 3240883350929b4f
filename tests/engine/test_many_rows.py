"""A request about one entity, or for a page of few, reads few rows, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.engine.inferred.repository import Entity, OwnRepository
from tests.support.documents import TEXT, array, ref, thing
from tests.support.trades import does, kept, serve

INTEGER, BOOLEAN = {"type": "integer"}, {"type": "boolean"}
COUNTS = (100, 400)


def team() -> MockServer:
    listed = does(array(ref("User")), limit=INTEGER, email=TEXT, age=INTEGER, offset=INTEGER)
    operations = {
        **kept("/users", "User", thing(email=TEXT, age=INTEGER, primary=BOOLEAN)),
        "GET /users": listed,
        "GET /users/primary": does(ref("User")),
        "GET /users/by-email/{email}": does(ref("User")),
        "PUT /users/{user_id}/star": does(status=204),
        "GET /users/starred": does(array(ref("User")), limit=INTEGER),
        "GET /me": does(ref("User"), says="The current user"),
        **kept("/users/{user_id}/notes", "Note", thing(text=TEXT)),
        **kept("/groups", "Group", thing(name=TEXT)),
        "GET /groups/{group_id}/members": does(array(ref("User"))),
        "POST /groups/{group_id}/members": does(ref("Group"), thing(emails=array(TEXT))),
        "DELETE /groups/{group_id}/members/{user_id}": does(status=204),
    }
    return serve(
        operations,
        User=thing(id=TEXT, email=TEXT, age=INTEGER, primary=BOOLEAN),
        Note=thing(id=TEXT, text=TEXT),
        Group=thing(id=TEXT, name=TEXT),
    )


@pytest.fixture(scope="module", params=COUNTS)
def teams(request: pytest.FixtureRequest) -> Iterator[tuple[int, MockServer, list[str], str]]:
    with team() as server:
        ids = [
            server.client.post("/users", json={"email": f"u{n}@a.bc", "age": n}).json()["id"]
            for n in range(request.param)
        ]
        group = server.client.post("/groups", json={"name": "g"}).json()["id"]
        yield request.param, server, ids, group


REQUESTS: Mapping[str, tuple[str, str, Any]] = {
    "read": ("GET", "/users/{id}", None),
    "none": ("GET", "/users/none", None),
    "create": ("POST", "/users", {"email": "new@a.bc"}),
    "change": ("PATCH", "/users/{id}", {"age": 5}),
    "the only one with a flag": ("PATCH", "/users/{id}", {"primary": True}),
    "the one with the flag": ("GET", "/users/primary", None),
    "by another value": ("GET", "/users/by-email/u7@a.bc", None),
    "page": ("GET", "/users?limit=5", None),
    "page far away": ("GET", "/users?limit=5&offset=90", None),
    "those with a text": ("GET", "/users?limit=5&email=u7@a.bc", None),
    "those with a number": ("GET", "/users?limit=5&age=7", None),
    "mark": ("PUT", "/users/{id}/star", None),
    "marked": ("GET", "/users/starred?limit=5", None),
    "caller": ("GET", "/me", None),
    "below": ("POST", "/users/{id}/notes", {"text": "t"}),
    "nothing below": ("GET", "/users/{id}/notes/none", None),
    "members by a value": ("POST", "/groups/{group}/members", {"emails": ["u7@a.bc"]}),
    "members": ("GET", "/groups/{group}/members", None),
    "member no more": ("DELETE", "/groups/{group}/members/{id}", None),
}
MOST = 40


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_read_does_not_grow(
    name: str,
    teams: tuple[int, MockServer, list[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, server, ids, group = teams
    method, path, sent = REQUESTS[name]
    read = 0
    as_of = OwnRepository.as_of

    def counted(self: OwnRepository, row: Mapping[str, Any], now: int) -> Entity:
        nonlocal read
        read += 1
        return as_of(self, row, now)

    monkeypatch.setattr(OwnRepository, "as_of", counted)
    reply = server.client.request(method, path.format(id=ids[7], group=group), json=sent)
    assert reply.status_code < 500
    assert reply.is_success is ("none" not in path)
    assert read < MOST


def test_what_is_found_is_what_a_scan_finds(
    teams: tuple[int, MockServer, list[str], str],
) -> None:
    number, server, ids, _ = teams
    client = server.client
    for query, found in {
        "email=U9@A.BC": [],
        "email=u9@a.bc": [9],
        "email=u9@a.bc,u3@a.bc": [3, 9],
        "age=11": [11],
        "email=u20@a.bc&age=20": [20],
        "email=u20@a.bc&age=21": [],
    }.items():
        rows = client.get(f"/users?limit={number}&{query}").json()
        assert [row["id"] for row in rows] == [ids[index] for index in found], query
