"""Listening sockets, and uvicorn on them."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from weakref import WeakSet

import uvicorn
from starlette.types import ASGIApp

from mockserver.errors import UsageError
from mockserver.server.asgi.protocol import BoundedProtocol, Refuse, protocol

BACKLOG = 2048
SECONDS_OF_GRACE = 3
TICKS_BETWEEN_LOOKS = 50  # ticks of uvicorn's main loop, ten per second


_listening: WeakSet[socket.socket] = WeakSet()


def own_ports() -> set[int]:
    """The ports that this process listens on."""
    return {opened.getsockname()[1] for opened in list(_listening) if opened.fileno() >= 0}


def bind_for(host: str, port: int, workers: int) -> list[list[socket.socket]]:
    """Sockets as by `bind`, for each of several processes. Raises UsageError."""
    sockets = bind(host, port)
    if workers == 1 or sys.platform != "linux":
        return [sockets] * workers
    # With a queue for each process the kernel distributes connections; from a single queue, any
    # process that is awake takes them all. The first bind showed that nothing else listens.
    port = sockets[0].getsockname()[1]
    for opened in sockets:
        opened.close()
    return [bind(host, port, together=True) for _ in range(workers)]


def bind(host: str, port: int, *, together: bool = False) -> list[socket.socket]:
    """Listening sockets for every address of `host`. Raises UsageError with a remedy.

    `together` lets more processes of this server listen there too.
    """
    sockets: list[socket.socket] = []
    failed: OSError | None = None
    for family, address in _addresses(host, port):
        # "localhost" may be both ::1 and 127.0.0.1, with one of them disabled.
        if port == 0 and sockets:
            break
        try:
            sockets.append(_listen(family, address, together))
        except OSError as error:
            failed = error
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                for opened in sockets:
                    opened.close()
                raise UsageError(_why(error, host, port)) from None
    if not sockets:
        assert failed is not None
        raise UsageError(_why(failed, host, port)) from None
    _listening.update(sockets)
    return sockets


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(
            f"--host {host}: {reason}; 127.0.0.1 serves this machine, 0.0.0.0 the network"
        ) from None
    unique = dict.fromkeys((entry[0], entry[4]) for entry in found)
    return list(unique)  # type: ignore[arg-type]


def _listen(
    family: socket.AddressFamily, address: tuple[str, int], together: bool
) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if together:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind(address)
        # Listen now, to detect a port in use before anything is printed.
        opened.listen(BACKLOG)
        opened.setblocking(False)
    except OSError:
        opened.close()
        raise
    return opened


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use; "
            f"stop what listens there, or choose another: --port {other_port(port)}"
        )
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges; choose one of at least 1024: --port 8000"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host}: this machine has no such address; try 127.0.0.1 or 0.0.0.0"
    return f"can't listen on {host} port {port}: {error.strerror or error}"


def other_port(port: int) -> int:
    """A port to suggest: the next one, or 0 (any free one) past the end."""
    return port + 1 if 1024 <= port < 65535 else 0


def url_of(sockets: list[socket.socket], host: str) -> str:
    """The URL that a user on this machine opens."""
    port = sockets[0].getsockname()[1]
    shown = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "[::1]"}.get(host)
    return f"http://{shown or (f'[{host}]' if ':' in host else host)}:{port}"


Background = Callable[[], Coroutine[None, None, None]]
"""A background task of the server, which runs until cancelled."""


class Server(uvicorn.Server):
    """uvicorn that reports when it listens, and returns instead of dying on a signal.

    Its `peers` receive the same signals. With `drain` it goes on for so many seconds after the
    first of them, and calls `on_drain`, for a load balancer to look elsewhere; the second ends it.
    """

    peers: Sequence[Server] = ()
    drain = 0.0
    on_drain: Callable[[], None] = staticmethod(lambda: None)
    _drained_at = 0.0

    def __init__(
        self,
        config: uvicorn.Config,
        on_listening: Callable[[], None],
        background: Sequence[Background],
    ) -> None:
        super().__init__(config)
        self._on_listening = on_listening
        self._background = background
        self._tasks: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tasks = [asyncio.create_task(start()) for start in self._background]
            self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS_BETWEEN_LOOKS == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.look()
        if self._drained_at and time.monotonic() >= self._drained_at:
            self.should_exit = True
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.drain and not self._drained_at:
            self._drained_at = time.monotonic() + self.drain
            self.on_drain()
            return
        for server in (self, *self.peers):
            uvicorn.Server.handle_exit(server, sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's version raises the signal again when it is done, which would end the process
        # before the state is written.
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = [signal.SIGINT, signal.SIGTERM]
        # nohup ignores it; keep that.
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            wanted.append(signal.SIGHUP)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                with suppress(ValueError, TypeError):
                    signal.signal(number, handler)


def make_server(
    app: ASGIApp,
    refuse: Refuse,
    *,
    on_listening: Callable[[], None] = lambda: None,
    background: Sequence[Background] = (),
) -> Server:
    """A server for an application; run it with `run(sockets=bind(...))`."""
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=protocol(refuse),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # A header with a spoofed client address would give access to the admin API.
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=SECONDS_OF_GRACE,
    )
    return Server(config, on_listening, background)


_HOST = "127.0.0.1"


class ThreadedServer:
    """A free loopback port, served in a thread like `mockserver serve` until `close`."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._sockets = bind(_HOST, 0)
        self.url = url_of(self._sockets, _HOST)
        self._server = make_server(app, refuse)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": self._sockets}, daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.005)

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        self._thread.join(timeout=5)
        for opened in self._sockets:
            opened.close()
