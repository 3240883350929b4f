"""A name to sort by has a sign or a direction beside it where only the text tells of that."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT

NAMES = {"type": "string", "enum": ["name", "weight"]}
SEVERAL = {"type": "array", "items": NAMES}

ACCEPTED = {
    "JSON:API": (
        "sort",
        SEVERAL,
        "See the [JSON:API specification](https://jsonapi.org).",
        "-name",
    ),
    "a minus": ("sort", NAMES, "Prefix with a minus for descending order.", "-name"),
    "a sign in code": ("order", NAMES, "Prepend a `-` to sort in descending order.", "-name"),
    "a dash": ("sort_by", NAMES, "A leading dash reverses the order.", "-name"),
    "a word": ("sort", NAMES, "For example `name:desc`; ascending by default.", "name:desc"),
    "a word behind a space": ("orderBy", NAMES, "`weight desc`, `name` or so.", "name desc"),
}
REFUSED = {
    "no word of it": ("sort", NAMES, "What to sort by.", "-name"),
    "order is said elsewhere": ("sort", NAMES, "Descending if `direction` is `desc`.", "-name"),
    "an unknown name": ("sort", SEVERAL, "JSON:API", "-colour"),
    "a sign, not a word": ("sort", NAMES, "A minus means descending.", "name:desc"),
    "no order": ("kind", NAMES, "Prefix with a minus for descending order.", "-name"),
}


def asked(name: str, schema: dict[str, Any], text: str, value: str) -> Any:
    kite = {"type": "object", "required": ["name"], "properties": {"id": TEXT, "name": TEXT}}
    one = {"name": name, "in": "query", "schema": schema, "description": text, "explode": False}
    body = {"content": {"application/json": {"schema": kite}}}
    listed = {"content": {"application/json": {"schema": {"type": "array", "items": kite}}}}
    paths = {
        "/kites": {
            "get": {"parameters": [one], "responses": {"200": {"description": "", **listed}}},
            "post": {"requestBody": body, "responses": {"201": {"description": "", **body}}},
        }
    }
    info = {"title": "t", "version": "1"}
    document = {"openapi": "3.0.3", "info": info, "paths": paths}
    with MockServer(document) as server:
        for made in "bca":
            assert server.client.post("/kites", json={"name": made}).status_code == 201
        return server.client.get("/kites", params={name: value})


@pytest.mark.parametrize(("name", "schema", "text", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_it_is_accepted_and_sorts(name: str, schema: dict[str, Any], text: str, value: str) -> None:
    reply = asked(name, schema, text, value)
    assert reply.status_code == 200, reply.text
    assert [kite["name"] for kite in reply.json() if len(kite["name"]) == 1] == ["c", "b", "a"]


@pytest.mark.parametrize(("name", "schema", "text", "value"), REFUSED.values(), ids=REFUSED)
def test_others_are_refused(name: str, schema: dict[str, Any], text: str, value: str) -> None:
    assert asked(name, schema, text, value).status_code >= 400
