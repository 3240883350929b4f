"""Terminal output: make text safe, and show a line during slow operations."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TextIO

PATIENCE = 0.7
"""Seconds before a line appears."""


def plain(text: str) -> str:
    """On one line, and without control characters, escape sequences and bidi marks."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else " " if each.isspace() else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )


@contextmanager
def waiting(text: str, stream: TextIO | None = None, patience: float = PATIENCE) -> Iterator[None]:
    """Show a line with the elapsed seconds while the block runs, if it is slow. Only on
    terminals."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield
        return
    done = Event()

    def show() -> None:
        seconds = patience
        if done.wait(patience):
            return
        while True:
            stream.write(f"\r{plain(text)} ... {seconds:.0f} s\x1b[K")
            stream.flush()
            if done.wait(1):
                break
            seconds += 1
        stream.write("\r\x1b[K")
        stream.flush()

    thread = Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
