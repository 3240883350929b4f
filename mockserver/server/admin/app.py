"""The admin API: ASGI middleware in front of Connexion, for all of `/__mock__/`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import cached_property, partial
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.serialization import Sent, json_sent
from mockserver.errors import (
    BadRequest,
    Forbidden,
    MethodNotAllowed,
    MockServerError,
    NotFound,
    Refusal,
    StoreError,
    StoreUnavailable,
    TooLarge,
)
from mockserver.records import dataclass
from mockserver.server.access import Guard
from mockserver.server.admin.endpoints import ROUTES, find_route, is_page
from mockserver.server.admin.request import Call, Panel
from mockserver.server.asgi.app import read_body, send_reply

log = logging.getLogger("mockserver")

PREFIX = "/__mock__"
PROBES = frozenset(("/healthz", "/readyz"))
MAX_STATE = 256 * 1024 * 1024
MAX_ORDER = 64 * 1024
_COMMON_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]


@dataclass(eq=False)
class AdminApi:
    """Handles the admin API's paths and passes on all others."""

    app: ASGIApp
    panel: Panel
    guard: Guard

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Not a coroutine of its own: the API's requests pass through here too.
        if scope["type"] != "http":
            return self.app(scope, receive, send)
        path: str = scope["path"]
        if path.startswith(PREFIX):
            rest = path[len(PREFIX) :]
            if not rest or rest[0] == "/":
                return self._serve(rest.strip("/"), scope, receive, send)
        elif path in self._own_paths:
            if path != "/":
                return self._probe(scope, send)
            if scope["method"] in ("GET", "HEAD") and _wants_html(scope):
                return send_reply(Sent(307, [(b"location", b"__mock__/")]), scope, send)
        return self.app(scope, receive, send)

    @cached_property
    def _own_paths(self) -> frozenset[str]:
        """Paths of health probes, and the root, which leads a browser to the dashboard; except
        those that the document has itself."""
        mock = self.panel.mock
        documented = {operation.path for operation in mock.contract.operations}
        return (PROBES if mock.options.proxy else PROBES | {"/"}) - documented

    async def _probe(self, scope: Scope, send: Send) -> None:
        """Report that it serves, and nothing else: no access check."""
        if scope["method"] not in ("GET", "HEAD"):
            sent = _error(405, f"{scope['method']} is not allowed here", {"allow": "GET, HEAD"})
        else:
            try:
                self.panel.mock.store.clock(None)
                sent = json_sent({"status": "ok"})
                if self.panel.draining and scope["path"] == "/readyz":
                    sent = json_sent({"status": "draining"}, 503)
            except StoreUnavailable as error:
                sent = _error(503, str(error), {"retry-after": "1"})
        sent.headers.extend(_COMMON_HEADERS)
        await send_reply(sent, scope, send)

    async def _serve(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            # The page is needed before a user can enter the token.
            if not (self.guard.token and is_page(path)):
                try:
                    self.guard.check(scope)
                except Forbidden:
                    if path != "health":
                        raise
                    return await self._probe(scope, send)
            sent = await self._respond(path, scope, receive)
        except Refusal as refusal:
            sent = _error(refusal.status, str(refusal), refusal.headers)
        except ConnectionResetError:
            return  # ignore an incomplete request
        except StoreUnavailable as error:
            sent = _error(503, str(error), {"retry-after": "1"})
        except StoreError as error:
            sent = _error(400, str(error))
        except MockServerError as error:
            sent = _error(409, str(error))
        except Exception as error:
            log.exception("%s %s failed", scope["method"], scope["path"])
            sent = _error(500, f"{type(error).__name__}: {error}")
        sent.headers.extend(_COMMON_HEADERS)
        await send_reply(sent, scope, send)

    async def _respond(self, path: str, scope: Scope, receive: Receive) -> Sent:
        found = find_route(path)
        if found is None:
            known = ", ".join(f"{PREFIX}/{route.path}" for route in ROUTES)
            raise NotFound(f"there is no {PREFIX}/{path}; the paths are {known}")
        if not path and scope["path"].endswith(PREFIX):
            # The page's assets are relative to it, whatever the prefix.
            return Sent(307, [(b"location", PREFIX.encode() + b"/")])
        route, values = found
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        handler = route.methods.get(method)
        allow = ", ".join(route.allowed)
        if method == "OPTIONS":
            return Sent(204, [(b"allow", allow.encode())])
        if handler is None:
            raise MethodNotAllowed(
                f"{method} is not allowed here; allowed: {allow}", headers={"allow": allow}
            )
        limit = MAX_STATE if path == "state" else MAX_ORDER
        try:
            body = await read_body(scope, receive, limit)
        except TooLarge:
            raise TooLarge(f"the body has more than {limit} bytes") from None
        query = _query(scope["query_string"], route.query)
        call = Call(values, query, parse_json(body) if method in ("POST", "PUT") else None)
        result = handler(self.panel, call)
        return result if isinstance(result, Sent) else json_sent(result)


def _wants_html(scope: Scope) -> bool:
    """Whether a browser asks."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def admin_api(panel: Panel, guard: Guard) -> Callable[[ASGIApp], AdminApi]:
    """The middleware, for `build_app`."""
    return partial(AdminApi, panel=panel, guard=guard)


def parse_json(body: bytes) -> Any:
    """A body as a JSON value; None if it is empty. Raises BadRequest."""
    if not body.strip():
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def _query(raw: bytes, known: tuple[str, ...]) -> dict[str, str]:
    # Otherwise a misspelt `tenant` would reset every world.
    found: dict[str, str] = {}
    for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
        if name not in known:
            offer = f"it takes {', '.join(known)}" if known else "this path takes none"
            raise BadRequest(f"there is no query parameter {name!r}; {offer}")
        if name in found:
            raise BadRequest(f"{name} is given twice")
        found[name] = value
    return found


def _error(status: int, text: str, headers: dict[str, str] | None = None) -> Sent:
    sent = json_sent({"error": text}, status)
    sent.headers.extend((n.encode(), v.encode()) for n, v in (headers or {}).items())
    return sent
