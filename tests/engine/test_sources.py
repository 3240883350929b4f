"""What becomes of the entity of which another one is made."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import FLAG, MOMENT, TEXT, one_of, ref, thing
from tests.support.trades import does, kept, serve

STATES = one_of("draft", "converted", "rejected")


def quotes(verb: str = "convert", says: str = "", **more: Any) -> Any:
    quote = thing("id name", id=TEXT, name=TEXT, **more)
    bill = thing("id", id=TEXT, quote_id=TEXT, due=TEXT)
    act = does(ref("Bill"), thing(due=TEXT), status=201, says=says)
    act["responses"]["409"] = {"description": "not now"}
    operations = {
        **kept("/quotes", "Quote", thing("name", name=TEXT)),
        **kept("/bills", "Bill", thing(due=TEXT)),
        f"POST /quotes/{{quote_id}}/{verb}": act,
    }
    return serve(operations, Quote=quote, Bill=bill)


@pytest.mark.parametrize(
    ("verb", "more", "after"),
    [
        ("convert", {"state": STATES}, {"state": "converted"}),
        ("checkout", {"status": one_of("open", "checked_out")}, {"status": "checked_out"}),
        ("convert", {"converted": FLAG}, {"converted": True}),
        ("invoice", {"status": one_of("open", "invoiced")}, {"status": "invoiced"}),
    ],
)
def test_it_is_what_the_verb_makes_it(verb: str, more: Any, after: dict[str, Any]) -> None:
    with quotes(verb, **more) as server:
        client = server.client
        own = f"/quotes/{client.post('/quotes', json={'name': 'a'}).json()['id']}"
        made = client.post(f"{own}/{verb}", json={"due": "May"})
        assert made.status_code == 201
        assert made.json()["due"] == "May"
        assert client.get(f"/bills/{made.json()['id']}").json() == made.json()
        shown = client.get(own).json()
        assert {name: shown[name] for name in after} == after
        assert shown["name"] == "a"


def test_both_name_each_other() -> None:
    with quotes(converted_bill_id={"type": ["string", "null"]}, converted_at=MOMENT) as server:
        client = server.client
        quote = client.post("/quotes", json={"name": "a"}).json()
        made = client.post(f"/quotes/{quote['id']}/convert", json={}).json()
        assert made["quote_id"] == quote["id"]
        shown = client.get(f"/quotes/{quote['id']}").json()
        assert shown["converted_bill_id"] == made["id"]
        assert shown["converted_at"]


def test_twice_is_a_conflict_and_makes_no_other() -> None:
    with quotes(state=STATES) as server:
        client = server.client
        own = f"/quotes/{client.post('/quotes', json={'name': 'a'}).json()['id']}"
        client.post(f"{own}/convert", json={})
        assert client.post(f"{own}/convert", json={}).status_code == 409
        assert len(client.get("/bills").json()) == 1


@pytest.mark.parametrize("more", [{"state": one_of("open", "closed")}, {"name_of_bill": TEXT}, {}])
def test_what_is_not_called_after_the_verb_stays(more: Any) -> None:
    with quotes(**more) as server:
        client = server.client
        quote = client.post("/quotes", json={"name": "a"}).json()
        client.post(f"/quotes/{quote['id']}/convert", json={})
        assert client.get(f"/quotes/{quote['id']}").json() == quote
