"""Job fields that follow from the state: progress, results, errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer
from tests.engine.test_generic_steering import steer
from tests.engine.test_strange_documents import path_parameter, said, served
from tests.support.documents import TEXT, WHOLE, answer, body, document, thing
from tests.support.verbs import ITEM, states

WHEN = {"type": ["string", "null"], "format": "date-time"}
RENDER = {
    "type": "object",
    "required": ["id", "status", "preview_url"],
    "properties": {
        "id": TEXT,
        "status": {"enum": ["queued", "rendering", "succeeded", "failed", "cancelled"]},
        "progress": {"type": "integer", "minimum": 0, "maximum": 100},
        "download_url": {"type": ["string", "null"], "format": "uri"},
        "preview_url": {"type": "string", "format": "uri"},
        "expires_at": WHEN,
        "error": {
            "oneOf": [
                {"type": "null"},
                {"type": "object", "required": ["code"], "properties": {"code": TEXT}},
            ]
        },
        "error_message": TEXT,
        "error_count": {"type": "integer", "minimum": 0},
        "cancelled_by": {"type": ["string", "null"]},
        "attempts": {"type": "integer", "minimum": 1},
        "started_at": WHEN,
        "finished_at": WHEN,
    },
}
ONE = path_parameter("id", TEXT)


def refusing(*statuses: str, **replies: Any) -> dict[str, Any]:
    return {**replies, **{status: {"description": ""} for status in statuses}}


@pytest.fixture
def server() -> Iterator[MockServer]:
    part = {"type": "object", "properties": {"pages": {"type": "integer"}, "url": TEXT}}
    ref = {"$ref": "#/components/schemas/Render"}
    paths = {
        "/renders": {
            "post": {"responses": said(ref, "202")},
            "get": {"responses": said({"type": "array", "items": ref})},
        },
        "/renders/{id}": {"get": {"parameters": [ONE], "responses": said(ref)}},
        "/renders/{id}/cancel": {
            "post": {"parameters": [ONE], "responses": refusing("409", **said(ref))}
        },
        "/renders/{id}/retry": {
            "post": {"parameters": [ONE], "responses": refusing("409", **said(ref))}
        },
        "/renders/{id}/result": {
            "get": {"parameters": [ONE], "responses": refusing("409", **said(part))}
        },
    }
    with served(paths, components={"schemas": {"Render": RENDER}}) as mock:
        yield mock


def made(server: MockServer) -> tuple[str, dict[str, Any]]:
    render: dict[str, Any] = server.client.post("/renders").json()
    return f"/renders/{render['id']}", render


def test_a_new_job_has_neither_results_nor_errors(server: MockServer) -> None:
    _, render = made(server)
    assert render["status"] == "queued"
    assert render["progress"] == 0
    for name in ("download_url", "expires_at", "error", "cancelled_by", "started_at"):
        assert render[name] is None
    assert "error_message" not in render


def test_progress_goes_up_and_results_come_with_success(server: MockServer) -> None:
    url, render = made(server)
    seen = []
    for _ in range(12):
        server.clock.advance(0.5)
        found = server.client.get(url).json()
        seen.append(found["progress"])
        assert (found["download_url"] is not None) == (found["status"] == "succeeded")
        assert found["preview_url"] == render["preview_url"]
    assert seen == sorted(seen)
    assert len(set(seen)) > 4
    assert found["progress"] == 100
    assert found["error"] is None
    assert "error_message" not in found
    assert found["expires_at"] > found["finished_at"]
    assert server.client.get(url).json() == found


def test_a_job_that_fails_says_why_and_has_no_results(server: MockServer) -> None:
    url, render = made(server)
    steer(server, render["id"], outcome="failed", after=2)
    server.clock.advance(10)
    found = server.client.get(url).json()
    assert found["status"] == "failed"
    assert found["error"]["code"]
    assert found["error_message"]
    assert found["download_url"] is None
    assert 0 < found["progress"] < 100


def test_what_is_cancelled_while_it_waits_was_never_started(server: MockServer) -> None:
    url, _ = made(server)
    found = server.client.post(f"{url}/cancel").json()
    assert found["started_at"] is None
    assert found["finished_at"] is not None
    assert found["cancelled_by"]


def test_a_job_that_is_tried_again_begins_again(server: MockServer) -> None:
    url, _ = made(server)
    server.client.post(f"{url}/cancel")
    server.clock.advance(60)
    again = server.client.post(f"{url}/retry").json()
    assert again["status"] == "queued"
    assert again["attempts"] == 2
    assert again["started_at"] is again["finished_at"] is again["cancelled_by"] is None
    server.clock.advance(60)
    found = server.client.get(url).json()
    assert found["status"] == "succeeded"
    assert "2026-01-01T00:01" <= found["started_at"] < found["finished_at"]


def test_what_has_succeeded_is_not_tried_again(server: MockServer) -> None:
    url, _ = made(server)
    assert server.client.post(f"{url}/retry").status_code == 409
    server.clock.advance(60)
    assert server.client.post(f"{url}/retry").status_code == 409


def test_the_result_of_a_job_is_there_when_it_has_succeeded(server: MockServer) -> None:
    plan = server.mock.plan
    assert {action.response.awaits for action in plan.actions.values()} == {None, "renders"}
    url, _ = made(server)
    assert server.client.get(f"{url}/result").status_code == 409
    server.clock.advance(60)
    assert set(server.client.get(f"{url}/result").json()) == {"pages", "url"}


def test_a_job_of_the_seed_world_has_succeeded(server: MockServer) -> None:
    listed = server.client.get("/renders").json()
    succeeded = [found for found in listed if found["status"] == "succeeded"]
    assert succeeded
    for found in succeeded:
        assert found["progress"] == 100
        assert found["download_url"]
        assert found["error"] is found["cancelled_by"] is None
        assert "error_message" not in found


def test_a_listed_result_of_what_went_well_says_so() -> None:
    job = {
        "type": "object",
        "required": ["id", "status"],
        "properties": {
            "id": {"type": "string"},
            "status": {"enum": ["PENDING", "SETTLED", "DECLINED"]},
            "result": {"enum": ["CARD_EXPIRED", "DECLINED", "APPROVED", "SUSPECTED_FRAUD"]},
        },
    }
    paths = {
        "/payments": {
            "post": {
                "operationId": "pay",
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": said(job, "202"),
            },
            "get": {"operationId": "list", "responses": said({"type": "array", "items": job})},
        },
        "/payments/{id}": {
            "get": {"operationId": "get", "parameters": [ONE], "responses": said(job)}
        },
    }
    with served(paths) as mock:
        settled = [one for one in mock.client.get("/payments").json() if one["status"] == "SETTLED"]
        assert settled
        assert {one["result"] for one in settled} == {"APPROVED"}


RUNS = states("queued", "running", "succeeded", "failed")


def jobs(job: dict[str, Any]) -> dict[str, Any]:
    """The paths of jobs for which a client says how many epochs they have."""
    made = {"requestBody": body(thing(epochs=WHOLE)), "responses": {"201": answer(job)}}
    read = {"parameters": [ITEM], "get": {"responses": {"200": answer(job)}}}
    return {"/jobs": {"post": made}, "/jobs/{id}": read}


def test_what_is_done_counts_up_to_what_was_asked_for() -> None:
    job = thing("id status", id=TEXT, epochs=WHOLE, EpochsCompleted=WHOLE, status=RUNS)
    with MockServer(document(jobs(job)), clock="manual") as server:
        url = f"/jobs/{server.client.post('/jobs', json={'epochs': 8}).json()['id']}"
        counts = [server.client.get(url).json()["EpochsCompleted"]]
        for _ in range(3):
            server.clock.advance(3)
            counts.append(server.client.get(url).json()["EpochsCompleted"])
    assert counts == sorted(counts)
    assert counts[0] == 0 < counts[1] < 8 == counts[-1]


@pytest.mark.parametrize(
    ("text", "refusal", "told", "status"),
    [
        ("", "404", "The job has not finished.", 404),
        ("", "409", "Not available yet.", 409),
        ("", "425", "Too early: still processing.", 425),
        ("The model. 404 until the job has succeeded.", "404", "", 404),
        ("Available once the job is complete.", "404", "No such job", 404),
        ("The model of a job.", "404", "No such job", 200),
    ],
)
def test_a_part_that_the_document_says_to_come_later(
    text: str, refusal: str, told: str, status: int
) -> None:
    job = thing("id status", id=TEXT, status=RUNS)
    paths = jobs(job)
    responses = {"200": answer(thing("uri", uri=TEXT)), refusal: {"description": told}}
    part = {"description": text, "responses": responses}
    paths["/jobs/{id}/model"] = {"parameters": [ITEM], "get": part}
    with MockServer(document(paths), clock="manual") as server:
        url = f"/jobs/{server.client.post('/jobs', json={'epochs': 8}).json()['id']}"
        assert server.client.get(f"{url}/model").status_code == status
        server.clock.advance(60)
        assert server.client.get(f"{url}/model").status_code == 200
