"""References between entities, and calls with an id in the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.inferred.repository import Entity, OwnRepository
from tests.support.documents import TEXT, WHOLE, answer, array, body, document, thing


def item(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": TEXT}


def posted(sent: Any, schema: Any, status: str = "201") -> dict[str, Any]:
    return {"requestBody": body(sent), "responses": {status: answer(schema)}}


def got(schema: Any) -> dict[str, Any]:
    return {"responses": {"200": answer(schema), "404": answer()}}


def made(client: httpx.Client, path: str, **sent: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.post(path, json=sent).raise_for_status().json()
    return found


BERTH = thing("id", id=TEXT, name=TEXT)
HARBOUR = thing("id name", id=TEXT, name=TEXT, berths=array(BERTH), berths_count=WHOLE)


def harbours() -> MockServer:
    paths = {
        "/harbours": {"get": got(array(HARBOUR)), "post": posted(thing("", name=TEXT), HARBOUR)},
        "/harbours/{harbour_id}": {
            "parameters": [item("harbour_id")],
            "get": got(HARBOUR),
            "delete": {"responses": {"204": answer()}},
        },
        "/harbours/{harbour_id}/berths": {
            "parameters": [item("harbour_id")],
            "get": got(array(BERTH)),
            "post": posted(thing("", name=TEXT), BERTH),
        },
        "/berths/{berth_id}": {
            "parameters": [item("berth_id")],
            "get": got(BERTH),
            "delete": {"responses": {"204": answer()}},
        },
    }
    return MockServer(document(paths), clock="manual", seeds="none")


def test_a_parent_shows_and_counts_what_lies_under_it() -> None:
    with harbours() as server:
        client = server.client
        one, other = made(client, "/harbours", name="A"), made(client, "/harbours", name="B")
        url = f"/harbours/{one['id']}"
        berths = [made(client, f"{url}/berths", name=name) for name in "xy"]
        shown = client.get(url).json()
        assert [berth["id"] for berth in shown["berths"]] == [berth["id"] for berth in berths]
        assert shown["berths_count"] == 2
        listed = {row["id"]: row for row in client.get("/harbours").json()}
        assert listed[one["id"]]["berths_count"] == 2
        assert not listed[other["id"]].get("berths")
        client.delete(f"/berths/{berths[0]['id']}").raise_for_status()
        assert [berth["name"] for berth in client.get(url).json()["berths"]] == ["y"]
        client.delete(url).raise_for_status()
        assert client.get(f"/berths/{berths[1]['id']}").status_code == 404


def test_what_names_an_entity_is_counted_by_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not by looking at every row for each entity of a list."""
    harbour = thing("id", id=TEXT, name=TEXT, boat_count=WHOLE)
    boat = thing("id", id=TEXT, harbour_id=TEXT)
    paths = {
        "/harbours": {"get": got(array(harbour)), "post": posted(thing("", name=TEXT), harbour)},
        "/harbours/{harbour_id}": {"parameters": [item("harbour_id")], "get": got(harbour)},
        "/boats": {"get": got(array(boat)), "post": posted(thing("", harbour_id=TEXT), boat)},
        "/boats/{boat_id}": {"parameters": [item("boat_id")], "get": got(boat)},
    }
    seen: list[str] = []
    as_of = OwnRepository.as_of

    def counted(self: OwnRepository, row: Mapping[str, Any], now: int) -> Entity:
        seen.append(self.resource.name)
        return as_of(self, row, now)

    with MockServer(document(paths), clock="manual", seeds="none") as server:
        client = server.client
        ids = [made(client, "/harbours", name=name)["id"] for name in "abcde"]
        for number in range(20):
            made(client, "/boats", harbour_id=ids[number % 4])
        monkeypatch.setattr(OwnRepository, "as_of", counted)
        counts = {row["id"]: row["boat_count"] for row in client.get("/harbours").json()}
        assert [counts[one] for one in ids] == [5, 5, 5, 5, 0]
        assert seen.count("boats") == 20


@pytest.mark.parametrize(
    ("counted", "name", "schema"),
    [
        ("item_count", "stock_item", TEXT),
        ("stockitem_count", "shelf_id", WHOLE),
        ("total_stock_items", "shelf", WHOLE),
        ("numStockItems", "shelfId", WHOLE),
    ],
)
def test_what_lies_below_another_is_counted_by_what_it_names(
    counted: str, name: str, schema: Any
) -> None:
    name = "shelf" if name == "stock_item" else name
    shelf = thing("id", **{"id": schema, "name": TEXT, counted: WHOLE})
    one = thing("id", **{"id": TEXT, name: schema})
    shop = thing("id", id=TEXT, name=TEXT)
    sent = thing(name, **{name: schema})
    below = "/shops/{shop_id}/stock-items"
    paths = {
        "/shops": {"get": got(array(shop)), "post": posted(thing("", name=TEXT), shop)},
        "/shops/{shop_id}": {"parameters": [item("shop_id")], "get": got(shop)},
        "/shelves": {"get": got(array(shelf)), "post": posted(thing("", name=TEXT), shelf)},
        "/shelves/{shelf_id}": {
            "parameters": [{**item("shelf_id"), "schema": schema}], "get": got(shelf),
        },
        below: {
            "parameters": [item("shop_id")], "get": got(array(one)), "post": posted(sent, one),
        },
        "/stock-items/{item_id}": {"parameters": [item("item_id")], "get": got(one)},
    }  # fmt: skip
    with MockServer(document(paths), clock="manual", seeds="none") as server:
        client = server.client
        full, empty = (made(client, "/shelves", name=name)["id"] for name in "ab")
        for shop_name in "xyz":
            place = made(client, "/shops", name=shop_name)["id"]
            made(client, f"/shops/{place}/stock-items", **{name: full})
        counts = {row["id"]: row[counted] for row in client.get("/shelves").json()}
        assert (counts[full], counts[empty]) == (3, 0)


USER = thing("id name", id=TEXT, name=TEXT)
TEAM = thing("id name", id=TEXT, name=TEXT)


MEMBER = thing("role user team", role=TEXT, user=USER, team=TEAM, id=TEXT)


def test_a_member_is_named_by_the_id_of_the_user() -> None:
    member = MEMBER

    def kept(path: str, name: str, schema: Any) -> dict[str, Any]:
        return {
            path: {"get": got(array(schema)), "post": posted(thing("", name=TEXT), schema)},
            f"{path}/{{{name}}}": {"parameters": [item(name)], "get": got(schema)},
        }

    sent = thing("", user_id=TEXT, role=TEXT)
    paths = {
        **kept("/users", "user_id", USER),
        **kept("/teams", "team_id", TEAM),
        "/teams/{team_id}/members": {
            "parameters": [item("team_id")],
            "get": got(array(member)),
            "post": posted(sent, member),
        },
        "/teams/{team_id}/members/{user_id}": {
            "parameters": [item("team_id"), item("user_id")],
            "get": got(member),
            "patch": {"requestBody": body(thing("", role=TEXT)), **got(member)},
            "delete": {"responses": {"204": answer()}},
        },
    }
    with MockServer(document(paths), clock="manual", seeds="none") as server:
        client = server.client
        user, team = made(client, "/users", name="Ann"), made(client, "/teams", name="Red")
        url = f"/teams/{team['id']}/members"
        joined = made(client, url, user_id=user["id"], role="admin")
        assert (joined["role"], joined["user"], joined["team"]) == ("admin", user, team)
        changed = client.patch(f"{url}/{user['id']}", json={"role": "guest"}).json()
        assert (changed["role"], changed["user"]) == ("guest", user)
        assert client.get(url).json() == [changed]
        second = made(client, "/teams", name="Blue")
        made(client, f"/teams/{second['id']}/members", user_id=user["id"], role="x")
        client.delete(f"{url}/{user['id']}").raise_for_status()
        assert client.get(url).json() == []
        assert len(client.get(f"/teams/{second['id']}/members").json()) == 1


JOB = thing("jobId name", jobId=TEXT, name=TEXT, team=TEXT)


@pytest.mark.parametrize(
    ("create", "read", "change", "listed", "remove"),
    [
        ("create", "get", "update", "list", "delete"),
        ("add", "info", "edit", "search", "remove"),
        ("new", "describe", "modify", "query", "destroy"),
    ],
)
def test_calls_with_the_id_in_their_body(
    create: str, read: str, change: str, listed: str, remove: str
) -> None:
    named = thing("jobId", jobId=TEXT)
    paths = {
        f"/v1/jobs/{create}": {"post": posted(thing("", name=TEXT, team=TEXT), JOB, "200")},
        f"/v1/jobs/{read}": {"post": posted(named, JOB, "200")},
        f"/v1/jobs/{change}": {"post": posted(thing("jobId", jobId=TEXT, name=TEXT), JOB, "200")},
        f"/v1/jobs/{listed}": {
            "post": posted(thing("", team=TEXT), thing("", jobs=array(JOB)), "200")
        },
        f"/v1/jobs/{remove}": {
            "post": {"requestBody": body(named), "responses": {"204": answer()}}
        },
    }
    paths[f"/v1/jobs/{read}"]["post"]["responses"]["404"] = answer()
    with MockServer(document(paths), clock="manual", seeds="none") as server:
        client = server.client
        one = made(client, f"/v1/jobs/{create}", name="a", team="red")
        made(client, f"/v1/jobs/{create}", name="b", team="blue")
        key = {"jobId": one["jobId"]}
        assert client.post(f"/v1/jobs/{read}", json=key).json() == one
        changed = client.post(f"/v1/jobs/{change}", json={**key, "name": "c"}).json()
        assert changed == {**one, "name": "c"}
        found = client.post(f"/v1/jobs/{listed}", json={"team": "red"}).json()["jobs"]
        assert found == [changed]
        assert client.post(f"/v1/jobs/{remove}", json=key).status_code == 204
        assert client.post(f"/v1/jobs/{read}", json=key).status_code == 404


@pytest.mark.parametrize("word", ["create", "add", "new", "submit"])
def test_a_word_behind_a_collection_makes_one(word: str) -> None:
    agent = thing("agent_id name", agent_id=TEXT, name=TEXT)
    paths = {
        f"/agents/{word}": {"post": posted(thing("", name=TEXT), thing("", agent_id=TEXT), "200")},
        "/agents/{agent_id}": {"parameters": [item("agent_id")], "get": got(agent)},
        "/agents": {"get": got(thing("", agents=array(agent)))},
    }
    with MockServer(document(paths), clock="manual") as server:
        client = server.client
        told = made(client, f"/agents/{word}", name="x")
        one = client.get(f"/agents/{told['agent_id']}").json()
        assert one == {"agent_id": told["agent_id"], "name": "x"}
        assert one in client.get("/agents").json()["agents"]


def test_several_under_a_name_and_their_ids() -> None:
    note = thing("id text", id=TEXT, text=TEXT, color=TEXT)
    one_sent = thing("", text=TEXT, color=TEXT)
    sent = thing("", note=one_sent, notes=array(one_sent))
    shown = thing("", note=note, notes=array(note), note_ids=array(TEXT))
    paths = {
        "/notes": {"get": got(array(note)), "post": posted(sent, shown)},
        "/notes/{id}": {"parameters": [item("id")], "get": got(note)},
        "/notes/batch": {"post": posted(array(one_sent), thing("", data=array(note)))},
    }
    with MockServer(document(paths), clock="manual", seeds="none") as server:
        client = server.client
        one = made(client, "/notes", note={"text": "a"})
        assert [one["note"]["id"]] == one["note_ids"]
        client.post("/notes", json={"notes": [{"text": "b"}, {"text": "c"}]}).raise_for_status()
        batch = client.post("/notes/batch", json=[{"text": "d"}, {"text": "e"}]).json()["data"]
        assert [client.get(f"/notes/{row['id']}").json()["text"] for row in batch] == ["d", "e"]
        assert [row["text"] for row in client.get("/notes").json()] == list("abcde")


def test_a_path_may_take_a_name() -> None:
    box = thing("id name", id=TEXT, name=TEXT)
    by = {**item("idOrName"), "description": "The id or the name of the box"}
    paths = {
        "/boxes": {"get": got(array(box)), "post": posted(thing("", name=TEXT), box)},
        "/boxes/{idOrName}": {"parameters": [by], "get": got(box)},
    }
    with MockServer(document(paths), clock="manual", seeds="none") as server:
        one = made(server.client, "/boxes", name="tools")
        for called in (one["id"], "tools"):
            assert server.client.get(f"/boxes/{called}").json() == one
        assert server.client.get("/boxes/other").status_code == 404


def test_a_part_of_an_entity_has_a_path() -> None:
    state = thing("", level=WHOLE, plugged={"type": "boolean"})
    car = thing("id battery", id=TEXT, battery=state)
    paths = {
        "/cars": {"get": got(array(car)), "post": posted(thing("", battery=state), car)},
        "/cars/{car_id}": {"parameters": [item("car_id")], "get": got(car)},
        "/cars/{car_id}/battery": {"parameters": [item("car_id")], "get": got(state)},
    }
    with MockServer(document(paths), clock="manual") as server:
        one = made(server.client, "/cars", battery={"level": 7, "plugged": True})
        url = f"/cars/{one['id']}"
        assert server.client.get(f"{url}/battery").json() == {"level": 7, "plugged": True}
        for seeded in server.client.get("/cars").json():
            shown = server.client.get(f"/cars/{seeded['id']}/battery").json()
            assert shown == seeded["battery"]
