"""Hostile requests of any size, for one in-process mock: the cost of four times the size.

Tested in tests/server/test_doubled.py; `make hostile` writes the table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from mockserver import MockServer
from mockserver.server.clients import drive

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "tags": {"type": "array", "uniqueItems": True},
        "more": {"type": "object", "patternProperties": {"^(a+)+$": {"type": "integer"}}},
        "email": {"type": "string", "pattern": "^([a-z.]+)+@([a-z]+)+$"},
    },
}
JSON = {"application/json": {"schema": SCHEMA}}
PATCH = {"application/json-patch+json": {"schema": {"type": "array"}}}
FORMS = {
    "multipart/form-data": {"schema": {"type": "object"}},
    "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
    "application/xml": {"schema": {"type": "object", "xml": {"name": "a"}}},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/things": {
            "get": {
                "parameters": [
                    {"name": "q", "in": "query", "style": "deepObject",
                     "schema": {"type": "object", "additionalProperties": True}},
                ],
                "responses": {"200": {"description": "", "content": {
                    "application/json": {"schema": {"type": "array", "items": SCHEMA}}}}},
            },
            "post": {
                "requestBody": {"content": JSON},
                "responses": {"201": {"description": "", "content": JSON}},
            },
        },
        "/things/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "get": {"responses": {"200": {"description": "", "content": JSON}}},
            "patch": {
                "requestBody": {"content": PATCH},
                "responses": {"200": {"description": "", "content": JSON}},
            },
        },
        "/forms": {
            "post": {
                "requestBody": {"content": FORMS},
                "responses": {"200": {"description": "", "content": JSON}},
            }
        },
    },
}  # fmt: skip
Pairs = list[tuple[bytes, bytes]]


class Target:
    """A mock, called in process."""

    def __init__(self, server: MockServer) -> None:
        self._app = server.app
        made = server.client.post("/things", json={"tags": [1], "more": {"x": 1}}).json()
        self.thing = f"/things/{made['id']}"

    def __call__(
        self, method: str, path: str, body: bytes = b"", headers: Pairs | None = None,
        query: bytes = b"",
    ) -> int:  # fmt: skip
        found: list[int] = []
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(),
            "query_string": query, "scheme": "http", "root_path": "", "http_version": "1.1",
            "headers": [(b"host", b"a"), (b"x-mock-tenant", b"mock-key"), *(headers or [])],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            found.append(message.get("status", 0))

        drive(self._app(scope, receive, send))  # type: ignore[arg-type]
        return found[0]


def kind(name: str) -> Pairs:
    return [(b"content-type", name.encode())]


def post(target: Target, body: bytes, name: str = "application/json") -> int:
    return target("POST", "/things" if "json" in name else "/forms", body, kind(name))


def get(target: Target, *headers: tuple[bytes, bytes], query: bytes = b"") -> int:
    return target("GET", target.thing, headers=list(headers), query=query)


def patch(target: Target, *edits: str) -> int:
    body = f"[{','.join(edits)}]".encode()
    return target("PATCH", target.thing, body, kind("application/json-patch+json"))


def parts(count: int) -> bytes:
    head = b'--x\r\ncontent-disposition: form-data; name="a%d"\r\n\r\n1\r\n'
    return b"".join(head % number for number in range(count)) + b"--x--\r\n"


def joined(count: int, text: bytes, between: bytes = b",") -> bytes:
    return between.join(text % number for number in range(count))


MULTIPART = "multipart/form-data; boundary=x"
FORM = "application/x-www-form-urlencoded"
Attack = Callable[[Target, int], int]
ATTACKS: dict[str, tuple[int, Attack]] = {
    "header names": (5_000, lambda t, n: get(t, *((b"x-%d" % k, b"1") for k in range(n)))),
    "equal headers": (20_000, lambda t, n: get(t, *[(b"x-a", b"12345678")] * n)),
    "semicolons": (100_000, lambda t, n: post(t, b"{}", "application/json" + ";" * n)),
    "accept": (10_000, lambda t, n: get(t, (b"accept", joined(n, b"a/b%d;q=0.1")))),
    "if-none-match": (10_000, lambda t, n: get(t, (b"if-none-match", joined(n, b'"%d"')))),
    "prefer": (10_000, lambda t, n: get(t, (b"prefer", joined(n, b"a%d=1")))),
    "range": (10_000, lambda t, n: get(t, (b"range", b"bytes=" + joined(n, b"%d-")))),
    "cookies": (5_000, lambda t, n: get(t, (b"cookie", joined(n, b"c%d=1", b"; ")))),
    "query": (5_000, lambda t, n: get(t, query=joined(n, b"a%d=1", b"&"))),
    "deep query": (
        1_000, lambda t, n: t("GET", "/things", query=joined(n, b"q[a%d][b][c]=1", b"&"))
    ),
    "brackets": (5_000, lambda t, n: t("GET", "/things", query=b"q" + b"[b]" * n + b"=1")),
    "path": (20_000, lambda t, n: t("GET", "/things/" + "../" * n)),
    "unique items": (
        5_000, lambda t, n: post(t, b'{"tags":[' + joined(n, b'{"a":[%d]}') + b"]}")
    ),
    "pattern": (20_000, lambda t, n: post(t, b'{"email":"' + b"a" * n + b'!"}')),
    "pattern of names": (
        1_000,
        lambda t, n: post(t, b'{"more":{' + joined(n, b'"aaaaaaaaaaaaaaaaaaaa!%d":1') + b"}}"),
    ),
    "equal keys": (20_000, lambda t, n: post(t, b"{" + b'"x":1,' * n + b'"x":1}')),
    "digits": (200_000, lambda t, n: post(t, b'{"x":' + b"9" * n + b"}")),
    "edits": (
        2_000, lambda t, n: patch(t, *['{"op":"add","path":"/more/y","value":1}'] * n)
    ),
    "edits in front": (
        500, lambda t, n: patch(t, *['{"op":"add","path":"/tags/0","value":[]}'] * n)
    ),
    "long pointers": (20_000, lambda t, n: patch(t, f'{{"op":"test","path":"{"/a" * n}"}}')),
    "parts": (2_000, lambda t, n: post(t, parts(n), MULTIPART)),
    "boundaries": (10_000, lambda t, n: post(t, b"\r\n--" * n, MULTIPART)),
    "form fields": (5_000, lambda t, n: post(t, joined(n, b"a%d=1", b"&"), FORM)),
    "elements": (5_000, lambda t, n: post(t, b"<a>" + b"<b/>" * n + b"</a>", "application/xml")),
    "nested elements": (
        5_000, lambda t, n: post(t, b"<a>" * n + b"</a>" * n, "application/xml")
    ),
}  # fmt: skip


def seconds(target: Target, attack: Attack, size: int) -> float:
    found = []
    for _ in range(2):
        begin = time.process_time()
        status = attack(target, size)
        found.append(time.process_time() - begin)
        assert status < 500
    return min(found)


def growth() -> Iterator[tuple[str, int, float, float]]:
    """For each shape its name and size, the processor time, and the factor for four times
    the size."""
    with MockServer(DOCUMENT) as server:
        target = Target(server)
        for name, (size, attack) in ATTACKS.items():
            once = max(seconds(target, attack, size), 1e-4)
            yield name, size, once, seconds(target, attack, 4 * size) / once
