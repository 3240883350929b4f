"""Automations and sessions as the contract shows them at the current time, in either naming."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from mockserver.engine.jobs import state_at
from mockserver.engine.messages import Request
from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World, tenant_id
from mockserver.records import dataclass
from mockserver.vendors.truestate.graphs import step_named
from mockserver.vendors.truestate.session_rows import entered
from mockserver.vendors.truestate.tables import FAILED, FINISHED, RUNNING, SESSION_STATUS, WAITING


@dataclass(frozen=True)
class Naming:
    """The vocabulary of one half of the API.

    `item` is the path parameter, `parent` the field with the automation's id; `words` maps states
    with other names.
    """

    noun: str
    item: str
    parent: str
    words: Mapping[str, str] = field(default_factory=dict)


AUTOMATIONS = Naming("Automation", "automation_id", "automation_id", {WAITING: RUNNING})  # rule 16
LIVE_FLOWS = Naming("Live flow", "live_flow_id", "flow_id")


def naming_of(request: Request) -> Naming:
    """The naming of an operation."""
    return LIVE_FLOWS if request.operation.path.startswith("/live_flows/") else AUTOMATIONS


def organisation_id(world: World) -> str:
    """The organisation of the key; a plain string, not a UUID (rule 2)."""
    return "org_" + tenant_id(world, "organisation").replace("-", "")[:24]


def version_view(naming: Naming, version: Row) -> dict[str, Any]:
    """A version with its steps and transitions (rule 6)."""
    return {
        "id": version["id"],
        naming.parent: version["automation_id"],
        "steps": [definition_view(version, step) for step in version["steps"]],
        "step_transitions": version["step_transitions"],
        **_made(version),
    }


def definition_view(version: Row, step: Row) -> dict[str, Any]:
    return {**step, **_made(version)}


def _made(version: Row) -> dict[str, str]:
    made = render(version["created_at"])
    return {"created_at": made, "updated_at": made}


def automation_view(world: World, row: Row, naming: Naming) -> dict[str, Any]:
    """An automation with its current version."""
    version = world["versions"].get(row["version_id"])
    assert version is not None, "an automation has a current version"
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "organisation_id": organisation_id(world),
        "current_version": version_view(naming, version),
        "created_at": render(row["created_at"]),
        "updated_at": render(row["updated_at"]),
    }


def live_flow_view(world: World, row: Row) -> dict[str, Any]:
    """A live flow with its sessions in full."""
    rows = world["sessions"].scan(automation_id=row["id"])
    sessions = [session_view(world, session, LIVE_FLOWS) for session in rows]
    return {**automation_view(world, row, LIVE_FLOWS), "sessions": sessions}


_SUMMARY = ("id", "automation_id", "inputs", "error", "status", "created_at", "updated_at")


def summary_view(world: World, row: Row) -> dict[str, Any]:
    """A session without its steps (rule 10)."""
    session = session_view(world, row, AUTOMATIONS)
    return {name: session[name] for name in _SUMMARY}


def session_view(world: World, row: Row, naming: Naming) -> dict[str, Any]:
    """A session; its status, error and times are derived from its steps (rules 13, 15 to 17)."""
    version = world["versions"].get(row["version_id"])
    assert version is not None, "versions live as long as their sessions"
    now = world.now
    steps = [step_view(naming, version, step, now) for step in entered(row, now)]
    status = SESSION_STATUS.of(state_at(step["schedule"], now) for step in entered(row, now))
    parent = (
        {"flow_version": version_view(naming, version)}
        if naming is LIVE_FLOWS
        else {"automation_id": row["automation_id"]}
    )
    return {
        "id": row["id"],
        **parent,
        "inputs": row["inputs"],
        "error": steps[-1]["error"],
        "status": naming.words.get(status, status),
        "created_at": render(row["created_at"]),
        "updated_at": steps[-1]["updated_at"],
        "steps": steps,
        "steps_count": len(steps),
        "current_step": steps[-1],
    }


def step_view(naming: Naming, version: Row, step: Row, now: int) -> dict[str, Any]:
    """A step of a session, with a snapshot of its definition (rules 14, 19)."""
    state, since = step["schedule"][0]
    for later, at in step["schedule"]:
        if at > now:
            break
        state, since = later, at
    heard = {"user_input": step["user_input"]} if naming is LIVE_FLOWS else {}
    return {
        "id": step["id"],
        "status": naming.words.get(state, state),
        "prompt": step["prompt"],
        "result": step["result"] if state == FINISHED else None,
        "error": step["error"] if state == FAILED else None,
        **heard,
        "step": definition_view(version, step_named(version, step["step_id"])),
        "created_at": render(step["schedule"][0][1]),
        "updated_at": render(since),
    }
