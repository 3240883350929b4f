"""A differential run as a lock file: what the mock can follow as rules, the rest as known."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mockserver.errors import MissingExtra, UsageError

from .pairs import is_opaque
from .report import FORMAT

Json = Any
Signature = tuple[str, str, str, str]
HEAD = """# What the real server does otherwise than the mock would: {real}, {made}, {title}.
# Made by mockserver calibrate; review it as you would code. mockserver serve --lock follows
# [operations], mockserver diff --lock counts [[known]] as known and the rest as new.

"""
_BELOW = 300


def read_report(path: str) -> dict[str, Any]:
    """A fidelity.json. Raises UsageError if it is none."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: not JSON: {error}") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UsageError(
            f"{path} is no report of mockserver diff; make one with --report-dir, and give its "
            "fidelity.json"
        )
    return value


def read_known(path: str) -> frozenset[Signature]:
    """The differences that a lock file accepts. Raises UsageError."""
    try:
        entries = tomllib.loads(Path(path).read_text(encoding="utf-8")).get("known", [])
        names = ("operation", "kind", "at", "about")
        return frozenset(tuple(str(entry[name]) for name in names) for entry in entries)  # type: ignore[misc]
    except OSError as error:
        raise UsageError(f"--lock {path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"--lock {path}: not a lock file ({error}); make one with mockserver calibrate"
        ) from None


@dataclass
class Calibration:
    """`operations` as the mock reads them, `known` what it can't follow."""

    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    known: list[dict[str, str]] = field(default_factory=list)
    rules: int = 0

    def add(self, difference: Mapping[str, Json]) -> None:
        if self._rule(difference):
            self.rules += 1
        else:
            about = difference["about"] if difference["kind"] == "validation" else ""
            names = ("operation", "kind", "at", "real", "mock")
            entry = {**{name: str(difference[name]) for name in names}, "about": about}
            self.known.append(entry)

    def _rule(self, difference: Mapping[str, Json]) -> bool:
        """Whether the difference could be written as a rule."""
        evidence = difference["evidence"]
        real, mock = evidence["real"], evidence["mock"]
        if real is None or mock is None:
            return False
        kind, place = difference["kind"], difference["at"]
        if kind == "error" and evidence["intent"] != "refused":
            body = templated(real["body"], evidence["path"])
            return self._put(difference, "bodies", str(mock["status"]), body)
        if kind == "status":
            return self._status(difference, evidence)
        if kind == "headers" and place == "content-type" and difference["real"] != "absent":
            return self._put(difference, "media_types", str(mock["status"]), difference["real"])
        if kind in ("schema", "default") and real["status"] < _BELOW and "." not in place:
            return self._field(difference, real["body"], mock["body"])
        return False

    def _status(self, difference: Mapping[str, Json], evidence: Mapping[str, Json]) -> bool:
        """Only where nothing else decides: two ways to say that it is done, or not there."""
        real, mock = evidence["real"], evidence["mock"]
        done = real["status"] < _BELOW and mock["status"] < _BELOW
        gone = evidence["intent"] == "unknown" and min(real["status"], mock["status"]) >= 400
        if not done and not gone:
            return False
        put = self._put(difference, "statuses", str(mock["status"]), real["status"])
        if put and (gone or (mock["body"] is None and real["body"] is not None)):
            body = templated(real["body"], evidence["path"])
            self._put(difference, "bodies", str(mock["status"]), body)
        return put

    def _field(self, difference: Mapping[str, Json], real: Json, mock: Json) -> bool:
        name = difference["at"]
        if not name or not isinstance(real, dict) or not isinstance(mock, dict):
            return False
        if difference["kind"] == "default":
            return self._put(difference, "defaults", name, real.get(name))
        if name not in real:
            names = self.operations.setdefault(difference["operation"], {})
            names["absent"] = sorted({*names.get("absent", ()), name})
            return True
        plain = isinstance(real[name], str | int | float) and not is_opaque(name, real[name])
        return name not in mock and plain and self._put(difference, "extra", name, real[name])

    def _put(self, difference: Mapping[str, Json], table: str, name: str, value: Json) -> bool:
        """False if TOML can't hold it, or if there already is another."""
        if _has_null(value):
            return False
        rules = self.operations.setdefault(difference["operation"], {})
        found = rules.setdefault(table, {}).setdefault(name, value)
        return bool(found == value)


def templated(value: Json, path: Mapping[str, str]) -> Json:
    """An error body with "{name}" for the values of path parameters."""
    if isinstance(value, str):
        for name, given in path.items():
            value = value.replace(given, "{" + name + "}") if len(given) > 3 else value
        return value
    if isinstance(value, list):
        return [templated(item, path) for item in value]
    if isinstance(value, dict):
        return {name: templated(item, path) for name, item in value.items()}
    return value


def _has_null(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_has_null(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_null(item) for item in value)
    return value is None


def calibrate(source: str, output: str) -> Calibration:
    """Write the lock file of a report. Raises UsageError."""
    try:
        import tomli_w
    except ModuleNotFoundError:
        raise MissingExtra("mockserver calibrate", "verify") from None
    report = read_report(source)
    found = Calibration()
    for difference in report["differences"]:
        found.add(difference)
    kept = {name: rules for name, rules in found.operations.items() if any(rules.values())}
    head = HEAD.format(real=report["real"], made=report["made"], title=report["title"])
    text = tomli_w.dumps({"operations": kept, "known": found.known}, multiline_strings=False)
    try:
        Path(output).write_text(head + text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--output {output}: {error.strerror or error}") from None
    return found
