"""Handle signals that end a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BY_SIGNAL = 128
"""Shells report 128 plus the signal number."""


@dataclass
class Stop:
    """The signal that arrived; 0 for none."""

    signal: int = 0
    pending: bool = False
    """Whether the run has yet to end for it."""
    deferrals: list[None] = field(default_factory=list)
    """One for each thread in a step that has to be completed."""

    @property
    def exit_code(self) -> int:
        return BY_SIGNAL + (self.signal or signal.SIGINT)


_stop = Stop()


@contextmanager
def ended_like_ctrl_c() -> Iterator[Stop]:
    """Make SIGTERM raise KeyboardInterrupt, as SIGINT does, so that cleanup runs.

    Python drops what is raised in a finalizer or in a callback of the garbage collector, so the
    run also calls `raise_if_pending` between its steps.
    """
    global _stop
    if threading.current_thread() is not threading.main_thread():
        yield Stop()
        return
    stop, outer = Stop(), _stop

    def interrupt(number: int, frame: object) -> None:
        again = stop.pending
        stop.signal, stop.pending = number, True
        if again or not stop.deferrals:
            raise KeyboardInterrupt

    _stop = stop
    before = {n: signal.signal(n, interrupt) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _stop = outer


@contextmanager
def deferred() -> Iterator[None]:
    """Let the first signal wait until `raise_if_pending` is called after the block: what was sent
    is known only when its reply has been recorded. A second signal does not wait."""
    stop = _stop
    stop.deferrals.append(None)
    try:
        yield
    finally:
        stop.deferrals.pop()


def raise_if_pending() -> None:
    """Raise KeyboardInterrupt if a signal has arrived and the run goes on all the same."""
    if _stop.pending:
        raise KeyboardInterrupt


def acknowledge() -> int:
    """Let requests be sent again, to clean up; returns the exit code for the signal."""
    _stop.pending = False
    return _stop.exit_code
