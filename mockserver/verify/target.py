"""The server under judgement: how to reach it, with which key, and whether it can be judged."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx

from mockserver.contract.model import Contract, Operation, SecurityScheme
from mockserver.errors import UsageError

from .model import KEY_VARIABLE, OTHER_VARIABLE, Exchange

Watch = Callable[[Exchange], None]
PLACEHOLDER = "00000000-0000-4000-8000-000000000000"


class NoReply(UsageError):
    """The server did not answer; the text says how it failed and what to check."""


def credentials(contract: Contract, key: str) -> dict[str, str]:
    """The headers that carry a key, as the document's security schemes ask for."""
    headers: dict[str, str] = {}
    for scheme in _used(contract):
        if scheme.type == "apiKey" and scheme.place == "header":
            headers[scheme.parameter.lower()] = key
        elif scheme.type == "apiKey" and scheme.place == "cookie":
            headers["cookie"] = f"{scheme.parameter}={key}"
        elif scheme.type == "http" and scheme.scheme.lower() == "basic":
            encoded = base64.b64encode(key.encode()).decode()
            headers["authorization"] = f"Basic {encoded}"
        elif scheme.type in ("http", "oauth2", "openIdConnect"):
            headers["authorization"] = f"Bearer {key}"
    return headers


def _used(contract: Contract) -> list[SecurityScheme]:
    """The schemes of the first requirement of each operation, strongest wish of the document."""
    names = {name for op in contract.operations for req in op.security[:1] for name in req}
    return [contract.schemes[name] for name in sorted(names) if name in contract.schemes]


class Target:
    """An HTTP client for one server and one key. Every exchange goes to the watchers."""

    def __init__(
        self,
        contract: Contract,
        url: str,
        key: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10,
        pause: Callable[[], None] = lambda: None,
        client: httpx.Client | None = None,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise UsageError(f"--url {url!r} is no address; give one like http://127.0.0.1:8000")
        self.contract = contract
        # An address without a path stands for the origin: the document's base path comes after it.
        bare = not urlsplit(url).path.strip("/")
        self.url = url.rstrip("/") + (contract.base_path if bare else "")
        self.key = key
        self.other_key = ""
        self.timeout = timeout
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        self.watchers: list[Watch] = []
        self._held: list[Exchange] | None = None
        self.pause = pause
        # A new client takes some 20 ms; who has many targets gives them one to share.
        self._shared = client is not None
        self.client = client or httpx.Client(timeout=timeout, trust_env=False)

    def close(self) -> None:
        if not self._shared:
            self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
        operation: str = "",
        source: str = "lifecycle",
    ) -> Exchange:
        """Send one request. `key`: "" is the target's own, None is none at all.

        Raises NoReply.
        """
        auth = {} if key is None else credentials(self.contract, key or self.key)
        sent = {**self.headers, **auth, **(headers or {})}
        json_body = {"json": body} if body is not None else {}
        self.pause()
        request = self.client.build_request(
            method, self.url + path, headers=sent, params=params, content=content, **json_body
        )
        start = time.perf_counter()
        try:
            reply = self.client.send(request)
        except httpx.HTTPError as error:
            raise NoReply(explain(error, self.url, self.timeout)) from None
        exchange = Exchange(
            method=method,
            url=str(request.url),
            request_headers={n: self._hidden(v) for n, v in request.headers.items()},
            request_body=request.content,
            status=reply.status_code,
            headers=dict(reply.headers),
            body=reply.content,
            elapsed=time.perf_counter() - start,
            source=source,
            operation=operation,
        )
        if self._held is not None:
            self._held.append(exchange)
        else:
            self._tell(exchange)
        return exchange

    def _hidden(self, value: str) -> str:
        """A header without the keys."""
        for key, variable in ((self.other_key, OTHER_VARIABLE), (self.key, KEY_VARIABLE)):
            if key:
                encoded = base64.b64encode(key.encode()).decode()
                value = value.replace(key, variable).replace(encoded, variable)
        return value

    def _tell(self, exchange: Exchange) -> None:
        for watch in self.watchers:
            watch(exchange)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Requests that go out at once are told afterwards, in an order that does not depend on
        who was first."""
        held: list[Exchange] = []
        self._held = held
        try:
            yield
        finally:
            self._held = None
            for exchange in sorted(held, key=lambda e: (e.method, e.url, e.request_body)):
                self._tell(exchange)


def explain(error: httpx.HTTPError, url: str, timeout: float) -> str:
    """What a network failure means, in one line."""
    if isinstance(error, httpx.ConnectError):
        return f"no server answers at {url} ({error}); start it, or check --url"
    if isinstance(error, httpx.TimeoutException):
        return (
            f"{url} did not answer within {timeout:g} s; "
            "check the server, or give it more with --timeout"
        )
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        detail = str(error) or type(error).__name__
        return f"{url} closes the connection without an answer ({detail}); check the server's log"
    return f"{url}: {error or type(error).__name__}"


def preflight(target: Target) -> None:
    """Find out with a few reads whether there is something to judge.

    Raises UsageError: nobody answers, the key is refused, or a web page comes back.
    """
    probes = _probes(target.contract)
    replies = [
        target.send("GET", path, operation=operation.id, source="preflight")
        for operation, path in probes
    ]
    if not replies:
        return
    secured = [r for r, (op, _) in zip(replies, probes, strict=True) if op.security]
    if secured and all(r.status in (401, 403) for r in secured):
        raise UsageError(
            f"{target.url} refuses the key ({secured[0].status} for {secured[0].method} "
            f"{urlsplit(secured[0].url).path}); give the right one with --api-key or API_KEY"
        )
    if all(_is_page(reply) for reply in replies):
        raise UsageError(
            f"{target.url} answers with a web page (HTML), not with this API; "
            "check --url, the path of the API included"
        )
    if all(reply.status in (502, 503, 504) for reply in replies):
        raise UsageError(
            f"{target.url} answers {replies[0].status}: a gateway with nothing behind it; "
            "start the service"
        )


def _probes(contract: Contract, most: int = 5) -> list[tuple[Operation, str]]:
    """Reads that need nothing, or else with an id that can't exist."""
    reads = [op for op in contract.operations if op.method == "GET"]
    plain = [op for op in reads if not any(p.required for p in op.parameters)]
    chosen = (plain or reads)[:most]
    return [(op, fill(op.path, {})) for op in chosen]


def fill(path: str, values: Mapping[str, str]) -> str:
    """A path template with its values, a placeholder where there is none."""
    for name in [part.split("}")[0] for part in path.split("{")[1:]]:
        value = quote(str(values.get(name, PLACEHOLDER)), safe="")
        path = path.replace("{" + name + "}", value)
    return path


def _is_page(reply: Exchange) -> bool:
    start = reply.body.lstrip()[:15].lower()
    return "html" in reply.content_type or start.startswith((b"<!doctype", b"<html"))
