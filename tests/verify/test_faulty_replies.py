"""Replies that break HTTP: each is a reply or an error in time, and a run goes on after it."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from requests.adapters import HTTPAdapter
from schemathesis.core.errors import get_request_error_extras, get_request_error_message

from mockserver.cli.diff import diff
from mockserver.cli.fuzz import fuzz
from mockserver.verify.conformance.guarded import Guard
from mockserver.verify.http import Wire, WireError, watch_every_connection
from tests.verify.jobs_server import Jobs, Troubled, closes, drips_its_head, serving
from tests.verify.test_ownership import DOCUMENT, PRECIOUS, Things
from tests.verify.test_trouble import judged

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
PAGE = b"content-type: text/html\r\ncontent-length: 6\r\n\r\n<html>"
Reply = Callable[[BaseHTTPRequestHandler], None]


def raw(*parts: bytes, more: int = 0) -> Reply:
    """Send the parts, and the last one `more` times again."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        for part in itertools.chain(parts, itertools.repeat(parts[-1], more)):
            handler.wfile.write(part)
            handler.wfile.flush()

    return send


REPLIES: dict[str, tuple[Reply, str]] = {
    "an HTML error page": (raw(b"HTTP/1.1 500 Error\r\n" + PAGE), "500"),
    "an HTML page": (raw(b"HTTP/1.1 200 OK\r\n" + PAGE), "200"),
    "a redirect": (raw(b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"), "302"),
    "chunks that are none": (raw(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"), "dropped"),
    "chunks without an end": (raw(CHUNKED + b'10\r\n{"a"'), "dropped"),
    "a body that is cut": (raw(OK + b"content-length: 500\r\n\r\n{}"), "dropped"),
    "a body that is too long": (raw(OK + b'content-length: 1\r\n\r\n{"a": 1}'), "200"),
    "a length below zero": (raw(OK + b"content-length: -5\r\n\r\n{}"), "200"),
    "gzip that is none": (
        raw(OK + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}"),
        "other",
    ),
    "a header of 100,000 bytes": (
        raw(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000 + b"\r\n\r\n"),
        "dropped",
    ),
    "2,000 headers": (raw(b"HTTP/1.1 200 OK\r\n" + b"x: a\r\n" * 2000 + b"\r\n"), "dropped"),
    "a body without an end": (
        raw(CHUNKED, b"10\r\n" + b" " * 16 + b"\r\n", more=10**6),
        "late",
    ),
    "a head without an end": (drips_its_head, "late"),
    "a head that is cut": (raw(OK), "dropped"),
    "a head that is cut in a line": (raw(OK + b"content-len"), "dropped"),
    "no HTTP": (raw(b"220 mail.example.com ESMTP\r\n"), "dropped"),
    "no number as status": (raw(b"HTTP/1.1 many OK\r\n\r\n"), "dropped"),
    "a status that there is not": (raw(b"HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n"), "999"),
    "nothing": (closes, "dropped"),
    "no text": (raw(OK + b"content-length: 3\r\n\r\n\x00\xff\x02"), "200"),
    "deep JSON": (raw(OK + b"content-length: 100000\r\n\r\n" + b"[" * 100_000), "200"),
}


@pytest.mark.parametrize("name", REPLIES)
def test_each_is_a_reply_or_an_error_in_time(name: str) -> None:
    reply, expected = REPLIES[name]
    with serving(Troubled(Jobs(), lambda *_: (0, reply))) as url:
        wire, start = Wire(url, 0.5), time.monotonic()
        try:
            sent = wire.send("GET", "/jobs", headers={})
            outcome = str(sent.status)
            with suppress(ValueError):
                sent.json()
        except WireError as error:
            outcome = error.how
        wire.close()
        assert outcome == expected
        watch_every_connection()
        try:
            request = requests.Request("GET", f"{url}/jobs").prepare()
            guarded = Guard("", 0.5).send(HTTPAdapter(), request, timeout=0.5)
            assert str(guarded.status_code) == expected
        except requests.RequestException as error:
            assert expected in ("dropped", "late", "other")
            # Schemathesis takes it apart to report it.
            get_request_error_message(error)
            get_request_error_extras(error)
        assert time.monotonic() - start < 10


def at_times(nth: int) -> Callable[[int, str, str], Any]:
    """A faulty reply to each nth read, another one each time."""
    replies = itertools.cycle(reply for reply, _ in REPLIES.values())

    def when(number: int, method: str, path: str) -> Any:
        return (0, next(replies)) if number > 8 and number % nth == 0 and method == "GET" else None

    return when


def test_a_run_goes_on_and_leaves_nothing(tmp_path: Path) -> None:
    jobs = Jobs()
    result = judged(Troubled(jobs, at_times(5)), jobs, tmp_path)
    assert result.requests > 50
    assert result.exit_code in (0, 1)
    assert not [error for error in result.errors if "not removed" in error]
    assert jobs.rows == {}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["fuzz", "diff"])
def test_fuzz_and_diff_go_on_and_report(command: str, tmp_path: Path) -> None:
    spec, things = tmp_path / "things.json", Things()
    spec.write_text(json.dumps(DOCUMENT))
    common = [str(spec), "--timeout", "1", "-q", "--report-dir", str(tmp_path / "report")]
    common += ["--ledger", str(tmp_path / "ledger")]
    with serving(Troubled(things, at_times(6))) as url:
        if command == "fuzz":
            words = ["--url", url, "--allow-host", "127.0.0.1", "--max-time", "8", "--rate", "100"]
            outcome = CliRunner().invoke(fuzz, [*common, *words])
        else:
            outcome = CliRunner().invoke(diff, [*common, "--real", url, "--examples", "0"])
    assert outcome.exit_code in (1, 2), outcome.output
    assert not isinstance(outcome.exception, Exception), outcome.output
    assert (tmp_path / "report" / "junit.xml").exists()
    assert things.touched == []
    assert set(things.rows) == {PRECIOUS}, outcome.output
