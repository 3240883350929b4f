"""Speechify's collections and lifecycles (docs/apis/speechify.md).

Times in rows are in microseconds; views format them. Rows use the newer vocabulary; `versions`
translates replies.

A row of `runs`:
    id, test_id, agent_id, created_at
    test_name, agent_name   their names, for when they have been removed
    test_type, config       the test when the run was queued
    schedule        [[state, instant], ...]; for `outcome` and `open` see engine.jobs
    verdict         "passed" or "failed": the verdict if it completes
    error           the error if it can't be executed
    suite_run_id    None for a single run

A row of `suite_runs`:
    id, trigger, agent_id, parent_suite_run_id, config_override, created_at
    flow_version_id, flow_version_number
Its children are the runs that refer to it; status, verdict, counts and end are derived from them.

A row of `attachments` lets a test run for a further agent: id, test_id, agent_id. A row of
`answers` is the first response to an idempotency key: see `idempotency`. The only row of
`workspace`: id, credits (None: no limit), withdrawn_models {model: instant}.
"""

from __future__ import annotations

from mockserver.engine.jobs import Derivation, Lifecycle
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
        Collection("answers", order=("expires_at",), internal=True),
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

# The same with one state for each verdict, for planning a run's course.
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
