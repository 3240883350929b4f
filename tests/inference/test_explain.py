"""Inferences can be explained and corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import PlanError
from mockserver.inference.build import build_plan
from mockserver.inference.explain import as_json, rows
from mockserver.inference.model import Plan
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document
from tests.support.documents import TEXT, document, thing
from tests.support.verbs import kept, operation

JOBS = Path(__file__).parent.parent / "fixtures" / "jobs.yaml"


def plan(**overrides: Any) -> Plan:
    return build_plan(build_contract(parse_document(JOBS.read_bytes(), "jobs")), overrides)


def test_every_operation_and_resource_has_a_row() -> None:
    found = rows(plan())
    assert [row.subject for row in found if row.kind == "resource"] == ["exports"]
    assert len([row for row in found if row.kind == "operation"]) == 10
    assert all(row.evidence and row.inference for row in found)
    (lifecycle,) = (row for row in found if row.kind == "lifecycle")
    assert "changes with time" in lifecycle.inference


def test_a_change_of_a_state_within_an_object_is_named_in_full() -> None:
    inner = {"type": "object", "properties": {"state": {"enum": ["open", "closed"]}}}
    shown = thing("id status", id=TEXT, name=TEXT, status=inner)
    contract = build_contract(document(kept(shown, post_close=operation())))
    found = {row.subject: row for row in rows(build_plan(contract))}
    row = found["POST /ships/{id}/close"]
    assert "status.state = closed" in row.inference
    assert "status.state = closed" in row.evidence


def test_as_json() -> None:
    found = as_json(plan())
    assert found["operations"]["cancelExport"]["changes"] == {"status": "canceled"}
    assert found["operations"]["listExports"]["envelope"]["total"] == "meta.total_count"
    assert found["resources"]["exports"]["lifecycle"]["moves"] is True


def test_overrides() -> None:
    found = plan(
        operations={"retryExport": {"action": "fixed"}, "cancelExport": {"changes": {"rows": 0}}},
        resources={"exports": {"seeds": 0}},
        lifecycles={"exports": {"moves": False, "initial": ["running"]}},
    )
    assert found.actions["retryExport"].kind == "fixed"
    cancel = found.actions["cancelExport"].transition
    assert cancel is not None
    assert cancel.changes == (("rows", 0),)
    assert found.resources["exports"].seeds == 0
    states = found.resources["exports"].states
    assert states is not None
    assert (states.moves, states.initial) == (False, ("running",))
    assert found.resources["exports"].because[0].text == "mockserver.toml says so"


def test_an_override_is_served() -> None:
    told = {"resources": {"exports": {"seeds": 1}}, "lifecycles": {"exports": {"moves": False}}}
    with MockServer(JOBS, overrides=told) as server:
        assert len(server.client.get("/exports").json()["data"]) == 1
        job = server.client.post("/exports", json={"format": "csv"}).json()
        server.clock.advance(3600)
        assert server.client.get(f"/exports/{job['id']}").json()["status"] == "queued"


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        ({"operations": {"cancelExprt": {}}}, "did you mean 'cancelExport'"),
        ({"operations": {"cancelExport": {"action": "explode"}}}, "action is one of"),
        ({"operations": {"cancelExport": {"resource": "export"}}}, "did you mean 'exports'"),
        ({"operations": {"getFeed": {"action": "fetch"}}}, "needs a resource"),
        ({"operations": {"getFeed": {"action": "fetch", "resource": "exports"}}}, "names one"),
        ({"operations": {"getFeed": {"acton": "list"}}}, "there is no 'acton'"),
        ({"operations": {"getFeed": 1}}, "is a table"),
        ({"operations": 1}, "is a table"),
        ({"resources": {"exports": {"seeds": -1}}}, "from 0 to 1000"),
        ({"resources": {"exports": {"key": 1}}}, "name of a property"),
        (
            {"resources": {"exports": {"key": "nosuch"}}},
            r"resources\.exports\.key is .*one of id, ",
        ),
        ({"lifecycles": {"exports": {"initial": "a"}}}, "list of texts"),
        ({"lifecycles": {"exports": {"moves": "false"}}}, r"exports\.moves is true or false, not"),
        ({"lifecycles": {"exports": {"moves": 1}}}, r"exports\.moves is true or false, not 1"),
        ({"lifecycles": {"exports": {"property": 3}}}, r"exports\.property is the name of a"),
        ({"lifecycles": {"exports": {"property": "nosuch"}}}, r"\.property is .*one of .*status"),
        ({"lifecycles": {"exports": {"initial": ["nosuch"]}}}, r"\.initial is .*one of .*running"),
        ({"operations": {"cancelExport": {"verb": 3}}}, r"cancelExport\.verb is a text, not 3"),
        (
            {"operations": {"cancelExport": {"resource": 3}}},
            r"\.resource is the name of a resource",
        ),
        ({"lifecycles": {"exports": {"initial": [], "active": []}}}, "needs an initial"),
        ({"operation": {}}, "is not a table"),
    ],
)
def test_an_override_that_does_not_fit(overrides: dict[str, Any], text: str) -> None:
    with pytest.raises(PlanError, match=text):
        plan(**overrides)
