"""Automations and their versions; live flows are the same, read-only."""

from __future__ import annotations

from mockserver.engine.api import handles
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import Row, World, new_id
from mockserver.errors import NotFound
from mockserver.vendors.truestate.graphs import check_graph, new_version
from mockserver.vendors.truestate.views import (
    AUTOMATIONS,
    LIVE_FLOWS,
    Naming,
    automation_view,
    live_flow_view,
    summary_view,
)


def find_automation(world: World, request: Request, naming: Naming) -> Row:
    """The automation of the path. Raises NotFound."""
    key = request.path[naming.item]
    row = world["automations"].get(key)
    if row is None:
        raise NotFound(f"{naming.noun} not found: {key}")
    return row


def new_automation(
    world: World, name: str, description: str, graph: Row, automation_id: str
) -> Row:
    """An automation with its first version (rules 4, 6)."""
    row = {
        "id": automation_id,
        "name": name,
        "description": description,
        "version_id": new_version(world, automation_id, graph)["id"],
        "created_at": world.now,
        "updated_at": world.now,
        "position": world.ordinal("position"),
    }
    world["automations"].put(row)
    return row


@handles("listAutomations")
def list_automations(world: World, request: Request) -> Reply:
    """All of them, oldest first, as a bare array (rule 26)."""
    rows = world["automations"].scan()
    return Reply(200, [automation_view(world, row, AUTOMATIONS) for row in rows])


@handles("createAutomation")
def create_automation(world: World, request: Request) -> Reply:
    body = request.body
    check_graph(body["current_version"])
    graph, automation_id = body["current_version"], new_id(world, "automation")
    row = new_automation(world, body["name"], body["description"], graph, automation_id)
    return Reply(200, automation_view(world, row, AUTOMATIONS))


@handles("getAutomation")
def get_automation(world: World, request: Request) -> Reply:
    """An automation with summaries of its sessions (rule 10)."""
    row = find_automation(world, request, AUTOMATIONS)
    sessions = world["sessions"].scan(automation_id=row["id"])
    shown = automation_view(world, row, AUTOMATIONS)
    return Reply(200, {**shown, "sessions": [summary_view(world, each) for each in sessions]})


@handles("updateAutomation")
def update_automation(world: World, request: Request) -> Reply:
    """A new current version; open sessions keep theirs (rule 9)."""
    body = request.body
    check_graph(body["current_version"])
    row = find_automation(world, request, AUTOMATIONS)
    changes = {
        "name": body["name"],
        "description": body["description"],
        "version_id": new_version(world, row["id"], body["current_version"])["id"],
        "updated_at": world.now,
    }
    world["automations"].put({**row, **changes})
    return Reply(200, {})


@handles("deleteAutomation")
def delete_automation(world: World, request: Request) -> Reply:
    """Remove the automation with its versions and sessions."""
    row = find_automation(world, request, AUTOMATIONS)
    for collection in ("sessions", "versions"):
        for below in list(world[collection].scan(automation_id=row["id"])):
            world[collection].remove(below["id"])
    world["automations"].remove(row["id"])
    return Reply(200, {})


@handles("listLiveFlows")
def list_live_flows(world: World, request: Request) -> Reply:
    """All of them with their sessions, oldest first, as a bare array (rule 26)."""
    return Reply(200, [live_flow_view(world, row) for row in world["automations"].scan()])


@handles("getLiveFlow")
def get_live_flow(world: World, request: Request) -> Reply:
    return Reply(200, live_flow_view(world, find_automation(world, request, LIVE_FLOWS)))
