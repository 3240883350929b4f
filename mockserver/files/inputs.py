"""Read the files that options name: a calibration file, as `mockserver calibrate` writes it
(`--calibration FILE`), and seed data with the line numbers of its entries (`--data FILE`).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

import yaml

from mockserver.errors import ContractError, UsageError
from mockserver.openapi.document import parse_document
from mockserver.records import dataclass

_Check = Callable[[Any], bool]


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and 200 <= value <= 599


def _is_media_type(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_headers(value: Any) -> bool:
    named = isinstance(value, Mapping) and all(map(_is_media_type, value))
    return named and all(one == "" or _is_media_type(one) for one in value.values())


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_values(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


_TABLES: Mapping[str, tuple[_Check, str]] = {
    "statuses": (_is_status, "a status"),
    "bodies": (lambda value: True, ""),
    "words": (_is_table, "a table"),
    "media_types": (_is_media_type, "a media type"),
    "defaults": (lambda value: True, ""),
    "extra": (lambda value: True, ""),
    "durations": (_is_seconds, "a number of seconds"),
    "enums": (_is_values, "a list of values"),
    "fields": (_is_table, "a schema"),
    "headers": (_is_headers, "a table of headers, which are texts"),
}
"""What each value of a table must be, and how to say so."""
_LISTS = ("absent", "nulls", "omitted", "no_headers", "cascades")
_LITERALS: Mapping[str, tuple[Any, ...]] = {
    "keys": ("any", "none"),
    "touches": ("always",),
    "order": ({"first": "newest"}, {"first": "oldest"}),
}
EVERY = "*"
"""Stands for every operation, in place of an operationId."""
_ANSWER = {"when": Mapping, "status": int, "body": object, "seen": int}


def read_lock(path: Path, operations: Collection[str]) -> dict[str, dict[str, Any]]:
    """The rules of each operation, by operation name. Raises UsageError with the place."""
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"--calibration {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--calibration {path}: not TOML: {error}") from None
    found = value.get("operations", {})
    try:
        json.dumps(found, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"--calibration {path}: a value is none of JSON ({error}); write dates as text"
        ) from None
    if not isinstance(found, Mapping):
        raise UsageError(f"--calibration {path}: operations must be a table")
    for name in found:
        if name not in operations and name != EVERY:
            raise UsageError(
                f"--calibration {path}: the document has no operation {name!r}; "
                "create the file again with mockserver calibrate"
            )
    return {name: _rules(path, name, rules) for name, rules in found.items()}


def _rules(path: Path, name: str, value: Any) -> dict[str, Any]:
    where = f"--calibration {path}: operations.{name}"
    if not isinstance(value, Mapping):
        raise UsageError(f"{where} must be a table")
    for key, part in value.items():
        if key == "answers":
            fine = isinstance(part, list) and all(_is_answer(one) for one in part)
        elif key in _LISTS:
            fine = isinstance(part, list) and all(isinstance(one, str) for one in part)
        elif key in _LITERALS:
            fine = part in _LITERALS[key]
        else:
            fine = key in _TABLES and isinstance(part, Mapping)
        if not fine:
            raise UsageError(f"{where}.{key}: unknown, or of the wrong type")
        for entry, given in part.items() if key in _TABLES else ():
            check, what = _TABLES[key]
            if not check(given):
                raise UsageError(f"{where}.{key}.{entry}: {given!r} is not {what}")
    return dict(value)


def _is_answer(value: Any) -> bool:
    """Whether it is an entry of `answers`: a condition, and a response."""
    if not isinstance(value, Mapping) or not value.keys() <= _ANSWER.keys():
        return False
    if any(not isinstance(part, _ANSWER[name]) for name, part in value.items()):
        return False
    when = value.get("when", {})
    known = all(isinstance(one, str) for one in when.values())
    return known and (value.get("status", 0) == 0 or 100 <= value["status"] <= 599)


Place = tuple[str | int, ...]


@dataclass(frozen=True)
class SeedData:
    """Entities by resource; `lines` maps a path in the file to the line where it starts."""

    table: Mapping[str, Any]
    source: str = "data"
    lines: Mapping[Place, int] = field(default_factory=dict)

    def where(self, place: Place) -> str:
        """The place of an entry for people: its line, or its path if lines are unknown."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return f"{self.source} line {self.lines[place[:length]]}"
        return f"{self.source}: " + ".".join(map(str, place)) if place else self.source


def read_seed_data(path: Path) -> SeedData:
    """Read the file, YAML or JSON. Raises UsageError if it can't be read."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--data {path}: {error.strerror or error}") from None
    lost: list[str] = []
    try:
        table = parse_document(text, str(path), lost, "seed data")
    except ContractError as error:
        raise UsageError(f"--data {error}") from None
    if lost:
        raise UsageError(f"--data {path}: {lost[0]}")
    lines: dict[Place, int] = {}
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:  # JSON that is not valid YAML, for example because of tabs
        node = None
    if node is not None:
        _note(node, (), lines)
    return SeedData(table, f"--data {path}", lines)


def _note(node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            lines[here] = key.start_mark.line + 1
            _note(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note(value, (*place, index), lines)
