"""What goes through the pipeline of a request, and what the pipelines of a mock share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from itertools import count
from typing import Any, Protocol

from mockserver.engine.api import Handler
from mockserver.engine.calibration import Lock
from mockserver.engine.faults import Faults, Injection
from mockserver.engine.leniency import STRICT, Leniency
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.pipeline.authentication import FindIssued, admit_all, nothing_issued
from mockserver.engine.scenarios import Waiting
from mockserver.engine.serialization import Sent, dump, encode_headers
from mockserver.engine.stubs import Stub, Stubs
from mockserver.openapi.model import Operation, Violation
from mockserver.records import dataclass

# Replies outside the contract: unmatched requests and internal errors.

_SEPARATOR = re.compile(r"[\\/]")


def plain(reply: Reply) -> Sent:
    """A reply outside the contract (unknown route, wrong method), as bytes."""
    headers = encode_headers(reply.headers)
    headers.append((b"content-type", (reply.media_type or "application/json").encode()))
    return Sent(reply.status, headers, dump(reply.body))


def as_it_is(reply: Reply) -> Sent:
    """A reply without validation."""
    headers = encode_headers(reply.headers)
    body = b"" if reply.body is NO_BODY else reply.body
    if reply.body is not NO_BODY:
        headers.append((b"content-type", (reply.media_type or "application/json").encode()))
    return Sent(reply.status, headers, body if isinstance(body, bytes) else dump(body))


def raised_by(handler: Handler, error: BaseException) -> str:
    """An error raised by a handler, with the last line of the handlers file in its traceback."""
    text = f"{type(error).__name__}: {error}"
    code = getattr(getattr(handler, "__wrapped__", handler), "__code__", None)
    step, line = error.__traceback__, 0
    while step is not None:
        if code is not None and step.tb_frame.f_code.co_filename == code.co_filename:
            line = step.tb_lineno
        step = step.tb_next
    return f"{_SEPARATOR.split(code.co_filename)[-1]}:{line} {text}" if code and line else text


def failure(reason: str, title: str = "") -> Sent:
    """An internal error, or what `title` says: 500 with the reason."""
    title = title or "The mock could not answer without breaking its contract"
    return _problem(500, title, reason)


def unavailable(reason: str) -> Sent:
    """The store doesn't respond: 503 with the reason."""
    sent = _problem(503, "The mock can't reach its store", reason)
    sent.headers.append((b"retry-after", b"1"))
    return sent


def _problem(status: int, title: str, reason: str) -> Sent:
    # RFC 9457; the vendor's error format is for what the vendor would say.
    body = {"type": "about:blank", "title": title, "status": status, "detail": reason}
    return Sent(status, [(b"content-type", b"application/problem+json")], dump(body))


@dataclass(slots=True, eq=False)
class Message:
    """A request as received: header names in lower case, `path_values` decoded unless lists.

    `started` is when it had been read, in nanoseconds since 1970, if known; `caller` is the address
    it came from, None in process. `tenant` is who asks if that is known already; the store has then
    looked at that tenant's world since the request came.
    """

    method: str
    target: str
    path_values: Mapping[str, str] = field(default_factory=dict)
    query: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    started: int = 0
    caller: str | None = None
    tenant: str | None = None


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and its reply, for the journal. `now` is the time of the world, 0 if it wasn't
    read.

    `faults_version` is the version of the faults that were applied. `refused` is the natural status
    of a refusal, 0 for none: a document may have another one for it.
    """

    message: Message
    operation: Operation | None
    tenant: str = ""
    sent: Sent | None = None
    violations: tuple[Violation, ...] = ()
    problem: str = ""
    injection: Injection | None = None
    now: int = 0
    faults_version: int = 0
    stub: Stub | None = None
    upstream: str = ""
    refused: int = 0


class Begin(Protocol):
    """A store's `begin`: a context manager around one transaction."""

    def __call__(self, tenant: str, looked: bool = False) -> Any: ...


def unmoved(message: Message, tenant: str, seconds: float) -> None:
    """A clock that no request moves."""


def no_journal(exchange: Exchange) -> None:
    """A journal that keeps nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class PipelineSettings:
    """What the pipelines of one mock share, for all its documents.

    `begin` opens a transaction, `journal` receives every exchange, `serials` number the replies,
    `scenarios` wait for the next jobs by tenant, and `lock` is the calibration. `advance` moves a
    tenant's clock by seconds. A request may override `leniency`.
    """

    begin: Begin
    keys: tuple[str, ...] = ()
    tenant_of: Callable[[str], str] = str
    undocumented: str = "nearest"
    leniency: Leniency = STRICT
    journal: Callable[[Exchange], None] = no_journal
    serials: Iterator[int] = field(default_factory=lambda: count(1))
    faults: Faults = field(default_factory=Faults)
    scenarios: dict[str, Waiting] = field(default_factory=dict)
    lock: Lock = field(default_factory=dict)
    issued: FindIssued = nothing_issued
    closed: bool = False
    admit: Callable[[str], None] = admit_all
    stubs: Stubs = field(default_factory=Stubs)
    advance: Callable[[Message, str, float], object] = unmoved
