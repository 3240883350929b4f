"""Compare runs of the real side with as many worlds of the mock as it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mockserver.verify.diff.calibration_file import Enums, Signature, departs
from mockserver.verify.diff.compare import Comparison
from mockserver.verify.diff.mock_side import Mocks
from mockserver.verify.diff.model import Difference, Kind, Mismatch, Program, Report, Run
from mockserver.verify.diff.observations import Habits
from mockserver.verify.diff.programs.coverage import waits
from mockserver.verify.diff.recorded import samples

WORLDS = (1, 2, 4)
WITH_JOBS = (1, 2, 12, 40)
"""Numbers of mock worlds to run a program in. One world's behaviour may be random, so a mismatch is
checked in more worlds, and is a difference if none of them does what the real side does. Jobs vary
most."""
MOST_SAMPLES = 20_000
"""Pairs of replies to keep for calibration."""
Shown = tuple[Program, Mismatch, Run]
"""A program, the mismatch that it shows, and the real side's behaviour."""


@dataclass
class Comparer:
    """Compares what the real side did in programs with the mocks, and adds it to the report."""

    mocks: Mocks
    report: Report
    accepted: Mapping[Signature, str] = field(default_factory=dict)
    """Known differences, with the real side's behaviour."""
    in_use: Mapping[str, Enums] = field(default_factory=dict)
    """Observed values of enum fields, by operation."""
    view: Collection[str] | None = None
    """The operations to report; None for all."""
    shown: set[tuple[str, Kind]] = field(default_factory=set)
    """The behaviours that differed in the last run, known ones and all."""
    worlds: int = WITH_JOBS[-1]
    """The maximum number of worlds to compare with."""
    _known: dict[Signature, Difference] = field(default_factory=dict)
    _habits: Habits = field(default_factory=Habits)
    _surveyed: bool = False
    _doubtful: set[Signature] = field(default_factory=set)

    def hear(self, program: Program, real: Run) -> list[Mismatch]:
        """Compare a run; returns the mismatches that are new."""
        self._habits.hear(real, self.mocks.knowledge)
        knowledge = self.mocks.knowledge
        if len(self.report.samples) < MOST_SAMPLES:
            self.report.runs.append(real)
            first = self.mocks.runs(program, 1)[0]
            self.report.samples += samples(real, first, knowledge.contract)
        fresh: list[Mismatch] = []
        self.shown = set()
        for mismatch in self._explained(program, real, most=self.worlds):
            self.shown.add((mismatch.operation, mismatch.kind))
            signature = mismatch.signature
            if self.view is not None and mismatch.operation not in self.view:
                continue
            if self._is_accepted(mismatch):
                self.report.known[signature] = self.report.known.get(signature, 0) + 1
            elif signature in self._known:
                self._known[signature].count += 1
            elif signature not in self._doubtful:
                fresh.append(mismatch)
        return fresh

    def keep(self, shown: Shown) -> None:
        """Add a difference to the report."""
        program, mismatch, real = shown
        mock = self.mocks.runs(program, 1)[0]
        where = self._where(mismatch.operation)
        found = Difference(mismatch, program, real, mock, where=where)
        self._known[mismatch.signature] = found
        self.report.differences.append(found)

    def conclude(self) -> None:
        """Complete the report."""
        self.report.habits = self._habits.as_json()
        self.report.mock_requests = self.mocks.requests

    def _explained(
        self,
        program: Program,
        real: Run,
        wanted: Collection[Signature] | None = None,
        most: int = WITH_JOBS[-1],
    ) -> list[Mismatch]:
        """The mismatches that remain after comparing with more worlds of the mock, up to a limit;
        only those that are `wanted`, if given."""

        def open_ones(found: list[Mismatch]) -> list[Mismatch]:
            if wanted is not None:
                return [m for m in found if m.signature in wanted]
            new = [m for m in found if m.signature not in self._known]
            return [m for m in new if not self._is_accepted(m)]

        has_jobs = self._has_jobs(program)
        for count in (n for n in (WITH_JOBS if has_jobs else WORLDS) if n <= most):
            comparison = self._compared(program, real, count)
            fresh = open_ones(comparison.found)
            if fresh and has_jobs and self._survey():
                comparison = self._compared(program, real, count)
                fresh = open_ones(comparison.found)
            # What is looked for again may show in other worlds alone.
            unsure = comparison.unsure or (wanted is not None and comparison.partial)
            if not fresh and not unsure:
                break
        if wanted is None:
            for cell in comparison.reached:
                self.report.cells[cell] = self.report.cells.get(cell, 0) + 1
        first: dict[Signature, Mismatch] = {}
        for mismatch in comparison.found:
            first.setdefault(mismatch.signature, mismatch)
        return list(first.values())

    def _compared(self, program: Program, real: Run, count: int) -> Comparison:
        mocks = self.mocks.runs(program, count)
        comparison = Comparison(
            self.mocks.knowledge.contract, real, mocks, self.mocks.jobs, self.in_use
        )
        comparison.run()
        return comparison

    def _is_accepted(self, mismatch: Mismatch) -> bool:
        """Whether the difference is known and unchanged."""
        known = self.accepted.get(mismatch.signature)
        return known is not None and not departs(mismatch.kind, known, mismatch.real)

    def _has_jobs(self, program: Program) -> bool:
        jobs = self.mocks.knowledge.jobs
        return any(step.operation in jobs for step in program.steps)

    def _survey(self) -> bool:
        """Learn the state transitions of the mock's jobs on first use; False on later calls."""
        if self._surveyed:
            return False
        self._surveyed = True
        for program in waits(self.mocks.knowledge):
            self.mocks.runs(program, WITH_JOBS[-1])
        return True

    def _where(self, operation_id: str) -> str:
        operation = self.mocks.knowledge.contract.by_id[operation_id]
        return f"{operation.method} {operation.path}"
