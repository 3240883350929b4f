"""Speechify's tables: what is kept, and the states that things pass (docs/apis/speechify.md).

Instants in rows are microseconds; views render them. Rows speak the newer vocabulary; the older
one is made of it when a reply goes out (`older`).

A row of `runs`:
    id, test_id, agent_id, created_at
    test_name, agent_name   what they were called, for the time when they are gone
    test_type, config       the test as it was when the run was queued
    schedule        [[state, instant], ...]; `outcome` and `open`: see engine.batches
    verdict         "passed" or "failed": what will be judged if it completes
    error           what to say if it could not be executed
    suite_run_id    None for a single run

A row of `suite_runs`:
    id, trigger, agent_id, parent_suite_run_id, config_override, created_at
    flow_version_id, flow_version_number
Its children are the runs that name it; status, verdict, counts and end follow from them.

A row of `attachments` says that a test runs for a further agent, too: id, test_id, agent_id.
A row of `answers` is the first answer to an idempotency key: see `idempotency`.
The one row of `workspace`: id, credits (None: no limit), withdrawn_models {model: instant}.
"""

from __future__ import annotations

from mockserver.engine.jobs.batches import Derivation
from mockserver.engine.jobs.schedule import Lifecycle
from mockserver.engine.world import Collection

COLLECTIONS = {
    collection.name: collection
    for collection in (
        Collection("agents", indexes=("slug",), path="/v1/agents"),
        Collection("tests", indexes=("agent_id", "folder_id"), path="/v1/agents/tests"),
        Collection("attachments", indexes=("test_id", "agent_id")),
        Collection("folders", indexes=("parent_folder_id",), path="/v1/agents/tests/folders"),
        Collection(
            "runs", indexes=("test_id", "suite_run_id"), path="/v1/agents/tests/{test_id}/runs"
        ),
        Collection("suite_runs", indexes=("agent_id",), path="/v1/agents/tests/suite-runs"),
        Collection("flow_versions", indexes=("agent_id",)),
        Collection("answers", order=("expires_at",)),
        Collection("workspace", order=()),
    )
}

TEST_RUN = Lifecycle(  # rule 33
    "test run",
    "pending",
    {
        "pending": ("running", "failed", "cancelled"),
        "running": ("completed", "failed", "cancelled"),
        "completed": (),
        "failed": (),
        "cancelled": (),
    },
    {
        ("pending", "running"): "a worker takes it",
        ("pending", "failed"): "it can't be started",
        ("pending", "cancelled"): "cancel",
        ("running", "completed"): "there is a verdict",
        ("running", "failed"): "it breaks off",
        ("running", "cancelled"): "cancel",
    },
)

# The same with its verdict told apart, for those who plan the way of a run.
TEST_RUN_WAYS = Lifecycle(
    "test run and its verdict",
    "pending",
    {
        "pending": ("running", "failed", "cancelled"),
        "running": ("passed", "judged_failed", "failed", "cancelled"),
        "passed": (),
        "judged_failed": (),
        "failed": (),
        "cancelled": (),
    },
)

SUITE_STATUS = Derivation(  # rule 44
    (
        ("any", frozenset({"pending", "running"}), "running"),
        ("any", frozenset({"cancelled"}), "cancelled"),
        ("any", frozenset({"failed"}), "failed"),
    ),
    "completed",
)

OLDER_RUN_STATUS = {  # the older document, "Run object"; a judgment goes before its status
    "pending": "queued",
    "running": "running",
    "failed": "error",
    "cancelled": "error",
    "completed passed": "passed",
    "completed failed": "failed",
}

OLDER_SUITE_STATUS = Derivation(  # the older document, "Suite status", over the older words
    (
        ("any", frozenset({"queued", "running"}), "running"),
        ("any", frozenset({"failed"}), "failed"),
        ("any", frozenset({"error"}), "error"),
    ),
    "passed",
)

OLDER_TEST_RUN = Lifecycle(
    "test run, older shape",
    "queued",
    {
        "queued": ("running", "error"),
        "running": ("passed", "failed", "error"),
        "passed": (),
        "failed": (),
        "error": (),
    },
    {
        ("queued", "running"): "a worker takes it",
        ("queued", "error"): "it can't be started, or cancel",
        ("running", "passed"): "judged good",
        ("running", "failed"): "judged bad",
        ("running", "error"): "it breaks off, or cancel",
    },
)

LIFECYCLES = (TEST_RUN, OLDER_TEST_RUN)

MOST_RUNS_OF_ALL = 50  # rule 60
MOST_RUNS_OF_BATCH = 100  # rule 61
DEEPEST_FOLDER = 3  # rule 29
