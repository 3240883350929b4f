"""Each part of leniency, and leniency for one request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.engine.leniency import LENIENT, PARTS, STRICT, Leniency, leniency_of, preferred
from tests.support.documents import ref

JOB = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string"},
        "note": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "status": {"type": "string", "enum": ["queued", "running", "completed", "cancelled"]},
    },
}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
JSON = "application/json"


def answer(schema: Any) -> dict[str, Any]:
    return {
        "200": {"description": "ok", "content": {JSON: {"schema": schema}}},
        "404": {"description": "not there"},
        "409": {"description": "in the way"},
        "422": {"description": "does not fit"},
    }


def body(schema: Any) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": schema}}}


NEW = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
}
PAGE = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "data": {"type": "array", "items": JOB},
        "next_cursor": {"type": ["string", "null"]},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Jobs", "version": "1"},
    "security": [{"key": []}],
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/jobs": {
            "get": {
                "parameters": [
                    {"name": "after", "in": "query", "schema": {"type": "string"}},
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    {"name": "name", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": answer(PAGE),
            },
            "post": {"requestBody": body(NEW), "responses": answer(JOB)},
        },
        "/jobs/{id}": {
            "parameters": [ID],
            "get": {"responses": answer(JOB)},
            "patch": {"requestBody": body(NEW), "responses": answer(JOB)},
            "delete": {"responses": {"204": {"description": "gone"}, "404": {"description": "no"}}},
        },
        "/jobs/{id}/cancel": {"parameters": [ID], "post": {"responses": answer(JOB)}},
        "/jobs/{id}/steps": {
            "parameters": [ID],
            "get": {
                "responses": answer(
                    {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["id", "job_id"],
                            "properties": {"id": {"type": "string"}, "job_id": {"type": "string"}},
                        },
                    }
                )
            },
            "post": {
                "requestBody": body(NEW),
                "responses": answer(
                    {
                        "type": "object",
                        "required": ["id", "job_id"],
                        "properties": {"id": {"type": "string"}, "job_id": {"type": "string"}},
                    }
                ),
            },
        },
    },
}


def server(**options: Any) -> Iterator[MockServer]:
    with MockServer(DOCUMENT, **options) as mock:
        yield mock


@pytest.fixture
def lenient() -> Iterator[MockServer]:
    yield from server(lenient=True)


@pytest.fixture
def strict() -> Iterator[MockServer]:
    yield from server()


def test_all_or_nothing_but_for_the_parts_that_are_given() -> None:
    assert leniency_of(False, {}) == STRICT
    assert leniency_of(True, dict.fromkeys(PARTS)) == LENIENT
    assert leniency_of(True, {"unknown_ids": "known"}).unknown_ids == "known"
    assert leniency_of(False, {"fill": True}) == Leniency(fill=True)


@pytest.mark.parametrize(
    ("header", "usual", "expected"),
    [
        ("handling=lenient", STRICT, LENIENT),
        ("respond-async, handling=strict", LENIENT, STRICT),
        ('unknown-ids="known"; wait=10', STRICT, Leniency(unknown_ids="known")),
        ("handling=lenient, any-key=false", STRICT, leniency_of(True, {"any_key": False})),
        ("validate=maybe, code=404", STRICT, STRICT),
        ("Validate=WARN", STRICT, Leniency(validate="warn")),
    ],
)
def test_a_request_can_prefer_it(header: str, usual: Leniency, expected: Leniency) -> None:
    assert preferred(header, usual) == expected


def test_an_unknown_id_is_made_on_first_look_and_kept(lenient: MockServer) -> None:
    first = lenient.client.get("/jobs/some-id")
    assert first.status_code == 200
    assert first.json()["id"] == "some-id"
    assert lenient.client.patch("/jobs/some-id", json={"name": "n"}).json()["name"] == "n"
    assert lenient.client.get("/jobs/some-id").json() == {**first.json(), "name": "n"}
    listed = lenient.client.get("/jobs", params={"limit": 100}).json()["data"]
    assert "some-id" in [job["id"] for job in listed]


def test_a_removed_id_is_known_again_always(lenient: MockServer) -> None:
    for _ in range(2):
        assert lenient.client.delete("/jobs/a").status_code == 204
        assert lenient.client.get("/jobs/a").json()["id"] == "a"


def test_a_removed_id_stays_gone_where_ids_are_only_known() -> None:
    for mock in server(unknown_ids="known"):
        assert mock.client.get("/jobs/a").status_code == 200
        assert mock.client.delete("/jobs/a").status_code == 204
        assert mock.client.get("/jobs/a").status_code == 404
        assert mock.client.post("/jobs/a/cancel").status_code == 404
        assert mock.client.get("/jobs/a/steps").status_code == 404
        assert mock.client.get("/jobs/b/steps").status_code == 200


def test_an_unknown_parent_has_children(lenient: MockServer) -> None:
    made = lenient.client.post("/jobs/p/steps", json={"name": "n"}).json()
    assert made["job_id"] == "p"
    shown = lenient.client.get("/jobs/q/steps").json()
    assert shown
    assert {step["job_id"] for step in shown} == {"q"}


def test_a_job_that_nobody_began_has_ended_and_can_be_cancelled_again(lenient: MockServer) -> None:
    assert lenient.client.get("/jobs/a").json()["status"] == "completed"
    for _ in range(3):
        reply = lenient.client.post("/jobs/a/cancel")
        assert (reply.status_code, reply.json()["status"]) == (200, "cancelled")


def test_a_strict_mock_refuses_it(strict: MockServer) -> None:
    assert strict.client.get("/jobs/a").status_code == 404
    job = strict.client.post("/jobs", json={"name": "n"}).json()["id"]
    assert strict.client.post(f"/jobs/{job}/cancel").status_code == 200
    assert strict.client.post(f"/jobs/{job}/cancel").status_code == 409
    assert strict.client.get("/jobs", params={"after": "nothing"}).status_code == 422
    assert strict.client_for("other").get("/jobs").status_code == 401


def test_an_unknown_cursor_means_the_first_page_and_pages_end(lenient: MockServer) -> None:
    first = lenient.client.get("/jobs", params={"limit": 2}).json()
    odd = lenient.client.get("/jobs", params={"limit": 2, "after": "nothing"}).json()
    assert [job["id"] for job in odd["data"]] == [job["id"] for job in first["data"]]
    seen, cursor = [], first["next_cursor"]
    while cursor is not None and len(seen) < 100:
        page = lenient.client.get("/jobs", params={"limit": 2, "after": cursor}).json()
        seen += page["data"]
        cursor = page["next_cursor"]
    assert cursor is None


@pytest.mark.parametrize("key", ["anything", "x y z", "a:b", ""])
def test_every_key_is_a_tenant(lenient: MockServer, key: str) -> None:
    client = lenient.client_for(key)
    made = client.post("/jobs", json={"name": "mine"}).json()
    mine = client.get("/jobs", params={"limit": 100}).json()["data"]
    others = lenient.client_for("another").get("/jobs", params={"limit": 100}).json()["data"]
    assert made["id"] in [job["id"] for job in mine]
    assert made["id"] not in [job["id"] for job in others]


def test_what_does_not_fit_is_carried_out_and_noted(lenient: MockServer) -> None:
    reply = lenient.client.post("/jobs", json={"name": "n", "size": "large"})
    assert reply.status_code == 200
    assert reply.json()["name"] == "n"
    assert reply.headers["x-mock-violations"] == "body.size must be of type integer"
    (call,) = lenient.journal.calls()
    assert [violation.where for violation in call.violations] == [("body", "size")]
    reply = lenient.client.post("/jobs", content=b"{", headers={"content-type": JSON})
    assert reply.status_code == 200
    assert "not JSON" in reply.headers["x-mock-violations"]


def test_nobody_says_so_where_nobody_looks() -> None:
    for mock in server(lenient=True, validate="off"):
        reply = mock.client.post("/jobs", json={"size": "large"})
        assert reply.status_code == 200
        assert "x-mock-violations" not in reply.headers


def test_it_may_be_refused_all_the_same() -> None:
    for mock in server(lenient=True, validate="strict"):
        assert mock.client.post("/jobs", json={"size": "large"}).status_code == 422
        assert mock.client.get("/jobs/any").status_code == 200


def test_lists_have_an_entry_and_entities_all_properties(lenient: MockServer) -> None:
    found = lenient.client.get("/jobs", params={"name": "nobody has it"}).json()["data"]
    assert [job["name"] for job in found] == ["nobody has it"]
    made = lenient.client.post("/jobs", json={"name": "n"}).json()
    assert made.keys() == JOB["properties"].keys()  # type: ignore[attr-defined]
    assert made["tags"]


@pytest.mark.parametrize(("path", "other"), [("/jobs", "/jobs/"), ("/jobs/", "/jobs")])
def test_a_slash_too_few_or_too_many(path: str, other: str) -> None:
    document = {**DOCUMENT, "paths": {other: DOCUMENT["paths"]["/jobs"]}}
    with MockServer(document, lenient=True) as mock:
        assert mock.client.get(path).json() == mock.client.get(other).json()
        assert mock.client.head(path).status_code == 200
    with MockServer(document) as mock:
        assert mock.client.head(path).status_code == 404
        reply = mock.client.get(path)
        ends = "without" if path.endswith("/") else "with"
        assert reply.status_code == 404
        assert f"The path of this operation ends {ends} a slash." in reply.text


def test_one_request_can_ask_for_it(strict: MockServer) -> None:
    wish = {"prefer": "unknown-ids=known"}
    assert strict.client.get("/jobs/a", headers=wish).json()["id"] == "a"
    assert strict.client.get("/jobs/a").json()["id"] == "a", "it has been made"
    assert strict.client.get("/jobs/b").status_code == 404
    anyone = strict.client_for("")
    assert anyone.get("/jobs").status_code == 401
    assert anyone.get("/jobs", headers={"prefer": "handling=lenient"}).status_code == 200


def test_one_request_can_ask_for_none_of_it(lenient: MockServer) -> None:
    wish = {"prefer": "handling=strict"}
    assert lenient.client.get("/jobs/a", headers=wish).status_code == 404


def test_a_reply_that_cannot_fit_is_sent_as_it_comes_nearest() -> None:
    node = {
        "type": "object",
        "required": ["id", "next"],
        "properties": {
            "id": {"type": "string"},
            "next": {"$ref": "#/components/schemas/Node", "nullable": True},
        },
    }
    reference = {"$ref": "#/components/schemas/Node"}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Endless", "version": "1"},
        "components": {"schemas": {"Node": node}},
        "paths": {"/nodes/{id}": {"parameters": [ID], "get": {"responses": answer(reference)}}},
    }
    with MockServer(document) as strict:
        assert strict.client.get("/nodes/a").status_code in (404, 500)
    with MockServer(document, lenient=True) as mock:
        reply = mock.client.get("/nodes/a")
        assert reply.status_code == 200
        found, depth = reply.json(), 0
        assert found["id"] == "a"
        while found.get("next") is not None:
            found, depth = found["next"], depth + 1
        assert depth < 10


def test_an_api_written_by_hand_stands_in(lenient: MockServer) -> None:
    with MockServer("feather", lenient=True) as mock:
        unknown = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
        reply = mock.client.get(f"/v1/sim-suites/{unknown}")
        assert reply.status_code == 200
        assert reply.json()["id"] == unknown


def things(schema: dict[str, Any], version: str = "3.1.0", **schemas: Any) -> dict[str, Any]:
    """A document about things of one schema."""
    return {
        "openapi": version,
        "info": {"title": "Things", "version": "1"},
        "components": {"schemas": {"Thing": schema, **schemas}},
        "paths": {
            "/things": {
                "get": {
                    "operationId": "listThings",
                    "responses": answer({"type": "array", "items": ref("Thing")}),
                },
            },
            "/things/{id}": {
                "get": {
                    "operationId": "getThing",
                    "parameters": [ID],
                    "responses": answer(ref("Thing")),
                }
            },
        },
    }


def test_of_several_values_and_branches_the_first_is_said_which_older_clients_know() -> None:
    branch = [
        {"type": "object", "required": [word], "properties": {word: {"type": "string"}}}
        for word in ("card", "bank", "stablecoin")
    ]
    schema = {
        "type": "object",
        "required": ["id", "method", "kind"],
        "properties": {
            "id": {"type": "string"},
            "method": {"oneOf": branch},
            "kind": {"enum": ["ach", "wire", "new"]},
        },
    }
    with MockServer(things(schema), lenient=True) as mock:
        found = [
            *mock.client.get("/things").json(),
            *(mock.client.get(f"/things/{number}").json() for number in range(20)),
        ]
    assert {one["kind"] for one in found} == {"ach"}
    assert {tuple(one["method"]) for one in found} == {("card",)}
    with MockServer(things(schema)) as mock:
        assert len({one["kind"] for one in mock.client.get("/things").json()}) > 1


def test_a_part_that_an_example_shows_is_shown_as_it_is() -> None:
    """Clients need not know what else the document has there."""
    event = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}, "account": {"enum": ["NEW", "OLD"]}},
    }
    payment = {
        "type": "object",
        "required": ["id", "events"],
        "properties": {"id": {"type": "string"}, "events": {"type": "array", "items": event}},
        "example": {"id": "p1", "events": [{"kind": "made"}]},
    }
    schema = {"type": "object", "properties": {"data": {"type": "array", "items": payment}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Payments", "version": "1"},
        "paths": {
            "/payments": {"get": {"responses": answer(schema)}},
            "/payments/{id}": {"parameters": [ID], "get": {"responses": answer(payment)}},
        },
    }
    with MockServer(document, lenient=True) as mock:
        found = [
            *mock.client.get("/payments").json()["data"],
            mock.client.get("/payments/x").json(),
        ]
        assert len(found) > 1
        assert all(each["events"] == [{"kind": "made"}] for each in found)


def test_an_entity_that_must_hold_another_of_its_kind_ends_where_null_is_meant() -> None:
    schema = {
        "type": "object",
        "required": ["id", "current", "numbers"],
        "properties": {
            "id": {"type": "string"},
            "current": {**ref("Thing"), "nullable": True},
            "numbers": {"type": "array", "items": {"type": "string"}},
        },
    }
    with MockServer(things(schema, "3.0.3"), lenient=True) as mock:
        found = mock.client.get("/things/a").json()
    depth = 0
    while found is not None:
        assert found.keys() == {"id", "current", "numbers"}
        found, depth = found["current"], depth + 1
    assert depth < 4
