"""The whole stack, in process: routes, methods, limits, refusals, transactions."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import NO_BODY, MockServer, Reply, Request, World
from mockserver.errors import Conflict

ITEM = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "string"}, "size": {"type": "integer"}},
}
JSON = {"application/json": {"schema": ITEM}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "servers": [{"url": "https://vendor.test/v2"}],
    "security": [{"key": []}],
    "paths": {
        "/things/{id}": {
            "get": {"operationId": "getThing", "responses": {"200": {"content": JSON}}},
            "put": {
                "operationId": "putThing",
                "requestBody": {"required": True, "content": JSON},
                "responses": {"200": {"content": JSON}, "409": {}, "422": {}},
            },
        },
        "/empty": {"delete": {"operationId": "empty", "responses": {"204": {}}}},
    },
    "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Key"}}},
}


@pytest.fixture
def things():
    with MockServer(DOCUMENT) as server:
        pipeline: Any = server.mock.pipeline
        pipeline.handlers = {
            "getThing": lambda world, request: Reply(200, {"id": request.path["id"]}),
            "putThing": lambda world, request: Reply(200, request.body),
            "empty": lambda world, request: Reply(204, NO_BODY),
        }
        yield server


def set_handler(server: MockServer, operation_id: str, handler: Any) -> None:
    pipeline: Any = server.mock.pipeline
    pipeline.handlers = {**pipeline.handlers, operation_id: handler}


def test_path_parameters_arrive_decoded(things: MockServer):
    assert things.client.get("/things/a%2Fb%20c").json() == {"id": "a/b c"}


def test_encoded_commas_are_no_delimiters_of_a_list_in_the_path():
    names = {"type": "array", "items": {"enum": ["a,b", "c/d"]}}
    parameters = [
        {"name": "user", "in": "path", "required": True, "schema": {"enum": ["x y"]}},
        {"name": "names", "in": "path", "required": True, "schema": names},
    ]
    item = {"parameters": parameters, "get": {"responses": {"204": {}, "422": {}}}}
    with MockServer({"openapi": "3.1.0", "paths": {"/{user}/tags/{names}": item}}) as server:
        assert server.client.get("/x%20y/tags/a%2Cb,c%2Fd").status_code == 204
        assert server.client.get("/x%20y/tags/a,b").status_code == 422


def test_the_base_path_of_the_server_may_be_there_or_not(things: MockServer):
    assert things.client.get("/v2/things/1").json() == {"id": "1"}
    assert things.client.get("/v2things/1").status_code == 404


def test_head_answers_like_get_without_a_body(things: MockServer):
    reply = things.client.head("/things/1")
    assert (reply.status_code, reply.content) == (200, b"")
    assert int(reply.headers["content-length"]) == len(things.client.get("/things/1").content)


def test_options_and_405_list_the_methods(things: MockServer):
    options = things.client.options("/things/1")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, PUT")
    refused = things.client.post("/things/1")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS, PUT")
    assert things.client.head("/empty").status_code == 405


def test_a_literal_path_is_an_id_only_where_the_schema_admits_its_name():
    def item(schema: dict[str, Any]) -> dict[str, Any]:
        parameter = {"name": "id", "in": "path", "required": True, "schema": schema}
        return {"parameters": [parameter], "get": {"responses": {"204": {}}}}

    document = {
        "openapi": "3.1.0",
        "paths": {
            "/texts/{id}": item({"type": "string"}),
            "/texts/draft": {"post": {"responses": {"204": {}}}},
            "/uuids/{id}": item({"type": "string", "format": "uuid"}),
            "/uuids/draft": {"post": {"responses": {"204": {}}}},
        },
    }
    with MockServer(document) as server:
        assert server.client.get("/texts/draft").status_code == 204
        refused = server.client.get("/uuids/draft")
        assert (refused.status_code, refused.headers["allow"]) == (405, "OPTIONS, POST")


def test_unknown_paths_are_404_even_without_a_credential(things: MockServer):
    assert things.client_for("").get("/nothing").status_code == 404


def test_a_missing_credential_is_401(things: MockServer):
    assert things.client_for("").get("/things/1").status_code == 401


def test_204_has_neither_body_nor_length(things: MockServer):
    reply = things.client.delete("/empty")
    assert reply.status_code == 204
    assert "content-length" not in reply.headers
    assert "content-type" not in reply.headers


def test_a_reply_that_breaks_the_contract_is_500_with_the_reason(things: MockServer):
    set_handler(things, "getThing", lambda world, request: Reply(200, {"size": "big"}))
    reply = things.client.get("/things/1")
    assert reply.status_code == 500
    assert reply.headers["content-type"] == "application/problem+json"
    assert "id" in reply.json()["detail"]


def test_a_handler_that_fails_is_500_without_a_traceback(
    things: MockServer, said: pytest.LogCaptureFixture
):
    def broken(world: World, request: Request) -> Reply:
        raise ZeroDivisionError("no")

    set_handler(things, "getThing", broken)
    reply = things.client.get("/things/1")
    assert reply.status_code == 500
    assert reply.json()["detail"].endswith(" ZeroDivisionError: no")
    assert "Traceback" not in reply.text
    assert "ZeroDivisionError" in said.text


@pytest.mark.parametrize("given", [None, 5, {"id": "1"}])
def test_a_handler_that_gives_no_reply_is_told_so(things: MockServer, given: Any):
    set_handler(things, "getThing", lambda world, request: given)
    reply = things.client.get("/things/1")
    assert reply.status_code == 500
    assert "getThing returned" in reply.json()["detail"]
    assert "return Reply(200" in reply.json()["detail"]


def test_a_handler_that_exits_does_not_end_the_server(things: MockServer):
    def leave(world: World, request: Request) -> Reply:
        raise SystemExit(3)

    set_handler(things, "getThing", leave)
    assert things.client.get("/things/1").status_code == 500
    assert things.client.delete("/empty").status_code == 204


@pytest.mark.parametrize("ending", ["refusal", "failure", "invalid reply"])
def test_what_a_handler_wrote_is_undone_unless_its_reply_is_sent(things: MockServer, ending: str):
    def counts(world: World, request: Request) -> Reply:
        number = world.ordinal("calls")
        if number == 2 and request.headers.get("x-fail"):
            if ending == "refusal":
                raise Conflict("no")
            if ending == "failure":
                raise RuntimeError("no")
            return Reply(200, {"size": 1})
        return Reply(200, {"id": str(number)})

    set_handler(things, "getThing", counts)
    assert things.client.get("/things/1").json() == {"id": "1"}
    assert things.client.get("/things/1", headers={"x-fail": "1"}).status_code >= 400
    assert things.client.get("/things/1").json() == {"id": "2"}


def test_a_body_over_the_limit_is_413():
    with MockServer(DOCUMENT, max_body=100) as server:
        reply = server.client.put("/things/1", content=b'"' + b"x" * 200 + b'"')
        assert reply.status_code == 413


def test_a_real_port_answers_too(things: MockServer):
    import httpx

    reply = httpx.get(things.url + "/things/7", headers=things.headers)
    assert reply.json() == {"id": "7"}
