"""Numbers of things in messages."""

from __future__ import annotations


def counted(count: int, noun: str, several: str = "") -> str:
    """A number with its noun: `1 entity`, `2 entities`.

    The plural is made for regular nouns; give `several` for others.
    """
    if count == 1:
        return f"1 {noun}"
    if several:
        return f"{count} {several}"
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{count} {noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{count} {noun[:-1]}ies"
    return f"{count} {noun}s"


def often(count: int) -> str:
    """How often: `once`, `3 times`."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
