"""Tests of agents (rules 18 to 28), and their folders: a flat list with parent ids (29, 30)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Listing, PageNames, Predicate, contains
from mockserver.engine.timestamps import parse
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest
from mockserver.openapi.model import Violation
from mockserver.vendors.speechify.common import (
    created,
    dated,
    either,
    fault,
    find,
    find_named,
    refused,
    updated,
)
from mockserver.vendors.speechify.tables import DEEPEST_FOLDER
from mockserver.vendors.speechify.views import last_run, listed_view, progress

FOLDERS = Listing("folders", envelope=PageNames("folders"))


@handles("listTestFolders")
def list_folders(world: World, request: Request) -> Reply:
    return Reply(200, FOLDERS.page(world, request.query, lambda world, row: dated(row)))


@handles("createTestFolder")
def create_folder(world: World, request: Request) -> Reply:
    body = request.body
    return Reply(201, dated(make_folder(world, body["name"], body.get("parent_folder_id"))))


def make_folder(world: World, name: str, parent_folder_id: str | None = None) -> Row:
    """Store a new folder. Raises BadRequest if it would be nested too deeply."""
    if parent_folder_id is not None:
        find_named(world, "folders", parent_folder_id)
        _check_depth(_depth(world, parent_folder_id) + 1)
    fields = {"parent_folder_id": parent_folder_id, "name": name}
    row = created(world, "folders", fields)
    world["folders"].put(row)
    return row


@handles("updateTestFolder")
def update_folder(world: World, request: Request) -> Reply:
    row = find(world, "folders", request.path["test_folder_id"])
    parent_id = request.body.get("parent_folder_id")
    if parent_id is not None:
        find_named(world, "folders", parent_id)
        if row["id"] in _chain(world, parent_id):
            raise BadRequest("A folder can't be moved into itself or into a folder inside it.")
        _check_depth(_depth(world, parent_id) + _height(world, row["id"]))
    row = updated(world, row, request.body, ("name", "parent_folder_id"))
    world["folders"].put(row)
    return Reply(200, dated(row))


@handles("deleteTestFolder")
def delete_folder(world: World, request: Request) -> Reply:
    """Remove the folder and move its content to the root (rule 30)."""
    row = find(world, "folders", request.path["test_folder_id"])
    for test in list(world["tests"].scan(folder_id=row["id"])):
        world["tests"].put({**test, "folder_id": None})
    for inner in list(world["folders"].scan(parent_folder_id=row["id"])):
        world["folders"].put({**inner, "parent_folder_id": None})
    world["folders"].remove(row["id"])
    return Reply(204, NO_BODY)


def _chain(world: World, folder_id: str | None) -> Iterator[str]:
    """The folder and its ancestors, up to the root."""
    while folder_id is not None:
        yield folder_id
        folder_id = find(world, "folders", folder_id)["parent_folder_id"]


def _depth(world: World, folder_id: str) -> int:
    return sum(1 for _ in _chain(world, folder_id))


def _height(world: World, folder_id: str) -> int:
    """The number of levels in the folder, itself included."""
    inside = world["folders"].scan(parent_folder_id=folder_id)
    return 1 + max((_height(world, inner["id"]) for inner in inside), default=0)


def _check_depth(depth: int) -> None:
    if depth > DEEPEST_FOLDER:
        raise BadRequest(f"Folders nest at most {DEEPEST_FOLDER} deep.")


# The three shapes of a test's `config`, and the rules beyond the schema (rules 18 to 22).
#
# In the contract `config` is one of three open objects; the test's `type` selects one. A shape maps
# field names to their content: "text", "count", a set of words, a shape, or a list of one of these;
# a name with a `?` is optional.

Where = tuple[str | int, ...]

MODES = frozenset({"exact", "regex", "llm"})
TURN = {"role": frozenset({"user", "assistant"}), "content": "text"}
OVERRIDES = {"system_prompt_override?": "text", "model_override?": "text"}
SHAPES: dict[str, dict[str, Any]] = {
    "reply": {
        "context?": "text",
        "success_criteria": "text",
        "success_examples?": ["text"],
        "failure_examples?": ["text"],
        "initial_chat_history?": [TURN],
        "first_message_override?": "text",
        **OVERRIDES,
    },
    "tool": {
        "context?": "text",
        "expected_tool": "text",
        "parameter_checks?": [
            {"path": "text", "mode": MODES, "expected?": "text", "criteria?": "text"}
        ],
        "initial_chat_history?": [TURN],
        **OVERRIDES,
    },
    "simulation": {
        "scenario": "text",
        "max_turns?": "count",
        "initial_chat_history?": [TURN],
        "data_assertions?": [
            {"key": "text", "mode": MODES, "expected?": "text", "criteria?": "text"}
        ],
        **OVERRIDES,
    },
}
MAX_TURNS = 5  # rule 22


def faults(kind: str, config: Mapping[str, Any]) -> list[Violation]:
    """The violations in the config of a test of this type."""
    found = list(_misfits(SHAPES[kind], config, ("config",)))
    if not found and not _has_prompt(kind, config):
        text = "is required unless initial_chat_history ends with a turn of the user"
        found.append(fault(("config", "context"), text, config))
    return found


def filled(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The config as stored, with its default (rule 22)."""
    return {"max_turns": MAX_TURNS, **config} if kind == "simulation" else dict(config)


def _has_prompt(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether there is something to respond to (rule 20)."""
    if kind == "simulation" or "context" in config:
        return True
    history: list[Any] = config.get("initial_chat_history") or []
    return bool(history) and history[-1]["role"] == "user"


def _misfits(shape: Any, value: Any, where: Where) -> Iterator[Violation]:
    if isinstance(shape, Mapping):
        yield from _object_misfits(shape, value, where)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield fault(where, "must be a list", value)
            return
        for index, item in enumerate(value):
            yield from _misfits(shape[0], item, (*where, index))
    elif shape == "text":
        if not isinstance(value, str):
            yield fault(where, "must be a text", value)
    elif shape == "count":
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole or value < 1:
            yield fault(where, "must be a whole number from 1 on", value)
    elif not isinstance(value, str) or value not in shape:
        yield fault(where, f"must be one of {', '.join(sorted(shape))}", value)


def _object_misfits(shape: Mapping[str, Any], value: Any, where: Where) -> Iterator[Violation]:
    if not isinstance(value, Mapping):
        yield fault(where, "must be an object", value)
        return
    for entry, inner in shape.items():
        name = entry.removesuffix("?")
        if name in value:
            yield from _misfits(inner, value[name], (*where, name))
        elif name == entry:
            yield fault((*where, name), "is required", value)


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
        "config": filled(kind, body["config"]),
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
        body["config"] = filled(row["type"], body["config"])
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
    found = faults(kind, config)
    if found:
        raise refused(*found)


def _folder_id(world: World, folder_id: str | None) -> str | None:
    """The id of an existing folder; None is the root. Raises BadRequest."""
    if folder_id is not None:
        find_named(world, "folders", folder_id)
    return folder_id
