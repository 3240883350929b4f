"""The newer version: invariants of suite runs, and two common calls."""

from __future__ import annotations

from tests.vendors.speechify.sandbox import SUITES, TESTS, Json, Sandbox

BUCKETS = ("completed", "failed", "running", "pending", "cancelled")


def check(suite: Json) -> None:
    """The invariants of a detailed suite run at any time."""
    runs = suite["runs"]
    states = [run["status"] for run in runs]
    verdicts = [run["verdict"] for run in runs]
    assert suite["total"] == len(runs) == sum(suite[name] for name in BUCKETS)
    assert {name: suite[name] for name in BUCKETS} == {name: states.count(name) for name in BUCKETS}
    assert suite["results"] == {word: verdicts.count(word) for word in ("passed", "failed")}
    assert sum(suite["results"].values()) == suite["completed"]
    open_ = {"pending", "running"} & set(states)
    expected = (
        "running"
        if open_
        else next((word for word in ("cancelled", "failed") if word in states), "completed")
    )
    assert suite["status"] == expected
    judged = ("failed" if "failed" in verdicts else "passed") if expected == "completed" else None
    assert suite["verdict"] == judged
    ends = [run["ended_at"] for run in runs]
    assert suite["ended_at"] == (None if open_ else max(ends))


def listed(sandbox: Sandbox) -> list[Json]:
    rows: list[Json] = sandbox.get(SUITES, limit=200)["suite_runs"]
    return rows


def batch(sandbox: Sandbox, *tests: Json, expect: int = 202) -> Json:
    body = {"entries": [{"test_id": test["id"]} for test in tests]}
    started: Json = sandbox.post(f"{TESTS}/runs/batch", body, expect)
    return started
