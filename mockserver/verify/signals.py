"""Handle signals that end a run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BY_SIGNAL = 128
"""Shells report 128 plus the signal number."""


@dataclass
class Stop:
    """The signal that arrived; 0 for none."""

    signal: int = 0

    @property
    def exit_code(self) -> int:
        return BY_SIGNAL + (self.signal or signal.SIGINT)


@contextmanager
def ended_like_ctrl_c() -> Iterator[Stop]:
    """Make SIGTERM raise KeyboardInterrupt, as SIGINT does, so that cleanup runs."""
    stop = Stop()

    def interrupt(number: int, frame: object) -> None:
        stop.signal = number
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {n: signal.signal(n, interrupt) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
