"""What the mock's jobs have done at any time: how their statuses go, and how they look in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .model import STATUS_NAMES, Json, Run
from .pairs import kind_of
from .side import OPEN, objects


def status_name(value: Mapping[str, Json]) -> str:
    """The name of the field that says how far a thing is, or ""."""
    return next((name for name in STATUS_NAMES if isinstance(value.get(name), str)), "")


@dataclass
class Jobs:
    """`ways` are steps from one status to another, `looks` status, field and kind of value."""

    ways: set[tuple[str, str]] = field(default_factory=set)
    looks: set[tuple[str, str, str]] = field(default_factory=set)

    def hear(self, run: Run) -> None:
        self.ways |= {(before, after) for _, before, after in run.edges if before}
        for seen in run:
            for _, node in objects(seen.value):
                name = status_name(node)
                if name and "id" in node:
                    self.looks |= {(node[name], k, kind_of(v)) for k, v in node.items()}

    def may_be(self, state: Json, other: str, intent: str) -> bool:
        """Whether a job can have the other status where one of the mock has this: it is further on,
        or, if it was only waited for, it has ended in another way, as some job of the mock has."""
        if not isinstance(state, str):
            return False
        ended = intent == "settle" and not OPEN.match(state) and not OPEN.match(other)
        known = any(after == other for _, after in self.ways)
        return leads(self.ways, state, other) or (ended and known)

    def has_looked(self, value: Mapping[str, Json], name: str) -> bool:
        """Whether a job of this status has had such a value there. Only for statuses that move."""
        status = value.get(status_name(value))
        moving = any(status in way for way in self.ways)
        return moving and (status, name, kind_of(value[name])) in self.looks


def leads(ways: set[tuple[str, str]], start: str, end: str) -> bool:
    found, todo = {start}, [start]
    while todo:
        state = todo.pop()
        for before, after in ways:
            if before == state and after not in found:
                found.add(after)
                todo.append(after)
    return end in found


def strange_steps(
    real: Run, mocks: Sequence[Run], ways: set[tuple[str, str]]
) -> Iterator[tuple[str, str, str, Sequence[str]]]:
    """Steps from status to status that no job of the mock has ever taken, of things that move in
    the mock, too: what takes them, before, after, and what comes after that in the mock."""
    moving = {kind for run in mocks for kind, _, _ in run.edges}
    for kind, before, after in sorted(real.edges):
        if kind in moving and before and not leads(ways, before, after):
            yield kind, before, after, sorted({b for a, b in ways if a == before})
