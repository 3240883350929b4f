"""Jobs for observers: which exist, their past, and their future.

A schedule includes the future, so an observer can see where a job is going before it gets there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import nlargest
from typing import Any

from mockserver.engine.jobs.batches import Derivation, latest
from mockserver.engine.jobs.schedule import Lifecycle, state_at
from mockserver.engine.timestamps import LATEST, SECOND, render
from mockserver.engine.world import Row, World
from mockserver.inference.states import kind_of
from mockserver.records import dataclass

# Lifecycles as Mermaid state diagrams, for the documentation.


def diagram(lifecycle: Lifecycle) -> str:
    """The table as a diagram; arrows are labelled with the cause of the transition."""
    lines = ["stateDiagram-v2", f"  [*] --> {lifecycle.initial}"]
    for before, following in lifecycle.moves.items():
        for after in following:
            cause = lifecycle.names.get((before, after))
            lines.append(f"  {before} --> {after}" + (f": {cause}" if cause else ""))
    lines += [f"  {state} --> [*]" for state in lifecycle.moves if lifecycle.is_terminal(state)]
    return "\n".join(lines)


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
