"""Which moments of a thing a name speaks of: that it is made, or that it enters a state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from mockserver.plan.lifecycle import kind_of
from mockserver.plan.model import CREATED, States
from mockserver.plan.naming import bag, tokens
from mockserver.plan.verbs import OUTCOMES, outcome

_CREATED = bag("created create new added add submitted received")
_CHANGED = bag("updated update changed change status state progress")
_ENDED = bag("ended finished done settled")
_REMOVED = bag("deleted removed destroyed")
_SAID, _ALIKE, _END, _CHANGE = range(4)


@dataclass
class Ranks:
    """The moments that a name speaks of; the lower the number, the more closely."""

    ranks: dict[str, int] = field(default_factory=dict)
    removed: bool = False

    def add(self, moments: Iterable[str], rank: int) -> None:
        for moment in moments:
            self.ranks[moment] = min(rank, self.ranks.get(moment, rank))

    def closest(self) -> frozenset[str]:
        """The states that it speaks of most closely, and that the thing is made."""
        least = min((r for m, r in self.ranks.items() if m != CREATED), default=0)
        return frozenset(m for m, rank in self.ranks.items() if m == CREATED or rank == least)


def read(name: str, noun: Collection[str], states: States | None) -> Ranks:
    """What a name (`render.timed_out`) says of a thing with this noun and these states."""
    rest = [word for word in tokens(name) if word not in noun]
    words = {*rest, "_".join(rest)}
    found = Ranks(removed=bool(words & _REMOVED))
    every = _all(states)
    said = [state for state in every if {*tokens(state)} <= words]
    found.add(said, _SAID)
    if states is not None:
        if not said:
            found.add(_alike(words - _ENDED, every), _ALIKE)
            if words & _ENDED:
                found.add(states.terminal, _END)
        if words & _CHANGED:
            found.add(every[len(states.initial) :], _CHANGE)
        if set(said) & set(states.initial):
            # It begins there.
            found.add([CREATED], _ALIKE)
    if words & _CREATED and not set(said) - set(states.initial if states else ()):
        found.add([CREATED], _SAID)
    return found


def best(said: Mapping[str, Ranks], states: States | None) -> dict[str, str]:
    """For each moment the value that says it most closely; moments that none says are left out."""
    found: dict[str, tuple[int, str]] = {}
    for value, read_ in said.items():
        for moment, rank in read_.ranks.items():
            if moment not in found or rank < found[moment][0]:
                found[moment] = rank, value
    if states is not None:
        ill = {*states.failure, *states.cancelled}
        if any(rank <= _ALIKE for moment, (rank, _) in found.items() if moment in ill):
            # Beside `job.failed`, `job.finished` means that all went well.
            found = {m: (r, v) for m, (r, v) in found.items() if not (m in ill and r == _END)}
    return {moment: value for moment, (_, value) in found.items()}


def _alike(words: set[str], states: tuple[str, ...]) -> set[str]:
    """The states that are named by another word for the same."""
    kinds = {kind_of(word) for word in words} & {"success", "failure", "cancelled", "active"}
    found = {state for state in states if kind_of(state) in kinds}
    led = {outcome(word, states) for word in words if word in OUTCOMES}
    return found | {state for state in led if state is not None}


def _all(states: States | None) -> tuple[str, ...]:
    if states is None:
        return ()
    return (*states.initial, *states.active, *states.success, *states.failure, *states.cancelled)
