"""Which fields may change with time alone, according to the document."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mockserver import MockServer
from mockserver.files.documents import read_contract
from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.verify.judgement import Plan, judge
from mockserver.verify.lifecycle.clock import Manual, Real, Time
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.run import Effort
from mockserver.verify.lifecycle.session import Broken, Entity, Session
from mockserver.verify.model import Exchange
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.target import Target
from tests.support.documents import TEXT
from tests.verify.conftest import around

MOMENT = {"type": ["string", "null"], "format": "date-time"}
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


def look(time: Time, changes: dict[str, Any], *, passed: float = 0.0, **settable: Any) -> None:
    api = derive(build_contract(document(**settable)))
    session = Session(cast(Any, None), api, time=time)
    entity = Entity(api.resources["render"], "1", {}, {}, {})
    session.saw(entity, OLD)
    if isinstance(time, Manual):
        time.moment += passed
    session.unchanged(entity, OLD | changes, "read_your_writes", "nobody did")


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


def test_a_job_moves_once_a_manual_clock_was_moved() -> None:
    look(Manual(cast(Any, None)), STARTED, passed=2)
    with pytest.raises(Broken, match="title was"):
        look(Manual(cast(Any, None)), STARTED | {"title": "b"}, passed=2)


class Admin:
    """The admin API of a mock; `asked` are the tenants whose clocks were moved."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def send(self, method: str, path: str, *, params: dict[str, str], **_: Any) -> Any:
        self.asked.append(params["tenant"])
        return SimpleNamespace(status=200)


@pytest.mark.parametrize(
    ("key", "secured", "headers", "tenant"),
    [
        ("k", True, {}, "k"),
        ("k", True, {"x-mock-tenant": "me"}, "k"),
        ("k", False, {}, "anonymous"),
        ("k", False, {"X-Mock-Tenant": "me"}, "me"),
        ("", True, {}, "anonymous"),
    ],
)
def test_the_clock_is_that_of_the_world_of_the_requests(
    key: str, secured: bool, headers: dict[str, str], tenant: str
) -> None:
    whole = document()
    if secured:
        scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
        whole |= {"components": {"securitySchemes": {"key": scheme}}, "security": [{"key": []}]}
    target = Target(build_contract(whole), "http://x", key, headers=headers)
    target.wire = admin = cast(Any, Admin())
    assert Manual(target).pass_(2)
    assert admin.asked == [tenant]


def test_jobs_of_a_mock_without_security_end_and_nothing_is_found(tmp_path: Path) -> None:
    whole = document()
    create, read = (whole["paths"][p] for p in ("/renders", "/renders/{render_id}"))
    rows = {"schema": {"type": "array", "items": RENDER}}
    listed = {"description": "All.", "content": {"application/json": rows}}
    create["get"] = {"operationId": "list", "responses": {"200": listed}}
    gone = {"responses": {"204": {"description": "Gone."}}}
    read["delete"] = {**read["get"], "operationId": "remove", **gone}
    cancel = {**read["get"], "operationId": "cancel"}
    whole["paths"]["/renders/{render_id}/cancel"] = {"post": cancel}
    file = tmp_path / "renders.json"
    states = json.dumps(["queued", "running", "done", "failed", "cancelled"])
    file.write_text(json.dumps(whole).replace('["queued", "done"]', states))
    raw, contract = read_contract(str(file))
    ends: list[str] = []

    def watch(exchange: Exchange) -> None:
        if exchange.operation == "read" and exchange.status == 200:
            ends.append(exchange.json()["status"])

    with MockServer(str(file), clock="manual") as mock:
        target = Target(contract, mock.url, "any-key", headers={"X-Mock-Tenant": "mock-key"})
        target.watchers.append(watch)
        with Record(None) as record:
            effort = Effort(examples=3, steps=12)
            plan = Plan(parts=("lifecycle",), effort=effort, second=False, other_key="other")
            result = judge(target, raw, plan, record, surroundings=around(mock))
        target.close()
    assert not result.findings
    assert "done" in ends


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
