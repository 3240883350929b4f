"""Rows as the newer contract shows them at the current time.

A suite run stores nothing about its children: status, verdict, counts and end are computed from
their progress on every read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World
from mockserver.vendors.speechify.common import dated
from mockserver.vendors.speechify.run_rows import result
from mockserver.vendors.speechify.tables import SUITE_STATUS, TEST_RUN

ENDED = TEST_RUN.terminal
JUDGED = "completed"


def last_run(world: World, test_id: str) -> Row | None:
    """The newest run of a test (rules 27, 28)."""
    return next(iter(world["runs"].scan(newest_first=True, test_id=test_id)), None)


def listed_view(world: World, row: Row) -> dict[str, Any]:
    """A test in a list."""
    newest = last_run(world, row["id"])
    return {**dated(row), "last_run": None if newest is None else run_view(world, newest)}


def progress(world: World, row: Row) -> dict[str, Any]:
    """The progress of a run (rules 33, 34, 39)."""
    status, started, ended = "pending", None, None
    for state, at in row["schedule"]:
        if at > world.now:
            break
        status = state
        if state == "running":
            started = render(at)
        elif state in ENDED:
            ended = render(at)
    return {
        "status": status,
        "verdict": row["verdict"] if status == JUDGED else None,
        "started_at": started,
        "ended_at": ended,
    }


def run_view(world: World, row: Row) -> dict[str, Any]:
    """One run (rules 32 to 39)."""
    shown = {
        "id": row["id"],
        "test_id": row["test_id"],
        "agent_id": row["agent_id"],
        **progress(world, row),
        "result": None,
        "created_at": render(row["created_at"]),
    }
    if shown["status"] == JUDGED:
        shown["result"] = result(world, row)
    elif shown["status"] == "failed":
        shown["error"] = row["error"]
    return shown


def child_view(world: World, row: Row) -> dict[str, Any]:
    """A run in a suite run; names are looked up, or remembered if the entity was removed."""
    test = world["tests"].get(row["test_id"])
    agent = world["agents"].get(row["agent_id"])
    return {
        **run_view(world, row),
        "test_name": row["test_name"] if test is None else test["name"],
        "agent_name": row["agent_name"] if agent is None else agent["name"],
    }


def children(world: World, suite: Row) -> list[Row]:
    """The children of a suite run, in order of creation."""
    return list(world["runs"].scan(suite_run_id=suite["id"]))


def derived(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A suite run's values derived from its children's progress (rules 44 to 48)."""
    counts = dict.fromkeys(("completed", "failed", "running", "pending", "cancelled"), 0)
    results = {"passed": 0, "failed": 0}
    for run in runs:
        counts[run["status"]] += 1
        if run["verdict"] is not None:
            results[run["verdict"]] += 1
    status = SUITE_STATUS.of(run["status"] for run in runs)
    verdict = None
    if status == JUDGED:
        verdict = "failed" if results["failed"] else "passed"
    ends = [run["ended_at"] for run in runs]
    return {
        "status": status,
        "verdict": verdict,
        "total": len(runs),
        **counts,
        "results": results,
        "ended_at": max(ends) if ends and None not in ends else None,
    }


def suite_view(
    world: World, row: Row, runs: Sequence[Mapping[str, Any]] | None = None, *, named: bool = True
) -> dict[str, Any]:
    """A suite run without its children. Responses to its creation omit the name (rule 62)."""
    if runs is None:
        runs = [progress(world, child) for child in children(world, row)]
    agent = world["agents"].get(row["agent_id"]) if named and row["agent_id"] else None
    return {
        "id": row["id"],
        "agent_id": row["agent_id"],
        "agent_name": None if agent is None else agent["name"],
        "trigger": row["trigger"],
        "parent_suite_run_id": row["parent_suite_run_id"],
        **derived(runs),
        "config_override": row["config_override"],
        "flow_version_id": row["flow_version_id"],
        "flow_version_number": row["flow_version_number"],
        "created_at": render(row["created_at"]),
    }


def suite_detail(world: World, row: Row, *, named: bool = True) -> dict[str, Any]:
    """A suite run with its children (rule 65)."""
    runs = [child_view(world, child) for child in children(world, row)]
    return {**suite_view(world, row, runs, named=named), "runs": runs}
