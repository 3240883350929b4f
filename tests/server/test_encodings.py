"""Compressed request bodies: decoded within limits, or refused with the reason."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import MockServer

BODY = json.dumps({"name": "x" * 50}).encode()


def raw_deflate(data: bytes) -> bytes:
    worker = zlib.compressobj(wbits=-15)
    return worker.compress(data) + worker.flush()


def document(**more: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    post = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"201": {"description": ""}, "422": {"description": ""}},
        **more,
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/docs": {"post": post}},
    }


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockServer(document(), max_body=100_000) as started:
        yield started


def send(mock: MockServer, body: bytes, coding: str) -> int:
    headers = {"content-type": "application/json", "content-encoding": coding}
    found: int = mock.client.post("/docs", content=body, headers=headers).status_code
    return found


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
        ("", BODY),
        ("gzip, deflate", zlib.compress(gzip.compress(BODY))),
        ("gzip", gzip.compress(BODY[:9]) + gzip.compress(BODY[9:])),
    ],
    ids=range(9),
)
def test_what_is_known_is_undone(mock: MockServer, coding: str, body: bytes) -> None:
    assert send(mock, body, coding) == 201


@pytest.mark.parametrize(
    "coding", ["br", "zstd", "compress", "x", "gzip, br", "gzip" + ",gzip" * 9]
)
def test_what_is_unknown_is_415(mock: MockServer, coding: str) -> None:
    assert send(mock, gzip.compress(BODY), coding) == 415


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(BODY)[:-12], gzip.compress(BODY) + b"more", BODY],
    ids=["no gzip", "cut", "more", "plain"],
)
def test_what_is_not_what_it_says_is_400(mock: MockServer, body: bytes) -> None:
    assert send(mock, body, "gzip") == 400


def test_the_bound_counts_after_decoding(mock: MockServer) -> None:
    bomb = gzip.compress(b'{"name": "' + b"x" * 10_000_000 + b'"}')
    assert len(bomb) < 100_000
    assert send(mock, bomb, "gzip") == 413
    assert send(mock, gzip.compress(gzip.compress(bomb)), "gzip, gzip, gzip") == 413


def test_what_is_inside_is_judged(mock: MockServer) -> None:
    assert send(mock, gzip.compress(b"{}"), "gzip") == 422


def test_a_coding_that_the_operation_speaks_of_is_the_file_s_own() -> None:
    coding = {"name": "Content-Encoding", "in": "header", "schema": {"type": "string"}}
    with MockServer(document(parameters=[coding])) as mock:
        assert send(mock, BODY, "aws-chunked") == 201
