"""HTTP as the judging side needs it: one request, one reply, nothing followed or tried again.

urllib3, not httpx: a run sends tens of thousands of requests, and one costs less than half as much.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, TimeoutError

CONNECTIONS = 64
"""Kept open: as many as a crowd of the lifecycles sends at once."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went out, and what came back; header names are in lower case."""

    url: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The reply's JSON value. Raises ValueError."""
        return json.loads(self.body)


class WireError(Exception):
    """Nothing came back that is a reply; the text says what happened, and what to check."""


class Wire:
    """Connections to the server at a URL, safe for threads. `timeout` is for connecting and for
    reading, in seconds."""

    def __init__(self, url: str, timeout: float) -> None:
        parts = urlsplit(url)
        self.url = url
        secure: dict[str, Any] = {}
        if parts.scheme == "https":
            secure = {"ssl_context": httpx.create_ssl_context(trust_env=False)}
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._timeout = timeout
        self._pool = urllib3.connectionpool.connection_from_url(
            self._origin,
            timeout=urllib3.Timeout(connect=timeout, read=timeout),
            maxsize=CONNECTIONS,
            retries=False,
            **secure,
        )

    def close(self) -> None:
        self._pool.close()

    def send(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content: bytes | None = None,
    ) -> Sent:
        """`target` is a path from the origin on; `body` goes as JSON. Raises WireError."""
        if params:
            target += ("&" if "?" in target else "?") + urlencode(params)
        sent = {"accept": "*/*", "user-agent": "mockserver"}
        if body is not None:
            content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in headers.items()}
        try:
            reply = self._pool.urlopen(
                method, target, body=content, headers=sent, redirect=False, preload_content=True
            )
        except (HTTPError, ValueError) as error:
            raise WireError(self._explain(error)) from None
        got = {name.lower(): value for name, value in reply.headers.itermerged()}
        return Sent(self._origin + target, sent, content or b"", reply.status, got, reply.data)

    def _explain(self, error: Exception) -> str:
        if isinstance(error, NewConnectionError):
            return (
                f"no server answers at {self.url} ({error.__cause__ or error}); "
                "start it, or check --url"
            )
        if isinstance(error, TimeoutError):
            return (
                f"{self.url} did not answer within {self._timeout:g} s; "
                "check the server, or give it more with --timeout"
            )
        if isinstance(error, ProtocolError):
            detail = " ".join(str(error.args[-1] if error.args else error).split())
            return (
                f"{self.url} closes the connection without an answer ({detail}); "
                "check the server's log"
            )
        return f"{self.url}: {error or type(error).__name__}"
