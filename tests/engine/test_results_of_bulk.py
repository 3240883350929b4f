"""What a response says of each of several entities: the entity, its id, how it went; and where a
request has them, beside what it says of how to store them."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

KITE = thing("id name", id=TEXT, name=TEXT, length=WHOLE, color=TEXT)
NEW = thing("name", name=TEXT, length=WHOLE, color=TEXT)
NAMED = thing("id", id=TEXT, name=TEXT, length=WHOLE, color=TEXT)
FAULT = thing(code=TEXT, message=TEXT)
FLAG = {"type": "boolean"}


def array(items: Any) -> Any:
    return {"type": "array", "items": items}


SENT: dict[str, Any] = {
    "array": (lambda one: array(one), lambda rows: rows),
    "inputs": (lambda one: thing(inputs=array(one)), lambda rows: {"inputs": rows}),
    "beside options": (
        lambda one: thing(records=array(one), allOrNone=FLAG),
        lambda rows: {"records": rows, "allOrNone": True},
    ),
    "in a wrapper": (
        lambda one: thing(requests=array(thing(kite=one))),
        lambda rows: {"requests": [{"kite": row} for row in rows]},
    ),
    "in data": (
        lambda one: thing(data=thing(kites=array(one))),
        lambda rows: {"data": {"kites": rows}},
    ),
}
SHOWN: dict[str, Any] = {
    "statuses": (207, thing(results=array(thing(id=TEXT, status=WHOLE, error=FAULT))), "results"),
    "top": (207, array(thing(id=TEXT, index=WHOLE, status=WHOLE)), ""),
    "bodies": (207, thing(results=array(thing(status=WHOLE, body=KITE))), "results"),
    "kites": (207, thing(items=array(thing(success=FLAG, kite=KITE, error=FAULT))), "items"),
    "two lists": (200, thing(succeeded=array(KITE), failed=array(FAULT)), "succeeded"),
    "ids": (200, thing(ids=array(TEXT)), "ids"),
    "below data": (200, thing(data=thing(results=array(thing(id=TEXT, success=FLAG)))), "data"),
}
CODES = {"create": 201, "update": 200, "delete": 204}
PATHS = [
    "post /kites/batch", "post /kites:batch{V}", "post /kites/bulk_{v}", "post /batch/kites/{v}",
    "put /kites/bulk",
]  # fmt: skip


def kites(method: str, path: str, sent: Any, shown: str, summary: str) -> dict[str, Any]:
    status, schema, _ = SHOWN[shown]
    act = {
        "summary": summary,
        "requestBody": body(sent),
        "responses": {str(status): answer(schema)},
    }
    item = {"name": "id", "in": "path", "required": True, "schema": TEXT}
    one = answer(KITE)
    return document(
        {
            "/kites": {
                "get": {"responses": {"200": answer(array(KITE))}},
                "post": {"requestBody": body(NEW), "responses": {"201": one}},
            },
            "/kites/{id}": {
                "parameters": [item],
                "get": {"responses": {"200": one, "404": answer()}},
                "delete": {"responses": {"204": answer()}},
            },
            path: {method: act},
        }
    )


def said(shown: str, reply: Any, deed: str) -> list[Any]:
    """The ids of which a response tells, where all went well."""
    found = reply.json()
    name = SHOWN[shown][2]
    rows = found[name] if name else found
    rows = rows["results"] if isinstance(rows, dict) else rows
    assert not (found.get("failed") if isinstance(found, dict) else None)
    for number, row in enumerate(rows):
        if isinstance(row, dict):
            assert row.get("status", CODES[deed]) == CODES[deed]
            assert row.get("success", True)
            assert row.get("index", number) == number
            assert not row.get("error")
    inner = [row.get("body") or row.get("kite") or row for row in rows if isinstance(row, dict)]
    return [row["id"] for row in inner] if inner else rows


@pytest.mark.parametrize(("path", "sent", "shown"), in_turns(PATHS[:-1], SENT, SHOWN))
def test_each_of_those_that_are_made(path: str, sent: str, shown: str) -> None:
    method, there = path.format(v="create", V="Create").split()
    schema, send = SENT[sent]
    with MockServer(kites(method, there, schema(NEW), shown, "Create several kites")) as mock:
        client = mock.client
        before = client.get("/kites").json()
        rows = [{"name": "x", "length": 1}, {"name": "y", "length": 2}]
        reply = client.request(method.upper(), there, json=send(rows))
        new = [one for one in client.get("/kites").json() if one not in before]
        assert [(one["name"], one["length"]) for one in new] == [("x", 1), ("y", 2)]
        assert said(shown, reply, "create") == [one["id"] for one in new]


@pytest.mark.parametrize(("path", "sent", "shown"), in_turns(PATHS[1:], SENT, SHOWN))
def test_each_of_those_that_are_changed(path: str, sent: str, shown: str) -> None:
    method, there = path.format(v="update", V="Update").split()
    schema, send = SENT[sent]
    with MockServer(kites(method, there, schema(NAMED), shown, "")) as mock:
        client = mock.client
        made = [client.post("/kites", json={"name": n, "length": 7}).json()["id"] for n in "abc"]
        rows = [{"id": one, "name": f"new {one}"} for one in made[:2]]
        reply = client.request(method.upper(), there, json=send(rows))
        after = [client.get(f"/kites/{one}").json() for one in made]
        assert [one["name"] for one in after] == [*(row["name"] for row in rows), "c"]
        assert [one["length"] for one in after] == [7, 7, 7]
        assert said(shown, reply, "update") == made[:2]


@pytest.mark.parametrize("shown", [name for name in SHOWN if name not in ("bodies", "kites")])
def test_each_of_those_that_are_removed(shown: str) -> None:
    sent = thing("ids", ids=array(TEXT))
    with MockServer(kites("post", "/kites/bulk_delete", sent, shown, "")) as mock:
        client = mock.client
        made = [client.post("/kites", json={"name": n}).json()["id"] for n in "abc"]
        reply = client.post("/kites/bulk_delete", json={"ids": made[:2]})
        assert said(shown, reply, "delete") == made[:2]
        left = [client.get(f"/kites/{one}").status_code for one in made]
        assert left == [404, 404, 200]


def test_an_unknown_id_is_told() -> None:
    sent = thing("ids", ids=array(TEXT))
    with MockServer(kites("post", "/kites/bulk_delete", sent, "statuses", "")) as mock:
        made = mock.client.post("/kites", json={"name": "a"}).json()["id"]
        rows = mock.client.post("/kites/bulk_delete", json={"ids": [made, "none"]}).json()
        told = [(row["id"], row["status"]) for row in rows["results"]]
        assert told == [(made, 204), ("none", 404)]


def test_numbers_by_what_was_done() -> None:
    path, counts = "/kites/batch", thing(created=WHOLE, updated=WHOLE, failed=WHOLE)
    shown = kites("put", path, array(NAMED), "ids", "Create or update kites")
    shown["paths"][path]["put"]["responses"] = {"200": answer(counts)}
    with MockServer(shown) as mock:
        made = mock.client.post("/kites", json={"name": "a"}).json()["id"]
        rows = [{"id": made, "name": "b"}, {"id": "new", "name": "c"}]
        reply = mock.client.put(path, json=rows).json()
        assert reply == {"created": 1, "updated": 1, "failed": 0}


def test_several_that_are_sent_to_the_one_above_them() -> None:
    member = thing("id email", id=TEXT, email=TEXT)
    new = thing("email", email=TEXT)
    named = [{"name": name, "in": "path", "required": True, "schema": TEXT}
             for name in ("id", "member_id")]  # fmt: skip
    members = thing(members=array(new), update_existing=FLAG)
    shown = thing(new_members=array(member), errors=array(FAULT), total_created=WHOLE)
    group = thing("id name", id=TEXT, name=TEXT)
    paths = {
        "/groups": {
            "get": {"responses": {"200": answer(array(group))}},
            "post": {"requestBody": body(thing(name=TEXT)), "responses": {"201": answer(group)}},
        },
        "/groups/{id}": {
            "parameters": named[:1],
            "get": {"responses": {"200": answer(group)}},
            "post": {"requestBody": body(members), "responses": {"200": answer(shown)}},
        },
        "/groups/{id}/members": {
            "parameters": named[:1],
            "get": {"responses": {"200": answer(array(member))}},
            "post": {"requestBody": body(new), "responses": {"201": answer(member)}},
        },
        "/groups/{id}/members/{member_id}": {
            "parameters": named,
            "get": {"responses": {"200": answer(member)}},
        },
    }
    with MockServer(document(paths)) as mock:
        own = mock.client.post("/groups", json={"name": "a"}).json()["id"]
        rows = [{"email": "a@example.com"}, {"email": "b@example.com"}]
        found = mock.client.post(f"/groups/{own}", json={"members": rows}).json()
        assert found["total_created"] == 2
        assert not found.get("errors")
        assert found["new_members"] == mock.client.get(f"/groups/{own}/members").json()
        assert [one["email"] for one in found["new_members"]] == [one["email"] for one in rows]
