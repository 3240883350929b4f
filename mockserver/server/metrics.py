"""Prometheus metrics of one process, by `prometheus-client`, which is an extra.

Requests are only counted; the client's own objects are made when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from mockserver.errors import MissingExtra
from mockserver.server.journal.journal import Noted
from mockserver.store.addresses import is_shared

if TYPE_CHECKING:
    from mockserver.server.mock import Mock

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the buckets of latencies, in seconds."""
_NANOSECONDS = tuple(round(bound * 1e9) for bound in BOUNDS)
_METHODS = frozenset(("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY"))


class Metrics:
    """Counts requests by operation, method and status, and their latencies by operation.

    `update` is called before each look at the result.
    """

    def __init__(self, update: Callable[[], None] = lambda: None) -> None:
        self._update = update
        self._requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._latencies: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
        self._nanoseconds: defaultdict[str, int] = defaultdict(int)

    def count(self, exchanges: Iterable[Noted]) -> None:
        """Count exchanges. On the hot path."""
        requests, latencies, nanoseconds = self._requests, self._latencies, self._nanoseconds
        for ended, exchange in exchanges:
            operation, message, sent = exchange.operation, exchange.message, exchange.sent
            name = operation.id if operation is not None else ""
            requests[name, message.method, sent.status if sent is not None else 0] += 1
            if 0 < message.started <= ended:
                took = ended - message.started
                latencies[name][bisect_left(_NANOSECONDS, took)] += 1
                nanoseconds[name] += took

    def collect(self, mock: Mock) -> Iterator[Any]:
        """The metrics as the client's families."""
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        self._update()
        requests = CounterMetricFamily(
            "mockserver_requests", "Requests.", labels=("operation", "method", "status")
        )
        totals: dict[tuple[str, str, str], int] = {}
        for (operation, method, status), count in self._requests.copy().items():
            # A client may send any method; each would be a series for ever.
            key = operation, method if method in _METHODS else "other", str(status)
            totals[key] = totals.get(key, 0) + count
        for labels, count in totals.items():
            requests.add_metric(labels, count)
        yield requests
        latency = HistogramMetricFamily(
            "mockserver_request_duration_seconds",
            "Seconds from the whole request to the reply.",
            labels=("operation",),
        )
        for operation, counts in self._latencies.copy().items():
            edges = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
            sums = [sum(counts[: n + 1]) for n in range(len(counts))]
            buckets = list(zip(edges, sums, strict=True))
            latency.add_metric([operation], buckets, sum_value=self._nanoseconds[operation] / 1e9)
        yield latency
        worlds = GaugeMetricFamily("mockserver_worlds", "Worlds that are kept.", labels=("store",))
        kind = "redis" if is_shared(mock.options.store) else "memory"
        worlds.add_metric([kind], len(mock.store.tenants()))
        yield worlds


def metrics_if_installed(update: Callable[[], None]) -> Metrics | None:
    """A counter for a process, if there is somebody to show it."""
    return Metrics(update) if find_spec("prometheus_client") is not None else None


def exposition(metrics: Metrics | None, mock: Mock) -> tuple[bytes, str]:
    """The text of all metrics and its media type. Raises MissingExtra without the client."""
    try:
        from prometheus_client import (
            CONTENT_TYPE_LATEST,
            CollectorRegistry,
            ProcessCollector,
            generate_latest,
        )
    except ImportError:
        raise MissingExtra("/__mock__/metrics", "metrics") from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(metrics or Metrics(), mock))
    ProcessCollector(registry=registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Collector:
    def __init__(self, metrics: Metrics, mock: Mock) -> None:
        self._metrics = metrics
        self._mock = mock

    def describe(self) -> list[Any]:
        return []

    def collect(self) -> Iterator[Any]:
        return self._metrics.collect(self._mock)
