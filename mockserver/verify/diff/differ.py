"""The differential run: programs on both sides, what differs confirmed and made short."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from mockserver.errors import UsageError
from mockserver.verify.diff.calibrate import Enums, departs
from mockserver.verify.diff.compare import Comparison
from mockserver.verify.diff.mock_side import Mocks
from mockserver.verify.diff.model import Difference, Mismatch, Program, Report, Run
from mockserver.verify.diff.observations import Habits
from mockserver.verify.diff.programs.coverage import waits
from mockserver.verify.diff.runner import CannotJudge, Side
from mockserver.verify.diff.shrink import borrowed, cuts, smaller
from mockserver.verify.target import NoReply

WORLDS = (1, 2, 4)
WITH_JOBS = (1, 2, 12, 40)
"""How many worlds of the mock a program meets. What one does chance may explain, so if something
differs, more are asked: it is a difference if none of them does what the real side does. Jobs
have the most ways to go."""
ENOUGH = 12
"""How many worlds are asked while a program is made shorter; all of them at its end."""
ROUNDS = 40
"""Programs that are tried to make one difference shorter."""
TROUBLE = 20
"""So many more programs that can't be judged than can mean that none can."""
Signature = tuple[str, str, str, str]
Shown = tuple[Program, Mismatch, Run]
"""A program, the mismatch that it shows, and what the real side did."""


@dataclass
class Differ:
    """Compares, and keeps what it finds in the report."""

    real: Side
    mocks: Mocks
    report: Report
    most: int = 200
    accepted: Mapping[Signature, str] = field(default_factory=dict)
    """Differences that are known, with what the real side did."""
    in_use: Mapping[str, Enums] = field(default_factory=dict)
    """The values that are known of fields that have a closed list, by operation."""
    borrow: bool = False
    """Whether a shorter program may build upon what the real side has already."""
    progress: Callable[[str], None] = lambda text: None
    _known: dict[Signature, Difference] = field(default_factory=dict)
    _habits: Habits = field(default_factory=Habits)
    _surveyed: bool = False
    _doubtful: set[Signature] = field(default_factory=set)

    def run(self, programs: Iterable[Program]) -> None:
        """Raises CannotJudge, NoReply."""
        digest = hashlib.sha256()
        try:
            self._all(programs, digest)
        finally:
            self.report.habits = self._habits.as_json()
            self.report.digest = digest.hexdigest()[:16]
            self.report.differences = list(self._known.values())
            self.report.real_requests = self.real.requests
            self.report.mock_requests = self.mocks.requests

    def _all(self, programs: Iterable[Program], digest: Any) -> None:
        skipped: list[UsageError] = []
        for program in programs:
            digest.update(program.digest.encode())
            try:
                self.one(program)
            except (CannotJudge, NoReply) as error:
                self._go_on(error, skipped)
                continue
            self.report.programs += 1
            self.report.steps += len(program.steps)
            if self.report.programs % 25 == 0:
                self.progress(
                    f"{self.report.programs} sequences, {self.real.requests} requests to the "
                    f"real side, {len(self._known)} differences"
                )
            if len(self._known) >= self.most:
                self.report.notes.append(f"stopped after {self.most} differences")
                break

        if len(skipped) > self.report.programs:
            raise skipped[0]

    def _go_on(self, error: UsageError, skipped: list[UsageError]) -> None:
        """One operation may be in trouble while the others are well. Raises it otherwise, and once
        there has been far more trouble than else."""
        gone = isinstance(error, NoReply) and error.how == "key"
        skipped.append(error)
        if gone or len(skipped) > self.report.programs + TROUBLE or not self.real.target.is_there():
            raise error
        note = f"left out: {error}"
        if note not in self.report.notes:
            self.report.notes.append(note)

    def one(self, program: Program) -> None:
        """One program; each difference that is new is confirmed and made short."""
        real = self.real.execute(program)
        self._habits.hear(real, self.mocks.knowledge)
        found = self._explained(program, real)
        for mismatch in found:
            signature = mismatch.signature
            if self._is_accepted(mismatch):
                self.report.known[signature] = self.report.known.get(signature, 0) + 1
            elif signature in self._known:
                self._known[signature].count += 1
            elif signature not in self._doubtful:
                self._new(program, mismatch)

    def _explained(
        self,
        program: Program,
        real: Run,
        wanted: Signature | None = None,
        most: int = WITH_JOBS[-1],
    ) -> list[Mismatch]:
        """What remains when the mock's other worlds have been asked, at most so many; only
        `wanted`, if given."""

        def open_ones(found: list[Mismatch]) -> list[Mismatch]:
            if wanted is not None:
                return [m for m in found if m.signature == wanted]
            new = [m for m in found if m.signature not in self._known]
            return [m for m in new if not self._is_accepted(m)]

        has_jobs = self._has_jobs(program)
        for count in (n for n in (WITH_JOBS if has_jobs else WORLDS) if n <= most):
            comparison = self._compared(program, real, count)
            fresh = open_ones(comparison.found)
            if fresh and has_jobs and self._survey():
                comparison = self._compared(program, real, count)
                fresh = open_ones(comparison.found)
            if not fresh:
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
        """Whether the difference is known, and still the same."""
        known = self.accepted.get(mismatch.signature)
        return known is not None and not departs(mismatch.kind, known, mismatch.real)

    def _has_jobs(self, program: Program) -> bool:
        jobs = self.mocks.knowledge.jobs
        return any(step.operation in jobs for step in program.steps)

    def _survey(self) -> bool:
        """Learn what the mock's jobs can do, once, when it first matters; False afterwards."""
        if self._surveyed:
            return False
        self._surveyed = True
        for program in waits(self.mocks.knowledge):
            self.mocks.runs(program, WITH_JOBS[-1])
        return True

    def _new(self, program: Program, mismatch: Mismatch) -> None:
        """Run it again, shorter and shorter; what does not come again is no difference."""
        signature = mismatch.signature
        if _is_crash(mismatch) and not self._always(program, mismatch):
            self._must_be_well(mismatch)
        shortest = self._shortened(program, mismatch)
        if shortest is None:
            self._doubtful.add(signature)
            where = self._where(mismatch.operation)
            self._must_be_well(mismatch)
            self.report.notes.append(
                f"not the same twice, so not counted: {where}, {mismatch.kind} "
                f"{mismatch.at}: {mismatch.real}, the mock {mismatch.mock}"
            )
            return
        program, mismatch, real = shortest
        mock = self.mocks.runs(program, 1)[0]
        self._known[signature] = Difference(
            mismatch, program, real, mock, where=self._where(mismatch.operation)
        )

    def _must_be_well(self, mismatch: Mismatch) -> None:
        """Raises CannotJudge for a server error that comes and goes."""
        if _is_crash(mismatch):
            raise CannotJudge(
                f"{self.real.target.url} is not well: {self._where(mismatch.operation)} gives "
                f"{mismatch.real[:3]} now and then; look at its log, and try again"
            )

    def _always(self, program: Program, mismatch: Mismatch) -> bool:
        """Whether the very step shows it in two further runs."""
        shown = [self._shows(program, mismatch) for _ in range(2)]
        return all(found is not None and found[1].label == mismatch.label for found in shown)

    def _where(self, operation_id: str) -> str:
        operation = self.mocks.knowledge.contract.by_id[operation_id]
        return f"{operation.method} {operation.path}"

    # --- shorter

    def _shortened(self, program: Program, mismatch: Mismatch) -> Shown | None:
        """The shortest program that is found to show it; None if it does not come again."""
        whole = self._shows(program, mismatch)
        if whole is None:
            return None
        for worlds in (ENOUGH, WITH_JOBS[-1]):
            best = self._cut_down(whole, worlds)
            shown = self._shows(best[0], mismatch)
            if shown is not None:
                return shown
        return whole

    def _cut_down(self, best: Shown, worlds: int) -> Shown:
        wanted = best[1]
        best = self._first(cuts(best[0], wanted.label), wanted, ROUNDS, worlds)[0] or best
        left = ROUNDS
        while left > 0:
            candidates = self._smaller(best[0], best[1].label)
            better, tried = self._first(candidates, wanted, left, worlds)
            left -= tried
            if better is None:
                break
            best = better
        return best

    def _smaller(self, program: Program, label: int) -> Iterator[Program]:
        if self.borrow:
            yield from borrowed(program, label, self.mocks.knowledge)
        yield from smaller(program, label)

    def _first(
        self, candidates: Iterable[Program], wanted: Mismatch, most: int, worlds: int
    ) -> tuple[Shown | None, int]:
        """The first of the candidates that shows it, and how many were tried."""
        tried = 0
        for tried, candidate in enumerate(islice(candidates, most), 1):
            found = self._shows(candidate, wanted, worlds)
            if found is not None:
                return found, tried
        return None, tried

    def _shows(
        self, program: Program, wanted: Mismatch, worlds: int = WITH_JOBS[-1]
    ) -> Shown | None:
        real = self.real.execute(program)
        for mismatch in self._explained(program, real, wanted.signature, worlds):
            if mismatch.signature == wanted.signature and _same_statuses(mismatch, wanted):
                return program, mismatch, real
        return None


def _same_statuses(one: Mismatch, other: Mismatch) -> bool:
    """Whether the two sides part in the same way, where the kind does not say so."""
    if one.kind not in ("status", "validation"):
        return True
    return (one.real[:3], one.mock[:3]) == (other.real[:3], other.mock[:3])


def _is_crash(mismatch: Mismatch) -> bool:
    return not mismatch.at and mismatch.real.startswith("5")
