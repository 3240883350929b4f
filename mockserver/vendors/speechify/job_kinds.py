"""Test runs, for the dashboard and steering."""

from __future__ import annotations

from mockserver.engine.jobs.overview import JobKind
from mockserver.engine.world import Row, World
from mockserver.vendors.speechify.tables import SUITE_STATUS, TEST_RUN


def _run(world: World, run: Row) -> str:
    return str(run["test_name"])


def _suite(world: World, suite_run: Row) -> str:
    return f"started by {suite_run['trigger']}"


TEST_RUNS = JobKind(
    "runs",
    "test run",
    TEST_RUN.terminal,
    batch="suite_runs",
    batch_noun="suite run",
    of="suite_run_id",
    status=SUITE_STATUS,
    name=_run,
    batch_name=_suite,
)
