"""The properties of a job in each phase, as they follow from its schedule."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from zlib import crc32

from mockserver.engine.generation.unions import may_be_null
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.consistency import StateCopies
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.inferred.schedules import with_state
from mockserver.engine.jobs import entered, state_at
from mockserver.engine.randomness import Rng
from mockserver.engine.timestamps import SECOND
from mockserver.engine.world import World, digest
from mockserver.errors import ContractError, ReplyError
from mockserver.inference.resource_model import Resource, States
from mockserver.inference.state_words import ASIDE
from mockserver.inference.states import kind_of, spelled
from mockserver.inference.words import bag, last_word, moment_stem, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

# The counts of a job: its parts, and how many of them are done.

_TOTAL = bag("total totals all overall")
_DONE = bag("completed complete processed finished done handled executed ended")
_GOOD = bag("succeeded successful success passed imported sent delivered accepted valid created")
_BAD = bag("failed failures failure errored errors error rejected invalid bounced expired")
_ACTIVE = bag("running processing progress active executing inprogress started")
_WAITING = bag("pending queued remaining waiting left outstanding todo scheduled")
_STOPPED = bag("cancelled canceled skipped aborted")
_ROLES = (
    ("total", _TOTAL), ("done", _DONE), ("good", _GOOD), ("bad", _BAD), ("active", _ACTIVE),
    ("waiting", _WAITING), ("stopped", _STOPPED),
)  # fmt: skip
_FILLING = bag("count counts number num of nb in the")


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Counts that add up: within one object (`above`), or about one noun. The client says how many
    there are in the property `of`, if there is one: `epochs` beside `epochs_completed`."""

    above: str | None
    names: Mapping[str, str]
    of: str | None = None


class Counts:
    """The counts of one kind of job at an instant."""

    def __init__(
        self,
        schemas: Schemas,
        properties: Mapping[str, Any],
        states: States,
        sent: Mapping[str, Any],
    ) -> None:
        self._states = states
        self.groups = [*_groups(schemas, None, properties, _amounts(schemas, sent))]
        for name, schema in properties.items():
            inner = schemas.flat(schema)
            if "object" in inner.types:
                self.groups += _groups(schemas, name, inner.properties)

    def at(self, state: str, share: float, salt: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """The counts when this share of the work is done."""
        found: dict[str, Any] = {}
        for group in self.groups:
            holder = data.get(group.above) if group.above is not None else data
            known = holder if isinstance(holder, Mapping) else {}
            counts = self._counted(group, state, share, self._total(group, salt, known))
            if group.above is not None:
                found[group.above] = {**known, **counts}
            else:
                found.update(counts)
        return found

    def _total(self, group: Group, salt: str, data: Mapping[str, Any]) -> int:
        asked = data.get(group.of) if group.of is not None else None
        if isinstance(asked, int):
            return max(0, asked)
        lengths = [len(value) for value in data.values() if isinstance(value, list) and value]
        return max(lengths, default=3 + crc32(salt.encode()) % 6)

    def _counted(self, group: Group, state: str, share: float, total: int) -> dict[str, int]:
        states = self._states
        done = total if state in states.success else min(total, int(total * share))
        bad = max(1, done // 4) if state in states.failure else 0
        done = max(done, bad)
        active = min(1, total - done) if state in states.active else 0
        stopped = total - done if state in states.cancelled else 0
        values = {
            "total": total, "done": done, "good": done - bad, "bad": bad, "active": active,
            "stopped": stopped, "waiting": total - done - active - stopped,
        }  # fmt: skip
        roles = set(group.names.values())
        if "good" not in roles and "bad" in roles:
            values["done"] = done - bad
        found = {}
        taken: set[str] = set()
        for name, role in group.names.items():
            # Duplicates count once.
            found[name] = values[role] if role not in taken or role == "total" else 0
            taken.add(role)
        return found


def _amounts(schemas: Schemas, sent: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    """The properties in which a client says how many of something there are, by what that is."""
    found = {}
    for name, schema in sent.items():
        if "integer" in schemas.flat(schema).types:
            words = tuple(word for word in tokens(name) if word not in _FILLING | _TOTAL)
            found[words] = name
    return found


def _groups(
    schemas: Schemas,
    above: str | None,
    properties: Mapping[str, Any],
    amounts: Mapping[tuple[str, ...], str] = MappingProxyType({}),
) -> Iterable[Group]:
    by_noun: dict[tuple[str, ...], dict[str, str]] = {}
    for name, schema in properties.items():
        words = [word for word in tokens(name) if word not in _FILLING]
        if moment_stem(name):
            continue
        role = next((role for role, known in _ROLES if set(words) & known), None)
        if role is None or "integer" not in schemas.flat(schema).types:
            continue
        known = dict(_ROLES)[role]
        rest = tuple(word for word in words if word not in known)
        by_noun.setdefault(rest, {})[name] = role
    for noun, names in by_noun.items():
        roles = set(names.values())
        enough = len(names) > 2 or ("total" in roles and len(names) > 1)
        of = amounts.get(noun) if noun and "total" not in roles else None
        if of is not None or (enough and (noun or above is not None or "total" in roles)):
            yield Group(above, names, of)


_TRIES = 4
_SHARE = re.compile(r"\b0(?:\.0)?\s*(?:-|to|and|\.\.)\s*1(?:\.0)?\b(?!\d)")
_LASTS = 7 * 24 * 3600 * SECOND
"""How long what a job has made is there, if it expires."""

_KEPT = 1024

Said = Mapping[str, Any]


def outcome_salt(world: World, *salt: object) -> str:
    """The seed of a job's outcome, as stored in its row."""
    return f"{world.now}:{digest(world.settings.seed, world.tenant, *salt).hex()}"


def said_of(values: Values, resource: Resource, names: Iterable[str], rng: Rng) -> Said:
    """The values of a job's outcome properties; those that can't be generated are left out."""
    made = {name: _made(values, resource, rng, name) for name in names if resource.schema}
    return {name: value for name, value in made.items() if value is not None}


def results_of(values: Values, resource: Resource, names: Iterable[str], rng: Rng) -> Said:
    """The values of the properties that say how well it went: of listed values one that says
    success (`result: APPROVED`), if any does, else the first."""
    found = dict(said_of(values, resource, names, rng))
    for name in found:
        place = values.schemas.place(resource.schema or "", name)
        listed = values.schemas.flat_at(place).values if place is not None else None
        texts = [value for value in listed or () if isinstance(value, str)]
        if texts and found[name] in texts:
            found[name] = next((one for one in texts if kind_of(one) == "success"), texts[0])
    return found


def _made(values: Values, resource: Resource, rng: Rng, name: str) -> Any:
    pointer = values.schemas.place(resource.schema, name) if resource.schema else None
    for attempt in range(_TRIES if pointer is not None else 0):
        assert pointer is not None
        # An `error` is mostly null.
        called = "" if attempt else name
        try:
            value = values.make(pointer, rng.child(name, attempt), name=called, owner=resource.noun)
        except (ReplyError, ContractError):
            return None
        if value not in (None, "", [], {}):
            return value
    return None


def _ends_again(states: Iterable[str]) -> bool:
    """Whether states are such as an entity is in for a while: `paused`, unlike `checked_in`."""
    return any(last_word(spelled(state)) in ASIDE for state in states)


class Phases:
    """What follows from the schedule and the time, for one kind of job."""

    def __init__(
        self,
        schemas: Schemas,
        flat: Flat,
        resource: Resource,
        states: States,
        updated: Iterable[str] = (),
    ) -> None:
        self._schemas = schemas
        self._flat = flat
        self._resource = resource
        self._states = states
        self._updated = tuple(updated)
        self._ending = states.terminal
        self._values: Values | None = None
        self._said: OrderedDict[tuple[str, str], Said] = OrderedDict()
        self._moments = states.moments
        self._copies = StateCopies(schemas, flat, states)
        named = (*states.results, *states.faults, *states.cancels, *self._moments)
        named = (*named, *states.verdicts)
        self._may_lack = {name: self._lacks(name) for name in named}
        groups = (
            ("results", states.results, frozenset(states.success) & states.terminal),
            ("faults", states.faults, frozenset(states.failure)),
            ("cancels", states.cancels, frozenset(states.cancelled)),
        )
        self._groups = [
            (group, names, kinds, not all(self._may_lack[name] for name in names))
            for group, names, kinds in groups
            if names
        ]
        sent = schemas.flat_at(resource.request).properties if resource.request else {}
        self._sent = frozenset(sent)
        own = {n: s for n, s in flat.properties.items() if n not in sent and n != states.progress}
        self._counts = Counts(schemas, own, states, sent)
        counted = {name for group in self._counts.groups for name in (group.above, *group.names)}
        self._uncounted = [
            (group, tuple(n for n in names if n not in counted), kinds, needed)
            for group, names, kinds, needed in self._groups
        ]

    def use(self, values: Values) -> None:
        """Generate outcome properties with these functions."""
        self._values = values

    def at(
        self,
        schedule: Sequence[Sequence[Any]],
        now: int,
        salt: str,
        data: Mapping[str, Any],
        touched: int = 0,
    ) -> dict[str, Any]:
        """The state, timestamps, progress and outcome at an instant; the outcome depends on `salt`.

        A property without a value yet is None where it may be null or missing, else its final
        value. `touched` is when a client last changed the job. `data` is the job with what was sent
        to start it.
        """
        states = self._states
        state = state_at(schedule, now)
        run = self._run(schedule, now)
        found: dict[str, Any] = {}
        if states.name:
            found[states.name] = with_state(states, data, state)
        if salt:
            found.update(self._beside(state))
            # Counts may stand in the object of the state.
            known = {**data, **found}
            found.update(self._counts.at(state, self._share(run, now, state), salt, known))
            found.update(self._outcomes(state, salt, data))
        found.update(self._entered(run, state, now))
        for name, kinds in states.flags.items():
            found[name] = state in kinds
        for name, ends in states.verdicts.items():
            if state in ends or self._may_lack[name]:
                found[name] = ends.get(state)
        self._put_within(found, data, run, state, now)
        moved = max((int(at) for _, at in schedule[1:] if at <= now), default=0)
        for name in self._updated if moved > touched else ():
            found[name] = stamp(self._schemas, name, self._flat.properties[name], moved)
        ended = entered(run, self._ending, now)
        if salt:
            found.update(self._expiry(found, int(run[-1][1]) if ended is None else ended))
        if states.progress and salt:
            found[states.progress] = self._progress(states.progress, run, now, state)
        found.update(self._copies.at(found, data, state, self._share(run, now, state)))
        return found

    def _outcomes(self, state: str, salt: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """The results, the error, and who cancelled it."""
        found: dict[str, Any] = {}
        for group, names, kinds, needed in self._uncounted:
            there = state in kinds
            outcome = self._outcome(group, names, salt) if there or needed else {}
            for name in names:
                lacking = self._may_lack[name]
                if name in outcome and (there or not lacking):
                    found[name] = self._as_asked(name, outcome[name], data)
                elif lacking:
                    found[name] = None
        return found

    def _as_asked(self, name: str, value: Any, data: Mapping[str, Any]) -> Any:
        """What a job makes, with what the client said of it: the `file` of an upload has its
        `filename`."""
        if not isinstance(value, Mapping) or self._values is None:
            return value
        place = self._schemas.place(self._resource.schema or "", name)
        known = self._schemas.flat_at(place).properties if place is not None else {}
        outcome = self._sent | (data.keys() - self._flat.properties.keys())
        shared = {n: data[n] for n in known if n in outcome and data.get(n) is not None}
        joined = {**value, **shared}
        fits = shared and self._values.check(place or "").is_valid(joined)
        return joined if fits else value

    def _entered(self, run: Sequence[Sequence[Any]], state: str, now: int) -> dict[str, Any]:
        """The timestamps: set from then on, or only during the state if it can end again."""
        found: dict[str, Any] = {}
        aside = frozenset(self._states.other)
        for name, entering in self._moments.items():
            at = entered(run, entering, now)
            if at is not None and entering <= aside and state not in entering:
                # Whatever was entered first of the two came first.
                returned = next(one for one, _ in run if one in (state, *entering)) == state
                at = None if returned or _ends_again(entering) else at
            if at is not None:
                found[name] = stamp(self._schemas, name, self._flat.properties[name], at)
            elif self._may_lack[name]:
                found[name] = None
        return found

    def _outcome(self, group: str, names: Iterable[str], salt: str) -> Said:
        """The values of result, error or cancellation properties."""
        outcome = self._said.get((group, salt))
        if outcome is None and self._values is not None:
            at = salt.partition(":")[0]
            rng = Rng(int(at), group, salt)
            made = results_of if group == "results" else said_of
            outcome = made(self._values, self._resource, names, rng)
            self._said[group, salt] = outcome
            if len(self._said) > _KEPT:
                self._said.popitem(last=False)
        return outcome or {}

    def finished(self, results: Said, ended: int) -> dict[str, Any]:
        """The results and progress of a job that has succeeded, and the properties that
        stay empty."""
        lacking = (*self._states.faults, *self._states.cancels)
        found: dict[str, Any] = {name: None for name in lacking if self._may_lack[name]}
        found.update(results)
        found.update(self._expiry(found, ended))
        if self._states.progress:
            found[self._states.progress] = self._bounds(self._states.progress)[1]
        return found

    def _expiry(self, found: Mapping[str, Any], ended: int) -> dict[str, Any]:
        """The time until which results are available."""
        return {
            name: stamp(self._schemas, name, self._flat.properties[name], ended + _LASTS)
            for name in self._states.results
            if "expires" in tokens(name) and found.get(name) is not None
        }

    def _run(self, schedule: Sequence[Sequence[Any]], now: int) -> Sequence[Sequence[Any]]:
        """The schedule since the last start: a retried job has not ended yet."""
        begun = 0
        for index, (state, at) in enumerate(schedule):
            if at <= now and index and self._begins_again(schedule[index - 1][0], state):
                begun = index
        return schedule[begun:]

    def _begins_again(self, before: str, state: str) -> bool:
        """Whether a state after an end is a new start; what is archived or refunded after its
        success stays what it was."""
        if before not in self._ending or _ends_again((state,)):
            return False
        return before not in self._states.success or state not in self._ending

    def _lacks(self, name: str) -> bool:
        schema = self._flat.properties[name]
        return name not in self._flat.required or may_be_null(self._schemas, schema)

    def _bounds(self, name: str) -> tuple[Any, Any]:
        """The range of progress; 0 to 100 or 0 to 1 by default."""
        schema = self._flat.properties[name]
        rules = self._schemas.flat(schema).rules
        outcome = self._schemas.plain(schema).get("description")
        share = isinstance(outcome, str) and _SHARE.search(outcome)
        return rules.get("minimum", 0), rules.get("maximum", 1 if share else 100)

    def _beside(self, state: str) -> dict[str, str]:
        """Other status properties of the same work."""
        path = self._states.path
        if state not in path:
            return {}
        share = path.index(state) / max(1, len(path) - 1)
        ways = self._states.beside.items()
        return {name: way[round(share * (len(way) - 1))] for name, way in ways if len(way) > 1}

    def _put_within(
        self,
        found: dict[str, Any],
        data: Mapping[str, Any],
        run: Sequence[Sequence[Any]],
        state: str,
        now: int,
    ) -> None:
        """Set timestamps and flags in nested objects, where these exist."""
        for holder, names in self._states.within.items():
            part = found.get(holder, data.get(holder))
            if not isinstance(part, Mapping):
                if holder not in (self._resource.holder, self._states.name):
                    continue
                part = {}
            flat = self._schemas.flat(self._flat.properties[holder])
            outcome = dict(part)
            for name, entering in names.items():
                schema = flat.properties[name]
                at = entered(run, entering, now)
                if "boolean" in self._schemas.flat(schema).types:
                    outcome[name] = state in entering
                elif at is not None:
                    outcome[name] = stamp(self._schemas, name, schema, at)
                elif may_be_null(self._schemas, schema):
                    outcome[name] = None
                elif name not in flat.required:
                    outcome.pop(name, None)
            found[holder] = outcome

    def _share(self, run: Sequence[Sequence[Any]], now: int, state: str) -> float:
        """The share of work that is done, by the planned time; half if it ended early."""
        if state in self._states.success:
            return 1.0
        working = frozenset(self._states.active) or frozenset(self._states.initial)
        begun = entered(run, working, now)
        if begun is None:
            return 0.0
        end = int(run[-1][1])
        ended = state in self._ending or end <= now
        return 0.5 if ended else (now - begun) / (end - begun)

    def _progress(self, name: str, run: Sequence[Sequence[Any]], now: int, state: str) -> Any:
        """The progress of the job."""
        low, most = self._bounds(name)
        share = self._share(run, now, state)
        if share in (0.0, 1.0):
            return most if share else low
        value = low + (most - low) * share
        whole = "integer" in self._schemas.flat(self._flat.properties[name]).types
        return int(value) if whole else round(value, 2)
