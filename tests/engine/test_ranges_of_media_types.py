"""Media types that are ranges, and errors in `problem+json` that are not problem details."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mockserver import MockServer
from tests.support.combinations import in_turns

RANGES = ("*/*", "application/*", "application/*+json")
CODE = {"type": "object", "required": ["code"], "properties": {"code": {"type": "integer"}}}
FAULTS: list[dict[str, Any]] = [
    {"type": "string", "minLength": 1},
    {"type": "array", "minItems": 1, "items": CODE},
    {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
    {"type": "object", "required": ["reason"], "additionalProperties": {"type": "string"}},
    {"type": "object"},
]
NOTE = {
    "type": "object",
    "required": ["id", "size"],
    "properties": {"id": {"type": "string", "readOnly": True}, "size": {"type": "integer"}},
}


def _document(path: str, media_type: str, schema: Any, status: str = "200") -> dict[str, Any]:
    item = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    said = {"description": "so", "content": {media_type: {"schema": schema}}}
    note = {"description": "so", "content": {"application/json": {"schema": NOTE}}}
    responses = {status: said} if status == "200" else {"200": note, status: said}
    sent = {"content": {"application/json": {"schema": NOTE}}}
    paths: dict[str, Any] = {path: {"get": {"responses": responses}}}
    if "{id}" in path:
        paths[path]["parameters"] = [item]
        made = {"requestBody": sent, "responses": {"201": note}}
        paths[path.removesuffix("/{id}")] = {"post": made}
    return {"openapi": "3.1.0", "info": {"title": "Notes", "version": "1"}, "paths": paths}


@pytest.mark.parametrize("media_type", RANGES)
@pytest.mark.parametrize("lenient", [False, True])
def test_what_a_schema_describes_is_json(media_type: str, lenient: bool) -> None:
    with MockServer(_document("/summary", media_type, NOTE), lenient=lenient) as mock:
        found = mock.client.get("/summary")
        assert found.headers["content-type"] == "application/json"
        Draft202012Validator(NOTE).validate(found.json())


@pytest.mark.parametrize("media_type", RANGES[:2])
def test_bytes_of_any_type_are_a_file(media_type: str) -> None:
    schema = {"type": "string", "format": "binary"}
    with MockServer(_document("/report", media_type, schema)) as mock:
        found = mock.client.get("/report")
        assert found.headers["content-type"] == "application/octet-stream"
        assert not found.content.startswith(b'"')


@pytest.mark.parametrize(
    ("fault", "media_type"),
    in_turns(FAULTS, (*RANGES[:2], "application/problem+json", "application/json")),
)
def test_errors_fit_their_schemas(fault: Any, media_type: str) -> None:
    with MockServer(_document("/notes/{id}", media_type, fault, "4XX")) as mock:
        found = mock.client.get("/notes/none")
        assert found.status_code == 404
        Draft202012Validator(fault).validate(found.json())
        if "*" not in media_type:
            assert found.headers["content-type"] == media_type
