"""All the files of a report."""

from __future__ import annotations

from pathlib import Path

from mockserver.verify.model import Result

from . import junit, page
from .record import Record


def write(result: Result, folder: Path, record: Record) -> list[Path]:
    """JUnit XML and the page; the findings go into the record."""
    for finding in result.findings:
        record.finding(finding)
    junit.write(result, folder / "junit.xml")
    page.write(result, folder / "report.html")
    return sorted(folder.iterdir())
