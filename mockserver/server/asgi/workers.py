"""`--workers N`: processes that serve the same ports, and one that supervises them."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Self

from mockserver.errors import MockServerError, UsageError

log = logging.getLogger("mockserver")

SECONDS_TO_END = 6  # slightly more than a server needs at most
SHORT_LIFE = 2.0
SECONDS_BETWEEN_SHORT_LIVES = 1.0

Work = Callable[[int, int], None]
"""Serve as the worker with this index; the descriptor is readable once the parent is gone."""


class Serials:
    """Numbers that are unique across processes and machines."""

    def __init__(self) -> None:
        self._here = secrets.randbits(64) << 128
        self._numbers = count(1)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> int:
        return self._here | os.getpid() << 64 | next(self._numbers)


class Workers:
    """Forks `count` processes that run `work`, and replaces any that dies.

    At start there must be no threads besides the main one, and no open connections.
    """

    def __init__(self, count: int, work: Work, drain: float = 0) -> None:
        if not hasattr(os, "fork"):
            raise UsageError("--workers: this system can't fork processes; use 1")
        self._count = count
        self._work = work
        self._running: dict[int, tuple[int, float]] = {}
        self._stopping = False
        self._drain = drain
        self._short_lives = 0
        self._life = os.pipe()

    def run(self, started: Callable[[], None]) -> None:
        """Serve until a signal arrives. `started` is called once all of them run."""
        with self._signals():
            for index in range(self._count):
                self._start(index)
            started()
            while self._running:
                pid, status = os.wait()
                index, since = self._running.pop(pid, (-1, 0.0))
                if index >= 0 and not self._stopping:
                    self._replace(index, pid, status, time.monotonic() - since)
        os.close(self._life[0])
        os.close(self._life[1])

    def _replace(self, index: int, pid: int, status: int, lived: float) -> None:
        log.error("worker %d %s; starting another", pid, _end(status))
        self._short_lives = self._short_lives + 1 if lived < SHORT_LIFE else 0
        if self._short_lives > self._count:
            time.sleep(SECONDS_BETWEEN_SHORT_LIVES)
        self._start(index)

    def _start(self, index: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal in between would miss the new process, or run the parent's handlers in it.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        if self._stopping:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            return
        pid = os.fork()
        if pid == 0:
            self._be_worker(index)
        self._running[pid] = index, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)

    def _be_worker(self, index: int) -> None:
        status = 1
        try:
            os.close(self._life[1])
            for number in (*_SIGNALS, signal.SIGALRM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            self._work(index, self._life[0])
            status = 0
        except MockServerError as error:
            log.error("%s", error)
        except KeyboardInterrupt:
            pass
        except BaseException:
            log.exception("worker %d failed", os.getpid())
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _stop(self, number: int, frame: object) -> None:
        patience = SECONDS_TO_END + (0 if self._stopping else math.ceil(self._drain))
        self._stopping = True
        self._send(signal.SIGTERM)
        signal.alarm(patience)

    def _kill(self, number: int, frame: object) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        for pid in list(self._running):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        # nohup ignores SIGHUP; keep that.
        wanted = {n: self._stop for n in _SIGNALS if signal.getsignal(n) is not signal.SIG_IGN}
        before = {number: signal.signal(number, stop) for number, stop in wanted.items()}
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._kill)
        try:
            yield
        finally:
            signal.alarm(0)
            for number, handler in before.items():
                signal.signal(number, handler)


async def end_with_parent(life: int) -> None:
    """Runs in a worker: ends its server when the supervising process is gone."""
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(life, gone.set)
    await gone.wait()
    os.kill(os.getpid(), signal.SIGTERM)


def _end(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with {code}"


_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
