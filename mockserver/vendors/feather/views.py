"""Runs and suite runs as the contract shows them at the current time."""

from __future__ import annotations

from typing import Any

from mockserver.engine.jobs.render_cache import Joiner, Rendered, Renderer
from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World
from mockserver.vendors.feather.common import caller, organization
from mockserver.vendors.feather.run_rows import children
from mockserver.vendors.feather.tables import SIMULATION_RUN, SUITE_RUN_STATUS
from mockserver.vendors.feather.verdicts import release_fields

ENDED = SIMULATION_RUN.terminal
RECORDED = "available"


def run_view(world: World, row: Row) -> dict[str, Any]:
    """A simulation run (rules 62, 71 to 73)."""
    return _shown(row, world.now, organization(world))


def _shown(row: Row, now: int, owner: str) -> dict[str, Any]:
    status, started, finished = "pending", None, None
    for state, at in row["schedule"]:
        if at > now:
            break
        status = state
        if state == "running":
            started = render(at)
        elif state in ENDED:
            finished = render(at)
    recorded = status == "completed" and row["channel"] == "voice"
    return {
        "id": row["id"],
        "session_id": row["session_id"],
        "organization_id": owner,
        "agent_id": row["agent_id"],
        "agent_revision_id": row["agent_revision_id"],
        "persona_id": row["persona_id"],
        "scenario_id": row["scenario_id"],
        "channel": row["channel"],
        "tool_overrides": row["tool_overrides"],
        "status": status,
        "started_at": started,
        "finished_at": finished,
        "error_text": row["error_text"] if status == "failed" else None,
        "inputs_snapshot": row["inputs_snapshot"],
        "created_at": render(row["created_at"]),
        "recording_id": row["recording_id"] if recorded else None,
        "recording_status": RECORDED if recorded else None,
    }


_rendered = Renderer(_shown)
_joined = Joiner(_rendered)


def suite_run_view(world: World, row: Row) -> Any:
    """A suite run with its children, and the status derived from them (rules 74, 75)."""
    now, owner, rows = world.now, organization(world), children(world, row)
    if row["release"] is None:
        return _joined(row, rows, now, owner, lambda runs: _suite_run(world, row, owner, runs))
    # A release check depends on evaluations too.
    return _suite_run(world, row, owner, [_rendered(child, now, owner) for child in rows])


def _suite_run(world: World, row: Row, owner: str, runs: list[Rendered]) -> dict[str, Any]:
    latest = {run.row["slot"]: run.status for run in runs}
    return {
        "id": row["id"],
        "organization_id": owner,
        "suite_id": row["suite_id"],
        "agent_id": row["agent_id"],
        "agent_revision_id": row["agent_revision_id"],
        "created_by": caller(world),
        "created_at": render(row["created_at"]),
        "status": SUITE_RUN_STATUS.of(latest.values()),
        "runs": [run.body for run in runs],
        **release_fields(world, row),
    }
