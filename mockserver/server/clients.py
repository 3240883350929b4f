"""Redirect client libraries from the vendor's URL to the mock, without changing their code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
from starlette.types import ASGIApp

from mockserver.errors import MissingExtra, UsageError
from mockserver.openapi.model import Contract
from mockserver.server.asgi.inprocess import DROPPED, InProcessTransport, call

if TYPE_CHECKING:
    from requests.adapters import BaseAdapter

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
            answer = call(app, request.method, httpx.URL(request.url), sent.raw, raw)
            wait = timeout[1] if isinstance(timeout, tuple) else timeout
            if answer.trouble is not None:
                if wait is not None and answer.trouble.delay > wait:
                    raise requests.exceptions.ReadTimeout("timed out", request=request)
                if answer.trouble.drop:
                    raise requests.exceptions.ConnectionError(DROPPED, request=request)
                if answer.missing:
                    raise requests.exceptions.ChunkedEncodingError(
                        answer.cut_short, request=request
                    )
            reply = requests.Response()
            reply.status_code = answer.status
            for name, value in answer.headers:
                reply.headers[name.decode("latin-1")] = value.decode("latin-1")
            reply.encoding = requests.utils.get_encoding_from_headers(reply.headers)
            reply.url, reply.request = request.url, request
            reply._content = answer.body
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
