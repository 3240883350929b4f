"""Agents, their revisions, and the caller's identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Listing
from mockserver.engine.randomness import fake_for
from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest, Conflict
from mockserver.vendors.feather.common import (
    Nested,
    caller,
    created,
    find,
    find_below,
    organization,
    owned,
    picked,
    save,
    updated,
)
from mockserver.vendors.feather.run_rows import open_runs

AGENTS = Listing("agents")
REVISIONS = Listing("revisions")

AGENT_DEFAULTS: dict[str, Any] = {
    "name": "",
    "description": None,
    "metadata": {},
    "knowledge_gap_analysis_enabled": True,
}
AGENT_CHANGES = (
    *("name", "description", "metadata", "knowledge_gap_analysis_enabled"),
    *("release_suite_id", "release_gate_mode", "release_gate_max_failures"),
)
REVISION_DEFAULTS: dict[str, Any] = {
    "name": "",
    "description": None,
    "persona": None,
    "system_prompt": None,
    "global_skill_ids": None,
    "context_variables": None,
    "variable_defaults": None,
    "tool_refs": None,
    "knowledge_base_refs": None,
    "policies_enabled": True,
    "policy_refs": None,
    "channel_specific_config": None,
    "router_config_id": None,
    "model_settings": None,
    "kb_clearance_level": None,
    "kb_audience_tags": [],
}
REVISION_SHAPES = {
    "context_variables": Nested("ContextVarSpec", "list"),
    "tool_refs": Nested("ToolRef", "list"),
    "knowledge_base_refs": Nested("KnowledgeBaseRef", "list"),
    "policy_refs": Nested("PolicyRefSpec", "list"),
    "channel_specific_config": Nested("ChannelConfig", "object"),
    "model_settings": Nested("ModelChainEntry"),
}
FIRST_REVISION = "Initial revision"


def agent_view(world: World, row: Row) -> dict[str, Any]:
    """An agent with its active revision (rule 41)."""
    active = world["revisions"].get(row["active_revision_id"] or "")
    return {
        **owned(world, row),
        "active_revision": None if active is None else revision_view(world, active),
        "platform_tools": {},
    }


def agent_list_view(world: World, row: Row) -> dict[str, Any]:
    """An agent in a list (rule 41)."""
    return {
        "id": row["id"],
        "organization_id": organization(world),
        "name": row["name"],
        "description": row["description"],
        "active_revision_id": row["active_revision_id"],
        "knowledge_gap_analysis_enabled": row["knowledge_gap_analysis_enabled"],
        "created_at": render(row["created_at"]),
        "updated_at": render(row["updated_at"]),
    }


def revision_view(world: World, row: Row) -> dict[str, Any]:
    return {
        **row,
        "created_by": caller(world),
        "created_at": render(row["created_at"]),
        "updated_at": render(row["updated_at"]),
    }


@handles("whoAmI")
def who_am_i(world: World, request: Request) -> Reply:
    fake = fake_for(world, "caller")
    first, last, company = fake.first_name(), fake.last_name(), fake.company()
    domain = "".join(letter for letter in company.lower() if letter.isalnum())
    user_id = caller(world)
    return Reply(
        200,
        {
            "user_id": user_id,
            "clerk_user_id": "user_" + user_id.replace("-", "")[:27],
            "email": f"{first}.{last}@{domain}.example".lower(),
            "display_name": f"{first} {last}",
            "role": "org:admin",
            "organization_id": organization(world),
            "organization_name": company,
            "kb_clearance_level": 3,
            "kb_acl_enabled": False,
        },
    )


@handles("createAgent")
def create_agent(world: World, request: Request) -> Reply:
    return Reply(201, agent_view(world, new_agent(world, request.body)))


def new_agent(world: World, body: Mapping[str, Any]) -> Row:
    """An agent with an active first revision (rule 41)."""
    agent = created(
        world,
        "agent",
        {
            **picked(body, AGENT_DEFAULTS),
            "active_revision_id": None,
            "release_suite_id": None,
            "release_gate_mode": "off",
            "release_gate_max_failures": 0,
        },
    )
    first = {**body, "name": FIRST_REVISION, "description": None}
    revision = new_revision(world, agent["id"], first)
    agent["active_revision_id"] = revision["id"]
    world["agents"].put(agent)
    return agent


def new_revision(world: World, agent_id: str, body: Mapping[str, Any]) -> Row:
    fields = picked(body, REVISION_DEFAULTS, REVISION_SHAPES)
    revision = created(world, "revision", {"agent_id": agent_id, **fields})
    world["revisions"].put(revision)
    return revision


@handles("listAgents")
def list_agents(world: World, request: Request) -> Reply:
    return Reply(200, AGENTS.page(world, request.query, agent_list_view))


@handles("getAgent")
def get_agent(world: World, request: Request) -> Reply:
    return Reply(200, agent_view(world, find(world, "agents", request.path["agent_id"])))


@handles("updateAgent")
def update_agent(world: World, request: Request) -> Reply:
    """Change what was sent; null clears description and release suite (rule 42)."""
    agent = find(world, "agents", request.path["agent_id"])
    if request.body.get("release_suite_id") is not None:
        find(world, "suites", request.body["release_suite_id"])
    clears = frozenset({"description", "release_suite_id"})
    changed = updated(world, agent, request.body, AGENT_CHANGES, clears)
    return Reply(200, agent_view(world, save(world, "agents", changed)))


@handles("deleteAgent")
def delete_agent(world: World, request: Request) -> Reply:
    """Delete an agent without open runs, and its revisions (rule 44)."""
    agent = find(world, "agents", request.path["agent_id"])
    if next(open_runs(world, agent["id"]), None) is not None:
        raise Conflict("The agent has pending or running simulation runs.")
    for revision in list(world["revisions"].scan(agent_id=agent["id"])):
        world["revisions"].remove(revision["id"])
    world["agents"].remove(agent["id"])
    return Reply(204, NO_BODY)


@handles("createAgentRevision")
def create_revision(world: World, request: Request) -> Reply:
    """An inactive revision; fields that are not sent come from its base (rule 43)."""
    agent = find(world, "agents", request.path["agent_id"])
    base_id = request.body.get("based_on_revision_id")
    base: Row = {}
    if base_id is not None:
        base = find_below(world, "revisions", base_id, "agent_id", agent["id"], BadRequest)
    inherited = {name: base[name] for name in REVISION_DEFAULTS if name in base}
    revision = new_revision(world, agent["id"], {**inherited, **request.body})
    return Reply(201, revision_view(world, revision))


@handles("listAgentRevisions")
def list_revisions(world: World, request: Request) -> Reply:
    agent = find(world, "agents", request.path["agent_id"])
    where = {"agent_id": agent["id"]}
    return Reply(200, REVISIONS.page(world, request.query, revision_view, where))


@handles("getAgentRevision")
def get_revision(world: World, request: Request) -> Reply:
    return Reply(200, revision_view(world, find(world, "revisions", request.path["revision_id"])))


@handles("setActiveAgentRevision")
def set_active_revision(world: World, request: Request) -> Reply:
    """Activate a revision, whatever its verdict (rules 43, 114)."""
    agent = find(world, "agents", request.path["agent_id"])
    revision_id = request.body["revision_id"]
    revision = find_below(world, "revisions", revision_id, "agent_id", agent["id"])
    chosen = {"active_revision_id": revision["id"]}
    save(world, "agents", updated(world, agent, chosen, chosen))
    return Reply(200, revision_view(world, revision))
