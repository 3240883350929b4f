"""Write a differential run: JSON, an HTML page, and two scripts for each difference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mockserver.errors import UsageError
from mockserver.openapi.model import Contract
from mockserver.verify.diff.fidelity import DEFINITION, Fidelity
from mockserver.verify.diff.model import Difference, Report, identity
from mockserver.verify.diff.report.html import render
from mockserver.verify.diff.report.script import one_line, script
from mockserver.verify.diff.samples import path_values, sample
from mockserver.verify.reports import junit, sarif

Json = Any
FORMAT = 1


def write(
    report: Report,
    fidelity: Fidelity,
    contract: Contract,
    document: Mapping[str, Any],
    folder: Path,
) -> list[Path]:
    """Write the files. Raises UsageError if one can't be written."""
    result = report.as_result()
    text = json.dumps(as_json(report, fidelity, document), indent=1, ensure_ascii=False) + "\n"
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    files = {
        folder / "fidelity.json": text,
        folder / "history" / f"{moment}-{report.digest or 'none'}.json": text,
        folder / "fidelity.html": render(report, fidelity, contract, mock_url(report)),
    }
    for difference in report.differences:
        for side, url in (("real", report.real), ("mock", mock_url(report))):
            about = f"{difference.id}: {difference.where}, {difference.mismatch.kind}; {side}"
            place = folder / "scripts" / f"{difference.id}-{side}.sh"
            files[place] = script(difference.program, contract, url, about)
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        junit.write(result, folder / "junit.xml")
        sarif.write(result, folder / "report.sarif")
    except OSError as error:
        raise UsageError(f"--report-dir {folder}: {error.strerror or error}") from None
    return [*list(files)[:3], folder / "junit.xml", folder / "report.sarif"]


def mock_url(report: Report) -> str:
    return report.mock if report.mock.startswith("http") else "http://127.0.0.1:8000"


def as_json(report: Report, fidelity: Fidelity, document: Mapping[str, Any]) -> dict[str, Json]:
    """The report as `mockserver drift` and `calibrate` read it, including the document."""
    return {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "title": report.title,
        "spec": report.spec,
        "real": report.real,
        "seed": report.seed,
        "sequences": report.digest,
        "verdict": report.exit_code,
        "fidelity": {
            "number": round(fidelity.number, 4),
            "definition": DEFINITION,
            "agreed": fidelity.having("agreed"),
            "differs": fidelity.having("differs"),
            "not reached": fidelity.having("not reached"),
        },
        "behaviours": [
            {
                "operation": name,
                "kind": kind,
                "state": state,
                "compared": fidelity.counts.get((name, kind), 0),
            }
            for (name, kind), state in fidelity.cells.items()
        ],
        "differences": [
            _difference(difference, difference.where.partition(" ")[2])
            for difference in report.differences
        ],
        "habits": report.habits,
        "samples": report.samples,
        "calibration": report.calibration,
        "known": sorted(identity(signature) for signature in report.known),
        "errors": report.errors,
        "notes": report.notes,
        "requests": {"real": report.real_requests, "mock": report.mock_requests},
        "seconds": round(report.seconds, 1),
        "document": document,
    }


def _difference(difference: Difference, template: str) -> dict[str, Json]:
    found = difference.mismatch
    return {
        "id": difference.id,
        "operation": found.operation,
        "where": difference.where,
        "kind": found.kind,
        "at": found.at,
        "about": found.about,
        "real": found.real,
        "mock": found.mock,
        "seen": difference.count,
        "steps": [one_line(seen) for seen in difference.real],
        "evidence": _evidence(difference, template),
    }


def _evidence(difference: Difference, template: str) -> dict[str, Json]:
    """The request and both responses of the step that differs."""
    label = difference.mismatch.label
    real = next(seen for seen in difference.real if seen.step.label == label)
    mock = next(seen for seen in difference.mock if seen.step.label == label)
    both = real.exchanges and mock.exchanges
    found = sample(real, mock, template) if both else None
    return {
        "intent": real.step.intent,
        "path": path_values(template, real.last.url) if real.exchanges else {},
        "real": {"status": real.status, "body": _body(real.value)} if real.exchanges else None,
        "mock": {"status": mock.status, "body": _body(mock.value)} if mock.exchanges else None,
        "sample": {"operation": difference.mismatch.operation, **found} if found else None,
    }


def _body(value: Json) -> Json:
    try:
        json.dumps(value)
    except TypeError:
        return None
    return value
