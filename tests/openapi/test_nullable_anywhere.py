"""`nullable` means null wherever it stands: clients send null then, and read it back."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.combinations import in_turns

LINK: dict[str, Any] = {"$ref": "#/components/schemas/Owner"}
SPELLINGS: dict[str, dict[str, Any]] = {
    "type": {"type": "string", "nullable": True},
    "allOf": {"allOf": [LINK], "nullable": True},
    "oneOf": {"oneOf": [LINK, {"type": "string"}], "nullable": True},
    "anyOf": {"anyOf": [LINK], "nullable": True},
    "enum": {"type": "string", "enum": ["a", "b"], "nullable": True},
    "untyped enum": {"enum": ["a", "b"], "nullable": True},
    "enum by reference": {
        "allOf": [{"$ref": "#/components/schemas/Size"}],
        "nullable": True,
    },
    "array": {"type": "array", "items": {"allOf": [LINK], "nullable": True}, "nullable": True},
}
PRESUMED = ("allOf", "oneOf", "anyOf", "enum", "untyped enum", "enum by reference")


def _document(version: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    boat = {
        "type": "object",
        "required": ["id", "value"] if required else ["id"],
        "properties": {"id": {"type": "string", "readOnly": True}, "value": schema},
    }
    content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Boat"}}}}
    shown = {"description": "so", **content}
    item = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "openapi": version,
        "info": {"title": "Boats", "version": "1"},
        "paths": {
            "/boats": {"post": {"requestBody": content, "responses": {"201": shown}}},
            "/boats/{id}": {
                "parameters": [item],
                "get": {"responses": {"200": shown}},
                "put": {"requestBody": content, "responses": {"200": shown}},
            },
        },
        "components": {
            "schemas": {
                "Boat": boat,
                "Owner": {"type": "object", "properties": {"name": {"type": "string"}}},
                "Size": {"type": "string", "enum": ["s", "l"]},
            }
        },
    }


@pytest.mark.parametrize(
    ("version", "spelling", "lenient", "required"),
    in_turns(("3.0.3", "3.1.0"), SPELLINGS, (False, True), (True, False)),
)
def test_null_is_kept(version: str, spelling: str, lenient: bool, required: bool) -> None:
    document = _document(version, SPELLINGS[spelling], required=required)
    with MockServer(document, lenient=lenient) as mock:
        made = mock.client.post("/boats", json={"value": None})
        assert made.status_code == 201, made.text
        path = f"/boats/{made.json()['id']}"
        assert made.json()["value"] is None
        assert mock.client.get(path).json()["value"] is None
        assert mock.client.put(path, json={"value": None}).json()["value"] is None


@pytest.mark.parametrize(("version", "spelling"), in_turns(("3.0.3", "3.1.0"), PRESUMED))
def test_nobody_is_shown_null_that_was_not_sent(version: str, spelling: str) -> None:
    for lenient in (False, True):
        document = _document(version, SPELLINGS[spelling], required=True)
        with MockServer(document, lenient=lenient, seed=7) as mock:
            made = mock.client.post("/boats", json={"value": None}).json()
            again = mock.client.post("/boats", json={"value": "a" if "enum" in spelling else {}})
            shown = [] if made["value"] is None else [made]
            shown += [again.json()] if again.status_code == 201 else []
            if lenient:
                shown.append(mock.client.get("/boats/unknown").json())
            assert all(one["value"] is not None for one in shown)
