"""Faults as a client sees them, in process and on a real port."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import MockServer
from mockserver.engine.faults.spec import read_fault
from mockserver.files.documents import as_document
from mockserver.server.access import Guard
from mockserver.server.admin.app import admin_api
from mockserver.server.admin.request import Panel
from mockserver.server.clients import InProcessTransport
from mockserver.server.journal.journal import Journal
from mockserver.server.mock import Options, load

SUITES = "/v1/sim-suites"
NEW = {"name": "a suite"}


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer("feather") as mock:
        yield mock


@pytest.fixture(params=["in process", "port"])
def client(request: pytest.FixtureRequest, server: MockServer) -> Iterator[httpx.Client]:
    server.reset()
    if request.param == "port":
        with httpx.Client(base_url=server.url, headers=server.headers, timeout=5) as made:
            yield made
    else:
        yield server.client
    server.mock.faults.remove()


def add(server: MockServer, **spec: Any) -> None:
    server.mock.faults.add([read_fault(spec, server.mock.contract.names)])


def count(client: httpx.Client) -> int:
    return len(client.get(SUITES).json()["items"])


def test_a_status_in_the_vendors_words(server: MockServer, client: httpx.Client) -> None:
    add(server, operation="createSimulationSuite", status=503, retry_after=7, times=1)
    before = count(client)
    refused = client.post(SUITES, json=NEW)
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "7"
    assert refused.json() == {
        "error": "service_unavailable",
        "message": "The service is not available at the moment.",
    }
    assert count(client) == before
    assert client.post(SUITES, json=NEW).status_code == 201


def test_an_error_after_the_effect(server: MockServer, client: httpx.Client) -> None:
    before = count(client)
    add(server, operation="createSimulationSuite", status=504, committed=True)
    assert client.post(SUITES, json=NEW).status_code == 504
    assert count(client) == before + 1


@pytest.mark.parametrize("committed", [False, True])
def test_a_dropped_connection(server: MockServer, client: httpx.Client, committed: bool) -> None:
    before = count(client)
    add(server, operation="createSimulationSuite", drop=True, committed=committed)
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected without sending"):
        client.post(SUITES, json=NEW)
    assert count(client) == before + committed


def test_a_reply_that_breaks_off(server: MockServer, client: httpx.Client) -> None:
    add(server, operation="listSimulationSuites", truncate=20, times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="received 20 bytes"):
        client.get(SUITES)
    assert client.get(SUITES).status_code == 200


def test_latency_on_a_port_is_slept(server: MockServer) -> None:
    add(server, operation="listSimulationSuites", latency=0.2)
    try:
        start = time.monotonic()
        assert httpx.get(server.url + SUITES, headers=server.headers).status_code == 200
        assert time.monotonic() - start >= 0.2
    finally:
        server.mock.faults.remove()


def test_latency_in_process_is_a_timeout_or_nothing(server: MockServer) -> None:
    add(server, operation="listSimulationSuites", latency=3600)
    try:
        start = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            server.client.get(SUITES, timeout=30)
        assert server.client.get(SUITES, timeout=None).status_code == 200
        assert time.monotonic() - start < 30
    finally:
        server.mock.faults.remove()


def test_a_rate_limit_on_the_worlds_clock(server: MockServer) -> None:
    add(server, rate={"limit": 3, "per": 60})
    try:
        statuses = [server.client.get(SUITES).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = server.client.get(SUITES)
        server.clock.advance(float(refused.headers["retry-after"]))
        assert server.client.get(SUITES).status_code == 200
    finally:
        server.mock.faults.remove()


def test_the_admin_apis_examples() -> None:
    """The commands of docs/faults.md, sent to the admin API in process."""
    page = (Path(__file__).parents[2] / "docs/faults.md").read_text("utf-8")
    (block,) = re.findall(r"<!-- faults -->\n```sh\n(.*?)```", page, re.DOTALL)
    journal = Journal()
    mock = load(as_document("feather"), Options(clock="manual"), journal=journal)
    app = mock.app(admin_api(Panel(mock, journal, "feather"), Guard()))
    answers = []
    with httpx.Client(transport=InProcessTransport(app)) as client:
        for line in block.splitlines():
            words = shlex.split(line)
            (url,) = (word for word in words if word.startswith("http"))
            body = words[words.index("-d") + 1] if "-d" in words else None
            method = "DELETE" if "DELETE" in words else "POST" if body else "GET"
            answers.append(client.request(method, url, content=body).json())
        key = {"x-api-key": "mock-key"}
        client.get("http://127.0.0.1:8000/v1/sim-suites", headers=key)
        archive = client.get("http://127.0.0.1:8000/__mock__/journal?format=har").json()
        wrong = client.get("http://127.0.0.1:8000/__mock__/journal?format=xml")
    assert [entry["_operation"] for entry in archive["log"]["entries"]] == ["listSimulationSuites"]
    assert wrong.status_code == 400
    first, second, listed, one, rest = answers
    assert (first, second) == ({"added": ["f1"]}, {"added": ["f2"]})
    assert [fault["id"] for fault in listed["faults"]] == ["f1", "f2"]
    assert (one, rest) == ({"removed": 1}, {"removed": 1})
