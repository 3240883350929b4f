"""The errors of mockserver, one tree:

MockServerError
├── UsageError              a wrong option, a port in use, an unreadable file: one line, exit 2
│   └── MissingExtra        an optional dependency is not installed
├── ContractError           the OpenAPI document can't be used
│   └── DanglingReference   what a `$ref` of it names is not there
├── PlanError               an override or a handlers file does not fit the document
├── StoreError              state can't be read, written or restored
│   └── StoreUnavailable    the store does not answer: 503, and again later
├── Stale                   another request changed the world first: the same again
├── ReplyError              the mock would break its own contract: 500, with the reason
└── Refusal                 what a request is refused with; HTTP only in `engine.dialects`
    ├── BadRequest          400
    ├── Unauthenticated     401
    ├── PaymentRequired     402
    ├── Forbidden           403
    ├── NotFound            404
    ├── MethodNotAllowed    405
    ├── NotAcceptable       406
    ├── Conflict            409
    ├── PreconditionFailed  412
    ├── TooLarge            413
    ├── UnsupportedMedia    415
    ├── Invalid             422, with violations
    ├── PreconditionRequired 428
    ├── RateLimited         429
    └── HeadersTooLarge     431
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mockserver.openapi.model import Violation


class MockServerError(Exception):
    """Everything that mockserver raises on purpose."""


class UsageError(MockServerError):
    """What the user typed can't be done; the text says what, where and what to do."""


class MissingExtra(UsageError):
    """An optional dependency is missing; the text names the pip line that adds it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional dependency: pip install 'mockserver[{extra}]'")


class ContractError(MockServerError):
    """The document can't be used.

    `where` is a JSON pointer into it, or empty.
    """

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(f"{message} (at {where})" if where else message)
        self.where = where


class DanglingReference(ContractError):
    """A reference leads nowhere; `reference` is the JSON pointer that it names."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"the reference {reference} leads nowhere")
        self.reference = reference


class PlanError(MockServerError):
    """An override or a handler does not fit the document."""


class StoreError(MockServerError):
    """State can't be read, written or restored."""


class StoreUnavailable(StoreError):
    """The store does not answer. Whether a commit under way was kept is not known."""


class Stale(MockServerError):
    """The world has changed since the transaction began: nothing was kept, do it all again."""


class ReplyError(MockServerError):
    """A reply that would break the contract; the client gets 500 and the reason."""


class Refusal(MockServerError):
    """A request is refused. A dialect turns it into the vendor's body.

    `code` is the machine-readable word (a dialect has a default for each kind),
    `headers` are sent along, `instance` is the URI that was asked for. `body` is what a standard
    has for it where the document describes no such response. What a handler has written before is
    undone, unless it says `keeps_writes`.
    """

    status: ClassVar[int] = 400
    keeps_writes = False
    instance = ""
    body: Any = None

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        violations: Sequence[Violation] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.headers = dict(headers or {})
        self.violations = tuple(violations)


class BadRequest(Refusal):
    status = 400


class Unauthenticated(Refusal):
    """`hint` says which credential would do, for a person; vendors do not say so."""

    status = 401
    hint = ""


class PaymentRequired(Refusal):
    status = 402


class Forbidden(Refusal):
    status = 403


class NotFound(Refusal):
    status = 404


class MethodNotAllowed(Refusal):
    status = 405


class NotAcceptable(Refusal):
    status = 406


class Conflict(Refusal):
    status = 409


class PreconditionFailed(Refusal):
    status = 412


class TooLarge(Refusal):
    status = 413


class UnsupportedMedia(Refusal):
    status = 415


class Invalid(Refusal):
    """The request does not fit the contract; `violations` say where and why."""

    status = 422


class PreconditionRequired(Refusal):
    status = 428


class RateLimited(Refusal):
    status = 429


class HeadersTooLarge(Refusal):
    status = 431
