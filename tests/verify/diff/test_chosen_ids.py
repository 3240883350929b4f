"""Entities that a client creates at an id of its choice: `PUT /rooms/{name}`."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.openapi.build import build_contract
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Program
from mockserver.verify.diff.programs.coverage import creations, lives
from mockserver.verify.diff.runner import Side
from mockserver.verify.lifecycle.clock import clock_of
from mockserver.verify.target import Target
from tests.support.documents import answer, body, obj, ref, text, with_schemas

_NAME = {"name": "name", "in": "path", "required": True}
_GONE = {"404": {"description": "unknown"}}


def rooms(method: str = "put", **schema: Any) -> dict[str, Any]:
    made = {"201": answer(ref("Room")), "200": answer(ref("Room"))}
    paths = {
        "/rooms": {"get": {"operationId": "list", "responses": {"200": answer(ref("Rooms"))}}},
        "/rooms/{name}": {
            "parameters": [{**_NAME, "schema": schema or {"type": "string"}}],
            "get": {"operationId": "get", "responses": {"200": answer(ref("Room")), **_GONE}},
            method: {
                "operationId": "make",
                "summary": "Create a room",
                "requestBody": body(ref("NewRoom")),
                "responses": made,
            },
            "delete": {
                "operationId": "drop",
                "responses": {"204": {"description": "gone"}, **_GONE},
            },
        },
    }
    room = {"name": text(), "title": text()}
    return with_schemas(
        paths,
        Room=obj("name", **room),
        NewRoom=obj("title", title=text(minLength=1, maxLength=9)),
        Rooms={"type": "array", "items": ref("Room")},
    )


@pytest.mark.parametrize("method", ["put", "post"])
def test_what_is_created_at_a_chosen_id_lives_a_life(method: str) -> None:
    raw = rooms(method)
    knowledge = Knowledge.of(build_contract(raw))
    (resource,) = knowledge.makeable
    assert resource.chosen
    with MockServer(raw) as mock, Target(knowledge.contract, mock.url, "") as target:
        for number, built in enumerate(lives(knowledge)):
            side = Side(target, knowledge, clock_of(target, 5))
            run = side.execute(Program(tuple(built.steps), f"lives {number}"))
            seen = [(one.step.operation, one.status) for one in run]
            # It is made, is there, is gone, and its removal is refused the second time.
            assert seen[0][1] in (200, 201), seen
            assert {("get", 200), ("get", 404), ("drop", 404)} <= set(seen)
            assert seen.count(("drop", 204)) == 1, seen


def test_each_body_gets_an_id_of_its_own() -> None:
    knowledge = Knowledge.of(build_contract(rooms()))
    made = [
        step.path["name"]
        for built in creations(knowledge)
        for step in built.steps
        if step.operation == "make"
    ]
    assert len(made) > 5
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("schema", "fits"),
    [
        ({"type": "integer"}, str.isdecimal),
        ({"type": "string", "format": "uuid"}, lambda one: len(one) == 36),
        ({"type": "string", "pattern": "^[a-z0-9]+$"}, str.isalnum),
        ({"type": "string", "minLength": 20}, lambda one: len(one) >= 20),
    ],
)
def test_the_id_fits_its_parameter(schema: dict[str, Any], fits: Any) -> None:
    knowledge = Knowledge.of(build_contract(rooms(**schema)))
    steps = [step for built in lives(knowledge) for step in built.steps]
    assert steps
    assert all(fits(step.path["name"]) for step in steps if step.operation == "make")


def test_an_id_of_a_fixed_set_can_not_be_new() -> None:
    knowledge = Knowledge.of(build_contract(rooms(type="string", enum=["a", "b"])))
    assert not [step for built in lives(knowledge) for step in built.steps]
