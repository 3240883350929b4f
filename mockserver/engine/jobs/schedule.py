"""A job is stored as a schedule: the states it will pass, and when.

Its state is a function of the schedule and the time, so reads change nothing, nothing runs in the
background, and a cancel truncates the schedule. In a row, a schedule is a list of `[state,
instant]`, starting with the creation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from mockserver.records import dataclass

Schedule = Sequence[Sequence[Any]]


@dataclass(frozen=True, eq=False)
class Lifecycle:
    """The states of one kind of job and the transitions between them, as a table.

    `moves` maps each state to its possible successors; a state without any is terminal. `names` are
    the causes of transitions, for diagrams.
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
    """The state at `now`; before the first one's time, the first."""
    state = schedule[0][0]
    for step in schedule:
        if step[1] > now:
            break
        state = step[0]
    return str(state)


def entered(schedule: Schedule, states: frozenset[str] | set[str], now: int) -> int | None:
    """When one of `states` was first entered; None if that hasn't happened by `now`."""
    for state, at in schedule:
        if at > now:
            return None
        if state in states:
            return int(at)
    return None


def cut(schedule: Schedule, state: str, now: int) -> list[list[Any]]:
    """The schedule up to now, then `state` from now on."""
    return [*(list(step) for step in schedule if step[1] <= now), [state, now]]


def ends(schedule: Schedule) -> int:
    """When the last planned state is entered."""
    return int(schedule[-1][1])
