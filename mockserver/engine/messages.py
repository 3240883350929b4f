"""A validated request and its reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from mockserver.openapi.model import Operation, Violation
from mockserver.records import dataclass


@dataclass(slots=True)
class Request:
    """A request that fits the contract.

    Parameter values are decoded and typed (an integer parameter is an int; UUIDs are canonical). A
    parameter that was not sent has its default, or is absent; `raw_query` is the query string, with
    what the document has no parameter for. `headers` are as sent, with
    lower-case names. `body` is the parsed body, None without one (see `has_body`), and `raw` its
    bytes. `violations` are those that a lenient mock ignored; the values they concern don't fit
    their schemas.
    """

    operation: Operation
    path: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    cookie: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    has_body: bool = False
    media_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    violations: tuple[Violation, ...] = ()
    raw: bytes = b""
    raw_query: bytes = b""


@dataclass(slots=True)
class Reply:
    """A reply.

    `body` is any JSON value, `bytes` (sent unchanged) or `NO_BODY`. An empty `media_type` means the
    documented one of the status.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = ""


class Json:
    """A rendered JSON value, in place of a value in a body or of the whole body."""

    __slots__ = ("text",)

    def __init__(self, text: bytes) -> None:
        self.text = text


class _NoBody:
    def __repr__(self) -> str:
        return "NO_BODY"


NO_BODY: Any = _NoBody()
"""A reply without any body (204, 304)."""
