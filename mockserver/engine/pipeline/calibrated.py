"""The pipeline of a mock that answers as a real server was seen to.

A request is carried out as the document says. Then the calibration file is asked whether
requests with its traits have another answer on the real side: a refusal undoes what was done, and
what was refused and should not be is carried out more leniently.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from mockserver.engine.api import Handler
from mockserver.engine.calibration import (
    HEADER,
    Answer,
    Traits,
    answer_for,
    as_header,
    coerced,
    filled,
    of_body,
    of_request,
    of_violation,
    of_violations,
    time_before,
    with_body,
)
from mockserver.engine.messages import Reply, Request
from mockserver.engine.pipeline import Exchange, Message, Pipeline, Steps
from mockserver.engine.pipeline.authentication import ANONYMOUS
from mockserver.engine.serialization import Sent, json_sent, refusal_of
from mockserver.engine.world import World
from mockserver.errors import (
    Conflict,
    Invalid,
    NotFound,
    PreconditionFailed,
    Refusal,
    Unauthenticated,
)
from mockserver.openapi.model import Operation

_LENIENTLY: tuple[tuple[type[Refusal], str], ...] = (
    (Invalid, "validate=warn, unknown-cursors=first-page"),
    (NotFound, "unknown-ids=always"),
    (Unauthenticated, "any-key=yes"),
    (Conflict, "conflicts=ignore"),
    (PreconditionFailed, "conflicts=ignore"),
)
"""By the kind of refusal, the `Prefer` header with which the request is carried out instead."""
TENANT = "x-mock-tenant"
_READS = ("GET", "HEAD")


class Learned(Refusal):
    """A refusal as the calibration file has it; `instead` is the mock's own, if there is one."""

    def __init__(self, answer: Answer, instead: Refusal | None) -> None:
        super().__init__(instead.message if instead else "")
        self.answer, self.instead = answer, instead


# For every request: without `super()`.
_answer, _refuse = Pipeline._answer, Pipeline.refuse


class CalibratedPipeline(Pipeline):
    """Like Pipeline, for operations without rules and requests that do not ask for their traits."""

    def _answer(
        self, steps: Steps, message: Message, exchange: Exchange, handle: Handler | None = None
    ) -> Sent:
        rules = steps.rules
        wanted = HEADER in message.headers
        if not wanted and (rules is None or not rules.answers):
            return _answer(self, steps, message, exchange, handle)
        operation = steps.operation
        if wanted:
            self._advance(operation, message)
        query = parse_qs(message.query.decode("latin-1"), keep_blank_values=True)
        traits = of_request(operation, query, message.body)
        try:
            sent = self._calibrated(steps, message, exchange, traits)
        except Refusal as refusal:
            if wanted:
                refusal.headers = {**refusal.headers, HEADER: as_header(traits)}
            raise
        if wanted:
            traits_header = (HEADER.encode(), as_header(traits).encode())
            sent = replace(sent, headers=[*sent.headers, traits_header])
        return sent

    def _advance(self, operation: Operation, message: Message) -> None:
        """Let the time pass that the request says comes before it, if its caller may move clocks.
        Raises BadRequest."""
        seconds = time_before(message.headers[HEADER])
        tenant = self.tenant_of(operation, message) if seconds else None
        if tenant is not None:
            self.settings.advance(message, tenant, seconds)

    def _calibrated(
        self, steps: Steps, message: Message, exchange: Exchange, traits: Traits
    ) -> Sent:
        operation = steps.operation
        try:
            sent = super()._answer(steps, message, exchange, partial(self._handle, traits))
            answer = answer_for(self._answers(operation), traits)
            return sent if answer is None else _given(answer, sent, message)
        except Learned:
            raise
        except Refusal as refusal:
            if "mock" not in traits:
                traits |= of_violations(refusal.violations)
                if isinstance(refusal, Unauthenticated):
                    traits["credential"] = "unknown" if self._has_key(message) else "absent"
                self._look(operation, message, exchange.tenant, traits)
            traits["mock"] = str(refusal.status)
            answer = answer_for(self._answers(operation), traits)
            if answer is None:
                raise
            if not 0 < answer.status < 400:
                raise Learned(answer, refusal) from None
            if answer.body is not None and operation.method in _READS:
                # To carry it out would make what is not there.
                return _given(answer, json_sent(None), message)
            try:
                sent = self._leniently(steps, message, exchange, refusal)
            except Refusal as other:
                # It fits now, and is refused for another reason.
                answer = answer_for(self._answers(operation), {**traits, "mock": str(other.status)})
                if answer is None or 0 < answer.status < 400:
                    raise
                raise Learned(answer, other) from None
            return _given(answer, sent, message)

    def _tenant_instead(
        self, operation: Operation, message: Message, refusal: Unauthenticated
    ) -> str:
        """Where the real server takes any credential, each is a tenant of its own; where it looks
        at none, all are one."""
        rules = self.settings.lock.get(operation.id)
        if rules is not None and rules.keys == "none":
            return message.headers.get(TENANT) or ANONYMOUS
        if rules is None or rules.keys != "any" or not self._has_key(message):
            raise refusal
        headers = {n: v for n, v in message.headers.items() if n != TENANT}
        tenant = self.authenticator(operation, headers, message.query, any_key=True)
        return " ".join(filter(None, (message.headers.get(TENANT), tenant)))

    def _handle(self, traits: Traits, world: World, request: Request) -> Reply:
        """The reply, unless the calibration file refuses what this world says of the request; adds
        to `traits`."""
        operation = request.operation
        traits |= self.api.traits(world, operation, request.path, request.body)
        try:
            reply = self.handle(world, request)
        except Refusal as refusal:
            traits["mock"] = str(refusal.status)
            raise
        traits["mock"] = str(reply.status)
        answer = answer_for(self._answers(operation), traits)
        if answer is not None and answer.status >= 400:
            raise Learned(answer, None)
        return reply

    def refuse(
        self, operation: Operation | None, refusal: Refusal, message: Message, now: int = 0
    ) -> Sent:
        if not isinstance(refusal, Learned) or operation is None:
            sent = _refuse(self, operation, refusal, message, now)
            traits = refusal.headers.get(HEADER)
            if traits is None or any(name == HEADER.encode() for name, _ in sent.headers):
                return sent
            # A refusal that the document expresses as a success.
            return replace(sent, headers=[*sent.headers, (HEADER.encode(), traits.encode())])
        answer = refusal.answer
        status = answer.status or (refusal.instead.status if refusal.instead else 400)
        own = refusal.instead
        if own is None or own.status != status:
            own = refusal_of(status, own)
        own.headers = {**own.headers, **refusal.headers}
        sent = super().refuse(operation, own, message, now)
        if answer.body is not None:
            own_parts = of_body(sent.body)[1]
            parts = own_parts if isinstance(own_parts, dict) else {}
            values = {**_values(message, now), **{f"mock.{name}": v for name, v in parts.items()}}
            values |= of_violation(refusal.instead.violations if refusal.instead else ())
            sent = with_body(sent, filled(answer.body, values))
        return replace(sent, status=status)

    def _answers(self, operation: Operation) -> Sequence[Answer]:
        rules = self.steps(operation).rules
        return rules.answers if rules is not None else ()

    def _has_key(self, message: Message) -> bool:
        """Whether a request has a credential of any kind."""
        components = self.contract.document.get("components") or {}
        schemes = (components.get("securitySchemes") or {}).values()
        names = {str(s.get("name", "")).lower() for s in schemes if isinstance(s, dict)}
        query = parse_qs(message.query.decode("latin-1").lower(), keep_blank_values=True)
        sent = message.headers.keys() | query.keys()
        return bool(sent & (names | {"authorization", "cookie"}))

    def _look(self, operation: Operation, message: Message, tenant: str, traits: Traits) -> None:
        """What the world says of a request that was refused before anybody looked."""
        if not tenant:
            return
        with self.settings.begin(tenant) as world:
            body = of_body(message.body)[1]
            traits |= self.api.traits(world, operation, message.path_values, body)

    def _leniently(
        self, steps: Steps, message: Message, exchange: Exchange, refusal: Refusal
    ) -> Sent:
        """Carry out what was refused; a value of another type is taken for what it can be."""
        body = message.body
        if refusal.violations and body:
            value = coerced(of_body(body)[1], refusal.violations)
            body = json.dumps(value).encode() if value is not None else body
        headers = {n: v for n, v in message.headers.items() if n != HEADER}
        prefer = ", ".join(how for kind, how in _LENIENTLY if isinstance(refusal, kind))
        if prefer:
            headers["prefer"] = prefer
        again = replace(message, body=body, headers=headers)
        return super()._answer(steps, again, exchange)


def _given(answer: Answer, sent: Sent, message: Message) -> Sent:
    """A success as the calibration file has it."""
    if answer.body is not None:
        sent = with_body(sent, filled(answer.body, _values(message)))
    return replace(sent, status=answer.status or sent.status)


def _values(message: Message, now: int = 0) -> dict[str, Any]:
    """What a template can say of a request, and of the instant."""
    found: dict[str, Any] = {"now": now or message.started // 1000, **message.path_values}
    found["request.path"] = message.target.partition("?")[0]
    query = parse_qs(message.query.decode("latin-1"), keep_blank_values=True)
    found |= {f"query.{name}": values[0] for name, values in query.items()}
    kind, body = of_body(message.body)
    if isinstance(body, dict):
        found |= {f"body.{n}": v for n, v in body.items() if isinstance(v, str)}
    if kind == "not JSON":
        found["body"] = message.body.decode("utf-8", "replace")
    else:
        found["body"] = body
    return found
