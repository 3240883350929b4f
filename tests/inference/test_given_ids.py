"""Ids of new entities: unique, and valid in every request that takes them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from tests.support.documents import TEXT

Json = dict[str, Any]


def shape(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


def sends(schema: Json) -> Json:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def shows(schema: Json, status: str = "200") -> Json:
    content = {"application/json": {"schema": schema}}
    return {"responses": {status: {"description": "ok", "content": content}}}


def named(name: str, **schema: Any) -> list[Json]:
    return [{"name": name, "in": "path", "required": True, "schema": {**TEXT, **schema}}]


def document(paths: Json) -> Json:
    return {"openapi": "3.0.3", "info": {"title": "Own", "version": "1"}, "paths": paths}


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("ServiceSid", {"pattern": "^SV[0-9a-f]{32}$", "minLength": 34, "maxLength": 34}),
        ("service_id", {"maxLength": 12}),
        ("serviceId", {"pattern": "^[0-9a-f]{24}$"}),
        ("service-uuid", {"format": "uuid"}),
    ],
)
@pytest.mark.parametrize("place", ["body", "query", "path"])
def test_an_id_fits_the_other_requests_that_name_it(name: str, rules: Json, place: str) -> None:
    service = shape(id=TEXT, label=TEXT)
    using: Json = {"body": sends({**shape(**{name: {**TEXT, **rules}}), "required": [name]})}.get(
        place, {}
    )
    path = "/reports"
    if place == "query":
        using = {"parameters": [{**named(name, **rules)[0], "in": "query"}]}
    elif place == "path":
        path, using = f"/teams/{{team}}/reports/by/{{{name}}}", {}
        using = {"parameters": [*named("team"), *named(name, **rules)]}
    paths = {
        "/services": {"post": {**sends(shape(label=TEXT)), **shows(service, "201")}},
        "/services/{id}": {"get": {"parameters": named("id"), **shows(service)}},
        path: {"post": {**using, **shows(shape(id=TEXT, ok={"type": "boolean"}), "201")}},
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/services", json={"label": "a"}).json()["id"]
        assert mock.client.get(f"/services/{made}").status_code == 200
        sent = {"json": {name: made}} if place == "body" else {}
        asked = {"params": {name: made}} if place == "query" else {}
        url = path.replace(f"{{{name}}}", made).replace("{team}", "t")
        assert mock.client.post(url, **sent, **asked).status_code != 422
        assert re.search(rules.get("pattern", ""), made)
        assert len(made) <= rules.get("maxLength", 99)


def test_rules_that_contradict_the_path_give_way() -> None:
    item = shape(id=TEXT)
    digits = {"pattern": "^[0-9]{6}$"}
    paths = {
        "/services": {"post": shows(item, "201")},
        "/services/{id}": {"get": {"parameters": named("id", **digits), **shows(item)}},
        "/reports": {
            "post": {
                **sends(shape(service_id={**TEXT, "pattern": "^sv_[a-z]+$"})),
                **shows(shape(id=TEXT), "201"),
            }
        },
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/services").json()["id"]
        assert re.fullmatch("[0-9]{6}", made)
        assert mock.client.get(f"/services/{made}").status_code == 200


@pytest.mark.parametrize("other", ["uuid", "buildId", "build_sid", "uid"])
@pytest.mark.parametrize("kind", ["string", "integer"])
def test_it_has_its_other_ids_too(other: str, kind: str) -> None:
    build = shape(version=TEXT, branch=TEXT, **{other: {"type": kind}})
    path = "/builds/{buildVersion}"
    paths = {
        "/builds": {"post": {**sends(shape(branch=TEXT)), **shows(build)}},
        path: {"get": {"parameters": named("buildVersion"), **shows(build)}},
    }
    with MockServer(document(paths)) as mock:
        first = mock.client.post("/builds", json={"branch": "main"}).json()
        second = mock.client.post("/builds", json={"branch": "main"}).json()
        assert None not in (first.get(other), second.get(other))
        assert first[other] != second[other]
        shown = mock.client.get(f"/builds/{first['version']}").json()
        assert shown[other] == first[other]


def test_an_answer_that_is_only_the_creates_says_all_its_ids() -> None:
    call = shape(uuid=TEXT, conversation_uuid=TEXT, previous_id=TEXT, to=TEXT)
    begun = shape(uuid=TEXT, conversation_uuid=TEXT, previous_id=TEXT, trunk_id=TEXT)
    trunk = shape(id=TEXT)
    paths = {
        "/calls": {"post": {**sends(shape(to=TEXT)), **shows(begun, "201")}},
        "/calls/{uuid}": {"get": {"parameters": named("uuid"), **shows(call)}},
        "/trunks": {"post": shows(trunk, "201")},
        "/trunks/{id}": {"get": {"parameters": named("id"), **shows(trunk)}},
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/calls", json={"to": "1"}).json()
        shown = mock.client.get(f"/calls/{made['uuid']}").json()
        assert made["conversation_uuid"] == shown["conversation_uuid"]
        assert "previous_id" not in made  # it is of another call
        assert "trunk_id" not in made  # somebody has to make a trunk first


def test_an_id_that_the_client_may_send_is_not_made_up() -> None:
    item = shape(id=TEXT, uid=TEXT)
    paths = {
        "/items": {"post": {**sends(shape(uid=TEXT)), **shows(item, "201")}},
        "/items/{id}": {"get": {"parameters": named("id"), **shows(item)}},
    }
    with MockServer(document(paths)) as mock:
        assert "uid" not in mock.client.post("/items", json={}).json()
        assert mock.client.post("/items", json={"uid": "mine"}).json()["uid"] == "mine"


@pytest.mark.parametrize("parameter", ["uuid", "callId", "id"])
def test_an_api_about_one_thing_may_have_it_at_its_root(parameter: str) -> None:
    call = shape(**{parameter: TEXT}, to=TEXT)
    calls = shape(calls={"type": "array", "items": call})
    paths = {
        "/": {"get": shows(calls), "post": {**sends(shape(to=TEXT)), **shows(call, "201")}},
        f"/{{{parameter}}}": {
            "get": {"parameters": named(parameter), **shows(call)},
            "delete": {"parameters": named(parameter), "responses": {"204": {"description": "-"}}},
        },
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/", json={"to": "1"}).json()
        assert mock.client.get(f"/{made[parameter]}").json()["to"] == "1"
        assert made[parameter] in [
            one.get(parameter) for one in mock.client.get("/").json()["calls"]
        ]
        assert mock.client.delete(f"/{made[parameter]}").status_code == 204
        assert mock.client.get(f"/{made[parameter]}").status_code == 404


def test_the_id_that_only_the_create_tells_is_the_one_that_paths_ask_for() -> None:
    inner = shape(id=TEXT, name=TEXT)
    told = shape(id=TEXT, name=TEXT, uid=TEXT)
    paths = {
        "/environments": {
            "get": shows(shape(environments={"type": "array", "items": told})),
            "post": {
                **sends(shape(environment=shape(name=TEXT))),
                **shows(shape(environment=told)),
            },
        },
        "/environments/{environment_uid}": {
            "get": {"parameters": named("environment_uid"), **shows(shape(environment=inner))}
        },
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/environments", json={"environment": {"name": "a"}}).json()
        uid = made["environment"]["uid"]
        shown = mock.client.get(f"/environments/{uid}").json()["environment"]
        assert shown["name"] == "a"
        listed = mock.client.get("/environments").json()["environments"]
        assert uid in [one.get("uid") for one in listed]


def test_the_id_among_ids_that_the_client_sends() -> None:
    report = shape(account_id=TEXT, request_id=TEXT, state=TEXT)
    paths = {
        "/reports": {"post": {**sends(shape(account_id=TEXT)), **shows(report)}},
        "/reports/{report_id}": {"get": {"parameters": named("report_id"), **shows(report)}},
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post("/reports", json={"account_id": "mine"}).json()
        assert made["account_id"] == "mine"
        shown = mock.client.get(f"/reports/{made['request_id']}").json()
        assert shown["account_id"] == "mine"


@pytest.mark.parametrize("path", ["apis", "uris", "kpis"])
def test_nouns_in_is_are_plurals(path: str) -> None:
    inner = {**shape(id=TEXT, name=TEXT)}
    one = path.removesuffix("s")
    parameter = f"{one}Id"
    paths = {
        f"/{path}": {
            "post": {**sends(shape(**{one: shape(name=TEXT)})), **shows(shape(**{one: inner}))}
        },
        f"/{path}/{{{parameter}}}": {
            "get": {"parameters": named(parameter), **shows(shape(**{one: inner}))}
        },
    }
    with MockServer(document(paths)) as mock:
        made = mock.client.post(f"/{path}", json={one: {"name": "a"}}).json()[one]
        assert mock.client.get(f"/{path}/{made['id']}").json()[one]["name"] == "a"


@pytest.mark.parametrize("name", ["id", "sid", "session_id"])
@pytest.mark.parametrize("path", ["/chat/sessions", "/sessions"])
def test_the_id_of_a_session_is_the_one_that_it_is_asked_for_by(path: str, name: str) -> None:
    session = shape(**{name: TEXT}, title=TEXT)
    paths = {
        path: {"post": {**sends(shape(title=TEXT)), **shows(session, "201")}},
        f"{path}/{{session_id}}": {"get": {"parameters": named("session_id"), **shows(session)}},
    }
    schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    secured = {**document(paths), "components": {"securitySchemes": schemes}}
    with MockServer({**secured, "security": [{"bearer": []}]}) as mock:
        made = mock.client.post(path, json={"title": "a"}).json()
        assert mock.client.get(f"{path}/{made[name]}").json()["title"] == "a"


@pytest.mark.parametrize(
    ("parameter", "properties", "key"),
    [
        ("suite_run_id", ("id", "suite_id"), "id"),
        ("suite_run_id", ("run_id", "suite_id"), "run_id"),
        ("external_run_id", ("name", "external_id"), "external_id"),
    ],
)
def test_an_id_of_another_is_not_the_own_one(
    parameter: str, properties: tuple[str, ...], key: str
) -> None:
    """`{suite_run_id}` holds the words of `suite_id`, which is the suite's."""
    run = shape(**dict.fromkeys(properties, TEXT))
    paths = {
        "/suites/{suite_id}/runs": {
            "parameters": named("suite_id"),
            "get": shows({"type": "array", "items": run}),
            "post": {**sends(shape(name=TEXT)), **shows(run, "201")},
        },
        f"/suites/{{suite_id}}/runs/{{{parameter}}}": {
            "parameters": [*named("suite_id"), *named(parameter)],
            "get": shows(run),
        },
    }
    plan = build_plan(build_contract(document(paths)))
    assert [resource.identity.key for resource in plan.resources.values()] == [key]


ARN = {"type": "string", "pattern": "arn:.*"}


def calls(naming: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """Calls as paths; `describeFleet` names a fleet in its body, by `fleet`."""

    def sent(required: list[str], **named: Any) -> dict[str, Any]:
        return {"type": "object", "required": required, "properties": named}

    def call(body: Any, reply: Any) -> dict[str, Any]:
        content = {"application/json": {"schema": body}}
        said = {"description": "", "content": {"application/json": {"schema": reply}}}
        return {"post": {"requestBody": {"content": content}, "responses": {"200": said}}}

    text = {"type": "string"}
    fleet = sent(["name"], name=text, **properties)
    rows = {"type": "array", "items": fleet}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Fleets", "version": "1"},
        "paths": {
            "/createFleet": call(sent(["name"], name=text), fleet),
            "/listFleets": call(sent([]), sent([], fleetDetails=rows, nextToken=text)),
            "/describeFleet": call(sent(["fleet"], fleet=naming), fleet),
            "/deleteFleet": call(sent(["fleet"], fleet=naming), sent([])),
        },
    }


@pytest.mark.parametrize(
    ("naming", "properties", "key"),
    [
        (ARN, {"arn": ARN}, "arn"),
        (ARN, {"lastJob": ARN, "arn": ARN}, "arn"),
        (ARN, {"handle": ARN}, "handle"),
        (ARN, {"handle": ARN, "lastJob": ARN}, "name"),
        ({"type": "string"}, {"arn": ARN}, "name"),
        ({"type": "string", "pattern": "f-[0-9]+"}, {"arn": ARN}, "name"),
    ],
)
def test_the_pattern_of_what_names_an_entity_tells_its_id(
    naming: dict[str, Any], properties: dict[str, Any], key: str
) -> None:
    document = calls(naming, **properties)
    with MockServer(document) as server:
        (resource,) = server.mock.plan.resources.values()
        assert resource.identity.key == key
        if key != "name":
            client = server.client
            made = [client.post("/createFleet", json={"name": n}).json() for n in ("a", "b", "c")]
            assert [one["name"] for one in made] == ["a", "b", "c"]
            told = client.post("/describeFleet", json={"fleet": made[1][key]})
            assert told.json()["name"] == "b"
