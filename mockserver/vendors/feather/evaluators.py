"""Evaluators, and their bindings to agents and scenarios (rules 87 to 91)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Listing, by, has_all, same
from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World, new_id
from mockserver.errors import BadRequest
from mockserver.vendors.feather.common import (
    caller,
    created,
    find,
    find_named,
    organization,
    owned,
    picked,
    save,
    updated,
    value_error,
)

DEFAULTS: dict[str, Any] = {  # rule 88
    "name": "",
    "kind": "model_judge",
    "format": "score",
    "description": None,
    "owner": None,
    "status": "active",
    "config": {},
    "prompt": None,
    "threshold": None,
    "severity": "medium",
    "judge_model_override": None,
    "tags": [],
}
CLEARS = frozenset({"description", "owner", "prompt", "threshold", "judge_model_override"})
OTHER = {"agent": "scenario", "scenario": "agent"}

EVALUATORS = Listing(
    "evaluators",
    filters={"kind": same("kind"), "status": same("status"), "tag": has_all("tags")},
)
BINDINGS = Listing(
    "bindings",
    filters={name: same(name) for name in ("evaluator_id", "scope", "scenario_id", "agent_id")},
    indexed={name: by(name) for name in ("scenario_id", "evaluator_id", "agent_id")},
)


@handles("createEvaluator")
def create_evaluator(world: World, request: Request) -> Reply:
    row = new_evaluator(world, request.body)
    return Reply(201, evaluator_view(world, row))


@handles("listEvaluators")
def list_evaluators(world: World, request: Request) -> Reply:
    return Reply(200, EVALUATORS.page(world, request.query, evaluator_view))


@handles("getEvaluator")
def get_evaluator(world: World, request: Request) -> Reply:
    row = find(world, "evaluators", request.path["evaluator_id"])
    return Reply(200, evaluator_view(world, row))


@handles("updateEvaluator")
def update_evaluator(world: World, request: Request) -> Reply:
    row = find(world, "evaluators", request.path["evaluator_id"])
    fields = DEFAULTS.keys() - {"kind"}  # rule 89
    row = save(world, "evaluators", updated(world, row, request.body, fields, CLEARS))
    return Reply(200, evaluator_view(world, row))


@handles("archiveEvaluator")
def archive_evaluator(world: World, request: Request) -> Reply:
    row = find(world, "evaluators", request.path["evaluator_id"])
    archived = updated(world, row, {"status": "archived"}, ["status"])
    return Reply(200, evaluator_view(world, save(world, "evaluators", archived)))


@handles("createEvaluatorBinding")
def create_binding(world: World, request: Request) -> Reply:
    body = request.body
    check_scope(body)
    evaluator = find_named(world, "evaluators", body["evaluator_id"])
    scope = body["scope"]
    find_named(world, f"{scope}s", body[f"{scope}_id"])
    if evaluator["status"] != "active":  # rule 90
        raise BadRequest(f"The evaluator is {evaluator['status']}; only active ones can be bound.")
    row = new_binding(world, body)
    return Reply(201, binding_view(world, row))


@handles("listEvaluatorBindings")
def list_bindings(world: World, request: Request) -> Reply:
    return Reply(200, BINDINGS.page(world, request.query, binding_view))


@handles("getEvaluatorBinding")
def get_binding(world: World, request: Request) -> Reply:
    row = find(world, "bindings", request.path["binding_id"])
    return Reply(200, binding_view(world, row))


@handles("updateEvaluatorBinding")
def update_binding(world: World, request: Request) -> Reply:
    row = find(world, "bindings", request.path["binding_id"])
    row = {**row, "is_critical": request.body["is_critical"]}  # rule 91
    return Reply(200, binding_view(world, save(world, "bindings", row)))


@handles("deleteEvaluatorBinding")
def delete_binding(world: World, request: Request) -> Reply:
    row = find(world, "bindings", request.path["binding_id"])
    world["bindings"].remove(row["id"])
    return Reply(204, NO_BODY)


def check_scope(body: Mapping[str, Any]) -> None:
    """The scope requires its own id and forbids the other (rule 87)."""
    scope = body["scope"]
    if body.get(f"{scope}_id") is None:
        raise value_error(("body",), f"scope '{scope}' requires {scope}_id", dict(body))
    if body.get(f"{OTHER[scope]}_id") is not None:
        raise value_error(("body",), f"scope '{scope}' forbids {OTHER[scope]}_id", dict(body))


def new_evaluator(world: World, body: Mapping[str, Any]) -> Row:
    """Store an evaluator with the known fields of a body."""
    return save(world, "evaluators", created(world, "evaluator", picked(body, DEFAULTS, {})))


def new_binding(world: World, body: Mapping[str, Any]) -> Row:
    """Store a binding; its ids have been checked."""
    row = {
        "id": new_id(world, "binding"),
        "evaluator_id": body["evaluator_id"],
        "scope": body["scope"],
        "scenario_id": body.get("scenario_id"),
        "agent_id": body.get("agent_id"),
        "is_critical": body.get("is_critical", False),
        "created_at": world.now,
    }
    return save(world, "bindings", row)


def evaluator_view(world: World, row: Row) -> dict[str, Any]:
    return {**owned(world, row), "created_by": caller(world)}


def binding_view(world: World, row: Row) -> dict[str, Any]:
    return {
        **row,
        "organization_id": organization(world),
        "created_at": render(row["created_at"]),
    }
