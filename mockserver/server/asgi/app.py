"""The ASGI application: Connexion routes, the pipeline responds."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.pipeline import Message
from mockserver.engine.pipeline.versions import Later, Responder
from mockserver.engine.serialization import Sent
from mockserver.errors import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    Refusal,
    TooLarge,
    UnsupportedMedia,
)
from mockserver.openapi.model import Operation
from mockserver.openapi.request.parameters import packed_in_path
from mockserver.openapi.routing_projection import parameter_names, routing_projection
from mockserver.records import dataclass
from mockserver.server.asgi.routing import (
    API,
    ROUTE,
    ROUTER,
    AmbiguousOperations,
    ConnexionMiddleware,
    IndexedRouting,
    Match,
    OpenAPISpecification,
    named,
    normal_path,
)
from mockserver.server.asgi.sending import APPLY_TROUBLE, apply_trouble, received_whole, send_whole

# Decode request bodies by `Content-Encoding`, within limits.

_GZIP = ("gzip", "x-gzip")
_KNOWN = (*_GZIP, "deflate", "identity")
_MOST_CODINGS = 5
_MOST_MEMBERS = 1000


def decoded(body: bytes, codings: str, limit: int) -> bytes:
    """The decoded body.

    Raises UnsupportedMedia for an unknown coding, TooLarge if the result exceeds `limit`,
    BadRequest if the bytes are not in the declared coding.
    """
    names = [name.strip().lower() for name in codings.split(",") if name.strip()]
    for name in names:
        if name not in _KNOWN:
            raise UnsupportedMedia(
                f"The content coding {name[:100]!r} is not supported; send the body as is, or "
                "with gzip or deflate."
            )
    if len(names) > _MOST_CODINGS:
        raise UnsupportedMedia(f"More than {_MOST_CODINGS} content codings are not supported.")
    # Undo the codings in reverse order.
    for name in reversed(names):
        if name != "identity" and body:
            body = _inflated(body, name, limit)
    return body


def _inflated(body: bytes, name: str, limit: int) -> bytes:
    windows = (31,) if name in _GZIP else (15, -15)
    for bits in windows:  # Some programs send deflate without the zlib header.
        try:
            return _members(body, bits, limit)
        except zlib.error:
            continue
    raise BadRequest(f"The body is not {name}, contrary to its Content-Encoding.")


def _members(body: bytes, bits: int, limit: int) -> bytes:
    found = bytearray()
    for _ in range(_MOST_MEMBERS):  # each copies what is behind it
        if not body:
            return bytes(found)
        worker = zlib.decompressobj(bits)
        found += worker.decompress(body, limit + 1 - len(found))
        if len(found) > limit:
            raise TooLarge(f"The decoded body has more than {limit} bytes.")
        if not worker.eof:
            raise zlib.error("it ends too early")
        # Further data may be another gzip member.
        body = worker.unused_data if bits == 31 else b""
    if body:
        raise TooLarge(f"A body of more than {_MOST_MEMBERS} gzip members is not read.")
    return bytes(found)


MAX_BODY = 10 * 1024 * 1024
Unrouted = Callable[[Message, Refusal], Sent | Later]
LookAhead = Callable[[str], Awaitable[bool]]
"""A store's `look_ahead`."""
NO_VALUES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class _Route:
    """An operation, and what its path and the operations like it ask of a request."""

    operation: Operation
    names: tuple[str, ...]
    adjacent: bool
    """Whether parameters follow each other without text between them."""
    packed: frozenset[str]
    """Parameters that hold several values."""
    is_ambiguous: bool
    keeps_codings: bool
    """Whether it has a parameter for Content-Encoding: it then describes a file."""


class Endpoint:
    """Behind Connexion's routing: read the message, call the pipeline, send the reply."""

    def __init__(
        self,
        pipeline: Responder,
        max_body: int = MAX_BODY,
        unrouted: Unrouted | None = None,
        look_ahead: LookAhead | None = None,
    ) -> None:
        self.pipeline = pipeline
        self._look_ahead = look_ahead
        self._unrouted = unrouted or pipeline.refuse_unrouted
        self.max_body = max_body
        self._ambiguous = AmbiguousOperations(pipeline.contract)
        self._known: dict[str, _Route] = {}

    def _route_of(self, operation_id: str) -> _Route:
        """Worked out at the first request of the operation."""
        return self._known.get(operation_id) or self._work_out(operation_id)

    def _work_out(self, operation_id: str) -> _Route:
        operation = self.pipeline.contract.by_id[operation_id]
        route = self._known[operation_id] = _Route(
            operation,
            parameter_names(operation.url_path),
            adjacent="}{" in operation.path,
            packed=packed_in_path(operation, self.pipeline.contract.document),
            is_ambiguous=operation.id in self._ambiguous,
            keeps_codings=any(
                p.place == "header" and p.name.lower() == "content-encoding"
                for p in operation.parameters
            ),
        )
        return route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = received_whole(receive, self.max_body)
            if body is None:
                body = await read_body(scope, receive, self.max_body)
            message = self.message(scope, body)
            codings = message.headers.get("content-encoding")
            if codings and not self._keeps_codings(scope):
                message.body = decoded(message.body, codings, self.max_body)
        except (BadRequest, TooLarge, UnsupportedMedia) as refusal:
            await send_reply(self.refuse(self.message(scope, b""), refusal), scope, send)
            return
        except ConnectionResetError:
            return  # an incomplete request: the client is gone
        found = self.operation_of(scope, message)
        if isinstance(found, Operation):
            if self._look_ahead is not None and APPLY_TROUBLE not in scope:
                await self._look(found, message, self._look_ahead)
            sent = self.pipeline(found, message)
        else:
            sent = found
        if not isinstance(sent, Sent):
            path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
            sent = await from_elsewhere(sent(path), scope)
        await send_reply(sent, scope, send)

    def _keeps_codings(self, scope: Scope) -> bool:
        match: Match | None = scope[ROUTE]
        if match is None or match.operation_id is None:
            return False
        return self._route_of(match.operation_id).keeps_codings

    async def _look(self, operation: Operation, message: Message, look: LookAhead) -> None:
        """Let the store look at the request's world, together with those of other requests."""
        tenant = self.pipeline.tenant_of(operation, message)
        if tenant is not None and await look(tenant):
            message.tenant = tenant

    def operation_of(self, scope: Scope, message: Message) -> Operation | Sent | Later:
        """The operation of a routed request, or the reply to one that has none. Puts the values of
        the path into the message."""
        match: Match | None = scope[ROUTE]
        if match is None or match.operation_id is None:
            match = self._with_other_slash(scope, message) or match
        if match is None:
            return self._unknown(scope, message)
        if match.operation_id is None:
            if message.method == "HEAD":
                match = self._route(scope, "GET", match)
            if match.operation_id is None:
                return self._other_method(message.method, match, message)
        route = self._route_of(match.operation_id)
        if route.is_ambiguous:
            meant = self._ambiguous.meant(route.operation, message, match.values, self.pipeline)
            route = self._route_of(meant.id)
        operation = route.operation
        if route.names:
            named = match.named
            if named is None:
                named = self._path_values(route, match.values, scope)
                if not (route.is_ambiguous or route.packed):
                    match.named = named
            message.path_values = named
            doubtful = match.allowed or match.forked
            if doubtful and not self.pipeline.admits(operation, message.path_values):
                if match.allowed:
                    return self._other_method(message.method, match, message)
                operation = self._less_literal(scope, operation, message)
        return operation

    def _path_values(self, route: _Route, values: Sequence[str], scope: Scope) -> Mapping[str, str]:
        """The values by name, decoded but for those that hold several. They are not changed."""
        if route.adjacent:
            return named(route.operation, values, self.pipeline)
        found = {
            name: unquote(value, errors="replace") if "%" in value else value
            for name, value in zip(route.names, values, strict=True)
        }
        if route.packed and b"%" in (raw := scope.get("raw_path") or b""):
            sent = raw.partition(b"?")[0].decode("latin-1").split("/")
            steps = route.operation.url_path.split("/")
            for step, text in zip(steps[::-1], sent[::-1], strict=False):
                if step[1:-1] in route.packed:
                    found[step[1:-1]] = text
        return found

    def _less_literal(self, scope: Scope, found: Operation, message: Message) -> Operation:
        """The first less literal template whose schemas the path's values fit; if there is none,
        the one that routing found. Stores the values in the message."""
        routing: IndexedRouting = scope[ROUTER]
        for match in routing.others(scope["method"], normal_path(scope)):
            route = self._route_of(match.operation_id or "")
            values = self._path_values(route, match.values, scope)
            if self.pipeline.admits(route.operation, values):
                message.path_values = values
                return route.operation
        return found

    @staticmethod
    def message(scope: Scope, body: bytes) -> Message:
        raw = scope["headers"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
        if len(headers) < len(raw):
            headers = joined(raw)
        return Message(
            scope["method"],
            scope["path"],
            NO_VALUES,
            scope["query_string"],
            headers,
            body,
            time.time_ns(),
            client[0] if (client := scope.get("client")) is not None else None,
        )

    def refuse(self, message: Message, refusal: Refusal) -> Sent:
        """A refusal outside any operation."""
        return self.pipeline.refuse_unrouted(message, refusal)

    def _unknown(self, scope: Scope, message: Message) -> Sent | Later:
        if self.pipeline.api.wire.slash_redirects and self._other_slash(scope, message):
            # Undecoded: the decoded text could contain what no header may.
            raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
            location = raw[:-1] if raw.endswith(b"/") else raw + b"/"
            query = b"?" + message.query if message.query else b""
            return Sent(307, [(b"location", location + query)])
        hint = self._base_path_hint(scope, message)
        meant = self._other_slash(scope, message)
        if meant is not None and meant.operation_id is not None:
            ends = "with" if scope["path"][-1:] != "/" else "without"
            hint = f" The path of this operation ends {ends} a slash."
        text = f"There is no {message.method} {message.target}."
        return self._unrouted(message, NotFound(text + hint))

    def _other_slash(self, scope: Scope, message: Message) -> Match | None:
        """The match of the path with a slash at its end, or without it."""
        routing: IndexedRouting = scope[ROUTER]
        path = normal_path(scope)
        if path == "/":
            return None
        other = path[:-1] if path.endswith("/") else path + "/"
        found = routing.route(message.method, other)
        if message.method == "HEAD" and (found is None or found.operation_id is None):
            found = routing.route("GET", other)
        return found

    def _with_other_slash(self, scope: Scope, message: Message) -> Match | None:
        """That match, for a client that is allowed mistakes."""
        if self.pipeline.leniency_for(message).validate == "strict":
            return None
        found = self._other_slash(scope, message)
        return found if found is not None and found.operation_id is not None else None

    def _base_path_hint(self, scope: Scope, message: Message) -> str:
        routing: IndexedRouting = scope[ROUTER]
        path = normal_path(scope)
        meant = routing.without_base_path(scope["method"], path)
        if meant is None:
            return ""
        contract = self.pipeline.contract
        bases = self._route_of(meant).operation.base_paths or contract.base_paths
        return f" The paths of this API begin with {' or '.join(bases[:3])}: try {bases[0]}{path}."

    def _other_method(self, method: str, match: Match, message: Message) -> Sent | Later:
        allow = ", ".join(allowed_methods(match.allowed))
        if method == "OPTIONS":
            return Sent(204, [(b"allow", allow.encode())])
        return self._unrouted(
            message,
            MethodNotAllowed(
                f"{method} is not allowed on {message.target}; allowed: {allow}.",
                headers={"allow": allow},
            ),
        )

    def _route(self, scope: Scope, method: str, default: Match) -> Match:
        routing: IndexedRouting = scope[ROUTER]
        found = routing.route(method, normal_path(scope))
        return default if found is None or found.operation_id is None else found


def joined(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Header values by name; repeated headers are joined with commas (RFC 9110, 5.2)."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in raw:
        values.setdefault(name, []).append(value)
    return {n.decode("latin-1"): b", ".join(v).decode("latin-1") for n, v in values.items()}


def allowed_methods(documented: tuple[str, ...]) -> list[str]:
    """The `Allow` header: the documented methods, HEAD wherever GET is, and OPTIONS."""
    found = {*documented, "OPTIONS"}
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Read the whole body.

    Raises TooLarge beyond `limit`, ConnectionResetError if the client disconnects midway.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise TooLarge(f"The body has more than {limit} bytes.")
    body = b""
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client disconnected during its request")
        body = message.get("body", b"")
        size += len(body)
        if size > limit:
            raise TooLarge(f"The body has more than {limit} bytes.")
        more = message.get("more_body", False)
        if more or chunks:
            chunks.append(body)
    return b"".join(chunks) if chunks else body


async def from_elsewhere(work: Coroutine[Any, Any, Sent], scope: Scope) -> Sent:
    """A deferred response: awaited in its own task, which timeouts need, or for an in-process
    caller without an event loop, in a thread."""
    if APPLY_TROUBLE not in scope:
        return await asyncio.create_task(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def send_reply(sent: Sent, scope: Scope, send: Send) -> None:
    """Send the reply. HEAD gets headers only; 204 and 304 have no body and no length, and a
    documented HEAD tells none: its length would be that of the GET (RFC 9110, 8.6)."""
    if sent.trouble is not None and await apply_trouble(sent, scope, send):
        return
    body = b"" if scope["method"] == "HEAD" else sent.body
    unsized = sent.status in (204, 304) or (scope["method"] == "HEAD" and not sent.body)
    if send_whole(sent, send, body, unsized=unsized):
        return
    headers = list(sent.headers)
    if not unsized:
        headers.append((b"content-length", str(len(sent.body)).encode()))
    await send({"type": "http.response.start", "status": sent.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Projection(OpenAPISpecification):  # type: ignore[misc]
    """The document that Connexion routes by. Tests validate it, not every start."""

    def __init__(self, raw_spec: dict[str, Any], *, base_uri: str = "") -> None:
        # Only we use it, and it has no references: copies of thousands of paths would take seconds.
        self._raw_spec = self._spec = raw_spec
        self._base_uri = base_uri

    @classmethod
    def _validate_spec(cls, spec: dict[str, Any]) -> None:
        pass


def build_app(
    pipeline: Responder,
    *middlewares: Any,
    max_body: int = MAX_BODY,
    strict_base_path: bool = False,
    unrouted: Unrouted | None = None,
    look_ahead: LookAhead | None = None,
) -> ASGIApp:
    """Connexion around our endpoint; `middlewares` (outermost first) run before routing.

    `unrouted` handles requests that match no operation, instead of the pipeline's refusal.
    """
    endpoint = Endpoint(pipeline, max_body, unrouted, look_ahead)
    app = ConnexionMiddleware(endpoint, middlewares=[*middlewares, IndexedRouting])
    # Like `app.add_api`, which would also validate the document that we have just built.
    projection = routing_projection(pipeline.contract, strict_base_path=strict_base_path)
    app.apis.append(API(Projection(projection), base_path=None))
    asgi: ASGIApp = app
    return asgi
