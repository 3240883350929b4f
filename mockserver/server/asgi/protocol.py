"""uvicorn's httptools protocol with limits on the size of a head, and on slow clients.

Neither httptools nor uvicorn limits the head: a header of a gigabyte would be kept in memory, and a
client that sends a byte a minute would never time out. The limits cost an ordinary request almost
nothing: a head is measured only if it may be too large, and one timer checks all connections.

A request that has arrived completely is handled at once, without a task, and its reply is written
at once: docs/decisions/0008-hot-path.md.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from operator import itemgetter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.engine.serialization import Sent
from mockserver.errors import BadRequest, HeadersTooLarge, Refusal, TargetTooLong
from mockserver.server.asgi.sending import begin

# More than servers usually accept: the contract should refuse what breaks a schema, and a few
# percent-encoded texts beyond their maxLength easily reach a hundred kilobytes.
MAX_HEAD = 1024 * 1024
# As the parser of URLs has it.
MAX_TARGET = 65_535
# Everything after the head: body, framing and trailers, even if nobody reads it.
MAX_MESSAGE = 300 * 1024 * 1024
LOOKS_FOR_HEAD = 4
LOOKS_FOR_BODY = 24
# Long enough not to close a pooled connection just when a client uses it.
LOOKS_WHEN_IDLE = 15
SECONDS_TO_LINGER = 2.0
# Of replies that clients have asked for and don't read, of all connections together.
MAX_UNREAD = 64 * 1024 * 1024
_LONG = f"The URL of the request has more than {MAX_TARGET} bytes."

Refuse = Callable[[Refusal, str], Sent]
_name_of = itemgetter(0)

_data_received = HttpToolsProtocol.data_received
_on_message_begin = HttpToolsProtocol.on_message_begin
_on_headers_complete = HttpToolsProtocol.on_headers_complete
_on_message_complete = HttpToolsProtocol.on_message_complete


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `refuse` makes the vendor's reply to requests that can't be parsed."""

    refuse: Refuse

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._lingering = False
        self._refusal: Refusal | None = None
        self._looks = 0
        self._idle = False
        self._parsing = False
        self._next: tuple[RequestResponseCycle, Any] | None = None
        # An upper bound of the message's bytes, how many of them came with
        # the chunk in which it began, and how many with the latest chunk.
        self._arrived = 0
        self._with_first = 0
        self._chunk = 0

    # These run for every request: no `super()`, and as few as possible.

    def data_received(self, data: bytes) -> None:
        if self._lingering:
            return
        self._idle = False
        self._chunk = len(data)
        self._arrived += self._chunk
        self._parsing = True
        _data_received(self, data)
        self._parsing = False
        if self._next is not None:
            self._start_asgi_task(*self._next)
        if self._arrived > MAX_HEAD and not self._lingering:
            self._bound()

    def on_message_begin(self) -> None:
        self._in_head = True
        self._looks = 0
        self._arrived = self._with_first = self._chunk
        _on_message_begin(self)

    def on_headers_complete(self) -> None:
        self._refusal = self._fault_of_head()
        if self._refusal is not None:
            raise ValueError("httptools treats any error in a callback as a malformed message")
        self._in_head = False
        self._looks = 0
        _on_headers_complete(self)
        # uvicorn adds trailers to the headers, where they could act as a credential.
        self.headers = []

    def _fault_of_head(self) -> Refusal | None:
        if len(self.url) > MAX_TARGET:
            return TargetTooLong(_LONG)
        if self._arrived > MAX_HEAD and self._head_size() > MAX_HEAD:
            return _too_large()
        hosts = list(map(_name_of, self.headers)).count(b"host")
        # RFC 9112, section 3.2: proxies may disagree about which one is meant.
        if hosts == 1 or (not hosts and self.parser.get_http_version() == "1.0"):
            return None
        return BadRequest(f"The request has {hosts or 'no'} Host headers; it must have one.")

    def on_message_complete(self) -> None:
        _on_message_complete(self)
        if self._next is not None:
            cycle, app = self._next
            self._next = None
            rest = begin(cycle.run_asgi(app))
            if rest is not None:
                self._keep(self.loop.create_task(rest))

    def on_response_complete(self) -> None:
        """Like uvicorn's, without a timer: `look` ends idle connections."""
        self.server_state.total_requests += 1
        if self.transport.get_write_buffer_size():
            _unread.add(self)
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._idle = True
            self._looks = 0

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # The message may end with the chunk that is being parsed.
        if self._parsing:
            self._next = cycle, app
        else:
            self._next = None
            self._keep(self.loop.create_task(cycle.run_asgi(app)))

    def _keep(self, task: Any) -> None:
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def send_400_response(self, msg: str) -> None:
        self._refuse(self._refusal or BadRequest(msg))

    def look(self) -> None:
        """Called every few seconds: end the connection if it keeps the server waiting."""
        cycle = self.cycle
        answering = cycle is not None and not cycle.response_complete
        busy = answering and not cycle.more_body
        if busy or self._lingering:
            return
        self._looks += 1
        if self._idle:
            if self._looks > LOOKS_WHEN_IDLE:
                self.transport.close()
        elif self._looks > (LOOKS_FOR_HEAD if self._in_head else LOOKS_FOR_BODY):
            if self._arrived:
                self._end_with(Sent(HTTPStatus.REQUEST_TIMEOUT))
            else:
                self.transport.close()

    def _bound(self) -> None:
        if not self._in_head:
            self.headers.clear()
            if self._arrived > MAX_MESSAGE:
                self._refuse(BadRequest(f"The request has more than {MAX_MESSAGE} bytes."))
        elif self._arrived - self._with_first > MAX_HEAD or self._head_size() > MAX_HEAD:
            too_long = len(getattr(self, "url", b"")) > MAX_TARGET
            self._refuse(TargetTooLong(_LONG) if too_long else _too_large())

    def _head_size(self) -> int:
        fields = sum(len(name) + len(value) + 4 for name, value in self.headers or ())
        return fields + len(getattr(self, "url", b""))

    def _refuse(self, refusal: Refusal) -> None:
        self._end_with(self.refuse(refusal, getattr(self, "url", b"").decode("latin-1")))

    def _end_with(self, sent: Sent) -> None:
        """Respond and close, without losing the response to data still being sent."""
        self._lingering = True
        self._unset_keepalive_if_required()
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
            if not cycle.more_body:
                return  # the response to an earlier request is in progress, and is the last one
            cycle.disconnected = True
            cycle.waiting_for_100_continue = False  # the connection can no longer be written to
            cycle.message_event.set()
        if not self.transport.is_closing():
            self.transport.write(self._raw(sent))
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self.loop.call_later(SECONDS_TO_LINGER, self.transport.close)

    def _raw(self, sent: Sent) -> bytes:
        headers = [*self.server_state.default_headers, *sent.headers]
        headers += [(b"content-length", b"%d" % len(sent.body)), (b"connection", b"close")]
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        phrase = HTTPStatus(sent.status).phrase.encode()
        return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (sent.status, phrase, head, sent.body)


class Unread:
    """Connections whose replies wait for their clients to read, within `MAX_UNREAD` bytes."""

    def __init__(self) -> None:
        self._waiting: dict[BoundedProtocol, int] = {}

    def add(self, connection: BoundedProtocol) -> None:
        """Note a connection, and abort others while there is too much of them: first those of
        which nothing was read since the last time, the oldest first. The last one stays."""
        self._waiting.setdefault(connection, 0)
        sizes = {one: one.transport.get_write_buffer_size() for one in self._waiting}
        total = sum(sizes.values())
        if total > MAX_UNREAD:
            stalled = [one for one in sizes if sizes[one] == self._waiting[one]]
            for one in [*stalled, *sizes]:
                if total > MAX_UNREAD and one is not connection and sizes[one]:
                    one.transport.abort()
                    total -= sizes[one]
                    sizes[one] = 0
        self._waiting = {one: size for one, size in sizes.items() if size}


_unread = Unread()


def _too_large() -> Refusal:
    return HeadersTooLarge(f"The head of the request has more than {MAX_HEAD} bytes.")


def protocol(refuse: Refuse) -> type[BoundedProtocol]:
    """The protocol class of a server; `refuse` responds to requests that can't be parsed."""
    return type("Protocol", (BoundedProtocol,), {"refuse": staticmethod(refuse)})
