"""The server under test: its address, its credentials, and whether it can be tested."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, Self
from urllib.parse import urlsplit

from mockserver.errors import UsageError
from mockserver.files.secrets import masked_header
from mockserver.openapi.credentials import credential
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.openapi.path_templates import filled, parameters_of
from mockserver.verify.http import Wire, WireError, is_stream
from mockserver.verify.model import KEY_VARIABLE, OTHER_VARIABLE, Exchange, json_of
from mockserver.verify.needed_headers import NeededHeaders
from mockserver.verify.ownership import Ownership, Ticket, Withheld
from mockserver.verify.persistence import NoReply, Persistence
from mockserver.verify.signals import deferred, raise_if_pending

__all__ = ["NoReply", "Target", "credentials", "fill", "preflight"]
Watch = Callable[[Exchange], None]
PLACEHOLDER = "00000000-0000-4000-8000-000000000000"


def credentials(
    contract: Contract, key: str, keys: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The headers that carry a key, cookies included; `keys` are those of single schemes."""
    return credential(contract, key, keys=keys).with_cookies


def keys_in_query(
    contract: Contract, key: str, keys: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The query parameters that carry a key."""
    return dict(credential(contract, key, keys=keys).query)


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
        keys: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise UsageError(f"--url {url!r} is not a URL; give one such as http://127.0.0.1:8000")
        self.contract = contract
        # A URL without a path is the origin: the document's base path is appended.
        bare = not urlsplit(url).path.strip("/")
        self.url = url.rstrip("/") + (contract.base_path if bare else "")
        self.key = key
        self.other_key = ""
        self.timeout = timeout
        self.keys = dict(keys or {})
        self.params = dict(params or {})
        """Values of path and query parameters, by name."""
        self.persistence = Persistence()
        self.ownership: Ownership | None = None
        """What may be sent; None permits everything."""
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        named = (s.parameter.lower() for s in contract.schemes.values() if s.place == "header")
        self._secret = {"authorization", *named}
        """Headers that carry credentials."""
        self.watchers: list[Watch] = []
        self._held: list[Exchange] | None = None
        self.pause = pause
        # Targets at the same server can share one.
        self._shared = wire is not None
        self.wire = wire or Wire(self.url, timeout)
        self._path = urlsplit(self.url).path.rstrip("/")
        self._was_gone = False
        self._one_at_a_time = threading.RLock()
        self._credentials: dict[str, dict[str, str]] = {}
        self._queries: dict[str, dict[str, str]] = {}
        self._needed = NeededHeaders(contract, self._headers_of)

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
        """Send one request. `key`: "" stands for the target's own, None for no credentials.

        Raises NoReply, Withheld; KeyboardInterrupt after a signal that Python has dropped.
        """
        params = {**self._named_in_query(operation), **(params or {})}
        if key is not None:
            params |= self._query_of(key or self.key)
        ticket = self._admitted(method, path, body, content)
        own = self._own_headers(operation, path, headers or {}, with_key=key is not None)

        def once() -> Exchange:
            auth = {} if key is None else self._credentials_of(key or self.key)
            self.pause()
            raise_if_pending()
            at, start = time.time(), time.perf_counter()
            with nullcontext() if ticket is None else deferred():
                sent = self.wire.send(
                    method,
                    self._path + path,
                    headers={**own, **auth, **(headers or {})},
                    params=params,
                    body=body,
                    content=content,
                )
            return Exchange(
                method=method,
                url=self._hidden(sent.url),
                request_headers=self._hidden_headers(sent.request_headers),
                request_body=sent.request_body,
                status=sent.status,
                headers=sent.headers,
                body=sent.body,
                elapsed=time.perf_counter() - start,
                source=source,
                operation=operation,
                at=at,
            )

        exchange = self.persistence.answered(once, method, operation, own_key=key == "")
        if ticket is not None and self.ownership is not None:
            with deferred():
                self.ownership.settle(ticket, exchange.status, exchange.headers, exchange.body)
        raise_if_pending()
        self._notify(exchange)
        return exchange

    def is_there(self, seconds: float = 10.0) -> bool:
        """Whether the server responds at all, or recovers within a while."""
        patience = self.persistence
        end = patience.now() + (1.0 if self._was_gone else min(seconds, patience.grace))
        while True:
            try:
                limit = min(3, self.timeout)
                self.wire.send("GET", self._path + "/", headers=self.headers, timeout=limit)
                self._was_gone = False
                return True
            except WireError as error:
                if error.how == "dropped":
                    return True
                if patience.now() > end:
                    self._was_gone = True
                    return False
                patience.sleep(0.5)

    def _credentials_of(self, key: str) -> Mapping[str, str]:
        if key not in self._credentials:
            self._credentials[key] = credentials(self.contract, key, self._keys_for(key))
        return self._credentials[key]

    def _query_of(self, key: str) -> Mapping[str, str]:
        if key not in self._queries:
            self._queries[key] = keys_in_query(self.contract, key, self._keys_for(key))
        return self._queries[key]

    def _keys_for(self, key: str) -> Mapping[str, str]:
        """Keys of single schemes are ours; another user does not get them."""
        return self.keys if key in ("", self.key) else {}

    def headers_with_key(self) -> dict[str, str]:
        return {**self.headers, **self._credentials_of(self.key)}

    def params_with_key(self) -> dict[str, str]:
        return dict(self._query_of(self.key))

    def use_key(self, key: str) -> None:
        """Switch to another key."""
        self.key = key
        self._credentials.clear()
        self._queries.clear()

    def _named_in_query(self, operation: str) -> dict[str, str]:
        known = self.contract.by_id.get(operation) if self.params else None
        places = {p.name for p in known.parameters if p.place == "query"} if known else set()
        return {name: value for name, value in self.params.items() if name in places}

    def _admitted(self, method: str, path: str, body: Any, content: bytes | None) -> Ticket | None:
        """Get permission to send. Raises Withheld."""
        if self.ownership is None:
            return None
        sent = content if body is None else json.dumps(body).encode()
        with self._one_at_a_time:
            return self.ownership.admit(method, path, sent)

    def status_of(self, path: str) -> int:
        """The status of a read that is not reported; 0 without a response."""
        headers, params = self.headers_with_key(), self.params_with_key()
        try:
            return self.wire.send("GET", self._path + path, headers=headers, params=params).status
        except WireError:
            return 0

    def value_of(self, method: str, path: str, query: Mapping[str, str], body: Json) -> Json:
        """The JSON of a read that is not reported; None if it fails."""
        headers = self.headers_with_key()
        params = {**self.params_with_key(), **query}
        try:
            reply = self.wire.send(
                method, self._path + path, headers=headers, params=params, body=body
            )
            return json_of(reply.body) if reply.status == 200 else None
        except (WireError, ValueError):
            return None

    def _own_headers(
        self, operation: str, path: str, given: Mapping[str, str], *, with_key: bool
    ) -> dict[str, str]:
        """The target's headers, and those that an operation requires beside what is given. A
        request without a key has no credential that was given as a header either."""
        named = {name.lower() for name in (*self.headers, *given)}
        own = self.headers
        if not with_key:
            own = {name: value for name, value in own.items() if name not in self._secret}
        return {**self._needed.of(operation, path, named), **own}

    def _headers_of(self, path: str) -> Mapping[str, str] | None:
        """The headers of a successful read that is not reported."""
        headers, params = self.headers_with_key(), self.params_with_key()
        try:
            sent = self.wire.send("GET", self._path + path, headers=headers, params=params)
        except WireError:
            return None
        return sent.headers if sent.status < 300 else None

    def _hidden_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers with their keys masked; one that the user gave as a whole, if it is a secret by
        its name."""
        found = {name: self._hidden(value) for name, value in headers.items()}
        for name, value in found.items():
            given = self.headers.get(name.lower()) == value
            if given and masked_header(name, value) != value:
                found[name] = KEY_VARIABLE
        return found

    def _hidden(self, value: str) -> str:
        """A text with its keys masked."""
        secrets = [(one, KEY_VARIABLE) for one in (*self.keys.values(), self.key)]
        for key, variable in ((self.other_key, OTHER_VARIABLE), *secrets):
            if key:
                for pair in (key, f"{key}:"):  # as basic authentication has it
                    value = value.replace(base64.b64encode(pair.encode()).decode(), variable)
                value = value.replace(key, variable)
        return value

    def _notify(self, exchange: Exchange) -> None:
        if self._held is not None:
            self._held.append(exchange)
            return
        for watch in self.watchers:
            watch(exchange)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Report concurrent requests afterwards, in an order that does not depend on which came
        first."""
        held: list[Exchange] = []
        self._held = held
        try:
            yield
        finally:
            self._held = None
            for exchange in sorted(held, key=lambda e: (e.method, e.url, e.request_body)):
                self._notify(exchange)


GATEWAY = (502, 503, 504)
ELSEWHERE = (404, 301, 302, 307, 308)
"""What a server says of paths that it does not have."""
MOST_PROBES = 5


Tried = list[tuple[Operation, str, Exchange]]
"""Reads that were tried: the operation, its path and the reply."""


def preflight(target: Target, without: Collection[str] = ()) -> None:
    """Check with a few reads whether there is something to test, but not `without` some operations.

    Raises UsageError if nothing responds, the key is refused, a web page comes back, or the API is
    at another path.
    """
    tried = _tried(target, without)
    if not tried:
        return
    replies = [reply for _, _, reply in tried]
    secured = [reply for operation, _, reply in tried if operation.security]
    if secured and all(reply.status in (401, 403) for reply in secured):
        raise UsageError(
            f"{target.url} refuses the key ({secured[0].status} for {secured[0].method} "
            f"{urlsplit(secured[0].url).path}); give the right one with --api-key or API_KEY"
        )
    if all(map(is_page, replies)):
        raise UsageError(
            f"{target.url} returns a web page (HTML), not this API; "
            f"check --url, including the path of the API{_likely(target, tried)}"
        )
    if all(reply.status in GATEWAY for reply in replies):
        raise UsageError(
            f"{target.url} returns {replies[0].status}: a gateway without a service behind it; "
            "start the service"
        )
    plain = [reply for operation, _, reply in tried if "{" not in operation.path]
    if plain and all(reply.status in ELSEWHERE for reply in plain):
        likely = _likely(target, tried)
        if likely or len(plain) > 1 or _is_nowhere(target, plain[0]):
            raise UsageError(
                f"{target.url} does not serve this API: {plain[0].status} for every read that was "
                f"tried (GET {urlsplit(plain[0].url).path} first); check the path in --url{likely}"
            )


def _tried(target: Target, without: Collection[str]) -> Tried:
    """The replies to a few reads. Raises NoReply if there is none at all."""
    tried: Tried = []
    silent: list[NoReply] = []
    for operation, path in _probes(target, without):
        if len(tried) >= MOST_PROBES and any(r.status not in GATEWAY for _, _, r in tried):
            break
        try:
            reply = target.send("GET", path, operation=operation.id, source="preflight")
        except Withheld:
            continue
        except NoReply as error:
            silent.append(error)
            if error.how == "refused" or (len(silent) > 2 and not tried):
                break
        else:
            tried.append((operation, path, reply))
    if silent and not tried:
        raise silent[0]
    return tried


def _is_nowhere(target: Target, reply: Exchange) -> bool:
    """Whether a path that nobody has gets the same reply."""
    path = urlsplit(reply.url).path
    other = f"{path.rstrip('/')}-no-such-path"
    try:
        sent = target.wire.send("GET", other, headers=dict(target.headers))
    except WireError:
        return False
    alike = sent.body.replace(other.encode(), path.encode()) == reply.body
    return sent.status == reply.status and alike


PREFIXES = ("/api", "/api/v1", "/v1", "/api/v2", "/v2", "/api/v3", "/v3", "/rest", "/api/rest")


def _likely(target: Target, tried: Tried) -> str:
    """Where the API probably is, as a hint for the message; "" if unknown."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(target.url))
    here = urlsplit(target.url).path.rstrip("/")
    listed = [urlsplit(server).path.rstrip("/") for server in target.contract.servers]
    parents = [here.rsplit("/", n)[0] for n in range(1, here.count("/") + 1)]
    below = [here + prefix for prefix in (*listed, *PREFIXES)]
    headers = {**target.headers, **credentials(target.contract, target.key, target.keys)}
    probe = next((path for op, path, _ in tried if "{" not in op.path), None)
    for prefix in dict.fromkeys([*listed, *parents, "", *below, *PREFIXES]):
        if prefix == here or probe is None:
            continue
        try:
            sent = target.wire.send("GET", prefix + probe, headers=headers)
        except WireError:
            continue
        page = "html" in sent.headers.get("content-type", "")
        if (sent.status < 300 or sent.status in (401, 403)) and not page:
            return f"; it seems to be at {origin}{prefix}"
    return ""


def _probes(target: Target, without: Collection[str]) -> list[tuple[Operation, str]]:
    """Reads to try: first those without parameters, then with an id that can't exist; no
    streams."""
    given = target.params
    reads = [
        op
        for op in target.contract.operations
        if op.method == "GET"
        and op.id not in without
        and not any(is_stream(n) for r in op.responses.values() for n in r.content)
    ]
    plain = [
        op for op in reads if not any(p.required and p.name not in given for p in op.parameters)
    ]
    others = [op for op in reads if op not in plain]
    chosen = [*plain[:MOST_PROBES], *others[:MOST_PROBES]]
    return [(op, fill(op.path, given)) for op in chosen]


def fill(path: str, values: Mapping[str, str]) -> str:
    """A path template with its values, and a placeholder for missing ones."""
    missing = dict.fromkeys(parameters_of(path), PLACEHOLDER)
    return filled(path, {**missing, **values})


def is_page(reply: Exchange) -> bool:
    """Whether a response is a web page, such as that of a login or a gateway."""
    start = reply.body.lstrip()[:15].lower()
    return "html" in reply.content_type or start.startswith((b"<!doctype", b"<html"))
