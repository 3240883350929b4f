"""Make text from documents safe for a terminal."""

from __future__ import annotations


def plain(text: str) -> str:
    """On one line, and without control characters, escape sequences and bidi marks."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else " " if each.isspace() else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )
