"""A run with children: schedules, a derived status, cancel, retry.

A child is a row with a `schedule`, and two fields derived from it for filters: `outcome`, the state
it is planned to end in, and `open`, true until its end has passed and has been recorded
(`settled`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from mockserver.engine.jobs.schedule import Lifecycle, Schedule, cut, state_at
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row
from mockserver.errors import BadRequest
from mockserver.records import dataclass

Quantifier = Literal["all", "any"]


@dataclass(frozen=True, eq=False)
class Derivation:
    """The status of a batch from the states of its children, as a table; the first line that holds
    counts.

    A line is `(all | any, states, result)`; `otherwise` is the result when none holds.
    """

    lines: tuple[tuple[Quantifier, frozenset[str], str], ...]
    otherwise: str

    def of(self, states: Iterable[str]) -> str:
        seen = set(states)
        for quantifier, wanted, result in self.lines:
            if seen and (seen <= wanted if quantifier == "all" else not seen.isdisjoint(wanted)):
                return result
        return self.otherwise


def scheduled(row: Row, schedule: Schedule, lifecycle: Lifecycle) -> dict[str, Any]:
    """The row with another schedule and the fields derived from it."""
    last = schedule[-1][0]
    ends = lifecycle.is_terminal(last)
    return {**row, "schedule": schedule, "outcome": last if ends else None, "open": True}


def is_open(row: Row, lifecycle: Lifecycle, now: int) -> bool:
    """Whether a child can still change."""
    return bool(row["open"]) and not lifecycle.is_terminal(state_at(row["schedule"], now))


def open_rows(rows: Iterable[Row], lifecycle: Lifecycle, now: int) -> list[Row]:
    """The children that can still change."""
    return [row for row in rows if row["open"] and is_open(row, lifecycle, now)]


def cancelled(row: Row, lifecycle: Lifecycle, now: int, state: str = "cancelled") -> dict[str, Any]:
    """An open child, ended in `state` now."""
    stopped = scheduled(row, cut(row["schedule"], state, now), lifecycle)
    stopped["open"] = False
    return stopped


def settled(row: Row) -> dict[str, Any]:
    """A child whose end has passed."""
    return {**row, "open": False}


def latest(children: Iterable[Row], slot: str = "slot") -> Iterator[Row]:
    """The last attempt of each slot, in slot order; children come oldest first."""
    attempts: dict[Any, Row] = {}
    for child in children:
        attempts[child[slot]] = child
    return iter(attempts.values())


def steering(order: Mapping[str, Any], outcomes: Sequence[str]) -> tuple[Any, float]:
    """`{"outcome": ..., "after": seconds}` as (outcome, seconds). Raises BadRequest for anything
    else."""
    outcome, after = order.get("outcome"), order.get("after", 0)
    if isinstance(outcome, str) and outcome not in outcomes:
        raise BadRequest(f"it can't end as {outcome!r}; its outcomes are {', '.join(outcomes)}")
    if outcome not in outcomes or order.keys() - {"outcome", "after"}:
        raise BadRequest(f'give {{"outcome": one of {", ".join(outcomes)}, "after": SECONDS}}')
    if isinstance(after, bool) or not isinstance(after, int | float) or not 0 <= after < 1e9:
        raise BadRequest(f"after takes seconds from 0 on, not {after!r}")
    return outcome, after


def read_schedule(
    order: Mapping[str, Any], row: Row, lifecycle: Lifecycle, now: int
) -> list[list[Any]]:
    """`{"schedule": [[state, seconds from now], ...]}`, appended to a child's past.

    Raises BadRequest for a transition that the table lacks, or one that is not later than the last.
    """
    steps = order["schedule"]
    planned = [list(step) for step in row["schedule"] if step[1] <= now]
    if order.keys() - {"schedule"} or not isinstance(steps, list):
        raise BadRequest('give {"schedule": [[STATE, SECONDS], ...]} alone')
    for step in steps:
        if not isinstance(step, list) or len(step) != 2:
            raise BadRequest(f"a step is [STATE, SECONDS], not {step!r}")
        state, after = step
        if isinstance(after, bool) or not isinstance(after, int | float) or not 0 <= after < 1e9:
            raise BadRequest(f"a step takes seconds from 0 on, not {after!r}")
        if not isinstance(state, str) or not lifecycle.allows(planned[-1][0], state):
            raise BadRequest(f"{planned[-1][0]} is not followed by {state!r}")
        at = now + seconds(after)
        if at < planned[-1][1]:
            raise BadRequest(f"{state} comes before {planned[-1][0]}")
        planned.append([state, at])
    return planned
