"""A proxy with one fault: ASGI in front, HTTP behind.

The mock's admin API is not affected. Without a fault the proxy is transparent.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import uvicorn

from .actions import ACTIONS, Memory
from .catalogue import Fault
from .messages import Answer, Call

HOP_BY_HOP = {"connection", "content-length", "date", "host", "keep-alive", "server"}
HOP_BY_HOP |= {"transfer-encoding", "accept-encoding", "content-encoding"}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class FaultProxy:
    """`requests` counts requests except the admin API's; `hits` counts those the fault matched."""

    def __init__(self, upstream: str, fault: Fault | None = None, *, owner: str) -> None:
        self.fault = fault
        self.memory = Memory(owner)
        self.requests = 0
        self.hits = 0
        limits = httpx.Limits(max_connections=64)
        self._client = httpx.AsyncClient(
            base_url=upstream, timeout=30, limits=limits, trust_env=False
        )

    def plant(self, fault: Fault | None) -> None:
        """Replace the fault and clear its memory."""
        self.fault = fault
        self.memory = Memory(self.memory.owner)
        self.requests = self.hits = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        call = await _read(scope, receive)
        if call.path == "/__mock__/reset":
            # Ids come again in a world that was reset.
            self.memory.overlay.clear()
        if call.path.startswith("/__mock__"):
            answer = await self._forward(call)
        else:
            self.requests += 1
            answer = await self._faulty(call)
        headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in answer.headers.items()]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        if answer.status == 204:
            headers = [(k, v) for k, v in headers if k != b"content-length"]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body = b"" if call.method == "HEAD" or answer.status == 204 else answer.body
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = (await receive())["type"]
            if event == "lifespan.shutdown":
                await self._client.aclose()
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return

    async def _faulty(self, call: Call) -> Answer:
        fault = self.fault
        if fault is None:
            return await self._forward(call)
        self.hits += fault.concerns(call.method, call.path)
        return await ACTIONS[fault.action](fault, call, self._forward, self.memory)

    async def _forward(self, call: Call) -> Answer:
        url = quote(call.path, safe="/%:@!$&'()*+,;=~") + (f"?{call.query}" if call.query else "")
        reply = await self._client.request(
            call.method, url, headers=call.headers, content=call.body
        )
        headers = {k: v for k, v in reply.headers.items() if k.lower() not in HOP_BY_HOP}
        return Answer(reply.status_code, headers, reply.content)


async def _read(scope: Scope, receive: Receive) -> Call:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
    raw = scope.get("raw_path") or scope["path"].encode()
    return Call(
        method=scope["method"],
        path=raw.decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers={k: v for k, v in headers.items() if k not in HOP_BY_HOP},
        body=bytes(body),
    )


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Stock uvicorn in a thread of this process, like a third-party server; returns its URL."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def the_proxy(upstream: str, owner: str = "mock-key") -> Iterator[tuple[FaultProxy, str]]:
    """A proxy in front of a server, in which faults can be planted, and its URL."""
    proxy = FaultProxy(upstream, owner=owner)
    with served(proxy) as url:
        yield proxy, url
