"""Documents whose paths are calls: `/StartExport`, `/calls.add`, `/v1/createjobqueue`."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import MockServer
from tests.support.documents import MOMENT, array, obj, one_of, operation, ref, text, with_schemas

STATES = one_of("QUEUED", "IN_PROGRESS", "FAILED", "COMPLETED", "STOPPED")


def call(name: str, sent: dict[str, Any], shown: dict[str, Any], *also: int) -> dict[str, Any]:
    return {"post": operation(name, shown, sent=sent, also=also)}


def jobs(named: str) -> dict[str, Any]:
    """Jobs by calls alone. `named` is the property with the name that a client gives them."""
    job = {named: text(), "Media": text(), "Status": STATES}
    job |= {"CreationTime": MOMENT, "CompletionTime": MOMENT, "FailureReason": text()}
    only, shown = obj(named, **{named: text()}), obj(TranscriptionJob=ref("Job"))
    start = obj(named, "Media", **{named: text(), "Media": text()})
    listing = obj(Status=text(), MaxResults={"type": "integer"}, NextToken=text())
    found = obj(NextToken=text(), Summaries=array(ref("Summary")))
    return with_schemas(
        {
            "/StartTranscriptionJob": call("StartTranscriptionJob", start, shown, 409),
            "/GetTranscriptionJob": call("GetTranscriptionJob", only, shown, 404),
            "/ListTranscriptionJobs": call("ListTranscriptionJobs", listing, found),
            "/DeleteTranscriptionJob": call("DeleteTranscriptionJob", only, obj(), 404),
            "/StopTranscriptionJob": call("StopTranscriptionJob", only, shown, 404),
        },
        Job=obj(**job),
        Summary=obj(**{named: text(), "Status": STATES, "CreationTime": MOMENT}),
    )


@pytest.mark.parametrize("named", ["JobName", "TranscriptionJobName", "Name"])
def test_jobs_by_verb_and_noun(named: str) -> None:
    with MockServer(jobs(named), clock="manual") as mock:

        def send(name: str, key: str, **more: Any) -> Any:
            return mock.client.post(f"/{name}TranscriptionJob", json={named: key, **more})

        started = send("Start", "a", Media="s3://a")
        assert started.json()["TranscriptionJob"] == {
            named: "a",
            "Media": "s3://a",
            "Status": "QUEUED",
            "CreationTime": "2026-01-01T00:00:00.000000Z",
        }
        assert send("Start", "a", Media="s3://a").status_code == 409
        mock.clock.advance(3600)
        job = send("Get", "a").json()["TranscriptionJob"]
        assert job["Status"] == "COMPLETED"
        assert "CompletionTime" in job
        send("Start", "b", Media="s3://b")
        assert send("Stop", "b").json()["TranscriptionJob"]["Status"] == "STOPPED"
        listed = mock.client.post("/ListTranscriptionJobs", json={"Status": "STOPPED"}).json()
        assert "b" in [each[named] for each in listed["Summaries"]]
        assert send("Delete", "b").status_code == 200
        assert send("Get", "b").status_code == 404


def test_calls_with_a_dot() -> None:
    shown = obj("ok", ok={"type": "boolean"}, call=ref("Call"))
    only = obj("id", id=text())
    answer = {"get": operation("calls_info", shown, query={"id": text()})}
    listing = obj("ok", ok={"type": "boolean"}, calls=array(ref("Call")))
    paths = {
        "/calls.add": call("calls_add", obj("title", title=text()), shown),
        "/calls.info": answer,
        "/calls.list": {"get": operation("calls_list", listing)},
        "/calls.update": call("calls_update", obj("id", id=text(), title=text()), shown),
        "/calls.cancel": call("calls_cancel", only, obj("ok", ok={"type": "boolean"})),
    }
    states = one_of("scheduled", "running", "done", "cancelled")
    with MockServer(with_schemas(paths, Call=obj(id=text(), title=text(), status=states))) as mock:
        made = mock.client.post("/calls.add", json={"title": "x"}).json()
        assert made["ok"] is True
        key = made["call"]["id"]
        mock.client.post("/calls.update", json={"id": key, "title": "y"})
        assert mock.client.post("/calls.cancel", json={"id": key}).json() == {"ok": True}
        found = mock.client.get("/calls.info", params={"id": key}).json()["call"]
        assert (found["title"], found["status"]) == ("y", "cancelled")
        assert key in [each["id"] for each in mock.client.get("/calls.list").json()["calls"]]


def test_run_together_paths_are_read_by_their_operation_ids() -> None:
    queue = obj(name=text(), state=one_of("ENABLED", "DISABLED"))
    only = obj("name", name=text())
    paths = {
        "/v1/createjobqueue": call("CreateJobQueue", queue, ref("Queue")),
        "/v1/getjobqueue": call("GetJobQueue", only, ref("Queue"), 404),
        "/v1/deletejobqueue": call("DeleteJobQueue", only, obj(), 404),
    }
    with MockServer(with_schemas(paths, Queue=queue)) as mock:
        mock.client.post("/v1/createjobqueue", json={"name": "q", "state": "ENABLED"})
        found = mock.client.post("/v1/getjobqueue", json={"name": "q"})
        assert found.json() == {"name": "q", "state": "ENABLED"}
        mock.client.post("/v1/deletejobqueue", json={"name": "q"})
        assert mock.client.post("/v1/getjobqueue", json={"name": "q"}).status_code == 404
