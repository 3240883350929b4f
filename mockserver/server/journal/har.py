"""Exchanges as an HTTP archive (HAR 1.2), for browsers' developer tools and other readers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson

import mockserver
from mockserver.engine.timestamps import render
from mockserver.server.journal.journal import (
    SECRET_NAME,
    Entry,
    mask,
    masked,
    masked_pairs,
    masked_target,
)

_CREDENTIALS = re.compile(r"cookie|tenant", re.IGNORECASE)
_URLS = ("content-location", "location", "referer")
_FORM = "application/x-www-form-urlencoded"


def as_har(entries: Iterable[Entry]) -> dict[str, Any]:
    """The archive, oldest first as `entries` come. Secrets in headers, queries and JSON are masked.

    A reply that was never sent has status 0, as browsers write it.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "mockserver", "version": mockserver.__version__},
            "entries": [_entry(entry) for entry in entries],
        }
    }


def _entry(entry: Entry) -> dict[str, Any]:
    message = entry.exchange.message
    started = message.started or entry.ended
    took = max(0.0, round((entry.ended - started) / 1e6, 3))
    return {
        "startedDateTime": render(started // 1000),
        "time": took,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
        "_operation": entry.exchange.operation.id if entry.exchange.operation else None,
    }


def _request(entry: Entry) -> dict[str, Any]:
    message = entry.exchange.message
    host = message.headers.get("host", "mock.local")
    pairs = parse_qsl(message.query.decode("latin-1"), keep_blank_values=True)
    shown: dict[str, Any] = {
        "method": message.method,
        "url": f"http://{host}{masked_target(message.target, message.query)}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(message.headers.items()),
        "queryString": [{"name": n, "value": _shown(n, v)} for n, v in pairs],
        "headersSize": -1,
        "bodySize": len(message.body),
    }
    if message.body:
        media_type = message.headers.get("content-type", "")
        shown["postData"] = {"mimeType": media_type, "text": _text(message.body, media_type)}
    return shown


def _response(entry: Entry) -> dict[str, Any]:
    sent = entry.exchange.sent
    status = sent.status if sent is not None else 0
    body = sent.body if sent is not None else b""
    headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in sent.headers] if sent else []
    content = {
        "size": len(body),
        "mimeType": next((v for n, v in headers if n == "content-type"), "x-unknown"),
        "text": _text(body),
    }
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in list(HTTPStatus) else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(headers),
        "content": content,
        "redirectURL": next((_shown(n, v) for n, v in headers if n == "location"), ""),
        "headersSize": -1,
        "bodySize": len(body),
    }


def _headers(headers: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": _shown(name, value)} for name, value in headers]


def _shown(name: str, value: str) -> str:
    if name.lower() in _URLS:
        url, mark, query = value.partition("?")
        return url + mark + masked_pairs(query)
    if not SECRET_NAME.search(name) and not _CREDENTIALS.search(name):
        return value
    word, space, rest = value.partition(" ")
    return f"{word} {mask(rest)}" if space and word.isalpha() else mask(value)


def _text(body: bytes, media_type: str = "") -> str:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode("utf-8", "replace")
        return masked_pairs(text) if media_type.strip().lower().startswith(_FORM) else text
    shown = masked(value)
    return orjson.dumps(shown).decode() if shown != value else body.decode()
