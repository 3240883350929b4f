"""The generic engine on small documents: create, store, change, list and remove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from mockserver import MockServer
from mockserver.openapi.document import parse_document
from tests.engine.caller import Caller
from tests.support.documents import TEXT, answer, collection, document, thing

FIXTURES = Path(__file__).parent.parent / "fixtures"
DOCUMENTS = ("petstore", "jobs", "payments")


def mock(name: str, **options: Any) -> MockServer:
    return MockServer(FIXTURES / f"{name}.yaml", clock="manual", **{"seed": 7, **options})


@pytest.fixture
def pets() -> Iterator[httpx.Client]:
    with mock("petstore") as server:
        yield server.client


@pytest.fixture
def jobs() -> Iterator[MockServer]:
    with mock("jobs") as server:
        yield server


@pytest.fixture
def payments() -> Iterator[httpx.Client]:
    with mock("payments") as server:
        server.client.base_url = "http://mock.local/v1"
        yield server.client


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_operation_answers_validly(name: str) -> None:
    with mock(name) as server:
        caller = Caller(server)
        for _ in range(3):
            for operation in caller.contract.operations:
                response = caller.send(operation)
                assert not caller.problem(operation, response), operation.id


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_same_seed_is_the_same_world(name: str) -> None:
    def exchanges(seed: int) -> list[tuple[int, bytes]]:
        with mock(name, seed=seed) as server:
            caller = Caller(server)
            answers = [caller.send(operation) for operation in caller.contract.operations]
            return [(answer.status_code, answer.content) for answer in answers]

    assert exchanges(7) == exchanges(7)
    assert exchanges(7) != exchanges(8)


def test_reading_changes_nothing_and_time_neither() -> None:
    with mock("payments") as server:
        client = server.client_for("mock-a")
        client.base_url = "http://mock.local/v1"
        paths = ("/customers", "/categories", "/wallet", "/rates?currency=USD")
        before = [client.get(path).json() for path in paths]
        server.clock.advance(86_400)
        assert [client.get(path).json() for path in paths] == before
        assert [client.get(path).json() for path in reversed(paths)] == before[::-1]
        other = server.client_for("mock-b")
        other.base_url = client.base_url
        assert [other.get(path).json() for path in reversed(paths[:2])] == before[1::-1]


def test_worlds_are_apart() -> None:
    with mock("petstore") as server:
        made = new_owner(server.client_for("mock-a"))
        assert server.client_for("mock-b").get(f"/owners/{made['id']}").status_code == 404
        server.mock.store.reset("mock-a")
        assert server.client_for("mock-a").get(f"/owners/{made['id']}").status_code == 404


def test_ids_that_the_server_makes_are_the_same_again(jobs: MockServer) -> None:
    ids = [jobs.client.post("/exports", json={"format": "csv"}).json()["id"] for _ in range(3)]
    jobs.reset()
    again = [jobs.client.post("/exports", json={"format": "csv"}).json()["id"] for _ in range(3)]
    assert ids == again
    assert len(set(ids)) == 3


# -- create, fetch, list, replace, patch, remove


def new_owner(pets: httpx.Client, **more: Any) -> dict[str, Any]:
    response = pets.post("/owners", json={"name": "Ada", **more})
    assert response.status_code == 201
    assert response.headers["location"] == f"/owners/{response.json()['id']}"
    return dict(response.json())


@pytest.mark.parametrize("url", ["/v1", "v1", "https://vendor.test/v1/"])
@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_a_location_has_the_base_path_of_the_server(url: str, prefix: str) -> None:
    document = parse_document((FIXTURES / "petstore.yaml").read_bytes(), "petstore")
    with MockServer({**document, "servers": [{"url": url}]}) as server:
        made = server.client.post(f"{prefix}/owners", json={"name": "Ada"})
        assert made.headers["location"] == f"/v1/owners/{made.json()['id']}"
        assert server.client.get(made.headers["location"]).json() == made.json()


def test_what_is_made_is_there_until_it_is_removed(pets: httpx.Client) -> None:
    owner = new_owner(pets, city="Turin")
    assert owner["name"] == "Ada"
    assert owner["newsletter"] is True, "the documented default"
    assert owner["created_at"] == "2026-01-01T00:00:00.000000Z"
    url = f"/owners/{owner['id']}"
    assert pets.get(url).json() == owner
    assert owner in pets.get("/owners").json()["results"]
    assert pets.delete(url).status_code == 204
    assert pets.get(url).status_code == 404
    assert pets.delete(url).status_code == 404
    assert owner not in pets.get("/owners").json()["results"]


def test_ids_never_come_twice(pets: httpx.Client) -> None:
    ids = [new_owner(pets)["id"] for _ in range(5)]
    ids += [owner["id"] for owner in pets.get("/owners").json()["results"]]
    assert len(set(ids)) == 8, "five were made, three were there"


def test_children_live_under_their_parent(pets: httpx.Client) -> None:
    ada, bob = new_owner(pets)["id"], new_owner(pets)["id"]
    pet = pets.post(f"/owners/{ada}/pets", json={"name": "Rex"}).json()
    assert (pet["ownerId"], pet["status"]) == (ada, "available")
    assert pets.get(f"/owners/{ada}/pets").json() == [pet]
    assert pets.get(f"/owners/{bob}/pets").json() == []
    assert pets.get(f"/owners/{ada}/pets/{pet['id']}").json() == pet
    assert pets.get(f"/owners/{bob}/pets/{pet['id']}").status_code == 404
    assert pets.post("/owners/999999/pets", json={"name": "Rex"}).status_code == 404
    assert pets.get("/owners/999999/pets").status_code == 404
    pets.delete(f"/owners/{ada}")
    assert pets.get(f"/owners/{ada}/pets/{pet['id']}").status_code == 404


def test_a_replacement_forgets_what_it_does_not_say(pets: httpx.Client) -> None:
    ada = new_owner(pets)["id"]
    url = f"/owners/{ada}/pets"
    pet = pets.post(
        url, json={"name": "Rex", "weight": 3.5, "tags": ["a"], "status": "sold"}
    ).json()
    assert (pet["weight"], pet["tags"]) == (3.5, ["a"])
    found = pets.put(f"{url}/{pet['id']}", json={"name": "Max"}).json()
    assert (found["name"], found["weight"], found["status"]) == ("Max", None, "available")
    assert found["id"] == pet["id"]
    assert pets.get(f"{url}/{pet['id']}").json() == found


def test_patches_change_what_they_say() -> None:
    with mock("petstore") as server:
        pets = server.client
        ada = new_owner(pets)["id"]
        url = f"/owners/{ada}/pets"
        pet = pets.post(url, json={"name": "Rex", "weight": 3.5}).json()
        url = f"{url}/{pet['id']}"
        server.clock.advance(60)
        merge = {"content-type": "application/merge-patch+json"}
        found = pets.patch(url, content='{"weight": null}', headers=merge).json()
        assert (found["name"], found["weight"]) == ("Rex", None)
        assert found["createdAt"] == pet["createdAt"] < found["updatedAt"]
        edits = '[{"op": "replace", "path": "/name", "value": "Max"}]'
        json_patch = {"content-type": "application/json-patch+json"}
        assert pets.patch(url, content=edits, headers=json_patch).json()["name"] == "Max"
        same = pets.patch(url, content='{"name": "Max"}', headers=merge).json()
        assert same["name"] == "Max"
        assert pets.delete(url).json() == same, "the document answers what was removed"


def test_verbs_change_the_status(pets: httpx.Client) -> None:
    ada = new_owner(pets)["id"]
    pet = pets.post(f"/owners/{ada}/pets", json={"name": "Rex"}).json()
    assert pet["adoptedAt"] is None
    found = pets.post(f"/owners/{ada}/pets/{pet['id']}/adopt").json()
    assert (found["status"], found["adoptedAt"]) == ("adopted", "2026-01-01T00:00:00.000000Z")
    assert pets.get(f"/owners/{ada}/pets/{pet['id']}").json() == found


def test_one_of_a_kind_is_set_and_cleared(pets: httpx.Client) -> None:
    url = f"/owners/{new_owner(pets)['id']}/preferences"
    before = pets.get(url).json()
    assert before["language"] == "en", "the default, as nobody has set it"
    assert pets.put(url, json={"language": "de", "quiet": True}).json()["language"] == "de"
    assert pets.get(url).json() == {"language": "de", "quiet": True}
    other = f"/owners/{new_owner(pets)['id']}/preferences"
    assert pets.get(other).json()["language"] == "en"
    assert pets.delete(url).status_code == 204
    assert pets.get(url).json() == before
    assert pets.get("/owners/999999/preferences").status_code == 404


# -- lists


def test_offset_and_limit(pets: httpx.Client) -> None:
    for _ in range(4):
        new_owner(pets)
    rows = pets.get("/owners").json()["results"]
    page = pets.get("/owners", params={"limit": 3, "offset": 2}).json()
    assert page == {"results": rows[2:5], "total": 7, "limit": 3, "offset": 2}
    assert pets.get("/owners", params={"offset": 70}).json()["results"] == []


def test_filters_by_the_names_of_properties(pets: httpx.Client) -> None:
    ada = new_owner(pets, city="Turin")
    assert pets.get("/owners", params={"city": "Turin"}).json()["results"] == [ada]
    assert pets.get("/owners", params={"city": "Nowhere"}).json()["total"] == 0
    url = f"/owners/{ada['id']}/pets"
    rex = pets.post(url, json={"name": "Rex", "tags": ["a", "b"], "status": "sold"}).json()
    max_ = pets.post(url, json={"name": "Max", "tags": ["b"]}).json()
    assert pets.get(url, params={"status": "sold"}).json() == [rex]
    assert pets.get(url, params={"tags": ["a"]}).json() == [rex]
    assert pets.get(url, params={"tags": ["b"]}).json() == [rex, max_]


def test_sorting(pets: httpx.Client) -> None:
    for name in ("b", "C", "a"):
        new_owner(pets, name=name, city="Turin")
    for wish, names in (("name", "abC"), ("-name", "Cba"), ("name:desc", "Cba")):
        page = pets.get("/owners", params={"city": "Turin", "sort": wish}).json()
        assert "".join(owner["name"] for owner in page["results"]) == names


def test_a_bare_array_has_its_next_page_in_a_link(pets: httpx.Client) -> None:
    first = pets.get("/breeds")
    assert len(first.json()) == 2
    assert '?page=2&per_page=2>; rel="next"' in first.headers["link"]
    second = pets.get("/breeds", params={"page": 2})
    assert len(second.json()) == 1
    assert 'rel="next"' not in second.headers["link"]
    assert '?page=1&per_page=2>; rel="prev"' in second.headers["link"]
    codes = [breed["code"] for breed in first.json() + second.json()]
    assert len(set(codes)) == 3
    assert pets.get(f"/breeds/{codes[2]}").json() == second.json()[0]
    assert pets.get("/breeds/zzzz").status_code == 404


def test_a_cursor_goes_on_where_the_page_ended(payments: httpx.Client) -> None:
    for slug in ("eins", "zwei", "drei"):
        assert payments.post("/categories", json={"slug": slug}).status_code == 201
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = payments.get("/categories", params={"cursor": cursor} if cursor else {}).json()
        assert len(page["categories"]) <= 2
        seen += [row["slug"] for row in page["categories"]]
        cursor = page["nextCursor"]
    assert len(seen) == len(set(seen)) == 6
    assert {"eins", "zwei", "drei"} <= set(seen)
    assert payments.get("/categories", params={"cursor": "garbage"}).status_code == 422


@pytest.mark.parametrize(
    ("named", "first", "second"),
    [
        ({"offset": {**TEXT, "default": "0"}}, {"offset": "0"}, {"offset": "2"}),
        ({"skip": {**TEXT, "default": "0"}}, {"skip": "0"}, {"skip": "2"}),
        ({"page": {**TEXT, "default": "0"}}, {"page": "0"}, {"page": "1"}),
        ({"page": {**TEXT, "default": "1"}}, {"page": "1"}, {"page": "2"}),
        ({"cursor": {**TEXT, "default": "*"}}, {"cursor": "*"}, {"cursor": "next"}),
        ({"page_token": {**TEXT, "default": "0"}}, {"page_token": "0"}, {"page_token": "next"}),
    ],
)
def test_a_text_that_asks_for_a_page_may_have_a_default(
    named: dict[str, Any], first: dict[str, str], second: dict[str, str]
) -> None:
    schema = thing("id name", id=TEXT, name=TEXT)
    paths = collection("/notes", schema, thing("name", name=TEXT))
    paths["/notes"]["get"] = {
        "parameters": [
            {"name": name, "in": "query", "schema": one}
            for name, one in {**named, "limit": {**TEXT, "default": "2"}}.items()
        ],
        "responses": {
            "200": answer(thing("notes", notes={"type": "array", "items": schema}, next=TEXT))
        },
    }
    with MockServer(document(paths)) as server:
        for name in "abc":
            assert server.client.post("/notes", json={"name": name}).status_code == 201
        page = server.client.get("/notes")
        assert len(page.json()["notes"]) == 2
        assert server.client.get("/notes", params=first).json()["notes"] == page.json()["notes"]
        asked = {name: value.replace("next", page.json()["next"]) for name, value in second.items()}
        other = server.client.get("/notes", params=asked)
        assert other.status_code == 200, other.text
        assert not [note for note in other.json()["notes"] if note in page.json()["notes"]]


def test_an_id_as_cursor(payments: httpx.Client) -> None:
    ids = [payments.post("/customers", data={"name": f"n{i}"}).json()["id"] for i in range(3)]
    page = payments.get("/customers", params={"limit": 2}).json()
    assert [row["id"] for row in page["data"]] == ids[:0:-1], "most recent first, it says"
    assert page["has_more"] is True
    more = payments.get("/customers", params={"limit": 2, "starting_after": ids[1]}).json()
    assert more["data"][0]["id"] == ids[0]


# -- other shapes


def test_forms_and_posts_to_one_thing(payments: httpx.Client) -> None:
    made = payments.post("/customers", data={"name": "Ada", "email": "ada@example.com"})
    assert made.status_code == 200
    customer = made.json()
    assert (customer["name"], customer["object"]) == ("Ada", "customer")
    assert customer["created"] == 1_767_225_600
    url = f"/customers/{customer['id']}"
    assert payments.post(url, data={"name": "Bob"}).json()["name"] == "Bob"
    assert payments.get(url).json() == {**customer, "name": "Bob"}
    assert payments.delete(url).json() == {"id": customer["id"], "deleted": True}
    assert payments.get(url).status_code == 404, "documented as default"


def test_a_wrapped_thing(payments: httpx.Client) -> None:
    body = {"wallet": {"currency": "EUR", "balance": 12.5}}
    assert payments.patch("/wallet", json=body).json() == body
    assert payments.get("/wallet").json() == body


def test_an_id_that_the_client_chooses(payments: httpx.Client) -> None:
    method = {"type": "card", "last4": "4242"}
    made = payments.post("/categories", json={"slug": "books", "method": method})
    assert made.json()["method"] == method
    assert payments.get("/categories/books").json() == made.json()
    assert payments.post("/categories", json={"slug": "books"}).status_code == 409
    assert payments.delete("/categories/books").status_code == 202
    assert payments.get("/categories/books").status_code == 404


def test_an_answer_from_the_schema_says_what_was_asked(payments: httpx.Client) -> None:
    answer = payments.get("/rates", params={"currency": "USD"}).json()
    assert answer["currency"] == "USD"
    assert answer == payments.get("/rates", params={"currency": "USD"}).json()


# -- jobs


def test_a_job_moves_on_the_clock_alone(jobs: MockServer) -> None:
    made = jobs.client.post("/exports", json={"format": "csv"})
    assert made.status_code == 202
    job = made.json()
    assert (job["status"], job["started_at"], job["completed_at"]) == ("queued", None, None)
    url = f"/exports/{job['id']}"
    for _ in range(3):
        assert jobs.client.get(url).json() == job, "reading changes nothing"
    jobs.clock.advance(2)
    running = jobs.client.get(url).json()
    assert (running["status"], running["completed_at"]) == ("running", None)
    assert running["started_at"] == "2026-01-01T00:00:01.000000Z"
    jobs.clock.advance(10)
    done = jobs.client.get(url).json()
    assert (done["status"], done["completed_at"]) == ("succeeded", "2026-01-01T00:00:05.000000Z")
    listed = jobs.client.get("/exports", params={"status": "succeeded"}).json()["data"]
    assert listed[-1] == {"id": job["id"], "status": "succeeded", "created_at": job["created_at"]}


def test_cancel_and_retry(jobs: MockServer) -> None:
    job = jobs.client.post("/exports", json={"format": "csv", "note": "n"}).json()
    url = f"/exports/{job['id']}"
    jobs.clock.advance(2)
    assert jobs.client.post(f"{url}:cancel").json()["status"] == "canceled"
    jobs.clock.advance(60)
    assert jobs.client.get(url).json()["status"] == "canceled"
    assert jobs.client.post(f"{url}:cancel").status_code == 409
    again = jobs.client.post(f"{url}/retry")
    assert (again.status_code, again.json()["status"]) == (202, "queued")
    jobs.clock.advance(60)
    assert jobs.client.get(url).json()["status"] == "succeeded"
    copy = jobs.client.post(f"{url}/clone").json()
    assert (copy["note"], copy["status"]) == ("n", "queued")
    assert copy["id"] != job["id"]
    assert jobs.client.post(f"/exports/{uuid4()}:cancel").status_code == 404


def test_pages_by_number(jobs: MockServer) -> None:
    before = jobs.client.get("/exports").json()["meta"]["total_count"]
    for _ in range(7 - before):
        jobs.client.post("/exports", json={"format": "csv"})
    page = jobs.client.get("/exports", params={"page": 2, "page_size": 3}).json()
    assert len(page["data"]) == 3
    assert page["meta"] == {"page": 2, "page_size": 3, "total_count": 7, "total_pages": 3}
    later = {"created_after": "2026-01-01T00:00:00Z"}
    assert jobs.client.get("/exports", params=later).json()["meta"]["total_count"] == 7 - before


def test_media_types_that_are_not_json(jobs: MockServer) -> None:
    job = jobs.client.post("/exports", json={"format": "csv"}).json()
    file = jobs.client.get(f"/exports/{job['id']}/file")
    assert (file.status_code, file.headers["content-type"]) == (200, "text/csv")
    assert int(file.headers["x-rows"]) >= 0
    events = jobs.client.get("/events")
    assert events.headers["content-type"] == "text/event-stream"
    assert events.text.startswith("data: ")
    assert jobs.client.get("/feed").text.startswith("<")


# -- what a client prefers


@pytest.mark.parametrize("code", [200, 404])
def test_a_preferred_status(jobs: MockServer, code: int) -> None:
    url = f"/exports/{uuid4()}"
    response = jobs.client.get(url, headers={"prefer": f"code={code}"})
    assert response.status_code == code


def test_a_preferred_example(payments: httpx.Client) -> None:
    query = {"currency": "USD"}
    wish = {"prefer": "example=usual"}
    answer = payments.get("/rates", params=query, headers=wish).json()
    assert answer == {"currency": "EUR", "rates": {"USD": 1.1}}
    refusal = payments.get("/rates", params=query, headers={"prefer": "example=odd"})
    assert refusal.status_code == 400
    assert "usual" in refusal.text


def test_dynamic_answers_differ_and_keep_nothing(jobs: MockServer) -> None:
    wish = {"prefer": "dynamic=true"}
    before = jobs.client.get("/exports").json()
    first, second = (
        jobs.client.post("/exports", json={"format": "csv"}, headers=wish).json() for _ in "ab"
    )
    assert first["id"] != second["id"]
    assert jobs.client.get("/exports").json() == before
