"""Limits on what a connection may send, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver.engine.serialization import Sent
from mockserver.errors import Refusal
from mockserver.server.asgi import protocol as bounds
from mockserver.server.asgi import uvicorn as serving
from mockserver.server.asgi.protocol import MAX_HEAD, MAX_TARGET
from mockserver.server.asgi.uvicorn import ThreadedServer, bind, make_server

GET = b"GET /%s HTTP/1.1\r\nhost: a\r\n%s\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Responds with the number of headers and the length of the body."""
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    body = b"%d headers, %d bytes" % (len(scope["headers"]), size)
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def refuse(refusal: Refusal, target: str) -> Sent:
    body = f"{type(refusal).__name__} {target[:10]}".encode()
    return Sent(refusal.status, [(b"content-type", b"text/x-vendor")], body)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    (listening,) = bind("127.0.0.1", 0)
    server = make_server(echo, refuse)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    port = listening.getsockname()[1]
    thread.start()
    yield port
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def connection(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as opened:
        yield opened


def answers(connection: socket.socket) -> bytes:
    """Everything until the server closes the connection."""
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def statuses(received: bytes) -> list[int]:
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


def test_an_ordinary_request_keeps_the_connection(connection: socket.socket) -> None:
    for _ in range(3):
        connection.sendall(GET % (b"", b""))
        assert b"1 headers, 0 bytes" in connection.recv(65536)


def test_no_header_names_the_software(connection: socket.socket) -> None:
    connection.sendall(GET % (b"", b""))
    assert b"server:" not in connection.recv(65536).lower()


@pytest.mark.parametrize(
    "head",
    [
        GET % (b"", b"x: " + b"a" * MAX_HEAD + b"\r\n"),
        GET % (b"", b"a: b\r\n" * (MAX_HEAD // 5)),
        b"GET / HTTP/1.1\r\nx: " + b"a" * (3 * MAX_HEAD),
        b"GET / HTTP/1.1\r\n" + b"a" * (5 * MAX_HEAD),
    ],
    ids=["header", "headers", "endless header", "endless name"],
)
def test_a_head_too_large_is_431_in_the_vendors_shape(
    connection: socket.socket, head: bytes
) -> None:
    connection.sendall(head)
    received = answers(connection)
    assert statuses(received) == [431]
    assert b"content-type: text/x-vendor" in received
    assert b"connection: close" in received
    assert b"HeadersTooLarge" in received


@pytest.mark.parametrize(
    "head",
    [
        GET % (b"a" * (MAX_TARGET + 1), b""),
        GET % (b"?" + b"a=b&" * (MAX_TARGET // 3), b""),
        GET % (b"a" * MAX_HEAD, b""),
        b"GET /" + b"a" * (5 * MAX_HEAD),
    ],
    ids=["path", "query", "long path", "endless path"],
)
def test_a_target_too_long_is_414_in_the_vendors_shape(
    connection: socket.socket, head: bytes
) -> None:
    connection.sendall(head)
    received = answers(connection)
    assert statuses(received) == [414]
    assert b"TargetTooLong" in received


def test_a_target_just_below_the_bound_is_fine(connection: socket.socket) -> None:
    connection.sendall(GET % (b"a" * (MAX_TARGET - 1), b""))
    assert statuses(connection.recv(65536)) == [200]


@pytest.mark.parametrize(
    ("hosts", "status"), [(b"", 400), (b"host: a\r\nhost: a\r\n", 400), (b"host: \r\n", 200)]
)
def test_a_request_has_one_host(connection: socket.socket, hosts: bytes, status: int) -> None:
    connection.sendall(b"GET / HTTP/1.1\r\n%bconnection: close\r\n\r\n" % hosts)
    received = answers(connection)
    assert statuses(received) == [status]
    assert (b"BadRequest" in received) == (status == 400)


def test_a_request_of_http_1_0_needs_none(connection: socket.socket) -> None:
    connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert statuses(answers(connection)) == [200]


def test_a_head_too_large_in_small_pieces(connection: socket.socket) -> None:
    connection.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n")
    for _ in range(2 * MAX_HEAD // 4000):
        connection.sendall(b"x: " + b"a" * 4000 + b"\r\n")
    assert statuses(answers(connection)) == [431]


def test_a_head_just_below_the_bound_is_fine(connection: socket.socket) -> None:
    connection.sendall(GET % (b"", b"x: " + b"a" * (MAX_HEAD - 200) + b"\r\n"))
    assert statuses(connection.recv(65536)) == [200]


def test_many_requests_in_one_piece_are_not_one_head(connection: socket.socket) -> None:
    count = 2 * MAX_HEAD // 100
    one = GET % (b"", b"x: " + b"a" * 100 + b"\r\n")
    last = GET % (b"", b"connection: close\r\n")
    whole = one * count + last
    connection.sendall(whole[:-20])
    time.sleep(0.05)
    connection.sendall(whole[-20:])
    assert statuses(answers(connection)) == [200] * (count + 1)


def test_an_earlier_request_still_gets_its_answer(connection: socket.socket) -> None:
    connection.sendall(GET % (b"", b"") + GET % (b"", b"x: " + b"a" * MAX_HEAD + b"\r\n"))
    received = answers(connection)
    assert statuses(received)[0] == 200
    assert set(statuses(received)) <= {200, 431}


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx\x00y: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: 1\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 99999999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\nhost: a\r\n\r\n",
    ],
)
def test_what_is_not_http_is_400_in_the_vendors_shape(
    connection: socket.socket, request_: bytes
) -> None:
    connection.sendall(request_)
    received = answers(connection)
    assert statuses(received) == [400]
    assert b"text/x-vendor" in received


def test_an_upgrade_is_ignored(connection: socket.socket) -> None:
    upgrade = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    connection.sendall(GET % (b"", upgrade))
    assert statuses(connection.recv(65536)) == [200]


def test_who_waits_to_be_told_to_go_on_and_then_sends_nonsense(
    connection: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
    connection.sendall(head + b"transfer-encoding: chunked\r\n\r\nnonsense\r\n")
    assert set(statuses(answers(connection))) <= {100, 400}
    assert "Exception" not in caplog.text


def test_trailers_are_no_headers(connection: socket.socket) -> None:
    head = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    connection.sendall(head)
    connection.sendall(b"2\r\nab\r\n")
    connection.sendall(b"0\r\nx-api-key: mock-key\r\n\r\n")
    assert b"3 headers, 2 bytes" in answers(connection)


def test_slowness_ends_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "TICKS_BETWEEN_LOOKS", 1)
    monkeypatch.setattr(bounds, "LOOKS_FOR_HEAD", 2)
    monkeypatch.setattr(bounds, "LOOKS_FOR_BODY", 4)
    (listening,) = bind("127.0.0.1", 0)
    address = listening.getsockname()
    server = make_server(echo, refuse)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        silent = socket.create_connection(address, timeout=10)
        slow_head = socket.create_connection(address, timeout=10)
        slow_head.sendall(b"GET / HTTP/1.1\r\nx:")
        slow_body = socket.create_connection(address, timeout=10)
        slow_body.sendall(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nab")
        idle = socket.create_connection(address, timeout=10)
        idle.sendall(GET % (b"", b""))
        assert statuses(idle.recv(65536)) == [200]
        assert answers(silent) == b""
        assert statuses(answers(slow_head)) == [408]
        assert statuses(answers(slow_body)) == [408]
        # Waiting for a next request is no slowness.
        idle.sendall(GET % (b"", b"connection: close\r\n"))
        assert statuses(answers(idle)) == [200]
        for opened in (silent, slow_head, slow_body, idle):
            opened.close()
    finally:
        server.should_exit = True
        thread.join(10)


def test_idleness_ends_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "TICKS_BETWEEN_LOOKS", 1)
    monkeypatch.setattr(bounds, "LOOKS_WHEN_IDLE", 1)
    server = ThreadedServer(echo, refuse)
    try:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as idle:
            idle.sendall(GET % (b"", b""))
            assert statuses(answers(idle)) == [200]
    finally:
        server.close()


def test_no_more_is_kept_than_a_message_may_have(
    connection: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_MESSAGE", 1_000_000)
    connection.sendall(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
    connection.sendall(b"0\r\nx: " + b"a" * 2_000_000)
    assert statuses(answers(connection)) == [400]


def test_replies_that_nobody_reads_are_bounded(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Transport:
        def __init__(self, size: int) -> None:
            self.size, self.aborted = size, False

        def get_write_buffer_size(self) -> int:
            return self.size

        def abort(self) -> None:
            self.aborted, self.size = True, 0

    class Connection:
        def __init__(self, size: int) -> None:
            self.transport = Transport(size)

    monkeypatch.setattr(bounds, "MAX_UNREAD", 100)
    unread = bounds.Unread()
    stalled, read, small, last = (Connection(size) for size in (40, 40, 10, 90))
    for one in (read, stalled, small):
        unread.add(one)  # type: ignore[arg-type]
    assert not any(one.transport.aborted for one in (stalled, read, small))
    read.transport.size = 5
    unread.add(last)  # type: ignore[arg-type]
    assert stalled.transport.aborted
    assert not read.transport.aborted
    large = Connection(1000)
    unread.add(large)  # type: ignore[arg-type]
    assert (read.transport.aborted, last.transport.aborted) == (True, True)
    assert not large.transport.aborted
