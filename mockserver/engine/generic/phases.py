"""How a job looks in each phase of its life: what its schedule says of its other properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.contract.flat import Flat
from mockserver.contract.schemas import Schemas
from mockserver.engine.branches import may_be_null
from mockserver.engine.dice import Dice
from mockserver.engine.generic.roles import stamp
from mockserver.engine.instants import SECOND
from mockserver.engine.schedule import entered, state_at
from mockserver.engine.values import Values
from mockserver.errors import ContractError, ReplyError
from mockserver.plan.model import Resource, States
from mockserver.plan.naming import tokens

_TRIES = 4
_LASTS = 7 * 24 * 3600 * SECOND
"""How long what a job has made is there, if it expires."""

Outcome = Mapping[str, Mapping[str, Any]]


def outcome_of(values: Values, resource: Resource, dice: Dice) -> dict[str, dict[str, Any]]:
    """What a job will say of its results if it succeeds, of what went wrong if it fails, of who
    cancelled it: `{"results": {...}, "faults": {...}, "cancels": {...}}`."""
    states = resource.states
    if states is None or not resource.schema:
        return {}
    groups = {"results": states.results, "faults": states.faults, "cancels": states.cancels}
    found = {}
    for group, names in groups.items():
        made = {name: _made(values, resource, dice.child(group), name) for name in names}
        if made:
            found[group] = {name: value for name, value in made.items() if value is not None}
    return found


def _made(values: Values, resource: Resource, dice: Dice, name: str) -> Any:
    pointer = values.schemas.place(resource.schema, name)
    for attempt in range(_TRIES if pointer is not None else 0):
        assert pointer is not None
        # Under its own name an `error` is mostly null.
        called = "" if attempt else name
        try:
            value = values.make(
                pointer, dice.child(name, attempt), name=called, owner=resource.noun
            )
        except (ReplyError, ContractError):
            return None
        if value not in (None, "", [], {}):
            return value
    return None


class Phases:
    """What follows from a schedule and the time for one kind of job."""

    def __init__(self, schemas: Schemas, flat: Flat, states: States) -> None:
        self._schemas = schemas
        self._flat = flat
        self._states = states
        self._ending = states.terminal
        after = (*states.active, *states.success, *states.failure)
        self._moments: dict[str, frozenset[str]] = {}
        for name, entering in ((states.started, after), (states.ended, self._ending)):
            if name:
                self._moments[name] = frozenset(entering)
        for name in (*states.faults, *states.cancels):
            if tokens(name)[-1:] in (("at",), ("time",), ("on",)):
                kind = states.failure if name in states.faults else states.cancelled
                self._moments[name] = frozenset(kind)

    def at(self, schedule: Sequence[Sequence[Any]], now: int, outcome: Outcome) -> dict[str, Any]:
        """The state, the moments, the progress and the outcome. What can't be said yet is None
        where it may be null or missing, and as it was where it must be there."""
        states = self._states
        state = state_at(schedule, now)
        run = self._run(schedule, now)
        found: dict[str, Any] = {states.name: state}
        if outcome:
            for group, names, kinds in (
                ("results", states.results, states.success),
                ("faults", states.faults, states.failure),
                ("cancels", states.cancels, states.cancelled),
            ):
                said = outcome.get(group, {})
                for name in names:
                    lacking = self._may_lack(name)
                    if name in said and (state in kinds or not lacking):
                        found[name] = said[name]
                    elif lacking:
                        found[name] = None
        for name, entering in self._moments.items():
            at = entered(run, entering, now)
            if at is not None:
                found[name] = stamp(self._schemas, name, self._flat.properties[name], at)
            elif self._may_lack(name):
                found[name] = None
        ended = entered(run, self._ending, now)
        if outcome and ended is not None:
            found.update(self._expiry(found, ended))
        if states.progress and outcome:
            found[states.progress] = self._progress(run, now, state)
        return found

    def finished(self, outcome: Outcome, ended: int) -> dict[str, Any]:
        """What a job that has succeeded says of its results, of what did not happen, and of its
        progress."""
        lacking = (*self._states.faults, *self._states.cancels)
        found: dict[str, Any] = {name: None for name in lacking if self._may_lack(name)}
        found.update(outcome.get("results", {}))
        found.update(self._expiry(found, ended))
        if self._states.progress:
            found[self._states.progress] = self._bounds()[1]
        return found

    def _expiry(self, found: Mapping[str, Any], ended: int) -> dict[str, Any]:
        """Until when the results are there."""
        return {
            name: stamp(self._schemas, name, self._flat.properties[name], ended + _LASTS)
            for name in self._states.results
            if "expires" in tokens(name) and found.get(name) is not None
        }

    def _run(self, schedule: Sequence[Sequence[Any]], now: int) -> Sequence[Sequence[Any]]:
        """The steps since it was last begun: a job that is tried again has not ended yet."""
        begun = 0
        for index, (_, at) in enumerate(schedule):
            if at <= now and index and schedule[index - 1][0] in self._ending:
                begun = index
        return schedule[begun:]

    def _may_lack(self, name: str) -> bool:
        schema = self._flat.properties[name]
        return name not in self._flat.required or may_be_null(self._schemas, schema)

    def _bounds(self) -> tuple[Any, Any]:
        """Where progress begins and ends; a hundredth is one if nothing is said."""
        rules = self._schemas.flat(self._flat.properties[self._states.progress]).rules
        return rules.get("minimum", 0), rules.get("maximum", 100)

    def _progress(self, run: Sequence[Sequence[Any]], now: int, state: str) -> Any:
        """How far it is: by the time that it will take, half if it ended before."""
        low, most = self._bounds()
        if state in self._states.success:
            return most
        working = frozenset(self._states.active) or frozenset(self._states.initial)
        begun = entered(run, working, now)
        if begun is None:
            return low
        end = int(run[-1][1])
        share = (now - begun) / (end - begun) if state not in self._ending and end > now else 0.5
        value = low + (most - low) * share
        whole = "integer" in self._schemas.flat(self._flat.properties[self._states.progress]).types
        return int(value) if whole else round(value, 2)
