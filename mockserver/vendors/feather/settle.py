"""Simulation runs that have ended since the last request, and their consequences."""

from __future__ import annotations

from itertools import takewhile

from mockserver.engine.jobs.batches import settled
from mockserver.engine.jobs.schedule import state_at
from mockserver.engine.world import World
from mockserver.vendors.feather.evaluation_rows import start_evaluations


def settle(world: World) -> bool:
    """Apply the ends of runs that are due, in the order of their times.

    A completed run gets evaluations from the existing bindings, which can't have changed since that
    time, because every request settles first.
    """
    agenda = world["agenda"]
    first = next(agenda.scan(), None)
    if first is None or first["at"] > world.now:
        return False
    due = list(takewhile(lambda row: row["at"] <= world.now, agenda.scan()))
    for event in due:
        agenda.remove(event["id"])
        run = world["runs"].get(event["id"])
        if run is None:
            continue
        world["runs"].put(settled(run))
        if state_at(run["schedule"], event["at"]) == "completed":
            start_evaluations(world, run, event["at"])
    return True
