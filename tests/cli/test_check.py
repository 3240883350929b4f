"""`mockserver check` on unsatisfiable schemas."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.cli.check import check_document

CLOSED = {"type": "object", "additionalProperties": False}
URL = {**CLOSED, "required": ["url"], "properties": {"url": {"type": "string"}}}


def notes(schema: dict[str, Any]) -> list[str]:
    body = {"content": {"application/json": {"schema": schema}}}
    post = {"requestBody": body, "responses": {"201": {"description": "made"}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Jobs", "version": "1"},
        "paths": {"/jobs": {"post": post}},
        "components": {"schemas": {"Url": URL}},
    }
    return [note.message for note in check_document(document).notes if note.severity == "warning"]


@pytest.mark.parametrize(
    ("schema", "impossible"),
    [
        ({"allOf": [URL, CLOSED]}, True),
        ({**CLOSED, "allOf": [{"$ref": "#/components/schemas/Url"}]}, True),
        ({"allOf": [{"$ref": "#/components/schemas/Url"}, {"type": "object"}]}, False),
        ({"allOf": [URL, {**CLOSED, "patternProperties": {"^u": {}}}]}, False),
        ({"allOf": [URL, {**CLOSED, "properties": {"url": {}}}]}, False),
    ],
)
def test_parts_that_forbid_each_others_properties(schema: dict[str, Any], impossible: bool) -> None:
    found = [note for note in notes(schema) if note.startswith("no object is valid")]
    assert bool(found) == impossible
    assert all("'url'" in note and "unevaluatedProperties" in note for note in found)
