"""Copies of the state of a job within it: `outputs[].state` of an encoding, `details.status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.schedules import code_of, put_at
from mockserver.inference.resource_model import Path, States
from mockserver.inference.words import bag, tokens
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

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
