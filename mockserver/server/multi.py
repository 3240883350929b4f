"""Serve several APIs in one process: each on its own port, or below its own prefix."""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from socket import socket
from urllib.parse import unquote, urlsplit

from starlette.types import Message, Receive, Scope, Send

from mockserver.engine.serialization import Sent, json_sent
from mockserver.errors import Refusal, UsageError
from mockserver.files.wording import counted
from mockserver.records import dataclass
from mockserver.server.asgi.app import send_reply
from mockserver.server.asgi.uvicorn import Server, bind, make_server, url_of
from mockserver.server.banner import first_curl
from mockserver.server.mock import DEFAULT_KEY
from mockserver.server.service import (
    Service,
    Serving,
    log_to_stderr,
    prepare,
    print_coverage,
    serve,
)
from mockserver.server.terminal import plain

log = logging.getLogger("mockserver")

Resolve = Callable[[], list[Serving]]
Say = Callable[[str], None]
Running = tuple[Server, list[socket]]


@dataclass(frozen=True, eq=False)
class Part:
    """One of the APIs; `name` is its prefix and part of its file names."""

    name: str
    service: Service
    resolve: Callable[[], Serving]


def serve_all(resolve: Resolve, say: Say) -> None:
    """Serve one API or several until a signal arrives; as `service.serve`."""
    servings = resolve()
    if len(servings) == 1 and not servings[0].prefix:
        serve(lambda: resolve()[0], say)
        return
    if servings[0].workers > 1:
        raise UsageError("--workers is for a single API; start a process for each")
    log_to_stderr()
    parts = [_part(resolve, index) for index in range(len(servings))]
    with ExitStack() as closing, _handlers_kept():
        _run((_one_port if servings[0].prefix else _many_ports)(parts, say, closing))
    for part in parts:
        print_coverage(part.service, part.name)
        if part.service.state is not None:
            if part.service.state.save():
                log.info("the state of %s is kept in %s", part.name, part.service.state.shown)
            part.service.state.release()


def _part(resolve: Resolve, index: int) -> Part:
    def own() -> Serving:
        return _own(resolve(), index)

    return Part(_names(resolve())[index], Service(own()), own)


def _own(servings: list[Serving], index: int) -> Serving:
    """The settings of one API: its port, its state file. Raises UsageError."""
    serving = servings[index]
    port = serving.port
    if serving.handlers is not None and len(servings) > 1:
        raise UsageError("--handlers is for a single API; serve that one by itself")
    if serving.options.upstream and len(servings) > 1:
        raise UsageError("--upstream is for a single API; serve that one by itself")
    if port and not serving.prefix:
        port += index
        if port > 65535:
            raise UsageError(f"--port {serving.port} leaves no room for {len(servings)} APIs")
    state = serving.state
    if state is not None and len(servings) > 1:
        state = state.with_name(f"{state.stem}.{_names(servings)[index]}{state.suffix}")
    return replace(serving, port=port, state=state)


def _names(servings: Sequence[Serving]) -> list[str]:
    """A name for each, fit for a path and a file: `feather`, `petstore`, `petstore-2`."""
    names: list[str] = []
    for serving in servings:
        spec = urlsplit(serving.spec).path if "://" in serving.spec else serving.spec
        name = base = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(spec).stem).strip(".-") or "api"
        number = 1
        while name in names:
            number += 1
            name = f"{base}-{number}"
        names.append(name)
    return names


def _listen(serving: Serving, closing: ExitStack) -> tuple[list[socket], str]:
    sockets = bind(serving.host, serving.port)
    for opened in sockets:
        closing.callback(opened.close)
    return sockets, url_of(sockets, serving.host)


def _many_ports(parts: list[Part], say: Say, closing: ExitStack) -> list[Running]:
    """A server for each; all ports are bound before the first document is read."""
    places = [_listen(part.service.serving, closing) for part in parts]
    urls = [url for _, url in places]
    waiting = list(parts)

    def listening() -> None:
        waiting.pop()
        if not waiting:
            say(announcement(parts, urls))

    running = []
    for part, (sockets, _) in zip(parts, places, strict=True):
        service, background = part.service, prepare(part.service, part.resolve)
        server = make_server(service, service.refuse, on_listening=listening, background=background)
        running.append((server, sockets))
    return running


def _one_port(parts: list[Part], say: Say, closing: ExitStack) -> list[Running]:
    sockets, url = _listen(parts[0].service.serving, closing)
    background = [task for part in parts for task in prepare(part.service, part.resolve)]
    app = Prefixed({part.name: part.service for part in parts})
    urls = [f"{url}/{part.name}" for part in parts]
    server = make_server(
        app,
        app.refuse,
        on_listening=lambda: say(announcement(parts, urls)),
        background=background,
    )
    return [(server, sockets)]


def _run(running: list[Running]) -> None:
    """Run the servers in one loop until a signal stops them all."""
    gc.freeze()
    servers = [server for server, _ in running]
    for server in servers:
        server.peers = [peer for peer in servers if peer is not server]

    async def together() -> None:
        await asyncio.gather(*(server.serve(sockets=sockets) for server, sockets in running))

    with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
        runner.run(together())


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Restore the signal handlers, whatever order the servers end in."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


class Prefixed:
    """Applications below their prefixes; other paths get a list of them."""

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = dict(services)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        raw = scope.get("raw_path") or scope["path"].encode()
        first, _, rest = raw[1:].partition(b"/")
        name = unquote(first.decode("latin-1"))
        service = self._services.get(name)
        if service is None:
            return send_reply(self._index(scope["path"]), scope, send)
        path = scope["path"][1 + len(name) :] or "/"
        inner = {**scope, "path": path, "raw_path": b"/" + rest, "root_path": f"/{name}"}
        return service(inner, receive, _relocated(send, f"/{name}".encode()))

    def refuse(self, refusal: Refusal, target: str) -> Sent:
        """The reply to a request that can't be parsed."""
        name = target[1:].partition("/")[0]
        service = self._services.get(name) or next(iter(self._services.values()))
        return service.refuse(refusal, target)

    def _index(self, path: str) -> Sent:
        body = {"apis": {name: f"/{name}/" for name in self._services}}
        return json_sent(body, 200 if path == "/" else 404)


def _relocated(send: Send, prefix: bytes) -> Send:
    """`send` that adds the prefix to the path of a redirect."""

    async def relocating(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, prefix + value if name == b"location" and value[:1] == b"/" else value)
                for name, value in message["headers"]
            ]
        await send(message)

    return relocating


def announcement(parts: Sequence[Part], urls: Sequence[str]) -> str:
    """The startup message once all of them listen."""
    lines = [f"{len(parts)} APIs are served" if len(parts) > 1 else "One API is served", ""]
    for part, url in zip(parts, urls, strict=True):
        mock = part.service.mock
        size = counted(len(mock.contract.operations), "operation")
        lines += [
            f"  {url}  {mock.contract.title} ({part.service.source.name}, {size})",
            f"    {first_curl(mock, url)}",
            f"    {url}/__mock__/",
        ]
    world = f"{DEFAULT_KEY}; each key that begins with mock- has its own world in each API"
    return "\n".join([*map(plain, lines), "", f"  key  {world}", "", "Ctrl-C stops it."])
