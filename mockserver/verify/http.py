"""A minimal HTTP client for verification: one request, one reply, no redirects.

It uses urllib3, not httpx: a run sends tens of thousands of requests, and urllib3 needs less than
half the time for each.

The timeout covers the whole reply. `WATCHDOG` closes the socket of a late one, whether the server
is silent or sends slowly. An event stream, which may never end, is read only briefly.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, TimeoutError

from mockserver.verify.model import Exchange, json_of

# Client-side rate limiting, which also honours Retry-After.

LONGEST = 120.0


@dataclass
class Pace:
    """Call `wait` before each request and `note` after each reply."""

    rate: float
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    waited: float = 0
    _next: float = field(default=0, init=False)

    def wait(self) -> None:
        pause = self._next - self.now()
        if pause > 0:
            self.waited += pause
            self.sleep(pause)
        self._next = max(self._next, self.now()) + 1 / self.rate

    def note(self, exchange: Exchange) -> None:
        if exchange.status in (429, 503):
            pause = retry_after(exchange.headers.get("retry-after", ""))
            self._next = max(self._next, self.now() + pause)


def retry_after(value: str) -> float:
    """Seconds to wait, from a number or a date; between one and LONGEST."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return 1.0
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1.0), LONGEST)


CONNECTIONS = 64
"""Connections kept open: enough for the concurrent requests of the lifecycle checks."""
STREAM_SECONDS = 1.0
"""Seconds to read an event stream."""
LARGEST = 64 * 1024 * 1024
"""Longest body; the rest is not read."""
STREAMS = ("text/event-stream", "multipart/x-mixed-replace", "application/x-ndjson")


# --- deadlines


@dataclass(eq=False)
class _Turn:
    """A request in progress; `late` is set when its socket was closed for being late."""

    deadline: float
    sock: socket.socket | None = None
    late: bool = False


@dataclass
class Watchdog:
    """Closes the sockets of late replies, with one thread for all of them."""

    step: float = 0.1
    _turns: set[_Turn] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _here: threading.local = field(default_factory=threading.local)

    @contextmanager
    def within(self, seconds: float) -> Iterator[_Turn]:
        """Require that whatever this thread reads in the block arrives within the time."""
        turn = _Turn(time.monotonic() + seconds)
        before = getattr(self._here, "turn", None)
        self._here.turn = turn
        with self._lock:
            self._turns.add(turn)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
        try:
            yield turn
        finally:
            self._here.turn = before
            with self._lock:
                self._turns.discard(turn)

    def reading_from(self, sock: socket.socket | None) -> None:
        turn = getattr(self._here, "turn", None)
        if turn is not None:
            turn.sock = sock

    def _watch(self) -> None:
        while True:
            time.sleep(self.step)
            now = time.monotonic()
            with self._lock:
                if not self._turns:
                    self._thread = None
                    return
                late = [turn for turn in self._turns if turn.deadline < now and not turn.late]
            for turn in late:
                if turn.sock is not None:
                    turn.late = True
                    with suppress(OSError):
                        turn.sock.shutdown(socket.SHUT_RDWR)


WATCHDOG = Watchdog()


class _Head:
    """The file of a response while its head is read; `last` is the last line."""

    def __init__(self, file: Any) -> None:
        self.file, self.last = file, b""

    def readline(self, limit: int = -1) -> bytes:
        self.last = self.file.readline(limit)
        return self.last

    def close(self) -> None:
        self.file.close()


class _Response(http.client.HTTPResponse):
    """Raises an error for a head that was cut, which http.client takes for a whole one."""

    def begin(self) -> None:
        file: Any = self.fp
        head: Any = _Head(file)
        self.fp = head
        try:
            super().begin()
        finally:
            if self.fp is head:
                self.fp = file
        if not head.last:
            raise http.client.RemoteDisconnected("The head of the response was cut")


class _Connection(HTTPConnection):
    response_class = _Response

    def getresponse(self) -> Any:
        WATCHDOG.reading_from(self.sock)
        return super().getresponse()


class _SecureConnection(HTTPSConnection):
    response_class = _Response

    def getresponse(self) -> Any:
        WATCHDOG.reading_from(self.sock)
        return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def watch_every_connection() -> None:
    """Also watch requests that other libraries of this process send over urllib3."""
    HTTPConnectionPool.ConnectionCls = _Connection
    HTTPSConnectionPool.ConnectionCls = _SecureConnection


def is_stream(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in STREAMS


def read_body(reply: Any, content_type: str) -> bytes:
    """The body, or for a stream whatever arrives briefly. Raises urllib3's errors."""
    stream = is_stream(content_type)
    if not stream:
        found = bytearray()
        while chunk := reply.read(1 << 20, decode_content=True):
            found += chunk
            if len(found) > LARGEST:
                reply.close()
                break
        return bytes(found)
    found, end = bytearray(), time.monotonic() + STREAM_SECONDS
    sock = getattr(getattr(reply, "connection", None), "sock", None)
    if sock is not None:
        sock.settimeout(STREAM_SECONDS)
    with suppress(HTTPError, OSError):
        while time.monotonic() < end and len(found) < LARGEST:
            chunk = reply.read1(65536, decode_content=True)
            if not chunk:
                break
            found += chunk
    reply.close()
    return bytes(found)


# --- requests


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as sent, and its reply; header names are in lower case."""

    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The reply's JSON value. Raises ValueError."""
        return json_of(self.body)


class WireError(Exception):
    """No valid reply arrived; the message states what happened and what to check.

    `how` is "refused" (nothing listens), "late", "dropped" (the connection was closed) or "other".
    """

    def __init__(self, text: str, how: str = "other") -> None:
        super().__init__(text)
        self.how = how


class Wire:
    """Thread-safe connections to the server at a URL. `timeout` is for the whole reply, in
    seconds."""

    def __init__(self, url: str, timeout: float) -> None:
        parts = urlsplit(url)
        self.url = url
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._timeout = timeout
        options: dict[str, Any] = {
            "timeout": urllib3.Timeout(connect=timeout, read=timeout),
            "maxsize": CONNECTIONS,
            "retries": False,
        }
        host = parts.hostname or ""
        if parts.scheme == "https":
            # It reads SSL_CERT_FILE and SSL_CERT_DIR.
            context = httpx.create_ssl_context()
            self._pool: HTTPConnectionPool = _SecurePool(
                host, parts.port, ssl_context=context, **options
            )
        else:
            self._pool = _Pool(host, parts.port, **options)

    def close(self) -> None:
        self._pool.close()

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content: bytes | None = None,
        timeout: float | None = None,
    ) -> Sent:
        """Send to `target`, an absolute path with query; `body` is sent as JSON. Raises
        WireError."""
        if params:
            target += ("&" if "?" in target else "?") + urlencode(params, errors="surrogatepass")
        sent = {"accept": "*/*", "user-agent": "mockserver"}
        if body is not None:
            text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
            content = text.encode("utf-8", "surrogatepass")
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in headers.items()}
        # A server may close a kept-alive connection just as the next request is on its way. That
        # request was not read; send it once more over a new connection.
        opened = self._pool.num_connections
        for last in (False, True):
            try:
                reply, data = self._exchange(method, target, content, sent, timeout)
                break
            except WireError as error:
                reused = self._pool.num_connections == opened
                if last or error.how != "dropped" or not reused:
                    raise
        got = {name.lower(): value for name, value in reply.headers.itermerged()}
        return Sent(self._origin + target, sent, content or b"", reply.status, got, data)

    def _exchange(
        self,
        method: str,
        target: str,
        content: bytes | None,
        headers: Mapping[str, str],
        timeout: float | None,
    ) -> tuple[Any, bytes]:
        """The reply's head and its body. Raises WireError."""
        seconds = timeout or self._timeout
        with WATCHDOG.within(seconds) as turn:
            try:
                reply = self._pool.urlopen(
                    method,
                    target,
                    body=content,
                    headers=headers,
                    redirect=False,
                    preload_content=False,
                    timeout=urllib3.Timeout(connect=seconds, read=seconds),
                )
                body = read_body(reply, reply.headers.get("content-type", ""))
            except (HTTPError, ValueError, OSError) as error:
                raise self._explained(error, turn.late, seconds) from None
            if turn.late:
                raise self._late(seconds)
            reply.release_conn()
        return reply, body

    def _late(self, seconds: float) -> WireError:
        return WireError(
            f"{self.url} did not respond within {seconds:g} s; "
            "check the server, or raise --timeout",
            "late",
        )

    def _explained(self, error: Exception, late: bool, seconds: float) -> WireError:
        if isinstance(error, NewConnectionError):
            return WireError(
                f"no server listens at {self.url} ({error.__cause__ or error}); "
                "start it, or check --url",
                "refused",
            )
        if late or isinstance(error, TimeoutError):
            return self._late(seconds)
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return WireError(
                f"the certificate of {self.url} is not trusted ({error}); "
                "name the file with the certificate of its authority in SSL_CERT_FILE"
            )
        if isinstance(error, ProtocolError | OSError):
            detail = " ".join(str(error.args[-1] if error.args else error).split())
            return WireError(
                f"{self.url} closes the connection without a response ({detail}); "
                "check the server's log",
                "dropped",
            )
        return WireError(f"{self.url}: {error or type(error).__name__}")
