"""Consistency within an entity: nested ids agree with it, timestamps agree with its state, and so
do copies of the state: `outputs[].state` of an encoding, `details.status`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zlib import crc32

from mockserver.engine.generation.unions import may_be_null
from mockserver.engine.inferred.schedules import code_of, put_at, state_of
from mockserver.inference.resource_model import Path, Resource, States
from mockserver.inference.words import bag, last_word, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass


def agreeing(
    schemas: Schemas, flat: Flat, resource: Resource, data: dict[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The entity with its ids repeated in nested objects. What was `given` is unchanged."""
    found = dict(data)
    for name, value in data.items():
        if isinstance(value, dict) and name not in given:
            found[name] = _inner(resource, data, name, value)
        elif isinstance(value, list) and name not in given:
            found[name] = [
                _inner(resource, data, "", item) if isinstance(item, dict) else item
                for item in value
            ]
    for name, values in resource.in_use.items():
        if name in found and name not in given and found[name] not in values:
            # The choice depends only on what the document allows.
            found[name] = values[crc32(str(found[name]).encode()) % len(values)]
    for name in (resource.stamped & data.keys()) - given.keys():
        if may_lack(schemas, flat, name):
            found[name] = None
    states = resource.states
    if states is not None:
        status = state_of(states, data)
        for name in data.keys() & states.moments.keys() - given.keys():
            if status not in states.moments[name] and may_lack(schemas, flat, name):
                found[name] = None
        for name in data.keys() & states.flags.keys() - given.keys():
            found[name] = status in states.flags[name]
    for name, value in found.items():
        if isinstance(value, dict) and name not in given:
            found[name] = _in_order(value, {})
    return _in_order(found, given)


_STEPS = (
    bag("created creation opened submitted requested ordered registered issued"),
    bag("queued scheduled accepted"),
    bag("started start begin begins begun from since"),
    bag("completed complete end ends ended finished closed until to resolved delivered"),
    bag("expires expiry expiration expired"),
)
"""Words of times, each set later than the one before."""
_NO_STEP = bag("at on date time timestamp datetime utc")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d\S*)?")


def _in_order(data: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the times of its earlier steps before those of later ones (`period_start`,
    `period_end`); what was `given` is unchanged."""
    groups: dict[tuple[tuple[str, ...], int], list[tuple[int, str]]] = {}
    for name, value in data.items():
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            continue
        words = tokens(name)
        step = next((n for n, known in enumerate(_STEPS) if known & set(words)), None)
        if step is not None:
            rest = tuple(word for word in words if word not in _STEPS[step] | _NO_STEP)
            groups.setdefault((rest, len(value)), []).append((step, name))
    found = data
    for group in groups.values():
        found = {**found, **_sorted(found, [name for _, name in sorted(group)], given)}
    return found


def _sorted(data: Mapping[str, Any], names: list[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """These times, in this order as far as they aren't `given`."""
    free = [name for name in names if name not in given]
    found = {name: data[name] for name in names}
    found |= dict(zip(free, sorted(data[name] for name in free), strict=True))
    last = ""
    for name in names:
        if name in free:
            found[name] = max(found[name], last)
        last = max(last, found[name])
    return found


def may_lack(schemas: Schemas, flat: Flat, name: str) -> bool:
    """Whether a property may be null or missing."""
    return name not in flat.required or may_be_null(schemas, flat.properties[name])


def _inner(
    resource: Resource, outer: Mapping[str, Any], name: str, inner: dict[str, Any]
) -> dict[str, Any]:
    """`agent.revision.agent_id` is the agent's id; `agent.revision_id` is `agent.revision.id`."""
    found = inner
    own = outer.get(resource.identity.key) if resource.identity.key else None
    short = last_word(resource.noun)
    for key in (f"{resource.noun}_id", f"{short}_id"):
        if own is not None and key in inner and type(inner[key]) is type(own):
            found = {**found, key: own}
    named = outer.get(f"{name}_id") if name else None
    if named is not None and "id" in inner and type(inner["id"]) is type(named):
        found = {**found, "id": named}
    return found


_FEWEST = 3
"""So many values a status must have at least to be told from any other by them."""
_DEEPEST = 3
_OTHERS = bag(
    "last latest previous prior old next parent history events transitions statuses timeline log "
    "logs attempts changes"
)
"""Words of what is not as the job is now."""
_PROGRESS = bag("progress percent percentage")


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The place of an array, and the properties of its rows that follow the job."""

    path: Path
    state: str
    progress: str | None


class StateCopies:
    """The properties within a job that have its states, and so are about the same work."""

    def __init__(self, schemas: Schemas, flat: Flat, states: States) -> None:
        self._states = states
        moves = states.moves and len(states.known) >= _FEWEST
        reader = _Reader(schemas, states)
        self._rows = list(reader.rows(flat)) if moves else []
        own = (states.name, *states.inner)
        self._paths = [p for p in reader.paths(flat) if p != own] if moves else []

    def at(
        self, found: Mapping[str, Any], data: Mapping[str, Any], state: str, share: float
    ) -> dict[str, Any]:
        """What holds copies, when this share of the work is done. `found` are the properties that
        are known already, `data` is the job."""
        changed: dict[str, Any] = {}
        for rows in self._rows:
            top, *rest = rows.path
            whole = changed.get(top, found.get(top, data.get(top)))
            listed = whole.get(rest[0]) if rest and isinstance(whole, Mapping) else whole
            if isinstance(listed, list):
                value = [self._row(rows, row, state, share) for row in listed]
                changed[top] = put_at(whole, rest, value)
        for path in self._paths:
            whole = changed.get(path[0], found.get(path[0], data.get(path[0])))
            if isinstance(whole, Mapping):
                changed[path[0]] = put_at(whole, path[1:], code_of(self._states, state))
        return changed

    def _row(self, rows: _Rows, row: Any, state: str, share: float) -> Any:
        if not isinstance(row, Mapping):
            return row
        more = {rows.state: code_of(self._states, state)}
        if rows.progress is not None:
            more[rows.progress] = int(100 * share)
        return {**row, **more}


class _Reader:
    """Finds the copies of the states of one kind of job."""

    def __init__(self, schemas: Schemas, states: States) -> None:
        self._schemas = schemas
        self._values = {code_of(states, state) for state in states.known}

    def rows(self, flat: Flat) -> Iterator[_Rows]:
        """The arrays of a job, and of its parts."""
        for name, schema in flat.properties.items():
            inner = self._schemas.flat(schema)
            parts = inner.properties.items() if "object" in inner.types else ()
            places: list[tuple[Path, Flat]] = [((name,), inner)]
            places += [((name, deeper), self._schemas.flat(one)) for deeper, one in parts]
            present = (one for one in places if _OTHERS.isdisjoint(tokens(one[0][-1])))
            found = (self._rows_of(path, array) for path, array in present)
            yield from (one for one in found if one is not None)

    def _rows_of(self, path: Path, array: Flat) -> _Rows | None:
        if "array" not in array.types or array.arrays.items is None:
            return None
        row = self._schemas.flat(array.arrays.items).properties
        state = next((name for name, one in row.items() if self._is_state(one)), None)
        share = (name for name in row if _PROGRESS & set(tokens(name)))
        return _Rows(path, state, next(share, None)) if state is not None else None

    def paths(self, flat: Flat, above: Path = ()) -> Iterator[Path]:
        """The places within objects."""
        for name, schema in flat.properties.items():
            inner = self._schemas.flat(schema)
            if above and self._is_state(schema):
                yield (*above, name)
            elif (
                "object" in inner.types
                and "id" not in inner.properties
                and _OTHERS.isdisjoint(tokens(name))
                and len(above) + 1 < _DEEPEST
            ):
                yield from self.paths(inner, (*above, name))

    def _is_state(self, schema: Any) -> bool:
        flat = self._schemas.flat(schema)
        values = {value for value in flat.values or () if value is not None}
        return len(values) >= _FEWEST and values == self._values
