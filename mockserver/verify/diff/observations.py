"""Observe what a server decides by itself: field values, and how long jobs take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.id_map import kind_of
from mockserver.verify.diff.model import STATUS_NAMES, Run, Seen, status_name
from mockserver.verify.diff.runner import OPEN, at, objects
from mockserver.verify.lifecycle.model import Resource
from mockserver.verify.lifecycle.session import GONE
from mockserver.verify.schemas import dereferenced, properties, reply_schema

Schema = Mapping[str, Any]


def entities_of(value: Json, schema: Schema, contract: Contract) -> Iterator[tuple[Json, Schema]]:
    """The entities in a reply, with their schemas: the value itself, what it wraps, its rows."""
    if isinstance(value, list):
        items = dereferenced(contract, schema.get("items", {}))
        for row in value:
            yield from entities_of(row, items, contract)
    elif isinstance(value, dict):
        yield value, schema
        for name, inner in properties(contract, schema).items():
            if inner.get("type") in ("array", "object") and isinstance(value.get(name), list):
                yield from entities_of(value[name], inner, contract)
            elif name == "data" and isinstance(value.get(name), dict):
                yield value[name], inner


def choices_of(
    contract: Contract, operation_id: str, value: Json
) -> Iterator[tuple[str, Json, tuple[Json, ...]]]:
    """Fields with an enum: name, value, allowed values.

    The state of a job does not count.
    """
    schema = reply_schema(contract, contract.by_id[operation_id])
    if schema is None or value is MISSING:
        return
    for entity, described in entities_of(value, schema, contract):
        for name, inner in properties(contract, described).items():
            allowed = tuple(one for one in inner.get("enum") or () if one is not None)
            if allowed and isinstance(entity.get(name), str) and name not in STATUS_NAMES:
                yield name, entity[name], allowed


@dataclass
class Habits:
    """`values` by operation and field; `stays` in seconds, by the operation that started a job and
    its state."""

    values: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    stays: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    orders: dict[str, set[str]] = field(default_factory=dict)
    """Whether lists that nobody ordered began with the newest or the oldest of what was made."""

    def choice(self, operation: str, name: str, value: str) -> None:
        self.values.setdefault(operation, {}).setdefault(name, set()).add(value)

    def stay(self, operation: str, state: str, seconds: float) -> None:
        self.stays.setdefault(operation, {}).setdefault(state, []).append(seconds)

    def observe(self, run: Run, knowledge: Knowledge) -> None:
        """Record values that no request contained, and jobs that no request steered."""
        sent = ""
        ordered = False
        makers = {r.create: r.id_field for r in knowledge.makeable}
        made: dict[str, int] = {}
        for seen in run:
            sent += seen.step.text
            ordered |= seen.step.intent == "command"
            if seen.skipped or seen.status >= 300:
                continue
            operation = seen.step.operation
            if operation in makers:
                made.setdefault(str(at(seen.value, makers[operation])), len(made))
            if seen.listing is not None and not seen.step.query:
                self._order(operation, seen, knowledge.lists[operation].id_field, made)
            for name, value, _ in choices_of(knowledge.contract, operation, seen.value):
                if json.dumps(value)[1:-1] not in sent:
                    self.choice(operation, name, value)
            if not ordered:
                self._wait(seen, knowledge)

    def _order(self, operation: str, seen: Seen, id_field: str, made: Mapping[str, int]) -> None:
        assert seen.listing is not None
        ids = [str(row.get(id_field)) for row in seen.listing.rows]
        numbers = [made[one] for one in ids if one in made]
        if len(numbers) > 1:
            rising = sorted(numbers) == numbers
            falling = sorted(numbers, reverse=True) == numbers
            word = "oldest" if rising else "newest" if falling else "other"
            self.orders.setdefault(operation, set()).add(word)

    def _wait(self, seen: Seen, knowledge: Knowledge) -> None:
        maker = next((r for r in knowledge.makeable if r.read == seen.step.operation), None)
        for state, seconds in seen.stays if maker else ():
            assert maker is not None
            self.stay(maker.create, state, seconds)

    def as_json(self) -> dict[str, Json]:
        """Operation -> `enums`, `durations` and `order`, in the format of a calibration file."""
        found: dict[str, Json] = {}
        for operation, fields in sorted(self.values.items()):
            enums = {name: sorted(values) for name, values in sorted(fields.items())}
            found.setdefault(operation, {})["enums"] = enums
        for operation, states in sorted(self.stays.items()):
            usual = {state: round(median(times), 3) for state, times in sorted(states.items())}
            found.setdefault(operation, {})["durations"] = usual
        for operation, words in sorted(self.orders.items()):
            if len(words) == 1 and words != {"other"}:
                found.setdefault(operation, {})["order"] = {"first": next(iter(words))}
        return found


@dataclass
class Jobs:
    """What the jobs of the mock have done so far."""

    transitions: set[tuple[str, str, str]] = field(default_factory=set)
    """Place in a reply, state before, state after. The place matters: the run of a suite goes on
    after a retry, its parts don't."""
    fields: set[tuple[str, str, str]] = field(default_factory=set)
    """State, name of a field, kind of its value."""

    def observe(self, run: Run) -> None:
        self.transitions |= {(_place(kind), before, to) for kind, before, to in run.edges if before}
        for seen in run:
            for _, node in objects(seen.value):
                name = status_name(node)
                if name and "id" in node:
                    self.fields |= {(node[name], k, kind_of(v)) for k, v in node.items()}

    def can_reach(self, state: Json, other: str, intent: str) -> bool:
        """Whether a job can have the other status where the mock's has this one: it has come
        further, or, after mere waiting, to another final state that jobs of the mock also reach."""
        if not isinstance(state, str):
            return False
        ended = intent == "settle" and not OPEN.match(state) and not OPEN.match(other)
        transitions = {(before, after) for _, before, after in self.transitions}
        known = any(after == other for _, after in transitions)
        return leads(transitions, state, other) or (ended and known)

    def has_had(self, value: Mapping[str, Json], name: str) -> bool:
        """Whether a job in this state has had such a value in the field; false for states that
        never change."""
        status = value.get(status_name(value))
        moving = any(status in way[1:] for way in self.transitions)
        return moving and (status, name, kind_of(value[name])) in self.fields


def _place(kind: str) -> str:
    """The place in a reply where an entity with a status was first seen; "" is the reply itself."""
    return kind.partition(" ")[2]


def leads(transitions: set[tuple[str, str]], start: str, end: str) -> bool:
    found, todo = {start}, [start]
    while todo:
        state = todo.pop()
        for before, after in transitions:
            if before == state and after not in found:
                found.add(after)
                todo.append(after)
    return end in found


Effects = Mapping[tuple[int, str], set[tuple[str, str]]]
"""By the label of a command and the place of a status in a reply: the states before and after."""


def effects_of(run: Run) -> Effects:
    """The effects of a run's commands on entities that were seen before, by their replies or the
    next reads."""
    found: dict[tuple[int, str], set[tuple[str, str]]] = {}
    states: dict[str, tuple[int, str]] = {}
    command = -1
    for number, seen in enumerate(run):
        if seen.skipped or seen.status >= 300:
            continue
        if seen.step.intent == "command":
            command = number
        for place, node in objects(seen.value):
            name, identity = status_name(node), str(node.get("id", ""))
            if not name or not identity:
                continue
            at_, before = states.get(identity, (command, ""))
            if at_ < command and seen.step.intent != "settle":
                label = run.seen[command].step.label
                where = f"{place}.{name}".strip(".")
                found.setdefault((label, where), set()).add((before, node[name]))
            states[identity] = (number, node[name])
    return found


def commands_without_effect(
    real: Run, mocks: Sequence[Run]
) -> Iterator[tuple[int, str, str, Sequence[str]]]:
    """Commands that did not change the state of an entity: the label of the step, the place of the
    status, the state, and the states after the same command in the mock. The last are empty if no
    world of the mock was in that state before."""
    theirs = [effects_of(run) for run in mocks]
    for (label, place), states in effects_of(real).items():
        for before in sorted(before for before, after in states if before == after):
            led = {b for one in theirs for a, b in one.get((label, place), ()) if a == before}
            yield label, place, before, sorted(led)


def unknown_transitions(
    real: Run, mocks: Sequence[Run], transitions: set[tuple[str, str, str]]
) -> Iterator[tuple[str, str, str, Sequence[str]]]:
    """Transitions that no job of the mock has made, of resources that change state in the mock too:
    operation, state before, state after, and the states that follow the first one in the mock."""
    moving = {kind for run in mocks for kind, _, _ in run.edges}
    for kind, before, after in sorted(real.edges):
        known = {(a, b) for place, a, b in transitions if place == _place(kind)}
        if kind in moving and before and not leads(known, before, after):
            yield kind, before, after, sorted({b for a, b in known if a == before})


# What is removed together.


def cascades(runs: Iterable[Run], makeable: Sequence[Resource]) -> dict[str, list[str]]:
    """By the operation of a removal: which other entities were always gone afterwards, each as the
    operation that created it and the property with the removed id (`createRun.suite_id`)."""
    removes = {r.remove: r for r in makeable if r.remove}
    reads = {r.read: r for r in makeable if r.read}
    seen_with: dict[tuple[str, str], set[bool]] = {}
    for run in runs:
        made: dict[str, Seen] = {}
        removed: dict[str, str] = {}
        for seen in run:
            step = seen.step
            if seen.skipped or not seen.exchanges:
                continue
            if seen.status < 300 and step.intent == "make":
                made[f"{{{{{step.label}."] = seen
            elif seen.status < 300 and step.operation in removes:
                removed[step.path[removes[step.operation].id_parameter]] = step.operation
            elif step.operation in reads:
                one = step.path[reads[step.operation].id_parameter]
                maker = next((m for start, m in made.items() if one.startswith(start)), None)
                sent = maker.step.body if maker is not None and one not in removed else None
                for name, value in sent.items() if isinstance(sent, dict) else ():
                    if maker is not None and isinstance(value, str) and value in removed:
                        rule = removed[value], f"{maker.step.operation}.{name}"
                        seen_with.setdefault(rule, set()).add(seen.status in GONE)
    found: dict[str, list[str]] = {}
    for (operation, maker_of), outcomes in sorted(seen_with.items()):
        if outcomes == {True}:
            found.setdefault(operation, []).append(maker_of)
    return found
