"""Messages in the proxy, and edits of JSON."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

JSON = "application/json"
MISSING: Any = object()


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str | None:
        return self.headers.get("x-api-key")

    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    def with_pairs(self, pairs: list[tuple[str, str]]) -> Call:
        return replace(self, query=urlencode(pairs))

    def with_key(self, key: str) -> Call:
        return replace(self, headers={**self.headers, "x-api-key": key})

    def with_json(self, value: Any) -> Call:
        return replace(self, body=json.dumps(value).encode())

    def read(self) -> Any:
        return parse(self.body)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def read(self) -> Any:
        return parse(self.body)

    def with_json(self, value: Any) -> Answer:
        return replace(self, body=json.dumps(value).encode())

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


Forward = Callable[[Call], Awaitable[Answer]]


def parse(body: bytes) -> Any:
    """The JSON value of a body, or MISSING."""
    try:
        return json.loads(body)
    except (ValueError, UnicodeDecodeError):
        return MISSING


def places(value: Any, path: str) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) at a dotted path; * is each element, a number one."""
    *parents, last = path.split(".")
    nodes = [value]
    for name in parents:
        nodes = [child for node in nodes for child in _step(node, name)]
    for node in nodes:
        if isinstance(node, list):
            yield from ((node, i) for i in _positions(node, last))
        elif isinstance(node, dict) and last in node:
            yield node, last


def _step(node: Any, name: str) -> list[Any]:
    if isinstance(node, list):
        return [node[i] for i in _positions(node, name)]
    return [node[name]] if isinstance(node, dict) and name in node else []


def _positions(node: list[Any], name: str) -> list[int]:
    if name == "*":
        return list(range(len(node)))
    try:
        return [int(name)] if int(name) < len(node) else []
    except ValueError:
        return []


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a value, including itself."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from objects(child)
    elif isinstance(value, list):
        for child in value:
            yield from objects(child)
