"""Output for GitHub Actions: an annotation for each finding, and a job summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mockserver.files.wording import counted
from mockserver.verify.model import Finding, Result

# GitHub shows ten of a step.
MOST = 50


def commands(result: Result) -> Iterator[str]:
    """A workflow command for each finding and error."""
    for finding in result.open_findings[:MOST]:
        title = _escaped(f"{finding.title} ({finding.rule})", ",:")
        yield f"::error title={title}::{_escaped(f'{finding.where}: {finding.message}')}"
    for error in result.errors:
        yield f"::error title=The server could not be tested::{_escaped(error)}"


def _escaped(text: str, more: str = "") -> str:
    for sign in ("%", "\r", "\n", *more):
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def summary(result: Result) -> str:
    """The summary of the step, as Markdown."""
    reached = sum(1 for name in result.documented if result.coverage.seen.get(name))
    found = result.open_findings
    verdict = counted(len(found), "finding") if found else "no findings"
    lines = [
        f"## {result.what} of {_cell(result.title)}: {verdict}",
        "",
        f"{reached} of {len(result.documented)} operations, "
        f"{counted(result.requests, 'request')} in {result.seconds:.0f} s, seed {result.seed}.",
    ]
    if found:
        lines += ["", "| operation | finding | rule | times |", "|---|---|---|---|"]
        lines += [_row(finding) for finding in found[:MOST]]
    lines += ["", *(f"- could not test: {_cell(error)}" for error in result.errors)]
    return "\n".join(lines) + "\n"


def _row(finding: Finding) -> str:
    cells = (finding.where, finding.title, finding.rule, str(finding.count))
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def report(result: Result, environment: Mapping[str, str]) -> Iterator[str]:
    """The lines to print in a workflow; also appends the summary to the file that GitHub names."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return
    yield from commands(result)
    if path := environment.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(summary(result))
