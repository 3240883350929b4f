"""Members who are shown by rows: links with an id and a role, or with the whole user."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

TEXTS = {"type": "array", "items": TEXT}
USER = {"$ref": "#/components/schemas/User"}
ROWS = {
    "the user": USER,
    "a link": thing(user_id=TEXT, role=TEXT),
    "a whole": thing(user=USER, added_at=TEXT),
}
BASE = "/crews/{crew_id}/members"
JOINS = {
    "its path": ("put", BASE + "/{user_id}", None),
    "an id": ("post", BASE, {"user_id": TEXT}),
    "camel case": ("post", BASE, {"userId": TEXT}),
    "a verb": ("post", BASE + "/add", {"user_id": TEXT}),
    "a post to it": ("post", BASE + "/{user_id}", None),
    "an invitation": ("post", "/crews/{crew_id}/invite", {"users": TEXTS}),
    "an object": ("post", BASE, {"user": thing("id", id=TEXT)}),
    "some ids": ("post", BASE, {"ids": TEXTS}),
    "ids of users": ("post", BASE, {"user_ids": TEXTS}),
}  # fmt: skip
LEAVES = {
    "its path": ("delete", BASE + "/{user_id}"), "the query": ("delete", BASE),
    "a verb": ("post", BASE + "/remove"), "the body": ("delete", BASE),
}  # fmt: skip


def named(*names: str, place: str = "path") -> list[dict[str, Any]]:
    return [{"name": name, "in": place, "required": True, "schema": TEXT} for name in names]


def crews(row: str, joins: str, leaves: str) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    crew = thing(id=TEXT, name=TEXT, member_count=WHOLE)
    for noun, schema in (("crew", crew), ("user", USER)):
        new = body(thing("name", name=TEXT))
        rows = answer({"type": "array", "items": schema})
        paths[f"/{noun}s"] = {
            "get": {"responses": {"200": rows}},
            "post": {"requestBody": new, "responses": {"201": answer(schema)}},
        }
        one = {"parameters": named(f"{noun}_id"), "responses": {"200": answer(schema)}}
        paths[f"/{noun}s/{{{noun}_id}}"] = {"get": one}
    rows = answer({"type": "array", "items": ROWS[row]})
    paths[BASE] = {"get": {"parameters": named("crew_id"), "responses": {"200": rows}}}
    method, path, sent = JOINS[joins]
    join: dict[str, Any] = {"parameters": named("crew_id"), "responses": {"204": answer()}}
    if sent is None:
        join["parameters"] += named("user_id")
    else:
        join["requestBody"] = body(thing(*sent, **sent))
    paths.setdefault(path, {})[method] = join
    method, path = LEAVES[leaves]
    leave: dict[str, Any] = {"parameters": named("crew_id"), "responses": {"204": answer()}}
    if leaves == "a verb":
        leave["requestBody"] = body(thing("user_id", user_id=TEXT))
    elif leaves == "the body":
        leave["requestBody"] = body(thing("user_ids", user_ids=TEXTS))
    else:
        place = "query" if leaves == "the query" else "path"
        leave["parameters"] += named("user_id", place=place)
    paths.setdefault(path, {})[method] = leave
    return document(paths, schemas={"User": thing(id=TEXT, name=TEXT, email=TEXT)})


def join(client: Any, joins: str, crew: str, user: str) -> int:
    method, path, sent = JOINS[joins]
    url = path.replace("{crew_id}", crew).replace("{user_id}", user)
    of_each = {"user": {"id": user}, "ids": [user], "user_ids": [user], "users": [user]}
    given = {"json": {name: of_each.get(name, user) for name in sent}} if sent is not None else {}
    return int(client.request(method.upper(), url, **given).status_code)


def members(client: Any, crew: str) -> list[str]:
    rows = client.get(BASE.replace("{crew_id}", crew)).json()
    return [one.get("user", one).get("id", one.get("user_id")) for one in rows]


def made(client: Any, path: str, *names: str) -> list[str]:
    return [client.post(path, json={"name": name}).json()["id"] for name in names]


# Rows that nothing makes or names at a path of their own are of no kind.
CASES = [
    (row, joins, leaves)
    for row, joins, leaves in itertools.product(ROWS, JOINS, LEAVES)
    if row == "the user" or leaves == "its path" or joins not in ("a post to it", "an invitation")
]


@pytest.mark.parametrize(("row", "joins", "leaves"), CASES)
def test_who_joins_is_shown_and_who_leaves_is_not(row: str, joins: str, leaves: str) -> None:
    with MockServer(crews(row, joins, leaves), seeds="none") as mock:
        client = mock.client
        (red, blue), (ann, bob) = made(client, "/crews", *"rb"), made(client, "/users", *"ab")
        for user in (ann, bob):
            assert join(client, joins, red, user) == 204
        assert sorted(members(client, red)) == sorted([ann, bob])
        assert members(client, blue) == []
        assert client.get(f"/crews/{red}").json()["member_count"] == 2
        method, path = LEAVES[leaves]
        sent = {"a verb": {"json": {"user_id": ann}}, "the body": {"json": {"user_ids": [ann]}}}
        url = path.replace("{crew_id}", red).replace("{user_id}", ann)
        query = {"user_id": ann} if leaves == "the query" else {}
        left = client.request(method.upper(), url, params=query, **sent.get(leaves, {}))
        assert left.status_code == 204
        assert members(client, red) == [bob]
        assert client.get(f"/users/{ann}").status_code == 200


@pytest.mark.parametrize("joins", JOINS)
@pytest.mark.parametrize("row", ROWS)
def test_one_may_be_in_two_crews_but_only_once_in_each(row: str, joins: str) -> None:
    with MockServer(crews(row, joins, "its path"), seeds="none") as mock:
        client = mock.client
        (red, blue), (ann,) = made(client, "/crews", *"rb"), made(client, "/users", "a")
        for crew in (red, blue, red):
            assert join(client, joins, crew, ann) == 204
        assert members(client, red) == members(client, blue) == [ann]
        if row == "a whole":
            (shown,) = client.get(BASE.replace("{crew_id}", red)).json()
            assert shown["user"]["name"] == "a"


@pytest.mark.parametrize("row", ROWS)
def test_who_is_removed_is_in_no_crew(row: str) -> None:
    document = crews(row, "an id", "its path")
    document["paths"]["/users/{user_id}"]["delete"] = {
        "parameters": named("user_id"), "responses": {"204": answer()},
    }  # fmt: skip
    with MockServer(document, seeds="none") as mock:
        client = mock.client
        (red,), (ann, bob) = made(client, "/crews", "r"), made(client, "/users", *"ab")
        for user in (ann, bob):
            join(client, "an id", red, user)
        assert client.delete(f"/users/{ann}").status_code == 204
        assert members(client, red) == [bob]


def test_what_has_a_path_of_its_own_stands_for_nobody() -> None:
    """A stage is read at `/stages/{stage_id}`, so its id is one by itself, in every crew."""
    stage = thing("stage_id", stage_id=TEXT, title=TEXT)
    item = "/stages/{stage_id}"
    described = crews("the user", "an id", "its path")
    described["paths"] |= {
        "/crews/{crew_id}/stages": {
            "parameters": named("crew_id"),
            "get": {"responses": {"200": answer({"type": "array", "items": stage})}},
            "post": {"requestBody": body(thing(title=TEXT)), "responses": {"201": answer(stage)}},
        },
        item: {
            "parameters": named("stage_id"),
            "get": {"responses": {"200": answer(stage)}},
            "put": {
                "requestBody": body(thing(title=TEXT)), "responses": {"200": answer(stage)},
            },
        },
        "/stages": {"get": {"responses": {"200": answer({"type": "array", "items": stage})}}},
    }  # fmt: skip
    with MockServer(described, seeds="none") as mock:
        (red,) = made(mock.client, "/crews", "r")
        one = mock.client.post(f"/crews/{red}/stages", json={"title": "a"}).json()
        url = item.replace("{stage_id}", one["stage_id"])
        assert mock.client.get(url).json() == one
        assert mock.client.put(url, json={"title": "b"}).json() == {**one, "title": "b"}
