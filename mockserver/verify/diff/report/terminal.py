"""A differential run for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.files.wording import counted
from mockserver.verify.diff.fidelity import Fidelity
from mockserver.verify.diff.model import KINDS, Difference, Report
from mockserver.verify.diff.report.script import one_line

MOST = 40


def lines(report: Report, fidelity: Fidelity) -> Iterator[str]:
    yield f"{report.title}: {report.real} against the mock of {report.spec}, seed {report.seed}"
    yield (
        f"  {counted(report.programs, 'sequence')}, {counted(report.steps, 'step')}, "
        f"{counted(report.real_requests, 'request')} to "
        f"the real side, {report.mock_requests} to the mock, {report.seconds:.1f} s; "
        f"sequences {report.digest}"
    )
    for error in report.errors:
        yield f"  could not be judged: {error}"
    for difference in report.differences[:MOST]:
        yield ""
        yield from _difference(difference)
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


def _difference(difference: Difference) -> Iterator[str]:
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
