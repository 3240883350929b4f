"""What a refusal says of the fields of a request, and what only the server can know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.openapi.build import build_contract
from mockserver.verify.conformance.exemptions import Requests, allowed
from mockserver.verify.model import Exchange, Finding
from mockserver.verify.replies import fields_of, is_named

FIELDS: dict[str, Any] = {
    "opensAt": {"type": "string"},
    "closesAt": {"type": "string"},
    "isbn_id": {"type": "string"},
    "number": {"type": "string"},
    "shelf": {"type": "string"},
    "owner": {"type": "string", "enum": ["ann", "bob"]},
    "size": {"type": "integer"},
}
SHOWN = {"type": "object", "properties": FIELDS}
BODY = {"content": {"application/json": {"schema": SHOWN}}}
REPLIES = {"201": {"description": "so"}, "400": {"description": "no"}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
MINE = {"get": {"operationId": "mine", "responses": REPLIES}}
LIBRARY = build_contract(
    {
        "openapi": "3.1.0",
        "info": {"title": "Library", "version": "1"},
        "paths": {
            "/books": {"post": {"operationId": "add", "requestBody": BODY, "responses": REPLIES}},
            "/books/mine": MINE,
            "/books/{id}": {
                "parameters": [ID],
                "get": {"operationId": "get", "responses": REPLIES},
                "delete": {"operationId": "remove", "responses": REPLIES},
            },
            "/shelves/{id}": {
                "parameters": [ID],
                "get": {"operationId": "shelf", "responses": REPLIES},
            },
        },
    }
)


def rejected(sent: dict[str, Any], said: Any) -> Finding:
    kind = {"content-type": "application/json"}
    body = json.dumps(sent).encode()
    answer = json.dumps(said).encode()
    refused = Exchange("POST", "http://x/books", kind, body, 400, kind, answer, 0, "f", "add")
    return Finding("positive_data_acceptance", "POST /books", "", "", [refused])


@pytest.mark.parametrize(
    ("sent", "said", "finding"),
    [
        # A rule between fields, in plain words.
        ({"opensAt": "x", "closesAt": "y"}, "the open time is not before the close time", False),
        ({"isbn_id": "x"}, "either shelf or ISBN ID has to be given", False),
        ({"opensAt": "x"}, "open time must be a moment", True),
        # A value that is the name of nothing.
        ({"number": "978"}, "No such book: 978", False),
        ({"number": "978"}, "isbn=978 does not exist", False),
        ({"number": "978"}, "could not find '978'", False),
        ({"number": "978"}, "9781 was not found", True),
        ({"owner": "ann"}, "could not find owner ann", True),
        # There is one already.
        ({"number": "1"}, "a book with this number already exists", False),
        ({"number": "1"}, {"number": ["must be unique"]}, False),
        ({"number": "1"}, "number is already taken", False),
        ({"number": "1"}, "number is too short", True),
        # The field is called like the entities of a path.
        ({"shelf": "9"}, {"shelf": ["Pick one of the list."]}, False),
        ({"shelf": "9"}, {"errors": {"shelf": ["Pick one of the list."]}}, False),
        ({"shelf": "9", "size": 1}, {"size": ["Pick one of the list."]}, True),
    ],
)
def test_what_only_the_server_knows_is_beyond_a_schema(
    sent: dict[str, Any], said: Any, finding: bool
) -> None:
    assert allowed(rejected(sent, said), Requests(LIBRARY)) is not finding


@pytest.mark.parametrize(
    ("field", "text", "named"),
    [
        ("startsAt", "the start time", True),
        ("start_date", "Start must be early", True),
        ("imdb_id", "an IMDB ID is needed", True),
        ("name", "the names are odd", True),
        ("nickname", "the name is odd", False),
    ],
)
def test_a_field_in_plain_words(field: str, text: str, named: bool) -> None:
    assert is_named(field, text) is named


def test_fields_with_their_texts() -> None:
    said = {"detail": "no", "errors": {"name": ["too long"]}, "code": ["wrong"]}
    refused = rejected({}, said).example
    assert refused is not None
    assert fields_of(refused) == {"code", "name"}


@pytest.mark.parametrize(
    ("path", "allow", "excused"),
    [
        ("/books/mine", "GET, HEAD, OPTIONS, DELETE", True),
        ("/books/mine", "GET,DELETE", True),
        ("/books/mine", "GET, PUT, DELETE", False),
        ("/books/mine", "DELETE", False),
        ("/books/7", "GET, PATCH", False),
        ("/books/mine", "", False),
    ],
)
def test_allow_may_name_the_methods_of_both_templates(path: str, allow: str, excused: bool) -> None:
    asked = Exchange("OPTIONS", f"http://x{path}", {}, b"", 200, {"allow": allow}, b"", 0, "f")
    finding = Finding("allow_header_conformance", "GET /books/mine", "", "", [asked])
    assert allowed(finding, Requests(LIBRARY)) is excused


@pytest.mark.parametrize(
    ("schema", "body", "excused"), [(None, b"", True), (None, b"x", False), ({}, b"", False)]
)
def test_an_empty_response_of_swagger_2_has_no_media_type(
    schema: Any, body: bytes, excused: bool
) -> None:
    told = {"description": "no", **({"schema": {"type": "string"}} if schema is not None else {})}
    document = {
        "swagger": "2.0",
        "info": {"title": "Rooms", "version": "1"},
        "produces": ["application/json"],
        "paths": {"/rooms": {"get": {"operationId": "rooms", "responses": {"404": told}}}},
    }
    missing = Exchange("GET", "http://x/rooms", {}, b"", 404, {}, body, 0, "f", "rooms")
    finding = Finding("content_type_conformance", "GET /rooms", "", "", [missing])
    assert allowed(finding, Requests(build_contract(document))) is excused
