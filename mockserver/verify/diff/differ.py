"""The differential run: execute programs on both sides, confirm differences, shrink them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from mockserver.errors import UsageError
from mockserver.files.wording import counted
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.openapi.path_templates import parameters_of
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibration_file import Signature
from mockserver.verify.diff.mock_side import WITH_JOBS, Comparer, Shown
from mockserver.verify.diff.model import (
    REFERENCE,
    Mismatch,
    Program,
    Step,
)
from mockserver.verify.diff.runner import CannotJudge, Side
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
    names = parameters_of(template)
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


ENOUGH = 12
"""Number of worlds while a program is being shrunk; the result is checked in all of them."""
ROUNDS = 40
"""Programs to try when shrinking one difference."""
SHORTENED, SHORT = 1, 4
"""Differences to shrink of those that look alike, and steps of a program that is short enough."""
TROUBLE = 20
"""Stop once failed programs outnumber successful ones by this much."""


@dataclass
class Differ(Comparer):
    """Executes programs on the real side and compares, confirms and shortens what differs.

    A mismatch is confirmed by another program that shows it, too, or else by another run of its
    own.
    """

    real: Side = field(kw_only=True)
    most: int = 200
    shorten: bool = True
    borrow: bool = False
    """Whether a shorter program may use entities that exist on the real side."""
    progress: Callable[[str], None] = lambda text: None
    _causes: Counter[tuple[str, ...]] = field(default_factory=Counter)
    """How many differences there are of one kind and field with the same outcomes."""
    _open: dict[Signature, Shown] = field(default_factory=dict)
    """Mismatches that were seen once."""

    def run(self, programs: Iterable[Program]) -> None:
        """Run all programs. Raises CannotJudge, NoReply."""
        digest = hashlib.sha256()
        try:
            self._all(programs, digest)
        finally:
            self.conclude()
            self.report.digest = digest.hexdigest()[:16]
            self.report.sequence_requests = self.real.requests

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
        self._confirm_open(skipped)
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
        """Run one program, and note what differs."""
        real = self.real.execute(program)
        for mismatch in self.new_mismatches(program, real):
            now = program, mismatch, real
            before = self._open.get(mismatch.signature)
            if _is_crash(mismatch):
                if not self._always(program, mismatch):
                    self._must_be_well(mismatch)
                self._keep_short(now)
            elif before is None:
                self._open[mismatch.signature] = now
            elif _same_statuses(before[1], mismatch):
                self._keep_short(min(before, now, key=_needed))
        if len(self._known) + len(self._open) >= self.most:
            self._confirm_open([])

    def _confirm_open(self, skipped: list[UsageError]) -> None:
        """Run what was seen once again, for each program together; drop what does not recur."""
        programs: dict[str, list[Shown]] = {}
        for shown in self._open.values():
            programs.setdefault(shown[0].digest, []).append(shown)
        for group in programs.values():
            try:
                self._confirm(group[0][0], [mismatch for _, mismatch, _ in group])
            except (CannotJudge, NoReply) as error:
                self._go_on(error, skipped)

    def _confirm(self, program: Program, open_ones: Sequence[Mismatch]) -> None:
        needed = set().union(*(program.closure(mismatch.label) for mismatch in open_ones))
        left = {mismatch.signature: mismatch for mismatch in open_ones}
        tries = {one.digest: one for one in (program.only(needed), program)}
        for tried in tries.values():
            for signature, shown in self._all_shown(tried, list(left.values())).items():
                del left[signature]
                self._keep_short(shown)
            if not left:
                return
        for signature, mismatch in left.items():
            self._open.pop(signature, None)
            self._doubtful.add(signature)
            self._must_be_well(mismatch)
            self.report.notes.append(
                f"not reproducible, so not counted: {self._where(mismatch.operation)}, "
                f"{mismatch.kind} {mismatch.at}: {mismatch.real}, the mock {mismatch.mock}"
            )

    def _keep_short(self, shown: Shown) -> None:
        """Keep a confirmed mismatch, with the shortest program that shows the first of its kind."""
        program, mismatch, _ = shown
        self._open.pop(mismatch.signature, None)
        outcomes = ("", "")
        if mismatch.kind in ("status", "validation"):
            outcomes = mismatch.real[:3], mismatch.mock[:3]
        cause = (mismatch.kind, mismatch.at.rpartition(".")[2], *outcomes)
        self._causes[cause] += 1
        if self.shorten and self._causes[cause] <= SHORTENED:
            needed = program.only(program.closure(mismatch.label))
            if len(needed.steps) < len(program.steps):
                shown = self._shows(needed, mismatch) or shown
            if len(shown[0].steps) > SHORT:
                shown = self._shortened(shown)
        self.keep(shown)

    def _must_be_well(self, mismatch: Mismatch) -> None:
        """Raises CannotJudge for an intermittent server error."""
        if _is_crash(mismatch):
            raise CannotJudge(
                f"{self.real.target.url} is unstable: {self._where(mismatch.operation)} "
                f"sometimes returns {mismatch.real[:3]}; check its log, and try again"
            )

    def _always(self, program: Program, mismatch: Mismatch) -> bool:
        """Whether the same step shows it in two further runs, of what it needs or of all steps."""
        for tried in (program.only(program.closure(mismatch.label)), program):
            shown = (self._shows(tried, mismatch) for _ in range(2))
            if all(found is not None and found[1].label == mismatch.label for found in shown):
                return True
        return False

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


def _needed(shown: Shown) -> int:
    """The number of steps that a mismatch needs at least."""
    return len(shown[0].closure(shown[1].label))


def _is_crash(mismatch: Mismatch) -> bool:
    return not mismatch.at and mismatch.real.startswith("5")
