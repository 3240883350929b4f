"""Talking to an ASGI application without a network, from any thread, with httpx.

The application never waits for anything but its own messages, so its coroutine is driven to
the end right here: no event loop, no thread.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Scope


class InProcessTransport(httpx.BaseTransport):
    """Sends httpx requests to an ASGI application by plain calls."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        raw_path = url.raw_path.partition(b"?")[0]
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": raw_path,
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 0),
            "server": (url.host, url.port or 80),
        }
        exchange = _Exchange(request.read())
        drive(self._app(scope, exchange.receive, exchange.send))  # type: ignore[arg-type]
        return httpx.Response(
            exchange.status, headers=exchange.headers, content=b"".join(exchange.body)
        )


class _Exchange:
    def __init__(self, request_body: bytes) -> None:
        self._request_body = request_body
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []

    async def receive(self) -> Message:
        return {"type": "http.request", "body": self._request_body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        else:
            self.body.append(message.get("body", b""))


def drive(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits. Raises RuntimeError if it does wait."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the application waited for an event loop; use the real port for this")
