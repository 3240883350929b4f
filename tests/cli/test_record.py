"""Recording a server, and seeding worlds from the recording."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from mockserver import MockServer
from mockserver.cli import cli
from mockserver.cli.record import Recorder, refuse
from mockserver.errors import UsageError
from mockserver.server.asgi.uvicorn import bind, make_server, url_of
from mockserver.server.har_import import read_archive
from tests.server.running import running

PETS = Path(__file__).parent.parent / "fixtures/petstore.yaml"
A, B = "aaaaaaaa-8e0b-4d53-9c0e-2b7b3a0f6a11", "bbbbbbbb-8e0b-4d53-9c0e-2b7b3a0f6a11"
JOBS = Path(__file__).parent.parent / "fixtures/jobs.yaml"


@contextmanager
def recording(real: str, output: Path) -> Iterator[str]:
    """The URL of a recorder that runs during the block."""
    recorder = Recorder(real, output)
    sockets = bind("127.0.0.1", 0)
    server = make_server(recorder, refuse, background=[recorder.keep_written])
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    try:
        yield url_of(sockets, "127.0.0.1")
    finally:
        server.should_exit = True
        thread.join(10)
        recorder.write()


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "recording.har"


def test_what_was_recorded_is_there_again(output: Path) -> None:
    with running(str(JOBS), pace=0) as real, recording(real, output) as url:
        key = {"authorization": "Bearer mock-secret-of-mine-and-nobody-else"}
        made = httpx.post(f"{url}/exports", json={"format": "csv"}, headers=key)
        assert made.status_code == 202
        listed = httpx.get(f"{url}/exports", headers=key)
        assert listed.headers["content-type"] == "application/json"
        missing = httpx.get(f"{url}/exports/{A}?token=abcdefgh", headers=key)
        assert missing.status_code == 404
    text = output.read_text()
    assert "nobody-else" not in text
    assert "abcdefgh" not in text
    assert [each.status for each in read_archive(output)] == [202, 200, 404]
    with MockServer(JOBS, har=output) as mock:
        assert mock.client.get("/exports").json() == listed.json()
        assert mock.client.get(f"/exports/{made.json()['id']}").json()["format"] == "csv"
        mock.client.delete(f"/exports/{made.json()['id']}")
        assert mock.client.get(f"/exports/{made.json()['id']}").status_code == 404
        mock.reset()
        assert mock.client.get(f"/exports/{made.json()['id']}").status_code == 200


def test_a_server_that_does_not_answer_is_said(output: Path) -> None:
    with recording("http://127.0.0.1:9", output) as url:
        reply = httpx.get(f"{url}/exports")
        assert reply.status_code == 502
        assert "127.0.0.1:9 can't be reached" in reply.json()["error"]
    assert read_archive(output) == []


def test_paths_and_queries_arrive_as_they_were_sent(output: Path) -> None:
    with running(str(PETS)) as real, recording(f"{real}/", output) as url:
        httpx.get(f"{url}/pets/a%2Fb%20c?x=1%262&y=")
        (shown,) = httpx.get(f"{real}/__mock__/journal").json()["exchanges"]
    assert shown["target"] == "/pets/a/b c?x=1%262&y="


def archive(path: Path, *entries: tuple[str, str, int, Any]) -> Path:
    log = [
        {
            "request": {"method": method, "url": f"https://api.example.com{target}"},
            "response": {"status": status, "content": {"text": json.dumps(body)}},
        }
        for method, target, status, body in entries
    ]
    path.write_text(json.dumps({"log": {"entries": log}}))
    return path


def export(key: str, **fields: Any) -> dict[str, Any]:
    return {"id": key, "status": "failed", "created_at": "2026-01-02T00:00:00Z", **fields}


def test_the_last_word_counts_and_nothing_is_added(output: Path) -> None:
    archive(
        output,
        ("GET", "/exports", 200, {"data": [export(B), export(A)]}),
        ("GET", f"/exports/{A}", 200, export(A, status="succeeded")),
        ("GET", f"/exports/{B}", 500, export(B, status="canceled")),
        ("GET", "/nowhere/a", 200, {"id": "a"}),
    )
    with MockServer(JOBS) as mock:
        found = mock.import_har(output)
        assert str(found) == "2 rows from 2 of 4 exchanges"
        items = mock.client.get("/exports").json()["data"]
        assert {each["id"]: each["status"] for each in items} == {A: "succeeded", B: "failed"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "No such file"),
        ("{", "not JSON"),
        ("{}", "not an HTTP archive"),
        ('{"log": {"entries": [{}]}}', "not an HTTP archive"),
        ('{"log": {"entries": []}}', "none of its 0 exchanges"),
    ],
)
def test_what_is_no_archive_is_named(output: Path, text: str | None, says: str) -> None:
    if text is not None:
        output.write_text(text)
    with MockServer(JOBS) as mock, pytest.raises(UsageError, match=says):
        mock.import_har(output)
    with pytest.raises(UsageError, match=says):
        MockServer(JOBS, har=output)


@pytest.mark.parametrize("real", ["example.com", "ftp://example.com", "http://"])
def test_what_is_no_address_is_named(real: str) -> None:
    failed = CliRunner().invoke(cli, ["record", "--real", real])
    assert isinstance(failed.exception, UsageError)
    assert "https://sandbox.example.com" in str(failed.exception)


def test_where_nothing_can_be_written_is_said_at_once(tmp_path: Path) -> None:
    nowhere = tmp_path / "none" / "recording.har"
    options = ["record", "--real", "http://127.0.0.1:9", "--output", str(nowhere)]
    failed = CliRunner().invoke(cli, options)
    assert "No such file" in str(failed.exception)


def test_a_recording_is_not_written_over(output: Path) -> None:
    output.write_text("precious")
    options = ["record", "--real", "http://127.0.0.1:9", "--output", str(output)]
    failed = CliRunner().invoke(cli, options)
    assert "the file exists" in str(failed.exception)
    assert output.read_text() == "precious"
