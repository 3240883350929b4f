"""Which fields may change with time alone, according to the document."""

from __future__ import annotations

from typing import Any, cast

import pytest

from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.verify.lifecycle.clock import Manual, Real, Time
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.session import Broken, Session

MOMENT = {"type": ["string", "null"], "format": "date-time"}
TEXT = {"type": "string"}
RENDER = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "status": {"enum": ["queued", "done"]},
        "title": TEXT,
        "progress": {"type": "integer"},
        "url": {"type": ["string", "null"]},
        "created_at": MOMENT,
        "started_at": MOMENT,
    },
}


def document(**settable: Any) -> dict[str, Any]:
    body = {"type": "object", "properties": {"title": TEXT, **settable}}
    answer = {"description": "It.", "content": {"application/json": {"schema": RENDER}}}
    create = {
        "operationId": "create",
        "requestBody": {"content": {"application/json": {"schema": body}}},
        "responses": {"201": answer},
    }
    one = {"name": "render_id", "in": "path", "required": True, "schema": TEXT}
    read = {"operationId": "read", "parameters": [one], "responses": {"200": answer}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Renders", "version": "1"},
        "paths": {"/renders": {"post": create}, "/renders/{render_id}": {"get": read}},
    }


OLD = {
    "id": "1",
    "status": "queued",
    "title": "a",
    "progress": 0,
    "url": None,
    "created_at": "2026-01-01T00:00:00Z",
    "started_at": None,
}
STARTED = {"status": "done", "started_at": "2026-01-01T00:00:02Z", "url": "http://x", "progress": 9}


def look(time: Time, changes: dict[str, Any], **settable: Any) -> None:
    api = derive(build_contract(document(**settable)))
    session = Session(cast(Any, None), api, time=time)
    session.unchanged(OLD, OLD | changes, api.resources["render"], "read_your_writes", "nobody did")


@pytest.mark.parametrize("changes", [STARTED, {"progress": 5}, {"started_at": "2026"}])
def test_a_job_moves_on_a_running_clock(changes: dict[str, Any]) -> None:
    look(Real(), changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://x"},
        STARTED | {"title": "b"},
        STARTED | {"id": "2"},
        STARTED | {"created_at": "2026-01-01T00:00:01Z"},
    ],
)
def test_it_does_not_change_what_time_does_not(changes: dict[str, Any]) -> None:
    with pytest.raises(Broken, match="read_your_writes"):
        look(Real(), changes)


def test_nothing_moves_on_a_clock_that_stands_still() -> None:
    with pytest.raises(Broken, match="status was"):
        look(Manual(cast(Any, None)), {"status": "done"})


def test_a_state_that_the_client_sets_does_not_move() -> None:
    with pytest.raises(Broken, match="status was"):
        look(Real(), {"status": "done"}, status={"enum": ["queued", "done"]})


@pytest.mark.parametrize("beside", [{"started_at": MOMENT}, {}])
def test_a_state_of_any_text_beside_moments_of_work_moves(
    beside: dict[str, Any],
) -> None:
    whole = document()
    (shown,) = [
        media["schema"]
        for media in whole["paths"]["/renders"]["post"]["responses"]["201"]["content"].values()
    ]
    plain = {name: schema for name, schema in shown["properties"].items() if name != "started_at"}
    replies = {"type": "object", "properties": {**plain, **beside, "status": TEXT}}
    content = {"application/json": {"schema": replies}}
    for path in whole["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                answer["content"] = content
    contract = build_contract(whole)
    (resource,) = derive(contract).resources.values()
    # The plan decides: the mock and the checks read one document alike.
    (planned,) = build_plan(contract).resources.values()
    assert planned.states is not None
    assert resource.state == (planned.states.name if planned.states.moves else "")
