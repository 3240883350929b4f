"""Scenarios: the paths that a job and its children can take through their lifecycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

import orjson

from mockserver.engine.api import Api
from mockserver.engine.jobs import Lifecycle
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import dump
from mockserver.engine.world import World
from mockserver.errors import BadRequest, Conflict, NotFound
from mockserver.inference.words import tokens
from mockserver.records import dataclass

Way = tuple[tuple[str, float], ...]
"""The states after the first, and how many seconds after the beginning each is entered."""

STEP = 5.0
LATE = 3600.0


@dataclass(frozen=True)
class Scenario:
    """The path of each child by its index; further children follow the last one."""

    name: str
    ways: tuple[Way, ...]

    @property
    def __name__(self) -> str:
        # pytest names a parameter by its `__name__`.
        return self.name

    def way(self, place: int) -> Way:
        return self.ways[min(place, len(self.ways) - 1)]


def scenarios_of(lifecycle: Lifecycle, *, children: bool) -> list[Scenario]:
    """Every path through the table once; with `children`, for one child and for all of them.

    The first transition of a state is the usual one.
    """
    usual = _timed(_usual(lifecycle))
    found = [Scenario("as-usual", (usual,))]
    for states in _ways(lifecycle, (lifecycle.initial,)):
        way = _timed(states)
        if way == usual:
            continue
        name = _name(lifecycle, states)
        found.append(Scenario(f"all-{name}" if children else name, (way,)))
        if children:
            found.append(Scenario(f"one-{name}", (way, usual)))
    late = tuple((state, at + LATE) for state, at in usual)
    found.append(Scenario("all-late" if children else "late", (late,)))
    if children:
        found.append(Scenario("one-late", (late, usual)))
        backwards = tuple(_timed(_usual(lifecycle), STEP * slow) for slow in (5, 4, 3, 2, 1))
        found.append(Scenario("out-of-order", backwards))
    return found


def _usual(lifecycle: Lifecycle) -> tuple[str, ...]:
    states = [lifecycle.initial]
    while lifecycle.moves[states[-1]]:
        states.append(lifecycle.moves[states[-1]][0])
    return tuple(states)


def _ways(lifecycle: Lifecycle, begun: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Each path from here, and staying here forever. No state is passed twice."""
    yield begun
    for state in lifecycle.moves[begun[-1]]:
        if state not in begun:
            yield from _ways(lifecycle, (*begun, state))


def _timed(states: tuple[str, ...], step: float = STEP) -> Way:
    return tuple((state, step * place) for place, state in enumerate(states) if place)


def _name(lifecycle: Lifecycle, states: tuple[str, ...]) -> str:
    last, before = (state.replace("_", "-").lower() for state in (states[-1], states[-2:][0]))
    if not lifecycle.is_terminal(states[-1]):
        return f"stuck-{last}"
    return f"{last}-while-{before}"


@dataclass(eq=False)
class Waiting:
    """The scenarios of a tenant's next jobs, and why the last job got none of them."""

    queue: list[Scenario | str] = field(default_factory=list)
    passed_over: str = ""

    def follow(self, api: Api, world: World, reply: Reply) -> None:
        """Apply the next scenario to the job that this reply started, if it started one that can
        follow it."""
        try:
            if follow(self.queue[0], api, world, reply):
                self.queue.pop(0)
                self.passed_over = ""
        except (Conflict, BadRequest) as refusal:
            self.passed_over = f"{self} was not applied to this job: {refusal.message}"

    def __str__(self) -> str:
        scenario = self.queue[0]
        return f"follow({_called(scenario)!r})"


def _called(scenario: Scenario | str) -> str:
    return scenario if isinstance(scenario, str) else scenario.name


def follow(scenario: Scenario | str, api: Api, world: World, reply: Reply) -> bool:
    """Apply the scenario to the job that was just started; False if the reply has none.

    Raises Conflict or BadRequest if that job can't follow it.
    """
    if api.jobs.steer is None or not 200 <= reply.status < 300 or isinstance(reply.body, bytes):
        return False
    for jobs in _jobs(orjson.loads(dump(reply.body))):
        try:
            for place, job in enumerate(jobs):
                api.jobs.steer(world, job, _order(scenario, place))
        except NotFound:
            continue  # these are parts of something else
        return True
    return False


def _order(scenario: Scenario | str, place: int) -> dict[str, Any]:
    if isinstance(scenario, str):
        return {"outcome": scenario, "after": STEP}
    return {"schedule": [[state, seconds] for state, seconds in scenario.way(place)]}


def _jobs(body: Any) -> Iterator[list[str]]:
    """The ids in a reply that may be jobs: those of its children, its own, then those of its parts
    (`{"data": {"id": ...}}`)."""
    if not isinstance(body, Mapping):
        return
    for value in body.values():
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            ids = [own for each in value for own in _id(each)]
            if ids:
                yield ids
    own = _id(body)
    if own:
        yield own
    for value in body.values():
        yield from _jobs(value)


def _id(job: Mapping[str, Any]) -> list[str]:
    """The id of a job: its `id`, or its only property that is called an id (`job_id`)."""
    names = [name for name in job if tokens(name)[-1:] == ("id",)]
    name = "id" if "id" in job else names[0] if len(names) == 1 else ""
    value = job.get(name)
    return [str(value)] if isinstance(value, str | int) and not isinstance(value, bool) else []
