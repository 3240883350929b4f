"""Members who are shown by rows: links with an id and a role, or with the whole user."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, answer, body, document, thing

USER = {"$ref": "#/components/schemas/User"}
ROWS = {"a link": thing(user_id=TEXT, role=TEXT), "a whole": thing(user=USER, role=TEXT)}
BASE = "/crews/{crew_id}/members"
JOINS = {
    "its path": ("put", BASE + "/{user_id}", None), "an id": ("post", BASE, "user_id"),
    "camel case": ("post", BASE, "userId"), "a verb": ("post", BASE + "/add", "user_id"),
}  # fmt: skip
LEAVES = {
    "its path": ("delete", BASE + "/{user_id}"), "the query": ("delete", BASE),
    "a verb": ("post", BASE + "/remove"),
}  # fmt: skip


def named(*names: str, place: str = "path") -> list[dict[str, Any]]:
    return [{"name": name, "in": place, "required": True, "schema": TEXT} for name in names]


def crews(row: str, joins: str, leaves: str) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for noun, schema in (("crew", thing(id=TEXT, name=TEXT)), ("user", USER)):
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
    method, path, name = JOINS[joins]
    join: dict[str, Any] = {"parameters": named("crew_id"), "responses": {"204": answer()}}
    if name is None:
        join["parameters"] += named("user_id")
    else:
        join["requestBody"] = body(thing(name, **{name: TEXT}))
    paths.setdefault(path, {})[method] = join
    method, path = LEAVES[leaves]
    leave: dict[str, Any] = {"parameters": named("crew_id"), "responses": {"204": answer()}}
    if leaves == "a verb":
        leave["requestBody"] = body(thing("user_id", user_id=TEXT))
    else:
        place = "query" if leaves == "the query" else "path"
        leave["parameters"] += named("user_id", place=place)
    paths.setdefault(path, {})[method] = leave
    return document(paths, schemas={"User": thing(id=TEXT, name=TEXT, email=TEXT)})


@pytest.mark.parametrize("leaves", LEAVES)
@pytest.mark.parametrize("joins", JOINS)
@pytest.mark.parametrize("row", ROWS)
def test_who_joins_is_shown_and_who_leaves_is_not(row: str, joins: str, leaves: str) -> None:
    with MockServer(crews(row, joins, leaves), seeds="none") as mock:
        client = mock.client
        red, blue = (client.post("/crews", json={"name": n}).json()["id"] for n in "rb")
        ann, bob = (client.post("/users", json={"name": n}).json()["id"] for n in "ab")

        def at(path: str, user: str) -> str:
            return path.replace("{crew_id}", red).replace("{user_id}", user)

        def members(crew: str) -> list[str]:
            rows = client.get(BASE.replace("{crew_id}", crew)).json()
            return [one["user_id"] if row == "a link" else one["user"]["id"] for one in rows]

        method, path, name = JOINS[joins]
        for user in (ann, bob):
            json = {"json": {name: user}} if name is not None else {}
            assert client.request(method.upper(), at(path, user), **json).status_code == 204
        assert sorted(members(red)) == sorted([ann, bob])
        assert members(blue) == []
        method, path = LEAVES[leaves]
        json = {"json": {"user_id": ann}} if leaves == "a verb" else {}
        query = {"user_id": ann} if leaves == "the query" else {}
        left = client.request(method.upper(), at(path, ann), params=query, **json)
        assert left.status_code == 204
        assert members(red) == [bob]
        assert client.get(f"/users/{ann}").status_code == 200
