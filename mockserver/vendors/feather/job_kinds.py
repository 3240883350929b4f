"""Simulation runs, for the dashboard and steering."""

from __future__ import annotations

from mockserver.engine.jobs.overview import JobKind
from mockserver.engine.world import Row, World
from mockserver.vendors.feather.tables import SIMULATION_RUN, SUITE_RUN_STATUS


def _suite(world: World, suite_run: Row) -> str:
    suite = world["suites"].get(suite_run["suite_id"])
    return str(suite["name"]) if suite is not None else ""


def _run(world: World, run: Row) -> str:
    inputs = run["inputs_snapshot"]
    names = (inputs.get(part, {}).get("name") for part in ("scenario", "persona"))
    return ", ".join(str(name) for name in names if name)


SIMULATION_RUNS = JobKind(
    "runs",
    "simulation run",
    SIMULATION_RUN.terminal,
    batch="suite_runs",
    batch_noun="suite run",
    of="suite_run_id",
    ids="run_ids",
    slot="slot",
    status=SUITE_RUN_STATUS,
    name=_run,
    batch_name=_suite,
)
