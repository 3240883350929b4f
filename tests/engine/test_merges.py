"""Merges: one entity stays, with what was below the others, and the others go."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.documents import TEXT, array, one_of, ref, thing
from tests.support.trades import does, kept, serve

PERSON = thing("id name", id=TEXT, name=TEXT)
TWO = {"winner_id": TEXT, "loser_id": TEXT}


def people(merge: str, sent: Any, shown: Any = None, says: str = "", **more: Any) -> Any:
    operations = {
        **kept("/people", "Person", thing("name", name=TEXT)),
        "POST /visits": does(ref("Visit"), thing("person_id", person_id=TEXT), status=201),
        "GET /visits/{visit_id}": does(ref("Visit")),
        "GET /people/{person_id}/pets": does(array(ref("Pet"))),
        "POST /people/{person_id}/pets": does(ref("Pet"), thing(kind=TEXT), status=201),
        f"POST {merge}": does(shown, sent, says=says),
    }
    person = {**PERSON, "properties": {**PERSON["properties"], **more}}
    visit = thing("id person_id", id=TEXT, person_id=TEXT)
    pet = thing("id", id=TEXT, kind=TEXT, person_id=TEXT)
    return serve(operations, Person=person, Visit=visit, Pet=pet)


def two(client: Any) -> tuple[str, str]:
    made = [client.post("/people", json={"name": name}).json()["id"] for name in ("Ann", "Anne")]
    return made[0], made[1]


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/people/merge", {"winner_id": "{a}", "loser_id": "{b}"}),
        ("/people/merge", {"target_person_id": "{a}", "source_person_ids": ["{b}"]}),
        ("/people/merge", {"primary_id": "{a}", "duplicates": ["{b}"]}),
        ("/people/{person_id}/merge", {"person_id": "{b}"}),
        ("/people/{person_id}/merge", {"ids": ["{b}"]}),
        ("/people/{person_id}:merge", {"with_id": "{b}"}),
        ("/people/{person_id}/merge", {"into_id": "{a}"}),
    ],
)
def test_one_stays_and_the_other_goes(path: str, sent: dict[str, Any]) -> None:
    types = {n: array(TEXT) if isinstance(v, list) else TEXT for n, v in sent.items()}
    with people(path, thing(**types), ref("Person"), "Merge people") as server:
        client = server.client
        stays, goes = two(client)
        pet = client.post(f"/people/{goes}/pets", json={"kind": "cat"}).json()["id"]
        visit = client.post("/visits", json={"person_id": goes}).json()["id"]
        value = str(sent).replace("{a}", stays).replace("{b}", goes)
        item = goes if "into_id" in sent else stays
        where = path.replace("{person_id}", item)
        reply = client.post(where, json=eval(value))
        assert reply.status_code == 200, reply.text
        assert reply.json()["id"] == stays
        assert client.get(f"/people/{goes}").status_code == 404
        assert [one["id"] for one in client.get("/people").json()] == [stays]
        assert [one["id"] for one in client.get(f"/people/{stays}/pets").json()] == [pet]
        assert client.get(f"/visits/{visit}").json()["person_id"] == stays


@pytest.mark.parametrize(
    ("more", "says", "mark"),
    [
        ({"state": one_of("open", "merged")}, "", {"state": "merged"}),
        ({"state": one_of("open", "closed")}, "Merge; the loser is closed", {"state": "closed"}),
        ({"merged_into_id": TEXT}, "", {"merged_into_id": "{a}"}),
    ],
)
def test_what_is_only_marked_stays(more: Any, says: str, mark: dict[str, str]) -> None:
    with people("/people/merge", thing(**TWO), ref("Person"), says, **more) as server:
        stays, goes = two(server.client)
        server.client.post("/people/merge", json={"winner_id": stays, "loser_id": goes})
        shown = server.client.get(f"/people/{goes}").json()
        for name, value in mark.items():
            assert shown[name] == value.replace("{a}", stays)


@pytest.mark.parametrize(
    "sent",
    [
        thing(ids=array(TEXT)),
        thing(first_id=TEXT, second_id=TEXT),
        thing(strategy=TEXT),
        thing(message=TEXT, title=TEXT),
    ],
)
def test_where_nothing_says_which_one_stays_none_goes(sent: Any) -> None:
    with people("/people/merge", sent) as server:
        stays, goes = two(server.client)
        given = {"ids": [stays, goes], "first_id": stays, "second_id": goes, "strategy": "x"}
        body = {n: v for n, v in given.items() if n in sent["properties"]}
        server.client.post("/people/merge", json=body)
        assert len(server.client.get("/people").json()) == 2


def test_an_unknown_one_is_told_before_anything_goes() -> None:
    sent = thing(target_id=TEXT, source_ids=array(TEXT))
    with people("/people/merge", sent, ref("Person")) as server:
        stays, goes = two(server.client)
        body = {"target_id": stays, "source_ids": [goes, "nobody"]}
        assert server.client.post("/people/merge", json=body).status_code == 404
        assert len(server.client.get("/people").json()) == 2


def test_into_itself_it_stays() -> None:
    with people("/people/merge", thing(**TWO), ref("Person")) as server:
        stays, _ = two(server.client)
        server.client.post("/people/merge", json={"winner_id": stays, "loser_id": stays})
        assert len(server.client.get("/people").json()) == 2
