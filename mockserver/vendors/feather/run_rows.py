"""Simulation runs as rows. A run's course is planned when it starts, and can be changed later.

The course is random, unless its scenario has one of the tags `mock:completed`, `mock:failed`,
`mock:budget_exceeded`, `mock:stuck` (never ends) or `mock:slow` (takes ten times as long): the
switch that rule 70 requires, through the plain API. `plan_outcome` does the same for a run in
progress.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from random import Random
from typing import Any, Literal, get_args

from mockserver.engine.jobs import (
    JobKind,
    cancelled,
    ends,
    is_open,
    latest,
    open_rows,
    scheduled,
    state_at,
)
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row, World, new_id, random_for
from mockserver.errors import BadRequest, Conflict, NotFound
from mockserver.vendors.feather.common import Refuse, filled_overrides, find, find_below
from mockserver.vendors.feather.tables import SIMULATION_RUN, SUITE_RUN_STATUS

# Simulation runs, for the dashboard and steering.


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


Outcome = Literal["completed", "failed", "budget_exceeded", "stuck"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
SHARES = {"completed": 0.87, "failed": 0.09, "budget_exceeded": 0.04}
UNSTARTED_SHARE = 0.15  # share of failed runs that fail before they start
PENDING_SECONDS = (1.0, 3.0)
RUNNING_SECONDS = (6.0, 25.0)
SLOW = 10

ERRORS: Mapping[str, tuple[str, ...]] = {
    "text": (
        "The agent did not respond within 30 s (turn 7).",
        "The model provider returned 529 overloaded three times in a row (turn 4).",
        "The tool lookup_order returned no JSON: unexpected end of input (turn 5).",
        "The router found no step for the reply of the agent (turn 9).",
    ),
    "voice": (
        "The media server closed the stream with code 1011 (turn 6).",
        "Speech recognition heard nothing for 20 s (turn 3).",
        "The agent did not respond within 12 s (turn 8).",
        "Speech synthesis failed: the voice is not available (turn 2).",
    ),
}


def pin_revision(
    world: World, agent: Row, revision_id: str | None, refuse: Refuse = NotFound
) -> str | None:
    """The revision that a run is pinned to (rule 61). Raises for another agent's revision."""
    if revision_id is None:
        active: str | None = agent["active_revision_id"]
        return active
    find_below(world, "revisions", revision_id, "agent_id", agent["id"], refuse)
    return revision_id


def snapshot(persona: Row, scenario: Row) -> dict[str, Any]:
    """The current persona and scenario (rule 63)."""
    return {
        "persona": {name: persona[name] for name in PERSONA_INPUTS},
        "scenario": {name: scenario[name] for name in SCENARIO_INPUTS},
    }


PERSONA_INPUTS = ("id", "name", "description", "body", "traits", "behavior_config")
SCENARIO_INPUTS = (*("id", "name", "intent", "journey", "success_criteria", "mock_world", "tags"),)


def dispatch_suite(
    world: World,
    suite: Row,
    agent_id: str,
    revision_id: str | None,
    channel: str,
    tool_overrides: Mapping[str, Any] | None,
    release: Mapping[str, Any] | None = None,
) -> Row:
    """Start a suite run with one pending child for each item (rules 59 to 63).

    With `release` it is a release check of `revision_id`. Raises BadRequest for a suite without
    items (rule 64).
    """
    items = list(world["items"].scan(suite_id=suite["id"]))
    if not items:
        raise BadRequest("The suite has no items, there is nothing to run.")
    suite_run_id = new_id(world, "suite_run")
    shared = {
        "agent_id": agent_id,
        "agent_revision_id": revision_id,
        "channel": channel,
        "tool_overrides": filled_overrides(tool_overrides),
        "suite_run_id": suite_run_id,
    }
    run_ids = []
    for slot, item in enumerate(items):
        persona = find(world, "personas", item["persona_id"])
        scenario = find(world, "scenarios", item["scenario_id"])
        run_ids.append(start_run(world, shared, snapshot(persona, scenario), slot=slot)["id"])
    suite_run = {
        "id": suite_run_id,
        "suite_id": suite["id"],
        "agent_id": agent_id,
        "agent_revision_id": revision_id,
        "created_at": world.now,
        "run_ids": run_ids,
        "release_revision_id": revision_id if release is not None else None,
        "release": release,
    }
    world["suite_runs"].put(suite_run)
    return suite_run


def start_run(
    world: World,
    shared: Mapping[str, Any],
    inputs: Mapping[str, Any],
    *,
    slot: int = 0,
    attempt: int = 1,
) -> Row:
    """A new pending run with its planned course."""
    run_id = new_id(world, "run")
    scenario_id = inputs["scenario"]["id"]
    # The current tags, so that they can be changed before a retry.
    tags = (world["scenarios"].get(scenario_id) or inputs["scenario"])["tags"]
    random = random_for(world, "plan", run_id)
    row = {
        "id": run_id,
        "session_id": new_id(world, "session"),
        **shared,
        "persona_id": inputs["persona"]["id"],
        "scenario_id": scenario_id,
        "inputs_snapshot": inputs,
        "created_at": world.now,
        "slot": slot,
        "attempt": attempt,
        "error_text": random.choice(ERRORS[shared["channel"]]),
        "recording_id": new_id(world, "recording") if shared["channel"] == "voice" else None,
    }
    schedule = _plan(random, tags, world.now, world.settings.pace)
    return put_run(world, scheduled(row, schedule, SIMULATION_RUN))


def _plan(random: Random, tags: Collection[str], now: int, pace: float) -> list[list[Any]]:
    """The future states and their times, in order even if they take no time."""
    waits = max(1, seconds(random.uniform(*PENDING_SECONDS) * pace))
    slow = SLOW if "mock:slow" in tags else 1
    lasts = max(1, seconds(random.uniform(*RUNNING_SECONDS) * pace * slow))
    drawn = random.choices(tuple(SHARES), tuple(SHARES.values()))[0]
    unstarted = random.random() < UNSTARTED_SHARE
    chosen = next((outcome for outcome in OUTCOMES if f"mock:{outcome}" in tags), None)
    if chosen == "stuck":
        return [["pending", now], ["running", now + waits]]
    if chosen is None and drawn == "failed" and unstarted:
        return [["pending", now], ["failed", now + waits]]
    return [["pending", now], ["running", now + waits], [chosen or drawn, now + waits + lasts]]


def put_run(world: World, row: Row) -> Row:
    """Store a run, and its planned end in the agenda."""
    world["runs"].put(row)
    if row["outcome"] is not None and row["open"]:
        world["agenda"].put({"id": row["id"], "at": ends(row["schedule"]), "kind": "run_ended"})
    else:
        world["agenda"].remove(row["id"])
    return row


def children(world: World, suite_run: Row) -> list[Row]:
    """The children of a suite run, oldest first, all attempts."""
    return world["runs"].pick(suite_run["run_ids"])


def cancel_suite(world: World, suite_run: Row) -> None:
    """Cancel every open child; the others stay unchanged (rules 78 to 80)."""
    for row in open_rows(children(world, suite_run), SIMULATION_RUN, world.now):
        put_run(world, cancelled(row, SIMULATION_RUN, world.now))


def retry_failed(world: World, suite_run: Row) -> Row:
    """A new attempt at each item whose latest one failed (rules 82 to 86)."""
    failed = [
        row
        for row in latest(children(world, suite_run))
        if state_at(row["schedule"], world.now) == "failed"
    ]
    if not failed:
        return suite_run
    run_ids = [*suite_run["run_ids"], *(_again(world, row)["id"] for row in failed)]
    changed = {**suite_run, "run_ids": run_ids}
    world["suite_runs"].put(changed)
    return changed


_KEPT = ("agent_id", "agent_revision_id", "channel", "tool_overrides", "suite_run_id")


def _again(world: World, row: Row) -> Row:
    shared = {name: row[name] for name in _KEPT}
    inputs = row["inputs_snapshot"]
    return start_run(world, shared, inputs, slot=row["slot"], attempt=row["attempt"] + 1)


def open_runs(world: World, agent_id: str) -> Iterator[Row]:
    """The pending and running runs of an agent (rule 44)."""
    for row in world["runs"].scan(open=True):
        if row["agent_id"] == agent_id and is_open(row, SIMULATION_RUN, world.now):
            yield row


def plan_outcome(world: World, row: Row, outcome: Outcome, after_seconds: float) -> Row:
    """End an open run in `outcome` after this many seconds; `stuck` never ends.

    A pending one starts to run at once. Raises Conflict if it has ended.
    """
    if not is_open(row, SIMULATION_RUN, world.now):
        raise Conflict(f"Simulation run {row['id']} has ended and can no longer change.")
    past = [step for step in row["schedule"] if step[1] <= world.now]
    if past[-1][0] == "pending":
        past.append(["running", world.now])
    if outcome != "stuck":
        past.append([outcome, world.now + max(1, seconds(after_seconds))])
    return put_run(world, scheduled(row, past, SIMULATION_RUN))
