"""Different changes in one request, and another order of several."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import TEXT, WHOLE, array, ref, thing
from tests.support.trades import does, kept, serve

ITEM = thing("id name", id=TEXT, name=TEXT, place=WHOLE, position=WHOLE)
NEW, CHANGED = thing("name", name=TEXT), thing("id", id=TEXT, name=TEXT)


def items(place: str, operation: dict[str, Any], path: str = "/items") -> Any:
    return serve({**kept(path, "Item", NEW), place: operation}, Item=ITEM)


def named(client: Any, *names: str, path: str = "/items") -> list[str]:
    return [client.post(path, json={"name": name}).json()["id"] for name in names]


@pytest.mark.parametrize(
    ("place", "names", "shown"),
    [
        ("POST /items/batch", ("create", "update", "delete"), array(ref("Item"))),
        ("POST /items/bulk", ("added", "changed", "removed"), array(TEXT)),
        ("PATCH /items", ("add", "patch", "remove"), WHOLE),
        ("POST /items:batch", ("creates", "updates", "deletes"), array(ref("Item"))),
        ("POST /batch/items", ("items_to_create", "items_to_update", "items_to_delete"), WHOLE),
    ],
)
def test_each_part_is_done_and_told(place: str, names: tuple[str, ...], shown: Any) -> None:
    made, changed, gone = names
    sent = thing(**{made: array(NEW), changed: array(CHANGED), gone: array(TEXT)})
    told = thing(created=shown, updated=shown, deleted=shown)
    with items(place, does(told, sent)) as server:
        client = server.client
        one, two, three = named(client, "a", "b", "c")
        method, path = place.split()
        body = {made: [{"name": "d"}], changed: [{"id": one, "name": "z"}], gone: [two]}
        reply = client.request(method, path, json=body)
        assert reply.status_code == 200, reply.text
        rows = client.get("/items").json()
        assert [row["name"] for row in rows] == ["z", "c", "d"]
        assert [row["id"] for row in rows][:2] == [one, three]
        found = reply.json()
        if shown is WHOLE:
            assert found == {"created": 1, "updated": 1, "deleted": 1}
        else:
            ids = {n: [r if isinstance(r, str) else r["id"] for r in v] for n, v in found.items()}
            assert ids == {"created": [rows[2]["id"]], "updated": [one], "deleted": [two]}


def test_a_part_that_is_not_sent_does_nothing() -> None:
    sent = thing(create=array(NEW), delete=array(TEXT))
    with items("POST /items/batch", does(thing(create=array(ref("Item"))), sent)) as server:
        named(server.client, "a")
        server.client.post("/items/batch", json={"create": [{"name": "b"}]})
        assert [row["name"] for row in server.client.get("/items").json()] == ["a", "b"]
        assert server.client.post("/items/batch", json={}).json() == {"create": []}


@pytest.mark.parametrize(
    "sent",
    [
        thing(delete=array(TEXT)),
        thing(delete=array(TEXT), names=array(TEXT)),
        thing(create=array(thing(sum=WHOLE)), delete=array(TEXT)),
        thing(update=array(NEW), delete=array(TEXT)),
    ],
)
def test_what_is_no_batch_destroys_nothing(sent: Any) -> None:
    with items("POST /items/batch", does(None, sent)) as server:
        own = named(server.client, "a", "b")
        given = {"create": [{"sum": 1}], "update": [{"name": "x"}], "delete": own, "names": []}
        body = {name: given[name] for name in sent["properties"]}
        server.client.post("/items/batch", json=body)
        assert [row["id"] for row in server.client.get("/items").json()] == own


@pytest.mark.parametrize(
    ("path", "word", "name"),
    [
        ("/items", "reorder", "item_ids"),
        ("/items", "order", "ids"),
        ("/items", "sort", "items"),
        ("/lists/{list_id}/items", "reorder", "order"),
    ],
)
def test_they_get_the_places_in_which_they_are_sent(path: str, word: str, name: str) -> None:
    here = path.replace("{list_id}", "l1")
    operation = does(array(ref("Item")), thing(**{name: array(TEXT)}))
    with items(f"POST {path}/{word}", operation, path) as server:
        client = server.client
        one, two, three = named(client, "a", "b", "c", path=here)
        shown = client.post(f"{here}/{word}", json={name: [three, one, two]}).json()
        assert [row["id"] for row in shown] == [three, one, two]
        places = {row["id"]: row["position"] for row in client.get(here).json()}
        assert places[three] < places[one] < places[two]


def test_rows_may_say_their_places() -> None:
    sent = thing(items=array(thing("id position", id=TEXT, position=WHOLE)))
    with items("POST /items/reorder", does(None, sent)) as server:
        one, two = named(server.client, "a", "b")
        rows = [{"id": two, "position": 1}, {"id": one, "position": 9}, {"id": "x", "position": 3}]
        server.client.post("/items/reorder", json={"items": rows})
        places = {row["id"]: row["position"] for row in server.client.get("/items").json()}
        assert places == {one: 9, two: 1}
