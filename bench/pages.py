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


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"<!-- {name}: written by a script -->.*?<!-- /{name} -->", re.DOTALL)
