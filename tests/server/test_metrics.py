"""Prometheus metrics: counts, latencies and worlds, within bounds."""

from __future__ import annotations

import sys

import pytest

from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.serialization import Sent
from mockserver.errors import MissingExtra
from mockserver.server.journal.coverage import Tally
from mockserver.server.metrics import Metrics, exposition
from tests.server.plane import Plane

parser = pytest.importorskip("prometheus_client.parser")
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(plane: Plane, tally: Tally) -> Samples:
    text, media_type = exposition(Metrics(tally), plane.mock)
    assert media_type.startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def exchange(method: str = "GET", status: int = 200, started: int = 0) -> Exchange:
    return Exchange(Message(method, "/", started=started), None, sent=Sent(status))


def of(status: str, method: str = "GET") -> tuple[str, tuple[tuple[str, str], ...]]:
    labels = (("method", method), ("operation", ""), ("status", status))
    return "mockserver_requests_total", labels


def test_requests_are_counted() -> None:
    plane, tally = Plane(), Tally()
    for status in (200, 200, 404):
        tally.count([(0, exchange(status=status))])
    found = samples(plane, tally)
    assert (found[of("200")], found[of("404")]) == (2, 1)
    assert found["mockserver_worlds", (("store", "memory"),)] == len(plane.mock.store.tenants())


def test_any_number_of_methods_is_one_series() -> None:
    tally = Tally()
    for number in range(50):
        tally.count([(0, exchange(method=f"M{number}"))])
    found = samples(Plane(), tally)
    assert found[of("200", "other")] == 50
    assert sum(name == "mockserver_requests_total" for name, _ in found) == 1


def test_latencies_are_in_buckets() -> None:
    tally = Tally()
    for milliseconds in (0, 1, 2, 400, 60_000):
        tally.count([(10**18, exchange(started=10**18 - milliseconds * 10**6))])
    found = samples(Plane(), tally)

    def bucket(edge: str) -> float:
        return found[
            "mockserver_request_duration_seconds_bucket", (("le", edge), ("operation", ""))
        ]

    assert (bucket("0.0005"), bucket("0.001"), bucket("0.5"), bucket("+Inf")) == (1, 2, 4, 5)


def test_many_latencies_are_put_into_buckets_together() -> None:
    tally = Tally()
    for _ in range(3):
        tally.count([(10**18, exchange(started=10**18 - 10**6))] * 700)
    (counts, seconds) = tally.latencies[""]
    assert (counts[1], sum(counts), round(seconds, 6)) == (2100, 2100, 2.1)


def test_it_is_served() -> None:
    with Plane().client() as client:
        reply = client.get("/metrics")
    assert reply.status_code == 200
    assert "mockserver_worlds" in reply.text


def test_without_the_client_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(MissingExtra, match=r"/PATH/TO/CLONE\[metrics\]"):
        exposition(None, Plane().mock)
