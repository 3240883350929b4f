"""Read a calibration file, for a run whose mock follows it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
