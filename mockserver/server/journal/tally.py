"""Counts of requests by operation, method and status, and their latencies, shared by coverage and
metrics."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from mockserver.engine.pipeline import Exchange
from mockserver.server.journal.journal import Noted

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the latency buckets, in seconds."""
_NANOSECONDS = tuple(round(bound * 1e9) for bound in BOUNDS)
_MOST_WAITING = 1024


class Tally:
    """Counts exchanges; those of no operation count under "".

    `update` is called before each look at the result. `on_misfit` is called with each exchange that
    belongs to no operation, has violations or was refused.
    """

    def __init__(self, update: Callable[[], None] = lambda: None) -> None:
        self.on_misfit: Callable[[Exchange], None] | None = None
        self.update = update
        self._requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        # Latencies are collected first: it is cheaper to sort many and put them into buckets.
        self._took: defaultdict[str, list[int]] = defaultdict(list)
        self._waiting = 0
        self._lock = Lock()
        self._buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._nanoseconds: defaultdict[str, int] = defaultdict(int)

    def count(self, exchanges: Sequence[Noted]) -> None:
        """Count exchanges. On the hot path."""
        with self._lock:
            requests, took, on_misfit = self._requests, self._took, self.on_misfit
            for ended, exchange in exchanges:
                operation, message, sent = exchange.operation, exchange.message, exchange.sent
                name = operation.id if operation is not None else ""
                requests[name, message.method, sent.status if sent is not None else 0] += 1
                if 0 < message.started <= ended:
                    took[name].append(ended - message.started)
                if on_misfit is not None and (
                    exchange.refused or exchange.violations or operation is None
                ):
                    on_misfit(exchange)
            self._waiting += len(exchanges)
            if self._waiting > _MOST_WAITING:
                self._settle()

    def _settle(self) -> None:
        """Put the collected latencies into their buckets. The caller holds the lock."""
        waiting, self._took, self._waiting = self._took, defaultdict(list), 0
        for name, each in waiting.items():
            each.sort()
            buckets, below = self._buckets[name], 0
            for number, bound in enumerate(_NANOSECONDS):
                until = bisect_left(each, bound + 1)
                buckets[number] += until - below
                below = until
            buckets[-1] += len(each) - below
            self._nanoseconds[name] += sum(each)

    @property
    def requests(self) -> Mapping[tuple[str, str, int], int]:
        """The number of requests by operation, method and status (0: no response was sent)."""
        self.update()
        with self._lock:
            return self._requests.copy()

    @property
    def latencies(self) -> Mapping[str, tuple[list[int], float]]:
        """By operation: the number of requests in each bucket, the last of which has no bound, and
        the sum of their latencies in seconds."""
        self.update()
        with self._lock:
            self._settle()
            nanoseconds = self._nanoseconds
            return {n: (list(each), nanoseconds[n] / 1e9) for n, each in self._buckets.items()}
