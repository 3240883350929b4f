"""HTTP archives: what is written is read back, except for secrets."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from mockserver.errors import UsageError
from mockserver.files.har import Archived, archive, archived, har_entry, read_har
from mockserver.files.secrets import mask, masked_header
from mockserver.verify.model import Exchange
from mockserver.verify.reports.exchanges import archived as of_a_run

STARTED = "2026-01-02T03:04:05Z"


def one(**more: object) -> Archived:
    return Archived("GET", "http://x/pets", 200, STARTED, **more)  # type: ignore[arg-type]


def test_repeated_names_of_a_query_stay() -> None:
    entry = har_entry(Archived("GET", "http://x/pets?tag=a&tag=b&empty=", 200, STARTED))
    shown = [(pair["name"], pair["value"]) for pair in entry["request"]["queryString"]]
    assert shown == [("tag", "a"), ("tag", "b"), ("empty", "")]


@pytest.mark.parametrize("body", [b"\x89PNG\xff", bytes(range(256)), b"text", b'{"a": 1}', b""])
def test_bytes_come_back(body: bytes) -> None:
    headers = (("Content-Type", "image/png"), ("X-A", "1"), ("X-A", "2"))
    sent = one(headers=headers, body=body, request_body=body, took=12.5)
    text = orjson.dumps(archive([har_entry(sent)], "1"))
    (read,) = archived(orjson.loads(text), "x")
    assert (read.body, read.request_body, tuple(read.headers)) == (body, body, headers)
    assert (read.method, read.path, read.status, read.took) == ("GET", "/pets", 200, 12.5)
    assert read.ended == pytest.approx(1767323045.0125)


def test_bytes_are_base64_as_the_format_has_it() -> None:
    content = har_entry(one(body=b"\xff"))["response"]["content"]
    assert (content["text"], content["encoding"]) == ("/w==", "base64")


def test_what_a_run_writes_is_masked_but_for_its_variables() -> None:
    sent = {"authorization": "Bearer $API_KEY", "x-token": "hunter2hunter2"}
    body = b'{"password": "hunter2hunter2"}'
    exchange = Exchange(
        "GET", "http://x/?key=hunter2hunter2", sent, b"", 200, {}, body, 0.1, "lifecycle"
    )
    text = str(har_entry(of_a_run(exchange)))
    assert "hunter2hunter2" not in text
    assert "Bearer $API_KEY" in text


def test_what_is_shown_of_a_secret() -> None:
    assert mask("mock-key") == "mock-key"
    assert mask("sk-1234567890").startswith("sk-1")
    assert masked_header("X-Request-Id", "abc") == "abc"
    assert masked_header("cookie", "session=abcdefghijkl") != "session=abcdefghijkl"
    assert masked_header("location", "/a?token=abcdefghijkl") == "/a?token=abcd…"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"log": {"entries": [1]}}', "\ufeff{"])
def test_what_is_no_archive(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"a\.har: not"):
        read_har(path)


def test_a_byte_order_mark_is_none_of_its_business(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    path.write_bytes(b"\xef\xbb\xbf" + orjson.dumps(archive([har_entry(one())], "1")))
    assert len(read_har(path)) == 1
