"""Smaller variants of a program that may still show a difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import MISSING, REFERENCE, Json, Program, Step
from mockserver.verify.target import PLACEHOLDER


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
