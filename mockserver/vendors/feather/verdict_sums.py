"""The arithmetic of release verdicts (rules 105 to 113), on results only.

A result is `succeeded`, `failed` or `pending`; a child is `pending` (open), `completed` or `ended`
(in any other final state).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
