"""Parameters by which a response has other entities; connections of Relay; ids that say from where
on a list begins; the word for a search before what is searched."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns
from tests.support.documents import TEXT, WHOLE, answer, body, collection, document, thing

OWNER = thing("id name", id=TEXT, name=TEXT)
KITE = thing("id name", id=TEXT, name=TEXT, owner={"oneOf": [TEXT, OWNER]})
ASKING: dict[str, Any] = {
    "expand": "owner", "expand[]": ["owner"], "include": "other,owner", "$expand": "owner",
    "with": "owner.friends", "embed": "*", "include_owner": "true", "populate": "data.owner",
}  # fmt: skip


def asked(name: str) -> list[Any]:
    value = ASKING[name]
    kind = {"type": "array", "items": TEXT} if isinstance(value, list) else TEXT
    return [{"name": name, "in": "query", "schema": kind}]


def kites(*parameters: Any, rows: Any = None) -> dict[str, Any]:
    new = thing("name", name=TEXT, owner=TEXT)
    paths = {**collection("/owners", OWNER, thing("name", name=TEXT)),
             **collection("/kites", KITE, new)}  # fmt: skip
    for path in ("/kites", "/kites/{id}"):
        paths[path]["get"]["parameters"] = list(parameters)
    if rows is not None:
        paths["/kites"]["get"]["responses"]["200"] = answer(rows)
    return document(paths)


@pytest.mark.parametrize(("name", "listed"), in_turns(ASKING, [False, True]))
def test_an_id_or_the_entity(name: str, listed: bool) -> None:
    rows = thing(data={"type": "array", "items": KITE}) if listed else None
    with MockServer(kites(*asked(name), rows=rows)) as mock:
        client = mock.client
        owner = client.post("/owners", json={"name": "Bo"}).json()
        kite = client.post("/kites", json={"name": "a", "owner": owner["id"]}).json()
        query = {name: ASKING[name]}
        path = f"/kites/{kite['id']}"
        assert client.get(path).json()["owner"] == owner["id"]
        assert client.get(path, params=query).json()["owner"] == owner
        found = client.get("/kites", params=query).json()
        shown = found["data"] if listed else found
        assert next(one for one in shown if one["id"] == kite["id"])["owner"] == owner


def test_what_is_expanded_is_bounded() -> None:
    large = 3 * 2**20
    with MockServer(kites(*asked("expand"))) as mock:
        client = mock.client
        owner = client.post("/owners", json={"name": "x" * large}).json()["id"]
        for _ in range(5):
            client.post("/kites", json={"name": "a", "owner": owner})
        found = client.get("/kites", params={"expand": "owner"}).json()
        own = [one["owner"] for one in found if one["name"] == "a"]
        assert sorted(isinstance(one, dict) for one in own) == [False, False, True, True, True]
        assert {one for one in own if isinstance(one, str)} == {owner}


LINK = thing("id type", id=TEXT, type=TEXT)


def jsonapi(name: str) -> dict[str, Any]:
    held = thing("type", type=TEXT, id=TEXT, attributes=thing(name=TEXT))
    row = thing(
        "type id",
        type=TEXT,
        id=TEXT,
        attributes=thing(name=TEXT),
        relationships=thing(owner=thing(data=LINK)),
    )
    more = {"type": "array", "items": held}
    one = thing("data", data=row, included=more)
    several = thing("data", data={"type": "array", "items": row}, included=more)
    paths = {**collection("/owners", thing(data=held), thing("data", data=held)),
             **collection("/kites", one, thing("data", data=row))}  # fmt: skip
    paths["/kites"]["get"]["responses"]["200"] = answer(several)
    for path in ("/kites", "/kites/{id}"):
        paths[path]["get"]["parameters"] = asked(name)
    return document(paths)


@pytest.mark.parametrize("name", ["include", "expand", "embed"])
def test_included(name: str) -> None:
    with MockServer(jsonapi(name)) as mock:
        client = mock.client

        def made(path: str, name: str, **more: Any) -> str:
            new = {"type": path[1:], "attributes": {"name": name}, **more}
            reply = client.post(path, json={"data": {"id": "", **new}})
            return str(reply.json()["data"]["id"])

        owner = made("/owners", "Bo")
        link = {"owner": {"data": {"type": "owners", "id": owner}}}
        kite = made("/kites", "a", relationships=link)
        made("/kites", "b", relationships=link)
        wanted = [("owners", owner, "Bo")]
        for path in (f"/kites/{kite}", "/kites"):
            found = client.get(path, params={name: ASKING[name]}).json()["included"]
            shown = [(one["type"], one["id"], one["attributes"]["name"]) for one in found]
            assert [one for one in shown if one[1] == owner] == wanted
            assert not client.get(path).json().get("included")


def test_the_rows_of_a_connection() -> None:
    edge = thing(node=OWNER, cursor=TEXT)
    info = thing(hasNextPage={"type": "boolean"}, endCursor=TEXT)
    shown = thing(edges={"type": "array", "items": edge}, pageInfo=info, totalCount=WHOLE)
    paths = collection("/owners", OWNER, thing("name", name=TEXT))
    names = [("after", TEXT), ("first", WHOLE)]
    paths["/owners"]["get"] = {
        "parameters": [{"name": n, "in": "query", "schema": one} for n, one in names],
        "responses": {"200": answer(shown)},
    }
    with MockServer(document(paths)) as mock:
        for name in "abcd":
            mock.client.post("/owners", json={"name": name})
        whole = mock.client.get("/owners", params={"first": 50}).json()
        ids = [edge["node"]["id"] for edge in whole["edges"]]
        assert len(ids) == whole["totalCount"]
        for index, edge in enumerate(whole["edges"]):
            rest = mock.client.get("/owners", params={"first": 50, "after": edge["cursor"]}).json()
            assert [one["node"]["id"] for one in rest["edges"]] == ids[index + 1 :]
        first = mock.client.get("/owners", params={"first": 2}).json()
        assert first["edges"][-1]["cursor"] == first["pageInfo"]["endCursor"]


@pytest.mark.parametrize(("name", "newer"), [("since_id", True), ("max_id", False)])
def test_ids_from_which_on(name: str, newer: bool) -> None:
    asked_ = {"name": name, "in": "query", "schema": TEXT}
    with MockServer(kites(asked_)) as mock:
        made = [mock.client.post("/kites", json={"name": n}).json()["id"] for n in "abcd"]
        found = mock.client.get("/kites", params={name: made[1]}).json()
        ids = [one["id"] for one in found if one["id"] in made]
        assert ids == (made[2:] if newer else made[:1])


@pytest.mark.parametrize("path", ["/search/kites", "/query/kites", "/v2/search/kites"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_word_for_a_search_first(path: str, method: str) -> None:
    paths = kites()["paths"]
    above = path.rpartition("/")[0].rpartition("/")[0]
    paths = {above + old: one for old, one in paths.items()}
    row = {"type": "array", "items": thing("id name", id=TEXT, name=TEXT)}
    sent: dict[str, Any] = {"requestBody": body(thing(name=TEXT))}
    if method == "get":
        sent = {"parameters": [{"name": "name", "in": "query", "schema": TEXT}]}
    paths[path] = {method: {**sent, "responses": {"200": answer(thing(results=row))}}}
    with MockServer(document(paths)) as mock:
        made = [mock.client.post(f"{above}/kites", json={"name": n}).json()["id"] for n in "ab"]
        query = {"params": {"name": "b"}} if method == "get" else {"json": {"name": "b"}}
        found = mock.client.request(method.upper(), path, **query).json()
        assert [one["id"] for one in found["results"]] == made[1:]
