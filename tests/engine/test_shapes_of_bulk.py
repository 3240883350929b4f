"""What is asked for several entities happens to each, wherever the words for it stand, however the
request names them, and whatever is answered."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

KITE = thing(
    "name",
    id={**TEXT, "readOnly": True},
    name=TEXT,
    length=WHOLE,
    status={**TEXT, "enum": ["active", "archived"]},
)
KITES = {"type": "array", "items": KITE}
PATHS = [
    "/kites:batch{V}", "/kites/batch-{v}", "/kites/bulk_{v}", "/kites/bulk/{v}", "/kites/{v}Many",
    "/kites/{v}-multiple", "/batch/kites/{v}", "/kites/{v}/bulk", "/kites/mass-{v}",
    "/bulk-{v}-kites",
]  # fmt: skip
NAMED = {
    "ids": ("ids", False), "kite_ids": ("kite_ids", False), "idList": ("idList", False),
    "the noun": ("kites", False), "an array": ("", False), "rows": ("", True),
}  # fmt: skip
ROWS = ["", "kites", "items", "data", "records"]
RESULT = thing(id=TEXT, success={"type": "boolean"})
SHOWN: dict[str, Any] = {
    "nothing": None, "a count": thing(count=WHOLE), "entities": KITES,
    "results": thing(results={"type": "array", "items": RESULT}),
}  # fmt: skip


def kites(path: str, method: str, summary: str, sent: Any, shown: str) -> dict[str, Any]:
    named = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]
    new = body(thing("name", name=TEXT, length=WHOLE))
    one, status = answer(KITE), "204" if SHOWN[shown] is None else "200"
    act = {
        "summary": summary,
        "requestBody": body(sent),
        "responses": {status: answer(SHOWN[shown])},
    }
    paths: dict[str, Any] = {
        "/kites": {
            "get": {"responses": {"200": answer(KITES)}},
            "post": {"requestBody": new, "responses": {"201": one}},
        },
        "/kites/{id}": {
            "parameters": named,
            "get": {"responses": {"200": one, "404": answer()}},
            "patch": {"requestBody": new, "responses": {"200": one}},
            "delete": {"responses": {"204": answer()}},
        },
        path: {method: act},
    }
    return document(paths)


def of(name: str, items: Any) -> Any:
    array = {"type": "array", "items": items}
    return thing(name, **{name: array}) if name else array


def path_for(path: str, verb: str) -> str:
    return path.replace("{v}", verb).replace("{V}", verb.title())


@pytest.mark.parametrize(("path", "named", "shown"), in_turns(PATHS, NAMED, SHOWN))
@pytest.mark.parametrize("verb", ["delete", "archive"])
def test_each_of_those_that_are_named(verb: str, path: str, named: str, shown: str) -> None:
    name, rows = NAMED[named]
    sent = of(name, thing(id=TEXT) if rows else TEXT)
    there = path_for(path, verb)
    with MockServer(kites(there, "post", f"{verb.title()} several kites", sent, shown)) as mock:
        client = mock.client
        made = [client.post("/kites", json={"name": n}).json()["id"] for n in "abc"]
        before = len(client.get("/kites").json())
        ids = [{"id": one} for one in made[:2]] if rows else made[:2]
        reply = client.post(there, json={name: ids} if name else ids)
        after = [client.get(f"/kites/{one}") for one in made]
        if verb == "delete":
            assert [one.status_code for one in after] == [404, 404, 200]
            assert len(client.get("/kites").json()) == before - 2
        else:
            states = [one.json()["status"] for one in after]
            assert states == ["archived", "archived", "active"]
        if shown == "a count":
            assert reply.json() == {"count": 2}
        if shown == "results":
            wanted = [{"id": one, "success": True} for one in made[:2]]
            assert reply.json() == {"results": wanted}


@pytest.mark.parametrize(("path", "rows", "shown"), in_turns(PATHS, ROWS, SHOWN))
@pytest.mark.parametrize("method", ["patch", "post"])
def test_each_gets_what_its_row_says(method: str, path: str, rows: str, shown: str) -> None:
    there = path_for(path, "update")
    sent = of(rows, thing("id", id=TEXT, name=TEXT, length=WHOLE))
    with MockServer(kites(there, method, "Update several kites", sent, shown)) as mock:
        client = mock.client
        new = [{"name": n, "length": 7} for n in "abc"]
        made = [client.post("/kites", json=one).json()["id"] for one in new]
        before = len(client.get("/kites").json())
        items = [{"id": one, "name": f"new {one}"} for one in made[:2]]
        client.request(method.upper(), there, json={rows: items} if rows else items)
        after = [client.get(f"/kites/{one}").json() for one in made]
        assert [one["name"] for one in after] == [*(item["name"] for item in items), "c"]
        assert [one["length"] for one in after] == [7, 7, 7]
        assert len(client.get("/kites").json()) == before


@pytest.mark.parametrize(("path", "rows", "shown"), in_turns(PATHS, ROWS, SHOWN))
def test_each_of_an_array_is_made(path: str, rows: str, shown: str) -> None:
    there = path_for(path, "create")
    sent = of(rows, thing("name", name=TEXT, length=WHOLE))
    with MockServer(kites(there, "post", "Create several kites", sent, shown)) as mock:
        client = mock.client
        before = len(client.get("/kites").json())
        items = [{"name": "x", "length": 1}, {"name": "y", "length": 2}]
        reply = client.post(there, json={rows: items} if rows else items)
        after = client.get("/kites").json()
        new = [one for one in after if one["name"] in "xy"]
        assert len(after) == before + 2
        assert [(one["name"], one["length"]) for one in new] == [("x", 1), ("y", 2)]
        if shown == "results":
            assert [one["id"] for one in reply.json()["results"]] == [one["id"] for one in new]


@pytest.mark.parametrize(
    ("path", "summary", "name", "new"),
    [
        ("/kites/close-all", "Close all kites", "closed", True),
        ("/kites/mark-all-as-closed", "Marks every kite as closed", "closed", True),
        ("/kites/close", "Close all kites", "closed", True),
        ("/kites/all/archive", "Archive all", "status", "archived"),
        ("/kites/archive_all", "Put every kite away", "status", "archived"),
        ("/kites/actions/archive-all", "Archive all kites", "status", "archived"),
    ],
)
def test_a_verb_on_all(path: str, summary: str, name: str, new: object) -> None:
    found = kites(path, "post", summary, thing(), "nothing")
    del found["paths"][path]["post"]["requestBody"]
    one = found["paths"]["/kites/{id}"]["get"]["responses"]["200"]["content"]["application/json"]
    rows = found["paths"]["/kites"]["get"]["responses"]["200"]["content"]["application/json"]
    for schema in (one["schema"], rows["schema"]["items"]):
        schema["properties"]["closed"] = {"type": "boolean"}
    with MockServer(found) as mock:
        client = mock.client
        made = [client.post("/kites", json={"name": n}).json()["id"] for n in "ab"]
        assert client.post(path).status_code == 204
        after = client.get("/kites").json()
        assert {row["id"] for row in after} >= set(made)
        assert {row[name] for row in after} == {new}


@pytest.mark.parametrize(
    ("summary", "sent"),
    [
        ("Close a kite; all of its strings are rolled up", None),
        ("Close kites, with every string", None),
        ("Close all kites", {"type": "array", "items": TEXT}),
        ("Close all kites", thing(colors={"type": "array", "items": TEXT})),
    ],
)
def test_what_may_be_about_some_is_not_done_to_all(summary: str, sent: Any) -> None:
    found = kites("/kites/archive", "post", summary, sent or thing(), "nothing")
    if sent is None:
        del found["paths"]["/kites/archive"]["post"]["requestBody"]
    with MockServer(found) as mock:
        client = mock.client
        made = client.post("/kites", json={"name": "a"}).json()
        body_ = [] if sent is not None and sent["type"] == "array" else {"colors": ["red"]}
        client.post("/kites/archive", **({} if sent is None else {"json": body_}))
        assert client.get(f"/kites/{made['id']}").json() == made
