"""Sections of the documentation that scripts generate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def section(page: Path, name: str) -> str:
    """The text between the markers of a section, including them; empty if there is none."""
    found = _marked(name).search(page.read_text("utf-8"))
    return found[0] if found else ""


def write_section(page: Path, name: str, lines: Sequence[str]) -> None:
    """Replace a section of a page, or append it."""
    whole = "\n".join((f"<!-- {name}: written by a script -->", *lines, f"<!-- /{name} -->"))
    text = page.read_text("utf-8")
    if _marked(name).search(text):
        text = _marked(name).sub(lambda _: whole, text)
    else:
        text = f"{text.rstrip()}\n\n{whole}\n"
    page.write_text(text, "utf-8")


def write_table(
    page: Path, name: str, head: str, rows: Sequence[str], intro: Sequence[str] = ()
) -> None:
    """Put rows into the table of a section, each in place of the one with the same first word; the
    others stay."""
    kept = [line for line in section(page, name).splitlines() if _ROW.match(line)]
    by_first = {line.split()[1]: line for line in (*kept, *rows)}
    by_first.pop(head.split()[1], None)
    lines = (head, "|---" * (head.count("|") - 1) + "|", *by_first.values())
    write_section(page, name, [*intro, "", *lines, ""])


_ROW = re.compile(r"\| (?!---)\S")


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"<!-- {name}: written by a script -->.*?<!-- /{name} -->", re.DOTALL)
