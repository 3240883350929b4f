"""Read a calibration file, as `mockserver calibrate` writes it (`--calibration FILE`)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from mockserver.errors import UsageError

_TABLES = {
    "statuses",
    "bodies",
    "words",
    "media_types",
    "defaults",
    "extra",
    "durations",
    "enums",
    "order",
    "fields",
}


_WORDS = {"keys": "any", "touches": "always"}
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
        elif key in ("absent", "nulls", "no_headers", "cascades"):
            fine = isinstance(part, list) and all(isinstance(one, str) for one in part)
        elif key in _WORDS:
            fine = part == _WORDS[key]
        else:
            fine = key in _TABLES and isinstance(part, Mapping)
        if not fine:
            raise UsageError(f"{where}.{key}: unknown, or of the wrong type")
    for status in value.get("statuses", {}).values():
        if not isinstance(status, int) or not 200 <= status <= 599:
            raise UsageError(f"{where}.statuses: {status!r} is not a status")
    for status, name in value.get("media_types", {}).items():
        if not isinstance(name, str) or not (name.isascii() and name.isprintable()):
            raise UsageError(f"{where}.media_types.{status}: {name!r} is not a media type")
    for status, words in value.get("words", {}).items():
        if not isinstance(words, Mapping):
            raise UsageError(f"{where}.words.{status} must be a table")
    for state, lasts in value.get("durations", {}).items():
        if isinstance(lasts, bool) or not isinstance(lasts, int | float) or lasts < 0:
            raise UsageError(f"{where}.durations.{state}: {lasts!r} is not a number of seconds")
    for place, schema in value.get("fields", {}).items():
        if not isinstance(schema, Mapping):
            raise UsageError(f"{where}.fields.{place} must be a schema")
    if value.get("order", {"first": "newest"}).get("first") not in ("newest", "oldest"):
        raise UsageError(f"{where}.order.first is newest or oldest")
    for name, values in value.get("enums", {}).items():
        if not isinstance(values, list) or not values:
            raise UsageError(f"{where}.enums.{name} must be a list of values")
    return dict(value)


def _is_answer(value: Any) -> bool:
    """Whether it says when, and what then."""
    if not isinstance(value, Mapping) or not value.keys() <= _ANSWER.keys():
        return False
    if any(not isinstance(part, _ANSWER[name]) for name, part in value.items()):
        return False
    when = value.get("when", {})
    known = all(isinstance(one, str) for one in when.values())
    return known and (value.get("status", 0) == 0 or 100 <= value["status"] <= 599)
