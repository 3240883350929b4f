"""Webhooks go only to their receivers, and no receiver blocks the mock."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from mockserver import MockServer
from mockserver.errors import BadRequest
from mockserver.server.webhooks.delivery import STOPPED, send
from mockserver.server.webhooks.subscriptions import why_not

HOOK: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Parcels", "version": "1"},
    "paths": {
        "/parcels": {
            "post": {
                "operationId": "createParcel",
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {
                    "201": {
                        "description": "made",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["id"],
                                    "properties": {"id": {"type": "string"}},
                                }
                            }
                        },
                    }
                },
            }
        }
    },
    "webhooks": {
        "parcel.created": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                "responses": {"200": {"description": "taken"}},
            }
        }
    },
}


@contextmanager
def receiver(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that handles each connection with a given function."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection = listening.accept()[0]
                except OSError:
                    return
                threading.Thread(target=answered, args=(connection,), daemon=True).start()

        def answered(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65536)
                    answer(connection)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
        finally:
            ended.set()


def says(text: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(text)


def drips(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"H")
        time.sleep(0.02)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def posted(url: str, seconds: float = 0.5, stopped: bool = False) -> int | str:
    return send(url, "POST", {}, b"{}", lambda: stopped, seconds)


def test_only_the_status_is_waited_for() -> None:
    with receiver(says(b"HTTP/1.1 204 No Content\r\n\r\n")) as url:
        assert posted(url, 30) == 204
    with receiver(endless) as url:
        assert posted(url, 30) == 200


@pytest.mark.parametrize("answer", [silent, drips], ids=["silent", "drips"])
def test_a_receiver_has_a_time_for_all_of_its_answer(
    answer: Callable[[socket.socket], None],
) -> None:
    with receiver(answer) as url:
        found = posted(url)
    assert isinstance(found, str)
    assert "0.5 s" in found or "timed out" in found.lower() or "Timeout" in found


@pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n"])
def test_what_is_no_answer_is_said_in_words(said: bytes) -> None:
    with receiver(says(said)) as url:
        assert isinstance(posted(url, 30), str)


def test_a_server_that_stops_waits_for_nobody() -> None:
    with receiver(silent) as url:
        assert posted(url, 30, stopped=True) == STOPPED


def test_receivers_do_not_wait_for_each_other() -> None:
    together = threading.Barrier(3, timeout=20)

    def meets(connection: socket.socket) -> None:
        together.wait()  # only if all three are asked at the same time
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    with MockServer(HOOK) as mock, receiver(meets) as one, receiver(meets) as two:
        with receiver(meets) as three:
            for url in (one, two, three):
                mock.webhooks.send_to(url)
            mock.client.post("/parcels", json={})
            mock.clock.advance(1)
        states = [each.state for each in mock.sender.deliveries]
    assert states == ["sent"] * 3


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/__mock__/reset",
        "http://localhost:9/%5F_mock__/reset",
        "http://[::1]:9/feather/__mock__/state",
        "http://127.0.0.1:8000/hook",
        "http://localhost:8000/hook",
        "http://[::ffff:127.0.0.1]:8000/hook",
        "http://127.9.9.9:8000/",
        "http://localhost.:8000/",
    ],
)
def test_nothing_goes_to_the_mock_itself(url: str) -> None:
    assert why_not(url, [], own_ports=[8000])
    assert why_not(url, ["localhost", "127.0.0.1", "127.9.9.9", "::1"], own_ports=[8000])


def test_the_port_of_a_server_in_this_process_is_its_own() -> None:
    with MockServer(HOOK) as mock, pytest.raises(BadRequest, match="own"):
        mock.webhooks.send_to(f"{mock.url}/hook")


def test_clients_elsewhere_reach_nothing_here_by_webhooks() -> None:
    assert why_not("http://127.0.0.1:9/", [], remote=True)
    assert not why_not("http://127.0.0.1:9/", ["127.0.0.1"], remote=True)
    assert not why_not("http://127.0.0.1:9/", [])
