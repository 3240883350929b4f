"""Write a differential run: JSON, an HTML page, and two scripts for each difference."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

from mockserver.errors import UsageError
from mockserver.files.wording import counted
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.openapi.path_templates import parameters_of
from mockserver.verify import reports
from mockserver.verify.diff.api import READS, Knowledge
from mockserver.verify.diff.model import (
    KINDS,
    REFERENCE,
    Difference,
    Kind,
    Program,
    Report,
    Seen,
    Step,
    identity,
)
from mockserver.verify.diff.recorded import path_values, run_as_json, sample
from mockserver.verify.model import KEY_VARIABLE
from mockserver.verify.schemas import body_schema, reply_schema
from mockserver.verify.target import PLACEHOLDER, credentials

# A program as a shell script, one for each side, which reads ids from the responses.

HEAD = """#!/usr/bin/env bash
# {about}
# Needs curl and jq. The key comes from {key}, the address from BASE_URL.
BASE_URL=${{BASE_URL:-{url}}}
{key_name}=${{{key_name}:-mock-key}}
"""


def script(program: Program, contract: Contract, url: str, about: str) -> str:
    """A script that needs bash, curl and jq, and prints each status and body."""
    name = KEY_VARIABLE.removeprefix("$")
    head = HEAD.format(about=about, key=KEY_VARIABLE, key_name=name, url=shlex.quote(url))
    needed = {label for step in program.steps for label in step.needs()}
    return head + "".join(_step(step, contract, step.label in needed) for step in program.steps)


def _step(step: Step, contract: Contract, kept: bool) -> str:
    operation = contract.by_id[step.operation]
    words = ["curl -sS -w '\\n%{http_code}\\n' -X " + operation.method]
    sent = credentials(contract, KEY_VARIABLE) if step.key == "own" else {}
    if step.key == "wrong":
        sent = credentials(contract, "no-such-key")
    body = step.content if step.content is not None else None
    if step.body is not MISSING:
        body = json.dumps(step.body, ensure_ascii=False)
    headers = {**sent, **step.headers}
    if body is not None:
        headers.setdefault("content-type", "application/json")
    words += [f"-H {_double(f'{name}: {value}')}" for name, value in headers.items()]
    if body is not None:
        words.append(f"--data-binary {_double(body)}")
    words.append(_double("$BASE_URL" + _path(operation.path, step.path) + _query(step.query)))
    lines = [f"\n# {step.label}. {operation.method} {operation.path} {step.about}".rstrip()]
    command = " \\\n  ".join(words)
    if step.intent == "settle":
        lines.append("# again, until the job has settled")
    if kept:
        lines.append(f"R{step.label}=$({command})")
        lines.append(f'printf "%s\\n" "$R{step.label}"')
        lines.append(f'R{step.label}=$(printf "%s" "$R{step.label}" | sed "$ d")')
    else:
        lines.append(command)
    return "\n".join(lines) + "\n"


def _path(template: str, values: Mapping[str, str]) -> str:
    for name in parameters_of(template):
        value = str(values.get(name, PLACEHOLDER))
        shown = value if REFERENCE.search(value) else quote(value, safe="", errors="surrogatepass")
        template = template.replace("{" + name + "}", shown)
    return template


def _query(query: Mapping[str, str]) -> str:
    if not query:
        return ""
    plain = {k: v for k, v in query.items() if not REFERENCE.search(v)}
    parts = [urlencode(plain, errors="surrogatepass")] if plain else []
    parts += [f"{quote(k)}={v}" for k, v in query.items() if k not in plain]
    return "?" + "&".join(parts)


def _double(text: str) -> str:
    """A double-quoted string, with references as commands and the key as a variable."""
    pieces: list[str] = []
    end = 0
    for found in REFERENCE.finditer(text):
        pieces += [_escaped(text[end : found.start()]), _looked_up(found)]
        end = found.end()
    pieces.append(_escaped(text[end:]))
    return '"' + "".join(pieces) + '"'


def _looked_up(found: re.Match[str]) -> str:
    path = "".join(f"[{n}]" if n.isdigit() else f'["{n}"]' for n in found[2][1:].split("."))
    return f"$(jq -r '.{path}' <<<\"$R{found[1]}\")"


def _escaped(text: str) -> str:
    variables = ("$BASE_URL", KEY_VARIABLE)
    text = re.sub(r'([\\"`])', r"\\\1", text)
    return re.sub(r"\$(\w*)", lambda m: m[0] if m[0] in variables else "\\" + m[0], text)


def one_line(seen: Seen) -> str:
    """A step and its result on one line."""
    if seen.skipped:
        return f"{seen.step.operation}: not sent, what it refers to is missing"
    exchange = seen.last
    path = re.sub(r"^https?://[^/]+", "", exchange.url)
    body = exchange.request_body.decode("utf-8", "replace")
    body = f" {body}" if body else ""
    text = f"{exchange.method} {path}{body}"
    states = f" ({', '.join(seen.states)})" if seen.states else ""
    return f"{text if len(text) <= 110 else text[:107] + '...'}{states}  ->  {seen.status}"


def response(seen: Seen) -> str:
    """Status and body; JSON is indented."""
    if seen.skipped:
        return "not sent"
    if seen.value is MISSING:
        text = seen.last.body[:2000].decode("utf-8", "replace")
    else:
        text = json.dumps(seen.value, indent=2, ensure_ascii=False, sort_keys=True)
    text = text if len(text) <= 4000 else text[:4000] + "\n..."
    return f"{seen.status}\n{text}"


# The mock's fidelity: one number, and its parts.

State = Literal["agreed", "differs", "not reached"]
DEFINITION = (
    "the share of the document's behaviours (an operation and a kind) that were reached and in "
    "which the real side did nothing that the mock could not have done"
)


@dataclass(frozen=True)
class Fidelity:
    """`cells` are the outcome of each behaviour, `counts` how often it was compared."""

    cells: Mapping[tuple[str, Kind], State]
    counts: Mapping[tuple[str, Kind], int]

    def having(self, state: State) -> int:
        return sum(found == state for found in self.cells.values())

    @property
    def number(self) -> float:
        """From 0 to 1; 0 without any behaviours."""
        return self.having("agreed") / len(self.cells) if self.cells else 0.0

    @property
    def words(self) -> str:
        return (
            f"of {len(self.cells)} behaviours {self.having('agreed')} agreed, "
            f"{self.having('differs')} differ, {self.having('not reached')} were not reached"
        )


def fidelity_of(report: Report, knowledge: Knowledge) -> Fidelity:
    differing = {(d.mismatch.operation, d.mismatch.kind) for d in report.differences}
    differing |= {(operation, kind) for operation, kind, _, _ in report.known}  # type: ignore[misc]
    cells: dict[tuple[str, Kind], State] = {}
    for operation in knowledge.contract.operations:
        kinds = set(applicable(knowledge, operation))
        kinds |= {kind for name, kind in differing if name == operation.id}
        for kind in (k for k in KINDS if k in kinds):
            cell = (operation.id, kind)
            reached = report.cells.get(cell, 0)
            cells[cell] = "differs" if cell in differing else "agreed" if reached else "not reached"
    return Fidelity(cells, dict(report.cells))


def applicable(knowledge: Knowledge, operation: Operation) -> Iterator[Kind]:
    """The kinds of behaviour that the document implies for an operation."""
    contract = knowledge.contract
    yield "status"
    yield "headers"
    body = body_schema(contract, operation)
    listing = operation.id in knowledge.lists
    if reply_schema(contract, operation) is not None:
        yield "schema"
    if operation.security or "{" in operation.path or body is not None:
        yield "error"
    if body is not None or any(p.place == "query" for p in operation.parameters):
        yield "validation"
    if listing:
        yield "list"
        return
    resource = next((r for r in knowledge.makeable if r.create == operation.id), None)
    if resource is not None and body is not None and reply_schema(contract, operation):
        yield "default"
    elif operation.method in READS or any(operation.id == r.change for r in knowledge.makeable):
        yield "state"
    if any(operation.id == r.read and knowledge.is_job(r) for r in knowledge.makeable):
        yield "lifecycle"


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
            path.write_text(content, encoding="utf-8", errors="backslashreplace")
        reports.write_junit(result, folder / "junit.xml")
        reports.write_sarif(result, folder / "report.sarif")
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
        "runs": [run_as_json(run) for run in report.runs],
        "calibration": report.calibration,
        "known": sorted(identity(signature) for signature in report.known),
        "errors": report.errors,
        "notes": report.notes,
        "requests": {
            "real": report.real_requests,
            "sequences": report.sequence_requests,
            "mock": report.mock_requests,
        },
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


# A differential run as one self-contained HTML page.

TEMPLATE = Path(__file__).with_name("page.html")


def render(report: Report, fidelity: Fidelity, contract: Contract, mock_url: str) -> str:
    """The page. Everything from the servers is escaped."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    rows = [
        (f"{op.method} {op.path}", [_cell(fidelity, op.id, kind) for kind in KINDS])
        for op in contract.operations
    ]
    shown = [
        {
            "difference": d,
            "steps": [
                (real, response(real), response(mock), real.step.label == d.mismatch.label)
                for real, mock in zip(d.real, d.mock, strict=True)
            ],
            "scripts": [
                script(d.program, contract, url, f"{d.id}: {d.where}")
                for url in (report.real, mock_url)
            ],
        }
        for d in report.differences
    ]
    return template.render(
        report=report,
        fidelity=fidelity,
        definition=DEFINITION,
        kinds=KINDS,
        rows=rows,
        shown=shown,
    )


def _cell(fidelity: Fidelity, operation: str, kind: str) -> tuple[str, str]:
    """Text and CSS class: how often it was compared, and the outcome."""
    state = next((s for (o, k), s in fidelity.cells.items() if (o, k) == (operation, kind)), "")
    count = next((n for (o, k), n in fidelity.counts.items() if (o, k) == (operation, kind)), 0)
    if not state:
        return "", "none"
    return str(count), state.replace(" ", "-")


# A differential run for the terminal.

MOST = 40


def lines(report: Report, fidelity: Fidelity) -> Iterator[str]:
    yield f"{report.title}: {report.real} against the mock of {report.spec}, seed {report.seed}"
    yield (
        f"  {counted(report.programs, 'sequence')}, {counted(report.steps, 'step')}, "
        f"{counted(report.sequence_requests, 'request')} to "
        f"the real side and {report.real_requests - report.sequence_requests} to clean up, "
        f"{report.mock_requests} to the mock, {report.seconds:.1f} s; "
        f"sequences {report.digest}"
    )
    for error in report.errors:
        yield f"  could not be judged: {error}"
    for difference in report.differences[:MOST]:
        yield ""
        yield from _difference_line(difference)
    if len(report.differences) > MOST:
        yield f"  and {len(report.differences) - MOST} more; --report-dir has all of them"
    yield ""
    yield from _notes(report)
    yield f"  fidelity {fidelity.number:.1%}: {fidelity.words}"
    count = len(report.differences)
    if report.errors:
        yield "Could not be judged."
    else:
        known = f" and {counted(len(report.known), 'known one')}" if report.known else ""
        yield f"{counted(count, 'difference') if count else 'No differences'}{known}."


def _notes(report: Report) -> Iterator[str]:
    for note in report.notes[:10]:
        yield f"  note: {note}"
    if len(report.notes) > 10:
        yield f"  note: and {len(report.notes) - 10} more notes; --report-dir has them"
    by_kind = {kind: sum(d.mismatch.kind == kind for d in report.differences) for kind in KINDS}
    if any(by_kind.values()):
        yield "  " + ", ".join(f"{kind} {count}" for kind, count in by_kind.items() if count)


def _difference_line(difference: Difference) -> Iterator[str]:
    found = difference.mismatch
    place = f" {found.at}" if found.at else ""
    yield f"{difference.id} {found.kind}: {difference.where}{place}"
    if found.about:
        yield f"    when  {found.about}"
    yield f"    real  {found.real}"
    yield f"    mock  {found.mock}"
    for real, mock in zip(difference.real, difference.mock, strict=True):
        mark = "=>" if real.step.label == found.label else "  "
        yield f"  {mark} {one_line(real)}  |  {mock.status if mock.exchanges else 'not sent'}"
