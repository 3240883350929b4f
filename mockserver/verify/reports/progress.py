"""Progress of a run: one live line on a terminal, a line for each phase elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TextIO

from mockserver.files.wording import counted
from mockserver.verify.model import Result

EVERY = 0.2


class Progress:
    """Writes to standard error, so that standard output contains only the report.

    `seconds` is the time limit of the whole run, 0 for none. `noun` names what the run finds.
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        seconds: float = 0,
        noun: str = "finding",
        stream: TextIO | None = None,
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._quiet = quiet
        self._seconds = seconds
        self._noun = noun
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._begun = time.monotonic()
        self._shown = 0.0
        self._drawn = False

    def say(self, text: str) -> None:
        """Report that a phase has started or ended."""
        if self._quiet:
            return
        self.clear()
        print(f"... {text}", file=self._stream, flush=True)

    def step(self, text: str) -> None:
        """Report a step within a phase, where there is no live line."""
        if not self._live:
            self.say(text)

    @property
    def is_due(self) -> bool:
        """Whether `watch` would redraw the live line now."""
        return self._live and not self._quiet and time.monotonic() - self._shown >= EVERY

    def watch(self, result: Result) -> None:
        """Redraw the live line, a few times a second at most."""
        if not self.is_due:
            return
        self._shown = now = time.monotonic()
        width = shutil.get_terminal_size((100, 24)).columns
        self._stream.write(f"\r{self.line(result, now - self._begun)[: width - 1]}\x1b[K")
        self._stream.flush()
        self._drawn = True

    def line(self, result: Result, spent: float) -> str:
        """Operations, requests, findings and the time, for the live line."""
        reached = sum(1 for name in result.documented if result.coverage.seen.get(name))
        words = [
            f"{reached} of {len(result.documented)} operations",
            counted(result.requests, "request"),
            counted(len(result.findings), self._noun),
            f"{max(0, self._seconds - spent):.0f} s left" if self._seconds else f"{spent:.0f} s",
        ]
        return ", ".join(words)

    def clear(self) -> None:
        """Remove the live line."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False
