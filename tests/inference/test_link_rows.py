"""Lists of rows that link others to the entity above, and what sets, gives or takes such rows."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import MOMENT, TEXT, array, document, obj, ref
from tests.support.trades import does, kept

ROWS: dict[str, tuple[Any, Any]] = {
    "id": (obj(user_id=TEXT), lambda row: row["user_id"]),
    "link": (obj(user_id=TEXT, role=TEXT, added_at=MOMENT), lambda row: row["user_id"]),
    "entity": (ref("User"), lambda row: row["id"]),
    "embedded": (obj(user=ref("User"), role=TEXT), lambda row: row["user"]["id"]),
}
"""What a row is, and the id of the user that it has."""
SENT = {
    "user_ids": (obj(user_ids=array(TEXT)), lambda ids: {"user_ids": ids}),
    "ids": (obj(ids=array(TEXT)), lambda ids: {"ids": ids}),
    "members": (
        obj(members=array(obj("user_id", user_id=TEXT, role=TEXT))),
        lambda ids: {"members": [{"user_id": one} for one in ids]},
    ),
    "bare": (array(TEXT), lambda ids: ids),
}
"""How a request names several users."""


def _document(operations: dict[str, Any]) -> dict[str, Any]:
    operations |= kept("/users", "User", obj("name", name=TEXT))
    operations |= kept("/groups", "Group", obj("name", name=TEXT))
    paths: dict[str, Any] = {}
    for place, operation in operations.items():
        method, path = place.split()
        names = [step[1:-1] for step in path.split("/") if step.startswith("{")]
        named = [{"name": n, "in": "path", "required": True, "schema": TEXT} for n in names]
        one = {**operation, "parameters": [*named, *operation["parameters"]]}
        paths.setdefault(path, {})[method.lower()] = one
    user, group = (obj("id", "name", id=TEXT, name=TEXT) for _ in range(2))
    return document(paths, "3.0.3", schemas={"User": user, "Group": group})


class Play:
    """A client's view of the members of two groups."""

    def __init__(self, server: MockServer, called: str, row: str) -> None:
        self.client, self.id_of = server.client, ROWS[row][1]
        self.users = [self.make("/users", name) for name in "abc"]
        self.place, self.other = (f"/groups/{self.make('/groups', n)}/{called}" for n in "gh")
        assert self.now() == []

    def make(self, path: str, name: str) -> str:
        return str(self.client.post(path, json={"name": name}).json()["id"])

    def send(self, method: str, body: Any, below: str = "") -> Any:
        reply = self.client.request(method, self.place + below, json=body)
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def now(self) -> list[str]:
        return sorted(map(self.id_of, self.client.get(self.place).json()))

    def check_others(self) -> None:
        assert self.client.get(self.other).json() == []
        assert len(self.client.get("/users").json()) == 3


@pytest.mark.parametrize(
    ("row", "sent", "called"),
    in_turns(ROWS, SENT, ["members", "users", "collaborators"]),
)
def test_a_put_sets_the_rows_that_there_are(row: str, sent: str, called: str) -> None:
    shape, (body, of) = array(ROWS[row][0]), SENT[sent]
    place = f"/groups/{{group_id}}/{called}"
    setting = does(shape, body, says="Replace the members of a group")
    operations = {f"GET {place}": does(shape, says="List the members"), f"PUT {place}": setting}
    with MockServer(_document(operations), clock="manual", seeds="none") as server:
        play = Play(server, called, row)
        for some in (play.users[:2], play.users[1:], []):
            shown = play.send("PUT", of(some))
            assert play.now() == sorted(some) == sorted(map(play.id_of, shown))
        play.check_others()


@pytest.mark.parametrize(
    ("row", "sent", "called"),
    in_turns(ROWS, ["ids", "rows"], ["members", "users", "collaborators"]),
)
def test_a_patch_gives_and_takes_rows(row: str, sent: str, called: str) -> None:
    shape, some = array(ROWS[row][0]), array(TEXT if sent == "ids" else obj(user_id=TEXT))
    place = f"/groups/{{group_id}}/{called}"
    operations = {
        f"GET {place}": does(shape, says="List the members"),
        f"PATCH {place}": does(shape, obj(add=some, remove=some), says="Add and remove members"),
    }
    with MockServer(_document(operations), clock="manual", seeds="none") as server:
        play = Play(server, called, row)
        one, two, three = play.users
        of = (lambda ids: ids) if sent == "ids" else lambda ids: [{"user_id": i} for i in ids]
        play.send("PATCH", {"add": of([one, two])})
        assert play.now() == sorted([one, two])
        shown = play.send("PATCH", {"add": of([three]), "remove": of([one])})
        assert play.now() == sorted([two, three]) == sorted(map(play.id_of, shown))
        play.check_others()


@pytest.mark.parametrize(
    ("row", "sent", "below", "called"),
    in_turns(ROWS, SENT, [True, False], ["members", "users", "collaborators"]),
)
def test_requests_of_their_own_give_and_take(row: str, sent: str, below: bool, called: str) -> None:
    shape, (body, of) = array(ROWS[row][0]), SENT[sent]
    place = f"/groups/{{group_id}}/{called}"
    add, remove = (
        (("POST", "/add"), ("POST", "/remove")) if below else (("POST", ""), ("DELETE", ""))
    )
    operations = {
        f"GET {place}": does(shape, says="List the members"),
        f"{add[0]} {place}{add[1]}": does(shape, body, says="Add members"),
        f"{remove[0]} {place}{remove[1]}": does(None, body, status=204, says="Remove members"),
    }
    with MockServer(_document(operations), clock="manual", seeds="none") as server:
        play = Play(server, called, row)
        play.send(add[0], of(play.users[:2]), add[1])
        assert play.now() == sorted(play.users[:2])
        play.send(add[0], of(play.users[1:]), add[1])
        assert play.now() == sorted(play.users)
        play.send(remove[0], of(play.users[:1]), remove[1])
        assert play.now() == sorted(play.users[1:])
        play.send(add[0], of(play.users[:1]), add[1])  # given again
        assert play.now() == sorted(play.users)
        play.check_others()


def _library(base: str, place: str, way: str, called: str, plain: bool) -> dict[str, Any]:
    """A library of the caller, with rows for tracks (or `plain` tracks), which requests name in
    this way."""
    row = ref("Track") if plain else obj(added_at=MOMENT, track=ref("Track"))
    rows = obj(items=array(row), total={"type": "integer"})
    ids, sent = {"name": "ids", "in": "query", "schema": TEXT}, None
    if way != "query":
        sent = array(TEXT) if way == "bare" else obj(ids=array(TEXT))
    query = [ids] if way in ("query", "either") else []
    add, take, ask = (
        does(None, sent),
        does(None, sent, status=204),
        does(array({"type": "boolean"})),
    )
    for one in (add, take):
        if way == "either":
            one["requestBody"]["required"] = False
    paths: dict[str, Any] = {
        f"{base}/tracks": {
            "get": does(array(ref("Track"))),
            "post": does(ref("Track"), obj("name", name=TEXT), status=201),
        },
        f"{base}/tracks/{{track_id}}": {
            "parameters": [{"name": "track_id", "in": "path", "required": True, "schema": TEXT}],
            "get": does(ref("Track")),
        },
        f"{base}/me/{place}": {
            "get": does(rows, says="The caller's tracks"),
            "put": {**add, "summary": "Save tracks", "parameters": [*add["parameters"], *query]},
            "delete": {**take, "parameters": [*take["parameters"], *query]},
        },
        f"{base}/me/{place}/{called}": {"get": {**ask, "parameters": [{**ids, "required": True}]}},
    }
    track = obj("id", "name", id=TEXT, name=TEXT)
    return document(paths, "3.0.3", schemas={"Track": track})


@pytest.mark.parametrize(
    ("place", "way", "base", "called", "plain"),
    in_turns(
        ["tracks", "library", "saved-tracks"],
        ["query", "body", "either", "bare"],
        ["", "/v1"],
        ["contains", "check"],
        [False, True, True],
    ),
)
def test_a_caller_keeps_what_is_put_in(
    place: str, way: str, base: str, called: str, plain: bool
) -> None:
    document = _library(base, place, way, called, plain)
    with MockServer(document, clock="manual", seeds="none") as server:
        client, own = server.client, f"{base}/me/{place}"
        made = (client.post(f"{base}/tracks", json={"name": n}).json() for n in "abc")
        one, two, three = (track["id"] for track in made)

        def send(method: str, *some: str) -> None:
            asked = {"params": {"ids": ",".join(some)}} if way in ("query", "either") else {}
            body = {"json": [*some] if way == "bare" else {"ids": [*some]}}
            reply = client.request(method, own, **(asked or body))
            assert reply.is_success, reply.text

        def tracks() -> list[dict[str, Any]]:
            return [row if plain else row["track"] for row in client.get(own).json()["items"]]

        def now() -> list[str]:
            return sorted(track["id"] for track in tracks())

        assert now() == []
        send("PUT", one, two)
        assert now() == sorted([one, two])
        send("PUT", three)
        assert now() == sorted([one, two, three])
        send("DELETE", two, three)
        assert now() == [one]
        known = client.get(f"{own}/{called}", params={"ids": f"{two},{one}"})
        assert known.json() == [False, True]
        send("PUT", two)
        assert client.get(own).json()["total"] == 2
        assert [track["name"] for track in tracks()].count("b") == 1
        assert len(client.get(f"{base}/tracks").json()) == 3
