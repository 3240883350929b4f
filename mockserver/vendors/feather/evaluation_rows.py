"""Evaluation runs as rows: started when a simulation completes, and planned at once.

A row of `eval_runs`:
    id, session_id, run_id, evaluator_id, agent_id, channel, created_at, evaluator_name, kind,
    the six snapshots   of the evaluator and its binding at that time (rule 93)
    attempt, schedule   a retry appends to the schedule
    error_text          the error, shown only if it does not complete
    score_id, score     the result, shown once it has completed; None if there is none
    deleted             a release verdict still counts a deleted evaluation (see `remove`)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import takewhile
from random import Random
from typing import Any

from mockserver.engine.jobs import entered, settled, state_at
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row, World, digest, uuid_of
from mockserver.records import dataclass
from mockserver.vendors.feather.conversations import turns
from mockserver.vendors.feather.tables import EVAL_RUN_ENDED

# The arithmetic of release verdicts (rules 105 to 113), on results only.
#
# A result is `succeeded`, `failed` or `pending`; a child is `pending` (open), `completed` or
# `ended` (in any other final state).

SUCCEEDED, FAILED, PENDING = "succeeded", "failed", "pending"


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of a session's critical evaluators by result."""

    succeeded: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def total(self) -> int:
        return self.succeeded + self.failed + self.pending


def count_critical(entries: Iterable[Mapping[str, Any]]) -> Counts:
    """The entries of a verdict's `evaluators` that are critical, by result (rule 106)."""
    results = [entry["status"] for entry in entries if entry["is_critical"]]
    return Counts(*(results.count(result) for result in (SUCCEEDED, FAILED, PENDING)))


def session_status(counts: Counts) -> str:
    """`session_eval_status` (rule 107)."""
    if not counts.total:
        return "none"
    if counts.pending:
        return "pending"
    if not counts.failed:
        return "success"
    return "partial" if counts.succeeded else "failure"


def scenario_status(child: str, counts: Counts) -> str:
    """A scenario's status (rule 108); a completed child without critical evaluators passes."""
    if child == "ended" or counts.failed:
        return "failed"
    if child == "pending" or counts.pending:
        return "pending"
    return "passed"


def scenario_fields(child: str, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The evaluator fields of a scenario's entry."""
    counts = count_critical(entries)
    return {
        "status": scenario_status(child, counts),
        "session_eval_status": session_status(counts),
        "critical_total": counts.total,
        "critical_succeeded": counts.succeeded,
        "critical_failed": counts.failed,
        "critical_pending": counts.pending,
        "evaluators": list(entries),
    }


def summarise(scenarios: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """A verdict's `summary` (rule 105)."""
    statuses = [scenario["status"] for scenario in scenarios]
    return {
        "total_scenarios": len(scenarios),
        "passed_scenarios": statuses.count("passed"),
        "failed_scenarios": statuses.count("failed"),
        "pending_scenarios": statuses.count("pending"),
        "critical_failures": sum(scenario["critical_failed"] for scenario in scenarios),
    }


def verdict_status(summary: Mapping[str, int], max_failures: int) -> str:
    """`verdict.status` (rule 109)."""
    if summary["failed_scenarios"] > max_failures:
        return "failed"
    return "pending" if summary["pending_scenarios"] else "passed"


# The result of an evaluation: planned when it starts, from the evaluator's snapshots (rule 95).
#
# An evaluator passes everything unless `config: {"mock": {...}}` sets otherwise:
#
#     outcome    passed, failed, no_verdict or errored; a list has one for each attempt
#     score      the value (0 to 1), or the raw value of a numeric evaluator
#     status     failed or errored: the final state of an errored evaluation
#     rationale  the text of the score, or of the error
#     seconds    the duration of the evaluation, before the pace

OUTCOMES = ("passed", "failed", "no_verdict", "errored")
DEFAULT_LABELS = ("poor", "fair", "good", "excellent")
HALF = 0.5
MOST = 1.7e308


@dataclass(frozen=True, slots=True)
class Steering:
    """The settings in `config["mock"]`; None leaves one to the plan."""

    outcome: str | None = None
    score: float | None = None
    status: str = "errored"
    rationale: str | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """`passed` None is no verdict; `value` is None for the numeric format."""

    value: float | None
    raw_value: float
    label: str | None
    passed: bool | None


def read_steering(config: Mapping[str, Any], attempt: int = 1) -> Steering:
    """The steering for one attempt; invalid settings are ignored."""
    mock = config.get("mock")
    if not isinstance(mock, Mapping):
        return Steering()
    outcome = mock.get("outcome")
    if isinstance(outcome, list):
        outcome = outcome[min(attempt, len(outcome)) - 1] if outcome else None
    rationale, seconds = mock.get("rationale"), _number(mock.get("seconds"))
    return Steering(
        outcome=outcome if outcome in OUTCOMES else None,
        score=_number(mock.get("score")),
        status="failed" if mock.get("status") == "failed" else "errored",
        rationale=rationale if isinstance(rationale, str) else None,
        seconds=min(max(seconds, 0.0), 1e6) if seconds is not None else None,
    )


def find(
    format: str,
    threshold: float | None,
    config: Mapping[str, Any],
    steering: Steering,
    random: Random,
) -> Finding:
    """A result of this evaluator's format with the desired outcome."""
    limit = None if threshold is None else _clamp(threshold)
    failing = steering.outcome == "failed"
    if format == "numeric":
        finding = _numeric(limit, steering.score, failing, random)
    elif format == "boolean":
        finding = _boolean(limit, steering.score, failing)
    elif format == "enum":
        finding = _enum(limit, _labels(config), steering.score, failing, random)
    else:
        finding = _value_scored(limit, steering.score, failing, random)
    if steering.outcome is None:
        return finding
    verdict = {"passed": True, "failed": False}.get(steering.outcome)
    return Finding(finding.value, finding.raw_value, finding.label, verdict)


def _numeric(limit: float | None, score: float | None, failing: bool, random: Random) -> Finding:
    if limit is None:
        raw = round(random.uniform(0, 100), 1) if score is None else score
        return Finding(None, raw, None, None)
    distance = max(1.0, abs(limit)) * random.uniform(0.05, 0.25)
    raw = _clamp(limit - distance if failing else limit + distance) if score is None else score
    return Finding(None, raw, None, raw >= limit)


def _boolean(limit: float | None, score: float | None, failing: bool) -> Finding:
    yes = not failing if score is None else score >= HALF
    value = 1.0 if yes else 0.0
    return Finding(value, value, "true" if yes else "false", value >= _needed(limit))


def _enum(
    limit: float | None,
    labels: Sequence[str],
    score: float | None,
    failing: bool,
    random: Random,
) -> Finding:
    last = len(labels) - 1
    needed = _needed(limit)
    if score is None:
        fitting = [n for n in range(len(labels)) if (n / last < needed) == failing]
        position = random.choice(fitting or [0 if failing else last])
    else:
        position = round(_unit(score) * last)
    value = position / last
    return Finding(round(value, 4), float(position), labels[position], value >= needed)


def _value_scored(
    limit: float | None, score: float | None, failing: bool, random: Random
) -> Finding:
    scale = _scale(limit)
    needed = HALF if limit is None else _unit(limit / scale)
    if score is not None:
        value = _unit(score)
    elif failing:
        value = round(needed * random.uniform(0.2, 0.9), 3)
    else:
        value = max(needed, round(needed + (1 - needed) * random.uniform(0.2, 1), 3))
    raw = value if scale == 1 else round(value * scale, 6)
    return Finding(value, raw, None, value >= needed)


def _scale(limit: float | None) -> float:
    """The evaluator's scale, inferred from its threshold: up to 1, 5, 10, 100 or the threshold."""
    if limit is None:
        return 1.0
    return next((scale for scale in (1.0, 5.0, 10.0, 100.0) if limit <= scale), limit)


def _needed(limit: float | None) -> float:
    return HALF if limit is None else _unit(limit)


def _labels(config: Mapping[str, Any]) -> Sequence[str]:
    """`config["labels"]`, from worst to best, or four defaults."""
    labels = config.get("labels")
    if isinstance(labels, list) and len(labels) > 1 and all(isinstance(x, str) for x in labels):
        return labels
    return DEFAULT_LABELS


def _unit(number: float) -> float:
    return min(max(number, 0.0), 1.0)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _clamp(value)


def _clamp(number: float) -> float:
    """As a float within JSON's range."""
    return float(min(max(number, -MOST), MOST))


PASSED_TEXT = "The conversation meets the evaluator's criteria."
FAILED_TEXT = "The conversation does not meet the evaluator's criteria."
NO_VERDICT_TEXT = "There is a value, but no threshold to compare it with."
ERROR_TEXT = "The evaluation failed: the judge returned no usable response."


def start_evaluations(world: World, run: Row, at: int) -> None:
    """Start an evaluation for each active evaluator bound to the agent or scenario (rule 92).

    An evaluator with several bindings is critical if one of them is.
    """
    critical: dict[str, bool] = {}
    for field in ("agent_id", "scenario_id"):
        for binding in world["bindings"].scan(**{field: run[field]}):
            evaluator_id = binding["evaluator_id"]
            critical[evaluator_id] = critical.get(evaluator_id, False) or binding["is_critical"]
    for evaluator_id, is_critical in critical.items():
        evaluator = world["evaluators"].get(evaluator_id)
        if evaluator is not None and evaluator["status"] == "active":
            world["eval_runs"].put(_evaluation(world, run, evaluator, is_critical, at))


def _evaluation(
    world: World, run: Row, evaluator: Row, is_critical: bool, at: int
) -> dict[str, Any]:
    row = {
        "id": uuid_of(digest("evaluation", run["id"], evaluator["id"])),
        "session_id": run["session_id"],
        "run_id": run["id"],
        "evaluator_id": evaluator["id"],
        "agent_id": run["agent_id"],
        "channel": run["channel"],
        "created_at": at,
        "evaluator_name": evaluator["name"],
        "kind": evaluator["kind"],
        "prompt_snapshot": evaluator["prompt"],
        "threshold_snapshot": evaluator["threshold"],
        "config_snapshot": evaluator["config"],
        "severity_snapshot": evaluator["severity"],
        "format_snapshot": evaluator["format"],
        "is_critical_snapshot": is_critical,
        "deleted": False,
    }
    return {**row, **_plan(world, run, row, 1, at, [])}


def retried(world: World, row: Row) -> dict[str, Any]:
    """The evaluation, restarted now (rule 98)."""
    run = world["runs"].get(row["run_id"])
    assert run is not None, "simulation runs are never deleted"
    attempt = row["attempt"] + 1
    return {**row, **_plan(world, run, row, attempt, world.now, row["schedule"])}


def _plan(
    world: World, run: Row, row: Row, attempt: int, at: int, before: list[list[Any]]
) -> dict[str, Any]:
    """The result and the schedule of one attempt; deterministic for a row and an attempt."""
    random = Random(digest("evaluation", row["id"], attempt))
    steering = read_steering(row["config_snapshot"], attempt)
    pace = world.settings.pace
    begins = at + seconds(random.uniform(0.2, 0.8) * pace)
    length = random.uniform(1, 3) if steering.seconds is None else steering.seconds
    errored = steering.outcome == "errored"
    state = steering.status if errored else "completed"
    schedule = [["pending", at], ["running", begins], [state, begins + seconds(length * pace)]]
    spoken = [turn["id"] for turn in turns(run, pace, at) if turn["role"] == "assistant"]
    return {
        "attempt": attempt,
        "schedule": [*before, *schedule],
        "error_text": (steering.rationale or ERROR_TEXT) if errored else None,
        "score_id": uuid_of(digest("score", row["id"], attempt)),
        "score": None if errored else _score(row, steering, spoken, random),
    }


def _score(row: Row, steering: Steering, spoken: list[str], random: Random) -> dict[str, Any]:
    finding = find(
        row["format_snapshot"], row["threshold_snapshot"], row["config_snapshot"], steering, random
    )
    texts = {True: PASSED_TEXT, False: FAILED_TEXT, None: NO_VERDICT_TEXT}
    judged = row["kind"] == "model_judge"
    return {
        **asdict(finding),
        "confidence": round(random.uniform(0.7, 0.99), 2) if judged else 1.0,
        "rationale": steering.rationale or texts[finding.passed],
        "blocking": row["is_critical_snapshot"] and finding.passed is False,
        "evidence_observation_ids": random.sample(spoken, min(2, len(spoken))),
    }


def status(row: Row, now: int) -> str:
    """pending, running, completed, failed or errored (rule 94)."""
    return state_at(row["schedule"], now)


def attempt_started(row: Row, now: int) -> int | None:
    """When the latest attempt started running."""
    return entered(row["schedule"][-3:], {"running"}, now)


def ended(row: Row, now: int) -> int | None:
    """When the latest attempt ended."""
    return entered(row["schedule"][-3:], EVAL_RUN_ENDED, now)


def scores(row: Row, now: int) -> list[dict[str, Any]]:
    """Its scores; empty unless it has completed."""
    if row["score"] is None or status(row, now) != "completed":
        return []
    return [
        {
            **row["score"],
            "id": row["score_id"],
            "eval_run_id": row["id"],
            "severity": row["severity_snapshot"],
            "created_at": row["schedule"][-1][1],
        }
    ]


def outcome_of(state: str, found: Iterable[Mapping[str, Any]]) -> str | None:
    """passed, failed, no_verdict or errored; None while it is open (rule 94)."""
    if state not in EVAL_RUN_ENDED:
        return None
    if state != "completed":
        return "errored"
    passed = [score["passed"] for score in found]
    if False in passed:
        return "failed"
    return "passed" if passed and all(passed) else "no_verdict"


def outcome(row: Row, now: int) -> str | None:
    return outcome_of(status(row, now), scores(row, now))


def result(row: Row, now: int) -> str:
    """The result for a verdict (rule 106): ended but not passed counts as failed."""
    found = outcome(row, now)
    if found is None:
        return PENDING
    return SUCCEEDED if found == "passed" else FAILED


def of_session(world: World, session_id: str) -> Iterator[Row]:
    """A session's evaluations, oldest first, including deleted ones."""
    return world["eval_runs"].scan(session_id=session_id)


def remove(world: World, row: Row) -> None:
    """Delete an evaluation; one of a release check is only hidden, so that the verdict stands."""
    run = world["runs"].get(row["run_id"])
    suite_run = world["suite_runs"].get((run and run["suite_run_id"]) or "")
    if suite_run is not None and suite_run["release_revision_id"] is not None:
        world["eval_runs"].put({**row, "deleted": True})
    else:
        world["eval_runs"].remove(row["id"])


# Simulation runs that have ended since the last request, and their consequences.


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
