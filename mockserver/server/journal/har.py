"""The journal as an HTTP archive, for developer tools and others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import mockserver
from mockserver.engine.timestamps import render
from mockserver.files.har import Archived, archive, har_entry
from mockserver.server.journal.journal import Entry


def as_har(entries: Iterable[Entry]) -> dict[str, Any]:
    """The archive, oldest first as `entries` come. Secrets are masked."""
    return archive(map(_entry, entries), mockserver.__version__)


def _entry(entry: Entry) -> dict[str, Any]:
    message, sent = entry.exchange.message, entry.exchange.sent
    started = message.started or entry.ended
    host = message.headers.get("host", "mock.local")
    query = f"?{message.query.decode('latin-1')}" if message.query else ""
    headers = sent.headers if sent is not None else ()
    one = Archived(
        method=message.method,
        url=f"http://{host}{message.target}{query}",
        status=sent.status if sent is not None else 0,
        started=render(started // 1000),
        took=(entry.ended - started) / 1e6,
        request_headers=tuple(message.headers.items()),
        request_body=message.body,
        headers=[(n.decode("latin-1"), v.decode("latin-1")) for n, v in headers],
        body=sent.body if sent is not None else b"",
    )
    operation = entry.exchange.operation
    return har_entry(one, _operation=operation.id if operation is not None else None)
