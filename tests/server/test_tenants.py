"""Tenants of an in-process mock: worlds, snapshots, journals, transports."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests

from mockserver import MockServer
from mockserver.errors import UsageError
from mockserver.server.tenant import LONGEST_NAME, Tenant, key_of
from tests.support.documents import document

SUITES = "/v1/sim-suites"
VENDOR = "https://api-sandbox.featherhq.com"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer("feather", keys=("sk-live-0123456789",)) as mock:
        yield mock


@pytest.fixture
def tenant(server: MockServer) -> Iterator[Tenant]:
    with server.tenant("a test") as made:
        yield made


def names(tenant: Tenant | MockServer) -> list[str]:
    return [suite["name"] for suite in tenant.client.get(SUITES).json()["items"]]


def create(tenant: Tenant | MockServer, name: str) -> None:
    assert tenant.client.post(SUITES, json={"name": name}).status_code == 201


def test_a_name_becomes_a_credential() -> None:
    assert key_of("mock-key", "mock-") == "mock-key"
    made = {key_of(name, "mock-") for name in ("a b", "a-b", "a/b", "ä" * 300, "x" * 300, "")}
    assert len(made) == 6
    for key in made:
        assert key.isascii()
        assert key.startswith("mock-")
        assert len(key) < LONGEST_NAME + 20


def test_worlds_are_apart_and_end(server: MockServer) -> None:
    with server.tenant("one") as one, server.tenant("two") as two:
        create(one, "mine")
        one.clock.advance(60)
        assert "mine" in names(one)
        assert "mine" not in names(two)
        assert one.clock.now - two.clock.now == 60_000_000
    assert not {one.key, two.key} & set(server.mock.store.tenants())
    with server.tenant("one") as again:
        assert "mine" not in names(again)
        assert len(again.journal) == 1


def test_a_fresh_world_costs_little(server: MockServer) -> None:
    with server.tenant("warm") as tenant:
        names(tenant)
    best = min(_fresh(server, number) for number in range(20))
    assert best < 0.005


def _fresh(server: MockServer, number: int) -> float:
    started = time.perf_counter()
    with server.tenant(f"fresh {number}") as tenant, server.mock.store.begin(tenant.key):
        pass
    return time.perf_counter() - started


def test_a_fork_has_not_happened(tenant: Tenant) -> None:
    before, now = names(tenant), tenant.clock.now
    with tenant.fork():
        create(tenant, "inside")
        tenant.clock.advance(5)
        assert "inside" in names(tenant)
    assert names(tenant) == before
    assert tenant.clock.now == now


def test_a_snapshot_is_json_and_comes_back(tenant: Tenant) -> None:
    create(tenant, "kept")
    snapshot = json.loads(json.dumps(tenant.snapshot()))
    tenant.reset()
    assert "kept" not in names(tenant)
    tenant.restore(snapshot)
    assert "kept" in names(tenant)


def test_calls_are_read_back(tenant: Tenant) -> None:
    create(tenant, "a suite")
    (call,) = tenant.journal.assert_called("createSimulationSuite", times=1)
    assert (call.method, call.path, call.status) == ("POST", SUITES, 201)
    assert call.body == {"name": "a suite"}
    assert call.reply["name"] == "a suite"
    tenant.client.get(SUITES, params={"limit": 3})
    assert tenant.journal.calls()[-1].query == {"limit": "3"}
    tenant.journal.assert_not_called("cancelSimulationSuiteRun")


def test_a_failure_shows_calls_and_near_misses(tenant: Tenant) -> None:
    create(tenant, "a suite")
    tenant.client.post(f"{SUITES}/a/run/b/cancel")
    tenant.client.get(SUITES, headers={"x-api-key": "wrong", "authorization": ""})
    with pytest.raises(AssertionError) as caught:
        tenant.journal.assert_called("cancelSimulationSuiteRun", times=1)
    assert str(caught.value).splitlines() == [
        "cancelSimulationSuiteRun (POST /v1/sim-suites/{suite_id}/runs/{suite_run_id}/cancel) "
        "was not called, expected once.",
        "Calls:",
        "  POST /v1/sim-suites -> 201 (createSimulationSuite)",
        "  POST /v1/sim-suites/a/run/b/cancel -> 404 (no operation)",
        "  GET /v1/sim-suites -> 401 (listSimulationSuites)",
        "Near misses, requests that match no operation:",
        "  POST /v1/sim-suites/a/run/b/cancel",
        "    close to cancelSimulationSuiteRun "
        "(POST /v1/sim-suites/{suite_id}/runs/{suite_run_id}/cancel)",
        *str(caught.value).splitlines()[8:],
    ]
    with pytest.raises(AssertionError, match="was called once, expected none"):
        tenant.journal.assert_not_called("createSimulationSuite")
    with pytest.raises(UsageError, match="did you mean 'createSimulationSuite"):
        tenant.journal.assert_called("createSimulatonSuite")


def test_an_archive_masks_secrets(server: MockServer) -> None:
    key = "sk-live-0123456789"
    with Tenant(server, key) as tenant:
        create(tenant, "a suite")
        tenant.client.get(f"{SUITES}/nope?api_key={key}")
        archive = tenant.journal.har()
    assert key not in json.dumps(archive)
    first, second = archive["log"]["entries"]
    assert first["request"]["method"] == "POST"
    assert first["request"]["postData"]["text"] == '{"name":"a suite"}'
    assert first["response"]["status"] == 201
    assert first["_operation"] == "createSimulationSuite"
    assert second["request"]["queryString"][0]["name"] == "api_key"


def test_the_vendors_url_reaches_the_mock(tenant: Tenant) -> None:
    theirs = {"x-api-key": "sk-live-of-the-vendor"}
    with httpx.Client(transport=tenant.transport(), base_url=VENDOR, headers=theirs) as client:
        assert client.post(SUITES, json={"name": "by transport"}).status_code == 201
    with requests.Session() as session:
        session.mount(VENDOR, tenant.requests_adapter())
        session.headers.update(theirs)
        made = session.post(VENDOR + SUITES, json={"name": "by requests"}, timeout=3)
        assert made.status_code == 201
        assert made.json()["name"] == "by requests"
    with tenant.patch_httpx():
        assert httpx.post(VENDOR + SUITES, json={"name": "by patch"}).status_code == 201
        asyncio.run(_create_async("by patch, async"))
    assert {"by transport", "by requests", "by patch", "by patch, async"} <= set(names(tenant))


async def _create_async(name: str) -> None:
    async with httpx.AsyncClient() as client:
        made = await client.post(VENDOR + SUITES, json={"name": name})
        assert made.status_code == 201


def test_faults_reach_requests_as_its_own_errors(tenant: Tenant) -> None:
    with requests.Session() as session:
        session.mount(VENDOR, tenant.requests_adapter())
        for spec, error in (
            ({"drop": True}, requests.ConnectionError),
            ({"latency": 10}, requests.ReadTimeout),
            ({"truncate": 3}, requests.exceptions.ChunkedEncodingError),
        ):
            tenant.faults.add("listSimulationSuites", **spec)
            with pytest.raises(error):
                session.get(VENDOR + SUITES, timeout=(1, 3))
            tenant.faults.clear()
        assert session.get(VENDOR + SUITES, timeout=3).status_code == 200


def test_faults_are_the_tenants_own(server: MockServer, tenant: Tenant) -> None:
    tenant.faults.add(status=500)
    assert tenant.client.get(SUITES).status_code == 500
    assert server.client.get(SUITES).status_code == 200
    assert tenant.faults.list()[0]["struck"] == 1
    assert server.faults.list() == []


def test_the_server_is_a_tenant_too(server: MockServer) -> None:
    with server.fork():
        create(server, "inside")
    assert "inside" not in names(server)
    server.journal.assert_called("createSimulationSuite")


def test_a_near_miss_needs_no_base_path() -> None:
    paths = kept_reports()
    with MockServer({**document(paths), "servers": [{"url": "https://a.example/v2"}]}) as mock:
        mock.client.get("/report/7")
        with pytest.raises(AssertionError, match=r"close to getReport \(GET /reports/\{id\}\)"):
            mock.journal.assert_called("getReport")


def kept_reports() -> dict[str, Any]:
    item = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    responses = {"200": {"description": ""}}
    return {
        "/reports": {
            "get": {"operationId": "listReports", "responses": responses},
            "post": {"operationId": "createReport", "responses": responses},
        },
        "/reports/{id}": {
            "get": {"operationId": "getReport", "parameters": [item], "responses": responses}
        },
    }
