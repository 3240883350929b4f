"""What a server does of its own accord: values that it chooses, how long its jobs take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from mockserver.contract.model import Contract
from mockserver.verify.lifecycle.derive import dereferenced, properties, reply_schema

from .knowledge import Knowledge
from .model import MISSING, STATUS_NAMES, Run, Seen

Json = Any
Schema = Mapping[str, Any]


def things_of(value: Json, schema: Schema, contract: Contract) -> Iterator[tuple[Json, Schema]]:
    """The objects that a reply is about, with their schemas: itself, what it wraps, its rows."""
    if isinstance(value, list):
        items = dereferenced(contract, schema.get("items", {}))
        for row in value:
            yield from things_of(row, items, contract)
    elif isinstance(value, dict):
        yield value, schema
        for name, inner in properties(contract, schema).items():
            if inner.get("type") in ("array", "object") and isinstance(value.get(name), list):
                yield from things_of(value[name], inner, contract)
            elif name == "data" and isinstance(value.get(name), dict):
                yield value[name], inner


def choices_of(
    contract: Contract, operation_id: str, value: Json
) -> Iterator[tuple[str, Json, tuple[Json, ...]]]:
    """Fields with a closed list of values: name, value, what the document allows.

    How far a job is, is no choice of this kind.
    """
    schema = reply_schema(contract, contract.by_id[operation_id])
    if schema is None or value is MISSING:
        return
    for thing, described in things_of(value, schema, contract):
        for name, inner in properties(contract, described).items():
            allowed = tuple(one for one in inner.get("enum") or () if one is not None)
            if allowed and isinstance(thing.get(name), str) and name not in STATUS_NAMES:
                yield name, thing[name], allowed


@dataclass
class Habits:
    """`values` are by operation and field, `stays` seconds by the operation that began a job and
    its state."""

    values: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    stays: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def choice(self, operation: str, name: str, value: str) -> None:
        self.values.setdefault(operation, {}).setdefault(name, set()).add(value)

    def stay(self, operation: str, state: str, seconds: float) -> None:
        self.stays.setdefault(operation, {}).setdefault(state, []).append(seconds)

    def hear(self, run: Run, knowledge: Knowledge) -> None:
        """Values that nobody sent, and jobs that nobody gave an order."""
        sent = ""
        ordered = False
        for seen in run:
            sent += seen.step.text
            ordered |= seen.step.intent == "command"
            if seen.skipped or seen.status >= 300:
                continue
            operation = seen.step.operation
            for name, value, _ in choices_of(knowledge.contract, operation, seen.value):
                if json.dumps(value)[1:-1] not in sent:
                    self.choice(operation, name, value)
            if not ordered:
                self._wait(seen, knowledge)

    def _wait(self, seen: Seen, knowledge: Knowledge) -> None:
        maker = next((r for r in knowledge.makeable if r.read == seen.step.operation), None)
        for state, seconds in seen.stays if maker else ():
            assert maker is not None
            self.stay(maker.create, state, seconds)

    def as_json(self) -> dict[str, Json]:
        """Operation -> `enums` and `durations`, as a lock file has them."""
        found: dict[str, Json] = {}
        for operation, fields in sorted(self.values.items()):
            enums = {name: sorted(values) for name, values in sorted(fields.items())}
            found.setdefault(operation, {})["enums"] = enums
        for operation, states in sorted(self.stays.items()):
            usual = {state: round(median(times), 3) for state, times in sorted(states.items())}
            found.setdefault(operation, {})["durations"] = usual
        return found
