"""Unit tests of the parts of a differential run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from mockserver.files.documents import read_contract
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import MISSING
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.compare import Comparison
from mockserver.verify.diff.differ import borrowed, smaller
from mockserver.verify.diff.id_map import Pairs, is_opaque, time_form
from mockserver.verify.diff.model import (
    Intent,
    Program,
    Run,
    Seen,
    Step,
    reference,
)
from mockserver.verify.diff.observations import (
    Jobs,
    commands_without_effect,
    leads,
    unknown_transitions,
)
from mockserver.verify.diff.programs.builder import Builder, variations
from mockserver.verify.diff.programs.coverage import jobs
from mockserver.verify.diff.programs.random import programs
from mockserver.verify.diff.recorded import run_as_json, run_from_json
from mockserver.verify.diff.report import script
from mockserver.verify.diff.runner import Side
from mockserver.verify.lifecycle.clock import clock_of
from mockserver.verify.lifecycle.samples import sample
from mockserver.verify.model import Exchange
from mockserver.verify.target import Target
from tests.verify.diff.small import DOCUMENT, KNOWLEDGE, served


def test_pairs_are_one_to_one() -> None:
    pairs = Pairs()
    assert pairs.agree("real-1", "mock-1")
    assert pairs.agree("real-1", "mock-1")
    assert not pairs.agree("real-1", "mock-2")
    assert not pairs.agree("real-2", "mock-1")
    assert pairs.agree("real-2", "mock-2")
    assert pairs.translated("no real-2 here") == "no mock-2 here"


@pytest.mark.parametrize(
    ("name", "value", "opaque"),
    [
        ("id", 7, True),
        ("shelf_id", "a", True),
        ("nextCursor", "a", True),
        ("paid", "yes", False),
        ("name", "3c90c3cc-0d44-4b50-8888-8dd25736052a", True),
        ("id", None, False),
        ("id", True, False),
    ],
)
def test_what_is_opaque(name: str, value: object, opaque: bool) -> None:
    assert is_opaque(name, value) is opaque


def test_how_a_timestamp_is_written() -> None:
    assert time_form("2026-01-01T00:00:00Z") == time_form("2030-01-01T00:00:00.5Z") == "T Z"
    assert time_form("2026-01-01T00:00:00") == "T naive"
    assert time_form("2026-01-01 00:00:00+02:00") == "  offset"
    assert time_form("2026-01-01") == time_form(7) == ""


def test_variations_are_at_the_bounds_and_beyond() -> None:
    schema = DOCUMENT["components"]["schemas"]["NewShelf"]
    body = {"name": "one", "colour": "red"}
    found = dict(variations(KNOWLEDGE.contract, schema, body))
    assert found["without name"] == {"colour": "red"}
    assert len(found["name is as long as it may be"]["name"]) == 20
    assert len(found["name is one too long"]["name"]) == 21
    assert found["colour is 'blue'"]["colour"] == "blue"
    assert found["note is null"]["note"] is None


def test_leads() -> None:
    ways = {("new", "running"), ("running", "done")}
    assert leads(ways, "new", "done")
    assert not leads(ways, "done", "new")


def test_what_another_status_may_be() -> None:
    jobs = Jobs({("", "new", "running"), ("", "running", "done"), ("", "running", "failed")})
    assert jobs.can_reach("new", "done", "read")
    assert jobs.can_reach("done", "failed", "settle")
    assert not jobs.can_reach("done", "failed", "command")
    assert not jobs.can_reach("done", "running", "settle")
    assert not jobs.can_reach("done", "lost", "settle")


def _replied(*replies: tuple[str, Intent, int, Any]) -> Run:
    """A run of an operation, an intent, a status and a body for each step."""
    seen = []
    for number, (operation, intent, status, value) in enumerate(replies, 1):
        body = b"" if value is MISSING else json.dumps(value).encode()
        sent = Exchange("GET", "", {}, b"", status, {}, body, 0.0, "diff")
        path = {} if intent == "make" else {"shelf_id": reference(1, ("id",))}
        seen.append(Seen(Step(number, operation, intent, path=path), [sent], value))
    return Run(Program(tuple(one.step for one in seen)), seen)


@pytest.mark.parametrize(
    ("real", "mock", "kinds"),
    [
        ((200, {"id": "1", "colour": "red"}), (201, {"id": "2", "colour": "blue"}), "default"),
        ((200, {"id": "1"}), (204, MISSING), ""),
        ((409, {"id": "1"}), (201, {"id": "1"}), None),
    ],
)
def test_what_both_sides_have_done_is_compared_whatever_their_statuses(
    real: tuple[int, Any], mock: tuple[int, Any], kinds: str | None
) -> None:
    """Only if one side alone has done it, the later states are not comparable."""
    shown = [({"id": f"{n}", "name": name}) for n, name in ((1, "a"), (2, "b"))]
    runs = [
        _replied(("createShelf", "make", *made), ("getShelf", "read", 200, later))
        for made, later in zip((real, mock), shown, strict=True)
    ]
    found = Comparison(KNOWLEDGE.contract, runs[0], runs[1:]).run()
    later = [] if kinds is None else ["state"]
    assert [one.kind for one in found] == ["status", *filter(None, [kinds]), *later]


UUID = "0b0b0b0b-0000-4000-8000-000000000001"


@pytest.mark.parametrize(("extra", "differs"), [(UUID, False), ("room", True)])
def test_entities_of_a_map_may_be_somebody_else_s(extra: str, differs: bool) -> None:
    row = {"colour": "red"}
    runs = [_replied(("getShelf", "read", 200, {"id": "1", **more})) for more in ({extra: row}, {})]
    found = Comparison(KNOWLEDGE.contract, runs[0], runs[1:]).run()
    assert [one.at for one in found] == [extra] * differs


def _job(identity: str, state: str, *parts: str) -> dict[str, Any]:
    rows = [{"id": f"{identity}-{n}", "status": part} for n, part in enumerate(parts)]
    return {"id": identity, "status": state, "parts": rows}


@pytest.mark.parametrize(
    ("real", "mocks", "differs"),
    [
        (("done", 5), [("done", 4), ("done", 4), ("failed", 3)], False),
        (("done", 5), [("done", 4), ("done", 4), ("running", 6)], False),
        (("done", 2), [("done", 4), ("done", 3), ("done", 4)], False),
        (("done", 5), [("done", 4), ("done", 4), ("failed", 4)], True),
        (("done", 0), [("done", 4), ("done", 4), ("failed", 3)], True),
    ],
)
def test_how_many_parts_a_retry_adds_is_chance(
    real: tuple[str, int], mocks: list[tuple[str, int]], differs: bool
) -> None:
    """What had failed before is tried again: worlds of another state say that the number varies."""
    runs = [
        _replied(
            ("createShelf", "make", 201, _job(f"{number}", "new")),
            ("getShelf", "read", 200, _job(f"{number}", state, *["done"] * parts)),
        )
        for number, (state, parts) in enumerate((real, *mocks))
    ]
    found = Comparison(KNOWLEDGE.contract, runs[0], runs[1:]).run()
    assert [one.at for one in found] == ["parts"] * differs


def _run(*states: str, also: str = "running") -> Run:
    """A job that is read, gets a command, and is read again; with another one beside it."""
    intents: list[Intent] = ["read", "command", "read"]
    seen = []
    for number, (intent, state) in enumerate(zip(intents, states, strict=True), 1):
        step = Step(number, "job", intent)
        rows = [{"id": "a", "status": state}, {"id": "b", "status": also}]
        value = {"jobs": rows} if intent == "read" else MISSING
        seen.append(Seen(step, [Exchange("GET", "", {}, b"", 200, {}, b"", 0.0, "diff")], value))
    return Run(Program(tuple(one.step for one in seen)), seen)


def test_a_command_that_leaves_what_the_mock_moves() -> None:
    real, moved = _run("failed", "", "failed"), _run("failed", "", "pending")
    assert list(commands_without_effect(real, [moved])) == [
        (2, "jobs.*.status", "failed", ["pending"]),
        (2, "jobs.*.status", "running", ["running"]),
    ]
    other = _run("done", "", "done")
    assert (2, "jobs.*.status", "failed", []) in list(commands_without_effect(real, [other]))


def test_ways_of_parts_are_not_those_of_the_whole() -> None:
    """A suite's run goes on after a retry; that says nothing about its parts."""
    edge = ("job runs.*", "done", "cancelled")
    real, mock = Run(_program(), [], edges=frozenset({edge})), Run(_program(), [])
    mock.edges = frozenset({("job runs.*", "new", "done")})
    ways = {("", "done", "running"), ("", "running", "cancelled"), ("runs.*", "new", "done")}
    assert list(unknown_transitions(real, [mock], ways)) == [(*edge, [])]
    assert list(unknown_transitions(real, [mock], {*ways, ("runs.*", *edge[1:])})) == []


def test_a_job_gets_its_commands_when_the_first_of_its_parts_has_ended() -> None:
    feather = Knowledge.of(read_contract("feather")[1])
    for builder in jobs(feather):
        waits = [(s.until, s.operation) for s in builder.steps if s.intent == "settle"]
        if waits and waits[0] == ("part", "getSimulationSuiteRun"):
            return
    raise AssertionError("no sequence waits for a part")


def test_the_same_seed_gives_the_same_programs() -> None:
    one, two, other = ([p.digest for p in programs(KNOWLEDGE, seed, 10)] for seed in (3, 3, 4))
    assert one == two
    assert one != other
    assert len(one) == len(set(one))


def _program() -> Program:
    made = Step(1, "createShelf", "make", body={"name": 'a $HOME `b` "c" é'})
    path = {"shelf_id": reference(1, "id")}
    return Program(
        (
            made,
            Step(2, "listShelves", "list", query={"limit": "1"}),
            Step(3, "getShelf", "read", path=path),
        )
    )


def test_smaller_programs_keep_the_step_that_counts() -> None:
    found = list(smaller(_program(), 3))
    assert [[s.label for s in p.steps] for p in found] == [[3], [1, 3]]
    assert all(p.steps[-1].operation == "getShelf" for p in found)


def test_what_is_only_named_may_be_borrowed() -> None:
    [found] = borrowed(_shelves(), 3, KNOWLEDGE)
    assert [(s.label, s.operation) for s in found.steps] == [(2, "listShelves"), (3, "createShelf")]
    assert found.steps[1].body == {"name": "c", "note": "{{2.items.0.name}}"}


@pytest.mark.parametrize("operation", ["getShelf", "changeShelf", "removeShelf"])
def test_what_a_step_is_about_is_not_borrowed(operation: str) -> None:
    steps = (*_shelves().steps, Step(4, operation, "change", path={"shelf_id": reference(2, "id")}))
    assert not list(borrowed(Program(steps), 4, KNOWLEDGE))


def _shelves() -> Program:
    """Each shelf's note is the name of the previous one."""
    second = Step(2, "createShelf", "make", body={"name": "b", "note": reference(1, "name")})
    third = Step(3, "createShelf", "make", body={"name": "c", "note": reference(2, "name")})
    return Program((Step(1, "createShelf", "make", body={"name": "a"}), second, third))


@pytest.mark.skipif(not shutil.which("jq") or not shutil.which("curl"), reason="needs curl and jq")
def test_a_script_finds_its_ids_by_itself() -> None:
    with served(3) as url:
        text = script(_program(), KNOWLEDGE.contract, url, "a test")
        done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    *_, answer, status = done.stdout.strip().splitlines()
    assert status == "200"
    assert json.loads(answer)["name"] == 'a $HOME `b` "c" é'


def test_a_recorded_run_is_read_as_it_was() -> None:
    with served(1) as url, Target(KNOWLEDGE.contract, url, "mock-key") as target:
        side = Side(target, KNOWLEDGE, clock_of(target, 5))
        wanted = [p for p in programs(KNOWLEDGE, 1, 0) if p.origin in ("lives", "lists")]
        runs = [side.execute(program) for program in wanted]
    for run in runs:
        again = run_from_json(json.loads(json.dumps(run_as_json(run))))
        assert again.program.digest == run.program.digest
        assert again.edges == run.edges
        for seen, before in zip(again, run, strict=True):
            assert (seen.status, seen.value) == (before.status, before.value)
            assert seen.listing == before.listing


def test_what_needs_nothing_else_keeps_its_usual_flags() -> None:
    schema = {"type": "object", "properties": {"active": {"type": "boolean"}, "note": {}}}
    with_flags, without = (
        sample(KNOWLEDGE.contract, schema, 1, lambda name: None, full=True, flags=flags)
        for flags in (True, False)
    )
    assert "active" in with_flags
    assert "active" not in without


def test_a_text_with_a_pattern_is_one_that_fits() -> None:
    schema = {
        "type": "object",
        "required": ["name", "colour"],
        "properties": {
            "name": {"type": "string", "pattern": "^[^/%&><]+$"},
            "colour": {"type": "string", "pattern": "^#[0-9a-f]{6}$"},
        },
    }
    made = sample(KNOWLEDGE.contract, schema, 1, lambda name: None, full=False)
    assert made == {"name": "Name 1 é ✓"}


def test_a_field_names_an_entity_by_its_id() -> None:
    shelf = KNOWLEDGE.makeable[0]
    assert KNOWLEDGE.named_by("shelf_id") is shelf
    assert KNOWLEDGE.named_by("id") is None
    assert KNOWLEDGE.is_name_of_another("shelf_name")
    assert not KNOWLEDGE.is_name_of_another("name")


def test_a_path_names_an_entity_by_another_property() -> None:
    text = {"type": "string"}
    room = {"type": "object", "properties": dict.fromkeys(("id", "name", "code"), text)}
    job = {"type": "object", "properties": dict.fromkeys(("id", "name", "room_id"), text)}

    def operation(schema: dict[str, Any], path: str, **more: Any) -> dict[str, Any]:
        answer = {"description": "so", "content": {"application/json": {"schema": schema}}}
        names = [part.split("}")[0] for part in path.split("{")[1:]]
        given = [{"name": n, "in": "path", "required": True, "schema": text} for n in names]
        name = re.sub(r"\\W+", "_", path)
        return {"operationId": name, "parameters": given, "responses": {"200": answer}, **more}

    paths: dict[str, Any] = {}
    for collection, schema in (("/rooms", room), ("/jobs", job)):
        body = {"content": {"application/json": {"schema": schema}}}
        made = operation(schema, collection, requestBody=body)
        paths[collection] = {"post": made}
        paths[collection + "/{id}"] = {"get": operation(schema, collection + "/{id}")}
    for path in ("/rooms/name/{name}", "/rooms/{code}/latest", "/jobs/name/{room_name}/{job_name}"):
        paths[path] = {"get": operation(job if "jobs" in path else room, path)}
    info = {"title": "Rooms", "version": "1"}
    knowledge = Knowledge.of(build_contract({"openapi": "3.1.0", "info": info, "paths": paths}))

    def sent(path: str) -> dict[str, str]:
        operation = next(op for op in knowledge.contract.operations if op.path == path)
        return Builder(knowledge).values(operation)

    assert sent("/rooms/{id}") == {"id": "{{1.id}}"}
    assert sent("/rooms/name/{name}") == {"name": "{{1.name}}"}
    assert sent("/rooms/{code}/latest") == {"code": "{{1.code}}"}
    both = sent("/jobs/name/{room_name}/{job_name}")
    assert sorted(both.values()) == ["{{1.name}}", "{{2.name}}"]
