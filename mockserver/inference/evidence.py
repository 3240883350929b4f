"""The table of evidence: how much each fact counts for each reading of an operation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mockserver.inference.model import Action, Because
from mockserver.inference.operations import Facts

WEIGHTS = {
    "plain": 8,  # the path is the resource's own, and the method says the rest
    "collection": 6,  # ... and it is where entities of it are made
    "sure": 12,  # nothing weighs as much as what weighs more
    "removal": 5,  # DELETE of the path of one
    "deletes": 4,  # ... and the text says so
    "posted": 3,  # POST to the path of one
    "sends": 3,  # ... with properties of it in the body
    "part": 2,  # something beneath one
    "word": 4,  # the path ends in a verb
    "colon": 6,  # ... behind a colon
    "operation": 2,  # the operationId says the verb
    "summary": 2,  # the summary begins with it
    "answers": 2,  # the answer is the entity
    "changes": 2,  # the entity has a state or a flag that the verb leads to
    "sets": 5,  # the body says the new value of a property
    "bodiless": 1,  # nothing is sent
    "far": -1,  # the path goes on between the entity and the verb
    "no_effect": -5,  # nothing that a client could see
    "named": 5,  # the answer tells the id of another entity
    "shown": 5,  # the answer is another entity
    "new": 2,  # the answer is 201 or 202
    "works": 1,  # the other one is a job
    "copies": 3,  # the verb makes another one of the kind
}
"""What speaks for a reading of an operation, and against it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One possible reading of an operation, and its evidence."""

    weight: int
    action: Action


class Maker(Protocol):
    """Makes the action of a reading."""

    def __call__(
        self, facts: Facts, kind: Any, why: str, sure: Any = ..., **more: Any
    ) -> Action: ...


def weight_of(evidence: Iterable[str]) -> int:
    """The total weight of this evidence."""
    return sum(WEIGHTS[name] for name in evidence)


def reasons(readings: list[Reading]) -> tuple[Reading, str | None]:
    """The best reading, with the runner-up in words."""
    ranked = sorted(readings, key=lambda reading: -reading.weight)
    best = ranked[0]
    for other in ranked[1:]:
        if _same_deed(best.action, other.action) or other.weight <= 1:
            continue
        text = f"{other.action.kind} {other.action.resource or ''}".strip()
        return best, f"{text} ({best.weight} against {other.weight})"
    return best, None


def _same_deed(one: Action, other: Action) -> bool:
    return (one.kind, one.resource) == (other.kind, other.resource)


def unsure(action: Action) -> Action:
    """The action, marked as a guess."""
    first, *rest = action.because
    return replace(action, because=(Because(first.text, "guess"), *rest))
