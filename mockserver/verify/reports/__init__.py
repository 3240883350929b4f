"""Reports of a result."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import mockserver
from mockserver.errors import UsageError
from mockserver.files.wording import counted
from mockserver.verify.model import Finding, Result
from mockserver.verify.reports.exchanges import Record, clean

# Output for GitHub Actions: an annotation for each finding, and a job summary.

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
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(summary(result))


# A result as SARIF 2.1.0, which code scanning tools read.

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def write_sarif(result: Result, path: Path) -> None:
    text = json.dumps(as_sarif(result), indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")


def as_sarif(result: Result) -> dict[str, Any]:
    """One run, with a rule for each check and a result for each finding."""
    rules = {finding.rule: finding.title for finding in result.findings}
    driver = {
        "name": "mockserver",
        "version": mockserver.__version__,
        "rules": [
            {"id": rule, "shortDescription": {"text": title}} for rule, title in rules.items()
        ],
    }
    invocation = {
        "executionSuccessful": not result.errors and not result.interrupted,
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": error}} for error in result.errors
        ],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "results": [_result(finding) for finding in result.findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": "error",
        "message": {"text": f"{finding.title}: {finding.message}"},
        "occurrenceCount": finding.count,
        "locations": [
            {"logicalLocations": [{"fullyQualifiedName": finding.where, "kind": "operation"}]}
        ],
        "partialFingerprints": {"mockserver/v1": finding.id},
    }
    if finding.accepted:
        found["suppressions"] = [{"kind": "external", "justification": finding.accepted}]
    return found


# A result as JUnit XML. The cases are the operations, so they are the same in every run.

ELSEWHERE = "requests outside the operations"
RUN = "the run"


def write_junit(result: Result, path: Path) -> None:
    """A case for each operation, one for findings elsewhere, and one for the run itself."""
    suite = Xml.Element("testsuite", name=clean(result.title), time=f"{result.seconds:.3f}")
    found: dict[str, list[Finding]] = {name: [] for name in (*result.documented, ELSEWHERE)}
    for finding in result.findings:
        example = finding.example
        operation = example.operation if example is not None else ""
        found[operation if operation in found else ELSEWHERE].append(finding)
    for name, findings in found.items():
        _case(suite, name, findings)
    case = Xml.SubElement(suite, "testcase", classname="contract", name=RUN, time="0")
    for error in result.errors:
        Xml.SubElement(case, "error", message=clean(error))
    for attribute, tag in (("failures", "failure"), ("skipped", "skipped"), ("errors", "error")):
        suite.set(attribute, str(sum(1 for each in suite if each.find(tag) is not None)))
    suite.set("tests", str(len(suite)))
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: Xml.Element, name: str, findings: Sequence[Finding]) -> None:
    """Most readers show only one failure per case, so it contains all findings."""
    case = Xml.SubElement(suite, "testcase", classname="contract", name=clean(name), time="0")
    broken = [finding for finding in findings if not finding.accepted]
    if broken:
        titles = "; ".join(dict.fromkeys(finding.title for finding in broken))
        rules = ", ".join(dict.fromkeys(finding.rule for finding in broken))
        failure = Xml.SubElement(case, "failure", type=rules, message=clean(titles))
        failure.text = clean("\n\n".join(map(_text, broken)))
    elif findings:
        reasons = "; ".join(dict.fromkeys(finding.accepted for finding in findings))
        Xml.SubElement(case, "skipped", message=clean(reasons))


def _text(finding: Finding) -> str:
    steps = "\n".join(step.curl() for step in finding.steps)
    return f"{finding.rule}: {finding.title}\n{finding.where}\n{finding.message}\n\n{steps}"


# A result as one self-contained HTML page.

TEMPLATE = Path(__file__).with_name("page.html")


def render(result: Result) -> str:
    """The page. Everything from the server is escaped."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(result=result, rows=coverage_rows(result), columns=_columns(result))


def write_html(result: Result, path: Path) -> None:
    path.write_text(render(result), encoding="utf-8", errors="backslashreplace")


def _columns(result: Result) -> list[str]:
    seen = {str(status) for counts in result.coverage.seen.values() for status in counts if status}
    listed = {status for statuses in result.documented.values() for status in statuses}
    return sorted(seen | {status for status in listed if status.isdigit()})


def coverage_rows(result: Result) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each operation its cells: a count for each status, and a CSS class."""
    rows = []
    for operation, documented in result.documented.items():
        counts = result.coverage.seen.get(operation, {})
        cells = []
        for status in _columns(result):
            count = counts.get(int(status), 0)
            known = (
                status in documented or "default" in documented or f"{status[0]}XX" in documented
            )
            if count:
                cells.append((str(count), "seen" if known else "odd"))
            else:
                cells.append(("0", "missed") if status in documented else ("", "none"))
        rows.append((operation, cells))
    return rows


def write(result: Result, folder: Path, record: Record) -> list[Path]:
    """Write JUnit XML, SARIF and the HTML page, and add the findings to the record."""
    for finding in result.findings:
        record.finding(finding)
    write_junit(result, folder / "junit.xml")
    write_html(result, folder / "report.html")
    write_sarif(result, folder / "report.sarif")
    return sorted(folder.iterdir())


def report_folder(path: str) -> Path:
    """Create the report folder. Raises UsageError if it can't be written."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--report-dir {path}: {error.strerror or error}") from None
    return folder
