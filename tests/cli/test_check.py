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


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "integer", "minimum": 5, "maximum": 3}, "minimum is 5 and maximum is 3"),
        ({"type": "string", "minLength": 2, "maxLength": 1}, "minLength is 2 and maxLength is 1"),
        ({"items": {"maxItems": 0, "minItems": 1}}, "minItems is 1 and maxItems is 0"),
        ({"minimum": 3, "maximum": 3}, ""),
        ({"example": {"minimum": 5, "maximum": 3}}, ""),
    ],
)
def test_bounds_with_nothing_between_them(schema: dict[str, Any], says: str) -> None:
    found = notes({**URL, "properties": {"url": {}, "size": schema}})
    assert [note for note in found if says and says in note] == [n for n in found if "fits:" in n]
    assert any("fits:" in note for note in found) == bool(says)


def test_parameters_and_statuses_that_are_none() -> None:
    listed = [{"in": "qeury", "name": "a"}, {"in": "query"}, {"in": "query", "name": "b"}]
    statuses = ["200", "2000", "4xx", "default", "6XX", "x-more", "ok"]
    get = {"parameters": listed, "responses": {s: {"description": ""} for s in statuses}}
    info = {"title": "Odd", "version": "1"}
    checked = check_document({"openapi": "3.1.0", "info": info, "paths": {"/a": {"get": get}}})
    told = {note.where: note.message for note in checked.notes if note.severity == "warning"}
    assert told == {
        "#/paths/~1a/get/parameters/0": (
            "the parameter is ignored: its `in` is 'qeury', not one of path, query, header, cookie"
        ),
        "#/paths/~1a/get/parameters/1": "the parameter is ignored: it has no name",
        **{
            f"#/paths/~1a/get/responses/{status}": (
                f"'{status}' is no status, such as 404, 4XX or default: it is never sent"
            )
            for status in ("2000", "6XX", "ok")
        },
    }


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (0, "the pattern 0 is no text, so any string matches"),
        (43200, "the pattern 43200 is no text"),
        (r"\(\?s\).\+", "is escaped as a whole: it is read as '(?s).+'"),
        ("^00:00$", ""),
        (r"\(\d+\)", ""),
    ],
)
def test_patterns_that_are_not_meant_as_they_are(pattern: Any, says: str) -> None:
    found = notes({**URL, "properties": {"url": {"type": "string", "pattern": pattern}}})
    assert [note for note in found if "pattern" in note] == [n for n in found if says and says in n]
    assert any("pattern" in note for note in found) == bool(says)
