"""Client lint: each kind is reported for a bad client, and not for a good one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from mockserver import MockServer
from mockserver.cli import cli
from mockserver.errors import UsageError
from mockserver.server.journal.client_lint import KINDS
from mockserver.server.tenant import Tenant
from tests.server.running import running

ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
SUITE = f"/v1/sim-suites/{ID}"
AGENT = {"agent_id": ID}


def kinds(tenant: Tenant) -> list[str]:
    return [finding.kind for finding in tenant.journal.client_lint()]


def begin(tenant: Tenant, outcome: str = "completed", at: float = 10) -> str:
    run = tenant.client.post(f"{SUITE}/runs", json=AGENT).json()
    steer = tenant.server.mock.api.jobs.steer
    assert steer is not None
    with tenant.server.mock.store.begin(tenant.key) as world:
        for place, child in enumerate(run["runs"]):
            order = {"outcome": outcome if not place else "completed", "after": at}
            steer(world, child["id"], order)
        world.commit()
    return f"{SUITE}/runs/{run['id']}"


def test_a_client_that_sees_it_through_is_a_good_one(tenant: Tenant) -> None:
    path = begin(tenant)
    for _ in range(4):
        tenant.client.get(path)
        tenant.clock.advance(4)
    tenant.client.get(path)
    assert tenant.journal.client_lint() == []


@pytest.mark.parametrize(("waited", "complains"), [(0, True), (6.9, True), (7, False)])
def test_waiting_as_it_is_asked(tenant: Tenant, waited: float, complains: bool) -> None:
    tenant.faults.add("listSimulationSuites", status=429, retry_after=7, calls=[1])
    tenant.client.get("/v1/sim-suites")
    tenant.client.get("/v1/agents")  # something else may be asked
    tenant.clock.advance(waited)
    tenant.client.get("/v1/sim-suites")
    assert kinds(tenant) == (["too-soon"] if complains else [])


@pytest.mark.parametrize(("more", "complains"), [(0, False), (1, False), (2, True), (5, True)])
def test_asking_after_the_end(tenant: Tenant, more: int, complains: bool) -> None:
    path = begin(tenant)
    tenant.clock.advance(60)
    for _ in range(1 + more):
        tenant.client.get(path)
    assert kinds(tenant) == (["after-the-end"] if complains else [])
    if complains:
        (found,) = tenant.journal.client_lint()
        assert f"polled {more} more times" in found.text
        assert len(found.calls) == 1 + more


def test_a_retry_begins_anew(tenant: Tenant) -> None:
    path = begin(tenant, "failed")
    tenant.clock.advance(60)
    tenant.client.get(path)
    tenant.client.post(f"{path}/retry-failed", json={})
    for _ in range(3):
        tenant.client.get(path)
        tenant.clock.advance(60)
    assert "after-the-end" not in kinds(tenant)


def test_a_failed_child(tenant: Tenant) -> None:
    path = begin(tenant, "failed")
    tenant.clock.advance(60)
    child = tenant.client.get(path).json()["runs"][0]["id"]
    (found,) = tenant.journal.client_lint("failed-child")
    assert child in found.text
    tenant.client.get(f"/v1/simulation/runs/{child}")
    assert kinds(tenant) == []


def test_a_leaked_job(tenant: Tenant) -> None:
    path = begin(tenant)
    tenant.clock.advance(3600)  # it has ended, but its client does not know
    assert kinds(tenant) == ["leaked-job"]
    tenant.client.get(path)
    assert kinds(tenant) == []


def test_a_cancelled_job_is_none_that_leaks(tenant: Tenant) -> None:
    path = begin(tenant)
    tenant.client.post(f"{path}/cancel")
    assert kinds(tenant) == []


def test_a_post_that_took_effect_twice(tenant: Tenant) -> None:
    body = {"name": "a suite"}
    tenant.faults.add("createSimulationSuite", drop=True, committed=True, calls=[1])
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.client.post("/v1/sim-suites", json=body)
    tenant.client.post("/v1/sim-suites", json=body)
    assert kinds(tenant) == ["no-idempotency-key"]


def test_a_post_that_took_no_effect_may_be_repeated(tenant: Tenant) -> None:
    tenant.faults.add("createSimulationSuite", status=503, calls=[1])
    for _ in range(2):
        tenant.client.post("/v1/sim-suites", json={"name": "a suite"})
    assert kinds(tenant) == []


@pytest.mark.parametrize(
    ("keys", "complains"),
    [((None, None), True), (("a", "b"), True), (("a", None), True), (("a", "a"), False)],
)
def test_an_idempotency_key_is_sent_again(keys: Any, complains: bool) -> None:
    with MockServer("speechify") as mock:
        agent = mock.client.get("/v1/agents").json()["agents"][-1]["id"]
        mock.faults.add("runAllTests", status=503, calls=[1])
        for key in keys:
            headers = {"idempotency-key": key} if key else {}
            reply = mock.client.post(f"/v1/agents/{agent}/tests/runs", json={}, headers=headers)
        suite = reply.json()["suite_run"]["id"]
        mock.client.post(f"/v1/agents/tests/suite-runs/{suite}/cancel")
        found = [finding.kind for finding in mock.journal.client_lint()]
        assert found == (["no-idempotency-key"] if complains else [])


def test_a_kind_that_there_is_not_is_named(tenant: Tenant) -> None:
    with pytest.raises(UsageError, match=", ".join(KINDS)):
        tenant.journal.client_lint("nope")


def test_the_assertion_lists_the_calls(tenant: Tenant) -> None:
    begin(tenant)
    with pytest.raises(AssertionError) as failed:
        tenant.journal.assert_client_lint_clean()
    assert "leaked-job: " in str(failed.value)
    assert "dispatchSimulationSuiteRun" in str(failed.value)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running("feather", clock="manual") as started:
        yield started


def run(*arguments: str) -> Any:
    return CliRunner().invoke(cli, ["client-lint", *arguments])


def test_a_running_server_is_asked(url: str) -> None:
    quiet = run("--url", url, "--tenant", "mock-quiet")
    assert (quiet.exit_code, quiet.stdout) == (0, "no findings in 0 exchanges\n")
    httpx.post(f"{url}{SUITE}/runs", json=AGENT, headers={"x-api-key": "mock-key"})
    found = run("--url", url, "--tenant", "mock-key")
    assert found.exit_code == 1
    assert "leaked-job: " in found.output
    assert "1 finding in 1 exchange\n" in found.output
    assert '"kind": "leaked-job"' in run("--url", url, "--json").stdout


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense", "http://[::1"])
def test_nobody_there_is_said(url: str) -> None:
    failed = run("--url", url)
    assert isinstance(failed.exception, UsageError)
    assert "no mock responds" in str(failed.exception)


def test_another_server_is_not_judged(url: str) -> None:
    failed = run("--url", f"{url}/v1")
    assert "not the admin API of a mock" in str(failed.exception)


def test_the_names_until_0_2_work(url: str, tenant: Tenant) -> None:
    old = CliRunner().invoke(cli, ["complaints", "--url", url, "--tenant", "mock-quiet"])
    assert (old.exit_code, old.stdout) == (0, "no findings in 0 exchanges\n")
    assert httpx.get(f"{url}/__mock__/complaints?tenant=mock-quiet").json() == {
        "exchanges": 0, "complaints": []
    }  # fmt: skip
    assert tenant.journal.complaints() == []
    tenant.journal.assert_no_complaints()
