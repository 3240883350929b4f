"""Calibration on a real service, and the table of the results in docs/fidelity.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bench.pages import DOCS, write_table

PAGE, SECTION = DOCS / "fidelity.md", "real services"
_HEAD = "| service | measured | requests | fidelity | calibrated | not reached | broken |"


@dataclass(frozen=True)
class Learned:
    """The reports (fidelity.json) of a run before calibration and of one after it."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def broken(self) -> list[str]:
        """Behaviours that agreed before and differ afterwards."""
        states = _states(self.before)
        return [
            f"{operation} {kind}"
            for (operation, kind), state in _states(self.after).items()
            if state == "differs" and states.get((operation, kind)) == "agreed"
        ]

    def row(self, service: str) -> str:
        """The service's row of the table."""
        parts = [service, date.today().isoformat()]
        parts.append(
            " + ".join(f"{r['requests']['sequences']:,}" for r in (self.before, self.after))
        )
        parts.append(f"{_number(self.before)} of {len(self.before['behaviours'])} behaviours")
        parts += [_number(self.after), str(self.after["fidelity"]["not reached"])]
        return "| " + " | ".join([*parts, str(len(self.broken))]) + " |"


def read(before: Path, after: Path) -> Learned | None:
    """The result of two runs; None if one wrote no report."""
    if not before.exists() or not after.exists():
        return None
    return Learned(json.loads(before.read_text()), json.loads(after.read_text()))


def write_rows(rows: Sequence[str]) -> None:
    """Put rows into the table of the page; those of other services stay."""
    write_table(PAGE, SECTION, _HEAD, rows)


def _states(report: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    return {(one["operation"], one["kind"]): one["state"] for one in report["behaviours"]}


def _number(report: Mapping[str, Any]) -> str:
    return f"{report['fidelity']['number']:.1%}"
