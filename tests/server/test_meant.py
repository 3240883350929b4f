"""Which operation a request means if paths are ambiguous."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.server.asgi.routing import PathIndex
from tests.engine.test_strange_documents import said, served
from tests.support.documents import TEXT, WHOLE


def named(**schemas: Any) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": schema}
        for name, schema in schemas.items()
    ]


def tells(word: str) -> dict[str, Any]:
    """Responses that identify an operation."""
    return said({"type": "object", "properties": {word: {"const": 1}}, "required": [word]})


def test_parameters_that_meet_are_parted_as_their_schemas_say() -> None:
    extension = {"type": "string", "enum": [".json", ".xml"]}
    paths = {
        "/pages/{name}{extension}": {
            "get": {
                "parameters": named(name=TEXT, extension=extension),
                "responses": tells("page"),
            }
        },
        "/rows/{id}{rest}": {
            "get": {"parameters": named(id=WHOLE, rest=TEXT), "responses": tells("row")}
        },
    }
    with served(paths) as server:
        assert server.client.get("/pages/a%20b.json").status_code == 200
        assert server.client.get("/pages/x.xml").status_code == 200
        assert server.client.get("/pages/x.pdf").status_code == 422
        assert server.client.get("/rows/3625json").status_code == 200
        assert server.client.get("/rows/json").status_code == 422


def test_of_operations_with_one_path_the_one_that_the_whole_request_fits() -> None:
    def body(**properties: Any) -> dict[str, Any]:
        schema = {"type": "object", "properties": properties, "required": list(properties)}
        return {"required": True, "content": {"application/json": {"schema": schema}}}

    locked = {"parameters": named(id=TEXT), "security": [{"key": []}]}
    filtered = {"name": "filter", "in": "query", "required": True, "schema": TEXT}
    paths = {
        "/cards/{id}": {
            "get": {**locked, "responses": tells("locked")},
            "put": {**locked, "requestBody": body(a=TEXT), "responses": tells("a")},
        },
        "/cards/{name}": {
            "get": {"parameters": [*named(name=TEXT), filtered], "responses": tells("open")},
            "put": {
                "parameters": named(name=TEXT),
                "requestBody": body(b=TEXT),
                "responses": tells("b"),
            },
        },
    }
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "x-key"}}
    with served(paths, components={"securitySchemes": schemes}) as server:
        key = {"x-key": "mock-one"}
        assert "locked" in server.client.get("/cards/1", headers=key).json()
        assert "open" in server.client.get("/cards/1?filter=x").json()
        assert "a" in server.client.put("/cards/1", headers=key, json={"a": "x"}).json()
        assert "b" in server.client.put("/cards/1", json={"b": "x"}).json()
        wrong = {"x-key": "other"}
        assert "open" in server.client.get("/cards/1?filter=x", headers=wrong).json()
        assert server.client.put("/cards/1", headers=wrong, json={"a": "x"}).status_code >= 400


def test_a_less_literal_path_counts_where_the_values_fit_no_other() -> None:
    zone = {"type": "string", "enum": ["zones", "rooms"]}
    uuid = {"type": "string", "format": "uuid"}
    paths = {
        "/sites/rooms/{id}": {"get": {"parameters": named(id=uuid), "responses": tells("room")}},
        "/sites/{zone}/count": {
            "get": {"parameters": named(zone=zone), "responses": tells("count")}
        },
    }
    with served(paths) as server:
        assert "count" in server.client.get("/sites/rooms/count").json()
        assert "count" in server.client.get("/sites/zones/count").json()
        assert server.client.get("/sites/rooms/5").status_code == 422
        assert server.client.get("/sites/rooms/3c90c3cc-0d44-4b50-8888-8dd25736052a").is_success


@pytest.mark.parametrize(
    ("path", "forked"), [("/a/b/7", True), ("/a/c/7", False), ("/a/b/c", False)]
)
def test_only_a_path_that_fits_others_too_is_looked_at_twice(path: str, forked: bool) -> None:
    index = PathIndex()
    for number, template in enumerate(("/a/b/{x}", "/a/{y}/{x}", "/a/b/c")):
        index.add(template, {"GET": str(number)})
    match = index.match("GET", path)
    assert match is not None
    assert match.forked is forked
    others = [other.operation_id for other in index.others("GET", path)]
    assert others == {"/a/b/7": ["1"], "/a/c/7": [], "/a/b/c": ["0", "1"]}[path]


@pytest.mark.parametrize("paths", [("/chat", "/chat#stream"), ("/chat#stream", "/chat")])
def test_a_label_after_a_hash_is_no_condition_and_accept_tells_which(
    paths: tuple[str, str],
) -> None:
    stream = {"200": {"description": "", "content": {"text/plain": {"schema": TEXT}}}}
    said_by = {"/chat": {"post": {"responses": tells("whole")}}}
    said_by["/chat#stream"] = {"post": {"responses": stream}}
    with served({path: said_by[path] for path in paths}) as server:
        whole = server.client.post("/chat", headers={"accept": "application/json"})
        assert whole.json() == {"whole": 1}
        streamed = server.client.post("/chat", headers={"accept": "text/plain"})
        assert streamed.headers["content-type"].startswith("text/plain")
