"""Stale reads: a client does not see what it has just written."""

from __future__ import annotations

from typing import Any

from mockserver import MockServer
from mockserver.server.tenant import Tenant

SUITES = "/v1/sim-suites"
ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
AGENT = {"agent_id": ID}


def names(tenant: Tenant) -> list[str]:
    listed = tenant.client.get(SUITES, params={"limit": 100}).json()["items"]
    return [suite["name"] for suite in listed]


def test_what_is_made_changed_and_removed_shows_later(tenant: Tenant) -> None:
    before = names(tenant)
    tenant.faults.add(stale=5)
    path = SUITES + "/" + tenant.client.post(SUITES, json={"name": "first"}).json()["id"]
    assert names(tenant) == before
    assert tenant.client.get(path).status_code == 404
    tenant.clock.advance(4.9)
    assert tenant.client.get(path).status_code == 404
    tenant.clock.advance(0.1)
    assert names(tenant) == ["first", *before]
    assert tenant.client.put(path, json={"name": "second"}).json()["name"] == "second"
    assert tenant.client.get(path).json()["name"] == "first"
    tenant.clock.advance(5)
    assert tenant.client.get(path).json()["name"] == "second"
    assert tenant.client.delete(path).status_code in (200, 204)
    assert tenant.client.get(path).json()["name"] == "second"
    tenant.clock.advance(5)
    assert tenant.client.get(path).status_code == 404


def test_it_only_looks_so(tenant: Tenant) -> None:
    """Writes see the current state, and stale views are never stored."""
    tenant.faults.add(stale=60)
    made = tenant.client.post(SUITES, json={"name": "first"}).json()
    path = f"{SUITES}/{made['id']}"
    assert tenant.client.get(path).status_code == 404
    assert tenant.client.put(path, json={"name": "second"}).status_code == 200
    tenant.faults.clear()
    assert tenant.client.get(path).json()["name"] == "second"


def test_a_job_goes_on_meanwhile(tenant: Tenant) -> None:
    runs = f"{SUITES}/{ID}/runs"
    run = tenant.client.post(runs, json=AGENT).json()
    tenant.faults.add("getSimulationSuiteRun", stale=10)
    tenant.clock.advance(2)
    tenant.client.post(f"{runs}/{run['id']}/cancel")

    def states() -> set[Any]:
        shown = tenant.client.get(f"{runs}/{run['id']}").json()
        return {child["status"] for child in shown["runs"]}

    assert "cancelled" not in states()
    tenant.clock.advance(8)
    assert "cancelled" not in states()
    assert states() != {"pending"}
    tenant.clock.advance(2)
    assert states() == {"cancelled"}


def test_others_are_not_concerned(tenant: Tenant, server: MockServer) -> None:
    tenant.faults.add(stale=60)
    with server.tenant("another") as other:
        path = SUITES + "/" + other.client.post(SUITES, json={"name": "a"}).json()["id"]
        assert other.client.get(path).status_code == 200
