"""Programs that are a little less than a given one, and may still show the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from mockserver.verify.target import PLACEHOLDER

from .model import MISSING, REFERENCE, Json, Program, Step


def cuts(program: Program, label: int) -> list[Program]:
    """The step with what it needs; with one step more before it; all up to it."""
    needs = program.closure(label)
    before = [s for s in program.steps if s.label < label and s.label not in needs]
    found = [program.only(needs)]
    found += [program.only(needs | program.closure(s.label)) for s in reversed(before[-6:])]
    found.append(program.only({s.label for s in program.steps if s.label <= label}))
    return list({cut.digest: cut for cut in found}.values())


def smaller(program: Program, label: int) -> Iterator[Program]:
    """The boldest first. `label` is the step that shows the difference, and stays."""
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
    """The step alone, with ids that name nothing: enough if it is about what is not there."""
    step = next(s for s in program.steps if s.label == label)
    if any(REFERENCE.search(value) for value in step.path.values()):
        path = {k: PLACEHOLDER if REFERENCE.search(v) else v for k, v in step.path.items()}
        changed = _replaced(program, replace(step, path=path))
        yield changed.only(changed.closure(label))


def _with_less_in_bodies(program: Program, label: int) -> Iterator[Program]:
    """Fields that name other things are left out, and so is making those."""
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
    """Without what only the left-out fields needed."""
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
