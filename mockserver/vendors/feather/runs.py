"""Suite runs and simulation runs: dispatch, read, list, cancel, retry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.jobs import is_open, read_schedule, scheduled, state_at, steering
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pagination import Listing, Predicate, by, same
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest, Conflict, NotFound
from mockserver.vendors.feather.common import (
    check_overrides,
    filled_overrides,
    find,
    find_below,
    find_named,
)
from mockserver.vendors.feather.run_rows import (
    OUTCOMES,
    cancel_suite,
    children,
    dispatch_suite,
    pin_revision,
    plan_outcome,
    put_run,
    retry_failed,
    snapshot,
    start_run,
)
from mockserver.vendors.feather.tables import SIMULATION_RUN
from mockserver.vendors.feather.views import run_view, suite_run_view

# Release checks of an agent's revision (rules 99 to 103).

CHANNEL = "voice"  # as everywhere (rule 60)


@handles("runAgentReleaseCheck")
def run_release_check(world: World, request: Request) -> Reply:
    """Dispatch the release suite, whatever the gate mode (rule 99)."""
    agent, revision = _revision(world, request)
    if agent["release_suite_id"] is None:
        raise BadRequest("The agent has no release suite; set release_suite_id first.")
    suite_run = check_release(world, agent, revision["id"])
    return Reply(201, suite_run_view(world, suite_run))


@handles("getAgentRevisionReleaseCheck")
def get_release_check(world: World, request: Request) -> Reply:
    """The newest check of the revision (rule 100)."""
    agent, revision = _revision(world, request)
    if agent["release_suite_id"] is None:
        raise NotFound("The agent has no release suite.")
    checks = world["suite_runs"].scan(newest_first=True, release_revision_id=revision["id"])
    suite_run = next(checks, None)
    if suite_run is None:
        raise NotFound(f"Revision {revision['id']} was never checked.")
    return Reply(200, suite_run_view(world, suite_run))


def check_release(world: World, agent: Row, revision_id: str) -> Row:
    """Start a release check; it keeps the agent's current tolerance (rule 103)."""
    suite = find_named(world, "suites", agent["release_suite_id"])
    release = {"max_failures": agent["release_gate_max_failures"]}
    return dispatch_suite(world, suite, agent["id"], revision_id, CHANNEL, None, release)


def _revision(world: World, request: Request) -> tuple[Row, Row]:
    agent = find(world, "agents", request.path["agent_id"])
    key = request.path["revision_id"]
    return agent, find_below(world, "revisions", key, "agent_id", agent["id"])


DEFAULT_CHANNEL = "voice"  # rule 60


def _in_state(world: World, status: Any) -> Predicate:
    return lambda row: state_at(row["schedule"], world.now) == status


def _where_state(status: Any) -> tuple[str, Any]:
    """The index condition for a status: ended runs by outcome, the others by being open."""
    return ("outcome", status) if SIMULATION_RUN.is_terminal(status) else ("open", True)


SUITE_RUNS = Listing("suite_runs")
RUNS = Listing(
    "runs",
    {"status": _in_state, "agent_id": same("agent_id")},
    {"status": _where_state, "agent_id": by("agent_id")},
)


@handles("dispatchSimulationSuiteRun")
def dispatch_suite_run(world: World, request: Request) -> Reply:
    """One pending run for each item of the suite (rules 58 to 66)."""
    body = request.body
    check_overrides(body)
    suite = find(world, "suites", request.path["suite_id"])
    agent = find(world, "agents", body["agent_id"])
    row = dispatch_suite(
        world,
        suite,
        agent["id"],
        pin_revision(world, agent, body.get("agent_revision_id")),
        body.get("channel", DEFAULT_CHANNEL),
        body.get("tool_overrides"),
    )
    return Reply(201, suite_run_view(world, row))


@handles("listSimulationSuiteRuns")
def list_suite_runs(world: World, request: Request) -> Reply:
    suite = find(world, "suites", request.path["suite_id"])
    where = {"suite_id": suite["id"]}
    return Reply(200, SUITE_RUNS.page(world, request.query, suite_run_view, where))


@handles("getSimulationSuiteRun")
def get_suite_run(world: World, request: Request) -> Reply:
    return Reply(200, suite_run_view(world, _suite_run(world, request)))


@handles("cancelSimulationSuiteRun")
def cancel_suite_run(world: World, request: Request) -> Reply:
    """Cancel every open child now; repeating it changes nothing (rules 77 to 81)."""
    row = _suite_run(world, request)
    cancel_suite(world, row)
    return Reply(200, suite_run_view(world, row))


@handles("retryFailedSimulationSuiteRun")
def retry_suite_run(world: World, request: Request) -> Reply:
    """Another attempt at each item whose latest one failed (rules 82 to 86)."""
    row = retry_failed(world, _suite_run(world, request))
    return Reply(200, suite_run_view(world, row))


def _suite_run(world: World, request: Request) -> Row:
    """The suite run of the path, if it belongs to the path's suite (rule 68)."""
    path = request.path
    return find_below(world, "suite_runs", path["suite_run_id"], "suite_id", path["suite_id"])


@handles("dispatchSimulationRun")
def dispatch_run(world: World, request: Request) -> Reply:
    """A single run, without a suite run (rules 20, 67)."""
    body = request.body
    check_overrides(body)
    agent = find_named(world, "agents", body["agent_id"])
    persona = find_named(world, "personas", body["persona_id"])
    scenario = find_named(world, "scenarios", body["scenario_id"])
    shared = {
        "agent_id": agent["id"],
        "agent_revision_id": pin_revision(world, agent, body.get("agent_revision_id"), BadRequest),
        "channel": body.get("channel", DEFAULT_CHANNEL),
        "tool_overrides": filled_overrides(body.get("tool_overrides")),
        "suite_run_id": None,
    }
    return Reply(201, run_view(world, start_run(world, shared, snapshot(persona, scenario))))


@handles("listSimulationRuns")
def list_runs(world: World, request: Request) -> Reply:
    return Reply(200, RUNS.page(world, request.query, run_view))


@handles("getSimulationRun")
def get_run(world: World, request: Request) -> Reply:
    return Reply(200, run_view(world, find(world, "runs", request.path["sim_run_id"])))


def steer(world: World, job_id: str, order: Mapping[str, Any]) -> Any:
    """End a run by `{"outcome": ..., "after": seconds}`, or all open children of a suite run.

    `{"schedule": [[state, seconds], ...]}` sets the whole course. Raises NotFound, BadRequest for
    an invalid order, Conflict if nothing is open any more.
    """
    if "schedule" in order:
        return _reschedule(world, job_id, order)
    outcome, after = steering(order, OUTCOMES)
    suite_run = world["suite_runs"].get(job_id)
    if suite_run is None:
        run = find(world, "runs", job_id)
        return run_view(world, plan_outcome(world, run, outcome, after))
    still_open = [
        row for row in children(world, suite_run) if is_open(row, SIMULATION_RUN, world.now)
    ]
    if not still_open:
        raise Conflict(f"Nothing of suite run {job_id} is open any more.")
    for row in still_open:
        plan_outcome(world, row, outcome, after)
    return suite_run_view(world, suite_run)


def _reschedule(world: World, job_id: str, order: Mapping[str, Any]) -> Any:
    suite_run = world["suite_runs"].get(job_id)
    rows = [find(world, "runs", job_id)] if suite_run is None else children(world, suite_run)
    still_open = [row for row in rows if is_open(row, SIMULATION_RUN, world.now)]
    if not still_open:
        raise Conflict(f"Nothing of {job_id} is open any more.")
    for row in still_open:
        schedule = read_schedule(order, row, SIMULATION_RUN, world.now)
        put_run(world, scheduled(row, schedule, SIMULATION_RUN))
    if suite_run is not None:
        return suite_run_view(world, suite_run)
    return run_view(world, find(world, "runs", job_id))
