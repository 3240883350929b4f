"""Plans of large documents: twice as many paths cost about twice as many steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mockserver.inference import drafts
from mockserver.inference.build import build_plan
from mockserver.inference.operations import Survey
from mockserver.openapi.build import build_contract
from tests.support.documents import TEXT, answer, body, document, thing

ITEM = [{"name": "id", "in": "path", "required": True, "schema": TEXT}]


def jobs(number: int) -> dict[str, Any]:
    """Many jobs that a receipt names, each with a status path."""
    paths: dict[str, Any] = {}
    receipt = thing("", job_id=TEXT, status=TEXT)
    for count in range(number):
        start = {
            "summary": "Start a job",
            "requestBody": body(thing("", name=TEXT)),
            "responses": {"202": answer(receipt)},
        }
        shown = {"responses": {"200": answer(thing("", id=TEXT, status=TEXT))}}
        paths[f"/run{count}"] = {"post": start}
        paths[f"/run{count}/status/{{id}}"] = {"parameters": ITEM, "get": shown}
    return document(paths)


def tasks(number: int) -> dict[str, Any]:
    """Tasks that are read at many paths, and as many receipts."""
    paths: dict[str, Any] = {}
    one = {"$ref": "#/components/schemas/Task"}
    receipt = thing("", job_id=TEXT, status=TEXT)
    for count in range(number):
        paths[f"/from{count}/tasks/{{id}}"] = {
            "parameters": ITEM,
            "get": {"responses": {"200": answer(one)}},
        }
        paths[f"/from{count}/run"] = {
            "post": {
                "summary": "Start a task",
                "requestBody": body(thing("", name=TEXT)),
                "responses": {"202": answer(receipt)},
            }
        }
    states = {"type": "string", "enum": ["pending", "running", "done", "failed"]}
    return document(paths, schemas={"Task": thing("id", id=TEXT, status=states)})


@pytest.mark.parametrize(
    ("holder", "name", "made"), [(drafts, "refs_of", jobs), (Survey, "at", tasks)]
)
def test_nothing_is_read_anew_for_each_pair(
    monkeypatch: pytest.MonkeyPatch, holder: Any, name: str, made: Callable[[int], Any]
) -> None:
    whole, calls = getattr(holder, name), 0

    def counted(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        return whole(*arguments)

    monkeypatch.setattr(holder, name, counted)
    found = []
    for number in (20, 40):
        calls = 0
        plan = build_plan(build_contract(made(number)))
        reads = [one for one in plan.actions.values() if one.operation.startswith("get")]
        assert {one.kind for one in reads} == {"fetch"}
        found.append(calls)
    assert found[0]
    assert found[1] < 3 * found[0]
