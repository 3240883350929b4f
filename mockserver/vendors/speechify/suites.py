"""Suite runs: run all, batch, resubmit, and operations on them (rules 42 to 65)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pagination import Listing, PageNames, by, same
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest
from mockserver.vendors.speechify.common import find, find_named
from mockserver.vendors.speechify.idempotency import once
from mockserver.vendors.speechify.run_rows import (
    Pair,
    agents_of,
    cancel,
    charge,
    start_suite,
    tests_of,
)
from mockserver.vendors.speechify.tables import MOST_RUNS_OF_ALL, MOST_RUNS_OF_BATCH
from mockserver.vendors.speechify.views import (
    children,
    progress,
    run_view,
    suite_detail,
    suite_view,
)

SUITES = Listing(
    "suite_runs",
    filters={"agent_id": same("agent_id")},
    indexed={"agent_id": by("agent_id")},
    envelope=PageNames("suite_runs"),
)


@handles("runAllTests")
@once
def run_all(world: World, request: Request) -> Reply:
    """A run for each test of the agent (rule 60)."""
    agent = find(world, "agents", request.path["agent_id"])
    body = request.body or {}
    about = {
        "agent_id": agent["id"],
        "config_override": body.get("config_override"),
        **_flow_version(world, agent, body.get("flow_version_id")),
    }
    pairs = [(test, agent) for test in tests_of(world, agent["id"])[:MOST_RUNS_OF_ALL]]
    return _started(world, "run_all", pairs, about)


@handles("runTestsBatch")
@once
def run_batch(world: World, request: Request) -> Reply:
    """A run for each entry, or for each agent of its test (rule 61)."""
    pairs: list[Pair] = []
    for entry in request.body["entries"]:
        test = find_named(world, "tests", entry["test_id"])
        if "agent_id" in entry:
            agents = [find_named(world, "agents", entry["agent_id"])]
        else:
            agents = agents_of(world, test)
        pairs += [(test, agent) for agent in agents]
        if len(pairs) > MOST_RUNS_OF_BATCH:
            raise BadRequest(f"A batch has at most {MOST_RUNS_OF_BATCH} runs.")
    return _started(world, "batch", pairs, {})


@handles("resubmitSuiteRun")
@once
def resubmit(world: World, request: Request) -> Reply:
    """Repeat the failed and errored runs in a new suite run (rule 55)."""
    parent = find(world, "suite_runs", request.path["suite_run_id"])
    pairs, about = resubmission(world, parent)
    if not pairs:
        raise BadRequest("No test of this suite run has failed; there is nothing to repeat.")
    charge(world, len(pairs), parent["config_override"])
    suite, _ = start_suite(world, "resubmit", pairs, about)
    return Reply(202, suite_detail(world, suite, named=False))


@handles("listSuiteRuns")
def list_suites(world: World, request: Request) -> Reply:
    return Reply(200, SUITES.page(world, request.query, suite_view))


@handles("getSuiteRun")
def get_suite(world: World, request: Request) -> Reply:
    suite = find(world, "suite_runs", request.path["suite_run_id"])
    return Reply(200, suite_detail(world, suite))


@handles("cancelSuiteRun")
def cancel_suite(world: World, request: Request) -> Reply:
    """Cancel every open child; the others stay unchanged (rules 49 to 51)."""
    suite = find(world, "suite_runs", request.path["suite_run_id"])
    for row in children(world, suite):
        cancel(world, row)
    return Reply(200, suite_detail(world, suite))


def _started(world: World, trigger: str, pairs: list[Pair], about: Mapping[str, Any]) -> Reply:
    """The response of run all and batch; without runs there is no suite run."""
    if not pairs:
        return Reply(202, {"runs": [], "suite_run": None})
    charge(world, len(pairs), about.get("config_override"))
    suite, runs = start_suite(world, trigger, pairs, about)
    shown = [run_view(world, row) for row in runs]
    return Reply(202, {"runs": shown, "suite_run": suite_view(world, suite, shown, named=False)})


def resubmission(world: World, parent: Row) -> tuple[list[Pair], dict[str, Any]]:
    """What a resubmit of this suite run would run, and what it copies (rules 43, 57)."""
    kept = ("agent_id", "config_override", "flow_version_id", "flow_version_number")
    about = {"parent_suite_run_id": parent["id"], **{name: parent[name] for name in kept}}
    return list(_unsuccessful(world, parent)), about


def _unsuccessful(world: World, suite: Row) -> Iterator[Pair]:
    """The children to repeat, unless their test or agent was removed."""
    for row in children(world, suite):
        reached = progress(world, row)
        if reached["verdict"] == "failed" or reached["status"] == "failed":
            test, agent = world["tests"].get(row["test_id"]), world["agents"].get(row["agent_id"])
            if test is not None and agent is not None:
                yield test, agent


def _flow_version(world: World, agent: Row, flow_version_id: str | None) -> dict[str, Any]:
    """Id and number of a flow version of the agent (rule 64). Raises BadRequest."""
    if flow_version_id is None:
        return {"flow_version_id": None, "flow_version_number": None}
    version = find_named(world, "flow_versions", flow_version_id)
    if version["agent_id"] != agent["id"]:
        raise BadRequest("The flow version belongs to another agent.")
    return {"flow_version_id": version["id"], "flow_version_number": version["number"]}
