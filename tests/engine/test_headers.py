"""Response headers: as in examples, with meaningful values, never duplicated."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.serialization import encode_headers
from tests.support.documents import TEXT, WHOLE, answer, body, collection, document, thing


def headers_of(documented: dict[str, Any], status: str = "200") -> httpx.Headers:
    """The headers of a response that documents these."""
    response = answer(thing("ok", ok={"type": "boolean"}), headers=documented)
    with MockServer(document({"/x": {"get": {"responses": {status: response}}}})) as server:
        return server.client.get("/x").headers


def said(schema: Any = TEXT, **more: Any) -> dict[str, Any]:
    return {"schema": schema, **more}


@pytest.mark.parametrize(
    ("documented", "expected"),
    [
        (said(example="gold"), "gold"),
        (said(examples={"a": {"value": "silver"}}), "silver"),
        (said({**TEXT, "example": "bronze"}), "bronze"),
        (said({**TEXT, "examples": ["tin"]}), "tin"),
        (said({**TEXT, "default": "lead"}), "lead"),
        (said({"enum": ["iron"]}), "iron"),
        (said({"type": "boolean", "default": False}), "false"),
        (said({"type": "array", "items": TEXT}, example=["a", "b"]), "a,b"),
        (said({"type": "integer", "minimum": 5, "maximum": 5}, required=True), "5"),
    ],
)
def test_as_the_document_shows_it(documented: Any, expected: str) -> None:
    assert headers_of({"X-Plan": documented})["x-plan"] == expected


@pytest.mark.parametrize(
    ("name", "schema", "pattern"),
    [
        ("Set-Cookie", TEXT, r"session=mock-[0-9a-f]+; Path=/; HttpOnly"),
        ("Content-Disposition", TEXT, r'attachment; filename="mock\.json"'),
        ("X-Request-Id", TEXT, r"[0-9a-f-]{36}"),
        ("Last-Modified", TEXT, r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
        ("X-RateLimit-Limit", WHOLE, "1000"),
        ("X-RateLimit-Remaining", WHOLE, "999"),
        ("RateLimit-Reset", WHOLE, "60"),
        ("RateLimit", TEXT, '"default";r=999;t=60'),
        ("RateLimit-Policy", TEXT, '"default";q=1000;w=60'),
        ("X-RateLimit-Reset", {**WHOLE, "description": "Unix time"}, r"\d{10}"),
        ("Cache-Control", TEXT, "no-cache"),
    ],
)
def test_as_it_means(name: str, schema: Any, pattern: str) -> None:
    assert re.fullmatch(pattern, headers_of({name: said(schema)})[name])


@pytest.mark.parametrize(
    "name", ["Transfer-Encoding", "Content-Length", "Content-Encoding", "Connection", "A\r\nB", ""]
)
def test_what_is_not_the_documents_to_say(name: str) -> None:
    found = headers_of({name: said({"const": "chunked"}, required=True)})
    assert "chunked" not in found.values()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain; a=1", b"plain; a=1"),
        ("a\r\nSet-Cookie: b=c", b"a%0D%0ASet-Cookie: b=c"),
        ("a\0b", b"a%00b"),
        ("M\u00fcnchen", b"M%C3%BCnchen"),
        ("\ud800", b"?"),
        ("tab\there", b"tab\there"),
    ],
)
def test_a_value_is_one_line(value: str, expected: bytes) -> None:
    assert encode_headers({"X-A": value}) == [(b"x-a", expected)]


def test_a_media_type_is_one_line() -> None:
    response = {"description": "", "content": {"application/json\r\nA: b": {"schema": TEXT}}}
    with MockServer(document({"/x": {"get": {"responses": {"200": response}}}})) as server:
        assert server.client.get("/x").headers["content-type"] == "application/json"


# -- Location

SLUG = thing("slug", slug=TEXT)


@pytest.mark.parametrize("slug", ["plain", "a b", "a\r\nX: y", "ü", "50%"])
def test_a_location_leads_to_what_was_made(slug: str) -> None:
    paths = collection("/pages", SLUG, SLUG)
    item = paths.pop("/pages/{id}")
    item["parameters"][0]["name"] = "slug"
    paths["/pages/{slug}"] = item
    paths["/pages"]["post"]["responses"]["201"]["headers"] = {"Location": said(required=True)}
    with MockServer(document(paths)) as server:
        made = server.client.post("/pages", json={"slug": slug})
        assert made.headers["location"].isascii()
        assert server.client.get(made.headers["location"]).json() == {"slug": slug}


@pytest.mark.parametrize("schema", [TEXT, {**TEXT, "format": "uri"}])
def test_a_location_of_what_is_made_elsewhere(schema: Any) -> None:
    shown = {"$ref": "#/components/schemas/Post"}
    made = answer(shown, headers={"Location": said(schema)})
    post = {"requestBody": body(thing("name", name=TEXT)), "responses": {"201": made}}
    owner = {"name": "user_id", "in": "path", "required": True, "schema": TEXT}
    user = thing("id email", id=TEXT, email=TEXT)
    paths = {
        **collection("/users", user, thing("email", email=TEXT)),
        "/users/{user_id}/posts": {"parameters": [owner], "post": post},
        **collection("/posts", shown, thing("name", name=TEXT)),
    }
    schemas = {"Post": thing("id name", id=TEXT, name=TEXT)}
    with MockServer(document(paths, schemas=schemas)) as server:
        owned = server.client.post("/users", json={"email": "a@b.example"}).json()["id"]
        response = server.client.post(f"/users/{owned}/posts", json={"name": "x"})
        location = response.headers["location"]
        assert location.startswith("http") is ("format" in schema)
        assert server.client.get(location).json() == response.json()


def test_a_refusal_says_how_often() -> None:
    limits = {"X-RateLimit-Remaining": said(WHOLE), "X-Hint": said(example="ask again")}
    responses = {"200": answer(), "422": answer(headers=limits)}
    post = {"requestBody": body(thing("n", n=WHOLE)), "responses": responses}
    with MockServer(document({"/x": {"post": post}})) as server:
        found = server.client.post("/x", json={})
    assert (found.status_code, found.headers["x-ratelimit-remaining"]) == (422, "999")
    assert found.headers["x-hint"] == "ask again"


PAIR = {"type": "object", "properties": {"r": WHOLE, "g": WHOLE}, "required": ["r", "g"]}


def test_a_header_may_be_json() -> None:
    content = {"application/json": {"schema": PAIR}}
    found = headers_of({"X-Colour": {"required": True, "content": content}})
    assert json.loads(found["x-colour"]).keys() == {"r", "g"}


@pytest.mark.parametrize(("explode", "between"), [(True, "="), (False, ",")])
def test_the_pairs_of_a_header_are_written_as_documented(explode: bool, between: str) -> None:
    found = headers_of({"X-Colour": {"required": True, "schema": PAIR, "explode": explode}})
    assert re.fullmatch(rf"r{between}\d+,g{between}\d+", found["x-colour"])
