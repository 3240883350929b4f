"""Prometheus metrics of one process, by `prometheus-client`, which is an extra.

The journal's tally has the numbers; the client's own objects are made when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from mockserver.errors import MissingExtra
from mockserver.server.journal.coverage import BOUNDS, Tally
from mockserver.store.base import is_shared

if TYPE_CHECKING:
    from mockserver.server.mock import Mock

_METHODS = frozenset(("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "QUERY"))


class Metrics:
    """The numbers of a tally as metrics."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def collect(self, mock: Mock) -> Iterator[Any]:
        """The metrics as the client's families."""
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        requests = CounterMetricFamily(
            "mockserver_requests", "Requests.", labels=("operation", "method", "status")
        )
        totals: dict[tuple[str, str, str], int] = {}
        for (operation, method, status), count in self._tally.requests.items():
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
        for operation, (counts, seconds) in self._tally.latencies.items():
            edges = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
            sums = [sum(counts[: n + 1]) for n in range(len(counts))]
            buckets = list(zip(edges, sums, strict=True))
            latency.add_metric([operation], buckets, sum_value=seconds)
        yield latency
        worlds = GaugeMetricFamily("mockserver_worlds", "Worlds that are kept.", labels=("store",))
        kind = "redis" if is_shared(mock.options.store) else "memory"
        worlds.add_metric([kind], len(mock.store.tenants()))
        yield worlds


def metrics_if_installed(tally: Tally) -> Metrics | None:
    """The metrics of a process; None without prometheus-client."""
    return Metrics(tally) if find_spec("prometheus_client") is not None else None


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
    registry.register(_Collector(metrics or Metrics(Tally()), mock))
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
