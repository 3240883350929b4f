"""Replies outside the contract: unmatched requests and internal errors."""

from __future__ import annotations

import re

from mockserver.engine.api import Handler
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.serialization import Sent, dump, encode_headers

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
    # RFC 9457; the vendor's dialect is for what the vendor would say.
    body = {"type": "about:blank", "title": title, "status": status, "detail": reason}
    return Sent(status, [(b"content-type", b"application/problem+json")], dump(body))
