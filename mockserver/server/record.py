"""`mockserver record`: a proxy in front of a real server that records its responses."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

import orjson
from starlette.types import Receive, Scope, Send

from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.serialization import Sent
from mockserver.errors import Refusal, UsageError
from mockserver.server.asgi.app import MAX_BODY, Endpoint, read_body, send_reply
from mockserver.server.journal.journal import Entry, as_har
from mockserver.server.upstream import Upstream, UpstreamError

log = logging.getLogger("mockserver")

MOST = 10_000
SECONDS = 60.0
SECONDS_BETWEEN_WRITES = 1.0


class Recorder:
    """Forwards requests to `real`, returns its responses, and records both."""

    def __init__(self, real: str, output: Path) -> None:
        self.upstream = Upstream(real, SECONDS)
        self.output = output
        self.entries: list[Entry] = []
        self._written = 0

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
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        try:
            sent = await self.upstream.ask(message, raw.decode("latin-1"))
        except UpstreamError as error:
            log.warning("%s", error)
            return error.as_sent()  # no response: nothing to record
        self._keep(message, self.upstream.path, sent)
        return sent

    def _keep(self, message: Message, base: str, sent: Sent) -> None:
        if len(self.entries) >= MOST:
            if len(self.entries) == MOST:
                log.warning("%d exchanges are recorded; further ones are only forwarded", MOST)
            return
        message.headers = {**message.headers, "host": self.upstream.host}
        message.target = base + message.target
        exchange = Exchange(message, None, sent=sent)
        self.entries.append(Entry(len(self.entries) + 1, time.time_ns(), exchange))

    def write(self) -> None:
        """Write the archive if there is anything new. Raises UsageError if it can't be written."""
        if self._written == len(self.entries) and self.output.exists():
            return
        count = len(self.entries)
        text = orjson.dumps(as_har(self.entries[:count]), option=orjson.OPT_INDENT_2)
        partial = self.output.with_name(f"{self.output.name}.{os.getpid()}.part")
        try:
            partial.write_bytes(text)
            partial.replace(self.output)
        except OSError as error:
            raise UsageError(f"--output {self.output}: {error.strerror or error}") from None
        self._written = count

    async def keep_written(self) -> None:
        """Write now and then, until cancelled."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_WRITES)
            await asyncio.to_thread(self.write)


def refuse(reason: object, target: str) -> Sent:
    """The proxy's own error response, when there is none to forward."""
    headers = [(b"content-type", b"application/json")]
    return Sent(502, headers, orjson.dumps({"error": str(reason)}))
