"""Tests of agents (rules 18 to 28)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Listing, PageNames, Predicate, contains
from mockserver.engine.timestamps import parse
from mockserver.engine.world import Row, World
from mockserver.vendors.speechify import configs
from mockserver.vendors.speechify.common import (
    created,
    dated,
    either,
    find,
    find_named,
    refused,
    updated,
)
from mockserver.vendors.speechify.views import last_run, listed_view, progress

ROOT = "root"
TESTS_OF_AGENT = Listing("tests", envelope=PageNames("tests"))


def of_last_run(name: str) -> Any:
    """The last run's status or verdict; None for a test that never ran (rules 27, 28)."""

    def read(world: World, row: Row) -> str | None:
        newest = last_run(world, row["id"])
        return None if newest is None else progress(world, newest)[name]

    return either(read)


def _after(world: World, wanted: Any) -> Predicate:
    bound = parse(wanted)
    return lambda row: bool(row["updated_at"] > bound)


ALL_TESTS = Listing(
    "tests",
    filters={
        "agent_id": either(lambda world, row: row["agent_id"]),
        "type": either(lambda world, row: row["type"]),
        "status": of_last_run("status"),
        "verdict": of_last_run("verdict"),
        "folder_id": either(lambda world, row: row["folder_id"] or ROOT),
        "updated_after": _after,
        "q": contains("name", "description"),
    },
    envelope=PageNames("tests"),
)


@handles("listTests")
def list_tests(world: World, request: Request) -> Reply:
    agent = find(world, "agents", request.path["agent_id"])
    where = {"agent_id": agent["id"]}
    return Reply(200, TESTS_OF_AGENT.page(world, request.query, listed_view, where))


@handles("listAllTests")
def list_all_tests(world: World, request: Request) -> Reply:
    return Reply(200, ALL_TESTS.page(world, request.query, listed_view))


@handles("createTest")
def create_test(world: World, request: Request) -> Reply:
    agent = find(world, "agents", request.path["agent_id"])
    return Reply(201, dated(make_test(world, agent, request.body)))


def make_test(world: World, agent: Row, body: Mapping[str, Any]) -> Row:
    """Store a new test. Raises Invalid if the config does not fit its type."""
    kind = body["type"]
    _check_config(kind, body["config"])
    fields = {
        "agent_id": agent["id"],
        "name": body["name"],
        "description": body.get("description", ""),
        "type": kind,
        "config": configs.filled(kind, body["config"]),
        "folder_id": _folder_id(world, body.get("folder_id")),
    }
    fields |= {name: body[name] for name in ("tool_mock_config", "variables") if name in body}
    row = created(world, "tests", fields)
    world["tests"].put(row)
    return row


@handles("getTest")
def get_test(world: World, request: Request) -> Reply:
    return Reply(200, dated(find(world, "tests", request.path["test_id"])))


@handles("updateTest")
def update_test(world: World, request: Request) -> Reply:
    row = find(world, "tests", request.path["test_id"])
    body = dict(request.body)
    if "config" in body:
        _check_config(row["type"], body["config"])
        body["config"] = configs.filled(row["type"], body["config"])
    if "folder_id" in body:
        body["folder_id"] = _folder_id(world, body["folder_id"])
    fields = ("name", "description", "config", "tool_mock_config", "folder_id")
    row = updated(world, row, body, fields)
    world["tests"].put(row)
    return Reply(200, dated(row))


@handles("deleteTest")
def delete_test(world: World, request: Request) -> Reply:
    """Remove the test, its runs, and suite runs without other runs (rule 25)."""
    row = find(world, "tests", request.path["test_id"])
    for run in list(world["runs"].scan(test_id=row["id"])):
        world["runs"].remove(run["id"])
        suite_id = run["suite_run_id"]
        if suite_id is not None and not world["runs"].count(suite_run_id=suite_id):
            world["suite_runs"].remove(suite_id)
    remove_test(world, row)
    return Reply(204, NO_BODY)


def remove_test(world: World, row: Row) -> None:
    """Remove the test and its attachments to further agents; its runs stay (rule 26)."""
    for link in list(world["attachments"].scan(test_id=row["id"])):
        world["attachments"].remove(link["id"])
    world["tests"].remove(row["id"])


def _check_config(kind: str, config: Mapping[str, Any]) -> None:
    found = configs.faults(kind, config)
    if found:
        raise refused(*found)


def _folder_id(world: World, folder_id: str | None) -> str | None:
    """The id of an existing folder; None is the root. Raises BadRequest."""
    if folder_id is not None:
        find_named(world, "folders", folder_id)
    return folder_id
