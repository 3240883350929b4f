"""Feather's collections and lifecycles (docs/apis/feather.md).

Times in rows are in microseconds; views format them. Rows have neither `organization_id` nor
`created_by`: both follow from the tenant, and worlds are forks of one seed world.

A row of `runs` (a simulation run, child of a suite run or single):
    id, session_id, agent_id, agent_revision_id, persona_id, scenario_id, channel,
    tool_overrides, inputs_snapshot {persona, scenario}, created_at
    schedule        [[state, instant], ...]; for `outcome` and `open` see engine.jobs
    error_text      the error if it fails (shown only then)
    recording_id    of a voice run (shown once it has completed)
    suite_run_id    None for a single run
    slot, attempt   index of the suite run's item (from 0), number of the attempt (from 1)

A row of `suite_runs`:
    id, suite_id, agent_id, agent_revision_id, created_at
    run_ids             its children, oldest first, all attempts
    release_revision_id the revision that a release check judges; None for an ordinary run
    release             data of release_checks.py, None for an ordinary run

A row of `eval_runs`, with its score: see evaluation_rows.py.

A row of `agenda`, one for each planned end of an open run: id (the run's), at, kind "run_ended".
`settle` takes those that are due, marks their runs `settled` and removes them.
"""

from __future__ import annotations

from mockserver.engine.jobs import Derivation, Lifecycle
from mockserver.engine.world import Collection

COLLECTIONS = {
    collection.name: collection
    for collection in (
        Collection("agents", indexes=("release_suite_id",), path="/v1/agents"),
        Collection("revisions", indexes=("agent_id",), path="/v1/agents/{agent_id}/revisions"),
        Collection("personas", path="/v1/personas"),
        Collection("scenarios", path="/v1/scenarios"),
        Collection("suites", path="/v1/sim-suites"),
        Collection(
            "items",
            order=("created_at", "position"),
            indexes=("suite_id", "persona_id", "scenario_id"),
            path="/v1/sim-suites/{suite_id}/items",
        ),
        Collection(
            "suite_runs",
            indexes=("suite_id", "release_revision_id"),
            path="/v1/sim-suites/{suite_id}/runs",
        ),
        Collection("runs", indexes=("agent_id", "open", "outcome"), path="/v1/simulation/runs"),
        Collection("evaluators", path="/v1/evaluators"),
        Collection(
            "bindings",
            indexes=("evaluator_id", "agent_id", "scenario_id"),
            path="/v1/evaluator-bindings",
        ),
        Collection(
            "eval_runs",
            indexes=("session_id", "evaluator_id", "agent_id", "score_id"),
            path="/v1/eval-runs",
        ),
        Collection("agenda", order=("at",), internal=True),
    )
}

SIMULATION_RUN = Lifecycle(  # rules 69, 70
    "simulation run",
    "pending",
    {
        "pending": ("running", "failed", "cancelled"),
        "running": ("completed", "failed", "budget_exceeded", "cancelled"),
        "completed": (),
        "failed": (),
        "budget_exceeded": (),
        "cancelled": (),
    },
    {
        ("pending", "running"): "a worker takes it",
        ("pending", "failed"): "it can't be started",
        ("pending", "cancelled"): "cancel",
        ("running", "completed"): "the conversation ends",
        ("running", "failed"): "the conversation breaks off",
        ("running", "budget_exceeded"): "the budget is used up",
        ("running", "cancelled"): "cancel",
    },
)

SUITE_RUN_STATUS = Derivation(  # rule 75, over the latest attempt of each item (rule 74)
    (
        ("all", frozenset({"pending"}), "pending"),
        ("any", frozenset({"pending", "running"}), "running"),
        ("any", frozenset({"failed"}), "failed"),
        ("any", frozenset({"budget_exceeded"}), "budget_exceeded"),
        ("any", frozenset({"cancelled"}), "cancelled"),
    ),
    "completed",
)

EVAL_RUN = Lifecycle(  # rules 94, 98
    "evaluation run",
    "pending",
    {
        "pending": ("running",),
        "running": ("completed", "failed", "errored"),
        "completed": (),
        "failed": ("pending",),
        "errored": ("pending",),
    },
    {
        ("pending", "running"): "a worker takes it",
        ("running", "completed"): "it is scored",
        ("running", "failed"): "the evaluator can't decide",
        ("running", "errored"): "the evaluation breaks off",
        ("failed", "pending"): "retry",
        ("errored", "pending"): "retry",
    },
)
EVAL_RUN_ENDED = frozenset({"completed", "failed", "errored"})  # rule 97

RELEASE_CHECK = Lifecycle(  # rules 98, 99, 101, 112
    "release check",
    "pending",
    {
        "pending": ("completed", "errored"),
        "completed": ("pending",),
        "errored": ("pending",),
    },
    {
        ("pending", "completed"): "every evaluation has settled",
        ("pending", "errored"): "no verdict can be reached",
        ("completed", "pending"): "a run or an evaluation is retried",
        ("errored", "pending"): "a run or an evaluation is retried",
    },
)

LIFECYCLES = (SIMULATION_RUN, EVAL_RUN, RELEASE_CHECK)
