"""The exchanges of a run, written down as they come: NDJSON and HAR."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import parse_qsl, urlsplit

from mockserver.verify.model import Exchange, Finding

Json = Any


class Record:
    """Writes into a folder, or nowhere if there is none."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._ndjson: IO[str] | None = None
        self._har: IO[str] | None = None
        self._first = True

    def __enter__(self) -> Self:
        if self.folder is not None:
            self._ndjson = (self.folder / "exchanges.ndjson").open("w", encoding="utf-8")
            self._har = (self.folder / "exchanges.har").open("w", encoding="utf-8")
            creator = '{"name": "mockserver", "version": "1"}'
            self._har.write('{"log": {"version": "1.2", "creator": %s, "entries": [\n' % creator)  # noqa: UP031
        return self

    def __exit__(self, *_: object) -> None:
        if self._har is not None:
            self._har.write("\n]}}\n")
            self._har.close()
        if self._ndjson is not None:
            self._ndjson.close()

    def exchange(self, exchange: Exchange) -> None:
        if self._ndjson is None or self._har is None:
            return
        self._ndjson.write(json.dumps({"exchange": plain(exchange)}) + "\n")
        self._har.write("" if self._first else ",\n")
        self._har.write(json.dumps(har_entry(exchange)))
        self._first = False

    def finding(self, finding: Finding) -> None:
        if self._ndjson is not None:
            self._ndjson.write(json.dumps({"finding": plain_finding(finding)}) + "\n")


def plain(exchange: Exchange) -> dict[str, Json]:
    return {
        "source": exchange.source,
        "operation": exchange.operation,
        "method": exchange.method,
        "url": exchange.url,
        "request_headers": dict(exchange.request_headers),
        "request_body": text(exchange.request_body),
        "status": exchange.status,
        "headers": dict(exchange.headers),
        "body": text(exchange.body),
        "seconds": round(exchange.elapsed, 6),
    }


def plain_finding(finding: Finding) -> dict[str, Json]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "where": finding.where,
        "title": finding.title,
        "message": finding.message,
        "origin": finding.origin,
        "count": finding.count,
        "accepted": finding.accepted,
        "curl": [step.curl() for step in finding.steps],
    }


def text(body: bytes) -> str:
    """As text, or as base64 with a prefix that says so."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(body).decode()


def har_entry(exchange: Exchange) -> dict[str, Json]:
    """One entry of HAR 1.2."""
    milliseconds = exchange.elapsed * 1000
    request: dict[str, Json] = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(exchange.request_headers),
        "queryString": _pairs(dict(parse_qsl(urlsplit(exchange.url).query))),
        "headersSize": -1,
        "bodySize": len(exchange.request_body),
    }
    if exchange.request_body:
        request["postData"] = {
            "mimeType": exchange.request_headers.get("content-type", ""),
            "text": text(exchange.request_body),
        }
    return {
        "startedDateTime": datetime.now(UTC).isoformat(),
        "time": milliseconds,
        "request": request,
        "response": {
            "status": exchange.status,
            "statusText": _phrase(exchange.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(exchange.headers),
            "content": {
                "size": len(exchange.body),
                "mimeType": exchange.content_type,
                "text": text(exchange.body),
            },
            "redirectURL": exchange.headers.get("location", ""),
            "headersSize": -1,
            "bodySize": len(exchange.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": exchange.source,
    }


def _pairs(values: Any) -> list[dict[str, str]]:
    return [{"name": str(name), "value": str(value)} for name, value in values.items()]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
