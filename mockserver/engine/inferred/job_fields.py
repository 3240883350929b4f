"""How a job looks in each phase of its life: what its schedule says of its other properties."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mockserver.engine.generation.unions import may_be_null
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.jobs.schedule import entered, state_at
from mockserver.engine.randomness import Dice
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import World, digest
from mockserver.errors import ContractError, ReplyError
from mockserver.inference.model import Resource, States
from mockserver.inference.words import tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas

_TRIES = 4
_LASTS = 7 * 24 * 3600 * SECOND
"""How long what a job has made is there, if it expires."""

_KEPT = 1024

Said = Mapping[str, Any]


def luck_of(world: World, *salt: object) -> str:
    """What the outcome of a job depends on, as its row keeps it."""
    return f"{world.now}:{digest(world.settings.seed, world.tenant, *salt).hex()}"


def said_of(values: Values, resource: Resource, names: Iterable[str], dice: Dice) -> Said:
    """What a job has to say under these names; those that can't be made are left out."""
    made = {name: _made(values, resource, dice, name) for name in names if resource.schema}
    return {name: value for name, value in made.items() if value is not None}


def _made(values: Values, resource: Resource, dice: Dice, name: str) -> Any:
    pointer = values.schemas.place(resource.schema, name) if resource.schema else None
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

    def __init__(self, schemas: Schemas, flat: Flat, resource: Resource, states: States) -> None:
        self._schemas = schemas
        self._flat = flat
        self._resource = resource
        self._states = states
        self._ending = states.terminal
        self._values: Values | None = None
        self._said: OrderedDict[tuple[str, str], Said] = OrderedDict()
        after = (*states.active, *states.success, *states.failure)
        moments = {states.started: frozenset(after), states.ended: frozenset(self._ending)}
        for name in (*states.faults, *states.cancels):
            if tokens(name)[-1:] in (("at",), ("time",), ("on",)):
                kinds = states.failure if name in states.faults else states.cancelled
                moments[name] = frozenset(kinds)
        self._moments = {name: kinds for name, kinds in moments.items() if name is not None}
        named = (*states.results, *states.faults, *states.cancels, *self._moments)
        self._may_lack = {name: self._lacks(name) for name in named}
        groups = (
            ("results", states.results, frozenset(states.success)),
            ("faults", states.faults, frozenset(states.failure)),
            ("cancels", states.cancels, frozenset(states.cancelled)),
        )
        self._groups = [
            (group, names, kinds, not all(self._may_lack[name] for name in names))
            for group, names, kinds in groups
            if names
        ]

    def use(self, values: Values) -> None:
        """Make what is said with these."""
        self._values = values

    def at(self, schedule: Sequence[Sequence[Any]], now: int, luck: str) -> dict[str, Any]:
        """The state, the moments, the progress and the outcome, which depends on the job's `luck`.
        What can't be said yet is None where it may be null or missing, and as it will be where it
        must be there."""
        states = self._states
        state = state_at(schedule, now)
        run = self._run(schedule, now)
        found: dict[str, Any] = {states.name: state}
        for group, names, kinds, needed in self._groups if luck else ():
            there = state in kinds
            said = self._outcome(group, names, luck) if there or needed else {}
            for name in names:
                lacking = self._may_lack[name]
                if name in said and (there or not lacking):
                    found[name] = said[name]
                elif lacking:
                    found[name] = None
        for name, entering in self._moments.items():
            at = entered(run, entering, now)
            if at is not None:
                found[name] = stamp(self._schemas, name, self._flat.properties[name], at)
            elif self._may_lack[name]:
                found[name] = None
        ended = entered(run, self._ending, now)
        if luck and ended is not None:
            found.update(self._expiry(found, ended))
        if states.progress and luck:
            found[states.progress] = self._progress(states.progress, run, now, state)
        return found

    def _outcome(self, group: str, names: Iterable[str], luck: str) -> Said:
        """What is said of the results, of what went wrong, or of who cancelled it."""
        said = self._said.get((group, luck))
        if said is None and self._values is not None:
            at = luck.partition(":")[0]
            dice = Dice(int(at), group, luck)
            said = said_of(self._values, self._resource, names, dice)
            self._said[group, luck] = said
            if len(self._said) > _KEPT:
                self._said.popitem(last=False)
        return said or {}

    def finished(self, results: Said, ended: int) -> dict[str, Any]:
        """What a job that has succeeded says of its results, of what did not happen, and of its
        progress."""
        lacking = (*self._states.faults, *self._states.cancels)
        found: dict[str, Any] = {name: None for name in lacking if self._may_lack[name]}
        found.update(results)
        found.update(self._expiry(found, ended))
        if self._states.progress:
            found[self._states.progress] = self._bounds(self._states.progress)[1]
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

    def _lacks(self, name: str) -> bool:
        schema = self._flat.properties[name]
        return name not in self._flat.required or may_be_null(self._schemas, schema)

    def _bounds(self, name: str) -> tuple[Any, Any]:
        """Where progress begins and ends; a hundredth is one if nothing is said."""
        rules = self._schemas.flat(self._flat.properties[name]).rules
        return rules.get("minimum", 0), rules.get("maximum", 100)

    def _progress(self, name: str, run: Sequence[Sequence[Any]], now: int, state: str) -> Any:
        """How far it is: by the time that it will take, half if it ended before."""
        low, most = self._bounds(name)
        if state in self._states.success:
            return most
        working = frozenset(self._states.active) or frozenset(self._states.initial)
        begun = entered(run, working, now)
        if begun is None:
            return low
        end = int(run[-1][1])
        share = (now - begun) / (end - begun) if state not in self._ending and end > now else 0.5
        value = low + (most - low) * share
        whole = "integer" in self._schemas.flat(self._flat.properties[name]).types
        return int(value) if whole else round(value, 2)
