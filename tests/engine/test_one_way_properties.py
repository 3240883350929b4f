"""The server sets readOnly properties, and never returns writeOnly ones, at any depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from tests.support.documents import JSON_PATCH, TEXT, WHOLE, collection, document, thing

SERVERS: dict[str, Any] = {**TEXT, "readOnly": True}
SECRET: dict[str, Any] = {**TEXT, "writeOnly": True}
WHEN = {**SERVERS, "format": "date-time"}
OWNER = thing("id name", id=SERVERS, name=TEXT, rank=SERVERS, pin=SECRET)
CAR = thing(
    "id name made_at password",
    id=SERVERS,
    name=TEXT,
    made_at=WHEN,
    password=SECRET,
    owner={"$ref": "#/components/schemas/Owner"},
    plate={"allOf": [{"$ref": "#/components/schemas/Plate"}], "readOnly": True},
    seats={"type": "array", "items": thing("", label=TEXT, number=SERVERS, code=SECRET)},
    either={"oneOf": [thing("a", a=TEXT, seen=SERVERS), thing("b", b=TEXT, key=SECRET)]},
)
SENT = {"name": "Ada", "password": "p"}


@pytest.fixture(scope="module", params=["3.0.3", "3.1.0"])
def cars(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    car = {"$ref": "#/components/schemas/Car"}
    schemas = {"Car": CAR, "Owner": OWNER, "Plate": thing("text", text=TEXT)}
    paths = collection("/cars", car, car, "422", change={"type": "object"})
    with MockServer(document(paths, request.param, schemas=schemas), clock="manual") as server:
        yield server.client


def made(cars: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = cars.post("/cars", json={**SENT, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    assert cars.get(f"/cars/{found['id']}").json() == found
    return found


@pytest.mark.parametrize(
    ("sent", "never"),
    [
        ({"id": "m1ne"}, "m1ne"),
        ({"made_at": "1999-01-01T00:00:00Z"}, "1999"),
        ({"plate": {"text": "B 1"}}, "B 1"),
        ({"owner": {"name": "Eve", "rank": "f1rst"}}, "f1rst"),
        ({"seats": [{"label": "l", "number": "n9"}]}, "n9"),
        ({"either": {"a": "x", "seen": "n3ver"}}, "n3ver"),
    ],
)
def test_what_is_the_servers_is_taken_and_not_taken_over(
    cars: httpx.Client, sent: dict[str, Any], never: str
) -> None:
    assert never not in str(made(cars, **sent))


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"owner": {"name": "Eve", "pin": "hidden"}},
        {"seats": [{"label": "l", "code": "hidden"}, {"code": "hidden"}]},
        {"either": {"b": "y", "key": "hidden"}},
        {"owner": {"id": "e", "name": "Eve", "pin": "hidden"}, "seats": []},
    ],
)
def test_what_is_never_shown_can_be_sent(cars: httpx.Client, sent: dict[str, Any]) -> None:
    found = made(cars, **sent)
    assert "password" not in found
    assert "hidden" not in str(found)
    shown = {name: found[name] for name in sent}
    assert "Eve" in str(shown) or "Eve" not in str(sent)


def test_the_id_that_names_a_part_is_kept(cars: httpx.Client) -> None:
    assert made(cars, owner={"id": "own_1", "name": "Eve"})["owner"]["id"] == "own_1"


def test_what_was_read_can_be_sent_back_whole(cars: httpx.Client) -> None:
    before = made(cars)
    url = f"/cars/{before['id']}"
    back = {**before, "password": "q", "name": "Bob", "id": "other"}
    assert cars.put(url, json=back).json() == {**before, "name": "Bob"}
    assert cars.put(url, json=SENT).json() == before  # and what the server said stays
    assert cars.get("/cars/other").status_code == 404


@pytest.mark.parametrize("name", ["id", "made_at"])
def test_a_patch_changes_nothing_of_the_servers(cars: httpx.Client, name: str) -> None:
    before = made(cars)
    url = f"/cars/{before['id']}"
    steps = [
        {"op": "replace", "path": f"/{name}", "value": "2001-01-01T00:00:00Z"},
        {"op": "replace", "path": "/name", "value": "Bob"},
    ]
    after = cars.patch(url, json=steps, headers={"content-type": JSON_PATCH})
    assert after.json() == {**before, "name": "Bob"}


def test_what_is_required_is_required_one_way(cars: httpx.Client) -> None:
    assert "id" in made(cars)
    without = cars.post("/cars", json={"name": "Ada"})
    assert without.status_code == 422
    assert "password" in without.text


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_a_request_lists_is_the_clients_whatever_responses_call_it(version: str) -> None:
    labels = {"type": "object", "additionalProperties": TEXT}
    shown = thing("id", id=SERVERS, region=SERVERS, labels={**labels, "readOnly": True})
    sent = thing("region", region=TEXT, labels=labels)
    paths = collection("/hosts", shown, sent, change=thing(labels=labels))
    with MockServer(document(paths, version)) as server:
        host = server.client.post("/hosts", json={"region": "north", "labels": {"a": "1"}}).json()
        assert (host["region"], host["labels"]) == ("north", {"a": "1"})
        path = f"/hosts/{host['id']}"
        server.client.patch(path, json={"labels": {"b": "2"}})
        assert server.client.get(path).json() == {**host, "labels": {"b": "2"}}


SETTINGS = thing(cores=WHOLE, mode=TEXT, made=WHEN, disk=thing(kind=TEXT, cores=WHOLE))


@pytest.mark.parametrize(
    ("change", "sent", "after"),
    [
        (thing(mode=TEXT), {"mode": "b"}, {"cores": 4, "mode": "b", "disk": {"kind": "k"}}),
        (
            thing(disk=thing(cores=WHOLE)),
            {"disk": {"cores": 9}},
            {"cores": 4, "mode": "a", "disk": {"kind": "k", "cores": 9}},
        ),
        (thing(mode=TEXT), {}, {"cores": 4, "disk": {"kind": "k"}}),
        # What a change can name, it replaces, but for what is the server's to say.
        (SETTINGS, {"mode": "b"}, {"mode": "b"}),
        ({"type": "object"}, {"mode": "b"}, {"mode": "b"}),
    ],
)
def test_a_change_keeps_what_it_cannot_name(change: Any, sent: Any, after: Any) -> None:
    shown = thing("id", id=SERVERS, settings=SETTINGS)
    paths = collection("/hosts", shown, thing(settings=SETTINGS), change=thing(settings=change))
    with MockServer(document(paths)) as server:
        settings = {"cores": 4, "mode": "a", "disk": {"kind": "k"}}
        host = server.client.post("/hosts", json={"settings": settings}).json()["id"]
        server.client.patch(f"/hosts/{host}", json={"settings": sent})
        found = server.client.get(f"/hosts/{host}").json()["settings"]
        found.pop("made", None)
        assert found == after
