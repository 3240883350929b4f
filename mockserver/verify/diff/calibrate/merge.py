"""Merge the rules of a calibration file with what a run that followed it has shown.

In such a run a difference is one that the rules left. So a rule stays unless the run contradicts
it, and new rules are added.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from typing import Any

from mockserver.openapi.model import Json
from mockserver.verify.diff.lock import Signature

Tables = dict[str, dict[str, Any]]
"""The tables of a calibration file, by operation."""
_PLACES = ("extra", "absent", "nulls")
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
    if name == "words":
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
