"""Evaluators and their bindings (rules 87 to 91); evaluation runs and scores (rules 92 to 98)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.api import handles
from mockserver.engine.jobs import entered
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pagination import Filter, Listing, by, has_all, same, since, until
from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World, digest, new_id
from mockserver.errors import BadRequest, Conflict, NotFound
from mockserver.vendors.feather import evaluation_rows
from mockserver.vendors.feather.common import (
    caller,
    created,
    find,
    find_named,
    organization,
    owned,
    picked,
    save,
    updated,
    value_error,
)
from mockserver.vendors.feather.conversations import last_word, turns
from mockserver.vendors.feather.tables import EVAL_RUN_ENDED
from mockserver.vendors.feather.views import run_view

DEFAULTS: dict[str, Any] = {  # rule 88
    "name": "",
    "kind": "model_judge",
    "format": "score",
    "description": None,
    "owner": None,
    "status": "active",
    "config": {},
    "prompt": None,
    "threshold": None,
    "severity": "medium",
    "judge_model_override": None,
    "tags": [],
}
CLEARS = frozenset({"description", "owner", "prompt", "threshold", "judge_model_override"})
OTHER = {"agent": "scenario", "scenario": "agent"}

EVALUATORS = Listing(
    "evaluators",
    filters={"kind": same("kind"), "status": same("status"), "tag": has_all("tags")},
)
BINDINGS = Listing(
    "bindings",
    filters={name: same(name) for name in ("evaluator_id", "scope", "scenario_id", "agent_id")},
    indexed={name: by(name) for name in ("scenario_id", "evaluator_id", "agent_id")},
)


@handles("createEvaluator")
def create_evaluator(world: World, request: Request) -> Reply:
    row = new_evaluator(world, request.body)
    return Reply(201, evaluator_view(world, row))


@handles("listEvaluators")
def list_evaluators(world: World, request: Request) -> Reply:
    return Reply(200, EVALUATORS.page(world, request.query, evaluator_view))


@handles("getEvaluator")
def get_evaluator(world: World, request: Request) -> Reply:
    row = find(world, "evaluators", request.path["evaluator_id"])
    return Reply(200, evaluator_view(world, row))


@handles("updateEvaluator")
def update_evaluator(world: World, request: Request) -> Reply:
    row = find(world, "evaluators", request.path["evaluator_id"])
    fields = DEFAULTS.keys() - {"kind"}  # rule 89
    row = save(world, "evaluators", updated(world, row, request.body, fields, CLEARS))
    return Reply(200, evaluator_view(world, row))


@handles("archiveEvaluator")
def archive_evaluator(world: World, request: Request) -> Reply:
    row = find(world, "evaluators", request.path["evaluator_id"])
    archived = updated(world, row, {"status": "archived"}, ["status"])
    return Reply(200, evaluator_view(world, save(world, "evaluators", archived)))


@handles("createEvaluatorBinding")
def create_binding(world: World, request: Request) -> Reply:
    body = request.body
    check_scope(body)
    evaluator = find_named(world, "evaluators", body["evaluator_id"])
    scope = body["scope"]
    find_named(world, f"{scope}s", body[f"{scope}_id"])
    if evaluator["status"] != "active":  # rule 90
        raise BadRequest(f"The evaluator is {evaluator['status']}; only active ones can be bound.")
    row = new_binding(world, body)
    return Reply(201, binding_view(world, row))


@handles("listEvaluatorBindings")
def list_bindings(world: World, request: Request) -> Reply:
    return Reply(200, BINDINGS.page(world, request.query, binding_view))


@handles("getEvaluatorBinding")
def get_binding(world: World, request: Request) -> Reply:
    row = find(world, "bindings", request.path["binding_id"])
    return Reply(200, binding_view(world, row))


@handles("updateEvaluatorBinding")
def update_binding(world: World, request: Request) -> Reply:
    row = find(world, "bindings", request.path["binding_id"])
    row = {**row, "is_critical": request.body["is_critical"]}  # rule 91
    return Reply(200, binding_view(world, save(world, "bindings", row)))


@handles("deleteEvaluatorBinding")
def delete_binding(world: World, request: Request) -> Reply:
    row = find(world, "bindings", request.path["binding_id"])
    world["bindings"].remove(row["id"])
    return Reply(204, NO_BODY)


def check_scope(body: Mapping[str, Any]) -> None:
    """The scope requires its own id and forbids the other (rule 87)."""
    scope = body["scope"]
    if body.get(f"{scope}_id") is None:
        raise value_error(("body",), f"scope '{scope}' requires {scope}_id", dict(body))
    if body.get(f"{OTHER[scope]}_id") is not None:
        raise value_error(("body",), f"scope '{scope}' forbids {OTHER[scope]}_id", dict(body))


def new_evaluator(world: World, body: Mapping[str, Any]) -> Row:
    """Store an evaluator with the known fields of a body."""
    return save(world, "evaluators", created(world, "evaluator", picked(body, DEFAULTS, {})))


def new_binding(world: World, body: Mapping[str, Any]) -> Row:
    """Store a binding; its ids have been checked."""
    row = {
        "id": new_id(world, "binding"),
        "evaluator_id": body["evaluator_id"],
        "scope": body["scope"],
        "scenario_id": body.get("scenario_id"),
        "agent_id": body.get("agent_id"),
        "is_critical": body.get("is_critical", False),
        "created_at": world.now,
    }
    return save(world, "bindings", row)


def evaluator_view(world: World, row: Row) -> dict[str, Any]:
    return {**owned(world, row), "created_by": caller(world)}


def binding_view(world: World, row: Row) -> dict[str, Any]:
    return {
        **row,
        "organization_id": organization(world),
        "created_at": render(row["created_at"]),
    }


SNAPSHOTS = (
    "prompt_snapshot",
    "threshold_snapshot",
    "config_snapshot",
    "severity_snapshot",
    "format_snapshot",
    "is_critical_snapshot",
)


def _score_is(fits: Any) -> Filter:
    """Filter: compare a score's value with the bound; the numeric format has none (rule 95)."""
    return lambda world, bound: (
        lambda row: any(
            score["value"] is not None and fits(score["value"], bound)
            for score in evaluation_rows.scores(row, world.now)
        )
    )


EVAL_RUNS = Listing(
    "eval_runs",
    filters={
        "deleted": same("deleted"),
        "session_id": same("session_id"),
        "evaluator_id": same("evaluator_id"),
        "agent_id": same("agent_id"),
        "channel": same("channel"),
        "severity": same("severity_snapshot"),
        "created_from": since("created_at"),
        "created_to": until("created_at"),
        # All sessions are simulations.
        "scope": lambda world, wanted: lambda row: bool(wanted == "simulation"),
        "status": lambda world, wanted: (
            lambda row: evaluation_rows.status(row, world.now) == wanted
        ),
        "outcome": lambda world, wanted: (
            lambda row: evaluation_rows.outcome(row, world.now) == wanted
        ),
        "score_min": _score_is(lambda value, bound: value >= bound),
        "score_max": _score_is(lambda value, bound: value <= bound),
    },
    indexed={name: by(name) for name in ("session_id", "evaluator_id", "agent_id")},
)


@handles("listEvalRuns")
def list_eval_runs(world: World, request: Request) -> Reply:
    return Reply(200, EVAL_RUNS.page(world, {**request.query, "deleted": False}, eval_run_view))


@handles("getEvalRun")
def get_eval_run(world: World, request: Request) -> Reply:
    row = _find(world, request.path["run_id"])
    words = {word.strip() for word in (request.query.get("include") or "").split(",")}
    return Reply(200, {**eval_run_view(world, row), **_evidence(world, row, words)})


@handles("deleteEvalRun")
def delete_eval_run(world: World, request: Request) -> Reply:
    row = _find(world, request.path["run_id"])
    state = evaluation_rows.status(row, world.now)
    if state not in EVAL_RUN_ENDED:
        raise Conflict(f"The eval run is {state}; only a finished one can be deleted.")
    evaluation_rows.remove(world, row)
    return Reply(204, NO_BODY)


@handles("retryEvalRun")
def retry_eval_run(world: World, request: Request) -> Reply:
    row = _find(world, request.path["run_id"])
    state = evaluation_rows.status(row, world.now)
    if state not in ("failed", "errored"):
        raise BadRequest(f"The eval run is {state}; only a failed or errored one can be retried.")
    row = evaluation_rows.retried(world, row)
    world["eval_runs"].put(row)
    task = digest("task", row["id"], row["attempt"]).hex()
    return Reply(202, {"task_id": task, "status": "queued"})


@handles("getEvalScore")
def get_score(world: World, request: Request) -> Reply:
    key = request.path["score_id"]
    for row in world["eval_runs"].scan(score_id=key):
        for score in evaluation_rows.scores(row, world.now):
            if not row["deleted"]:
                return Reply(200, score_view(world, score))
    raise NotFound(f"Eval score not found: {key}")


def _find(world: World, key: str) -> Row:
    row = find(world, "eval_runs", key)
    if row["deleted"]:
        raise NotFound(f"Eval run not found: {key}")
    return row


def eval_run_view(world: World, row: Row) -> dict[str, Any]:
    now = world.now
    state = evaluation_rows.status(row, now)
    return {
        "id": row["id"],
        "organization_id": organization(world),
        "session_id": row["session_id"],
        "evaluator_id": row["evaluator_id"],
        "agent_id": row["agent_id"],
        "channel": row["channel"],
        "status": state,
        "started_at": _render(evaluation_rows.attempt_started(row, now)),
        "finished_at": _render(evaluation_rows.ended(row, now)),
        "error_text": row["error_text"] if state in ("failed", "errored") else None,
        **{name: row[name] for name in SNAPSHOTS},
        "created_at": render(row["created_at"]),
        "scores": [score_view(world, score) for score in evaluation_rows.scores(row, now)],
    }


def score_view(world: World, score: dict[str, Any]) -> dict[str, Any]:
    return {
        **score,
        "organization_id": organization(world),
        "created_at": render(score["created_at"]),
    }


def _evidence(world: World, row: Row, words: set[str]) -> dict[str, Any]:
    """The requested parts; the others are null (rule 96)."""
    run = find(world, "runs", row["run_id"])
    said = turns(run, world.settings.pace, world.now)
    return {
        "session": _session(world, run) if "session" in words else None,
        "turns": (
            [{**turn, "created_at": render(turn["created_at"])} for turn in said]
            if "turns" in words
            else None
        ),
        "turns_truncated": False,
        "recording": _recording(world, run) if "recording" in words else None,
    }


def _session(world: World, run: Row) -> dict[str, Any]:
    return {
        "id": run["session_id"],
        "channel": run["channel"],
        "session_type": "simulation",
        "status": "closed",
        "assistant_id": run["agent_id"],
        "assistant_revision_id": run["agent_revision_id"],
        "subject": run["inputs_snapshot"].get("scenario", {}).get("name"),
        "created_at": render(run["created_at"]),
        "last_activity_at": _render(last_word(run, world.now)),
    }


def _recording(world: World, run: Row) -> dict[str, Any] | None:
    """The recording of a voice run, without its content; None for text (rule 116)."""
    view = run_view(world, run)
    start = entered(run["schedule"], {"running"}, world.now)
    end = last_word(run, world.now)
    if view["recording_id"] is None or start is None or end is None:
        return None
    return {
        "id": view["recording_id"],
        "kind": "voice",
        "status": view["recording_status"],
        "duration_ms": (end - start) // 1000,
        "manifest_key": f"recordings/{view['recording_id']}/manifest.json",
        "started_at": render(start),
        "finalized_at": render(end),
    }


def _render(instant: int | None) -> str | None:
    return None if instant is None else render(instant)
