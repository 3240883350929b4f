"""What Fern's suites ask of WireMock beside the API, in front of a server that has none of it.

Their tests call a method, then ask WireMock how often the request with their `X-Test-Id` came.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

FIND = "/__admin/requests/find"
_HOPS = {"connection", "transfer-encoding", "keep-alive", "content-length"}


@dataclass(frozen=True)
class Seen:
    """A request that passed: its method, its target, and its headers in lower case."""

    method: str
    target: str
    headers: dict[str, str]


def matches(seen: Seen, wanted: dict[str, Any]) -> bool:
    """Whether a request is the one that a WireMock request pattern describes."""
    address = urlsplit(seen.target)
    query = parse_qs(address.query, keep_blank_values=True)
    headers = {name: [value] for name, value in seen.headers.items()}
    return (
        wanted.get("method", seen.method) == seen.method
        and wanted.get("urlPath", address.path) == address.path
        and all(
            _fits(rule, headers.get(name.lower(), []))
            for name, rule in wanted.get("headers", {}).items()
        )
        and all(
            _fits(rule, query.get(name, []))
            for name, rule in wanted.get("queryParameters", {}).items()
        )
    )


def _fits(rule: dict[str, Any], values: list[str]) -> bool:
    if "hasExactly" in rule:
        return sorted(str(each["equalTo"]) for each in rule["hasExactly"]) == sorted(values)
    # Another rule than these two is one that this front can't judge.
    return str(rule["equalTo"]) in values if "equalTo" in rule else bool(values)


@contextmanager
def wiremock_front(base: str) -> Iterator[str]:
    """The URL of a front that passes requests on to `base` and answers FIND."""
    target = urlsplit(base)
    seen: list[Seen] = []

    class Front(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if self.path == FIND:
                wanted = json.loads(body)
                found = [{"url": each.target} for each in seen if matches(each, wanted)]
                self.reply(200, [("Content-Type", "application/json")], {"requests": found})
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.append(Seen(self.command, self.path, headers))
            server = HTTPConnection(target.hostname or "", target.port, timeout=60)
            try:
                kept = {name: value for name, value in headers.items() if name not in _HOPS}
                server.request(self.command, self.path, body or None, kept)
                response = server.getresponse()
                self.reply(response.status, response.getheaders(), response.read())
            except (OSError, HTTPException) as error:
                self.reply(502, [("Content-Type", "application/json")], {"error": str(error)})
            finally:
                server.close()

        def reply(self, status: int, headers: list[tuple[str, str]], body: Any) -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in _HOPS:
                    self.send_header(name, value)
            if status not in (204, 304):
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = pass_on

    with ThreadingHTTPServer(("127.0.0.1", 0), Front) as front:
        threading.Thread(target=front.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{front.server_port}"
        finally:
            front.shutdown()
