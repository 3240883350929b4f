"""Listening: addresses, and the errors if one is not available."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from mockserver.engine.serialization import Sent
from mockserver.errors import UsageError
from mockserver.server.asgi import uvicorn as serving
from mockserver.server.asgi.uvicorn import bind, make_server, other_port, url_of


def test_any_free_port() -> None:
    opened = bind("127.0.0.1", 0)
    with opened[0]:
        port = opened[0].getsockname()[1]
        assert url_of(opened, "127.0.0.1") == f"http://127.0.0.1:{port}"
        assert url_of(opened, "0.0.0.0") == f"http://127.0.0.1:{port}"
        assert url_of(opened, "::1") == f"http://[::1]:{port}"


def test_a_port_in_use_names_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=rf"port {port} on 127.0.0.1 is in use.*--port"):
            bind("127.0.0.1", port)


def test_localhost_may_be_two_addresses() -> None:
    probe = bind("127.0.0.1", 0)
    port = probe[0].getsockname()[1]
    probe[0].close()
    opened = bind("localhost", port)
    assert {one.getsockname()[1] for one in opened} == {port}
    for one in opened:
        one.close()


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("no.such.host.invalid", "--host no.such.host.invalid: .*127.0.0.1"),
        ("203.0.113.9", "this machine has no such address"),
        ("a" * 300, "--host"),
        ("\x00", "--host"),
        ("999.1.1.1", "--host"),
    ],
)
def test_a_bad_host_says_so(host: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        bind(host, 0)


def test_a_privileged_port_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(self: socket.socket, address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", forbidden)
    with pytest.raises(UsageError, match=r"port 80 needs privileges; .*--port 8000"):
        bind("127.0.0.1", 80)


@pytest.mark.parametrize(("port", "other"), [(8000, 8001), (80, 0), (65535, 0)])
def test_the_port_in_the_hint(port: int, other: int) -> None:
    assert other_port(port) == other


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    pass


def test_a_server_goes_on_while_it_drains(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = [100.0], list[str]()
    monkeypatch.setattr(serving, "time", SimpleNamespace(monotonic=lambda: now[0]))
    server = make_server(nothing, lambda refusal, target: Sent(400))
    server.drain, server.on_drain = 5, lambda: told.append("draining")
    server.handle_exit(signal.SIGTERM, None)
    assert asyncio.run(server.on_tick(1)) is False
    assert told == ["draining"]
    now[0] = 105.5
    assert asyncio.run(server.on_tick(1)) is True


def test_a_second_signal_ends_it_at_once() -> None:
    server = make_server(nothing, lambda refusal, target: Sent(400))
    server.drain = 60
    server.handle_exit(signal.SIGTERM, None)
    assert not server.should_exit
    server.handle_exit(signal.SIGTERM, None)
    assert server.should_exit
