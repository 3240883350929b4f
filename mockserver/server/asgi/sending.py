"""Send a response: without a task and with a single write, where possible; or with a fault.

Once a request has been read, the application seldom waits, so its coroutine is run at once. Only if
it does wait (for a delay or a slow client) does the rest become a task. An application that needs a
task from the start, as for httpx, creates one itself; the recorder does. For the measured effect
see docs/decisions/0008-hot-path.md.

A fault delays a response, drops the connection or truncates the body. On a real port it sleeps and
closes the connection. An in-process caller supplies its own function in the scope
(`APPLY_TROUBLE`), because nothing sleeps there: see `server.clients`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from functools import lru_cache
from types import coroutine
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

from mockserver.engine.serialization import Sent

# Above this size, copying a body costs more than a second write.
LARGE = 64 * 1024


def begin(work: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None] | None:
    """Run a coroutine until it waits; returns the rest, for a task to run, if there is any."""
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    return _rest(work, awaited)


@coroutine
def _rest(work: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """Resume `work` once what it waits for has happened."""
    while True:
        cancelled: BaseException | None = None
        try:
            yield awaited
        except BaseException as error:  # for `work` to deal with
            cancelled = error
        try:
            awaited = work.send(None) if cancelled is None else work.throw(cancelled)
        except StopIteration:
            return


def received_whole(receive: Receive, limit: int) -> bytes | None:
    """The body, if all of it has arrived and this `receive` is uvicorn's own; else None, as if it
    is larger than `limit`."""
    cycle = getattr(receive, "__self__", None)
    if type(cycle) is not RequestResponseCycle:
        return None
    body = cycle.body
    if cycle.more_body or cycle.disconnected or cycle.flow.read_paused or len(body) > limit:
        return None
    cycle.body = bytearray()
    cycle.message_event.clear()
    return bytes(body)


def send_whole(sent: Sent, send: Send, body: bytes, *, unsized: bool) -> bool:
    """Write the reply at once; False, and nothing done, if this `send` does not allow it.

    `body` is what follows the head: nothing for a HEAD. An unsized one has no `Content-Length`.
    It takes uvicorn's own `send`, not one wrapped by a middleware, on a connection that stays open
    and is not slow.

    Raises RuntimeError for a header that would break the message.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle:
        return False
    if cycle.transport.is_closing():
        cycle.disconnected = True  # as uvicorn finds out a little later
        return True
    if (
        not cycle.keep_alive
        or cycle.response_started
        or cycle.disconnected
        or cycle.flow.write_paused
        or cycle.access_log
    ):
        return False
    parts = [STATUS_LINE[sent.status], _default_lines(cycle.default_headers)]
    for name, value in sent.headers:
        if name == b"connection":
            return False
        parts.append(_line(name, value))
    if unsized:
        parts.append(b"\r\n")
    else:
        parts.append(b"content-length: %d\r\n\r\n" % len(sent.body))
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    if len(body) < LARGE:
        parts.append(body)
        cycle.transport.write(b"".join(parts))
    else:
        cycle.transport.writelines((b"".join(parts), body))
    cycle.message_event.set()
    cycle.on_response()
    return True


_latest: tuple[object, bytes] = ([], b"")


def _default_lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The lines of uvicorn's own headers; it makes a new list each second."""
    global _latest
    known = _latest
    if known[0] is not headers:
        known = _latest = headers, b"".join(_line(name, value) for name, value in headers)
    return known[1]


@lru_cache(4096)
def _line(name: bytes, value: bytes) -> bytes:
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError(f"{name!r}: {value!r} can't be a header")
    return name.lower() + b": " + value + b"\r\n"


APPLY_TROUBLE = "mockserver.apply_trouble"


async def apply_trouble(sent: Sent, scope: Scope, send: Send) -> bool:
    """Apply the reply's fault; returns whether nothing more is to be sent."""
    trouble = sent.trouble
    assert trouble is not None
    if APPLY_TROUBLE in scope:
        scope[APPLY_TROUBLE](trouble)
        return False
    if trouble.delay:
        await asyncio.sleep(trouble.delay)
    if trouble.drop:
        await _close(send)
        return True
    length = len(sent.body) if scope["method"] != "HEAD" else 0
    if trouble.truncate is None or trouble.truncate >= length:
        return False
    headers = [*sent.headers, (b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": sent.status, "headers": headers})
    part = sent.body[: trouble.truncate]
    await send({"type": "http.response.body", "body": part, "more_body": True})
    await _close(send)
    return True


async def _close(send: Send) -> None:
    """Close the connection; return when uvicorn has noticed."""
    cycle: Any = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if transport is None:
        raise RuntimeError("this server can't drop connections")
    transport.close()
    while not cycle.disconnected:
        await asyncio.sleep(0)
