"""Single runs (rules 32 to 41)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.jobs.batches import open_rows, steering
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pagination import Listing, PageNames
from mockserver.engine.timestamps import SECOND, parse, render
from mockserver.engine.world import Row, World
from mockserver.errors import Conflict
from mockserver.vendors.speechify.common import find
from mockserver.vendors.speechify.idempotency import once
from mockserver.vendors.speechify.run_rows import (
    OUTCOMES,
    cancel,
    charge,
    plan_outcome,
    plan_way,
    start_run,
)
from mockserver.vendors.speechify.tables import TEST_RUN
from mockserver.vendors.speechify.views import children, progress, run_view, suite_detail

# Pass-rate statistics (rule 31). A run counts for the day it was queued, in UTC.

DAY = 24 * 3600 * SECOND


@handles("getTestStats")
def get_stats(world: World, request: Request) -> Reply:
    return Reply(200, stats(world, request.query["window_days"]))


def stats(world: World, window_days: int) -> dict[str, Any]:
    """The judged and errored runs of the last days, including today."""
    today = world.now // DAY
    first = today - window_days + 1
    counts = {day: Counter[str]() for day in range(first, today + 1)}
    kinds: Counter[str] = Counter()
    durations = []
    for row in world["runs"].scan(newest_first=True):
        day = row["created_at"] // DAY
        if day < first:
            break
        reached = progress(world, row)
        if reached["status"] not in ("completed", "failed"):
            continue
        counts[day][reached["verdict"] or "errored"] += 1
        kinds[row["test_type"]] += 1
        if reached["started_at"] is not None:
            durations.append(parse(reached["ended_at"]) - parse(reached["started_at"]))
    total = sum(counts.values(), Counter())
    return {
        "window_days": window_days,
        "buckets": [
            {
                "day": render(day * DAY)[:10],
                **{word: found[word] for word in ("passed", "failed", "errored")},
            }
            for day, found in counts.items()
        ],
        "total_runs": total.total(),
        "passed_runs": total["passed"],
        "failed_runs": total["failed"],
        "errored_runs": total["errored"],
        "avg_duration_ms": sum(durations) // len(durations) // 1000 if durations else 0,
        "by_type": dict(sorted(kinds.items())),
    }


RUNS = Listing("runs", envelope=PageNames("runs"))


@handles("runTest")
@once
def run_test(world: World, request: Request) -> Reply:
    """Queue a single run, without a suite run (rules 37, 42)."""
    test = find(world, "tests", request.path["test_id"])
    chosen: str = {"agent_id": test["agent_id"], **(request.body or {})}["agent_id"]
    agent = find(world, "agents", chosen)
    charge(world, 1)
    return Reply(202, run_view(world, start_run(world, (test, agent))))


@handles("listTestRuns")
def list_runs(world: World, request: Request) -> Reply:
    test = find(world, "tests", request.path["test_id"])
    return Reply(200, RUNS.page(world, request.query, run_view, {"test_id": test["id"]}))


@handles("getTestRun")
def get_run(world: World, request: Request) -> Reply:
    return Reply(200, run_view(world, find(world, "runs", request.path["test_run_id"])))


@handles("cancelTestRun")
def cancel_run(world: World, request: Request) -> Reply:
    """Cancel an open run; others stay unchanged (rule 38)."""
    row = find(world, "runs", request.path["test_run_id"])
    return Reply(200, run_view(world, cancel(world, row)))


def steer(world: World, job_id: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """End a run by `{"outcome": ..., "after": seconds}`, or all open children of a suite run.

    `{"schedule": [[state, seconds], ...]}` sets the whole course. Raises NotFound, BadRequest for
    an invalid order, Conflict if nothing is open any more.
    """
    if "schedule" in order:

        def steered(row: Row) -> Row:
            return plan_way(world, row, order)
    else:
        outcome, after = steering(order, OUTCOMES)

        def steered(row: Row) -> Row:
            return plan_outcome(world, row, outcome, after)

    suite = world["suite_runs"].get(job_id)
    if suite is None:
        return run_view(world, steered(find(world, "runs", job_id)))
    still_open = open_rows(children(world, suite), TEST_RUN, world.now)
    if not still_open:
        raise Conflict(f"Nothing of suite run {job_id} is open any more.")
    for row in still_open:
        steered(row)
    return suite_detail(world, suite)
