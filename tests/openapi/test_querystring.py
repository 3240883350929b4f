"""OpenAPI 3.2: parameters whose value is the whole query, media types among the components."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer

SCHEMA = {
    "type": "object",
    "properties": {"size": {"type": "integer"}, "tags": {"type": "array", "items": {}}},
    "required": ["size"],
    "additionalProperties": False,
}
FORM = "application/x-www-form-urlencoded"


def served(media: str, schema: Any = SCHEMA, **more: Any) -> MockServer:
    parameter = {"name": "all", "in": "querystring", "content": {media: {"schema": schema}}}
    asked = {"parameters": [parameter | more], "responses": {"200": {"description": ""}}}
    document = {"openapi": "3.2.0", "info": {"title": "q", "version": "1"}}
    return MockServer({**document, "paths": {"/things": {"get": asked}}})


@pytest.mark.parametrize(
    ("media", "query", "right"),
    [
        (FORM, "size=3", True),
        (FORM, "size=3&tags=a&tags=b%26c", True),
        (FORM, "size=x", False),
        (FORM, "tags=a", False),
        (FORM, "size=3&colour=red", False),
        ("application/json", "%7B%22size%22%3A3%7D", True),
        ("application/json", "%7B%22size%22%3A%22x%22%7D", False),
        ("application/json", "%7Bsize", False),
    ],
)
def test_the_query_is_judged_as_a_whole(media: str, query: str, right: bool) -> None:
    with served(media) as server:
        status = server.client.get(f"/things?{query}").status_code
        assert status == 200 if right else status in (400, 422)


def test_a_text_is_the_query() -> None:
    with served("text/plain", {"type": "string", "pattern": "^[a-z]+$"}) as server:
        assert server.client.get("/things?abc").status_code == 200
        assert server.client.get("/things?123").status_code in (400, 422)


def test_a_query_may_be_needed() -> None:
    with served(FORM, required=True) as server:
        assert server.client.get("/things").status_code in (400, 422)
    with served(FORM) as server:
        assert server.client.get("/things").status_code == 200


def test_a_media_type_may_be_a_component() -> None:
    shared = {"schema": {"type": "object", "properties": {"n": {"const": 7}}, "required": ["n"]}}
    content = {"application/json": {"$ref": "#/components/mediaTypes/Seven"}}
    get = {"responses": {"200": {"description": "", "content": content}}}
    document = {"openapi": "3.2.0", "info": {"title": "q", "version": "1"}}
    paths = {"/seven": {"get": get}}
    components = {"mediaTypes": {"Seven": shared}}
    with MockServer({**document, "paths": paths, "components": components}) as server:
        assert server.client.get("/seven").json() == {"n": 7}
