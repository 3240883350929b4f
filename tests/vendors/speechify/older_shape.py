"""The older version: its document, and the invariants of suite runs."""

from __future__ import annotations

import json

from mockserver.files.reading import contract_file
from tests.vendors.speechify.sandbox import Json, Sandbox

CONTRACT = contract_file("speechify-legacy")
assert CONTRACT is not None
DOCUMENT = json.loads(CONTRACT.read_text("utf-8"))
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: (path, operation)
    for path, item in DOCUMENT["paths"].items()
    for operation in item.values()
}
COUNTS = ("passed_count", "failed_count", "errored_count", "pending_count")


def both(sandbox: Sandbox, run: Json) -> tuple[Json, Json]:
    """A run in the newer and in the older version."""
    return sandbox.read(run), sandbox.older.read(run)


def check(suite: Json) -> None:
    """The invariants of an older suite run at any time."""
    states = [run["status"] for run in suite["runs"]]
    assert suite["total_runs"] == len(states) == sum(suite[name] for name in COUNTS)
    assert [suite[name] for name in COUNTS] == [
        states.count("passed"),
        states.count("failed"),
        states.count("error"),
        states.count("queued") + states.count("running"),
    ]
    if suite["pending_count"]:
        expected = "running"
    else:
        expected = next((word for word in ("failed", "error") if word in states), "passed")
    assert suite["status"] == expected
    ends = [run["completed_at"] for run in suite["runs"]]
    assert suite["completed_at"] == (None if None in ends else max(ends))
