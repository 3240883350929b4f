"""Round trips on unknown documents: regressions found by `make corpus`."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.engine.inferred.repository import OwnRepository
from tests.engine.test_strange_documents import THING, path_parameter, said, served
from tests.support.documents import TEXT, WHOLE

LIST = {"type": "array", "items": THING}


def query(name: str, **schema: Any) -> dict[str, Any]:
    required = schema.pop("required", False)
    schema.setdefault("type", "string")
    return {"name": name, "in": "query", "required": required, "schema": schema}


def test_a_list_of_names_shows_what_things_are_called() -> None:
    names = {"type": "array", "items": {"type": "string"}}
    paths = {
        "/clusters": {
            "get": {"responses": said(names)},
            "post": {"responses": said(THING, "201")},
        },
        "/clusters/{id}": {"get": {"responses": said(THING)}},
    }
    with served(paths) as server:
        made = server.client.post("/clusters").json()["id"]
        found = server.client.get("/clusters").json()
        assert made in found
        assert all(server.client.get(f"/clusters/{one}").status_code == 200 for one in found)


def test_what_is_made_only_beneath_its_own_kind_has_a_first_one() -> None:
    rule = {"$ref": "#/components/schemas/Rule"}
    paths = {
        "/rules/{id}": {"get": {"responses": said(rule)}},
        "/rules/{id}/rules": {
            "get": {"responses": said({"type": "array", "items": rule})},
            "post": {"responses": said(rule, "201")},
        },
    }
    with served(paths, components={"schemas": {"Rule": THING}}) as server:
        assert server.client.get("/rules/first").json()["id"] == "first"
        made = server.client.post("/rules/first/rules").json()
        assert server.client.get(f"/rules/{made['id']}").json() == made


def test_a_default_that_is_no_value_of_the_property_hides_nothing() -> None:
    thing = {
        **THING,
        "properties": {**THING["properties"], "ref": TEXT, "kind": {"enum": ["old", "new"]}},
    }
    filters = [query("ref", default="none"), query("kind", default="old")]
    paths = {
        "/builds": {
            "get": {
                "parameters": filters,
                "responses": said({"type": "array", "items": thing}),
            },
            "post": {
                "requestBody": {"content": {"application/json": {"schema": thing}}},
                "responses": said(thing, "201"),
            },
        },
        "/builds/{id}": {"get": {"responses": said(thing)}},
    }
    with served(paths) as server:
        for kind in ("old", "new"):
            body = {"id": kind, "name": "a", "ref": "main", "kind": kind}
            server.client.post("/builds", json=body)
        listed = [row["id"] for row in server.client.get("/builds").json()]
        assert "old" in listed
        assert "new" not in listed
        other = server.client.get("/builds", params={"ref": "side"}).json()
        assert "old" not in [row["id"] for row in other]


def test_a_filter_that_must_be_given_finds_what_only_the_vendor_makes() -> None:
    thing = {**THING, "properties": {**THING["properties"], "advertiser_id": TEXT}}
    paths = {
        "/reports": {
            "get": {
                "parameters": [query("advertiser_id", required=True)],
                "responses": said({"type": "array", "items": thing}),
            }
        },
        "/reports/{id}": {"get": {"responses": said(thing)}},
    }
    with served(paths) as server:
        found = server.client.get("/reports", params={"advertiser_id": "seven"}).json()
        assert [row["advertiser_id"] for row in found] == ["seven"] * 3
        assert server.client.get("/reports", params={"advertiser_id": "seven"}).json() == found
        assert server.client.get(f"/reports/{found[0]['id']}").json() == found[0]


def test_what_an_answer_has_said_of_a_new_thing_stays_so() -> None:
    more = {**THING, "properties": {**THING["properties"], "arn": TEXT}, "required": ["id", "arn"]}
    paths = {
        "/rules": {"post": {"responses": said(more, "201")}},
        "/rules/{id}": {"get": {"responses": said(THING)}},
        "/rules/{id}/enable": {"post": {"responses": said(more)}},
    }
    with served(paths) as server:
        made = server.client.post("/rules").json()
        assert made["arn"]
        assert server.client.post(f"/rules/{made['id']}/enable").json()["arn"] == made["arn"]


def test_the_few_names_that_a_document_lists_are_there_under_each_parent() -> None:
    policy = path_parameter("policy_id", {"type": "string", "enum": ["default"]})
    paths = {
        "/servers/{server}/policies": {"get": {"responses": said(LIST)}},
        "/servers/{server}/policies/{policy_id}": {
            "get": {"parameters": [policy], "responses": said(THING)}
        },
    }
    with served(paths) as server:
        for name in ("one", "two"):
            listed = server.client.get(f"/servers/{name}/policies").json()
            assert [row["id"] for row in listed] == ["default"]
            assert server.client.get(f"/servers/{name}/policies/default").status_code == 200


def test_objects_in_a_list_of_the_query_are_json() -> None:
    tag = {"type": "object", "required": ["key"], "properties": {"key": TEXT}}
    paths = {
        "/tag": {"get": {"parameters": [query("tags", type="array", items=tag)]}},
    }
    with served(paths) as server:
        good = server.client.get("/tag", params={"tags": ['{"key": "a"}', '{"key": "b"}']})
        assert good.status_code == 200
        assert server.client.get("/tag", params={"tags": ["{}"]}).status_code == 422
        assert server.client.get("/tag", params={"tags": ["a"]}).status_code == 422


def test_javas_name_of_hexadecimal_digits_is_known() -> None:
    code = {"type": "string", "pattern": r"^\p{XDigit}{4}-[\p{Upper}_]+$"}
    paths = {"/code": {"get": {"parameters": [query("code", **code)]}}}
    with served(paths) as server:
        assert server.client.get("/code", params={"code": "0aF9-A_B"}).status_code == 200
        assert server.client.get("/code", params={"code": "0aG9-A_B"}).status_code == 422


def test_a_header_that_nothing_is_said_of_refuses_nothing() -> None:
    match = {"name": "If-Match", "in": "header", "schema": {"type": "string"}}
    paths: dict[str, Any] = {
        "/things/{id}": {
            "get": {"responses": said(THING)},
            "patch": {"parameters": [match], "responses": said(THING)},
            "put": {"parameters": [match], "responses": {**said(THING), **said(status="412")}},
        }
    }
    with served(paths) as server:
        stale = {"if-match": '"stale"'}
        assert server.client.patch("/things/a", headers=stale).status_code == 200
        assert server.client.put("/things/a", headers=stale).status_code == 412


def test_a_refusal_has_the_headers_that_its_status_requires() -> None:
    header = {"X-Server": {"required": True, "schema": {"type": "string"}}}
    gone = {"404": {"description": "", "headers": header}}
    paths: dict[str, Any] = {
        "/things": {"get": {"responses": said(LIST)}},
        "/things/{id}": {"get": {"responses": {**said(THING), **gone}}},
    }
    with served(paths) as server:
        refused = server.client.get("/things/nobody")
        assert refused.status_code == 404
        assert refused.headers["x-server"]


def test_one_authorization_header_is_enough_for_two_schemes_of_it() -> None:
    schemes = {
        "user": {"type": "http", "scheme": "basic"},
        "token": {"type": "http", "scheme": "bearer"},
        "app": {"type": "apiKey", "in": "header", "name": "X-App"},
    }
    paths: dict[str, Any] = {
        "/both": {"get": {"security": [{"user": [], "token": [], "app": []}]}},
    }
    with served(paths, components={"securitySchemes": schemes}) as server:
        token = {"authorization": "Bearer mock-key"}
        client = server.client_for("")
        both = client.get("/both", headers={**token, "x-app": "mock-key"})
        assert both.status_code == 200
        assert client.get("/both", headers=token).status_code == 401


def test_rows_are_shown_in_the_wrapping_that_a_list_has() -> None:
    wrapped = {"type": "object", "properties": {"hook": THING}}
    paths: dict[str, Any] = {
        "/hooks": {
            "get": {"responses": said({"type": "array", "items": wrapped})},
            "post": {"responses": said(wrapped, "201")},
        },
        "/hooks/{id}": {"get": {"responses": said(wrapped)}},
    }
    with served(paths) as server:
        made = server.client.post("/hooks").json()
        assert made in server.client.get("/hooks").json()
        assert server.client.get(f"/hooks/{made['hook']['id']}").json() == made


def test_of_several_ids_in_a_path_the_first_is_meant() -> None:
    ids = path_parameter("id", {"type": "array", "items": {"type": "string"}})
    paths: dict[str, Any] = {
        "/apps": {"get": {"responses": said(LIST)}},
        "/apps/{id}": {"get": {"parameters": [ids], "responses": said(THING)}},
    }
    with served(paths) as server:
        known = server.client.get("/apps").json()[0]
        assert server.client.get(f"/apps/{known['id']},other").json() == known


def test_an_object_that_is_spread_has_the_names_that_nobody_else_claims() -> None:
    tags = {"type": "object", "additionalProperties": {"type": "integer"}}
    paths = {
        "/queues": {
            "get": {
                "parameters": [
                    {"name": "tags", "in": "query", "required": True, "schema": tags},
                    query("page"),
                ],
                "security": [{"key": []}],
                "responses": said(THING),
            }
        }
    }
    schemes = {"key": {"type": "apiKey", "in": "query", "name": "key"}}
    with served(paths, components={"securitySchemes": schemes}) as server:
        assert server.client.get("/queues?key=mock-a&page=x&size=7").status_code == 200
        assert server.client.get("/queues?key=mock-a&page=x&size=many").status_code == 422
        assert server.client.get("/queues?key=mock-a&page=x").status_code == 422


def test_what_programs_say_of_compression_by_themselves_refuses_nothing() -> None:
    header = {"name": "Accept-Encoding", "in": "header", "schema": {"enum": ["base64"]}}
    paths = {
        "/a": {"get": {"parameters": [header], "responses": said(THING)}},
        "/b": {"get": {"parameters": [{**header, "required": True}], "responses": said(THING)}},
    }

    with served(paths) as server:

        def status(path: str, encoding: str) -> int:
            return server.client.get(path, headers={"accept-encoding": encoding}).status_code

        assert status("/a", "gzip, deflate;q=0.5, br") == 200
        assert status("/a", "base64") == 200
        assert status("/a", "base65") == 422
        assert status("/b", "gzip, deflate") == 422
        assert status("/b", "base64") == 200


def test_a_star_alone_is_any_media_type() -> None:
    response = {"200": {"description": "", "content": {"*": {"schema": THING}}}}
    with served({"/a": {"get": {"responses": response}}}) as server:
        assert "id" in server.client.get("/a").json()


def test_lists_in_a_list_of_the_path_are_json() -> None:
    pairs = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
    parameter = {"name": "pairs", "in": "path", "required": True, "schema": pairs}
    paths = {"/v/{pairs}": {"get": {"parameters": [parameter], "responses": said(THING)}}}
    with served(paths) as server:
        assert server.client.get('/v/["a","b"],["c"]').status_code == 200
        assert server.client.get('/v/["a","b"],[1]').status_code == 422


def test_a_property_of_two_branches_is_read_as_either_has_it() -> None:
    def accepted(**properties: Any) -> dict[str, Any]:
        inner = {"type": "object", "properties": properties, "additionalProperties": False}
        return {"type": "object", "properties": {"accepted": inner}}

    schema = {
        "type": "object",
        "properties": {
            "m": {"anyOf": [accepted(at={"type": "integer"}), accepted(kind={"type": "string"})]}
        },
    }
    form = {"schema": schema, "encoding": {"m": {"style": "deepObject", "explode": True}}}
    body = {"required": True, "content": {"application/x-www-form-urlencoded": form}}
    with served({"/a": {"post": {"requestBody": body, "responses": said(THING)}}}) as server:
        sent = {"m[accepted][at]": "15"}
        assert server.client.post("/a", data=sent).status_code == 200


def test_an_own_uri_that_no_url_of_the_mock_fits_stays_what_it_was() -> None:
    pages = {
        "type": "string",
        "pattern": "^/v[0-9]/pages/[a-z]+$",
        "description": "A URI to the page.",
    }
    texts = {"type": "string", "pattern": "^/notes/[^/]+$", "description": "A URI to the resource."}

    def collection(uri: dict[str, Any]) -> dict[str, Any]:
        thing = {
            "type": "object",
            "required": ["id", "uri"],
            "properties": {"id": TEXT, "uri": {**uri, "readOnly": True}},
        }
        return {
            "many": {"post": {"responses": said(thing, "201")}},
            "one": {"get": {"responses": said(thing)}},
        }

    paths = {}
    for name, uri in (("pages", pages), ("notes", texts)):
        both = collection(uri)
        paths |= {f"/{name}": both["many"], f"/{name}/{{id}}": both["one"]}
    with served(paths) as server:
        page = server.client.post("/pages").json()
        assert server.client.get(f"/pages/{page['id']}").json() == page
        note = server.client.post("/notes").json()
        assert note["uri"] == f"/notes/{note['id']}"


def test_null_by_nullable_in_3_1_is_no_value_of_a_list() -> None:
    kind = {"type": "string", "nullable": True, "enum": ["icon", "emoji"]}
    thing = {
        "type": "object",
        "required": ["id", "kind", "error"],
        "properties": {"id": TEXT, "kind": kind, "error": kind},
    }
    body = {"content": {"application/json": {"schema": {"properties": {"kind": kind}}}}}
    paths = {
        "/icons": {"post": {"requestBody": body, "responses": said(thing, "201")}},
        "/icons/{id}": {"get": {"responses": said(thing)}},
    }
    with served(paths, openapi="3.1.0") as server:
        made = server.client.post("/icons", json={"kind": None}).json()
        assert made["kind"] is None
        made = server.client.post("/icons").json()
        assert (made["kind"], made["error"]) == ("icon", None)


def test_form_fields_with_the_name_of_the_resource_are_its_properties() -> None:
    """`track[title]`, as Rails calls its fields and documents then call their properties."""
    fields = {
        "track[title]": {"type": "string"},
        "track[free]": {"type": "boolean"},
        "note": {"type": "string"},
    }
    form = {"application/x-www-form-urlencoded": {"schema": {"properties": fields}}}
    shown = {"id": TEXT, "title": {"type": "string"}, "free": {"type": "string"}, "note": TEXT}
    track = {"type": "object", "required": ["id"], "properties": shown}
    body = {"requestBody": {"content": form}}
    paths = {
        "/tracks": {"post": {**body, "responses": said(track, "201")}},
        "/tracks/{id}": {
            "get": {"responses": said(track)},
            "put": {**body, "responses": said(track)},
        },
    }
    with served(paths) as server:
        sent = {"track[title]": "Blue", "track[free]": "true", "note": "n"}
        made = server.client.post("/tracks", data=sent)
        assert made.status_code == 201
        item = f"/tracks/{made.json()['id']}"
        assert server.client.get(item).json().items() >= {"title": "Blue", "note": "n"}.items()
        server.client.put(item, data={"track[title]": "Green"})
        assert server.client.get(item).json()["title"] == "Green"


def test_a_part_takes_only_what_it_lists() -> None:
    """A `status` of the request is not that of the embedded check, whose values are others."""
    part = {
        "type": "object",
        "properties": {"status": {"enum": ["not_started", "done"]}, "country": {"type": "string"}},
    }
    watch = {"type": "object", "required": ["id"], "properties": {"id": TEXT, "check": part}}
    sent = {"status": {"enum": ["enabled", "disabled"]}, "country": {"type": "string"}}
    body = {"content": {"application/json": {"schema": {"properties": sent}}}}
    paths = {
        "/watches": {"post": {"requestBody": body, "responses": said(watch, "201")}},
        "/watches/{id}": {"get": {"responses": said(watch)}},
    }
    with served(paths) as server:
        made = server.client.post("/watches", json={"status": "enabled", "country": "DE"})
        assert made.status_code == 201
        assert made.json().get("check", {}).get("status") in (None, "not_started", "done")


def test_what_clients_put_has_its_name_beneath_its_parent_only() -> None:
    """An environment `staging` of one repository is not that of another."""
    shown = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "wait": WHOLE}}
    body = {"content": {"application/json": {"schema": {"properties": {"wait": WHOLE}}}}}
    item = {
        "get": {"responses": said(shown)},
        "put": {"requestBody": body, "responses": said(shown)},
    }
    paths = {
        "/repos": {"post": {"responses": said(THING, "201")}},
        "/repos/{repo}": {"get": {"responses": said(THING)}},
        "/repos/{repo}/environments": {
            "get": {"responses": said({"type": "array", "items": shown})}
        },
        "/repos/{repo}/environments/{name}": item,
    }
    with served(paths) as server:
        one, other = (server.client.post("/repos").json()["id"] for _ in range(2))
        for wait, repo in enumerate((one, other)):
            put = server.client.put(f"/repos/{repo}/environments/staging", json={"wait": wait})
            assert put.status_code == 200
        for wait, repo in enumerate((one, other)):
            found = server.client.get(f"/repos/{repo}/environments/staging").json()
            assert found == {"name": "staging", "wait": wait}
            assert found in server.client.get(f"/repos/{repo}/environments").json()


def test_what_clients_put_beneath_unknown_parents_is_found_by_its_name() -> None:
    """Nobody creates a subscription: its servers have one name in the world, as examples do."""
    shown = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
    above = "/subscriptions/{subscription}"
    item = {
        "get": {"responses": said(shown)},
        "put": {"responses": said(shown)},
    }
    paths = {
        f"{above}/servers": {"get": {"responses": said({"type": "array", "items": shown})}},
        f"{above}/servers/{{name}}": item,
    }
    with served(paths) as server:
        server.client.put("/subscriptions/1/servers/mine")
        for one in server.client.get("/subscriptions/2/servers").json():
            found = server.client.get(f"/subscriptions/2/servers/{one['name']}")
            assert found.json() == one


def test_seeds_of_many_levels_are_looked_through_once_a_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looking through all above each of them took minutes beneath four levels."""
    paths: dict[str, Any] = {}
    above = ""
    for name in ("farms", "barns", "rows", "hens"):
        paths[f"{above}/{name}"] = {"get": {"responses": said(LIST)}}
        above = f"{above}/{name}/{{{name[:-1]}}}"
        paths[above] = {"get": {"responses": said(THING)}}
    scans = 0
    scan = OwnRepository.scan

    def counted(self: OwnRepository, *args: Any, **more: Any) -> Any:
        nonlocal scans
        scans += 1
        return scan(self, *args, **more)

    monkeypatch.setattr(OwnRepository, "scan", counted)
    with served(paths) as server:
        where = ""
        for name in ("farms", "barns", "rows", "hens"):
            found = server.client.get(f"{where}/{name}").json()
            assert found
            where = f"{where}/{name}/{found[0]['id']}"
        assert server.client.get(where).json() == found[0]
    assert scans < 200
