"""One real server behind the mock or the proxy. Requests are passed on unchanged, within limits."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import orjson
from starlette.types import ASGIApp

from mockserver.engine.error_formats.base import dotted, fault_text, place_of
from mockserver.engine.leniency import Leniency
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pipeline import VIOLATIONS, Exchange, Message
from mockserver.engine.pipeline.versions import Later, Responder
from mockserver.engine.serialization import Sent, json_sent
from mockserver.errors import ContractError, Invalid, PlanError, Refusal, ReplyError, UsageError
from mockserver.inference.words import bag
from mockserver.openapi.media_types import covers, essence, is_json
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.path_templates import chosen, matches, unknown
from mockserver.server.asgi.app import build_app
from mockserver.server.authorization import authorization_server
from mockserver.store.base import Transaction, transact

if TYPE_CHECKING:
    from mockserver.server.mock import Mock


SECONDS = 30.0
MOST_BYTES = 64 * 1024 * 1024
# Headers of one connection, or of a body that is not passed on unchanged.
_OWN = bag(
    "connection content-encoding content-length host keep-alive proxy-authenticate "
    "proxy-authorization te trailer transfer-encoding upgrade"
)


class UpstreamError(Exception):
    """The upstream has given no complete response. `status` is 502, or 504 where it took too
    long."""

    def __init__(self, message: str, status: int = 502) -> None:
        super().__init__(message)
        self.status = status

    def as_sent(self) -> Sent:
        """The response in place of the upstream's."""
        return json_sent({"error": str(self)}, self.status)


class Upstream:
    """The server at a URL, which stands for the document's own server.

    The complete response must arrive within `seconds`, and may have up to `most` bytes. Redirects
    are passed on, not followed.
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
    """The trusted certificates, cached: reading them takes longer than a request."""
    return httpx.create_ssl_context()


def is_passed_on(header: str) -> bool:
    """Whether a header (in lower case) is passed on."""
    return header not in _OWN and not header.startswith("x-mock-")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


# Pass-through: forward operations to a real server, as part of a mock or as a proxy.
#
# Forwarded requests and responses are validated against the document, and violations are noted. The
# mock adopts the entities in responses under the same ids. An id belongs to the side that created
# it.

log = logging.getLogger("mockserver")
_NOTED = Leniency(any_key=True, validate="warn")
_LONGEST_HEADER = 1000


class Passing:
    """The mock's pipeline, except for the operations that go upstream; for a proxy, all of them."""

    def __init__(
        self,
        mock: Mock,
        upstream: Upstream,
        passed: frozenset[str],
    ) -> None:
        self._mock = mock
        self._mocked: Responder = mock.pipeline
        self._primary = mock.primary
        self._upstream = upstream
        self._passed = passed
        self._whole = mock.options.proxy
        self._errors = mock.options.errors
        self.contract = self._mocked.contract
        self.api = self._mocked.api
        self.journal = self._mocked.journal
        self.leniency_for = self._mocked.leniency_for
        self.admits = self._mocked.admits
        self.fits = self._mocked.fits
        self.tenant_of = self._mocked.tenant_of
        self.refuse_unrouted = self._mocked.refuse_unrouted

    def __call__(self, operation: Operation, message: Message) -> Sent | Later:
        """The mock's response, or a deferred one from the upstream."""
        if operation.id not in self._passed:
            return self._mocked(operation, message)
        exchange = Exchange(message, operation, upstream=self._upstream.host)
        exchange.tenant = self._primary.authenticate(operation, message, _NOTED)
        request = self._judge_request(exchange, operation, message)
        if not self._whole and self._is_mocked(exchange, operation, request):
            return self._mocked(operation, message)
        return partial(self._pass, exchange)

    def unrouted(self, message: Message, refusal: Refusal) -> Sent | Later:
        """A request that the document does not have: a proxy forwards it and notes that."""
        exchange = Exchange(
            message, None, problem=str(refusal), upstream=self._upstream.host,
            refused=refusal.status,
        )  # fmt: skip
        return partial(self._pass, exchange)

    def _judge_request(
        self, exchange: Exchange, operation: Operation, message: Message
    ) -> Request | None:
        """Note violations; returns the request as far as it could be parsed."""
        try:
            steps = self._primary.steps(operation)
            body = self._primary.read_body(steps, message, _NOTED)
            request = self._primary.validate(steps, message, body, _NOTED)
        except Refusal as refusal:
            exchange.violations = refusal.violations
            return None
        except ContractError as error:
            exchange.problem = str(error)
            return None
        exchange.violations = request.violations
        return request

    def _is_mocked(self, exchange: Exchange, operation: Operation, request: Request | None) -> bool:
        """Whether the mock responds instead: by a stub, or because it created the entity."""
        if request is not None and self._mock.stubs.covers(exchange.tenant, request):
            return True
        values = exchange.message.path_values
        if not values:
            return False
        with self._mock.store.begin(exchange.tenant) as world:
            return self.api.owns(world, operation, values)

    async def _pass(self, exchange: Exchange, raw_path: bytes) -> Sent:
        """Request the upstream's response and validate it. For an event loop."""
        message, operation = exchange.message, exchange.operation
        faults = self._primary.faults
        refused = self._refusal(exchange) if self._errors else None
        if refused is not None:
            sent = refused
        elif (
            operation is not None
            and faults.active
            and self._primary.meet_faults(operation, exchange.tenant, exchange)
        ):
            sent = Sent(0)
        else:
            try:
                sent = await self._upstream.ask(message, self._path(operation, raw_path))
                sent = self._judge_response(exchange, sent)
            except UpstreamError as error:
                exchange.problem = str(error)
                log.warning("%s", error)
                sent = error.as_sent()
        if operation is not None and exchange.injection is not None:
            sent = self._primary.inject(operation, exchange, exchange.injection, sent)
        exchange.sent = sent
        self.journal(exchange)
        return sent

    def _refusal(self, exchange: Exchange) -> Sent | None:
        """The refusal of an invalid request, if violations are errors."""
        if exchange.operation is None:
            return json_sent({"error": exchange.problem}, 404)
        if exchange.violations:
            refusal = Invalid("The request does not fit.", violations=exchange.violations)
            return self._primary.refuse(exchange.operation, refusal, exchange.message)
        return None

    def _path(self, operation: Operation | None, raw: bytes) -> str:
        """The path at the upstream: below the document's base path, if its URL has no path."""
        path = raw.decode("latin-1")
        own = operation.base_paths if operation is not None else ()
        bases = [base for base in (*own, *self.contract.base_paths) if base.strip("/")]
        base = next((b for b in bases if path == b or path.startswith(b.rstrip("/") + "/")), "")
        below = path[len(base.rstrip("/")) :]
        if self._upstream.path:
            return below
        return (base or (bases[0] if bases and operation is not None else "")).rstrip("/") + below

    def _judge_response(self, exchange: Exchange, sent: Sent) -> Sent:
        """Note violations, and adopt the entities in the response."""
        problems = [exchange.problem] if exchange.problem else []
        operation = exchange.operation
        if operation is not None:
            body = NO_BODY
            sent.undocumented = operation.response_for(sent.status) is None
            try:
                body = _body_of(operation, sent)
                if exchange.message.method != "HEAD":
                    self._primary.finish(operation, _as_reply(sent, body))
            except (ReplyError, ContractError) as error:
                problems.append(f"the response of {self._upstream.host} does not fit: {error}")
            if not self._whole and 200 <= sent.status < 300:
                self._adopt(exchange, operation, body)
        exchange.problem = "; ".join(problems)
        if self._errors and problems and operation is not None:
            return UpstreamError(exchange.problem).as_sent()
        texts = [f"{dotted(place_of(v))} {fault_text(v)}" for v in exchange.violations]
        if texts or problems:
            line = " ".join("; ".join([*texts, *problems]).split())[:_LONGEST_HEADER]
            value = line.encode("ascii", "replace")
            sent.headers.append((VIOLATIONS.lower().encode(), value))
        return sent

    def _adopt(self, exchange: Exchange, operation: Operation, body: Any) -> None:
        """Add the entities in a response to the tenant's world."""

        def work(world: Transaction) -> None:
            if self.api.adopt(world, operation, exchange.message.path_values, body):
                world.commit()

        try:
            transact(self._mock.store, exchange.tenant, work)
        except Refusal as refusal:
            log.warning("what %s shows is not known to the mock: %s", operation.id, refusal)


def _body_of(operation: Operation, sent: Sent) -> Any:
    """The body as a JSON value or bytes; NO_BODY if there is none.

    Raises ReplyError if it does not match its media type, or has an undocumented one.
    """
    if not sent.body:
        return NO_BODY
    kind = next((v.decode("latin-1") for n, v in sent.headers if n == b"content-type"), "")
    response = operation.response_for(sent.status)
    known = [essence(name) for name in response.content] if response is not None else []
    if known and not any(covers(name, essence(kind)) for name in known):
        raise ReplyError(
            f"{operation.id} {sent.status}: {kind or 'no media type'} is not documented"
        )
    if not is_json(kind):
        return sent.body
    try:
        return orjson.loads(sent.body)
    except orjson.JSONDecodeError as error:
        raise ReplyError(f"{operation.id} {sent.status}: the body is not JSON: {error}") from None


def _as_reply(sent: Sent, body: Any) -> Reply:
    headers = {n.decode("latin-1"): v.decode("latin-1") for n, v in sent.headers}
    kind = headers.pop("content-type", "")
    return Reply(sent.status, body, headers, essence(kind))


def passed_operations(contract: Contract, table: Mapping[str, str]) -> frozenset[str]:
    """The operations that go upstream, by a table of patterns and `upstream` or `mock`.

    Raises PlanError for a pattern without matches, UsageError if nothing goes upstream.
    """
    operations = contract.operations
    for pattern in table:
        if not any(matches(operation, pattern) for operation in operations):
            raise PlanError(f"from: {unknown(pattern, operations)}")
    found = chosen(operations, table)
    passed = frozenset(name for name, source in found.items() if source == "upstream")
    if not passed:
        raise UsageError(
            "--upstream: no operation goes there; name some with --from-upstream, or in "
            'mockserver.toml: [operations.NAME] from = "upstream"'
        )
    return passed


def passing_app(mock: Mock, *middlewares: Any) -> ASGIApp:
    """The ASGI application of a mock with an upstream, or of a proxy.

    Raises PlanError and UsageError if it is unclear what goes upstream.
    """
    options = mock.options
    upstream = Upstream(options.upstream)
    if options.proxy:
        passing = Passing(mock, upstream, frozenset(mock.contract.by_id))
        return build_app(
            passing, *middlewares, max_body=options.max_body, unrouted=passing.unrouted
        )
    return build_app(
        Passing(mock, upstream, passed_operations(mock.contract, options.sources)),
        *middlewares,
        *authorization_server(mock),
        max_body=options.max_body,
        strict_base_path=options.strict_base_path,
    )
