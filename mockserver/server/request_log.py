"""A line for each request in the terminal, or a JSON object for programs.

Lines are written in the background from the journal, no more than a person can read; the rest is
counted.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from threading import Event, Thread
from typing import Any, Literal, TextIO

import click

from mockserver.engine.serialization import dump
from mockserver.server.journal.journal import Entry, Journal, describe
from mockserver.server.terminal import plain

LogStyle = Literal["text", "json"]
EVERY = 0.2
MOST_AT_ONCE = 40
_PATIENCE = 1.0
_COLOURS = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
_LONGEST = 300


class RequestLog:
    """Writes the requests of a journal. `stream` defaults to standard error."""

    def __init__(
        self,
        journal: Callable[[], Journal],
        style: LogStyle = "text",
        stream: Callable[[], TextIO] = lambda: sys.stderr,
    ) -> None:
        self._journal = journal
        self._style = style
        self._stream = stream
        self._recorded = 0
        self._until = 0

    def write(self) -> None:
        """Write what came since the last time."""
        recorded, newest = self._journal().latest(MOST_AT_ONCE)
        left = max(0, recorded - self._recorded - MOST_AT_ONCE)
        self._recorded = recorded
        # The others have been written.
        waiting = [(ended, exchange) for ended, exchange in newest if ended > self._until]
        if not waiting:
            return
        self._until = waiting[-1][0]
        stream = self._stream()
        try:
            coloured = self._style == "text" and stream.isatty()
        except ValueError:  # closed
            return
        lines = []
        if left:
            lines.append(self._missing(left))
        for ended, exchange in waiting:
            entry = describe(Entry(0, ended, exchange))
            if self._style == "json":
                entry.pop("number")
                named = exchange.message.headers.get("x-request-id")
                if named is not None:
                    entry["request_id"] = named[:_LONGEST]
                lines.append(dump(entry).decode())
            else:
                lines.append(line_of(entry, coloured))
        try:
            stream.write("\n".join(lines) + "\n")
            stream.flush()
        except (OSError, ValueError):  # nobody reads it any more
            return

    def _missing(self, left: int) -> str:
        if self._style == "json":
            return dump({"not_shown": left}).decode()
        return f"... {left} more, see /__mock__/journal"

    async def keep_writing(self) -> None:
        """Write periodically until cancelled.

        It uses a thread, because a pipe that nobody reads must not block the server.
        """
        ended = Event()
        thread = Thread(target=self._work, args=(ended,), daemon=True, name="request log")
        thread.start()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
            thread.join(_PATIENCE)

    def _work(self, ended: Event) -> None:
        while not ended.wait(EVERY):
            self.write()
        self.write()


def line_of(entry: Mapping[str, Any], coloured: bool = False) -> str:
    """`POST /projects 400 createProject 1.2 ms  body.name is required`, of a described exchange."""
    status = entry["status"]
    words = [entry["method"], plain(str(entry["target"]))]
    shown = str(status) if status is not None else "---"
    colour = _COLOURS.get(status // 100 if status is not None else 5, "magenta")
    words.append(click.style(shown, fg=colour) if coloured else shown)
    if entry["operation"] is not None:
        words.append(plain(entry["operation"]))
    if entry["upstream"] is not None:
        words.append(f"from {plain(entry['upstream'])}")
    if entry["stub"] is not None:
        words.append(f"by {entry['stub']}")
    if entry["duration_ms"] is not None:
        words.append(f"{entry['duration_ms']:.1f} ms")
    line = " ".join(words)
    notes = list(map(_violation_text, entry["violations"]))
    if entry["problem"]:
        notes.append(entry["problem"])
    if entry["faults"]:
        notes.append("fault: " + ", ".join(map(str, entry["faults"])))
    if entry["undocumented"]:
        notes.append(f"{status} is not documented")
    text = plain("; ".join(notes))
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    if not text:
        return line
    return f"{line}  {click.style(text, dim=True) if coloured else text}"


def _violation_text(violation: Mapping[str, Any]) -> str:
    where = ".".join(map(str, violation["where"]))
    if violation["rule"] == "required":
        return f"{where} is required"
    return f"{where}: {violation['message']}"
