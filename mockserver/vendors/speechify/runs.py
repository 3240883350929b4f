"""Single runs (rules 32 to 41), suite runs (rules 42 to 65), and their idempotency keys.

A key stands for the first response for a day (rules 66 to 70). It is used up by the first request
that succeeds or is refused because of the state. A request that breaks the contract does not use
it, nor does one that ends in a server error. A key belongs to the workspace, the operation and the
path. Requests in one world are serialised, so a duplicate never meets the first request in flight:
it waits and gets the same response.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any

from mockserver.engine.api import Handler, handles
from mockserver.engine.idempotency import keep, kept, mark_of, place_of
from mockserver.engine.jobs import open_rows, steering
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pagination import Listing, PageNames, by, same
from mockserver.engine.timestamps import SECOND, parse, render
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest, Conflict, NotFound, PaymentRequired, Refusal
from mockserver.vendors.speechify.common import find, find_named
from mockserver.vendors.speechify.run_rows import (
    OUTCOMES,
    Pair,
    agents_of,
    cancel,
    charge,
    plan_outcome,
    plan_way,
    start_run,
    start_suite,
    tests_of,
)
from mockserver.vendors.speechify.tables import MOST_RUNS_OF_ALL, MOST_RUNS_OF_BATCH, TEST_RUN
from mockserver.vendors.speechify.views import (
    children,
    progress,
    run_view,
    suite_detail,
    suite_view,
)

HEADER = "Idempotency-Key"
REPLAYED = {"Idempotent-Replayed": "true"}
KINDS: dict[int, type[Refusal]] = {
    kind.status: kind for kind in (BadRequest, PaymentRequired, NotFound, Conflict)
}


def once(handler: Handler) -> Handler:
    """The handler, run once for each key."""

    @wraps(handler)
    def answer(world: World, request: Request) -> Reply:
        key = request.header.get(HEADER)
        if not key:
            return handler(world, request)
        place, fingerprint = place_of(request, key), mark_of(request)
        first = kept(world, "answers", place)
        if first is not None:
            return _replayed(first, fingerprint)
        return _first(world, lambda: handler(world, request), place, fingerprint)

    return answer


def _first(world: World, carry_out: Callable[[], Reply], place: str, fingerprint: str) -> Reply:
    try:
        reply = carry_out()
    except Refusal as refusal:
        if refusal.status in KINDS:
            problem = {"code": refusal.code, "message": refusal.message}
            keep(world, "answers", place, fingerprint, status=refusal.status, refusal=problem)
            refusal.keeps_writes = True
        raise
    keep(world, "answers", place, fingerprint, status=reply.status, body=reply.body)
    return reply


def _replayed(first: Row, fingerprint: str) -> Reply:
    if first["fingerprint"] != fingerprint:
        raise Conflict(
            "The idempotency key was used with another body.", code="idempotency_conflict"
        )
    problem = first.get("refusal")
    if problem is not None:
        raise KINDS[first["status"]](problem["message"], code=problem["code"], headers=REPLAYED)
    return Reply(first["status"], first["body"], dict(REPLAYED))


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
