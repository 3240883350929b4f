"""Scenarios: every path through the transitions, and jobs that follow it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mockserver
from mockserver import MockServer, scenarios
from mockserver.engine.scenarios import Scenario
from mockserver.errors import Conflict, NotFound, UsageError
from mockserver.server.tenant import Tenant
from mockserver.vendors.feather.tables import SIMULATION_RUN
from tests.vendors.truestate.sandbox import PAINT, START, THINK, Sandbox, chain

ID = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
FIXTURES = Path(__file__).parent.parent / "fixtures"
JOBS, PETSTORE = FIXTURES / "jobs.yaml", FIXTURES / "petstore.yaml"
RUNS = f"/v1/sim-suites/{ID}/runs"


def test_they_are_named_and_cover_the_table() -> None:
    names = [scenario.name for scenario in scenarios("run")]
    assert names == [
        "as-usual",
        "stuck-pending",
        "stuck-running",
        "failed-while-running",
        "budget-exceeded-while-running",
        "cancelled-while-running",
        "failed-while-pending",
        "cancelled-while-pending",
        "late",
    ]
    moves = {
        (before, after)
        for scenario in scenarios("run")
        for way in scenario.ways
        for before, after in zip(
            [SIMULATION_RUN.initial, *(s for s, _ in way)], [s for s, _ in way], strict=False
        )
    }
    assert moves == {(b, a) for b, following in SIMULATION_RUN.moves.items() for a in following}
    with pytest.raises(UsageError, match="suite_run, run"):
        scenarios("suite")
    with pytest.raises(UsageError, match="session"):
        scenarios("run", "truestate")
    with pytest.raises(UsageError, match="it has no jobs"):
        scenarios("pet", PETSTORE)


def test_all_apis_have_the_same_kinds_of_names() -> None:
    assert [scenario.name for scenario in scenarios("session", "truestate")] == [
        "as-usual",
        "stuck-new",
        "stuck-running",
        "failed-while-running",
        "failed-while-new",
        "late",
    ]
    names = [scenario.name for scenario in scenarios("suite_run", "speechify")]
    assert {"one-judged-failed-while-running", "all-stuck-pending", "out-of-order"} <= {*names}
    assert scenarios("export", JOBS)[0].name == "as-usual"


@pytest.mark.parametrize("scenario", scenarios("suite_run"))
def test_the_next_job_goes_that_way(tenant: Tenant, scenario: Scenario) -> None:
    tenant.follow(scenario)
    tenant.client.get("/v1/sim-suites")  # begins no job
    begun = tenant.client.post(RUNS, json={"agent_id": ID}).json()
    for second in (0, 5, 10, 30, 4000):
        with tenant.fork():
            tenant.clock.advance(second)
            run = tenant.client.get(f"{RUNS}/{begun['id']}").json()
            for place, child in enumerate(run["runs"]):
                passed = [state for state, at in scenario.way(place) if at <= second]
                assert child["status"] == (passed or ["pending"])[-1]
    other = tenant.client.post(RUNS, json={"agent_id": ID}).json()
    tenant.clock.advance(1000)
    ended = tenant.client.get(f"{RUNS}/{other['id']}").json()
    assert ended["status"] not in ("pending", "running")


def test_a_single_run(tenant: Tenant) -> None:
    (scenario,) = (
        scenario for scenario in scenarios("run") if scenario.name == "failed-while-pending"
    )
    tenant.follow(scenario)
    persona, scenario = (
        tenant.client.get(f"/v1/{kind}").json()["items"][0]["id"]
        for kind in ("personas", "scenarios")
    )
    body = {"agent_id": ID, "persona_id": persona, "scenario_id": scenario}
    begun = tenant.client.post("/v1/simulation/runs", json=body).json()
    tenant.clock.advance(5)
    assert tenant.client.get(f"/v1/simulation/runs/{begun['id']}").json()["status"] == "failed"


def test_only_a_new_job_follows_it(tenant: Tenant) -> None:
    begun = tenant.client.post(RUNS, json={"agent_id": ID}).json()
    tenant.follow(scenarios("suite_run")[1])
    tenant.client.get(f"{RUNS}/{begun['id']}")
    tenant.clock.advance(1000)
    assert tenant.client.get(f"{RUNS}/{begun['id']}").json()["status"] != "pending"
    begun = tenant.client.post(RUNS, json={"agent_id": ID}).json()
    tenant.clock.advance(1000)
    assert tenant.client.get(f"{RUNS}/{begun['id']}").json()["status"] == "pending"


@pytest.fixture(scope="module")
def speechify() -> Iterator[MockServer]:
    with MockServer("speechify") as mock:
        yield mock


VERDICTS = {"passed": ("completed", "passed"), "judged_failed": ("completed", "failed")}


@pytest.mark.parametrize("scenario", scenarios("suite_run", "speechify"))
def test_a_suite_run_of_speechify_goes_that_way(speechify: MockServer, scenario: Scenario) -> None:
    with speechify.tenant("scenarios") as tenant:
        agent = tenant.client.get("/v1/agents").json()["agents"][-1]["id"]
        tenant.follow(scenario)
        begun = tenant.client.post(f"/v1/agents/{agent}/tests/runs", json={}).json()
        suite = begun["suite_run"]["id"]
        assert len(begun["runs"]) > 1
        for second in (0, 5, 10, 30, 4000):
            with tenant.fork():
                tenant.clock.advance(second)
                for place, run in enumerate(begun["runs"]):
                    told = tenant.client.get(f"/v1/agents/tests/runs/{run['id']}").json()
                    passed = [state for state, at in scenario.way(place) if at <= second]
                    status, verdict = VERDICTS.get((passed or ["pending"])[-1], (None, None))
                    assert told["status"] == (status or (passed or ["pending"])[-1])
                    if verdict:
                        assert told["verdict"] == verdict
        tenant.clock.advance(5000)
        assert tenant.client.get(f"/v1/agents/tests/suite-runs/{suite}").status_code == 200


@pytest.mark.parametrize("scenario", scenarios("session", "truestate"))
def test_a_session_goes_that_way(scenario: Scenario) -> None:
    with MockServer("truestate") as mock:
        sandbox = Sandbox(mock)
        automation = sandbox.automation(chain(START, THINK, PAINT))
        mock.follow(scenario)
        path = f"/automations/{automation['id']}/sessions/"
        begun = mock.client.post(path, json={}).json()
        for second in (0, 5, 9.9, 10, 4000):
            with mock.fork():
                mock.clock.advance(second)
                passed = [state for state, at in scenario.way(0) if at <= second]
                assert sandbox.again(begun)["status"] == (passed or ["NEW"])[-1]
        usual = sandbox.session(automation)
        mock.clock.advance(4000)
        assert sandbox.again(usual)["status"] == "FINISHED"


@pytest.mark.parametrize("scenario", scenarios("export", JOBS))
def test_an_inferred_job_goes_that_way(scenario: Scenario) -> None:
    with MockServer(JOBS) as mock:
        mock.follow(scenario)
        begun = mock.client.post("/exports", json={"format": "csv"}).json()
        first = begun["status"]
        for second in (0, 5, 10, 30, 4000):
            with mock.fork():
                mock.clock.advance(second)
                passed = [state for state, at in scenario.way(0) if at <= second]
                told = mock.client.get(f"/exports/{begun['id']}").json()["status"]
                assert told == (passed or [first])[-1]


def test_the_old_name_still_works() -> None:
    assert mockserver.fates is mockserver.scenarios


def test_a_name_of_a_state_is_how_the_next_job_ends() -> None:
    with MockServer(JOBS) as mock:
        mock.follow("failed")
        failing = mock.client.post("/exports", json={"format": "csv"}).json()
        other = mock.client.post("/exports", json={"format": "csv"}).json()
        mock.clock.advance(60)
        states = [
            mock.client.get(f"/exports/{job['id']}").json()["status"] for job in (failing, other)
        ]
        assert states == ["failed", "succeeded"]
        with pytest.raises(UsageError, match=r"no job can end as 'broken'; .*succeeded, failed"):
            mock.follow("broken")


def jobs_of(**states: list[str]) -> dict[str, Any]:
    """A document with a resource of jobs for each name, with these states."""
    paths: dict[str, Any] = {}
    named = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    for name, enum in states.items():
        status = {"type": "string", "enum": enum, "readOnly": True}
        properties = {"id": {"type": "string", "readOnly": True}, "status": status}
        media = {"application/json": {"schema": {"type": "object", "properties": properties}}}
        made = {"description": "", "content": media}
        start = {"requestBody": {"content": media}, "responses": {"201": made}}
        paths[f"/{name}"] = {"post": start}
        paths[f"/{name}/{{id}}"] = {"parameters": named, "get": {"responses": {"200": made}}}
    return {"openapi": "3.1.0", "info": {"title": "Jobs", "version": "1"}, "paths": paths}


TWO = jobs_of(
    exports=["queued", "running", "succeeded", "failed"],
    imports=["queued", "running", "succeeded", "rejected"],
)


def test_a_job_that_can_not_end_so_is_passed_over() -> None:
    mock = MockServer(TWO)
    mock.follow("failed")
    assert mock.client.post("/imports", json={}).is_success
    (call,) = mock.journal.calls("POST /imports")
    reason = "follow('failed') was not applied to this job: it can't end as 'failed'; its outcomes"
    assert call.problem.startswith(reason)
    with pytest.warns(UserWarning, match=re.escape(reason)):
        mock.close()


def test_the_next_job_that_can_end_so_does() -> None:
    with MockServer(TWO) as mock:
        mock.follow("failed")
        mock.client.post("/imports", json={})
        job = mock.client.post("/exports", json={}).json()
        mock.clock.advance(60)
        assert mock.client.get(f"/exports/{job['id']}").json()["status"] == "failed"


def test_a_scenario_that_no_job_followed() -> None:
    mock = MockServer(JOBS)
    mock.follow("failed")
    mock.client.get("/exports")
    with pytest.warns(UserWarning, match="was not applied: no job started after it"):
        mock.close()


def test_an_open_job_is_steered() -> None:
    with MockServer(JOBS) as mock:
        job = mock.client.post("/exports", json={"format": "csv"}).json()
        mock.steer_job(job["id"], outcome="failed", after=3)
        mock.clock.advance(2)
        assert mock.client.get(f"/exports/{job['id']}").json()["status"] == "running"
        mock.clock.advance(2)
        assert mock.client.get(f"/exports/{job['id']}").json()["status"] == "failed"
        with pytest.raises(Conflict, match="has ended"):
            mock.steer_job(job["id"], outcome="failed")
        with pytest.raises(NotFound, match="no job 'nope'"):
            mock.steer_job("nope", outcome="failed")
        held = mock.client.post("/exports", json={"format": "csv"}).json()
        assert mock.steer_job(held["id"], hold=True)["id"] == held["id"]
    with MockServer(PETSTORE) as mock:
        with pytest.raises(NotFound, match="no jobs that can be steered"):
            mock.steer_job("any", outcome="failed")
        with pytest.raises(UsageError, match="a stub or a fault makes a request fail"):
            mock.follow("failed")
