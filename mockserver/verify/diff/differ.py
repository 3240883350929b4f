"""The differential run: execute programs on both sides, confirm differences, shrink them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from mockserver.errors import UsageError
from mockserver.files.wording import counted
from mockserver.openapi.model import Json
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibrate import Enums, departs
from mockserver.verify.diff.compare import Comparison
from mockserver.verify.diff.mock_side import Mocks
from mockserver.verify.diff.model import (
    MISSING,
    REFERENCE,
    Difference,
    Mismatch,
    Program,
    Report,
    Run,
    Step,
)
from mockserver.verify.diff.observations import Habits
from mockserver.verify.diff.programs.coverage import waits
from mockserver.verify.diff.runner import CannotJudge, Side
from mockserver.verify.diff.samples import samples
from mockserver.verify.target import PLACEHOLDER, NoReply

# Smaller variants of a program that may still show a difference.


def cuts(program: Program, label: int) -> list[Program]:
    """The step with its prerequisites; with one more step before it; everything up to it."""
    needs = program.closure(label)
    before = [s for s in program.steps if s.label < label and s.label not in needs]
    found = [program.only(needs)]
    found += [program.only(needs | program.closure(s.label)) for s in reversed(before[-6:])]
    found.append(program.only({s.label for s in program.steps if s.label <= label}))
    return list({cut.digest: cut for cut in found}.values())


def smaller(program: Program, label: int) -> Iterator[Program]:
    """Smaller programs, the boldest first. `label` is the step with the difference, which stays."""
    yield from _nowhere(program, label)
    yield from _with_less_in_bodies(program, label)
    for step in reversed(program.steps):
        labels = {s.label for s in program.steps} - dependents(program, step.label)
        if label in labels:
            yield program.only(labels)


def dependents(program: Program, label: int) -> set[int]:
    """A step and every step that needs it."""
    return {s.label for s in program.steps if label in program.closure(s.label)}


def _nowhere(program: Program, label: int) -> Iterator[Program]:
    """The step alone, with unknown ids: enough if the difference is about a missing entity."""
    step = next(s for s in program.steps if s.label == label)
    if any(REFERENCE.search(value) for value in step.path.values()):
        path = {k: PLACEHOLDER if REFERENCE.search(v) else v for k, v in step.path.items()}
        changed = _replaced(program, replace(step, path=path))
        yield changed.only(changed.closure(label))


def _with_less_in_bodies(program: Program, label: int) -> Iterator[Program]:
    """Without fields that refer to other entities, and without creating those."""
    for step in program.steps:
        if not isinstance(step.body, dict):
            continue
        naming = [name for name, value in step.body.items() if _names(value)]
        for names in ([naming] if len(naming) > 1 else []) + [[name] for name in naming]:
            body: Json = {k: v for k, v in step.body.items() if k not in names}
            changed = _replaced(program, replace(step, body=body))
            yield without_idle(changed, program, label)


def _names(value: Json) -> bool:
    return value is not MISSING and REFERENCE.search(json.dumps(value)) is not None


def _replaced(program: Program, step: Step) -> Program:
    return replace(
        program, steps=tuple(step if s.label == step.label else s for s in program.steps)
    )


def without_idle(changed: Program, before: Program, label: int) -> Program:
    """Without the steps that only the removed fields needed."""
    while True:
        needed = {n for s in changed.steps for n in s.needs()} | {label}
        were = {n for s in before.steps for n in s.needs()}
        idle = {
            s.label
            for s in changed.steps
            if s.label in were - needed and s.intent in ("make", "list")
        }
        if not idle:
            return changed
        changed = changed.only({s.label for s in changed.steps} - idle)


def borrowed(program: Program, label: int, knowledge: Knowledge) -> Iterator[Program]:
    """Replace entities that are only prerequisites by the first row of their list, so that neither
    they nor their own prerequisites are created. The shortest come first.

    The subject of a step is never replaced: other people's entities are not changed, and entities
    of two servers are not comparable.
    """
    found = []
    for step in program.steps:
        if step.intent == "make" and step.label != label:
            listed = _listed(program, step, knowledge)
            if listed is not None:
                found.append(without_idle(listed, program, label))
    shorter = [p for p in found if len(p.steps) < len(program.steps)]
    yield from sorted(shorter, key=lambda p: len(p.steps))


def _listed(program: Program, step: Step, knowledge: Knowledge) -> Program | None:
    """The program with a list's first row in place of a creation; None if that is impossible."""
    resource = next((r for r in knowledge.makeable if r.create == step.operation), None)
    lists = knowledge.lists.get(resource.list) if resource else None
    if resource is None or lists is None or _is_touched(program, step, knowledge):
        return None
    template = knowledge.contract.by_id[resource.list].path
    names = [part.split("}")[0] for part in template.split("{")[1:]]
    if not step.path.keys() >= set(names):
        return None
    row = (lists.paging.items, 0) if lists.paging.items else (0,)
    instead = Step(
        step.label, resource.list, "list", path={name: step.path[name] for name in names}
    )
    steps = [instead if s is step else _pointed(s, step.label, row) for s in program.steps]
    return replace(program, steps=tuple(steps))


def _is_touched(program: Program, step: Step, knowledge: Knowledge) -> bool:
    """Whether another step acts on the entity itself, rather than creating something below it."""
    creations = {r.create for r in knowledge.makeable}
    return any(
        other.operation not in creations
        and other.path
        and list(other.path.values())[-1].startswith(_start(step.label))
        for other in program.steps
    )


def _start(label: int, *row: str | int) -> str:
    """The prefix of every reference to a reply, or to a row in it."""
    return "{{" + ".".join(map(str, (label, *row))) + "."


def _pointed(step: Step, label: int, row: tuple[str | int, ...]) -> Step:
    """A step whose references to a creation's reply lead to the list's row instead."""

    def moved(value: Json) -> Json:
        return json.loads(json.dumps(value).replace(_start(label), _start(label, *row)))

    return replace(
        step,
        path=moved(dict(step.path)),
        query=moved(dict(step.query)),
        headers=moved(dict(step.headers)),
        body=MISSING if step.body is MISSING else moved(step.body),
    )


WORLDS = (1, 2, 4)
WITH_JOBS = (1, 2, 12, 40)
"""Numbers of mock worlds to run a program in. One world's behaviour may be random, so a mismatch is
checked in more worlds, and is a difference if none of them does what the real side does. Jobs vary
most."""
ENOUGH = 12
"""Number of worlds while a program is being shrunk; the result is checked in all of them."""
ROUNDS = 40
"""Programs to try when shrinking one difference."""
MOST_SAMPLES = 20_000
"""Pairs of replies to keep for calibration."""
SHORTENED = 2
"""Differences to shrink of those that look alike."""
TROUBLE = 20
"""Stop once failed programs outnumber successful ones by this much."""
Signature = tuple[str, str, str, str]
Shown = tuple[Program, Mismatch, Run]
"""A program, the mismatch that it shows, and the real side's behaviour."""


@dataclass
class Differ:
    """Compares the sides and adds differences to the report."""

    real: Side
    mocks: Mocks
    report: Report
    most: int = 200
    accepted: Mapping[Signature, str] = field(default_factory=dict)
    """Known differences, with the real side's behaviour."""
    in_use: Mapping[str, Enums] = field(default_factory=dict)
    """Observed values of enum fields, by operation."""
    borrow: bool = False
    """Whether a shorter program may use entities that exist on the real side."""
    progress: Callable[[str], None] = lambda text: None
    view: Collection[str] | None = None
    """The operations to report; None for all."""
    _known: dict[Signature, Difference] = field(default_factory=dict)
    _habits: Habits = field(default_factory=Habits)
    _surveyed: bool = False
    _doubtful: set[Signature] = field(default_factory=set)
    _causes: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """How many differences there are of one kind and place with the same outcomes."""

    def run(self, programs: Iterable[Program]) -> None:
        """Run all programs. Raises CannotJudge, NoReply."""
        digest = hashlib.sha256()
        try:
            self._all(programs, digest)
        finally:
            self.report.habits = self._habits.as_json()
            self.report.digest = digest.hexdigest()[:16]
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
                    f"{counted(self.report.programs, 'sequence')}, "
                    f"{counted(self.real.requests, 'request')} to the "
                    f"real side, {counted(len(self._known), 'difference')}"
                )
            if len(self._known) >= self.most:
                self.report.notes.append(f"stopped after {counted(self.most, 'difference')}")
                break

        if len(skipped) > self.report.programs:
            raise skipped[0]

    def _go_on(self, error: UsageError, skipped: list[UsageError]) -> None:
        """Skip an operation that fails while others work. Raises its error if it is not specific to
        the operation, or if most programs fail."""
        gone = isinstance(error, NoReply) and error.how == "key"
        skipped.append(error)
        if gone or len(skipped) > self.report.programs + TROUBLE or not self.real.target.is_there():
            raise error
        note = f"skipped: {error}"
        if note not in self.report.notes:
            self.report.notes.append(note)

    def one(self, program: Program) -> None:
        """Run one program; confirm and shrink each new difference."""
        real = self.real.execute(program)
        self._habits.hear(real, self.mocks.knowledge)
        knowledge = self.mocks.knowledge
        if len(self.report.samples) < MOST_SAMPLES:
            first = self.mocks.runs(program, 1)[0]
            self.report.samples += samples(real, first, knowledge.contract)
        fresh: list[Mismatch] = []
        for mismatch in self._explained(program, real):
            signature = mismatch.signature
            if self.view is not None and mismatch.operation not in self.view:
                continue
            if self._is_accepted(mismatch):
                self.report.known[signature] = self.report.known.get(signature, 0) + 1
            elif signature in self._known:
                self._known[signature].count += 1
            elif signature not in self._doubtful:
                fresh.append(mismatch)
        if fresh:
            self._news(program, fresh)

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

    def _news(self, program: Program, fresh: Sequence[Mismatch]) -> None:
        """Reproduce mismatches, those of one step together; drop what does not recur."""
        for mismatch in fresh:
            if _is_crash(mismatch) and not self._always(program, mismatch):
                self._must_be_well(mismatch)
        again: dict[Signature, Shown] | None = None
        for label in sorted({mismatch.label for mismatch in fresh}):
            here = [mismatch for mismatch in fresh if mismatch.label == label]
            short = self._all_shown(program.only(program.closure(label)), here)
            for mismatch in here:
                shown = short.get(mismatch.signature)
                if shown is None:
                    if again is None:
                        again = self._all_shown(program, fresh)
                    shown = again.get(mismatch.signature)
                self._settle(mismatch, shown)

    def _settle(self, mismatch: Mismatch, shown: Shown | None) -> None:
        """Keep a mismatch with the shortest program that shows it, or as doubtful."""
        signature, where = mismatch.signature, self._where(mismatch.operation)
        if shown is None:
            self._doubtful.add(signature)
            self._must_be_well(mismatch)
            self.report.notes.append(
                f"not reproducible, so not counted: {where}, {mismatch.kind} "
                f"{mismatch.at}: {mismatch.real}, the mock {mismatch.mock}"
            )
            return
        cause = (mismatch.kind, mismatch.at, mismatch.real[:3], mismatch.mock[:3])
        self._causes[cause] += 1
        if self._causes[cause] <= SHORTENED and len(shown[0].steps) > 1:
            shown = self._shortened(shown)
        program, mismatch, real = shown
        mock = self.mocks.runs(program, 1)[0]
        found = Difference(mismatch, program, real, mock, where=where)
        self._known[signature] = found
        self.report.differences.append(found)

    def _must_be_well(self, mismatch: Mismatch) -> None:
        """Raises CannotJudge for an intermittent server error."""
        if _is_crash(mismatch):
            raise CannotJudge(
                f"{self.real.target.url} is unstable: {self._where(mismatch.operation)} "
                f"sometimes returns {mismatch.real[:3]}; check its log, and try again"
            )

    def _always(self, program: Program, mismatch: Mismatch) -> bool:
        """Whether the same step shows it in two further runs."""
        shown = [self._shows(program, mismatch) for _ in range(2)]
        return all(found is not None and found[1].label == mismatch.label for found in shown)

    def _where(self, operation_id: str) -> str:
        operation = self.mocks.knowledge.contract.by_id[operation_id]
        return f"{operation.method} {operation.path}"

    # --- shorter

    def _shortened(self, whole: Shown) -> Shown:
        """The shortest program that is found to show it."""
        for worlds in (ENOUGH, WITH_JOBS[-1]):
            best = self._cut_down(whole, worlds)
            if best is whole:
                break
            shown = self._shows(best[0], whole[1])
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
        """The first candidate that shows it, and the number of attempts."""
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
        for mismatch in self._explained(program, real, (wanted.signature,), worlds):
            if mismatch.signature == wanted.signature and _same_statuses(mismatch, wanted):
                return program, mismatch, real
        return None

    def _all_shown(self, program: Program, wanted: Sequence[Mismatch]) -> dict[Signature, Shown]:
        """Which of the mismatches one more run of a program shows."""
        real = self.real.execute(program)
        by_signature = {mismatch.signature: mismatch for mismatch in wanted}
        found: dict[Signature, Shown] = {}
        for mismatch in self._explained(program, real, by_signature):
            before = by_signature.get(mismatch.signature)
            if before is not None and _same_statuses(mismatch, before):
                found[mismatch.signature] = (program, mismatch, real)
        return found


def _same_statuses(one: Mismatch, other: Mismatch) -> bool:
    """Whether the two sides differ in the same way, where the kind leaves it open."""
    if one.kind not in ("status", "validation"):
        return True
    return (one.real[:3], one.mock[:3]) == (other.real[:3], other.mock[:3])


def _is_crash(mismatch: Mismatch) -> bool:
    return not mismatch.at and mismatch.real.startswith("5")
