"""Release checks of an agent's revision (rules 99 to 103)."""

from __future__ import annotations

from mockserver.engine.api import handles
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest, NotFound
from mockserver.vendors.feather.common import find, find_below, find_named
from mockserver.vendors.feather.run_rows import dispatch_suite
from mockserver.vendors.feather.views import suite_run_view

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
