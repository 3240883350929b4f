"""Requests handled without a task, and replies written at once."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import pytest

from mockserver.engine.serialization import Sent
from mockserver.server.asgi.app import send_reply
from mockserver.server.asgi.sending import begin, received_whole, send_whole
from mockserver.server.asgi.uvicorn import ThreadedServer


async def _idle() -> None:
    pass


def test_work_that_never_waits_is_done_at_once() -> None:
    done = []

    async def work() -> None:
        await _idle()
        done.append(1)

    assert begin(work()) is None
    assert done == [1]


def test_work_that_waits_goes_on_in_a_task() -> None:
    async def main() -> list[Any]:
        seen: list[Any] = []
        ready = asyncio.get_running_loop().create_future()

        async def work() -> None:
            seen.append(await ready)
            await asyncio.sleep(0)
            seen.append(await asyncio.sleep(0.001, "slept"))

        rest = begin(work())
        assert rest is not None
        assert seen == []
        ready.set_result("came")
        await asyncio.create_task(rest)
        return seen

    assert asyncio.run(main()) == ["came", "slept"]


def test_a_cancelled_task_cancels_the_work() -> None:
    async def main() -> str:
        heard = ""

        async def work() -> None:
            nonlocal heard
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                heard = "cancelled"
                raise

        rest = begin(work())
        assert rest is not None
        task = asyncio.create_task(rest)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return heard

    assert asyncio.run(main()) == "cancelled"


def test_an_error_after_waiting_is_the_tasks() -> None:
    async def main() -> None:
        async def work() -> None:
            await asyncio.sleep(0)
            raise ValueError("later")

        rest = begin(work())
        assert rest is not None
        with pytest.raises(ValueError, match="later"):
            await asyncio.create_task(rest)

    asyncio.run(main())


def test_only_uvicorns_own_send_is_bypassed() -> None:
    seen: list[Any] = []

    async def send(message: Any) -> None:
        seen.append(message["type"])

    assert not send_whole(Sent(200, [], b"x"), send, b"x", unsized=False)
    asyncio.run(send_reply(Sent(200, [], b"x"), {"method": "GET"}, send))
    assert seen == ["http.response.start", "http.response.body"]


async def _application(scope: Any, receive: Any, send: Any) -> None:
    body = (await receive())["body"]
    if scope["path"] == "/slow":
        await asyncio.sleep(0.05)
    headers = [(b"x-told", scope["query_string"].replace(b"%0A", b"\n"))]
    await send_reply(Sent(200, headers, scope["path"].encode() + b" " + body), scope, send)


def _exchange(requests: bytes) -> bytes:
    """Everything a server sends until it closes the connection."""
    server = ThreadedServer(_application, lambda refusal, target: Sent(400))
    try:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(requests)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
    finally:
        server.close()
    return received


def _request(path: bytes, body: bytes = b"", close: bool = False) -> bytes:
    ending = b"connection: close\r\n" if close else b""
    return b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n%s\r\n%s" % (
        path, len(body), ending, body,
    )  # fmt: skip


def test_answers_come_in_the_order_of_the_requests() -> None:
    received = _exchange(
        _request(b"/quick", b"1")
        + _request(b"/slow", b"2")
        + _request(b"/quick", b"3")
        + _request(b"/quick", b"4", close=True)
    )
    told = [received.index(part) for part in (b"k 1", b"w 2", b"k 3", b"k 4")]
    assert told == sorted(told)
    assert received.count(b"HTTP/1.1 200 OK") == 4


def test_a_header_never_breaks_the_message() -> None:
    received = _exchange(_request(b"/quick?a%0Aset-cookie:b=c") + _request(b"/quick", close=True))
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in received


def test_a_body_in_pieces_is_one_body() -> None:
    head = b"POST /quick HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n"
    received = _exchange(head + b"\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert received.endswith(b"/quick abcde")


@pytest.mark.parametrize("parts", [1, 2, 3], ids=["whole", "head first", "in pieces"])
@pytest.mark.parametrize("taken", ["at once", "as a message"])
def test_who_listens_behind_the_body_hears_of_the_end(parts: int, taken: str) -> None:
    heard: list[Any] = []

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        body = received_whole(receive, 1000) if taken == "at once" else None
        while body is None or len(body) < 4:
            body = (body or b"") + (await receive())["body"]
        heard.append(body)
        heard.append((await receive())["type"])

    whole = _request(b"/", b"abcd")
    head = len(whole) - 4
    cuts = {1: [len(whole)], 2: [head, len(whole)], 3: [head, head + 2, len(whole)]}[parts]
    server = ThreadedServer(listening, lambda refusal, target: Sent(400))
    try:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            for begin, end in zip([0, *cuts], cuts, strict=False):
                connection.sendall(whole[begin:end])
                time.sleep(0.05)
            assert heard == [b"abcd"]
        for _ in range(100):
            if len(heard) == 2:
                break
            time.sleep(0.02)
    finally:
        server.close()
    assert heard == [b"abcd", "http.disconnect"]


def test_who_waits_to_be_told_to_go_on_is_told() -> None:
    server = ThreadedServer(_application, lambda refusal, target: Sent(400))
    try:
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            whole = _request(b"/quick", b"abc", close=True)
            connection.sendall(whole[:-5] + b"expect: 100-continue\r\n\r\n")
            assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(b"abc")
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
    finally:
        server.close()
    assert received.endswith(b"/quick abc")
