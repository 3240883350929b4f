"""Inferences from paths, methods and schemas, and their evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.inference.build import build_plan
from mockserver.inference.model import Plan
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document

FIXTURES = Path(__file__).parent.parent / "fixtures"
THING = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
}


def plan_of(name: str) -> Plan:
    path = FIXTURES / f"{name}.yaml"
    return build_plan(build_contract(parse_document(path.read_bytes(), path.name)))


def answer(schema: Any = None, status: int = 200) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}} if schema is not None else {}
    return {"responses": {str(status): {"description": "", "content": content}}}


def inferred(paths: dict[str, Any], **schemas: Any) -> Plan:
    components = {"schemas": {"Thing": THING, **schemas}}
    for path, item in paths.items():
        for method, operation in item.items():
            operation.setdefault("operationId", f"{method} {path}")
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": paths,
        "components": components,
    }
    return build_plan(build_contract(document))


def ref(name: str = "Thing") -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def many(name: str = "Thing") -> dict[str, Any]:
    return {"type": "array", "items": ref(name)}


def kinds(plan: Plan) -> dict[str, str]:
    return {name: f"{a.kind} {a.resource}".strip() for name, a in plan.actions.items()}


def test_a_pet_store() -> None:
    plan = plan_of("petstore")
    assert kinds(plan) == {
        "listOwners": "list owners",
        "createOwner": "create owners",
        "getOwner": "fetch owners",
        "deleteOwner": "remove owners",
        "listPets": "list owners.pets",
        "createPet": "create owners.pets",
        "getPet": "fetch owners.pets",
        "replacePet": "replace owners.pets",
        "patchPet": "patch owners.pets",
        "deletePet": "remove owners.pets",
        "adoptPet": "transition owners.pets",
        "getPreferences": "read owners.preferences",
        "setPreferences": "write owners.preferences",
        "clearPreferences": "clear owners.preferences",
        "listBreeds": "list breeds",
        "getBreed": "fetch breeds",
    }
    pets = plan.resources["owners.pets"]
    (link,) = pets.parents
    assert (link.parameter, link.resource, link.field) == ("ownerId", "owners", "ownerId")
    assert (pets.identity.key, pets.identity.client_key, pets.creatable) == ("id", False, True)
    assert plan.resources["owners.preferences"].singleton
    assert plan.resources["breeds"].identity.key == "code"
    assert not plan.resources["breeds"].creatable
    adopt = plan.actions["adoptPet"].transition
    assert adopt is not None
    assert dict(adopt.changes) == {"status": "adopted", "adoptedAt": "now"}


def test_a_job() -> None:
    plan = plan_of("jobs")
    states = plan.resources["exports"].states
    assert states is not None
    assert states.moves
    assert (states.initial, states.active) == (("queued",), ("running",))
    assert states.terminal == {"succeeded", "failed", "canceled"}
    assert (states.started, states.ended) == ("started_at", "completed_at")
    told = " ".join(reason.text for reason in states.because)
    for evidence in ("202", "`started_at`", "cancel, retry"):
        assert evidence in told
    cancel = plan.actions["cancelExport"].transition
    assert cancel is not None
    assert (cancel.verb, cancel.changes) == ("cancel", (("status", "canceled"),))
    assert plan.actions["cloneExport"].kind == "clone"


def test_payments() -> None:
    plan = plan_of("payments")
    assert plan.actions["updateCustomer"].kind == "patch", "POST to what GET names"
    assert plan.resources["categories"].identity.client_key
    assert plan.actions["getWallet"].response.at == ("wallet",)
    assert plan.actions["getRates"].kind == "fixed"
    customers = plan.actions["listCustomers"].envelope
    assert customers is not None
    assert (customers.items, customers.page.path("more")) == (("data",), ("has_more",))
    assert customers.paging.cursor == "starting_after"
    assert customers.ordering.newest_first


@pytest.mark.parametrize("name", ["petstore", "jobs", "payments"])
def test_every_inference_has_its_evidence(name: str) -> None:
    plan = plan_of(name)
    inferred: list[Any] = [*plan.resources.values(), *plan.actions.values()]
    for found in inferred:
        assert found.because
        assert all(reason.text for reason in found.because)


# -- resources


def test_items_may_stand_without_their_parents() -> None:
    plan = inferred(
        {
            "/agents": {"get": answer(many()), "post": answer(ref(), 201)},
            "/agents/{agent_id}": {"get": answer(ref())},
            "/agents/{agent_id}/revisions": {
                "get": answer(many("Revision")),
                "post": answer(ref("Revision"), 201),
            },
            "/agents/revisions/{revision_id}": {
                "get": answer(ref("Revision")),
                "delete": answer(status=204),
            },
        },
        Revision={**THING, "properties": {**THING["properties"], "agent_id": {"type": "string"}}},
    )
    revisions = plan.resources["agents.revisions"]
    assert revisions.items == ("/agents/revisions/{revision_id}",)
    assert revisions.parents[0].resource == "agents"
    assert plan.actions["delete /agents/revisions/{revision_id}"].resource == "agents.revisions"


def test_a_summary_in_the_list_is_the_same_thing() -> None:
    plan = inferred(
        {
            "/api/bases/{base_id}/jobs": {"get": answer(many("JobSummary"))},
            "/api/jobs/{job_id}": {"get": answer(ref("Job"))},
        },
        JobSummary=THING,
        Job={**THING},
    )
    assert list(plan.resources) == ["bases.jobs"]


def test_two_things_with_the_same_noun_stay_two() -> None:
    whole = {"get": answer(many()), "post": answer(ref(), 201)}
    other = {"get": answer(many("Other")), "post": answer(ref("Other"), 201)}
    plan = inferred(
        {
            "/personas": whole,
            "/personas/{id}": {"get": answer(ref())},
            "/library/personas": other,
            "/library/personas/{id}": {"get": answer(ref("Other"))},
        },
        Other={**THING},
    )
    assert set(plan.resources) == {"personas", "library.personas"}


def test_the_rows_of_a_report_are_no_things() -> None:
    row = {
        "type": "object",
        "properties": {"agent_id": {"type": "string"}, "n": {"type": "integer"}},
    }
    plan = inferred({"/usage/by-agent": {"get": answer({"type": "array", "items": row})}})
    assert plan.resources == {}
    assert plan.actions["get /usage/by-agent"].kind == "fixed"


@pytest.mark.parametrize(
    ("parameter", "names", "key"),
    [
        ("pet_id", ["id", "name"], "id"),
        ("petId", ["uuid", "name"], "uuid"),
        ("pet_id", ["pet_id", "id"], "pet_id"),
        ("issue_number", ["id", "number"], "number"),
        ("slug", ["id", "slug"], "slug"),
        ("username", ["id", "username"], "username"),
        ("id", ["petId", "name"], "petId"),
        ("ref", ["color"], None),
        ("pet-ownerId", ["id", "ownerId"], "ownerId"),
    ],
)
def test_the_id_of_a_thing(parameter: str, names: list[str], key: str | None) -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in names}}
    plan = inferred(
        {
            "/pets": {"post": answer(ref("Pet"), 201)},
            f"/pets/{{{parameter}}}": {"get": answer(ref("Pet"))},
        },
        Pet=schema,
    )
    assert plan.resources["pets"].identity.key == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("The name of the tag.", "name"),
        ("A unique code for the tag", "code"),
        ("The tag, by the name of its owner", None),
        ("", None),
    ],
)
def test_the_text_of_a_path_parameter_says_which_property_is_the_id(
    text: str, key: str | None
) -> None:
    named = {"name": "tag_id", "in": "path", "required": True, "description": text}
    texts = {name: {"type": "string"} for name in ("code", "name")}
    plan = inferred(
        {
            "/tags": {"post": answer(ref("Tag"), 201)},
            "/tags/{tag_id}": {
                "get": {
                    "parameters": [{**named, "schema": {"type": "string"}}],
                    **answer(ref("Tag")),
                },
            },
        },
        Tag={"type": "object", "properties": texts},
    )
    assert plan.resources["tags"].identity.key == key


def test_what_is_only_named_is_open() -> None:
    plan = inferred({"/users/{user_id}": {"get": answer(ref())}})
    assert plan.resources["users"].identity.open


def test_odata_and_json_suffixes() -> None:
    plan = inferred(
        {
            "/Products": {"get": answer({"type": "object", "properties": {"value": many()}})},
            "/Products({key})": {"get": answer(ref())},
            "/orders.json": {"get": answer(many()), "post": answer(ref(), 201)},
            "/orders/{id}.json": {"get": answer(ref())},
        }
    )
    assert kinds(plan) == {
        "get /Products": "list products",
        "get /Products({key})": "fetch products",
        "get /orders.json": "list orders",
        "post /orders.json": "create orders",
        "get /orders/{id}.json": "fetch orders",
    }


def test_nothing_lies_under_itself() -> None:
    folders = {"get": answer(many()), "post": answer(ref(), 201)}
    plan = inferred(
        {
            "/folders/{id}": {"get": answer(ref())},
            "/folders/{id}/folders": folders,
        }
    )
    (folder,) = plan.resources.values()
    assert [link.resource for link in folder.parents] == [None]


# -- actions


def test_a_part_of_a_thing_that_the_body_sets() -> None:
    body = {"requestBody": {"content": {"application/json": {"schema": {
        "type": "object", "properties": {"name": {"type": "string"}}}}}}}  # fmt: skip
    plan = inferred(
        {
            "/things": {"get": answer(many())},
            "/things/{id}": {"get": answer(ref())},
            "/things/{id}/title": {"patch": {**answer({"type": "object"}), **body}},
            "/things/{id}/report": {"get": answer({"type": "object"})},
        }
    )
    assert plan.actions["patch /things/{id}/title"].kind == "transition"
    assert plan.actions["get /things/{id}/report"].kind == "fixed"


def test_setting_the_active_one_answers_that_one() -> None:
    thing = {**THING, "properties": {**THING["properties"], "active_part_id": {"type": "string"}}}
    body = {"requestBody": {"content": {"application/json": {"schema": {
        "type": "object", "required": ["part_id"],
        "properties": {"part_id": {"type": "string"}}}}}}}  # fmt: skip
    plan = inferred(
        {
            "/wholes": {"get": answer(many("Whole")), "post": answer(ref("Whole"), 201)},
            "/wholes/{id}": {"get": answer(ref("Whole"))},
            "/wholes/{id}/set-active-part": {"post": {**answer(ref("Part")), **body}},
            "/parts": {"get": answer(many("Part")), "post": answer(ref("Part"), 201)},
            "/parts/{id}": {"get": answer(ref("Part"))},
        },
        Whole=thing,
        Part={**THING},
    )
    action = plan.actions["post /wholes/{id}/set-active-part"]
    assert action.transition is not None
    assert action.transition.shows == "parts"
    assert action.transition.changes == (("active_part_id", "body.part_id"),)


@pytest.mark.parametrize(
    ("verb", "properties", "changes"),
    [
        ("archive", {"status": ["active", "archived"]}, {"status": "archived"}),
        ("pay", {"status": ["open", "paid"]}, {"status": "paid"}),
        ("stop", {"state": ["RUNNING", "STOPPED"]}, {"state": "STOPPED"}),
        ("enable", {"enabled": "boolean"}, {"enabled": True}),
        ("disable", {"is_enabled": "boolean"}, {"is_enabled": False}),
        ("unlock", {"locked": "boolean"}, {"locked": False}),
        ("deactivate", {"is_active": "boolean"}, {"is_active": False}),
        ("tag", {"tagged": "boolean"}, {"tagged": True}),
        ("publish", {"published_at": "string", "title": "string"}, {"published_at": "now"}),
        ("ping", {"title": "string"}, {}),
    ],
)
def test_what_a_verb_changes(verb: str, properties: Any, changes: dict[str, Any]) -> None:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            **{
                name: {"enum": kind} if isinstance(kind, list) else {"type": kind}
                for name, kind in properties.items()
            },
        },
    }
    plan = inferred(
        {
            "/its": {"post": answer(ref("It"), 201)},
            "/its/{id}": {"get": answer(ref("It"))},
            f"/its/{{id}}/{verb}": {"post": answer(ref("It"))},
        },
        It=schema,
    )
    action = plan.actions[f"post /its/{{id}}/{verb}"]
    assert action.kind == "transition"
    assert action.transition is not None
    assert dict(action.transition.changes) == changes


# -- lists


@pytest.mark.parametrize(
    ("schema", "items"),
    [
        (many(), ()),
        ({"type": "object", "properties": {"items": many()}}, ("items",)),
        ({"type": "object", "properties": {"things": many(), "total": {"type": "integer"}}},
         ("things",)),
        ({"type": "object", "properties": {"data": {"type": "object", "properties":
         {"items": many(), "cursor": {"type": "string"}}}}}, ("data", "items")),
        ({"type": "object", "properties": {"_embedded": {"type": "object", "properties":
         {"things": many()}}, "page": {"type": "object"}}}, ("_embedded", "things")),
        ({"type": "object", "properties": {"odd": many(), "has_more": {"type": "boolean"}}},
         ("odd",)),
        ({"anyOf": [{"type": "object", "properties": {"results": many()}}, {"type": "null"}]},
         ("results",)),
    ],
)  # fmt: skip
def test_where_the_rows_of_a_list_stand(schema: Any, items: tuple[str, ...]) -> None:
    plan = inferred({"/things": {"get": answer(schema)}, "/things/{id}": {"get": answer(ref())}})
    action = plan.actions["get /things"]
    assert action.kind == "list"
    assert action.envelope is not None
    assert action.envelope.items == items


def test_how_pages_are_asked_for_and_told() -> None:
    names = ("pageToken", "maxResults", "skip", "page", "orderBy")
    listing = answer(
        {
            "type": "object",
            "properties": {
                "items": many(),
                "nextPageToken": {"type": "string"},
                "meta": {"type": "object", "properties": {"totalCount": {"type": "integer"}}},
            },
        }
    )
    listing["parameters"] = [
        {"name": n, "in": "query", "schema": {"type": "string"}} for n in names
    ]
    plan = inferred({"/things": {"get": listing}, "/things/{id}": {"get": answer(ref())}})
    found = plan.actions["get /things"].envelope
    assert found is not None
    assert (found.paging.cursor, found.paging.limit, found.paging.offset) == (
        "pageToken",
        "maxResults",
        "skip",
    )
    assert (found.paging.page, found.ordering.sort) == ("page", "orderBy")
    assert (found.page.path("next"), found.page.path("total")) == (
        ("nextPageToken",),
        ("meta", "totalCount"),
    )


# -- lifecycles


@pytest.mark.parametrize(
    ("values", "more", "moves"),
    [
        (["pending", "running", "completed"], {"completed_at": "string"}, True),
        (["queued", "processing", "done", "failed"], {"started_at": "string"}, True),
        (["todo", "in_progress", "done"], {}, False),
        (["draft", "published", "archived"], {}, False),
        (["active", "inactive"], {"ended_at": "string"}, False),
        (["PENDING", "IN_PROGRESS", "SUCCEEDED"], {"finishedAt": "string"}, True),
    ],
)
def test_what_moves_by_itself(values: list[str], more: dict[str, str], moves: bool) -> None:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "status": {"enum": values},
            **{name: {"type": kind} for name, kind in more.items()},
        },
    }
    made = answer(ref("It"), 201)
    plan = inferred({"/its": {"get": answer(many("It")), "post": made}}, It=schema)
    states = plan.resources["its"].states
    assert states is not None
    assert states.moves is moves


def test_a_status_that_the_client_sets_stays() -> None:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "string"},
            "status": {"enum": ["pending", "completed"]},
            "completed_at": {"type": "string"},
        },
    }
    body = {"requestBody": {"content": {"application/json": {"schema": ref("It")}}}}
    plan = inferred({"/its": {"post": {**answer(ref("It"), 201), **body}}}, It=schema)
    states = plan.resources["its"].states
    assert states is not None
    assert not states.moves


def test_a_collection_of_what_only_a_path_names_may_be_deleted() -> None:
    rule = {"type": "object", "properties": {"config": {"type": "string"}}}
    parameter = {"name": "rule", "in": "path", "required": True, "schema": {"type": "string"}}
    paths = {
        "/rules": {
            "get": answer({"type": "array", "items": {"type": "string"}}),
            "delete": answer(status=204),
        },
        "/rules/{rule}": {"get": {**answer(ref("Rule")), "parameters": [parameter]}},
    }
    plan = inferred(paths, Rule=rule)
    assert plan.actions["get /rules/{rule}"].resource == "rules"


@pytest.mark.parametrize("name", ["start", "from", "cursor", "after"])
def test_a_text_that_each_request_has_to_have_is_no_cursor(name: str) -> None:
    listing = answer({"type": "object", "properties": {"items": many()}})
    asked = {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
    listing["parameters"] = [asked]
    plan = inferred({"/things": {"get": listing}, "/things/{id}": {"get": answer(ref())}})
    envelope = plan.actions["get /things"].envelope
    assert envelope is not None
    assert envelope.paging.cursor is None
