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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from random import Random
from typing import Any

from mockserver.engine.jobs.schedule import entered, state_at
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row, World, digest, uuid_of
from mockserver.vendors.feather.conversations import turns
from mockserver.vendors.feather.scoring import Steering, find, read_steering
from mockserver.vendors.feather.tables import EVAL_RUN_ENDED
from mockserver.vendors.feather.verdict_sums import FAILED, PENDING, SUCCEEDED

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
