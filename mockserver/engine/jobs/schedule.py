"""A job is stored as a schedule: the states it will pass, and when.

Its state is a function of the schedule and the time, so reading changes nothing, nothing
runs in the background, and a cancel cuts the schedule. In a row a schedule is a list of
`[state, instant]`, the first being the creation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Schedule = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Lifecycle:
    """The states of one kind of job, and the moves between them: a table.

    `moves` maps each state to the states that may follow; one without any is terminal.
    `names` say what causes a move, for the documentation's diagrams.
    """

    name: str
    initial: str
    moves: Mapping[str, tuple[str, ...]]
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def is_terminal(self, state: str) -> bool:
        return not self.moves.get(state)

    @property
    def terminal(self) -> frozenset[str]:
        return frozenset(state for state, following in self.moves.items() if not following)

    def allows(self, before: str, after: str) -> bool:
        return after in self.moves.get(before, ())


def state_at(schedule: Schedule, now: int) -> str:
    """The state at `now`; the first one before its time."""
    state = schedule[0][0]
    for step in schedule:
        if step[1] > now:
            break
        state = step[0]
    return str(state)


def entered(schedule: Schedule, states: frozenset[str] | set[str], now: int) -> int | None:
    """When one of `states` was first entered, or None if that has not happened at `now`."""
    for state, at in schedule:
        if at > now:
            return None
        if state in states:
            return int(at)
    return None


def cut(schedule: Schedule, state: str, now: int) -> list[list[Any]]:
    """What has happened until now, and then `state` from now on."""
    return [*(list(step) for step in schedule if step[1] <= now), [state, now]]


def ends(schedule: Schedule) -> int:
    """When its last planned state is entered."""
    return int(schedule[-1][1])
