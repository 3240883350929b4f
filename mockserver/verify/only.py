"""Limit a run to one part, or to the checks and operations of earlier findings (`--only`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockserver.errors import UsageError
from mockserver.verify.model import Finding

PARTS = ("conformance", "lifecycle")
_MOST_SHOWN = 10


@dataclass(frozen=True)
class Only:
    """What to run. Empty `rules`, `operations` ("GET /path") and `probes` stand for all.

    `rules` are those of findings to report, `checks` those that Schemathesis runs, `probes` the
    steps of the lifecycle tour.
    """

    parts: tuple[str, ...] = PARTS
    rules: frozenset[str] = frozenset()
    operations: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    probes: frozenset[str] = frozenset()

    @property
    def is_of_findings(self) -> bool:
        """Whether earlier findings were named."""
        return bool(self.rules)

    def covers(self, finding: Finding) -> bool:
        return not self.rules or finding.rule in self.rules


def only_of(wanted: str, report_dir: str) -> Only:
    """Read `--only`: "", a part, or the id or rule of findings in the report of an earlier run.

    Raises UsageError.
    """
    if not wanted:
        return Only()
    if wanted in PARTS:
        return Only((wanted,))
    if not report_dir:
        raise UsageError(
            f"--only {wanted} is neither {PARTS[0]} nor {PARTS[1]}; for a finding, name the "
            "folder of the report that has it with --report-dir"
        )
    path = Path(report_dir) / "exchanges.ndjson"
    findings = list(_findings(path))
    chosen = [one for one in findings if wanted == one["id"] or wanted in one["rules"]]
    if not chosen:
        known = [f"{one['id']} {one['rule']}" for one in findings[:_MOST_SHOWN]]
        raise UsageError(
            f"--only {wanted}: {path} has no such finding; it has {', '.join(known) or 'none'}"
        )
    places = {place for one in chosen for place in one["operations"] if place}
    probes = {one["probe"] for one in chosen}
    origins = {one["origin"] for one in chosen}
    return Only(
        parts=tuple(part for part in PARTS if part in map(_part, origins)),
        rules=frozenset(rule for one in chosen for rule in one["rules"]),
        operations=tuple(sorted(places)) if all(one["operations"] for one in chosen) else (),
        checks=tuple(sorted({one["rule"] for one in chosen if one["origin"] == "schemathesis"})),
        probes=frozenset() if "" in probes else frozenset(probes),
    )


def _part(origin: str) -> str:
    return "conformance" if origin == "schemathesis" else "lifecycle"


def _findings(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"--only: {path}: {error.strerror or error}") from None
    for number, line in enumerate(lines, 1):
        if not line.startswith('{"finding"'):
            continue
        try:
            finding = json.loads(line)["finding"]
            yield {
                **{name: finding[name] for name in ("id", "rule", "origin", "probe")},
                **{name: list(finding[name]) for name in ("rules", "operations")},
            }
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"--only: {path} line {number}: not a finding of a report") from None
