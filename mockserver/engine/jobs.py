"""A job is stored as a schedule: the states it will pass, and when.

Its state is a function of the schedule and the time, so reads change nothing, nothing runs in the
background, and a cancel truncates the schedule. In a row, a schedule is a list of `[state,
instant]`, starting with the creation. It includes the future, so an observer can see where a job
is going before it gets there.

A run with children has a status derived from them. A child is a row with a `schedule`, and two
fields derived from it for filters: `outcome`, the state it is planned to end in, and `open`, true
until its end has passed and has been recorded (`settled`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from heapq import nlargest
from typing import Any, Literal

from mockserver.engine.timestamps import LATEST, SECOND, render, seconds
from mockserver.engine.world import Row, World
from mockserver.errors import BadRequest
from mockserver.inference.states import kind_of
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


def cancelled(row: Row, lifecycle: Lifecycle, now: int) -> dict[str, Any]:
    """An open child, cancelled now."""
    stopped = scheduled(row, cut(row["schedule"], "cancelled", now), lifecycle)
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


# Single jobs are searched in this many of the newest rows.
MOST_ROWS = 500
# An integer from here on is an instant: 1973, in microseconds.
_EARLIEST = 100_000_000 * SECOND


def no_name(world: World, row: Row) -> str:
    """The name of a job without one."""
    return ""


@dataclass(frozen=True, eq=False)
class JobKind:
    """The jobs of one collection, for observers.

    A row is a job if it has a `schedule`, or if its parts have, which `parts` lists. Rows whose
    field `of` names a row of the collection `batch` are its children, which it may also list itself
    (`ids`). `status` derives the state of a batch, or of a job with parts, from the children's;
    `slot` groups their attempts. `noun` is the name of one job, `batch_noun` that of a batch.
    """

    collection: str
    noun: str
    terminal: frozenset[str]
    batch: str = ""
    batch_noun: str = ""
    of: str = ""
    ids: str = ""
    slot: str = ""
    status: Derivation | None = None
    parts: Callable[[World, Row], Iterable[Row]] | None = None
    name: Callable[[World, Row], str] = no_name
    batch_name: Callable[[World, Row], str] = no_name


def jobs_of(world: World, kinds: Iterable[JobKind], limit: int) -> list[dict[str, Any]]:
    """The newest jobs first: batches with their children, and single jobs."""
    found: list[tuple[int, dict[str, Any]]] = []
    for kind in kinds:
        if kind.batch:
            for row in _first(world[kind.batch].scan(newest_first=True), limit):
                found.append((row["created_at"], _batch(world, kind, row)))
        rows = _first(world[kind.collection].scan(newest_first=True), max(limit, MOST_ROWS))
        alone = (row for row in rows if not (kind.of and row[kind.of]))
        jobs = (job for row in alone if (job := _job(world, kind, row)) is not None)
        found.extend(_first(jobs, limit))
    return [job for _, job in nlargest(limit, found, key=lambda pair: pair[0])]


def _first(rows: Iterator[Any], most: int) -> Iterator[Any]:
    return (row for row, _ in zip(rows, range(most), strict=False))


def _batch(world: World, kind: JobKind, row: Row) -> dict[str, Any]:
    rows = _children(world, kind, row)
    current = latest(rows, kind.slot) if kind.slot else rows
    assert kind.status is not None
    state = kind.status.of(state_at(child["schedule"], world.now) for child in current)
    children = [_shown(kind, child, world, kind.name(world, child)) for child in rows]
    return {
        "id": row["id"],
        "kind": kind.batch_noun,
        "name": kind.batch_name(world, row),
        "created": render(row["created_at"]),
        "state": state,
        "role": kind_of(state),
        "open": any(child["open"] for child in children),
        "schedule": [],
        "children": children,
    }


def _children(world: World, kind: JobKind, row: Row) -> list[Row]:
    rows = world[kind.collection]
    if kind.ids:
        return [child for key in row[kind.ids] if (child := rows.get(key)) is not None]
    return list(rows.scan(**{kind.of: row["id"]}))


def _job(world: World, kind: JobKind, row: Row) -> tuple[int, dict[str, Any]] | None:
    """The job in a row and its time of creation; None if the row is no job."""
    if kind.parts is None:
        if "schedule" not in row:
            return None
        made = int(row["schedule"][0][1])
        shown = _shown(kind, row, world, kind.name(world, row))
        return made, {**shown, "kind": kind.noun, "created": render(made), "children": []}
    parts = list(kind.parts(world, row))
    made = int(parts[0]["schedule"][0][1])
    assert kind.status is not None
    begun = [part for part in parts if part["schedule"][0][1] <= world.now] or parts[:1]
    state = kind.status.of(state_at(part["schedule"], world.now) for part in begun)
    return made, {
        "id": row["id"],
        "kind": kind.noun,
        "name": kind.name(world, row),
        "created": render(made),
        "state": state,
        "role": kind_of(state),
        "open": state not in kind.terminal,
        "schedule": [],
        "children": [_shown(kind, part, world, part["name"]) for part in parts],
    }


def _shown(kind: JobKind, row: Row, world: World, name: str) -> dict[str, Any]:
    state = state_at(row["schedule"], world.now)
    return {
        "id": row["id"],
        "name": name,
        "state": state,
        "role": kind_of(state),
        "open": state not in kind.terminal,
        "schedule": [
            {"state": step, "role": kind_of(step), "at": render(at), "last": step in kind.terminal}
            for step, at in row["schedule"]
        ],
    }


def shown_row(row: Mapping[str, Any], now: int) -> dict[str, Any]:
    """A row for people: timestamps as text, and the current state of a job."""
    shown = {name: _spelt(value) for name, value in row.items()}
    if isinstance(row.get("schedule"), list) and row["schedule"]:
        shown["schedule"] = [[state, render(at)] for state, at in row["schedule"]]
        shown = {"state now": state_at(row["schedule"], now), **shown}
    return shown


def _spelt(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _spelt(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_spelt(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and _EARLIEST <= value <= LATEST:
        return render(value)
    return value
