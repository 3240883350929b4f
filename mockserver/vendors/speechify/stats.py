"""Pass-rate statistics (rule 31). A run counts for the day it was queued, in UTC."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import Reply, Request
from mockserver.engine.timestamps import SECOND, parse, render
from mockserver.engine.world import World
from mockserver.vendors.speechify.views import progress

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
