"""What is made within another one that the query names, and creations that return a bare id."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.openapi.model import Contract
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Seen
from mockserver.verify.diff.programs.builder import Builder
from mockserver.verify.diff.runner import Side
from mockserver.verify.lifecycle import crud_checks, list_checks, samples
from mockserver.verify.lifecycle.clock import Real
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.session import Session
from mockserver.verify.ownership import Ownership
from mockserver.verify.replies import identity_of
from mockserver.verify.target import Target
from tests.verify.jobs_server import serving

TEXT = {"type": "string"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "It.", "content": {"application/json": {"schema": schema}}}


def _of(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(names, TEXT), "required": [names[-1]]}


def _paths(noun: str, made: dict[str, Any], query: list[dict[str, Any]]) -> dict[str, Any]:
    one = {"name": f"{noun}_id", "in": "path", "required": True, "schema": TEXT}
    row = _of("id", "title")
    body = {"required": True, "content": {"application/json": {"schema": _of("title")}}}
    listed = _json({"type": "array", "items": row})
    none = {"description": "None."}
    return {
        f"/{noun}s": {
            "parameters": query,
            "get": {"operationId": f"{noun}List", "responses": {"200": listed}},
            "post": {
                "operationId": f"{noun}New",
                "requestBody": body,
                "responses": {"201": _json(made)},
            },
        },
        f"/{noun}s/{{{noun}_id}}": {
            "parameters": [one],
            "get": {
                "operationId": f"{noun}Get",
                "responses": {"200": _json(row), "404": none},
            },
            "delete": {
                "operationId": f"{noun}Delete",
                "responses": {"204": none, "404": none},
            },
        },
    }


def museum(made: dict[str, Any]) -> Contract:
    wing = {"name": "wing_id", "in": "query", "required": True, "schema": TEXT}
    paths = _paths("wing", made, []) | _paths("painting", _of("id", "title"), [wing])
    info = {"title": "Museum", "version": "1"}
    return build_contract({"openapi": "3.1.0", "info": info, "paths": paths})


class Museum:
    """Paintings hang in a wing, which the query must name; a new wing is told by its id alone."""

    with_query = True

    def __init__(self, number: bool) -> None:
        self.rows: dict[str, dict[str, Any]] = {"wings": {}, "paintings": {}}
        self.number = number

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        path, _, query = path.partition("?")
        _, kind, *rest = path.split("/")
        rows = self.rows[kind]
        wing = parse_qs(query).get("wing_id", [""])[0]
        if rest:
            row = rows.get(rest[0])
            if row is None:
                return 404, None
            if method == "DELETE":
                del rows[rest[0]]
                return 204, None
            return 200, row
        if kind == "paintings" and wing not in self.rows["wings"]:
            return 400, {"detail": "no such wing"}
        if method == "GET":
            return 200, [row for row in rows.values() if row.get("wing", "") == wing]
        made: Any = len(rows) + 1 if self.number else f"{kind}-{len(rows) + 1}"
        row = {"id": made, "title": json.loads(body)["title"]}
        rows[str(made)] = row | ({"wing": wing} if wing else {})
        return 201, rows[str(made)] if kind == "paintings" else made


@pytest.mark.parametrize("number", [False, True])
def test_a_query_that_is_needed_names_what_was_made(number: bool) -> None:
    contract = museum({"type": "integer"} if number else {"type": "string", "format": "uuid"})
    with serving(Museum(number)) as url, Target(contract, url, "") as target:
        acts = Session(target, derive(contract))
        painting = acts.api.resources["painting"]
        entity = acts.make(painting)
        wing = acts.some("wing")
        assert wing.id == ("1" if number else "wings-1")
        list_checks.listed(acts, painting, {})
        list_checks.listed(acts, acts.api.resources["wing"], {})
        crud_checks.remove(acts, entity)
        list_checks.listed(acts, painting, {})
    assert len(acts.entities) == 2


@pytest.mark.parametrize("number", [False, True])
def test_sequences_name_it_too(number: bool) -> None:
    contract = museum({"type": "integer"} if number else TEXT)
    builder = Builder(Knowledge.of(contract))
    builder.make(builder.knowledge.api.resources["painting"])
    builder.add("paintingList", "list")
    program = builder.program("test")
    assert [step.operation for step in program.steps] == ["wingNew", "paintingNew", "paintingList"]
    with serving(Museum(number)) as url, Target(contract, url, "") as target:
        run = Side(target, builder.knowledge, Real(1)).execute(program)
    assert [_told(seen) for seen in run] == [201, 201, 200]


def _told(seen: Seen) -> int:
    assert not seen.skipped
    return seen.status


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"type": "boolean"}, "e"),
        ({"type": "string", "enum": ["asc", "desc"]}, "sc"),
        ({"type": "array", "items": {"type": "string", "enum": ["a"]}}, "a"),
        ({"type": "integer", "minimum": 3, "maximum": 3}, "3"),
        ({"type": "string", "format": "uuid"}, "-"),
    ],
)
def test_a_query_that_is_needed_has_a_value(schema: dict[str, Any], sent: str) -> None:
    place = {"in": "query", "required": True, "schema": schema}
    parameters = [{"name": "by", **place}, {"name": "free", "in": "query", "schema": schema}]
    operation = {"operationId": "find", "parameters": parameters, "responses": {}}
    paths = {"/things": {"get": operation}}
    info = {"title": "Things", "version": "1"}
    contract = build_contract({"openapi": "3.1.0", "info": info, "paths": paths})
    found = samples.query_of(contract, contract.by_id["find"], lambda name: None)
    assert found.keys() == {"by"}
    assert sent in found["by"]


@pytest.mark.parametrize(
    ("reply", "identity"),
    [
        (b'"01a22fbd-5576-7a1e-8636-e8bafeafd6ec"', "01a22fbd-5576-7a1e-8636-e8bafeafd6ec"),
        (b"17", "17"),
        (b'"w_17"', "w_17"),
        (b'"created"', None),
        (b'"Wing 7 was made."', None),
        (b"true", None),
        (b"", None),
    ],
)
def test_what_a_bare_reply_has_created_is_removed_by_it(reply: bytes, identity: str | None) -> None:
    contract = museum(TEXT)
    creator = Ownership(contract, build_plan(contract)).creators["wingNew"]
    assert identity_of(creator, {}, reply) == identity
