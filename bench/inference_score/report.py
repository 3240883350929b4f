"""The table of kinds, the missed expectations, and the page with both."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bench.inference_score.labels import KINDS, SETS
from bench.inference_score.play import Outcome

BEGIN = "<!-- inference-score: begin (make inference-score ARGS=--page) -->"
END = "<!-- inference-score: end -->"


def precision(outcomes: Iterable[Outcome]) -> tuple[int, int]:
    """Of the verbs that changed something, how many had the labelled effect.

    A verb that must change nothing and does counts as one that changed something.
    """
    good = total = 0
    for each in outcomes:
        if each.kind == "verbs" and each.effect in ("labelled", "other"):
            total += 1
            good += each.effect == "labelled"
        elif each.kind == "verbs-noop" and not each.holds and each.effect == "other":
            total += 1
    return good, total


def _share(good: int, total: int) -> str:
    return f"{good}/{total}" if total else "-"


def rows(outcomes: list[Outcome]) -> list[tuple[str, ...]]:
    """A row for each kind that has expectations, and the totals."""
    found = []
    for kind in (*KINDS, "all"):
        row = [kind]
        for part in SETS:
            own = [each for each in outcomes if each.part == part and kind in (each.kind, "all")]
            good = sum(each.holds for each in own)
            row += [_share(good, len(own)), f"{100 * good / len(own):.0f} %" if own else "-"]
        if any(cell != "-" for cell in row[1:]):
            found.append(tuple(row))
    row = ["precision of verbs"]
    for part in SETS:
        good, total = precision(each for each in outcomes if each.part == part)
        row += [_share(good, total), f"{100 * good / total:.0f} %" if total else "-"]
    return [*found, tuple(row)]


def table(outcomes: list[Outcome]) -> str:
    """For the terminal."""
    lines = [("kind", "dev", "", "held", ""), *rows(outcomes)]
    widths = [max(len(line[index]) for line in lines) for index in range(5)]
    text = [
        "  ".join(
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]
    broken = [each for each in outcomes if each.broken]
    for each in broken:
        text.append(f"label error: {each.document} {each.id}: {each.why}")
    return "\n".join(text)


def misses(outcomes: list[Outcome]) -> str:
    return "\n".join(
        f"{each.part} {each.kind:14} {each.document} {each.id}: {each.why}"
        for each in outcomes
        if not each.holds and not each.broken
    )


def write_page(page: Path, outcomes: list[Outcome]) -> None:
    """Insert table and misses between the markers of the page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{_markdown(outcomes)}\n{END}{after}", encoding="utf-8")


def _markdown(outcomes: list[Outcome]) -> str:
    documents = {part: {e.document for e in outcomes if e.part == part} for part in SETS}
    lines = [
        f"{len(outcomes)} expectations: {len(documents['dev'])} documents to work with, "
        f"{len(documents['held'])} kept apart.",
        "",
        "| kind | dev | | held | |",
        "|---|---|---|---|---|",
        *("| " + " | ".join(row) + " |" for row in rows(outcomes)),
        "",
        "Those that do not hold:",
        "",
        "| document | expectations |",
        "|---|---|",
    ]
    by_document: dict[str, list[str]] = {}
    for each in outcomes:
        if not each.holds:
            by_document.setdefault(f"{each.document} ({each.part})", []).append(each.id)
    lines += [f"| {name} | {', '.join(ids)} |" for name, ids in sorted(by_document.items())]
    return "\n".join(lines)
