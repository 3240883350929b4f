"""Surprising features of real documents: regressions found by `make corpus`."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import TEXT

THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": TEXT, "name": {"type": "string"}},
}


def said(schema: Any = None, status: str = "200", media: str = "application/json") -> Any:
    content = {media: {"schema": schema}} if schema is not None else {}
    return {status: {"description": "", "content": content}}


def served(paths: dict[str, Any], **more: Any) -> MockServer:
    for path, item in paths.items():
        for method, operation in item.items():
            operation.setdefault("operationId", f"{method} {path}")
            operation.setdefault("responses", said())
    return MockServer({"openapi": "3.0.3", "paths": paths, **more}, seed=3)


def path_parameter(name: str, schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def test_operations_told_apart_by_what_stands_behind_their_path() -> None:
    def action(name: str) -> dict[str, Any]:
        return {"responses": said({"type": "string", "enum": [name]})}

    target = {"name": "X-Target", "in": "header", "required": True, "schema": {"type": "string"}}
    paths = {
        "/#Action=Start": {"post": action("start")},
        "/#Action=Stop": {"post": action("stop")},
        "/#X-Target=Api.Look": {"post": {**action("look"), "parameters": [target]}},
        "/things": {"get": action("all")},
        "/things?kind=old": {"get": action("old")},
        "/tags#names": {"delete": action("untag")},
        "/pages?n={n}": {"get": {**action("page"), "parameters": [path_parameter("n", TEXT)]}},
    }
    with served(paths) as server:
        client = server.client
        assert client.post("/?Action=Stop").json() == "stop"
        assert client.post("/", params={"Action": "Start"}).json() == "start"
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert client.post("/", content="Action=Stop", headers=form).json() == "stop"
        assert client.post("/", headers={"x-target": "Api.Look"}).json() == "look"
        assert client.get("/things").json() == "all"
        assert client.get("/things?kind=new").json() == "all"
        assert client.get("/things?kind=old").json() == "old"
        assert client.delete("/tags?names=a").json() == "untag"
        assert client.get("/pages?n=2").json() == "page"


def test_templates_of_one_shape_are_told_apart_by_their_values() -> None:
    def one(name: str, schema: Any) -> dict[str, Any]:
        return {
            "get": {
                "parameters": [path_parameter(name, schema)],
                "responses": said({"type": "string", "enum": [name]}),
            }
        }

    paths = {
        "/runs/{number}": one("number", {"type": "integer"}),
        "/runs/{word}": one("word", {"type": "string", "pattern": "^[a-z]+$"}),
        "/files/{name}.{kind}": one("name", {"type": "string"}),
        "/files/{name}.pbf": one("kind", {"type": "string"}),
    }
    paths["/files/{name}.{kind}"]["get"]["parameters"].append(
        path_parameter("kind", {"enum": ["png"]})
    )
    paths["/files/{name}.pbf"]["get"]["parameters"] = [path_parameter("name", {"type": "string"})]
    with served(paths) as server:
        assert server.client.get("/runs/12").json() == "number"
        assert server.client.get("/runs/twelve").json() == "word"
        assert server.client.get("/files/map.1.png").json() == "name"
        assert server.client.get("/files/map.pbf").json() == "kind"


def test_ids_fit_every_path_that_names_them() -> None:
    number = path_parameter("screenId", {"type": "integer", "minimum": 10})
    paths = {
        "/screens": {
            "get": {"responses": said({"type": "array", "items": THING})},
            "post": {"responses": said(THING, "201")},
        },
        "/screens/{id}": {
            "get": {"parameters": [path_parameter("id", TEXT)], "responses": said(THING)},
        },
        "/screens/{screenId}/tabs": {
            "get": {"parameters": [number], "responses": said({"type": "array", "items": THING})}
        },
    }
    with served(paths) as server:
        ids = [row["id"] for row in server.client.get("/screens").json()]
        ids.append(server.client.post("/screens").json()["id"])
        assert len(set(ids)) == 4
        for key in ids:
            assert server.client.get(f"/screens/{key}").json()["id"] == key
            assert server.client.get(f"/screens/{key}/tabs").status_code == 200


def test_a_create_that_answers_the_id_alone() -> None:
    body = {"content": {"application/json": {"schema": THING}}}
    paths = {
        "/things": {"post": {"requestBody": body, "responses": said(TEXT, "201")}},
        "/things/{id}": {
            "get": {"parameters": [path_parameter("id", TEXT)], "responses": said(THING)}
        },
    }
    with served(paths) as server:
        key = server.client.post("/things", json={"id": "x", "name": "Ada"}).json()
        assert server.client.get(f"/things/{key}").json()["name"] == "Ada"


@pytest.mark.parametrize(
    ("wrapped", "sent"),
    [
        ({"data": {"thing": THING}}, {"data": {"thing": {"id": "a", "name": "Ada"}}}),
        ({"things": [THING]}, {"things": [{"id": "a", "name": "Ada"}]}),
        ({"thing": THING}, {"thing": {"id": "a", "name": "Ada"}}),
    ],
)
def test_things_in_wrappings(wrapped: Any, sent: Any) -> None:
    def schema(shape: Any) -> Any:
        if isinstance(shape, list):
            return {"type": "array", "items": shape[0], "minItems": 1}
        if shape is THING:
            return THING
        inner = {name: schema(part) for name, part in shape.items()}
        return {"type": "object", "properties": inner, "required": list(inner)}

    described = schema(wrapped)
    body = {"content": {"application/json": {"schema": described}}}
    paths = {
        "/things": {"post": {"requestBody": body, "responses": said(described, "201")}},
        "/things/{id}": {
            "get": {"parameters": [path_parameter("id", TEXT)], "responses": said(described)}
        },
    }
    with served(paths) as server:
        assert server.client.post("/things", json=sent).json() == sent
        assert server.client.get("/things/a").json() == sent


def test_rows_under_parents_that_the_document_does_not_know() -> None:
    listed = {"get": {"responses": said({"type": "array", "items": THING})}}
    paths = {
        "/groups/{group}/machines": listed,
        "/plans/{plan}/machines": {"get": {"responses": said({"type": "array", "items": THING})}},
        "/groups/{group}/machines/{id}": {"get": {"responses": said(THING)}},
    }
    with served(paths) as server:
        row = server.client.get("/groups/a/machines").json()[0]
        assert server.client.get(f"/groups/a/machines/{row['id']}").json()["id"] == row["id"]
        assert server.client.get(f"/groups/b/machines/{row['id']}").status_code == 404


def test_what_nobody_can_learn_the_id_of_is_known_by_any() -> None:
    paths = {
        "/tabs": {"post": {"responses": said(None, "201")}},
        "/tabs/{id}": {"get": {"responses": said(THING)}},
    }
    with served(paths) as server:
        assert server.client.get("/tabs/7").json()["id"] == "7"


def test_causes_have_causes_of_their_own_kind() -> None:
    error = {
        "type": "object",
        "properties": {
            "message": {"type": "string"},
            "details": {"type": "array", "items": {"$ref": "#/components/schemas/Error"}},
        },
    }
    paths = {
        "/a/{id}": {
            "delete": {
                "responses": {**said(), **said({"$ref": "#/components/schemas/Error"}, "404")}
            }
        }
    }
    paths["/a"] = {"get": {"responses": said({"type": "array", "items": THING})}}
    with served(paths, components={"schemas": {"Error": error}}) as server:
        answer = server.client.delete("/a/none")
        assert answer.status_code == 404
        assert "none" in answer.json()["message"]


@pytest.mark.parametrize(
    ("documented", "sent"),
    [("*/*", "application/json"), ("application/*", "application/json"), ("text/*", "text/plain")],
)
def test_what_is_sent_has_one_media_type(documented: str, sent: str) -> None:
    with served(
        {"/a": {"get": {"responses": said({"type": "string"}, media=documented)}}}
    ) as server:
        assert server.client.get("/a").headers["content-type"] == sent


def test_a_redirection_is_the_success_of_what_lists_no_other() -> None:
    headers = {"Location": {"schema": {"type": "string", "format": "uri"}}}
    moved = {"302": {"description": "", "headers": headers}, "404": {"description": ""}}
    with served({"/logs": {"get": {"responses": moved}}}) as server:
        answer = server.client.get("/logs")
        assert answer.status_code == 302
        assert answer.headers["location"].startswith("https://")


def test_the_default_says_which_page_is_the_first() -> None:
    page = {
        "name": "page",
        "in": "query",
        "schema": {"type": "integer", "minimum": 0, "default": 1},
    }
    listed = {"parameters": [page], "responses": said({"type": "array", "items": THING})}
    with served({"/things": {"get": listed}, "/things/{id}": {"get": {}}}) as server:
        assert len(server.client.get("/things?page=1").json()) == 3
        assert server.client.get("/things?page=2").json() == []


def test_bodies_whose_schema_speaks_of_other_values_are_opaque() -> None:
    def taking(media: str, schema: Any) -> dict[str, Any]:
        return {"post": {"requestBody": {"content": {media: {"schema": schema}}}}}

    paths = {
        "/text": taking("text/plain", {"type": "object", "required": ["a"]}),
        "/form": taking("multipart/form-data", {"type": "string"}),
        "/word": taking("text/plain", {"type": "string", "maxLength": 3}),
    }
    with served(paths) as server:
        post = server.client.post
        assert post("/text", content="x", headers={"content-type": "text/plain"}).is_success
        assert post("/form", files={"a": b"x"}).is_success
        assert post("/word", content="long", headers={"content-type": "text/plain"}).is_error


def test_types_that_are_none_say_nothing() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "any"}, "b": {"type": "date"}}}
    paths = {"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}}
    with served(paths) as server:
        assert server.client.post("/a", json={"a": 1, "b": []}).status_code == 200


def test_a_removal_without_a_documented_404_answers_its_success_in_full() -> None:
    done = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean"}}}
    paths = {
        "/a": {"get": {"responses": said({"type": "array", "items": THING})}},
        "/a/{id}": {"delete": {"responses": said(done)}},
    }
    with served(paths) as server:
        answer = server.client.delete("/a/none")
        assert answer.status_code == 200
        assert isinstance(answer.json()["ok"], bool)


def test_a_described_reference_is_the_reference() -> None:
    rows = {"allOf": [{"$ref": "#/components/schemas/Rows"}, {"description": "the rows"}]}
    listed = {"type": "object", "properties": {"Users": rows}}
    paths = {
        "/users": {"get": {"responses": said(listed)}},
        "/users/{id}": {"get": {"responses": said(THING)}},
    }
    components = {"schemas": {"Rows": {"type": "array", "items": THING}}}
    with served(paths, components=components) as server:
        (first, *_) = server.client.get("/users").json()["Users"]
        assert server.client.get(f"/users/{first['id']}").json()["id"] == first["id"]


def test_schemes_that_share_the_authorization_header() -> None:
    schemes = {
        "basic": {"type": "http", "scheme": "basic"},
        "raw": {"type": "apiKey", "in": "header", "name": "Authorization"},
    }
    paths = {
        "/a": {"get": {"security": [{"basic": [], "raw": []}]}},
        "/b": {"get": {"security": [{"raw": []}]}},
    }
    with served(paths, components={"securitySchemes": schemes}) as server:
        client = server.client_for("")
        assert client.get("/a", auth=("mock-1", "")).status_code == 200
        for said in ("mock-1", "Bearer mock-1", "Token mock-1"):
            assert client.get("/b", headers={"authorization": said}).status_code == 200
        assert client.get("/b", headers={"authorization": "Bearer other"}).status_code == 401


def test_methods_of_openapi_3_2() -> None:
    numbers = {"type": "array", "items": {"type": "integer"}}
    body = {"content": {"application/json": {"schema": {"type": "object", "required": ["a"]}}}}
    sequence = {"200": {"description": "", "content": {"text/event-stream": {"itemSchema": {}}}}}
    document = {
        "openapi": "3.2.0",
        "$self": "https://vendor.test/openapi.json",
        "paths": {
            "/things": {
                "parameters": [{"name": "n", "in": "query", "schema": {"type": "integer"}}],
                "query": {"requestBody": {**body, "required": True}, "responses": said(numbers)},
                "additionalOperations": {"COPY": {"responses": said(status="204")}},
            },
            "/events": {
                "get": {
                    "parameters": [{"name": "q", "in": "querystring", "content": {}}],
                    "responses": sequence,
                }
            },
        },
    }
    with MockServer(document) as server:
        ask = server.client.request
        assert all(isinstance(n, int) for n in ask("QUERY", "/things", json={"a": 1}).json())
        assert ask("QUERY", "/things", json={}).status_code == 422
        assert ask("COPY", "/things").status_code == 204
        assert ask("COPY", "/things?n=x").status_code == 422
        assert ask("GET", "/things").headers["allow"] == "COPY, OPTIONS, QUERY"
        assert ask("GET", "/events?a=1").status_code == 200
        notes = [note.message for note in server.mock.contract.notes]
        assert any("its content is missing" in text for text in notes)


def test_a_create_that_tells_the_id_under_a_name_of_its_own() -> None:
    told = {"type": "object", "properties": {"itemId": {"type": "integer"}}}
    numbered = {"type": "object", "properties": {"id": {"type": "integer"}, "name": TEXT}}
    body = {"content": {"application/json": {"schema": numbered}}}
    number = path_parameter("id", {"type": "integer"})
    paths = {
        "/notes": {"post": {"requestBody": body, "responses": said(told)}},
        "/notes/{id}": {"get": {"parameters": [number], "responses": said(numbered)}},
    }
    with served(paths) as server:
        key = server.client.post("/notes", json={"name": "Ada"}).json()["itemId"]
        assert server.client.get(f"/notes/{key}").json() == {"id": key, "name": "Ada"}


def test_an_empty_list_that_may_not_be_empty_is_left_out() -> None:
    rows = {"type": "array", "items": THING, "minItems": 1}
    listed = {"type": "object", "properties": {"data": rows, "total": {"type": "integer"}}}
    paths = {
        "/owners": {"post": {"responses": said(THING, "201")}},
        "/owners/{id}": {"get": {"responses": said(THING)}},
        "/owners/{id}/pets": {
            "get": {"responses": said(listed)},
            "post": {"responses": said(THING, "201")},
        },
    }
    with served(paths) as server:
        key = server.client.post("/owners").json()["id"]
        assert "data" not in server.client.get(f"/owners/{key}/pets").json()


def test_patterns_and_nested_objects_as_browsers_read_them() -> None:
    pattern = {"type": "string", "pattern": r"^[a-z\d-_]+$"}
    inner = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
    filters = {"type": "object", "properties": {"range": inner, "word": {"type": "string"}}}
    parameters = [
        {"name": "q", "in": "query", "schema": pattern},
        {"name": "filter", "in": "query", "schema": filters},
    ]
    with served({"/a": {"get": {"parameters": parameters}}}) as server:
        get = server.client.get
        assert get("/a?q=x-_1").status_code == 200
        assert get("/a?q=*").status_code == 422
        assert get("/a", params={"range": '{"a": 1}', "word": "x"}).status_code == 200
        assert get("/a", params={"range": '{"a": "x"}'}).status_code == 422


def test_things_that_no_value_can_show_are_there_all_the_same() -> None:
    strange = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "gone": {"not": {}}},
        "required": ["id", "gone"],
    }
    one = path_parameter("thingId", {"type": "integer"})
    paths = {
        "/things": {"get": {"responses": said({"type": "array", "items": strange})}},
        "/things/{thingId}": {
            "get": {"parameters": [one], "responses": said(strange)},
            "delete": {"parameters": [one], "responses": said(None, "204")},
        },
        "/things/{thingId}/parts": {
            "get": {
                "parameters": [one],
                "responses": said({"type": "array", "items": THING}),
            },
        },
    }
    with served(paths) as server:
        assert server.client.get("/things").json() == []
        text = server.client.get("/things/1").text
        assert "no value fits" in text
        assert "--validate warn" in text
        assert server.client.get("/things/1/parts").json()
        assert server.client.delete("/things/1").status_code == 204
        assert server.client.get("/things/1").status_code == 404


def test_a_list_that_is_never_empty_shows_something() -> None:
    listed = {"type": "array", "items": THING, "minItems": 1}
    one = path_parameter("orgId", TEXT)
    paths = {
        "/orgs": {"post": {"responses": said(THING, "201")}},
        "/orgs/{orgId}/parts": {
            "get": {"parameters": [one], "responses": said(listed)},
            "post": {"parameters": [one], "responses": said(THING, "201")},
        },
    }
    with served(paths) as server:
        org = server.client.post("/orgs").json()["id"]
        found = server.client.get(f"/orgs/{org}/parts").json()
        assert found
        assert server.client.get(f"/orgs/{org}/parts").json() == found


@pytest.mark.parametrize("name", ["", "$", "😀", "__"])
def test_an_array_under_a_name_without_words_is_shown(name: str) -> None:
    text = {"type": "string"}
    schema = {
        "type": "object",
        "required": [name],
        "properties": {"id": text, name: {"type": "array", "items": text}},
    }
    shown = {"description": "ok", "content": {"application/json": {"schema": schema}}}
    found = {
        "openapi": "3.1.0",
        "info": {"title": "Names", "version": "1"},
        "paths": {"/users/me": {"get": {"responses": {"200": shown}}}},
    }
    with MockServer(found, clock="manual") as server:
        assert server.client.get("/users/me").status_code == 200
