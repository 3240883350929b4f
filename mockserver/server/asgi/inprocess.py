"""Call an ASGI application in process with httpx, from any thread.

The application waits for nothing but its own messages, so its coroutine runs to the end right here:
no event loop, no thread, no sleep. A delay longer than the client's timeout is a timeout at once; a
shorter one takes no time.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Scope

from mockserver.engine.faults import Trouble
from mockserver.server.asgi.faults import APPLY_TROUBLE


class InProcessTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends httpx requests to an ASGI application, for sync and async clients.

    `headers` replace those of the request: a credential that the application knows.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] | None = None) -> None:
        self._app = app
        self._headers = httpx.Headers(headers)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._respond(request, request.read())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._respond(request, await request.aread())

    def _respond(self, request: httpx.Request, body: bytes) -> httpx.Response:
        headers = request.headers
        if self._headers:
            headers = httpx.Headers(headers)
            headers.update(self._headers)
        answer = call(self._app, request.method, request.url, headers.raw, body)
        trouble = answer.trouble
        if trouble is not None:
            limit = request.extensions.get("timeout", {}).get("read")
            if limit is not None and trouble.delay > limit:
                raise httpx.ReadTimeout("timed out", request=request)
            if trouble.drop:
                raise httpx.RemoteProtocolError(DROPPED, request=request)
            if answer.missing:
                raise httpx.RemoteProtocolError(answer.cut_short, request=request)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)


DROPPED = "Server disconnected without sending a response."


class Answer:
    """The application's response, and the fault that was applied to it."""

    def __init__(self, request_body: bytes) -> None:
        self._request_body = request_body
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.trouble: Trouble | None = None

    @property
    def missing(self) -> int:
        """How many bytes of the body don't arrive."""
        most = self.trouble.truncate if self.trouble is not None else None
        return 0 if most is None else max(0, len(self.body) - most)

    @property
    def cut_short(self) -> str:
        got = len(self.body) - self.missing
        return (
            "peer closed connection without sending complete message body "
            f"(received {got} bytes, expected {len(self.body)})"
        )

    def apply_trouble(self, trouble: Trouble) -> None:
        self.trouble = trouble

    async def receive(self) -> Message:
        return {"type": "http.request", "body": self._request_body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        else:
            self.body += message.get("body", b"")


def call(
    app: ASGIApp, method: str, url: httpx.URL, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> Answer:
    """Call the application."""
    answer = Answer(body)
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in headers],
        "client": ("127.0.0.1", 0),
        "server": (url.host, url.port or 80),
        APPLY_TROUBLE: answer.apply_trouble,
    }
    drive(app(scope, answer.receive, answer.send))  # type: ignore[arg-type]
    return answer


def drive(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits. Raises RuntimeError if it does."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the application waited for an event loop; use the real port for this")
