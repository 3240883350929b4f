"""The one of a collection that is the default: chosen by its id, and shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.combinations import in_turns
from tests.support.documents import FLAG, TEXT, array, ref, thing
from tests.support.trades import does, kept, serve

KINDS = {"cards": "card", "addresses": "address", "payment_methods": "payment_method"}
PATHS = ["{c}/default", "{o}/default-{n}", "{c}:setDefault", "{c}/set-default", "{o}/default_{n}"]


@pytest.mark.parametrize("owned", [True, False])
@pytest.mark.parametrize(
    ("kind", "path", "method", "named", "told"),
    in_turns(KINDS, PATHS, ["PUT", "POST"], ["id", "{}_id"], ["is_default", "default", "path"]),
)
def test_the_default_is_chosen_by_its_id(
    kind: str, path: str, method: str, named: str, told: str, owned: bool
) -> None:
    noun = KINDS[kind]
    owner = "/customers/{customer_id}" if owned else ""
    home, key = f"{owner}/{kind}", named.format(noun)
    place = path.format(c=home, o=owner, n=noun)
    shown = ":" not in path and "set" not in path
    flags = {} if told == "path" and shown else {"is_default" if told == "path" else told: FLAG}
    card = thing("id", id=TEXT, name=TEXT, **flags)
    operations = {
        f"GET {home}": does(array(ref("Card"))),
        f"POST {home}": does(ref("Card"), thing("name", name=TEXT), status=201),
        f"GET {home}/{{{noun}_id}}": does(ref("Card")),
        f"{method} {place}": does(ref("Card"), thing(key, **{key: TEXT})),
    }
    if shown:
        operations[f"GET {place}"] = does(ref("Card"))
    operations |= kept("/customers", "Customer", thing("name", name=TEXT)) if owned else {}
    with serve(operations, Card=card, Customer=thing("id", id=TEXT, name=TEXT)) as server:
        client, above = server.client, ""
        if owned:
            made = client.post("/customers", json={"name": "a"})
            above = f"/customers/{made.json()['id']}"

        def at(path: str) -> str:
            return path.replace(owner, above) if owner else path

        ids = [client.post(at(home), json={"name": n}).json()["id"] for n in "abc"]
        for chosen in (ids[1], ids[2]):
            reply = client.request(method, at(place), json={key: chosen}).json()
            assert reply["id"] == chosen
            assert all(reply[flag] is True for flag in flags)
            rows: list[Any] = client.get(at(home)).json()
            assert [row["id"] for row in rows] == ids
            for flag in flags:
                assert [row["id"] for row in rows if row[flag]] == [chosen]
            if shown:
                assert client.get(at(place)).json()["id"] == chosen


def test_the_entity_above_says_which_is_the_default() -> None:
    customer = thing("id", id=TEXT, name=TEXT, default_card_id={"type": ["string", "null"]})
    place = "/customers/{customer_id}/cards"
    operations = {
        **kept("/customers", "Customer", thing("name", name=TEXT, default_card_id=TEXT)),
        f"GET {place}": does(array(ref("Card"))),
        f"POST {place}": does(ref("Card"), thing("name", name=TEXT), status=201),
        f"GET {place}/{{card_id}}": does(ref("Card")),
        f"GET {place}/default": does(ref("Card")),
        f"PUT {place}/default": does(ref("Card"), thing("card_id", card_id=TEXT)),
    }
    with serve(operations, Card=thing("id", id=TEXT, name=TEXT), Customer=customer) as server:
        client = server.client
        own = "/customers/" + client.post("/customers", json={"name": "a"}).json()["id"]
        one, two = (client.post(f"{own}/cards", json={"name": n}).json()["id"] for n in "ab")
        client.put(f"{own}/cards/default", json={"card_id": two})
        assert client.get(own).json()["default_card_id"] == two
        assert client.patch(own, json={"name": "a", "default_card_id": one}).status_code == 200
        assert client.get(f"{own}/cards/default").json()["id"] == one


def test_what_is_set_as_a_whole_chooses_nothing() -> None:
    theme = thing("id", id=TEXT, colour=TEXT)
    operations = {
        **kept("/themes", "Theme", thing("colour", colour=TEXT)),
        "GET /themes/default": does(thing(colour=TEXT)),
        "PUT /themes/default": does(thing(colour=TEXT), thing("colour", colour=TEXT)),
    }
    with serve(operations, Theme=theme) as server:
        client = server.client
        client.post("/themes", json={"colour": "red"})
        client.put("/themes/default", json={"colour": "blue"})
        assert client.get("/themes/default").json() == {"colour": "blue"}
        assert [row["colour"] for row in client.get("/themes").json()] == ["red"]
