"""Runs and suite runs as the contract shows them at the current time.

The view of a job follows from its row and the state that its schedule has reached, so it is
constant between two steps of the schedule: it is rendered once, and polling a batch copies bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any, NamedTuple

import orjson

from mockserver.engine.jobs import entered, latest, state_at
from mockserver.engine.messages import Json
from mockserver.engine.serialization import dump
from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World
from mockserver.vendors.feather import evaluation_rows
from mockserver.vendors.feather.common import caller, organization
from mockserver.vendors.feather.evaluation_rows import (
    PENDING,
    scenario_fields,
    summarise,
    verdict_status,
)
from mockserver.vendors.feather.run_rows import children
from mockserver.vendors.feather.tables import SIMULATION_RUN, SUITE_RUN_STATUS

LIMIT = 8_000
BATCHES = 500


class Rendered(NamedTuple):
    """A rendered job: its inputs, until when it is valid, and the bytes.

    `body` replaces the object in a reply; `status` is what a batch derives its own from.
    """

    row: Row
    owner: str
    begin: int
    end: float
    status: str
    body: Any


class Renderer:
    """Renders jobs with `view(row, now, owner) -> dict` (with a `status`) and caches them.

    `owner` is whatever else the view depends on.
    """

    def __init__(self, view: Callable[[Row, int, str], dict[str, Any]]) -> None:
        self._view = view
        self._known: dict[tuple[str, str], Rendered] = {}

    def __call__(self, row: Row, now: int, owner: str) -> Rendered:
        key = row["id"], owner
        known = self._known.get(key)
        if known is not None and known.row is row and known.begin <= now < known.end:
            return known
        begin, end = _window(row["schedule"], now)
        view = self._view(row, now, owner)
        rendered = Rendered(row, owner, begin, end, view["status"], orjson.Fragment(dump(view)))
        if len(self._known) >= LIMIT:
            self._known.clear()
        self._known[key] = rendered
        return rendered


class Joiner:
    """Caches a batch as bytes for as long as its row and its children look the same.

    Only for views that depend on these and `owner` alone.
    """

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._known: dict[tuple[str, str], _Joined] = {}

    def __call__(
        self,
        row: Row,
        children: list[Row],
        now: int,
        owner: str,
        view: Callable[[list[Rendered]], dict[str, Any]],
    ) -> Json:
        """`view(the children, rendered)`."""
        key = row["id"], owner
        known = self._known.get(key)
        if (
            known is not None
            and known.row is row
            and known.begin <= now < known.end
            and len(known.children) == len(children)
            and all(map(is_, known.children, children))
        ):
            return known.body
        parts = [self._renderer(child, now, owner) for child in children]
        body = Json(dump(view(parts)))
        begin = max((part.begin for part in parts), default=now)
        end = min((part.end for part in parts), default=now)
        if len(self._known) >= BATCHES:
            self._known.clear()
        self._known[key] = _Joined(row, children, begin, end, body)
        return body


class _Joined(NamedTuple):
    row: Row
    children: list[Row]
    begin: int
    end: float
    body: Json


def _window(schedule: Any, now: int) -> tuple[int, float]:
    """The time range in which the schedule's state stays what it is now."""
    begin = -(2**62)
    for _, at in schedule:
        if at > now:
            return begin, at
        begin = at
    return begin, float("inf")


# A release check's verdict: derived from its children and their evaluations, never stored.

ORDINARY: dict[str, Any] = {
    "release_eval_status": None,
    "release_eval_verdict": None,
    "release_eval_completed_at": None,
    "release_eval_error": None,
}
Judged = tuple[Row, list[Row]]
"""A child with its evaluations."""


def release_fields(world: World, suite_run: Row) -> dict[str, Any]:
    """The four `release_eval_*` fields of a suite run (rules 65, 101, 102, 112).

    It is errored if a critical evaluation of a latest attempt has ended without a score.
    """
    if suite_run["release"] is None:
        return ORDINARY
    judged = [
        (run, list(evaluation_rows.of_session(world, run["session_id"])))
        for run in latest(children(world, suite_run))
    ]
    ends = [entered(run["schedule"], SIMULATION_RUN.terminal, world.now) for run, _ in judged] + [
        evaluation_rows.ended(row, world.now) for _, evaluations in judged for row in evaluations
    ]
    # A run that ends at this instant gets its evaluations before the next request.
    if None in ends or any(run["open"] for run, _ in judged):
        return {**ORDINARY, "release_eval_status": "pending"}
    completed_at = render(max(end for end in ends if end is not None))
    error = _error(judged, world.now)
    return {
        "release_eval_status": "errored" if error else "completed",
        "release_eval_verdict": None if error else verdict(suite_run, judged, world.now),
        "release_eval_completed_at": completed_at,
        "release_eval_error": error,
    }


def _error(judged: Sequence[Judged], now: int) -> str | None:
    names = [
        row["evaluator_name"]
        for _, evaluations in judged
        for row in evaluations
        if row["is_critical_snapshot"] and evaluation_rows.outcome(row, now) == "errored"
    ]
    if not names:
        return None
    return f"No verdict: {len(names)} critical evaluation(s) errored, the first by {names[0]!r}."


def verdict(suite_run: Row, judged: Sequence[Judged], now: int) -> dict[str, Any]:
    """The current verdict (rules 103 to 110)."""
    scenarios = [scenario(run, evaluations, now) for run, evaluations in judged]
    summary = summarise(scenarios)
    max_failures = suite_run["release"]["max_failures"]
    return {
        "schema_version": 1,
        "status": verdict_status(summary, max_failures),
        "agent_id": suite_run["agent_id"],
        "agent_revision_id": suite_run["agent_revision_id"],
        "suite_id": suite_run["suite_id"],
        "suite_run_id": suite_run["id"],
        "max_failures": max_failures,
        "summary": summary,
        "scenarios": scenarios,
    }


def scenario(run: Row, evaluations: Sequence[Row], now: int) -> dict[str, Any]:
    """One child's entry (rules 104, 106 to 108)."""
    state = state_at(run["schedule"], now)
    if not SIMULATION_RUN.is_terminal(state):
        child = PENDING
    else:
        child = "completed" if state == "completed" else "ended"
    return {
        "simulation_run_id": run["id"],
        "session_id": run["session_id"],
        "scenario_id": run["scenario_id"],
        "persona_id": run["persona_id"],
        **scenario_fields(child, [entry(row, now) for row in evaluations]),
    }


def entry(row: Row, now: int) -> dict[str, Any]:
    """One evaluator's result (rule 110)."""
    score = next(iter(evaluation_rows.scores(row, now)), None)
    errored = evaluation_rows.outcome(row, now) == "errored"
    value = raw = reason = None
    if score is not None:
        value, raw, reason = score["value"], score["raw_value"], score["rationale"]
    return {
        "evaluator_id": row["evaluator_id"],
        "name": row["evaluator_name"],
        "is_critical": row["is_critical_snapshot"],
        "severity": row["severity_snapshot"],
        "status": evaluation_rows.result(row, now),
        "score": raw if value is None else value,
        "threshold": row["threshold_snapshot"],
        "reason": row["error_text"] if errored else reason,
    }


ENDED = SIMULATION_RUN.terminal
RECORDED = "available"


def run_view(world: World, row: Row) -> dict[str, Any]:
    """A simulation run (rules 62, 71 to 73)."""
    return _shown(row, world.now, organization(world))


def _shown(row: Row, now: int, owner: str) -> dict[str, Any]:
    status, started, finished = "pending", None, None
    for state, at in row["schedule"]:
        if at > now:
            break
        status = state
        if state == "running":
            started = render(at)
        elif state in ENDED:
            finished = render(at)
    recorded = status == "completed" and row["channel"] == "voice"
    return {
        "id": row["id"],
        "session_id": row["session_id"],
        "organization_id": owner,
        "agent_id": row["agent_id"],
        "agent_revision_id": row["agent_revision_id"],
        "persona_id": row["persona_id"],
        "scenario_id": row["scenario_id"],
        "channel": row["channel"],
        "tool_overrides": row["tool_overrides"],
        "status": status,
        "started_at": started,
        "finished_at": finished,
        "error_text": row["error_text"] if status == "failed" else None,
        "inputs_snapshot": row["inputs_snapshot"],
        "created_at": render(row["created_at"]),
        "recording_id": row["recording_id"] if recorded else None,
        "recording_status": RECORDED if recorded else None,
    }


_rendered = Renderer(_shown)
_joined = Joiner(_rendered)


def suite_run_view(world: World, row: Row) -> Any:
    """A suite run with its children, and the status derived from them (rules 74, 75)."""
    now, owner, rows = world.now, organization(world), children(world, row)
    if row["release"] is None:
        return _joined(row, rows, now, owner, lambda runs: _suite_run(world, row, owner, runs))
    # A release check depends on evaluations too.
    return _suite_run(world, row, owner, [_rendered(child, now, owner) for child in rows])


def _suite_run(world: World, row: Row, owner: str, runs: list[Rendered]) -> dict[str, Any]:
    latest = {run.row["slot"]: run.status for run in runs}
    return {
        "id": row["id"],
        "organization_id": owner,
        "suite_id": row["suite_id"],
        "agent_id": row["agent_id"],
        "agent_revision_id": row["agent_revision_id"],
        "created_by": caller(world),
        "created_at": render(row["created_at"]),
        "status": SUITE_RUN_STATUS.of(latest.values()),
        "runs": [run.body for run in runs],
        **release_fields(world, row),
    }
