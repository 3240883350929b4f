"""A differential run as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path

from mockserver.openapi.model import Contract
from mockserver.verify.diff.fidelity import DEFINITION, Fidelity
from mockserver.verify.diff.model import KINDS, Report
from mockserver.verify.diff.report.script import response, script

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
