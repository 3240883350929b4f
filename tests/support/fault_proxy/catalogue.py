"""The planted faults, read from `catalogue.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

CATALOGUE = Path(__file__).with_name("catalogue.toml")
FIELDS = {"id", "class", "about", "on", "do", "status"}


@dataclass(frozen=True)
class Fault:
    """One deliberate mistake; `options` are the arguments of its action."""

    id: str
    kind: str
    about: str
    on: str
    action: str
    status: str = "2xx"
    options: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def _routes(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple(_route(entry) for entry in self.on.split("|"))

    def concerns(self, method: str, path: str) -> bool:
        return any(m in ("*", method) and p.fullmatch(path) for m, p in self._routes)

    def touches(self, status: int) -> bool:
        """Whether the fault changes replies of this status."""
        return self.status in ("*", str(status), f"{status // 100}xx")


def _route(entry: str) -> tuple[str, re.Pattern[str]]:
    method, path = entry.split()
    parts = re.split(r"(\*\*|\{\})", path)
    pattern = "".join({"**": ".*", "{}": "[^/]+"}.get(part, re.escape(part)) for part in parts)
    return method, re.compile(pattern)


def concerns(entry: str, method: str, path: str) -> bool:
    wanted, pattern = _route(entry)
    return wanted in ("*", method) and pattern.fullmatch(path) is not None


def load(path: Path = CATALOGUE) -> tuple[Fault, ...]:
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["fault"]
    return tuple(
        Fault(
            id=entry["id"],
            kind=entry["class"],
            about=entry["about"],
            on=entry["on"],
            action=entry["do"],
            status=entry.get("status", "2xx"),
            options={key: value for key, value in entry.items() if key not in FIELDS},
        )
        for entry in entries
    )
