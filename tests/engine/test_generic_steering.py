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


APPROVED = """\
openapi: 3.1.0
info: {title: Refunds, version: "1"}
paths:
  /refunds:
    post:
      operationId: draftRefund
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Refund"}}}}
      responses: {"201": {$ref: "#/components/responses/Refund"}}
  /refunds/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: readRefund, responses: {"200": {$ref: "#/components/responses/Refund"}}}
  /refunds/{id}/approve:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    post:
      operationId: approveRefund
      responses: {"200": {$ref: "#/components/responses/Refund"}, "409": {description: No}}
  /refunds/{id}/retry:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    post:
      operationId: retryRefund
      responses: {"200": {$ref: "#/components/responses/Refund"}, "409": {description: No}}
components:
  responses:
    Refund:
      description: A refund
      content: {application/json: {schema: {$ref: "#/components/schemas/Refund"}}}
  schemas:
    Refund:
      required: [amount]
      properties:
        id: {type: string, readOnly: true}
        amount: {type: integer}
        state: {enum: [draft, checking, sending, sent, failed, voided], readOnly: true}
"""


@pytest.fixture
def refunds(tmp_path: Path) -> Iterator[MockServer]:
    path = tmp_path / "refunds.yaml"
    path.write_text(APPROVED)
    with MockServer(path) as started:
        yield started


def approved(mock: MockServer) -> str:
    url = f"/refunds/{mock.client.post('/refunds', json={'amount': 3}).json()['id']}"
    assert mock.client.get(url).json()["state"] != "sent"
    mock.client.post(f"{url}/approve")
    return url


@pytest.mark.parametrize("outcome", ["failed", "voided", "sent", "stuck"])
def test_a_verb_on_its_way_does_not_undo_how_it_ends(refunds: MockServer, outcome: str) -> None:
    refunds.follow(outcome)
    url = approved(refunds)
    refunds.clock.advance(3600)
    state = refunds.client.get(url).json()["state"]
    assert state == outcome or (outcome == "stuck" and state in ("checking", "sending"))


@pytest.mark.parametrize("waits", [0, 2])
def test_a_schedule_goes_on_from_the_verb(refunds: MockServer, waits: int) -> None:
    created = refunds.client.post("/refunds", json={"amount": 3}).json()
    steer(refunds, created["id"], schedule=[["checking", 10], ["sending", 15], ["failed", 25]])
    refunds.clock.advance(waits)
    url = f"/refunds/{created['id']}"
    seen = [refunds.client.post(f"{url}/approve").json()["state"]]
    for _ in range(3):
        refunds.clock.advance(5)
        seen.append(refunds.client.get(url).json()["state"])
    assert seen == ["checking", "sending", "sending", "failed"]


def test_a_restart_takes_the_usual_way(refunds: MockServer) -> None:
    refunds.follow("failed")
    url = approved(refunds)
    refunds.clock.advance(60)
    assert refunds.client.get(url).json()["state"] == "failed"
    refunds.client.post(f"{url}/retry")
    refunds.client.post(f"{url}/approve")
    refunds.clock.advance(60)
    assert refunds.client.get(url).json()["state"] == "sent"
