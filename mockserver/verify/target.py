"""The server under judgement: how to reach it, with which key, and whether it can be judged."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote, urlsplit

from mockserver.errors import UsageError
from mockserver.openapi.model import Contract, Operation, SecurityScheme
from mockserver.verify.http import Wire, WireError
from mockserver.verify.model import KEY_VARIABLE, OTHER_VARIABLE, Exchange

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
        wire: Wire | None = None,
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
        # Who has many targets at one server gives them one to share.
        self._shared = wire is not None
        self.wire = wire or Wire(self.url, timeout)
        self._path = urlsplit(self.url).path.rstrip("/")
        self._credentials: dict[str, dict[str, str]] = {}

    def close(self) -> None:
        if not self._shared:
            self.wire.close()

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
        auth = {} if key is None else self._credentials_of(key or self.key)
        self.pause()
        start = time.perf_counter()
        try:
            sent = self.wire.send(
                method,
                self._path + path,
                headers={**self.headers, **auth, **(headers or {})},
                params=params,
                body=body,
                content=content,
            )
        except WireError as error:
            raise NoReply(str(error)) from None
        exchange = Exchange(
            method=method,
            url=sent.url,
            request_headers={n: self._hidden(v) for n, v in sent.request_headers.items()},
            request_body=sent.request_body,
            status=sent.status,
            headers=sent.headers,
            body=sent.body,
            elapsed=time.perf_counter() - start,
            source=source,
            operation=operation,
        )
        if self._held is not None:
            self._held.append(exchange)
        else:
            self._tell(exchange)
        return exchange

    def _credentials_of(self, key: str) -> Mapping[str, str]:
        if key not in self._credentials:
            self._credentials[key] = credentials(self.contract, key)
        return self._credentials[key]

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
