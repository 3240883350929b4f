"""Ten thousand requests with every fault active: nothing else fails, and nothing accumulates."""

from __future__ import annotations

import gc
from collections import Counter
from random import Random
from typing import Any

import httpx
import pytest

from mockserver.engine.faults.spec import read_fault
from mockserver.files.documents import as_document
from mockserver.server.clients import call
from mockserver.server.journal.journal import Journal
from mockserver.server.mock import MockServer, Options, load

REQUESTS = 10_000
KEPT = 500
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
SUITE = f"/v1/sim-suites/{ID}"
REQUESTED: tuple[tuple[str, str, bytes], ...] = (
    ("GET", "/v1/sim-suites", b""),
    ("GET", "/v1/sim-suites?limit=0", b""),
    ("GET", f"{SUITE}/runs?limit=3", b""),
    ("GET", f"{SUITE}/runs/{ID}", b""),
    ("GET", "/v1/agents", b""),
    ("GET", "/v1/nope", b""),
    ("POST", f"{SUITE}/runs", b'{"agent_id": "%s"}' % ID.encode()),
    ("POST", f"{SUITE}/runs", b"{"),
    ("POST", f"{SUITE}/runs/{ID}/cancel", b""),
    ("POST", "/v1/sim-suites", b'{"name": "a suite"}'),
    ("PUT", SUITE, b'{"name": "another name"}'),
    ("DELETE", f"/v1/personas/{ID}", b""),
)
FAULTS: tuple[dict[str, Any], ...] = (
    {"latency": 0.2, "probability": 0.3},
    {"latency": {"uniform": [0, 1]}, "probability": 0.3},
    {"latency": {"normal": [1, 1]}, "probability": 0.3},
    {"status": 503, "retry_after": 3, "probability": 0.05},
    {"status": 504, "probability": 0.05, "committed": True},
    {"status": 418, "message": "no tea", "headers": {"x-tea": "none"}, "probability": 0.05},
    {"rate": {"limit": 30, "per": 60}},
    {"drop": True, "probability": 0.05},
    {"drop": True, "probability": 0.05, "committed": True},
    {"truncate": 5, "probability": 0.05},
    {"stale": 30, "probability": 0.5},
    {"operation": "createSimulationSuite", "status": 500, "calls": [3, 5], "times": 1},
)
ASKED_FOR = {503, 504, 500}


@pytest.mark.slow
def test_nothing_breaks_that_was_not_asked_to() -> None:
    journal = Journal(kept=KEPT)
    mock = load(as_document("feather"), Options(clock="manual", max_worlds=20), journal=journal)
    app, random = mock.app(), Random(7)
    mock.faults.add(read_fault(spec, mock.contract.names) for spec in FAULTS)
    seen: Counter[int | str] = Counter()
    grown = []
    for number in range(REQUESTS):
        key = f"mock-{random.randrange(40)}"
        method, target, body = REQUESTED[random.randrange(len(REQUESTED))]
        headers = [(b"x-api-key", key.encode()), (b"content-type", b"application/json")]
        answer = call(app, method, httpx.URL(f"http://mock.local{target}"), headers, body)
        trouble = answer.trouble
        dropped = trouble is not None and trouble.drop
        seen["dropped" if dropped else answer.status] += 1
        if not dropped and answer.status >= 500:
            exchange = next(journal.entries()).exchange
            assert answer.status in ASKED_FOR
            assert exchange.injection is not None, exchange.problem
            assert not exchange.problem
        if number % 25 == 0:
            mock.store.change_clock(None, {"advance": 1})
        if number in (REQUESTS // 2, REQUESTS - 1):
            mock.store.reset(None)
            gc.collect()
            grown.append(len(gc.get_objects()))
    assert seen.keys() >= {200, 201, 404, 418, 422, 429, 500, 503, 504, "dropped"}
    assert journal.kept <= KEPT
    assert journal.total == REQUESTS
    assert len(mock.store.tenants()) <= 20
    assert sum(fault["struck"] for fault in mock.faults.describe()) > REQUESTS
    # What is kept of the first half is as much as what is kept of both.
    assert grown[1] < grown[0] * 1.05, grown
    mock.store.close()


def test_the_journal_of_a_mock_in_process_is_bounded() -> None:
    with MockServer("feather") as mock:
        assert mock.recorder._most == 10_000
