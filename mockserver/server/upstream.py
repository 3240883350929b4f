"""One real server behind the mock or the proxy: requests go there as they came, within bounds."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from urllib.parse import urlsplit

import httpx

from mockserver.engine.pipeline import Message
from mockserver.engine.serialization import Sent, dump

SECONDS = 30.0
MOST_BYTES = 64 * 1024 * 1024
# What belongs to one connection, or to a body that is not passed on as it came.
_OWN = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_JSON = [(b"content-type", b"application/json")]


class UpstreamError(Exception):
    """The upstream has given no whole response: in words, with the status that says so (502, or
    504 where it took too long)."""

    def __init__(self, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.status = status

    def as_sent(self) -> Sent:
        """The response in place of the upstream's."""
        return Sent(self.status, list(_JSON), dump({"error": str(self)}))


class Upstream:
    """The server at a URL, which stands for the document's own server.

    A whole response has to come within `seconds`, however slowly it drips, and may have up to
    `most` bytes. Redirects are passed on, not followed.
    """

    def __init__(self, url: str, seconds: float = SECONDS, most: int = MOST_BYTES) -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self.path = parts.path.rstrip("/")
        self.host = parts.netloc.rpartition("@")[2]
        self.seconds = seconds
        self.most = most
        self._secure = parts.scheme == "https"

    async def ask(self, message: Message, path: str) -> Sent:
        """The response to a request, which is sent to a percent-encoded path below the URL.

        Raises UpstreamError. Call it in a task.
        """
        target = path + (f"?{message.query.decode('latin-1')}" if message.query else "")
        headers = {n: v for n, v in message.headers.items() if is_passed_on(n)}
        try:
            async with asyncio.timeout(self.seconds):
                return await self._ask(message, self.url + target, headers)
        except TimeoutError:
            text = f"{self.host} has not answered within {self.seconds:g} s"
            raise UpstreamError(text, 504) from None
        except httpx.ConnectError as error:
            raise UpstreamError(f"{self.host} can't be reached: {_reason(error)}") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UpstreamError(f"{self.host} does not answer: {_reason(error)}") from None

    async def _ask(self, message: Message, url: str, headers: dict[str, str]) -> Sent:
        # A client of its own: one that stays belongs to one event loop, and has to be closed there.
        async with (
            httpx.AsyncClient(timeout=None, verify=_certificates() if self._secure else False) as c,
            c.stream(message.method, url, headers=headers, content=message.body) as reply,
        ):
            parts: list[bytes] = []
            size = 0
            async for part in reply.aiter_bytes():
                size += len(part)
                if size > self.most:
                    raise UpstreamError(f"{self.host} answers more than {self.most} bytes")
                parts.append(part)
        passed = [
            (name.lower(), value)
            for name, value in reply.headers.raw
            if is_passed_on(name.decode("latin-1").lower())
        ]
        return Sent(reply.status_code, passed, b"".join(parts))


@cache
def _certificates() -> ssl.SSLContext:
    """Those that are trusted: reading them takes longer than a request."""
    return httpx.create_ssl_context()


def is_passed_on(header: str) -> bool:
    """Whether a header (in lower case) is the other side's business."""
    return header not in _OWN and not header.startswith("x-mock-")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
