"""The result of an evaluation: planned when it starts, from the evaluator's snapshots (rule 95).

An evaluator passes everything unless `config: {"mock": {...}}` sets otherwise:

    outcome    passed, failed, no_verdict or errored; a list has one for each attempt
    score      the value (0 to 1), or the raw value of a numeric evaluator
    status     failed or errored: the final state of an errored evaluation
    rationale  the text of the score, or of the error
    seconds    the duration of the evaluation, before the pace
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

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
        finding = _score(limit, steering.score, failing, random)
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


def _score(limit: float | None, score: float | None, failing: bool, random: Random) -> Finding:
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
