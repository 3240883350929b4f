"""The pipeline of a request: authenticate, validate, handle, validate the reply, commit, journal.

Routing happens before and sending after, both in the server.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from mockserver.engine.api import Api, Handler
from mockserver.engine.calibration import Rules, adapted, with_defaults
from mockserver.engine.error_formats import FastApiFormat, choose_error_format
from mockserver.engine.error_formats.base import dotted, fault_text, place_of
from mockserver.engine.faults import Injection, Trouble
from mockserver.engine.generation.headers import Headers
from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.values import Values
from mockserver.engine.leniency import STRICT, Leniency, preferred
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.pipeline.authentication import ANONYMOUS, Authenticator
from mockserver.engine.pipeline.exchange import (
    Exchange,
    Message,
    PipelineSettings,
    as_it_is,
    failure,
    no_journal,
    plain,
    raised_by,
    unavailable,
)
from mockserver.engine.pipeline.negotiation import Negotiator, Preference, has_choice
from mockserver.engine.pipeline.rate_limits import RateLimits, has_limits
from mockserver.engine.serialization import Finisher, Sent, document_refusal, sharpened
from mockserver.engine.stubs import Stub
from mockserver.engine.world import World
from mockserver.errors import (
    ContractError,
    Invalid,
    Refusal,
    ReplyError,
    Stale,
    StoreUnavailable,
    Unauthenticated,
)
from mockserver.inference.credential_model import Issuer
from mockserver.openapi.model import Contract, Operation, Violation
from mockserver.openapi.request.bodies import BodyReader, BodyValue
from mockserver.openapi.request.parameters import ParameterReader
from mockserver.openapi.schemas.validators import Validators
from mockserver.records import dataclass

__all__ = ["Exchange", "Message", "Pipeline", "PipelineSettings", "Steps", "no_journal"]

log = logging.getLogger("mockserver")
_NOT_URI = re.compile(r"[^!-~]|[<>\"{}|\\^`]")
NO_CONTENT = BodyValue(None, False, "", [])
VIOLATIONS = "X-Mock-Violations"
_LONGEST_HEADER = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """How the requests of one operation are processed, worked out at the first of them."""

    operation: Operation
    parameters: ParameterReader
    body: BodyReader | None
    rules: Rules | None
    issuer: Issuer | None
    negotiates: bool
    """Whether the reply depends on the media types that the client accepts."""
    counts: bool
    """Whether a reply says how many requests are left."""


def _as_uri(match: re.Match[str]) -> str:
    return quote(match[0], safe="")


class Pipeline:
    """The pipeline of one API. Thread-safe."""

    def __init__(
        self,
        contract: Contract,
        api: Api,
        handlers: Mapping[str, Handler],
        validators: Validators,
        settings: PipelineSettings,
    ) -> None:
        self.contract = contract
        self.api = api
        self.handlers = handlers
        self.settings = settings
        self.error_format = api.wire.error_format or choose_error_format(contract, validators)
        self.validators = validators
        self.authenticator = Authenticator(
            contract, settings.keys, api.wire.prefix, settings.issued, settings.tenant_of,
            closed=settings.closed,
        )  # fmt: skip
        values = Values(contract, validators)
        self.finish = Finisher(validators)
        self.preference = Preference(values)
        self.negotiator = Negotiator(values)
        self.rate_limits = RateLimits(Headers(values).admits, settings.faults)
        self.faults = settings.faults
        self.journal = settings.journal
        self._steps: dict[str, Steps] = {}

    def __call__(self, operation: Operation, message: Message) -> Sent:
        """Process a routed request."""
        steps = self._steps.get(operation.id) or self._work_out(operation)
        rules = steps.rules
        if rules is not None:
            message = replace(message, body=with_defaults(rules, message.body))
        exchange = Exchange(message, operation)
        try:
            while True:
                try:
                    exchange.sent = sent = self._answer(steps, message, exchange)
                    break
                except Stale:
                    message.tenant = None  # the world is another by now
                    continue  # the store waits a little, and gives up when it has to
        except Refusal as refusal:
            exchange.sent = sent = self._refused(exchange, operation, refusal)
        except (ReplyError, ContractError) as error:
            # An invalid schema is found on first use.
            exchange.sent = sent = self._fail(exchange, str(error))
        except StoreUnavailable as error:
            exchange.problem = str(error)
            exchange.sent = sent = unavailable(str(error))
        except (Exception, SystemExit) as error:
            # A handlers file may do anything, `sys.exit()` too: the server goes on.
            log.exception("%s %s failed", message.method, message.target)
            exchange.sent = sent = self._fail(exchange, *self._cause(operation, error))
        if rules is not None:
            exchange.sent = sent = adapted(rules, message.path_values, sent)
        if exchange.injection is not None:
            exchange.sent = sent = self.inject(operation, exchange, exchange.injection, sent)
        if steps.counts:
            now = exchange.now
            exchange.sent = sent = self.rate_limits.counted(operation, exchange.tenant, now, sent)
        self.journal(exchange)
        return sent

    def _refused(self, exchange: Exchange, operation: Operation, refusal: Refusal) -> Sent:
        """The reply to a refused request; the journal gets the reason."""
        exchange.violations, exchange.refused = refusal.violations, refusal.status
        if isinstance(refusal, Unauthenticated) and refusal.hint:
            exchange.problem = refusal.hint
            if self.api.wire.candid:
                refusal.message = refusal.hint
        elif not refusal.violations:
            exchange.problem = refusal.message
        return self.refuse(operation, refusal, exchange.message, exchange.now)

    def _answer(
        self, steps: Steps, message: Message, exchange: Exchange, handle: Handler | None = None
    ) -> Sent:
        """The reply that `handle`, by default `self.handle`, makes. Raises Refusal, ReplyError."""
        operation, settings, faults = steps.operation, self.settings, self.faults
        asks = "prefer" in message.headers
        leniency = self.leniency_for(message) if asks else settings.leniency
        body = NO_CONTENT if steps.body is None else self.read_body(steps, message, leniency)
        tenant = message.tenant or self.authenticate(operation, message, leniency)
        if tenant == ANONYMOUS and steps.issuer is not None:
            claimed = self.authenticator.claimed
            tenant = claimed(message.headers, body.value, steps.issuer) or tenant
        if exchange.tenant != tenant:  # not again when the transaction is repeated
            settings.admit(tenant)
            exchange.tenant = tenant
        exchange.faults_version = faults.version
        if faults.active and self.meet_faults(operation, tenant, exchange):
            return Sent(0)
        request = self.validate(steps, message, body, leniency)
        exchange.violations = request.violations
        with settings.begin(tenant, tenant == message.tenant) as world:
            exchange.now, world.leniency = world.now, leniency
            if faults.version != exchange.faults_version:
                raise Stale("there are other faults now")
            if self.api.settle(world):
                world.commit(by_time=True)
            stale = exchange.injection is not None and self._hide(world, exchange)
            try:
                stub = self.stub_for(tenant, request, exchange) if settings.stubs.active else None
                carry_out = stub.reply if stub is not None else handle or self.handle
                reply = carry_out(world, request)
                if tenant in settings.scenarios and operation.method == "POST":
                    exchange.problem = self.follow_scenario(world, reply)
                if self.api.wire.stamp is not None:
                    reply = self.stamp(reply, message)
                if request.violations:
                    self._warn(request, reply)
                finish = self.finish if exchange.stub is None else self.stubbed(exchange)
                sent = finish(operation, reply)
            except Exception as error:
                if isinstance(error, Refusal) and error.keeps_writes and not stale:
                    world.commit()
                self._check_forgivable(error, request, leniency)
                if isinstance(error, ReplyError):
                    exchange.problem = str(error)
                return self._stand_in(world, request, message)
            if not stale:
                if faults.active and faults.lagging:
                    faults.wrote(world, world.changes())
                world.commit()
        return sent

    def _check_forgivable(self, error: Exception, request: Request, leniency: Leniency) -> None:
        """Raises the error of a handler, unless a lenient mock responds all the same."""
        if isinstance(error, Refusal):
            if not leniency.forgives(error):
                raise error
        elif isinstance(error, ReplyError):
            if leniency.validate == "strict":
                raise error
        elif request.violations:
            # Even a lenient mock can't carry it out.
            raise _unfit(request.violations) from None
        else:
            raise error

    def _stand_in(self, world: World, request: Request, message: Message) -> Sent:
        """A success in place of a suppressed refusal or impossible reply; writes are undone."""

        def made(mode: Mode) -> Sent:
            known = self.api.named(world, request.operation, request.path)
            reply = self.stamp(self.preference.stand_in(world, request, mode, known), message)
            if request.violations:
                self._warn(request, reply)
            return self.finish(request.operation, reply, judged=mode != "loose")

        try:
            return made("rich")
        except ReplyError:
            return made("loose")

    def _hide(self, world: World, exchange: Exchange) -> bool:
        """Hide the latest writes from a read if a fault says so; returns whether it did."""
        injection = exchange.injection
        reads = exchange.message.method in ("GET", "HEAD")
        if injection is None or not injection.stale or not reads:
            return False
        self.faults.hide(world, injection.stale)
        return True

    def leniency_for(self, message: Message) -> Leniency:
        """The leniency for this request."""
        header = message.headers.get("prefer")
        return preferred(header, self.settings.leniency) if header else self.settings.leniency

    def _warn(self, request: Request, reply: Reply) -> None:
        """Report violations in the log and in a header of the reply."""
        faults = (f"{dotted(place_of(v))} {fault_text(v)}" for v in request.violations)
        text = "; ".join(faults)
        log.warning("%s does not fit the document: %s", request.operation.id, text)
        line = " ".join(text.split())
        cut = line if len(line) <= _LONGEST_HEADER else line[: _LONGEST_HEADER - 1] + "…"
        reply.headers[VIOLATIONS] = cut.encode("ascii", "replace").decode()

    def read_body(self, steps: Steps, message: Message, leniency: Leniency = STRICT) -> BodyValue:
        """Parse the body. Raises Invalid for malformed JSON, if the API reports that first."""
        if steps.body is None:
            return NO_CONTENT
        body = steps.body.read(message.headers, message.body)
        unreadable = bool(body.violations) and body.violations[0].keyword == "json"
        if self.api.wire.body_first and unreadable and leniency.validate == "strict":
            raise Invalid("The body is not valid JSON.", violations=body.violations)
        return body

    def admits(self, operation: Operation, path_values: Mapping[str, str]) -> bool:
        """Whether the path parameters fit their schemas."""
        found = self.steps(operation).parameters.read(path_values)
        return not any(violation.where[0] == "path" for violation in found.violations)

    def fits(self, operation: Operation, message: Message) -> bool:
        """Whether the whole request (credential, parameters, body) fits this operation."""
        steps = self.steps(operation)
        try:
            self.authenticate(operation, message, self.settings.leniency)
            self.validate(steps, message, self.read_body(steps, message))
        except (Refusal, ContractError):
            return False
        return True

    def authenticate(
        self, operation: Operation, message: Message, leniency: Leniency | None = None
    ) -> str:
        """The tenant. Raises Unauthenticated."""
        any_key = (leniency or self.leniency_for(message)).any_key
        try:
            return self.authenticator(operation, message.headers, message.query, any_key=any_key)
        except Unauthenticated as refusal:
            return self._tenant_instead(operation, message, refusal)

    def _tenant_instead(
        self, operation: Operation, message: Message, refusal: Unauthenticated
    ) -> str:
        """The tenant of a credential that was refused. Raises the refusal."""
        raise refusal

    def tenant_of(self, operation: Operation, message: Message) -> str | None:
        """The tenant; None if the request will fail before its world is needed."""
        try:
            return self.authenticate(operation, message)
        except Exception:
            return None  # `__call__` fails in the same way, and says so

    def meet_faults(self, operation: Operation, tenant: str, exchange: Exchange) -> bool:
        """Decide which faults apply to the request; returns whether one replaces it."""
        if exchange.injection is None:  # a retry of the same request keeps its faults
            looked = tenant == exchange.message.tenant
            with self.settings.begin(tenant, looked) as world:
                # Looking at the world has just updated the faults.
                exchange.faults_version = self.faults.version
                exchange.injection, exchange.now = self.faults.meet(operation.id, world), world.now
        return exchange.injection is not None and exchange.injection.instead

    def inject(
        self, operation: Operation, exchange: Exchange, injection: Injection, sent: Sent
    ) -> Sent:
        """The reply after fault injection; a reply that the fault defines is not adapted."""
        if injection.refusal is not None:
            exchange.problem = ""  # what was refused before is not what is sent
            reply = self.error_format.reply(injection.refusal, operation)
            self.preference.add_headers(operation, reply, exchange.now)
            reply = self.stamp(reply, exchange.message)
            try:
                sent = self.finish(operation, reply)
            except ReplyError:
                sent = plain(reply)
        return replace(sent, trouble=injection.trouble)

    def validate(
        self,
        steps: Steps,
        message: Message,
        body: BodyValue,
        leniency: Leniency = STRICT,
    ) -> Request:
        """Parse and validate everything. Raises Invalid with all violations, unless lenient."""
        headers = message.headers
        if self.api.shapes is not None and self.api.shapes.header in headers:
            headers = {n: v for n, v in headers.items() if n != self.api.shapes.header}
        values = steps.parameters.read(message.path_values, message.query, headers)
        violations: tuple[Violation, ...] = ()
        if values.violations or body.violations:
            violations = (*values.violations, *body.violations)
            if leniency.validate == "strict":
                raise _unfit(violations)
            for name, raw in message.path_values.items():
                values.path.setdefault(name, raw)
            if leniency.validate == "off":
                violations = ()
        return Request(
            steps.operation,
            values.path,
            values.query,
            values.header,
            values.cookie,
            body.value,
            body.present,
            body.media_type,
            headers,
            violations=violations,
            raw=message.body,
            raw_query=message.query,
        )

    def handle(self, world: World, request: Request) -> Reply:
        """The reply that the client prefers, else the API's.

        Raises a Refusal, and ReplyError for a handler that returns no Reply.
        """
        if "prefer" in request.headers:
            preferred = self.preference(world, request)
            if preferred is not None:
                return preferred
        name = request.operation.id
        negotiates = (self._steps.get(name) or self._work_out(request.operation)).negotiates
        if negotiates:
            self.negotiator.check(request)
        reply = self.handlers[name](world, request)
        if not isinstance(reply, Reply):
            raise ReplyError(
                f"the handler of {name} returned {type(reply).__name__}, not a Reply; "
                "return Reply(200, {...})"
            )
        return self.negotiator(world, request, reply) if negotiates else reply

    def follow_scenario(self, world: World, reply: Reply) -> str:
        """Apply the tenant's next scenario to the job that this reply started. Returns why that is
        impossible, or ""."""
        waiting = self.settings.scenarios[world.tenant]
        waiting.follow(self.api, world, reply)
        if not waiting.queue:
            del self.settings.scenarios[world.tenant]
        return waiting.passed_over

    def stamp(self, reply: Reply, message: Message) -> Reply:
        """The reply with the headers that this API adds to every one."""
        if self.api.wire.stamp is None:
            return reply
        return self.api.wire.stamp(reply, message.headers, next(self.settings.serials))

    def stub_for(self, tenant: str, request: Request, exchange: Exchange) -> Stub | None:
        """The stub for this request; the same one if the request is retried within the store."""
        if exchange.stub is None:
            exchange.stub = self.settings.stubs.find(tenant, request)
        return exchange.stub

    def stubbed(self, exchange: Exchange) -> Callable[[Operation, Reply], Sent]:
        """`finish` for a stub, which may break the contract and be late where it is meant to."""

        def finish(operation: Operation, reply: Reply) -> Sent:
            stub = exchange.stub
            try:
                sent = self.finish(operation, reply)
            except ReplyError as error:
                if stub is None or not stub.invalid:
                    raise
                exchange.problem = f"{stub.id} breaks the contract, as it is meant to: {error}"
                sent = as_it_is(reply)
            late = stub is not None and stub.delay
            return replace(sent, trouble=Trouble(late)) if late else sent

        return finish

    def refuse_unrouted(self, message: Message, refusal: Refusal) -> Sent:
        """Refuse a request that no operation matches."""
        exchange = Exchange(
            message, None, violations=refusal.violations, problem=refusal.message,
            refused=refusal.status,
        )  # fmt: skip
        exchange.sent = sent = self.refuse(None, refusal, message)
        self.journal(exchange)
        return sent

    def refuse(
        self, operation: Operation | None, refusal: Refusal, message: Message, now: int = 0
    ) -> Sent:
        """A refusal as bytes: the one place where errors become HTTP."""
        instance = refusal.instance = _NOT_URI.sub(_as_uri, message.target)
        if operation is None:
            return plain(self.stamp(self.error_format.reply(refusal, None), message))
        if refusal.body is not None and operation.response_for(refusal.status) is None:
            return plain(self.stamp(Reply(refusal.status, refusal.body, refusal.headers), message))
        try:
            if self.settings.undocumented == "nearest":
                if self.api.wire.candid and not isinstance(self.error_format, FastApiFormat):
                    refusal = sharpened(operation, refusal)
                adapted = document_refusal(operation, refusal, self.contract.invalid)
                if isinstance(adapted, Reply):
                    if adapted.body is not NO_BODY:
                        adapted = self.preference.success(operation, adapted.status)
                    return self.finish(operation, self.stamp(adapted, message))
                refusal = adapted
                refusal.instance = instance
            reply = self.stamp(self.error_format.reply(refusal, operation), message)
            self.preference.add_headers(operation, reply, now)
            return self.finish(operation, reply)
        except ReplyError as error:
            return failure(str(error))

    def _cause(self, operation: Operation, error: BaseException) -> tuple[str, str]:
        """The error, and the location in the handlers file if that failed."""
        handler = self.handlers.get(operation.id)
        if handler is None or handler is self.api.handlers.get(operation.id):
            return f"{type(error).__name__}: {error}", ""
        return raised_by(handler, error), f"The handler of {operation.id} failed"

    def _fail(self, exchange: Exchange, reason: str, title: str = "") -> Sent:
        exchange.problem = f"{title}: {reason}" if title else reason
        return failure(reason, title)

    def steps(self, operation: Operation) -> Steps:
        """What is known of an operation's requests before they come."""
        return self._steps.get(operation.id) or self._work_out(operation)

    def _work_out(self, operation: Operation) -> Steps:
        steps = self._steps[operation.id] = Steps(
            operation,
            ParameterReader(operation, self.validators),
            BodyReader(operation, self.validators) if operation.body is not None else None,
            self.settings.lock.get(operation.id),
            self.api.credentials.plan.issuers.get(operation.id),
            has_choice(operation),
            has_limits(operation),
        )
        return steps


def _unfit(violations: tuple[Violation, ...]) -> Invalid:
    return Invalid("The request does not fit the contract.", violations=violations)
