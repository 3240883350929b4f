"""Programs that use what is there already, in place of what they would make: they are shorter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .knowledge import Knowledge
from .model import MISSING, Program, Step
from .shorten import without_idle

Json = Any


def borrowed(program: Program, label: int, knowledge: Knowledge) -> Iterator[Program]:
    """Each thing that is only built upon may be the first of its list: it need not be made, nor
    what only its making needs. The shortest come first.

    What a step is about is never borrowed: others' things are not changed, and two worlds' things
    say nothing when they are compared.
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
    """The program with a list's first row in place of what a step makes; None if it can't be."""
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
    """Whether another step is about the thing itself, and does not just make something below it."""
    creations = {r.create for r in knowledge.makeable}
    return any(
        other.operation not in creations
        and other.path
        and list(other.path.values())[-1].startswith(_start(step.label))
        for other in program.steps
    )


def _start(label: int, *row: str | int) -> str:
    """How every reference to a reply begins, or to a row in it."""
    return "{{" + ".".join(map(str, (label, *row))) + "."


def _pointed(step: Step, label: int, row: tuple[str | int, ...]) -> Step:
    """A step whose references to the reply to a creation lead to the row of the list."""

    def moved(value: Json) -> Json:
        return json.loads(json.dumps(value).replace(_start(label), _start(label, *row)))

    return replace(
        step,
        path=moved(dict(step.path)),
        query=moved(dict(step.query)),
        headers=moved(dict(step.headers)),
        body=MISSING if step.body is MISSING else moved(step.body),
    )
