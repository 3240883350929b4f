"""The table of evidence: how much each fact counts for each reading of an operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from mockserver.inference.model import Action
from mockserver.inference.operations import Facts
from mockserver.inference.paths import ANY, Steps, is_version
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.words import noun as noun_of
from mockserver.records import dataclass

# The entity that a path leads through, whatever follows it.


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The entity that a path names: its resource, and the number of path steps that lead to it."""

    resource: Resource
    length: int


class Targets:
    """Finds the entity that a path leads through: by the path of the resource, by that of another
    version, or by a collection whose items can't be fetched."""

    def __init__(
        self,
        items: Mapping[Steps, str],
        collections: Mapping[Steps, str],
        resources: Mapping[str, Resource],
    ) -> None:
        self._resources = resources
        self._items = dict(items)
        for steps, name in collections.items():
            self._items.setdefault((*steps, ANY), name)
        self._versionless: dict[Steps, set[str]] = {}
        self._nouns: dict[str, set[str]] = {}
        for steps, name in self._items.items():
            self._versionless.setdefault(_plain(steps), set()).add(name)
            if len(steps) > 1:
                self._nouns.setdefault(noun_of(steps[-2]), set()).add(name)

    def of(self, steps: Steps) -> str | None:
        """The resource whose entity is at these steps."""
        if not steps or steps[-1] != ANY:
            return None
        found = self._items.get(steps)
        if found is not None:
            return found
        for names in (
            self._versionless.get(_plain(steps), set()),
            self._nouns.get(noun_of(steps[-2]) if len(steps) > 1 else "", set()),
        ):
            if len(names) == 1:
                return next(iter(names))
            made = [name for name in names if self._resources[name].creatable]
            if len(made) == 1:
                return made[0]
        return None


def _plain(steps: Steps) -> Steps:
    return tuple(step for step in steps if step == ANY or not is_version(step))


WEIGHTS = {
    "plain": 8,  # the resource's own path, with a matching method
    "collection": 6,  # ... of a collection
    "sure": 12,  # heavier readings are certain
    "removal": 5,  # DELETE on an item's path
    "deletes": 4,  # ... and the description confirms it
    "posted": 3,  # POST to an item's path
    "sends": 3,  # ... with properties of it in the body
    "part": 2,  # a path below an item
    "word": 4,  # the path ends in a verb
    "colon": 6,  # ... behind a colon
    "operation": 2,  # the operationId contains the verb
    "summary": 2,  # the summary starts with the verb
    "answers": 2,  # the response is the entity
    "changes": 2,  # the entity has a state or a flag that the verb leads to
    "sets": 5,  # the body has the new value of a property
    "chosen": 8,  # the values of a property of the body are verbs
    "bodiless": 1,  # no request body
    "far": -1,  # there are steps between the entity and the verb
    "own": -5,  # what the path itself shows is written
    "no_effect": -5,  # no visible effect
    "named": 5,  # the response has the id of another entity
    "shown": 5,  # the response is another entity
    "new": 2,  # the response is 201 or 202
    "works": 1,  # the other one is a job
    "only": 1,  # ... that nothing else makes
    "receipt": 1,  # the response is little more than the id of what nothing else makes
    "several": 1,  # the path says that it is about several of a collection
    "copies": 3,  # the verb creates another entity of the kind
}
"""What speaks for a reading of an operation, and against it."""


@dataclass(frozen=True, slots=True, eq=False)
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
        if _same_effect(best.action, other.action) or other.weight <= 1:
            continue
        text = f"{other.action.kind} {other.action.resource or ''}".strip()
        return best, f"{text} (evidence {other.weight} to {best.weight})"
    return best, None


def _same_effect(one: Action, other: Action) -> bool:
    return (one.kind, one.resource) == (other.kind, other.resource)


def unsure(action: Action) -> Action:
    """The action, marked as a guess."""
    first, *rest = action.because
    return replace(action, because=(Because(first.text, "guess"), *rest))
