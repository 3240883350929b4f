"""Plans of large documents: twice as many paths cost about twice as many steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest

from mockserver.inference import draft_merges, starts
from mockserver.inference.build import build_plan
from mockserver.inference.operations import Survey
from mockserver.inference.receipts import Receipts
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


def kinds(number: int, receipt: Any, parameter: str) -> dict[str, Any]:
    """Many kinds of jobs, each started beside where it is read."""
    status = {"type": "string", "enum": ["queued", "running", "done", "failed"]}
    shown = {"responses": {"200": answer(thing("", jobId=TEXT, status=status))}}
    named = [{"name": parameter, "in": "path", "required": True, "schema": TEXT}]
    paths: dict[str, Any] = {}
    for count in range(number):
        word = "".join(chr(97 + int(digit)) for digit in f"{count:04}")
        paths[f"/{word}x/jobs/{{{parameter}}}"] = {"parameters": named, "get": shown}
        paths[f"/{word}x/begin"] = {"post": {"responses": {"202": answer(receipt)}}}
    return document(paths)


@pytest.mark.parametrize(
    ("receipt", "parameter"),
    [(thing("", id=TEXT), "id"), (thing("", jobId=TEXT, size=TEXT, colour=TEXT), "jobId")],
)
def test_a_start_is_compared_with_few_of_many_jobs(
    monkeypatch: pytest.MonkeyPatch, receipt: Any, parameter: str
) -> None:
    looked = 0

    class Counted(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            nonlocal looked
            looked += 1
            return super().__getitem__(name)

        def items(self) -> Any:
            nonlocal looked
            looked += len(self)
            return super().items()

    steps = []
    plain, unmade = starts.StartReader.__init__, Receipts.__dict__["unmade"].func

    def counting(reader: Any, survey: Any, resources: Any, *more: Any) -> None:
        plain(reader, survey, Counted(resources), *more)

    monkeypatch.setattr(starts.StartReader, "__init__", counting)
    counted = cached_property(lambda one: Counted(unmade(one)))
    counted.__set_name__(Receipts, "unmade")
    monkeypatch.setattr(Receipts, "unmade", counted)
    for number in (60, 240):
        looked = 0
        plan = build_plan(build_contract(kinds(number, receipt, parameter)))
        made = [action for action in plan.actions.values() if action.elsewhere]
        assert len(made) == number
        assert all(str(a.resource).split(".")[0] == a.path.split("/")[1] for a in made)
        steps.append(looked)
    assert steps[1] < 6 * steps[0]


@pytest.mark.parametrize(
    ("holder", "name", "made"), [(draft_merges, "refs_of", jobs), (Survey, "at", tasks)]
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
