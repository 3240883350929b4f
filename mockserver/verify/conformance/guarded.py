"""Schemathesis behind a guard: the process that `schemathesis.py` starts.

    python -m mockserver.verify.conformance.guarded POLICY run document.json --url URL ...

Every request of Schemathesis passes through the guard. It enforces a timeout for the complete
reply, gives `WITHHELD` as the reply to a request that may not be sent, records creations in the
ledger, and renews expired tokens. The process ends when its parent does.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from mockserver.inference.build import build_plan
from mockserver.openapi.build import build_contract
from mockserver.openapi.document import parse_document
from mockserver.openapi.model import Json
from mockserver.verify.access import Login
from mockserver.verify.conformance.schemathesis import WITHHELD
from mockserver.verify.http import (
    WATCHDOG,
    Pace,
    is_stream,
    read_body,
    retry_after,
    watch_every_connection,
)
from mockserver.verify.ledger import Entry, Ledger
from mockserver.verify.ownership import Ownership, Ticket, Withheld
from mockserver.verify.persistence import BUSY
from mockserver.verify.target import fill

BUSY_SECONDS = 20.0
_ABOUT_THE_REQUEST = ("content-", "transfer-", "if-")
"""Headers of one request that its removal does not have: a length makes servers wait for a body."""


@dataclass
class Guard:
    """Stands between Schemathesis and the server; `base` is the base path of the API."""

    base: str
    timeout: float
    ownership: Ownership | None = None
    login: Login | None = None
    token: str = ""
    pace: Pace | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)
    _send: Any = HTTPAdapter.send
    _lock: Any = field(default_factory=threading.RLock)

    def send(
        self, adapter: HTTPAdapter, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        ticket: Ticket | None = None
        if self.ownership is not None:
            path = urlsplit(request.url or "").path
            try:
                with self._lock:
                    ticket = self.ownership.admit(
                        request.method or "", path.removeprefix(self.base), _body(request)
                    )
            except Withheld as reason:
                return _withheld(request, str(reason))
        response = self._patiently(adapter, request, options)
        if ticket is not None and self.ownership is not None:
            headers = {name.lower(): value for name, value in response.headers.items()}
            with self._lock:
                entry = self.ownership.settle(
                    ticket, response.status_code, headers, response.content
                )
            if entry is not None and self._is_anothers(request):
                self._undo(adapter, request, entry, options)
        return response

    def follows(self, sent: str, location: str) -> bool:
        """Whether a redirect is one within the API: an address that has moved is still the same
        operation, while a page to log in at, or another host, is none."""
        try:
            here, there = urlsplit(sent), urlsplit(urljoin(sent, location))
        except ValueError:  # no URL: `http://[`
            return False
        path = there.path.removeprefix(self.base)
        within = here.netloc == there.netloc and there.path.startswith(self.base)
        return within and (self.ownership is None or self.ownership.has_path(path))

    def _is_anothers(self, request: requests.PreparedRequest) -> bool:
        """Whether a request lacks our credentials, as those of some checks do."""
        sent = {name.lower(): _text(value) for name, value in request.headers.items()}
        return any(sent.get(name) != value for name, value in self.credentials.items())

    def _undo(
        self,
        adapter: HTTPAdapter,
        request: requests.PreparedRequest,
        entry: Entry,
        options: dict[str, Any],
    ) -> None:
        """Remove what another user created now: our own key may not be allowed to later."""
        assert self.ownership is not None
        ledger = self.ownership.ledger
        operation = self.ownership.contract.by_id[entry.remove]
        parts = urlsplit(request.url or "")
        undo = request.copy()
        undo.method = operation.method
        path = self.base + fill(operation.path, entry.where)
        undo.url = f"{parts.scheme}://{parts.netloc}{path}"
        undo.body = None
        for name in [n for n in undo.headers if n.lower().startswith(_ABOUT_THE_REQUEST)]:
            del undo.headers[name]
        with suppress(requests.RequestException):
            reply = self._in_time(adapter, undo, options)
            if ledger is not None and (reply.status_code < 300 or reply.status_code == 404):
                ledger.removed(entry)

    def _patiently(
        self, adapter: HTTPAdapter, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        """Wait for a busy server, and log in again when the token has expired."""
        end, pause, renewed = time.monotonic() + BUSY_SECONDS, 0.5, False
        while True:
            if self.pace is not None:
                self.pace.wait()
            response = self._in_time(adapter, request, options)
            wait = max(pause, retry_after(response.headers.get("retry-after", "0")))
            if response.status_code in BUSY and time.monotonic() + wait < end:
                time.sleep(wait)
                pause *= 2
            elif response.status_code == 401 and not renewed and self._renew(request):
                renewed = True
            else:
                return response

    def _renew(self, request: requests.PreparedRequest) -> bool:
        """Whether the request used our token and now has a new one."""
        if self.login is None or not self.token:
            return False
        old = self.token
        carrying = [n for n, v in request.headers.items() if old in _text(v)]
        if not carrying:
            return False
        self.token = self.login.get(self.timeout)
        for name in carrying:
            request.headers[name] = _text(request.headers[name]).replace(old, self.token)
        return True

    def _in_time(
        self, adapter: HTTPAdapter, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        options = {**options, "stream": True}
        with WATCHDOG.within(self.timeout) as turn:
            try:
                response: requests.Response = self._send(adapter, request, **options)
                kind = response.headers.get("content-type", "")
                response._content = read_body(response.raw, kind)
            except requests.exceptions.ConnectionError:
                if turn.late:
                    raise self._too_late(request) from None
                raise
            except HTTPError as error:
                if turn.late:
                    raise self._too_late(request) from None
                broken = ProtocolError(f"Connection broken: {error}", error)
                raise requests.exceptions.ChunkedEncodingError(broken, request=request) from None
            if turn.late:
                # What was cut in its head may still look like a reply.
                raise self._too_late(request)
        response._content_consumed = True
        if is_stream(kind):
            # Schemathesis reads streams itself: leave what has arrived for it to read.
            response.raw = HTTPResponse(
                io.BytesIO(response.content),
                headers=response.raw.headers,
                status=response.status_code,
                version=response.raw.version,
                preload_content=False,
            )
        return response

    def _too_late(self, request: requests.PreparedRequest) -> requests.exceptions.ReadTimeout:
        """The error that requests raises: Schemathesis reads its text."""
        text = f"Read timed out. (read timeout={self.timeout})"
        late = ReadTimeoutError(cast(Any, "HTTPConnectionPool"), request.url or "", text)
        return requests.exceptions.ReadTimeout(late, request=request)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(request: requests.PreparedRequest) -> bytes | None:
    body = request.body
    return body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else None


def _withheld(request: requests.PreparedRequest, reason: str) -> requests.Response:
    """A reply of 403, from which Schemathesis draws no conclusion about data."""
    response = requests.Response()
    response.status_code = 403
    response._content = b"{}"
    response._content_consumed = True
    headers = {"content-type": "application/json", WITHHELD: ascii(reason)}
    response.headers = CaseInsensitiveDict(headers)
    response.raw = HTTPResponse(io.BytesIO(), headers=headers, status=403, version=11)
    response.request = request
    response.url = request.url or ""
    response.reason = "Withheld"
    return response


def _end_with(parent: int) -> None:
    """End this process when its parent ends, for whatever reason."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def guard_of(policy: dict[str, Any]) -> Guard:
    guard = Guard(policy["base"], policy["timeout"], token=policy.get("token", ""))
    if policy.get("login"):
        guard.login = Login(**json.loads(policy["login"]))
    if policy.get("rate"):
        guard.pace = Pace(policy["rate"])
    if policy.get("ledger"):
        contract = build_contract(
            parse_document(Path(policy["document"]).read_bytes(), policy["document"])
        )
        ledger = Ledger.load(policy["ledger"])
        ledger.open()
        origin = policy["url"]
        session = requests.Session()
        session.trust_env = False

        def read(
            method: str, path: str, query: Mapping[str, str], body: Json
        ) -> requests.Response | None:
            try:
                request = requests.Request(
                    method, origin + path, policy["headers"], params=query, json=body
                )
                prepared = session.prepare_request(request)
                adapter = session.get_adapter(origin)
                assert isinstance(adapter, HTTPAdapter)
                return guard._in_time(adapter, prepared, {"timeout": guard.timeout})
            except requests.RequestException:
                return None

        def status_of(path: str) -> int:
            reply = read("GET", path, {}, None)
            return 0 if reply is None else reply.status_code

        def value_of(method: str, path: str, query: Mapping[str, str], body: Json) -> Json:
            reply = read(method, path, query, body)
            try:
                return reply.json() if reply is not None and reply.status_code == 200 else None
            except ValueError:
                return None

        guard.credentials = policy["credentials"]
        guard.ownership = Ownership(
            contract,
            build_plan(contract, policy["overrides"]),
            ledger,
            allowed=policy["allowed"],
            excluded=policy["excluded"],
            disposable=policy["disposable"],
            given=policy["given"],
            probe=status_of,
            look=value_of,
        )
    return guard


def main() -> None:
    """Run Schemathesis behind the guard."""
    policy = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    _end_with(policy["parent"])
    watch_every_connection()
    guard = guard_of(policy)

    def send(
        self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any
    ) -> requests.Response:
        names = ("stream", "timeout", "verify", "cert", "proxies")
        return guard.send(self, request, **{**dict(zip(names, args, strict=False)), **options})

    location_of = requests.Session.get_redirect_target

    def next_of(self: requests.Session, response: requests.Response) -> str | None:
        location = location_of(self, response)
        return location if location and guard.follows(response.url, location) else None

    HTTPAdapter.send = send  # type: ignore[method-assign]
    requests.Session.get_redirect_target = next_of  # type: ignore[method-assign, assignment]
    from schemathesis.cli import schemathesis

    sys.argv = ["schemathesis", *sys.argv[2:]]
    schemathesis()


if __name__ == "__main__":
    main()
