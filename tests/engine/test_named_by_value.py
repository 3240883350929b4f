"""Requests at the path of a collection that name entities by what is in their body or query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing

Json = dict[str, Any]
BOAT = thing("name", id=WHOLE, name=TEXT, berth=TEXT, length=WHOLE)
ROWS: Json = {"type": "array", "items": BOAT}
TEXTS: Json = {"type": "array", "items": TEXT}
IDS: Json = {"type": "array", "items": WHOLE}
ITEM: Json = {
    "parameters": [{"name": "boatId", "in": "path", "required": True, "schema": WHOLE}],
    "get": {"responses": {"200": answer(BOAT), "404": answer()}},
}
Open = Callable[..., httpx.Client]


@pytest.fixture
def boats() -> Iterator[Open]:
    """A harbour with three boats, and more operations at `/boats`."""
    with ExitStack() as stack:

        def made(more: Json, paths: Json | None = None) -> httpx.Client:
            one = {
                "get": {"responses": {"200": answer(ROWS)}},
                "post": {"requestBody": body(BOAT), "responses": {"201": answer(BOAT)}},
                **more,
            }
            source = document({"/boats": one, "/boats/{boatId}": ITEM, **(paths or {})})
            client = stack.enter_context(MockServer(source, seeds="none")).client
            for name in ("Ada", "Bea", "Cia"):
                client.post("/boats", json={"name": name, "berth": f"{name}-1", "length": 7})
            return client

        yield made


def names(client: httpx.Client) -> list[str]:
    return [one["name"] for one in client.get("/boats").raise_for_status().json()]


def ids(client: httpx.Client) -> list[int]:
    return [one["id"] for one in client.get("/boats").raise_for_status().json()]


def required(name: str, schema: Any = None, needed: bool = True) -> Json:
    return {"name": name, "in": "query", "required": needed, "schema": schema or TEXT}


def test_put_is_of_the_one_with_the_id_in_the_body(boats: Open) -> None:
    done = {"200": answer(), "404": answer()}
    client = boats(
        {"put": {"summary": "Update a boat", "requestBody": body(BOAT), "responses": done}}
    )
    second = ids(client)[1]
    assert client.put("/boats", json={"id": second, "name": "Dora"}).status_code == 200
    assert names(client) == ["Ada", "Dora", "Cia"]
    assert client.get(f"/boats/{second}").json()["name"] == "Dora"
    assert client.put("/boats", json={"id": 99, "name": "Eva"}).status_code == 404
    assert len(names(client)) == 3


def test_patch_keeps_what_is_not_sent(boats: Open) -> None:
    sent = thing("id", **BOAT["properties"])
    client = boats({"patch": {"requestBody": body(sent), "responses": {"200": answer(BOAT)}}})
    first = ids(client)[0]
    shown = client.patch("/boats", json={"id": first, "length": 9}).json()
    assert (shown["name"], shown["length"], shown["berth"]) == ("Ada", 9, "Ada-1")
    assert len(names(client)) == 3


def test_what_is_said_to_make_one_still_does(boats: Open) -> None:
    put = {"summary": "Create or update a boat", "requestBody": body(BOAT)}
    client = boats({"put": {**put, "responses": {"200": answer(BOAT)}}})
    assert client.put("/boats", json={"name": "Dora"}).status_code == 200
    assert names(client) == ["Ada", "Bea", "Cia", "Dora"]


def test_put_is_of_the_one_with_the_id_in_the_query(boats: Open) -> None:
    put = {"parameters": [required("boatId", WHOLE)], "requestBody": body(BOAT)}
    client = boats({"put": {**put, "responses": {"204": answer()}}})
    third = ids(client)[2]
    assert client.put("/boats", params={"boatId": third}, json={"name": "Eva"}).status_code == 204
    assert names(client) == ["Ada", "Bea", "Eva"]


@pytest.mark.parametrize(
    ("sent", "value", "left"),
    [
        (thing("berths", berths=TEXTS), {"berths": ["Ada-1", "Cia-1"]}, ["Bea"]),
        (thing("boat_berth", boat_berth=TEXT), {"boat_berth": "Bea-1"}, ["Ada", "Cia"]),
        (thing("names", names=TEXTS), {"names": ["Cia"]}, ["Ada", "Bea"]),
        (thing("name berth", name=TEXT, berth=TEXT), {"name": "Ada", "berth": "x"}, 3),
        (thing("names", names=TEXTS), {"names": []}, 3),
    ],
)
def test_delete_of_those_with_a_value(boats: Open, sent: Json, value: Json, left: Any) -> None:
    client = boats({"delete": {"requestBody": body(sent), "responses": {"204": answer()}}})
    assert client.request("DELETE", "/boats", json=value).status_code == 204
    assert names(client) == left if isinstance(left, list) else len(names(client)) == left


def test_delete_of_the_one_that_the_query_names(boats: Open) -> None:
    gone = {"parameters": [required("berth")], "responses": {"204": answer()}}
    client = boats({"delete": gone})
    assert client.delete("/boats", params={"berth": "Bea-1"}).status_code == 204
    assert client.delete("/boats", params={"berth": "none"}).status_code == 204
    assert names(client) == ["Ada", "Cia"]


def test_the_only_required_id_is_that_of_the_one_meant(boats: Open) -> None:
    gone = {"parameters": [required("shipId", WHOLE)], "responses": {"204": answer()}}
    client = boats({"delete": gone})
    assert client.delete("/boats", params={"shipId": ids(client)[0]}).status_code == 204
    assert names(client) == ["Bea", "Cia"]


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"dry_run": "true"}, 3),
        ({"dry_run": "false"}, 0),
        ({"colour": "red"}, 3),
        ({"force": "true"}, 0),
        ({"name": "Ada", "colour": "red"}, 2),
    ],
)
def test_only_what_a_query_means_is_removed(boats: Open, query: Json, left: int) -> None:
    wanted = [required(name, needed=False) for name in ("dry_run", "colour", "force", "name")]
    client = boats({"delete": {"parameters": wanted, "responses": {"204": answer()}}})
    assert client.delete("/boats", params=query).status_code == 204
    assert len(names(client)) == left


def test_those_with_the_ids_get_the_same_values(boats: Open) -> None:
    sent = thing("objectIds", objectIds=IDS, berth=TEXT, notify={"type": "boolean"})
    client = boats({"put": {"requestBody": body(sent), "responses": {"204": answer()}}})
    first, second, _ = ids(client)
    wanted = {"objectIds": [first, second, 99], "berth": "B7"}
    assert client.put("/boats", json=wanted).status_code == 204
    assert [one["berth"] for one in client.get("/boats").json()] == ["B7", "B7", "Cia-1"]


def test_an_array_of_changes_under_any_name(boats: Open) -> None:
    row = thing("id", id=WHOLE, length=WHOLE, berth=TEXT)
    sent = thing("boatChanges", boatChanges={"type": "array", "items": row})
    client = boats(
        {"put": {"summary": "Updates", "requestBody": body(sent), "responses": {"204": answer()}}}
    )
    first, *_ = ids(client)
    client.put(
        "/boats", json={"boatChanges": [{"id": first, "length": 3}, {"id": 99, "length": 4}]}
    )
    assert [one["length"] for one in client.get("/boats").json()] == [3, 7, 7]


@pytest.mark.parametrize("word", ["createWithArray", "create-list", "_bulk", "addMany"])
def test_several_are_made_behind_a_verb(boats: Open, word: str) -> None:
    making = {"post": {"requestBody": body(ROWS), "responses": {"200": answer()}}}
    client = boats({}, {f"/boats/{word}": making})
    assert (
        client.post(f"/boats/{word}", json=[{"name": "Dora"}, {"name": "Eva"}]).status_code == 200
    )
    assert names(client) == ["Ada", "Bea", "Cia", "Dora", "Eva"]


NOTE = thing("text", text=TEXT, at=TEXT, by=TEXT)


@pytest.mark.parametrize(
    ("sent", "value", "texts"),
    [
        (thing("text", text=TEXT, by=TEXT), {"text": "a", "by": "Ada"}, ["a"]),
        (thing("entry", entry=NOTE), {"entry": {"text": "b"}}, ["b"]),
        (thing("texts", texts=TEXTS), {"texts": ["c", "d"]}, ["c", "d"]),
    ],
)
def test_rows_without_an_id_are_made(sent: Json, value: Json, texts: list[str]) -> None:
    rows = answer(thing("notes total", notes={"type": "array", "items": NOTE}, total=WHOLE))
    one = {
        "get": {"responses": {"200": rows}},
        "post": {"requestBody": body(sent), "responses": {"200": answer(thing(ok=TEXT))}},
    }
    with MockServer(document({"/notes": one}), seeds="none") as server:
        assert server.client.post("/notes", json=value).status_code == 200
        shown = server.client.get("/notes").json()
        assert [one["text"] for one in shown["notes"]] == texts
        assert shown["total"] == len(texts)


@pytest.mark.parametrize(
    ("path", "post"),
    [
        ("/boats/{boatId}/duplicate", {"responses": {"200": answer()}}),
        ("/boats/{boatId}/clone", {"responses": {"204": answer()}}),
        ("/boats/{boatId}/copy", {"responses": {"202": answer({"type": "object"})}}),
        ("/boats/fork/{boatId}", {"responses": {"200": answer()}}),
        (
            "/boats/{boatId}",
            {"summary": "Duplicates a boat", "requestBody": body(thing("berth", berth=TEXT)),
             "responses": {"201": answer(BOAT)}},
        ),
    ],
)  # fmt: skip
def test_a_copy_that_no_response_shows_is_listed(boats: Open, path: str, post: Json) -> None:
    extra = {path: {"parameters": ITEM["parameters"], "post": post}}
    if path == "/boats/{boatId}":
        extra[path] |= {"get": ITEM["get"]}
    client = boats({}, extra)
    second = ids(client)[1]
    sent = {"berth": "C1"} if "requestBody" in post else None
    assert client.post(path.replace("{boatId}", str(second)), json=sent).is_success
    assert names(client) == ["Ada", "Bea", "Cia", "Bea"]
    assert len(set(ids(client))) == 4
    assert client.get(f"/boats/{second}").json()["berth"] == "Bea-1"


@pytest.mark.parametrize("word", ["parts/copy", "clone"])
def test_what_is_put_elsewhere_is_no_copy_beside_it(boats: Open, word: str) -> None:
    post = {"requestBody": body(thing("", targetHarbourId=TEXT)), "responses": {"204": answer()}}
    client = boats({}, {f"/boats/{{boatId}}/{word}": {**ITEM, "post": post}})
    sent = {"targetHarbourId": "h"}
    assert client.post(f"/boats/{ids(client)[0]}/{word}", json=sent).status_code == 204
    assert len(ids(client)) == 3


@pytest.mark.parametrize(
    ("put", "sent"),
    [
        ({"summary": "Updates the title of a boat"}, {"name": "Dora"}),
        ({"summary": "Edit a boat"}, {"berth": "B1"}),
    ],
)
def test_a_change_that_names_nothing_makes_nothing(boats: Open, put: Json, sent: Json) -> None:
    fields = thing("", name=TEXT, berth=TEXT)
    done = {"200": answer(BOAT), "404": answer()}
    client = boats({"patch": {**put, "requestBody": body(fields), "responses": done}})
    client.patch("/boats", json=sent)
    assert names(client) == ["Ada", "Bea", "Cia"]


@pytest.mark.parametrize("text", ["Delete a boat", "Removes the given boat", "Delete one boat"])
def test_what_says_that_it_removes_one_leaves_the_others(boats: Open, text: str) -> None:
    client = boats({"delete": {"summary": text, "responses": {"204": answer()}}})
    assert client.delete("/boats").status_code == 204
    assert len(names(client)) == 3


CREW = thing("name", name=TEXT, rank=TEXT)
CREWS = {"type": "array", "items": CREW}


@pytest.mark.parametrize(
    ("sent", "value", "left"),
    [
        (CREWS, [{"name": "Max"}, {"name": "Moe"}], ["Max", "Moe"]),
        (thing("crew", crew=CREWS), {"crew": [{"name": "Max", "rank": "2"}]}, ["Max"]),
        (thing("sailors", sailors=TEXTS), {"sailors": ["Max", "Moe"]}, ["Max", "Moe"]),
        (thing("names", names=TEXTS), {"names": ["Max"]}, ["Max"]),
        (thing("sailors", sailors=TEXTS), {"sailors": []}, []),
        (CREWS, [], []),
    ],
)
def test_put_of_an_array_replaces_those_of_one_entity(
    boats: Open, sent: Json, value: Any, left: list[str]
) -> None:
    crew = {
        "parameters": ITEM["parameters"],
        "get": {"responses": {"200": answer(CREWS)}},
        "post": {"requestBody": body(CREW), "responses": {"201": answer(CREW)}},
        "put": {
            "summary": "Replaces the sailors of a boat",
            "requestBody": body(sent),
            "responses": {"204": answer()},
        },
    }
    client = boats({}, {"/boats/{boatId}/sailors": crew})
    first, second, _ = ids(client)
    for boat in (first, second):
        client.post(f"/boats/{boat}/sailors", json={"name": "Lee", "rank": "1"})
    assert client.put(f"/boats/{first}/sailors", json=value).status_code == 204
    shown = [
        [one["name"] for one in client.get(f"/boats/{boat}/sailors").json()]
        for boat in (first, second)
    ]
    assert shown == [left, ["Lee"]]
