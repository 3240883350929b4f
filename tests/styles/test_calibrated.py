"""A mock that follows what a calibration file says of credentials, fields and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer

JSON = "application/json"
FREE = {
    "type": "object",
    "properties": {
        "data": {"type": "object", "additionalProperties": True},
        "rights": {"type": "object", "additionalProperties": True},
    },
}
ERROR = {"type": "object", "properties": {"message": {"type": "string"}}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
RUN = {
    "type": "object",
    "required": ["id", "status", "created_at", "finished_at"],
    "properties": {
        "finished_at": {"type": ["string", "null"], "format": "date-time"},
        "id": {"type": "string"},
        "created_at": {"type": "string", "format": "date-time"},
        "status": {"type": "string", "enum": ["pending", "running", "completed", "cancelled"]},
    },
}


def reply(status: str, schema: Any) -> dict[str, Any]:
    refused = {"description": "refused", "content": {JSON: {"schema": ERROR}}}
    good = {"description": "ok", "content": {JSON: {"schema": schema}}}
    return {status: good, **dict.fromkeys(("400", "401", "404", "409"), refused)}


def operation(name: str, status: str, schema: Any, body: Any = None, **more: Any) -> dict[str, Any]:
    sent = {"requestBody": {"required": True, "content": {JSON: {"schema": body}}}} if body else {}
    return {"operationId": name, "responses": reply(status, schema), **sent, **more}


LISTED = {"type": "object", "properties": {"data": {"type": "array", "items": {"type": "object"}}}}
LIMIT = {"name": "_limit", "in": "query", "schema": {"type": "integer"}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Boxes", "version": "1"},
    "security": [{"basic": []}],
    "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
    "paths": {
        "/boxes": {
            "get": operation("listBoxes", "200", LISTED, parameters=[LIMIT]),
            "post": operation("createBox", "201", FREE, FREE),
        },
        "/boxes/{id}": {
            "parameters": [ID],
            "get": operation("getBox", "200", FREE),
            "patch": operation("changeBox", "200", FREE, FREE),
        },
        "/runs": {"post": operation("createRun", "201", RUN, {"type": "object"})},
        "/runs/{id}": {"parameters": [ID], "get": operation("getRun", "200", RUN)},
        "/runs/{id}/cancel": {"parameters": [ID], "post": operation("cancelRun", "200", RUN)},
    },
}
RULES = """
[operations."*"]
keys = "any"

[[operations."*".answers]]
when = { mock = "422", "violates query type" = "text" }
status = 400
body = { message = "{violation.name}: '{violation.value}' is not a number", hint = "{null}" }

[[operations.cancelRun.answers]]
when = { mock = "409" }
status = 200
"""
FIELDS = """
[operations.%s.fields]
"data" = {}
"data.id" = { type = "string" }
"data.changed" = { type = "integer", description = "Unix time in milliseconds" }
"""
ME, OTHER = ("mock-me", "x"), ("somebody", "else")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    lock: Path = tmp_path_factory.mktemp("lock") / "mockserver.lock.toml"
    fields = [FIELDS % name for name in ("createBox", "getBox", "changeBox")]
    lock.write_text(RULES + "".join(fields))
    with (
        MockServer(DOCUMENT, clock="manual", seeds="none", calibration=lock) as mock,
        httpx.Client(base_url=mock.url, auth=ME) as client,
    ):
        yield client


def test_fields_that_the_document_lacks_are_kept(client: httpx.Client) -> None:
    made = client.post("/boxes", json={"data": {"colour": "red"}}).json()["data"]
    assert made["colour"] == "red", "the request has the wrapper of the response"
    assert made["changed"] > 10**12
    assert client.get(f"/boxes/{made['id']}").json()["data"]["changed"] == made["changed"]
    client.post("/boxes", json={"data": {}})
    changed = client.patch(f"/boxes/{made['id']}", json={"data": {"colour": "blue"}}).json()["data"]
    assert (changed["id"], changed["colour"]) == (made["id"], "blue")


def test_any_credential_has_entities_of_its_own(client: httpx.Client) -> None:
    made = client.post("/boxes", json={"data": {}}).json()["data"]["id"]
    other = client.post("/boxes", json={"data": {}}, auth=OTHER)
    assert other.status_code == 201
    assert client.get(f"/boxes/{made}", auth=OTHER).status_code == 404
    assert client.get(f"/boxes/{other.json()['data']['id']}").status_code == 404


def test_a_credential_is_needed(client: httpx.Client) -> None:
    with httpx.Client(base_url=client.base_url) as nobody:
        assert nobody.get("/boxes").status_code == 401


def test_a_refusal_names_what_breaks_the_document(client: httpx.Client) -> None:
    refused = client.get("/boxes", params={"_limit": "many"})
    assert refused.status_code == 400
    assert refused.json() == {"message": "_limit: 'many' is not a number", "hint": None}


def test_a_conflict_that_is_none_shows_the_entity_as_it_is(client: httpx.Client) -> None:
    run = client.post("/runs", json={}).json()
    cancelled = client.post(f"/runs/{run['id']}/cancel").json()
    client.post("/runs", json={})
    again = client.post(f"/runs/{run['id']}/cancel")
    assert again.status_code == 200
    assert again.json() == cancelled


def test_a_swagger_2_document_is_completed_too(tmp_path: Path) -> None:
    lock = tmp_path / "mockserver.lock.toml"
    lock.write_text('[operations.getState.fields]\nversion = { type = "string", const = "1" }\n')
    state = {"description": "ok", "schema": {"type": "object"}}
    document = {
        "swagger": "2.0",
        "info": {"title": "State", "version": "1"},
        "produces": [JSON],
        "paths": {"/state": {"get": {"operationId": "getState", "responses": {"200": state}}}},
    }
    file = tmp_path / "swagger.json"
    file.write_text(json.dumps(document))
    with MockServer(file, calibration=lock) as mock:
        assert mock.client.get("/state").json() == {"version": "1"}


def test_where_no_credential_is_looked_at_all_callers_share_entities(tmp_path: Path) -> None:
    lock = tmp_path / "mockserver.lock.toml"
    lock.write_text(RULES.replace('keys = "any"', 'keys = "none"'))
    with (
        MockServer(DOCUMENT, clock="manual", seeds="none", calibration=lock) as mock,
        httpx.Client(base_url=mock.url, headers={"x-mock-tenant": "we"}) as client,
    ):
        made = client.post("/boxes", json={"data": {}})
        assert made.status_code == 201
        listed = [client.get("/boxes", auth=one) for one in (None, OTHER)]
        assert [one.status_code for one in listed] == [200, 200]
        assert listed[0].json() == listed[1].json()
        assert mock.client_for("").get("/boxes").status_code == 200
