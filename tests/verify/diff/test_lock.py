"""Using a calibration file: deviations from it are new, its durations and values are followed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mockserver import MockServer
from mockserver.cli.diff import calibrate
from mockserver.errors import UsageError
from mockserver.verify.diff.calibration_file import departs
from tests.support.fault_proxy.proxy import the_proxy
from tests.verify.diff.small import DOCUMENT, differ, planted, served

JOB = {
    "type": "object",
    "required": ["id", "status", "engine"],
    "properties": {
        "id": {"type": "string"},
        "status": {"type": "string", "enum": ["queued", "running", "completed", "failed"]},
        "engine": {"type": "string", "enum": ["a", "b", "c", "d"]},
        "started_at": {"type": ["string", "null"], "format": "date-time"},
    },
}
_JOB = {"200": {"description": "it", "content": {"application/json": {"schema": JOB}}}}
_ID = {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}}
JOBS: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Jobs", "version": "1"},
    "paths": {
        "/jobs": {"post": {"operationId": "createJob", "responses": {"202": _JOB["200"]}}},
        "/jobs/{job_id}": {
            "parameters": [_ID],
            "get": {
                "operationId": "getJob",
                "responses": {**_JOB, "404": {"description": "none"}},
            },
        },
    },
}


def entry(moment: str, method: str, path: str, status: int, body: Any) -> dict[str, Any]:
    return {
        "startedDateTime": f"2026-01-01T00:00:{moment}Z",
        "time": 0,
        "request": {"method": method, "url": f"https://api.example.com{path}"},
        "response": {
            "status": status,
            "content": {"mimeType": "application/json", "text": json.dumps(body)},
        },
    }


def job(identity: str, status: str) -> dict[str, Any]:
    return {"id": identity, "status": status, "engine": "c", "region": "eu"}


RECORDING = {
    "log": {
        "entries": [
            entry("00.0", "POST", "/jobs", 202, job("j-1", "queued")),
            entry("02.5", "GET", "/jobs/j-1", 200, job("j-1", "running")),
            entry("09.5", "GET", "/jobs/j-1", 200, job("j-1", "completed")),
            entry("10.0", "GET", "/jobs/other", 404, {"detail": "no job other"}),
            entry("11.0", "GET", "/elsewhere", 200, {}),
        ]
    }
}


def run(*arguments: str) -> str:
    return CliRunner().invoke(calibrate, arguments, catch_exceptions=False).output


def test_a_recording_becomes_a_lock_that_the_mock_follows(tmp_path: Path) -> None:
    recording, document, lock = (tmp_path / n for n in ("a.har", "jobs.json", "lock.toml"))
    recording.write_text(json.dumps(RECORDING))
    document.write_text(json.dumps(JOBS))
    run(str(recording), "--spec", str(document), "-o", str(lock))
    with MockServer(JOBS, lock=lock, clock="manual") as mock:
        begun = mock.client.post("/jobs").json()
        path = f"/jobs/{begun['id']}"
        states = []
        for seconds in (2.4, 0.2, 6.8, 0.2):
            mock.clock.advance(seconds)
            states.append(mock.client.get(path).json()["status"])
        shown = mock.client.get(path).json()
        gone = mock.client.get("/jobs/nobody")
    assert begun["engine"] == "c"
    assert states == ["queued", "running", "running", "completed"]
    assert shown["region"] == "eu"
    assert (gone.status_code, gone.json()) == (404, {"detail": "no job nobody"})


def test_what_is_no_recording_of_the_document_is_refused(tmp_path: Path) -> None:
    recording, document = tmp_path / "a.har", tmp_path / "shelves.json"
    document.write_text(json.dumps(DOCUMENT))
    recording.write_text(json.dumps(RECORDING))
    with pytest.raises(UsageError, match="none of its 5 exchanges matches"):
        run(str(recording), "--spec", str(document), "-o", str(tmp_path / "lock"))
    with pytest.raises(UsageError, match="with --spec"):
        run(str(recording), "-o", str(tmp_path / "lock"))
    recording.write_text('{"log": {"entries": [7]}}')
    with pytest.raises(UsageError, match="not an HTTP archive"):
        run(str(recording), "--spec", str(document), "-o", str(tmp_path / "lock"))


@pytest.mark.parametrize(
    ("kind", "before", "now", "departed"),
    [
        ("status", '409 {"a": 1}', '409 {"a": 2}', False),
        ("status", "409", "200", True),
        ("default", '"red"', '"blue"', True),
        ("state", '"x"', '"y"', False),
    ],
)
def test_a_known_difference_may_become_another(
    kind: str, before: str, now: str, departed: bool
) -> None:
    assert departs(kind, before, now) is departed


KNOWN = """
[[known]]
operation = "removeShelf"
kind = "status"
at = ""
about = ""
real = "{status}"
mock = "204"
"""
IN_USE = """
[operations.createShelf.enums]
colour = ["red"]
"""


@pytest.mark.parametrize(("status", "code"), [("200", 0), ("409", 1)])
def test_the_exit_code_is_1_when_the_real_side_departs(
    status: str, code: int, tmp_path: Path
) -> None:
    """The real side responds to a removal with 200: as known, or not."""
    lock = tmp_path / "lock.toml"
    lock.write_text(KNOWN.format(status=status))
    with served(1) as mock, served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(planted("DELETE /shelves/{}", "status", to=200, body="{}"))
        report = differ(url, mock, origins=("lives",), lock=str(lock))
    assert report.exit_code == code, [d.mismatch for d in report.differences]


def test_a_value_that_is_not_in_the_lock_is_new(tmp_path: Path) -> None:
    lock = tmp_path / "lock.toml"
    lock.write_text(IN_USE)
    with served(1) as mock, served(2) as upstream, the_proxy(upstream) as (proxy, url):
        proxy.plant(planted("POST /shelves", "request_default", at="colour", value='"blue"'))
        report = differ(url, mock, origins=("lives",), lock=str(lock))
    found = {d.mismatch.at: d.mismatch for d in report.differences}
    assert (found["colour in use"].real, found["colour in use"].mock) == (
        '"blue"',
        "red by the calibration file",
    )
