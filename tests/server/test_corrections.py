"""Corrections in mockserver.toml, as a client sees them: new resources, and lifecycles."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import PlanError
from tests.support.documents import ref

Json = dict[str, Any]


def operation(name: str, response: Json, *, query: str = "", body: Json | None = None) -> Json:
    found: Json = {
        "operationId": name,
        "responses": {
            "200": {"description": "ok", "content": {"application/json": {"schema": response}}},
            "404": {"description": "unknown"},
        },
    }
    if query:
        where = {"name": query, "in": "query", "required": True, "schema": {"type": "string"}}
        found["parameters"] = [where]
    if body is not None:
        found["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return found


def document(paths: Json, **schemas: Json) -> Json:
    info = {"title": "x", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


STATES = ["queued", "fetching", "rendering", "review", "encoding", "done", "failed"]
SHOT = {
    "type": "object",
    "required": ["id", "phase"],
    "properties": {
        "id": {"type": "string"},
        "text": {"type": "string"},
        "phase": {"type": "string", "enum": STATES},
    },
}
TEXT: Json = {"type": "object", "properties": {"text": {"type": "string"}}}
CALLS = document(
    {
        "/say": {"post": operation("say", ref("Shot"), body=TEXT)},
        "/whatever-became-of-it": {"get": operation("became", ref("Shot"), query="handle")},
        "/stop-it": {"post": operation("stop", ref("Shot"), query="handle")},
    },
    Shot=SHOT,
)
MADE: Json = {
    "operations": {
        "say": {"action": "create", "resource": "shots"},
        "became": {"action": "fetch", "resource": "shots", "item": "handle"},
        "stop": {
            "action": "transition",
            "resource": "shots",
            "item": "handle",
            "changes": {"phase": "failed"},
        },
    },
}


def test_operations_make_a_resource_where_none_was_inferred() -> None:
    with MockServer(CALLS, config=False, overrides=MADE) as mock:
        assert [*mock.mock.plan.resources] == ["shots"]
        made = mock.client.post("/say", json={"text": "hello"}).json()
        shown = mock.client.get(f"/whatever-became-of-it?handle={made['id']}")
        assert (shown.status_code, shown.json()["text"]) == (200, "hello")
        assert mock.client.get("/whatever-became-of-it?handle=nobody").status_code == 404
        assert mock.client.post(f"/stop-it?handle={made['id']}").json()["phase"] == "failed"


def lifecycle(**more: Any) -> Json:
    table = {
        "property": "phase",
        "initial": ["queued"],
        "active": ["fetching", "rendering", "encoding"],
        "success": ["done"],
        "failure": ["failed"],
        "moves": True,
    }
    return {**MADE, "lifecycles": {"shots": {**table, **more}}}


def seen(mock: MockServer, url: str, seconds: int) -> list[str]:
    """The phase at each second."""
    found = [mock.client.get(url).json()["phase"]]
    for _ in range(seconds):
        mock.clock.advance(1)
        found.append(mock.client.get(url).json()["phase"])
    return found


def stops(changes: Any) -> Json:
    """The corrections with other changes of `stop`."""
    operations = MADE["operations"]
    return {"operations": {**operations, "stop": {**operations["stop"], "changes": changes}}}


@pytest.mark.parametrize(
    "changes", [{"text": "anything"}, {"phase": "(next)"}, {"text": "body.why"}, {"phase": "done"}]
)
def test_what_a_transition_may_change(changes: Json) -> None:
    with MockServer(CALLS, config=False, overrides=stops(changes)) as mock:
        made = mock.client.post("/say", json={}).json()
        assert mock.client.post(f"/stop-it?handle={made['id']}").status_code == 200


def test_states_last_as_long_as_they_are_said_to_and_come_in_order() -> None:
    durations = {"queued": 2, "fetching": 1, "rendering": 3, "encoding": 0}
    with MockServer(CALLS, config=False, overrides=lifecycle(durations=durations)) as mock:
        made = mock.client.post("/say", json={}).json()
        phases = seen(mock, f"/whatever-became-of-it?handle={made['id']}", 7)
        assert phases == ["queued"] * 2 + ["fetching"] + ["rendering"] * 3 + ["done"] * 2


@pytest.mark.parametrize("waits", [{"review": "stop"}, ["review"]])
def test_a_state_waits_for_somebody(waits: Any) -> None:
    states = {"active": ["rendering", "review", "encoding"], "waits_for": waits}
    overrides = lifecycle(**states, durations={"queued": 1, "rendering": 1, "encoding": 1})
    if isinstance(waits, dict):
        changes = {**MADE["operations"]["stop"], "changes": {"phase": "(next)"}}
        overrides["operations"] = {**MADE["operations"], "stop": changes}
    with MockServer(CALLS, config=False, overrides=overrides) as mock:
        made = mock.client.post("/say", json={}).json()
        url = f"/whatever-became-of-it?handle={made['id']}"
        assert seen(mock, url, 20)[-1] == "review"
        after = mock.client.post(f"/stop-it?handle={made['id']}").json()["phase"]
        assert after == ("encoding" if isinstance(waits, dict) else "failed")
        mock.clock.advance(5)
        end = "done" if isinstance(waits, dict) else "failed"
        assert mock.client.get(url).json()["phase"] == end


ORDERS = document(
    {
        "/customers": {"post": operation("addCustomer", ref("Customer"), body=TEXT)},
        "/customers/{id}": {
            "get": {
                **operation("getCustomer", ref("Customer")),
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
                ],
            }
        },
        "/orders": {
            "post": operation(
                "addOrder",
                ref("Order"),
                body={
                    "type": "object",
                    "properties": {
                        "buyers": {"type": "array", "items": {"type": "string"}},
                        "lines": {
                            "type": "array",
                            "items": {"type": "object", "properties": {"for": {"type": "string"}}},
                        },
                    },
                },
            )
        },
    },
    Customer={"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
    Order={"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
)


def test_each_element_of_an_array_has_to_be_there() -> None:
    refers = {"buyers": "customers", "lines.for": "customers"}
    told = {"operations": {"addOrder": {"refers": refers}}}
    with MockServer(ORDERS, config=False, seeds="none", overrides=told) as mock:
        ids = [mock.client.post("/customers", json={}).json()["id"] for _ in range(2)]

        def status(body: Json) -> int:
            return mock.client.post("/orders", json=body).status_code

        assert status({"buyers": ids, "lines": [{"for": ids[0]}]}) == 200
        assert status({"buyers": [ids[0], "nobody"]}) == 404
        assert status({"buyers": ids, "lines": [{"for": ids[0]}, {"for": "nobody"}]}) == 404
        assert status({}) == 200


@pytest.mark.parametrize(
    ("spec", "overrides", "says"),
    [
        (
            ORDERS,
            {"operations": {"addOrder": {"refers": {"buyer": "customers"}}}},
            "the body has no property 'buyer'; did you mean 'buyers'",
        ),
        (CALLS, {"operations": {"say": {"resource": "shots"}}}, "To make one, let an operation"),
        (
            ORDERS,
            {"operations": {"addOrder": {"action": "create", "resource": "customer"}}},
            "'customer' is not a resource of this document; did you mean 'customers'",
        ),
        (
            CALLS,
            {"operations": {"say": MADE["operations"]["say"],
                            "became": {"resource": "shots", "action": "fetch"}}},
            'item = "NAME"',
        ),
        (
            CALLS,
            {"operations": {"became": {**MADE["operations"]["became"], "item": "handel"}}},
            "one of handle; not 'handel'",
        ),
        (CALLS, stops({"phas": "failed"}), "one of id, text, phase; not 'phas'"),
        (CALLS, stops({"phase": "fialed"}), "a value of this property, one of queued"),
        (CALLS, stops("failed"), "changes is a table of properties and values, not 'failed'"),
        (CALLS, lifecycle(durations={"queue": 1}), "durations is a table of values"),
        (CALLS, lifecycle(durations={"queued": -1}), "durations.queued is a number of seconds"),
        (CALLS, lifecycle(durations=3), "durations is a table of states and seconds"),
        (CALLS, lifecycle(waits_for=["reviewing"]), "waits_for is a list of values of 'phase'"),
        (CALLS, lifecycle(waits_for={"review": "stopp"}), "did you mean 'stop'"),
        (CALLS, lifecycle(wait_for=[]), "there is no 'wait_for'; did you mean 'waits_for'"),
    ],
)  # fmt: skip
def test_a_correction_that_does_not_fit_says_what_would(
    spec: Json, overrides: Json, says: str
) -> None:
    with pytest.raises(PlanError) as caught:
        MockServer(spec, config=False, overrides=overrides)
    assert says in str(caught.value)
