"""`mockserver record`."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

import click
import orjson
from starlette.types import Receive, Scope, Send

from mockserver.cli.options import CONTEXT, listening_options
from mockserver.engine.pipeline import Exchange, Message
from mockserver.engine.serialization import Sent, json_sent
from mockserver.errors import Refusal, UsageError
from mockserver.files.reading import without_secrets
from mockserver.files.wording import counted
from mockserver.server.asgi.app import MAX_BODY, Endpoint, read_body, send_reply
from mockserver.server.asgi.uvicorn import bind, make_server, url_of
from mockserver.server.config_file import read_url
from mockserver.server.journal.journal import Entry, as_har
from mockserver.server.service import log_to_stderr
from mockserver.server.upstream import Upstream, UpstreamError


@click.command(
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver record --real https://sandbox.example.com
      mockserver record --real https://sandbox.example.com/v1 --port 9000 --output runs.har
      mockserver serve openapi.yaml --har runs.har
    """,
)
@click.option("--real", required=True, metavar="URL", help="URL of the real server.")
@listening_options
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("recording.har"),
    metavar="FILE",
    help="File for the recorded exchanges.  [default: recording.har]",
)
def record(real: str, host: str, port: int, output: Path) -> None:
    """Record the responses of a real server, as a proxy in front of it.

    Point a client at this address instead of the server's. The exchanges are written to an HTTP
    archive (HAR), with credentials and secret fields masked; a mock can be seeded from it
    (mockserver serve --har FILE).
    """
    read_url("--real", real)
    if output.exists():
        raise UsageError(f"--output {output}: the file exists; give another or remove it")
    log_to_stderr()
    recorder = Recorder(real, output)
    recorder.write()  # fail now if the file can't be written
    sockets = bind(host, port)
    url = url_of(sockets, host)

    def announce() -> None:
        click.echo(
            f"{url} forwards to {without_secrets(real)} and writes {output}; Ctrl-C stops it."
        )

    server = make_server(
        recorder, refuse, on_listening=announce, background=[recorder.keep_written]
    )
    try:
        server.run(sockets=sockets)
    finally:
        for opened in sockets:
            opened.close()
        recorder.write()
    count = len(recorder.entries)
    click.echo(f"{counted(count, 'exchange')} in {output}")


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
    return json_sent({"error": str(reason)}, 502)
