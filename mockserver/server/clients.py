"""Clients that reach a mock without a port: httpx in process, and patches of httpx and requests.

The application waits for nothing but its own messages, so its coroutine runs to the end right here:
no event loop, no thread, no sleep. A delay longer than the timeout of a client is a timeout at
once; a shorter one takes no time.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
from starlette.types import ASGIApp, Message, Scope

from mockserver.engine.faults import Trouble
from mockserver.errors import MissingExtra, UsageError
from mockserver.openapi.model import Contract
from mockserver.server.asgi.sending import APPLY_TROUBLE

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter


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
        response = call(self._app, request.method, request.url, headers.raw, body)
        trouble = response.trouble
        if trouble is not None:
            limit = request.extensions.get("timeout", {}).get("read")
            if limit is not None and trouble.delay > limit:
                raise httpx.ReadTimeout("timed out", request=request)
            if trouble.drop:
                raise httpx.RemoteProtocolError(DROPPED, request=request)
            if response.missing:
                raise httpx.RemoteProtocolError(response.cut_short, request=request)
        return httpx.Response(response.status, headers=response.headers, content=response.body)


DROPPED = "Server disconnected without sending a response."


class AppResponse:
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
) -> AppResponse:
    """Call the application."""
    response = AppResponse(body)
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
        APPLY_TROUBLE: response.apply_trouble,
    }
    drive(app(scope, response.receive, response.send))  # type: ignore[arg-type]
    return response


def drive(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits. Raises RuntimeError if it does."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the application waited for an event loop; use the real port for this")


_HERE = {"", "localhost", "127.0.0.1", "::1"}


def vendor_hosts(contract: Contract, hosts: tuple[str, ...]) -> frozenset[str]:
    """The given hosts, or those of the document's servers except this machine.

    Raises UsageError if there are none.
    """
    found = {host.lower() for host in hosts}
    if not hosts:
        found = {urlsplit(server).hostname or "" for server in contract.servers} - _HERE
    if not found:
        raise UsageError("the document has no servers; give the hosts that the mock stands for")
    return frozenset(found)


@contextmanager
def patched_httpx(transport: InProcessTransport, hosts: frozenset[str]) -> Iterator[None]:
    """A context in which requests of any httpx client to these hosts reach the mock."""
    send, send_async = (
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
    )

    def handle(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.url.host in hosts:
            return transport.handle_request(request)
        return send(self, request)

    async def handle_async(
        self: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        if request.url.host in hosts:
            return await transport.handle_async_request(request)
        return await send_async(self, request)

    httpx.HTTPTransport.handle_request = handle  # type: ignore[method-assign]
    httpx.AsyncHTTPTransport.handle_async_request = handle_async  # type: ignore[method-assign]
    try:
        yield
    finally:
        httpx.HTTPTransport.handle_request = send  # type: ignore[method-assign]
        httpx.AsyncHTTPTransport.handle_async_request = send_async  # type: ignore[method-assign]


def requests_adapter(app: ASGIApp, headers: Mapping[str, str]) -> BaseAdapter:
    """An adapter for `requests.Session.mount`. Raises MissingExtra without requests."""
    try:
        import requests
        from requests.adapters import BaseAdapter
    except ImportError:
        raise MissingExtra("the adapter for requests", "requests") from None

    class Adapter(BaseAdapter):
        def send(self, request: Any, *args: Any, timeout: Any = None, **rest: Any) -> Any:
            sent = httpx.Headers({name: _str(value) for name, value in request.headers.items()})
            sent.update(headers)
            body = request.body or b""
            if not isinstance(body, str | bytes):
                body = b"".join(body)
            raw = body.encode() if isinstance(body, str) else body
            response = call(app, request.method, httpx.URL(request.url), sent.raw, raw)
            wait = timeout[1] if isinstance(timeout, tuple) else timeout
            if response.trouble is not None:
                if wait is not None and response.trouble.delay > wait:
                    raise requests.exceptions.ReadTimeout("timed out", request=request)
                if response.trouble.drop:
                    raise requests.exceptions.ConnectionError(DROPPED, request=request)
                if response.missing:
                    raise requests.exceptions.ChunkedEncodingError(
                        response.cut_short, request=request
                    )
            reply = requests.Response()
            reply.status_code = response.status
            for name, value in response.headers:
                reply.headers[name.decode("latin-1")] = value.decode("latin-1")
            reply.encoding = requests.utils.get_encoding_from_headers(reply.headers)
            reply.url, reply.request = request.url, request
            reply._content = response.body
            return reply

        def close(self) -> None:
            pass

    return Adapter()


def _str(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def add_to_query(pairs: Mapping[str, str], request: httpx.Request) -> None:
    """Add missing parameters to a request.

    `params` of the client would replace a query in the URL.
    """
    missing = {name: value for name, value in pairs.items() if name not in request.url.params}
    if missing:
        parts = (request.url.query, urlencode(missing).encode())
        request.url = request.url.copy_with(query=b"&".join(filter(None, parts)))
