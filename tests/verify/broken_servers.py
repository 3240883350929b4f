"""Servers that can't be tested, each broken in its own way."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PAGE = b"<!doctype html><title>Welcome</title>It works!"


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The URL of a server that handles each connection with this function."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    stop = threading.Event()

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            answer(connection)

    def loop() -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                connection.settimeout(5)
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stop.set()
        thread.join()
        listener.close()


def hangs(connection: socket.socket) -> None:
    connection.recv(65536)
    time.sleep(3)


def closes(connection: socket.socket) -> None:
    connection.recv(65536)


def page(connection: socket.socket) -> None:
    connection.recv(65536)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(PAGE)}\r\n"
    head += "connection: close\r\n\r\n"
    _say(connection, head.encode() + PAGE)


def gateway(connection: socket.socket) -> None:
    connection.recv(65536)
    _say(connection, b"HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")


def _say(connection: socket.socket, answer: bytes) -> None:
    """Respond and read the rest: closing with an unread body would reset the connection."""
    connection.sendall(answer)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def no_http(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


def dead() -> str:
    """A URL at which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
