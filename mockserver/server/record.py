"""`mockserver record`: a proxy in front of a real server that records its responses."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
from starlette.types import Receive, Scope, Send

from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.serialization import Sent
from mockserver.errors import Refusal, UsageError
from mockserver.server.asgi.app import MAX_BODY, Endpoint, read_body, send_reply
from mockserver.server.journal.har import as_har
from mockserver.server.journal.journal import Entry

log = logging.getLogger("mockserver")

MOST = 10_000
TIMEOUT = 60.0
SECONDS_BETWEEN_WRITES = 1.0
# Headers of one connection, or of the body's encoding, which are not forwarded.
_OWN = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


class Recorder:
    """Forwards requests to `real`, returns its responses, and records both."""

    def __init__(self, real: str, output: Path) -> None:
        parts = urlsplit(real)
        self.real = real.rstrip("/")
        self.host = parts.netloc.rpartition("@")[2]
        self.output = output
        self.entries: list[Entry] = []
        self._written = 0
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await read_body(scope, receive, MAX_BODY)
        except (Refusal, ConnectionResetError) as error:
            await send_reply(refuse(error, ""), scope, send)
            return
        message = Endpoint.message(scope, body)
        # Requests start without a task, which httpx needs for timeouts.
        sent = await asyncio.create_task(self._ask(message, scope))
        await send_reply(sent, scope, send)

    async def _ask(self, message: Message, scope: Scope) -> Sent:
        if self._client is None:  # it belongs to the loop that uses it
            self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        target = raw.decode("latin-1") + (
            f"?{message.query.decode('latin-1')}" if message.query else ""
        )
        headers = {n: v for n, v in message.headers.items() if n not in _OWN}
        try:
            reply = await self._client.request(
                message.method, self.real + target, headers=headers, content=message.body
            )
        except httpx.HTTPError as error:
            reason = f"{self.host} does not respond: {str(error) or type(error).__name__}"
            log.warning("%s", reason)
            return refuse(reason, target)  # no response: nothing to record
        passed = [
            (name.lower(), value)
            for name, value in reply.headers.raw
            if name.decode("latin-1").lower() not in _OWN
        ]
        sent = Sent(reply.status_code, passed, reply.content)
        self._keep(message, urlsplit(self.real).path, sent)
        return sent

    def _keep(self, message: Message, base: str, sent: Sent) -> None:
        if len(self.entries) >= MOST:
            if len(self.entries) == MOST:
                log.warning("%d exchanges are recorded; further ones are only forwarded", MOST)
            return
        message.headers = {**message.headers, "host": self.host}
        message.target = base + message.target
        exchange = Exchange(message, None, sent=sent)
        self.entries.append(Entry(len(self.entries) + 1, time.time_ns(), exchange))

    def write(self) -> None:
        """Write the archive if there is anything new. Raises UsageError if it can't be written."""
        if self._written == len(self.entries) and self.output.exists():
            return
        count = len(self.entries)
        text = orjson.dumps(as_har(self.entries[:count]), option=orjson.OPT_INDENT_2)
        beside = self.output.with_name(f"{self.output.name}.{os.getpid()}.part")
        try:
            beside.write_bytes(text)
            beside.replace(self.output)
        except OSError as error:
            raise UsageError(f"--output {self.output}: {error.strerror or error}") from None
        self._written = count

    async def keep_written(self) -> None:
        """Write periodically until cancelled."""
        try:
            while True:
                await asyncio.sleep(SECONDS_BETWEEN_WRITES)
                await asyncio.to_thread(self.write)
        finally:
            if self._client is not None:
                await self._client.aclose()


def refuse(reason: object, target: str) -> Sent:
    """The proxy's own error response, when there is none to forward."""
    headers = [(b"content-type", b"application/json")]
    return Sent(502, headers, orjson.dumps({"error": str(reason)}))
