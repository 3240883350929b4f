"""Reports of a result."""

from __future__ import annotations

from pathlib import Path

from mockserver.verify.model import Result
from mockserver.verify.reports import html, junit, sarif
from mockserver.verify.reports.exchanges import Record


def write(result: Result, folder: Path, record: Record) -> list[Path]:
    """Write JUnit XML, SARIF and the HTML page, and add the findings to the record."""
    for finding in result.findings:
        record.finding(finding)
    junit.write(result, folder / "junit.xml")
    html.write(result, folder / "report.html")
    sarif.write(result, folder / "report.sarif")
    return sorted(folder.iterdir())
