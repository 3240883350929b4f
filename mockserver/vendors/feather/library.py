"""Personas, scenarios, and suites: a suite lists pairs of a persona and a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Listing, Predicate, contains, has_all, same, since
from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World, new_id
from mockserver.errors import BadRequest, NotFound
from mockserver.vendors.feather.common import (
    Nested,
    Refuse,
    caller,
    created,
    filled,
    find,
    find_below,
    find_named,
    owned,
    picked,
    refuse_nulls,
    save,
    touch,
    updated,
)


def _meant_for(world: World, agent_id: Any) -> Predicate:
    known = world["agents"].get(agent_id) is not None
    return lambda row: known and agent_id in row["agent_ids"]


PERSONAS = Listing(
    "personas",
    {"search": contains("name", "description"), "is_active": same("is_active")},
)
SCENARIOS = Listing(
    "scenarios",
    {
        "source": same("source"),
        "source_agent_id": same("source_agent_id"),
        "source_persona_id": same("source_persona_id"),
        "agent_id": _meant_for,
        "tags": has_all("tags"),
        "created_after": since("created_at"),
    },
)
PERSONA_DEFAULTS: dict[str, Any] = {
    "name": "",
    "description": None,
    "is_active": True,
    "body": "",
    "traits": {},
    "behavior_config": filled("PersonaBehaviorConfig", {}),
}
PERSONA_SHAPES = {"behavior_config": Nested("PersonaBehaviorConfig")}
SCENARIO_DEFAULTS: dict[str, Any] = {
    "name": "",
    "intent": "",
    "journey": "",
    "success_criteria": [],
    "mock_world": {},
    "source": "manual",
    "source_brief": None,
    "source_agent_id": None,
    "source_persona_id": None,
    "tags": [],
    "agent_ids": [],
}
SCENARIO_CHANGES = (
    *("name", "intent", "journey", "success_criteria", "mock_world", "tags", "agent_ids"),
)
SCENARIO_SHAPES = {"success_criteria": Nested("SuccessCriterion", "list")}


def persona_view(world: World, row: Row) -> dict[str, Any]:
    return {**owned(world, row), "cloned_from_id": None, "created_by": caller(world)}


def scenario_view(world: World, row: Row) -> dict[str, Any]:
    """A scenario, with the current names of agents and sources (rule 48)."""
    view = owned(world, row)
    agents = (world["agents"].get(agent_id) for agent_id in view.pop("agent_ids"))
    view["agents"] = [{"id": row["id"], "name": row["name"]} for row in agents if row is not None]
    view["source_agent_name"] = _name(world, "agents", row["source_agent_id"])
    view["source_persona_name"] = _name(world, "personas", row["source_persona_id"])
    view["created_by"] = caller(world)
    return view


def _name(world: World, collection: str, key: str | None) -> str | None:
    row = None if key is None else world[collection].get(key)
    return None if row is None else str(row["name"])


@handles("createPersona")
def create_persona(world: World, request: Request) -> Reply:
    return Reply(201, persona_view(world, new_persona(world, request.body)))


def new_persona(world: World, body: Mapping[str, Any]) -> Row:
    """A persona, with defaults for what was not sent (rule 45)."""
    row = created(world, "persona", picked(body, PERSONA_DEFAULTS, PERSONA_SHAPES))
    world["personas"].put(row)
    return row


@handles("listPersonas")
def list_personas(world: World, request: Request) -> Reply:
    return Reply(200, PERSONAS.page(world, request.query, persona_view))


@handles("getPersona")
def get_persona(world: World, request: Request) -> Reply:
    return Reply(200, persona_view(world, find(world, "personas", request.path["persona_id"])))


@handles("updatePersona")
def update_persona(world: World, request: Request) -> Reply:
    """Change what was sent; behaviour is replaced as a whole; only description is nullable (rule
    46)."""
    refuse_nulls(request.body, (name for name in PERSONA_DEFAULTS if name != "description"))
    persona = find(world, "personas", request.path["persona_id"])
    clears = frozenset({"description"})
    changed = updated(world, persona, request.body, PERSONA_DEFAULTS, clears, PERSONA_SHAPES)
    return Reply(200, persona_view(world, save(world, "personas", changed)))


@handles("deletePersona")
def delete_persona(world: World, request: Request) -> Reply:
    return _delete(world, "personas", "persona_id", request)


@handles("deleteScenario")
def delete_scenario(world: World, request: Request) -> Reply:
    return _delete(world, "scenarios", "scenario_id", request)


def _delete(world: World, collection: str, field: str, request: Request) -> Reply:
    """Remove it, and the suite items that use it (rule 50)."""
    row = find(world, collection, request.path[field])
    for item in list(world["items"].scan(**{field: row["id"]})):
        world["items"].remove(item["id"])
        touch(world, "suites", item["suite_id"])
    world[collection].remove(row["id"])
    return Reply(204, NO_BODY)


@handles("createScenario")
def create_scenario(world: World, request: Request) -> Reply:
    """Create a scenario; an unknown id in the body is a 400 (rule 20)."""
    body = request.body
    for collection, name in (("agents", "source_agent_id"), ("personas", "source_persona_id")):
        if body.get(name) is not None:
            find_named(world, collection, body[name])
    return Reply(201, scenario_view(world, new_scenario(world, _meant(world, body, BadRequest))))


def new_scenario(world: World, body: Mapping[str, Any]) -> Row:
    row = created(world, "scenario", picked(body, SCENARIO_DEFAULTS, SCENARIO_SHAPES))
    world["scenarios"].put(row)
    return row


def _meant(world: World, body: dict[str, Any], refuse: Refuse) -> dict[str, Any]:
    """The body with duplicate agents removed. Raises for an unknown agent."""
    agent_ids = body.get("agent_ids")
    if agent_ids is None:
        return body
    for agent_id in agent_ids:
        find(world, "agents", agent_id, refuse)
    return {**body, "agent_ids": list(dict.fromkeys(agent_ids))}


@handles("listScenarios")
def list_scenarios(world: World, request: Request) -> Reply:
    return Reply(200, SCENARIOS.page(world, request.query, scenario_view))


@handles("getScenario")
def get_scenario(world: World, request: Request) -> Reply:
    row = find(world, "scenarios", request.path["scenario_id"])
    return Reply(200, scenario_view(world, row))


@handles("updateScenario")
def update_scenario(world: World, request: Request) -> Reply:
    """Change what was sent, except for the source; null changes nothing (rules 46, 48)."""
    row = find(world, "scenarios", request.path["scenario_id"])
    body = _meant(world, request.body, NotFound)
    changed = updated(world, row, body, SCENARIO_CHANGES, shapes=SCENARIO_SHAPES)
    return Reply(200, scenario_view(world, save(world, "scenarios", changed)))


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
