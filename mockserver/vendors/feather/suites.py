"""Simulation suites and their items, pairs of a persona and a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Listing, contains, same
from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World, new_id
from mockserver.vendors.feather.common import (
    caller,
    created,
    find,
    find_below,
    find_named,
    owned,
    picked,
    save,
    touch,
    updated,
)

SUITES = Listing("suites", {"is_active": same("is_active"), "name_contains": contains("name")})
SUITE_DEFAULTS: dict[str, Any] = {"name": "", "description": None, "is_active": True}
PAIR = {"persona_id": "personas", "scenario_id": "scenarios"}


def suite_view(world: World, row: Row) -> dict[str, Any]:
    """A suite with its items, in the order of addition (rule 38)."""
    return {
        **owned(world, row),
        "created_by": caller(world),
        "items": [item_view(item) for item in world["items"].scan(suite_id=row["id"])],
    }


def item_view(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "suite_id": row["suite_id"],
        "persona_id": row["persona_id"],
        "scenario_id": row["scenario_id"],
        "created_at": render(row["created_at"]),
    }


def new_suite(world: World, body: Mapping[str, Any], pairs: list[Any]) -> Row:
    """A suite with an item for each pair (rules 51, 52)."""
    suite = created(world, "suite", picked(body, SUITE_DEFAULTS))
    world["suites"].put(suite)
    for pair in pairs:
        new_item(world, suite["id"], pair)
    return suite


def new_item(world: World, suite_id: str, pair: Mapping[str, Any]) -> Row:
    item = {
        "id": new_id(world, "item"),
        "suite_id": suite_id,
        "persona_id": pair["persona_id"],
        "scenario_id": pair["scenario_id"],
        "created_at": world.now,
        "position": world.ordinal("position"),
    }
    world["items"].put(item)
    return item


@handles("createSimulationSuite")
def create_suite(world: World, request: Request) -> Reply:
    """A suite with its items, or nothing if one of them is invalid (rules 20, 51)."""
    pairs = request.body.get("items") or []
    for pair in pairs:
        for name, collection in PAIR.items():
            find_named(world, collection, pair[name])
    return Reply(201, suite_view(world, new_suite(world, request.body, pairs)))


@handles("listSimulationSuites")
def list_suites(world: World, request: Request) -> Reply:
    return Reply(200, SUITES.page(world, request.query, suite_view))


@handles("getSimulationSuite")
def get_suite(world: World, request: Request) -> Reply:
    return Reply(200, suite_view(world, find(world, "suites", request.path["suite_id"])))


@handles("updateSimulationSuite")
def update_suite(world: World, request: Request) -> Reply:
    """Change name, description, is_active; items stay unchanged (rule 53)."""
    suite = find(world, "suites", request.path["suite_id"])
    clears = frozenset({"description"})
    changed = updated(world, suite, request.body, SUITE_DEFAULTS, clears)
    return Reply(200, suite_view(world, save(world, "suites", changed)))


@handles("deleteSimulationSuite")
def delete_suite(world: World, request: Request) -> Reply:
    """Remove the suite, its items and its suite runs; their children continue (rule 57)."""
    suite_id = find(world, "suites", request.path["suite_id"])["id"]
    for collection in ("items", "suite_runs"):
        for row in list(world[collection].scan(suite_id=suite_id)):
            world[collection].remove(row["id"])
    for agent in list(world["agents"].scan(release_suite_id=suite_id)):
        world["agents"].put({**agent, "release_suite_id": None, "updated_at": world.now})
    world["suites"].remove(suite_id)
    return Reply(204, NO_BODY)


@handles("cloneSimulationSuite")
def clone_suite(world: World, request: Request) -> Reply:
    """A new suite with the same pairs in the same order (rule 56)."""
    suite = find(world, "suites", request.path["suite_id"])
    described = {"description": suite["description"], **request.body}
    body = {**described, "is_active": suite["is_active"]}
    pairs = list(world["items"].scan(suite_id=suite["id"]))
    return Reply(201, suite_view(world, new_suite(world, body, pairs)))


@handles("addSimulationSuiteItem")
def add_item(world: World, request: Request) -> Reply:
    """Add a pair (rule 54); an unknown id in it is a 404 (rule 20)."""
    suite = find(world, "suites", request.path["suite_id"])
    for name, collection in PAIR.items():
        find(world, collection, request.body[name])
    touch(world, "suites", suite["id"])
    return Reply(201, item_view(new_item(world, suite["id"], request.body)))


@handles("updateSimulationSuiteItem")
def update_item(world: World, request: Request) -> Reply:
    """Change one or both parts of the pair (rule 54)."""
    item = _item(world, request)
    changes = {
        name: request.body[name]
        for name, collection in PAIR.items()
        if request.body.get(name) is not None and find(world, collection, request.body[name])
    }
    if any(item[name] != value for name, value in changes.items()):
        item = {**item, **changes}
        world["items"].put(item)
        touch(world, "suites", item["suite_id"])
    return Reply(200, item_view(item))


@handles("removeSimulationSuiteItem")
def remove_item(world: World, request: Request) -> Reply:
    item = _item(world, request)
    world["items"].remove(item["id"])
    touch(world, "suites", item["suite_id"])
    return Reply(204, NO_BODY)


def _item(world: World, request: Request) -> Row:
    """The item of the path, if it belongs to the path's suite (rule 54)."""
    suite = find(world, "suites", request.path["suite_id"])
    return find_below(world, "items", request.path["item_id"], "suite_id", suite["id"])
