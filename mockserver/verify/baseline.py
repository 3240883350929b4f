"""Known failures that are accepted, each with a reason and an expiry date.

The file format is that of Schemathesis' baseline, so `schemathesis run --baseline` reads it too.
Entries have one more field, the reason.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

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


def write(path: str, findings: list[Finding], expires: str, reason: str) -> None:
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
