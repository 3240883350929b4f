"""A calibration file: read for a run whose mock follows it, and merged with what that run has
shown.

In such a run a difference is one that the rules left. So a rule stays unless the run contradicts
it, and new rules are added.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockserver.errors import UsageError
from mockserver.openapi.model import Json

Enums = dict[str, list[Json]]
Signature = tuple[str, str, str, str]
"""Identifies a difference: operation, kind, place, and what a refused request is about."""


@dataclass(frozen=True)
class Locked:
    """The part of a calibration file that `mockserver diff` needs.

    `known` are accepted differences, each with the real side's behaviour; `in_use` are observed
    field values by operation; `shortest` is the minimum time in seconds that a job stays in a
    state, 0 if unknown.
    """

    known: Mapping[Signature, str] = field(default_factory=dict)
    in_use: Mapping[str, Enums] = field(default_factory=dict)
    shortest: float = 0.0
    written: Mapping[str, Json] = field(default_factory=dict)
    """The file's `operations` and `known`, as they are."""


def read_lock(path: str) -> Locked:
    """Read a calibration file. Raises UsageError."""
    try:
        value = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        names = ("operation", "kind", "at", "about")
        known = {
            tuple(str(entry[name]) for name in names): str(entry["real"])
            for entry in value.get("known", [])
        }
        rules = value.get("operations", {})
        in_use = {name: dict(rules[name].get("enums", {})) for name in rules}
        stays = [float(s) for one in rules.values() for s in one.get("durations", {}).values()]
        shortest = min((s for s in stays if s > 0), default=0.0)
        written = {"operations": rules, "known": value.get("known", [])}
        return Locked(known, in_use, shortest, written)  # type: ignore[arg-type]
    except OSError as error:
        raise UsageError(f"--calibration {path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"--calibration {path}: not a calibration file ({error}); "
            "create one with mockserver calibrate"
        ) from None


def departs(kind: str, before: str, now: str) -> bool:
    """Whether a known difference has changed, apart from its normal variation."""
    if kind in ("status", "validation"):
        return before[:3] != now[:3]
    return kind in ("default", "headers") and before != now


Tables = dict[str, dict[str, Any]]
"""The tables of a calibration file, by operation."""
_PLACES = ("extra", "absent", "nulls", "omitted")
"""Tables that name fields of replies; a field can be in one of them."""


class Before:
    """The rules that the mock followed during a run, without those that the run contradicts."""

    def __init__(self, operations: Mapping[str, Mapping[str, Json]]) -> None:
        self.operations: Tables = {n: copy.deepcopy(dict(t)) for n, t in operations.items()}
        self.answers = {n: tables.pop("answers", []) for n, tables in self.operations.items()}

    def own_status(self, operation: str, status: int) -> str:
        """The mock's status as a key of a table, for one that it returned with these rules."""
        statuses = self.operations.get(operation, {}).get("statuses", {})
        return next((own for own, now in statuses.items() if now == status), str(status))

    def contradict(self, operation: str, kind: str, status: str, place: str) -> None:
        """Drop the rules about a place where the run found a difference of this kind."""
        tables = self.operations.get(operation, {})
        if kind == "error":
            tables.get("bodies", {}).pop(status, None)
            tables.get("words", {}).get(status, {}).pop(place, None)
        elif kind == "headers":
            tables.get("media_types", {}).pop(status, None)
            for named in tables.get("headers", {}).values():
                named.pop(place, None)
        elif kind == "default":
            tables.get("defaults", {}).pop(place, None)
        elif kind == "schema":
            for name in _PLACES:
                _remove(tables, name, place)

    def merged(self, new: Mapping[str, Mapping[str, Json]]) -> Tables:
        """These rules and new ones, which win."""
        found = copy.deepcopy(self.operations)
        for operation, tables in new.items():
            known = found.setdefault(operation, {})
            for name in _PLACES:
                for place in tables.get(name, ()):
                    for other in _PLACES:
                        _remove(known, other, place)
            for name, table in tables.items():
                known[name] = _joined(name, known.get(name), table)
        return found


def _joined(name: str, old: Json, new: Json) -> Json:
    if not old or name == "answers" or isinstance(new, str):
        return new
    if isinstance(new, list):
        return sorted({*old, *new})
    if name == "enums":
        return {
            **old,
            **{n: sorted({*old.get(n, ()), *values}, key=str) for n, values in new.items()},
        }
    if name in ("words", "headers"):
        return {**old, **{status: {**old.get(status, {}), **new[status]} for status in new}}
    return {**old, **new}


def _remove(tables: dict[str, Any], name: str, place: str) -> None:
    table = tables.get(name, {})
    if isinstance(table, dict):
        table.pop(place, None)
    elif place in table:
        tables[name] = [one for one in table if one != place]


def merged_known(
    old: list[dict[str, str]], new: list[dict[str, str]], fixed: Collection[Signature]
) -> list[dict[str, str]]:
    """Known differences: those of before, unless they changed or are `fixed` (signatures for which
    there is a rule now), and new ones."""
    gone = {signature(entry) for entry in new}
    return [*(entry for entry in old if signature(entry) not in gone | {*fixed}), *new]


def signature(difference: Mapping[str, Json]) -> Signature:
    """The signature of a difference in a report, or of a known one."""
    about = difference["about"] if difference["kind"] == "validation" else ""
    return (difference["operation"], difference["kind"], difference["at"], about)
