"""A result for the terminal."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator
from typing import TextIO

from mockserver.files.wording import counted, often
from mockserver.verify.model import Difference, Finding, Result

# Progress of a run: one live line on a terminal, a line for each phase elsewhere.

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


WIDTH = 100
LONGEST = 20
"""Lines of a message to show."""
_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|\d+""")


def lines(result: Result) -> Iterator[str]:
    """A block for each finding, then the totals."""
    for number, finding in enumerate(result.open_findings, 1):
        yield from block(number, finding)
    accepted = [finding for finding in result.findings if finding.accepted]
    for finding in accepted:
        yield f"accepted: {finding.rule} at {finding.where} ({finding.accepted})"
    yield from differences(result.differences)
    for note in result.notes:
        yield f"note: {note}"
    for error in result.errors:
        yield f"could not judge: {error}"
    yield ""
    yield from summary(result)


def differences(found: Iterable[Difference]) -> Iterator[str]:
    """Where the validators disagree: one line for each cause, cut to the terminal's width."""
    causes: dict[tuple[str, str], list[Difference]] = {}
    for one in found:
        # Group causes regardless of the values they quote.
        cause = (one.schemathesis, _QUOTED.sub("", one.openapi_core))
        causes.setdefault(cause, []).append(one)
    width = shutil.get_terminal_size((WIDTH, 24)).columns
    for same in sorted(causes.values(), key=len, reverse=True):
        first = same[0]
        more = f" and {len(same) - 1} more" if len(same) > 1 else ""
        yield _short(
            f"judges differ on {first.where} {first.status}{more}: Schemathesis says "
            f"{first.schemathesis or 'good'}, openapi-core {first.openapi_core or 'good'}",
            width,
        )


def _short(text: str, width: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= width else text[: max(width, 20) - 3] + "..."


def block(number: int, finding: Finding) -> Iterator[str]:
    """What, where, an example, a curl command, the rule."""
    yield f"{number}. {finding.title} ({often(finding.count)})"
    yield f"   where    {finding.where}"
    rules = finding.extra.get("rules", finding.rule)
    yield f"   rule     {rules}  [{finding.origin}, {finding.id}]"
    lines = [
        part
        for line in finding.message.splitlines()
        for part in textwrap.wrap(
            line, WIDTH, initial_indent="   what     ", subsequent_indent="            "
        )
    ]
    yield from lines[:LONGEST]
    if len(lines) > LONGEST:
        yield f"            and {counted(len(lines) - LONGEST, 'more line')}, in the reports"
    example = finding.example
    if example is not None:
        reply = example.body[:200].decode("utf-8", "replace")
        yield f"   answer   {example.status} {reply}"
        steps = finding.steps[-6:]
        if len(steps) > 1:
            yield f"   steps    {len(finding.steps)}, the last ones:"
        for step in steps:
            yield f"   curl     {step.curl()}"
    yield ""


def summary(result: Result) -> Iterator[str]:
    covered = sum(1 for name in result.documented if result.coverage.seen.get(name))
    phases = ", ".join(f"{name} {status}" for name, status in result.phases.items())
    yield f"{result.title} at {result.url}"
    yield f"  {phases}"
    yield (
        f"  {counted(result.requests, 'request')} in {result.seconds:.1f} s, seed {result.seed}, "
        f"sequence {result.digest}"
    )
    yield (
        f"  {covered} of {len(result.documented)} operations reached; "
        f"openapi-core judged {counted(result.judged, 'response')}, "
        f"{counted(len(result.differences), 'difference')}"
    )
    found = len(result.open_findings)
    accepted = len(result.findings) - found
    tail = f" ({accepted} accepted)" if accepted else ""
    verdict = "no findings" if not found else counted(found, "finding")
    yield f"  {verdict}{tail}"
