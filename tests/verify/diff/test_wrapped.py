"""Entities in envelopes with undocumented ids, and parents under another name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.compare import of_others
from mockserver.verify.diff.id_map import time_form
from mockserver.verify.diff.model import Program, Step
from mockserver.verify.diff.programs.coverage import lives
from mockserver.verify.diff.run import Keeper
from mockserver.verify.ledger import Ledger
from mockserver.verify.target import Target

_OPEN = {"type": "object", "additionalProperties": True}


def _replies(schema: dict[str, Any], *statuses: str) -> dict[str, Any]:
    body = {"application/json": {"schema": schema}}
    return {status: {"description": "it", "content": body} for status in statuses}


def _family(name: str, **names: str) -> dict[str, Any]:
    one = {"type": "object", "properties": {"data": _OPEN}}
    many = {"type": "object", "properties": {"data": {"type": "array", "items": _OPEN}}}
    body = {"content": {"application/json": {"schema": one}}}
    above = [_parameter(parameter) for parameter in names.values()]
    base = "".join(f"/{kind}/{{{parameter}}}" for kind, parameter in names.items()) + f"/{name}"
    return {
        base: {
            "parameters": above,
            "get": {"operationId": f"list-{name}", "responses": _replies(many, "200")},
            "post": {
                "operationId": f"make-{name}",
                "requestBody": body,
                "responses": _replies(one, "200", "201"),
            },
        },
        base + "/{id}": {
            "parameters": [*above, _parameter("id")],
            "get": {"operationId": f"get-{name}", "responses": _replies(one, "200", "404")},
            "put": {
                "operationId": f"put-{name}",
                "requestBody": body,
                "responses": _replies(one, "200", "201"),
            },
            "delete": {"operationId": f"drop-{name}", "responses": _replies(one, "200", "404")},
        },
    }


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Wrapped", "version": "1"},
    "paths": {**_family("rooms"), **_family("chairs", rooms="room_id")},
}
KNOWLEDGE = Knowledge.of(build_contract(DOCUMENT))


def test_the_id_is_looked_for_in_the_wrapping() -> None:
    chairs = next(b for b in lives(KNOWLEDGE) if b.entities[-1].resource.name == "chairs")
    look = next(step for step in chairs.steps if step.operation == "get-chairs")
    assert look.path == {"room_id": "{{1.data.id}}", "id": "{{2.data.id}}"}
    assert KNOWLEDGE.lists["list-chairs"].id_field == "id"


@pytest.mark.parametrize(("status", "left"), [(201, 1), (200, 0)])
def test_a_put_that_makes_something_is_written_down(status: int, left: int, tmp_path: Path) -> None:
    ledger = Ledger.create(str(tmp_path / "ledger"), "http://127.0.0.1:1")
    with Target(KNOWLEDGE.contract, ledger.url, "mock-key") as target:
        ownership = Keeper(ledger, target, KNOWLEDGE).ownership
        ticket = ownership.admit("PUT", "/rooms/mine")
        ownership.settle(ticket, status, {}, b'{"data": {"id": "mine"}}')
    ledger.close()
    assert [dict(entry.where) for entry in ledger.left()] == [{"id": "mine"}] * left


def test_what_is_new_is_a_201_where_the_document_has_both() -> None:
    with MockServer(DOCUMENT, clock="manual") as mock:
        assert mock.client.post("/rooms", json={"data": {}}).status_code == 201
        assert mock.client.put("/rooms/mine", json={"data": {}}).status_code == 201
        assert mock.client.put("/rooms/mine", json={"data": {}}).status_code == 200


def test_reads_of_what_others_have_made() -> None:
    steps = (
        Step(1, "list-rooms", "read"),
        Step(2, "make-rooms", "make", body={}),
        Step(3, "list-rooms", "read"),
        Step(4, "get-rooms", "read", path={"id": "{{2.data.id}}"}),
        Step(5, "list-chairs", "read", path={"room_id": "r"}),
    )
    assert of_others(Program(steps), KNOWLEDGE.contract) == {1, 5}


def test_moments_as_numbers() -> None:
    assert time_form(1_795_343_108_379) == "epoch ms"
    assert time_form(1_795_343_108) == "epoch s"
    assert time_form(7) == time_form(True) == time_form(10**15) == ""
