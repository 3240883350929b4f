"""Stubs: which requests they match, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.errors import BadRequest
from tests.engine.test_examples import JERRY, TOM, pets
from tests.server.running import running


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer(pets([TOM, JERRY])) as started:
        yield started


def test_it_answers_as_often_as_it_says(mock: MockServer) -> None:
    stub = mock.stub("getPet", json={"id": 7, "name": "Stub"}, times=2)
    got = [mock.client.get("/pets/7").json()["name"] for _ in range(3)]
    assert got == ["Stub", "Stub", "Tom"]
    assert stub.calls == 2


@pytest.mark.parametrize(
    ("operation", "spec", "says"),
    [
        ("getPet", {"when": {"quary": {"n": 1}}}, "did you mean 'query'?"),
        ("createPet", {"when": {"bdy": {"name": "x"}}}, "did you mean 'body'?"),
        ("getPet", {"when": {"ide": 7}}, "no 'ide'; did you mean 'id'?"),
        ("removePet", {"when": {"path": {"pet": 7}}}, "no 'pet' in its path; there is id"),
        ("getPet", {"json": {"name": "{{ reqest.path.id }}"}}, "did you mean 'request'?"),
        ("getPet", {"json": [{"a": "x {{request.bdy.name}}"}]}, "did you mean 'body'?"),
        ("getPet", {"text": "{{ request.path.pet_id }}"}, "the path has no 'pet_id'"),
        ("getPet", {"headers": {"X": "{{ world.pet.7.name }}"}}, "did you mean 'pets'?"),
        ("getPet", {"json": "{{ request }}"}, "a request has no ''"),
    ],
)
def test_a_name_that_nothing_has_is_told(
    mock: MockServer, operation: str, spec: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadRequest) as raised:
        mock.stub(operation, **spec, invalid=True)
    assert says in raised.value.message


def test_other_braces_are_text(mock: MockServer) -> None:
    mock.stub(
        "getPet", json={"id": 1, "name": "Dear {{ name }}, {{owner.city}} {{ request.path.id }}"}
    )
    assert mock.client.get("/pets/7").json()["name"] == "Dear {{ name }}, {{owner.city}} 7"


def test_any_query_parameter_can_be_meant(mock: MockServer) -> None:
    mock.stub("getPet", json={"id": 1, "name": "Stub"}, when={"query": {"debug": "1"}})
    assert mock.client.get("/pets/7").json()["name"] == "Tom"


def test_status_headers_and_no_body(mock: MockServer) -> None:
    mock.stub("removePet", headers={"X-Trace": "1"})
    answer = mock.client.delete("/pets/7")
    assert (answer.status_code, answer.headers["x-trace"], answer.content) == (204, "1", b"")
    assert mock.client.get("/pets/7").status_code == 200, "nothing was done"
    mock.stub("getPet", status=404)
    assert mock.client.get("/pets/7").status_code == 404


@pytest.mark.parametrize(
    ("when", "hits"),
    [
        ({"path": {"id": 7}}, [7]),
        ({"path": {"id": "7"}}, [7]),
        ({"id": 8}, [8]),
        ({"headers": {"X-Way": "a"}}, [7, 8]),
        ({"headers": {"X-Way": "b"}}, []),
        ({"query": {"n": 1}}, []),
        (lambda request: request.path["id"] > 7, [8]),
    ],
)
def test_it_is_for_some_requests(mock: MockServer, when: Any, hits: list[int]) -> None:
    mock.stub("getPet", json={"id": 1, "name": "Stub"}, when=when)
    got = [
        n for n in (7, 8) if mock.client.get(f"/pets/{n}", headers={"x-way": "a"}).json()["id"] == 1
    ]
    assert got == hits


def test_the_body_and_the_newest(mock: MockServer) -> None:
    mock.stub("createPet", json={"id": 1, "name": "any"})
    mock.stub("createPet", json={"id": 2, "name": "x"}, when={"body": {"name": "x"}})
    assert mock.client.post("/pets", json={"name": "x"}).json()["id"] == 2
    assert mock.client.post("/pets", json={"name": "y"}).json()["id"] == 1


def test_places_are_filled(mock: MockServer) -> None:
    body = {"id": "{{ request.path.id }}", "name": "{{world.pets.8.name}} of {{ world.pets }}"}
    mock.client.get("/pets")
    mock.stub("getPet", json=body)
    assert mock.client.get("/pets/7").json() == {"id": 7, "name": "Jerry of 2"}
    mock.stub("createPet", json={"id": 1, "name": "{{ request.body.name }}!"})
    assert mock.client.post("/pets", json={"name": "Rex"}).json()["name"] == "Rex!"


def test_only_what_is_meant_to_breaks_the_contract(mock: MockServer) -> None:
    with pytest.raises(BadRequest, match="breaks the contract"):
        mock.stub("getPet", json={"id": "seven"})
    mock.stub("getPet", json={"id": "seven"}, invalid=True)
    assert mock.client.get("/pets/7").json() == {"id": "seven"}
    entry = next(mock.recorder.entries())
    assert "as it is meant to" in entry.exchange.problem
    mock.stub("getPet", json={"id": "{{ now }}", "name": "x"})
    assert mock.client.get("/pets/7").status_code == 500, "found out when it is filled"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"operation": "getPat"}, "did you mean 'getPet'?"),
        ({"operation": "getPet", "jsn": {}}, "did you mean 'json'?"),
        ({"operation": "getPet", "status": 42}, "status takes"),
        ({"operation": "getPet", "times": 0}, "times takes"),
        ({"operation": "getPet", "delay": -1}, "delay takes"),
        ({"operation": "getPet", "headers": {"a": 1}}, "headers takes"),
        ({"operation": "getPet", "headers": {"a b": "c"}}, "'a b' is no name of a header"),
        ({"operation": "getPet", "headers": {"Content-Length": "5"}}, "or the server sets it"),
        ({"operation": "getPet", "status": 101}, "status takes a whole number from 200"),
        ({"operation": "getPet", "status": 204, "json": {}}, "status 204 has no body"),
        ({"operation": "getPet", "status": 304, "text": "", "invalid": True}, "has no body"),
        ({"operation": "getPet", "when": 3}, "when takes"),
        ({"operation": "getPet", "text": "a", "json": 1}, "not both"),
    ],
)
def test_what_is_wrong_is_told(mock: MockServer, spec: dict[str, Any], words: str) -> None:
    operation = spec.pop("operation")
    with pytest.raises(BadRequest) as raised:
        mock.stub(operation, **spec)
    assert words in str(raised.value)


def test_it_belongs_to_one_tenant(mock: MockServer) -> None:
    with mock.tenant("one") as one, mock.tenant("two") as two:
        one.stub("getPet", json={"id": 1, "name": "Stub"})
        assert one.client.get("/pets/7").json()["id"] == 1
        assert two.client.get("/pets/7").json()["id"] == 7
        assert mock.mock.stubs.active
    assert not mock.mock.stubs.active


def test_over_the_admin_api() -> None:
    with running("feather") as url, httpx.Client(base_url=url, verify=False) as http:
        sent = {"operation": "listAgents", "status": 429, "invalid": True, "json": {"slow": "down"}}
        made = http.post("/__mock__/stubs", json=sent)
        assert made.json() == {"added": ["stub-1"]}
        answer = http.get("/v1/agents", headers={"x-api-key": "mock-key"})
        assert (answer.status_code, answer.json()) == (429, {"slow": "down"})
        (listed,) = http.get("/__mock__/stubs").json()["stubs"]
        assert (listed["operation"], listed["calls"]) == ("listAgents", 1)
        assert http.delete("/__mock__/stubs?id=stub-9").status_code == 404
        assert http.delete("/__mock__/stubs").json() == {"removed": 1}
        assert http.get("/v1/agents", headers={"x-api-key": "mock-key"}).status_code == 200
        assert http.post("/__mock__/stubs", json=[3]).status_code == 400
