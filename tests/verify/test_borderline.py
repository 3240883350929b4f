"""What is valid to the letter of a schema, or by the schema alone, and may still be refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.conformance.exemptions import Requests, allowed
from mockserver.verify.model import Exchange, Finding

JSON = {"content-type": "application/json"}


def _is_excused(body: Any, said: Any, *, query: str = "", about: str = "", **field: Any) -> bool:
    """Whether the refusal of a valid request is no finding, where the body has one field `value`,
    and `about` is said of the body."""
    schema = {"type": "object", "properties": {"value": field or {}, "name": {"type": "string"}}}
    operation = {
        "operationId": "make",
        "parameters": [{"name": "offset", "in": "query", "schema": {"type": "integer"}}],
        "requestBody": {"description": about, "content": {"application/json": {"schema": schema}}},
        "responses": {"201": {"description": "so"}},
    }
    info = {"title": "Things", "version": "1"}
    paths = {"/things": {"post": operation}}
    contract = build_contract({"openapi": "3.1.0", "info": info, "paths": paths})
    sent, answer = (json.dumps(one).encode() for one in (body, said))
    url = f"http://x/things{query}"
    refused = Exchange("POST", url, JSON, sent, 400, JSON, answer, 0, "f", "make")
    rejected = Finding("positive_data_acceptance", "POST /things", "", "", [refused])
    return allowed(rejected, Requests(contract))


@pytest.mark.parametrize(
    ("number", "kind", "excused"),
    [
        (2**63 - 1, {"type": "integer"}, False),
        (10**21, {"type": "integer"}, True),
        (-(10**21), {"type": "integer"}, True),
        (1e39, {"type": "number", "format": "float"}, True),
        (1e38, {"type": "number", "format": "float"}, False),
        (1e39, {"type": "number", "format": "double"}, False),
    ],
)
def test_a_number_beyond_what_programs_know(
    number: float, kind: dict[str, str], excused: bool
) -> None:
    assert _is_excused({"value": number}, {"message": "bad number"}, **kind) is excused


@pytest.mark.parametrize(("offset", "excused"), [("5", False), ("2918635000094875189248", True)])
def test_a_number_in_the_query(offset: str, excused: bool) -> None:
    assert _is_excused({}, {"message": "offset"}, query=f"?offset={offset}") is excused


@pytest.mark.parametrize(
    ("about", "said", "excused"),
    [
        ("Exactly one of `user` and `group` must be given.", "Specify exactly one of them", True),
        ("Each field is optional, but at least one must be set.", "Give at least one field", True),
        ("A thing.", "Specify exactly one of `user` or `group`", False),
        ("Exactly one of `user` and `group` must be given.", "The name is too short", False),
    ],
)
def test_a_rule_between_fields_in_plain_words(about: str, said: str, excused: bool) -> None:
    assert _is_excused({}, {"message": said}, about=about) is excused


@pytest.mark.parametrize(
    ("body", "said", "excused"),
    [
        ({"name": ""}, "Resource not found", True),
        ({"name": "a"}, "The thing a does not exist", True),
        ({}, "Resource not found", False),
        ({"name": "a"}, "The name is too short", False),
    ],
)
def test_what_a_body_names_need_not_exist(body: Any, said: str, excused: bool) -> None:
    assert _is_excused(body, {"message": said}) is excused
