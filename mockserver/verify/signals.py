"""Being told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BY_SIGNAL = 128
"""A shell adds it to the number of the signal that ended a program."""


@dataclass
class Stop:
    """Which signal came; 0 if none did."""

    signal: int = 0

    @property
    def exit_code(self) -> int:
        return BY_SIGNAL + (self.signal or signal.SIGINT)


@contextmanager
def ended_like_ctrl_c() -> Iterator[Stop]:
    """SIGTERM raises KeyboardInterrupt, as SIGINT does, so that what was begun is ended."""
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
