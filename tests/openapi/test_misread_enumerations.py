"""Enumerations of values that their type does not allow are read in that type."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mockserver import MockServer
from mockserver.openapi.schemas.enumerations import in_its_types
from tests.support.combinations import in_turns

READ: list[tuple[str, list[Any], list[Any]]] = [
    ("integer", ["1", "2"], [1, 2]),
    ("number", ["1.5", "2"], [1.5, 2]),
    ("string", [1, 2], ["1", "2"]),
    ("string", [True, False], ["true", "false"]),
    ("string", [1.0, 2.5], ["1.0", "2.5"]),
    ("boolean", ["true", "false"], [True, False]),
    ("integer", [None, "7"], [None, 7]),
]
AS_WRITTEN: list[tuple[str, list[Any]]] = [
    ("string", [False, "api"]),
    ("integer", [1, "two"]),
    ("integer", ["one", "two"]),
    ("integer", ["01", "1e3", " 1", "1_000", "٣"]),
    ("boolean", ["yes", "True"]),
    ("object", [{"a": 1}]),
    ("string", [None]),
]


@pytest.mark.parametrize(("kind", "written", "read"), READ)
def test_values_are_read_in_the_type(kind: str, written: list[Any], read: list[Any]) -> None:
    found = in_its_types(written, (kind,))
    assert found == read
    assert [type(one) for one in found] == [type(one) for one in read]


@pytest.mark.parametrize(("kind", "written"), AS_WRITTEN)
def test_others_stay_as_they_are(kind: str, written: list[Any]) -> None:
    assert in_its_types(written, (kind,)) == written
    assert in_its_types(written, ()) is written


def _document(version: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    names = ["id", "rank"] if required else ["id"]
    badge = {
        "type": "object",
        "required": names,
        "properties": {"id": {"type": "string"}, "rank": schema},
    }
    content = {"content": {"application/json": {"schema": badge}}}
    sent = {"type": "object", "properties": {"rank": schema}}
    rank = {"name": "rank", "in": "query", "schema": schema}
    item = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    shown = {"description": "so", **content}
    return {
        "openapi": version,
        "info": {"title": "Badges", "version": "1"},
        "paths": {
            "/badges": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": sent}}},
                    "responses": {"201": shown},
                }
            },
            "/badges/{id}": {
                "parameters": [item, rank],
                "get": {"responses": {"200": shown}},
            },
        },
    }


@pytest.mark.parametrize(
    ("version", "case", "lenient", "required"),
    in_turns(("3.0.3", "3.1.0"), READ, (False, True), (True, False)),
)
def test_clients_may_send_them(version: str, case: Any, lenient: bool, required: bool) -> None:
    kind, written, read = case
    document = _document(version, {"type": kind, "enum": written}, required=required)
    with MockServer(document, lenient=lenient) as mock:
        for value in read:
            if value is None:
                continue
            made = mock.client.post("/badges", json={"rank": value})
            assert made.status_code == 201, made.text
            assert made.json()["rank"] == value
            path = f"/badges/{made.json()['id']}"
            text = str(value).lower() if isinstance(value, bool) else str(value)
            assert mock.client.get(path, params={"rank": text}).status_code == 200
        if lenient:
            shown = mock.client.get("/badges/any").json()
            if required:
                assert shown["rank"] in read
            else:  # what others find valid
                schema = document["paths"]["/badges"]["post"]["responses"]["201"]
                Draft202012Validator(schema["content"]["application/json"]["schema"]).validate(
                    shown
                )


def test_a_constant_is_read_so_too() -> None:
    document = _document("3.1.0", {"type": "string", "const": 1}, required=True)
    with MockServer(document, lenient=True) as mock:
        assert mock.client.get("/badges/any").json()["rank"] == "1"
