"""Steering inferred jobs: by an outcome, by a schedule, and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import BadRequest, Conflict, NotFound

JOBS = Path(__file__).parent.parent / "fixtures/jobs.yaml"


@pytest.fixture
def mock() -> Iterator[MockServer]:
    with MockServer(JOBS) as started:
        yield started


def begin(mock: MockServer) -> str:
    return str(mock.client.post("/exports", json={"format": "csv"}).json()["id"])


def steer(mock: MockServer, job: str, **order: Any) -> Any:
    assert mock.mock.api.jobs.steer is not None
    with mock.mock.store.begin(mock.key) as world:
        shown = mock.mock.api.jobs.steer(world, job, order)
        world.commit()
    return shown


def status(mock: MockServer, job: str) -> str:
    return str(mock.client.get(f"/exports/{job}").json()["status"])


def test_it_ends_as_and_when_it_is_told(mock: MockServer) -> None:
    outcomes = mock.mock.api.jobs.outcomes
    assert outcomes == ("succeeded", "failed", "canceled", "stuck")
    for outcome in outcomes:
        job = begin(mock)
        steer(mock, job, outcome=outcome, after=30)
        mock.clock.advance(29)
        assert status(mock, job) in ("queued", "running")
        mock.clock.advance(10_000)
        assert (status(mock, job) == outcome) == (outcome != "stuck")


def test_it_goes_the_way_of_a_schedule(mock: MockServer) -> None:
    job = begin(mock)
    assert steer(mock, job, schedule=[["running", 2], ["failed", 4]])["status"] == "queued"
    seen = []
    for _ in range(3):
        seen.append(status(mock, job))
        mock.clock.advance(2)
    assert seen == ["queued", "running", "failed"]


def test_what_can_not_be_is_refused(mock: MockServer) -> None:
    job = begin(mock)
    with pytest.raises(BadRequest, match="succeeded, failed, canceled, stuck"):
        steer(mock, job, outcome="nope")
    with pytest.raises(BadRequest, match="is not followed by"):
        steer(mock, job, schedule=[["succeeded", 1], ["running", 2]])
    with pytest.raises(NotFound):
        steer(mock, "nope", outcome="failed")
    mock.clock.advance(3600)
    with pytest.raises(Conflict, match="has ended"):
        steer(mock, job, outcome="failed")
