"""The differential run: programs on both sides, what differs confirmed and made short."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .compare import Comparison
from .coverage import waits
from .mocks import Mocks
from .model import Difference, Mismatch, Program, Report, Run
from .side import CannotJudge, Side

WORLDS = (1, 2, 12, 40)
"""How many worlds of the mock a program meets. What one does chance may explain, so if something
differs, more are asked: it is a difference if none of them does what the real side does."""
ROUNDS = 40
"""Programs that are tried to make one difference shorter."""
Signature = tuple[str, str, str, str]


@dataclass
class Differ:
    """Compares, and keeps what it finds in the report."""

    real: Side
    mocks: Mocks
    report: Report
    most: int = 200
    progress: Callable[[str], None] = lambda text: None
    _known: dict[Signature, Difference] = field(default_factory=dict)
    _surveyed: bool = False
    _doubtful: set[Signature] = field(default_factory=set)

    def run(self, programs: Iterable[Program]) -> None:
        """Raises CannotJudge, NoReply."""
        digest = hashlib.sha256()
        try:
            self._all(programs, digest)
        finally:
            self.report.digest = digest.hexdigest()[:16]
            self.report.differences = list(self._known.values())
            self.report.real_requests = self.real.requests
            self.report.mock_requests = self.mocks.requests

    def _all(self, programs: Iterable[Program], digest: Any) -> None:
        for program in programs:
            digest.update(program.digest.encode())
            self.one(program)
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

    def one(self, program: Program) -> None:
        """One program; each difference that is new is confirmed and made short."""
        real = self.real.execute(program)
        found = self._explained(program, real)
        for mismatch in found:
            signature = mismatch.signature
            if signature in self._known:
                self._known[signature].count += 1
            elif signature not in self._doubtful:
                self._new(program, mismatch)

    def _explained(self, program: Program, real: Run, *, note: bool = True) -> list[Mismatch]:
        """What remains when the mock's other worlds have been asked."""
        for count in WORLDS:
            comparison = self._compared(program, real, count)
            found = comparison.found
            fresh = [m for m in found if m.signature not in self._known]
            if not fresh:
                break
        if fresh and self._survey(fresh):
            comparison = self._compared(program, real, WORLDS[-1])
            found = comparison.found
        if note:
            for cell in comparison.reached:
                self.report.cells[cell] = self.report.cells.get(cell, 0) + 1
        return list({m.signature: m for m in found}.values())

    def _compared(self, program: Program, real: Run, count: int) -> Comparison:
        mocks = self.mocks.runs(program, count)
        comparison = Comparison(self.mocks.knowledge.contract, real, mocks, self.mocks.jobs)
        comparison.run()
        return comparison

    def _survey(self, found: list[Mismatch]) -> bool:
        """Whether more of what the mock's jobs can do was learned: once, when it matters."""
        if self._surveyed or not any(m.kind == "lifecycle" for m in found):
            return False
        self._surveyed = True
        for program in waits(self.mocks.knowledge):
            self.mocks.runs(program, WORLDS[-1])
        return True

    def _new(self, program: Program, mismatch: Mismatch) -> None:
        """Run it again, shorter and shorter; what does not come again is no difference."""
        signature = mismatch.signature
        shortest = self._shortened(program, mismatch)
        if shortest is None:
            self._doubtful.add(signature)
            where = self._where(mismatch.operation)
            if mismatch.kind == "status" and mismatch.real.startswith("5"):
                raise CannotJudge(
                    f"{self.real.target.url} is not well: {where} gives {mismatch.real[:3]} now "
                    "and then; look at its log, and try again"
                )
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

    def _where(self, operation_id: str) -> str:
        operation = self.mocks.knowledge.contract.by_id[operation_id]
        return f"{operation.method} {operation.path}"

    # --- shorter

    def _shortened(
        self, program: Program, mismatch: Mismatch
    ) -> tuple[Program, Mismatch, Run] | None:
        """The shortest program that still shows it: first what the step needs, then less."""
        signature = mismatch.signature
        best = None
        for candidate in self._cuts(program, mismatch.label):
            best = self._shows(candidate, signature)
            if best is not None:
                break
        if best is None:
            return None
        rounds = 0
        smaller = True
        while smaller and rounds < ROUNDS:
            smaller = False
            for step in reversed(best[0].steps):
                labels = {s.label for s in best[0].steps} - _dependents(best[0], step.label)
                if best[1].label not in labels or not labels:
                    continue
                rounds += 1
                found = self._shows(best[0].only(labels), signature)
                if found is not None:
                    best, smaller = found, True
                    break
        return best

    def _cuts(self, program: Program, label: int) -> list[Program]:
        """The step with what it needs; with one step more before it; all up to it; everything."""
        needs = program.closure(label)
        before = [s for s in program.steps if s.label < label and s.label not in needs]
        cuts = [program.only(needs)]
        cuts += [program.only(needs | program.closure(s.label)) for s in reversed(before[-6:])]
        cuts.append(program.only({s.label for s in program.steps if s.label <= label}))
        cuts.append(program)
        return list({cut.digest: cut for cut in cuts}.values())

    def _shows(
        self, program: Program, signature: Signature
    ) -> tuple[Program, Mismatch, Run] | None:
        real = self.real.execute(program)
        for mismatch in self._explained(program, real, note=False):
            if mismatch.signature == signature:
                return program, mismatch, real
        return None


def _dependents(program: Program, label: int) -> set[int]:
    """A step and every step that needs it."""
    return {s.label for s in program.steps if label in program.closure(s.label)}
