"""Answering without detours: no task for what never waits, one write for a reply.

The application seldom waits for anything once a request has been read, so its coroutine is run
on the spot; only if it does wait (a fault's delay, a client that reads slowly) the rest of it
becomes a task. An application that needs a task from the start, as for httpx, makes one itself; the
recorder does. docs/decisions/0008-hot-path.md has what this brings.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from functools import lru_cache
from types import coroutine
from typing import Any

from starlette.types import Send
from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

from mockserver.engine.serialization import Sent

# From here on copying a body costs more than a second piece to write.
LARGE = 64 * 1024


def begin(work: Coroutine[Any, Any, None]) -> Coroutine[Any, Any, None] | None:
    """Run a coroutine up to where it waits: what is then left of it, for a task to go on with."""
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    return _rest(work, awaited)


@coroutine
def _rest(work: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """`work` goes on when what it waits for has happened."""
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


def send_whole(sent: Sent, send: Send, body: bytes) -> bool:
    """Write the reply in one piece; False, and nothing done, if that is not for this `send`.

    `body` is what follows the head: nothing for a HEAD. Only uvicorn's own `send` will do (one that
    a middleware has wrapped wants to see the messages), on a connection that stays and is not slow.

    Raises RuntimeError for a header that would break the message.
    """
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not RequestResponseCycle:
        return False
    if (
        not cycle.keep_alive
        or cycle.response_started
        or cycle.disconnected
        or cycle.flow.write_paused
        or cycle.access_log
    ):
        return False
    parts = [STATUS_LINE[sent.status]]
    for name, value in cycle.default_headers:
        parts.append(_line(name, value))
    for name, value in sent.headers:
        if name == b"connection":
            return False
        parts.append(_line(name, value))
    if sent.status in (204, 304):
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


@lru_cache(4096)
def _line(name: bytes, value: bytes) -> bytes:
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError(f"{name!r}: {value!r} can't be a header")
    return name.lower() + b": " + value + b"\r\n"
