"""The progress of a run in its ledger, so that a run that was interrupted can go on.

Each step that has ended is a line of the ledger, with the requests that it sent; each finding is
one, too. What a step that had not ended did is removed and the step is run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mockserver.errors import UsageError
from mockserver.verify.ledger import Ledger, fits
from mockserver.verify.model import Finding, Result
from mockserver.verify.reports.exchanges import exchange_of, plain

Json = Any
_RUN = {"title": str, "seed": int, "max_examples": int}
_TEXTS = ("rule", "where", "title", "message", "origin")


class Journal:
    """The steps of one run. `result` is its result so far."""

    def __init__(self, ledger: Ledger, result: Result) -> None:
        self.ledger = ledger
        self.result = result
        self.finished: set[str] = set()
        self._written = 0
        self._counts: dict[str, int] = {}
        self._seen: dict[str, dict[int, int]] = {}

    def begin(self, seed: int, max_examples: int) -> None:
        """Write what the run has to have in common with the one that goes on."""
        run = {"title": self.result.title, "seed": seed, "max_examples": max_examples}
        self.ledger.step({"run": run})

    def finish(self, step: str, **facts: Json) -> None:
        """Record that a step has ended, and what was sent since the one before."""
        counts = {f.id: f.count for f in self.result.findings}
        seen = self.result.coverage.seen
        self.ledger.step(
            {
                "finished": step,
                "requests": self.result.requests - self._written,
                "seen": {op: now for op, now in seen.items() if now != self._seen.get(op)},
                "counts": {k: n for k, n in counts.items() if n != self._counts.get(k)},
                **facts,
            }
        )
        self.finished.add(step)
        self._remember()

    def found(self, finding: Finding) -> None:
        """Record a new finding."""
        value: dict[str, Json] = {name: getattr(finding, name) for name in _TEXTS}
        value |= {"steps": [plain(step) for step in finding.steps], "extra": dict(finding.extra)}
        self.ledger.step({"found": value})

    def restore(self) -> None:
        """Take in what the steps of the ledger say."""
        for step in self.ledger.steps:
            if "found" in step:
                self.result.add(_finding(step["found"]))
            elif "finished" in step:
                self._take(step)
        self._remember()

    def _take(self, step: Mapping[str, Json]) -> None:
        self.finished.add(step["finished"])
        self.result.requests += step["requests"]
        for operation, seen in step["seen"].items():
            self.result.coverage.seen[operation] = {int(s): n for s, n in seen.items()}
        for finding in self.result.findings:
            finding.count = step["counts"].get(finding.id, finding.count)
        if "status" in step:
            self.result.phases[step["finished"]] = step["status"]

    def _remember(self) -> None:
        self._written = self.result.requests
        self._counts = {finding.id: finding.count for finding in self.result.findings}
        self._seen = {op: dict(now) for op, now in self.result.coverage.seen.items()}


def _finding(value: Mapping[str, Json]) -> Finding:
    rule, where, title, message, origin = (str(value[name]) for name in _TEXTS)
    steps = [exchange_of(step) for step in value["steps"]]
    return Finding(rule, where, title, message, steps, origin, extra=value["extra"])


def interrupted(path: str, title: str) -> tuple[Ledger, Mapping[str, Json]]:
    """The ledger of the run to go on with, and its settings. Raises UsageError if there is none, or
    its steps can't be read."""
    if not Path(path).exists():
        raise UsageError(
            f"--resume: there is no {path}, so no run was interrupted here; start one without "
            "--resume, or name its ledger with --ledger"
        )
    ledger = Ledger.load(path)
    run = next((step["run"] for step in ledger.steps if "run" in step), None)
    if run is None or not fits(run, _RUN) or run["title"] != title:
        raise UsageError(
            f"--resume: {path} is not of a run of mockserver test on {title}; "
            "name the right one with --ledger"
        )
    try:
        Journal(ledger, Result(title, ledger.url)).restore()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"--resume: a step in {path} can't be read ({type(error).__name__}: {error}); remove "
            f"what the run made with mockserver test --cleanup {path}, and start it again"
        ) from None
    return ledger, run
