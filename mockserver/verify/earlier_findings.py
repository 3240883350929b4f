"""Findings of earlier runs: those that are accepted, and those that a run is limited to (`--only`).

An accepted failure has a reason and an expiry date. The format of the file is that of the baseline
of Schemathesis, so `schemathesis run --baseline` reads it too; entries have one more field, the
reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from mockserver.errors import UsageError
from mockserver.openapi.model import Json
from mockserver.verify.model import Finding


@dataclass
class Baseline:
    entries: list[dict[str, Json]] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, path: str) -> Baseline:
        """Read the file; no path gives an empty baseline. Raises UsageError if it can't be used."""
        if not path:
            return cls()
        try:
            value = json.loads(Path(path).read_text(encoding="utf-8"))
            entries = value["entries"]
            for entry in entries:
                _check(entry)
        except OSError as error:
            raise UsageError(f"--baseline {path}: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"--baseline {path}: not a baseline ({error}); "
                "create one with mockserver test --write-baseline"
            ) from None
        return cls(entries)

    def accept(self, finding: Finding) -> None:
        """Mark a finding that an entry covers."""
        today = datetime.now(UTC).date()
        for entry in self.entries:
            if (entry["operation"], entry["check"]) != (finding.where, finding.rule):
                continue
            if entry["failure"] != finding.title:
                continue
            if entry.get("expires") and date.fromisoformat(entry["expires"]) < today:
                self.expired.append(
                    f"accepted until {entry['expires']}: {finding.rule} at {finding.where}"
                )
            else:
                finding.accepted = entry["reason"]


def _check(entry: dict[str, Json]) -> None:
    for name in ("operation", "check", "failure", "signature", "reason", "expires"):
        if not isinstance(entry.get(name), str) or (name != "signature" and not entry[name]):
            raise ValueError(f"an entry has no {name!r}")
    date.fromisoformat(entry["expires"])


def write_baseline(path: str, findings: list[Finding], expires: str, reason: str) -> None:
    """Write findings as a baseline. Raises UsageError."""
    entries = [
        {
            "id": finding.id,
            "operation": finding.where,
            "check": finding.rule,
            "failure": finding.title,
            "signature": "",
            "expires": expires,
            "reason": reason,
        }
        for finding in findings
    ]
    text = json.dumps({"format_version": 1, "entries": entries}, indent=2)
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--write-baseline {path}: {error.strerror or error}") from None


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
