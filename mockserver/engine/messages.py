"""A request that has been understood, and the reply to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.openapi.model import Operation, Violation


@dataclass(slots=True)
class Request:
    """A request that fits the contract.

    Parameter values are decoded and typed (an integer parameter is an int; UUIDs are
    in their canonical spelling); a parameter with a default that was not sent has it,
    one without a default is absent. `headers` are as sent, names in lower case.
    `body` is the parsed body, None when there was none (see `has_body`), and `raw` its bytes as
    they came. `violations` is what does
    not fit, if the mock is lenient about it: what is said there of a value is then not true.
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


@dataclass(slots=True)
class Reply:
    """What is sent back.

    `body` is any JSON value, `bytes` (sent as they are) or `NO_BODY`. Header names are
    as they shall be sent. `media_type` empty means the documented one of the status.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = ""


class Json:
    """A JSON value that has been rendered: stands for the value in a body, or is all of it."""

    __slots__ = ("text",)

    def __init__(self, text: bytes) -> None:
        self.text = text


class _NoBody:
    def __repr__(self) -> str:
        return "NO_BODY"


NO_BODY: Any = _NoBody()
"""A reply without any body (204, 304)."""
