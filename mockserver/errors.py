"""The exceptions of mockserver, in one tree:

MockServerError
├── UsageError              a wrong option, a port in use, an unreadable file: one line, exit 2
│   └── MissingExtra        an optional dependency is not installed
├── ContractError           the OpenAPI document can't be used
│   └── DanglingReference   the target of a `$ref` is missing
├── PlanError               an override or a handlers file does not fit the document
├── StoreError              state can't be read, written or restored
│   └── StoreUnavailable    the store does not respond: 503, retry later
├── Stale                   another request changed the world first: retry the transaction
├── ReplyError              the mock would break its own contract: 500, with the reason
└── Refusal                 the request is refused; `engine.error_formats` renders it as HTTP
    ├── BadRequest          400
    ├── Unauthenticated     401
    ├── PaymentRequired     402
    ├── Forbidden           403
    ├── NotFound            404
    ├── MethodNotAllowed    405
    ├── NotAcceptable       406
    ├── Conflict            409
    ├── Gone                410
    ├── PreconditionFailed  412
    ├── TooLarge            413
    ├── TargetTooLong       414
    ├── UnsupportedMedia    415
    ├── Invalid             422, with violations
    ├── TooEarly            425
    ├── RateLimited         429
    └── HeadersTooLarge     431
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from mockserver.openapi.model import Violation


def did_you_mean(written: str, known: Iterable[str], most: int = 1) -> str:
    """`did you mean 'port'?`, with up to `most` similar names; "" if none is similar."""
    from difflib import get_close_matches  # seldom needed

    close = get_close_matches(written, list(known), most)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else ""


def nearest(written: str, known: Iterable[str], otherwise: str = "there is", most: int = 20) -> str:
    """The end of a message about an unknown name: `did you mean 'port'?`, or what there is."""
    names = list(known)
    listed = f"{otherwise} {', '.join(names[:most]) or 'none'}" if most else otherwise
    return did_you_mean(written, names) or listed


class MockServerError(Exception):
    """Base class of every exception that mockserver raises on purpose."""


class UsageError(MockServerError):
    """The user's input can't be used. The message states what is wrong, where, and what to do."""


class MissingExtra(UsageError):
    """An optional dependency is missing. The message names the `pip install` that adds it."""

    def __init__(self, what: str, extra: str) -> None:
        # Not on PyPI: without a slash, pip would look there for a package of this name.
        super().__init__(
            f"{what} needs an optional dependency: pip install '/PATH/TO/CLONE[{extra}]'"
        )


class ContractError(MockServerError):
    """The OpenAPI document can't be used.

    `where` is a JSON pointer into the document, or empty.
    """

    def __init__(self, message: str, where: str = "") -> None:
        super().__init__(f"{message} (at {where})" if where else message)
        self.where = where


class DanglingReference(ContractError):
    """The target of a `$ref` is missing; `reference` is its JSON pointer."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"the target of the reference {reference} is missing")
        self.reference = reference


class PlanError(MockServerError):
    """An override or a handlers file does not fit the document."""


class StoreError(MockServerError):
    """State can't be read, written or restored."""


class StoreUnavailable(StoreError):
    """The store does not respond. A commit in progress may or may not have been applied."""


class Stale(MockServerError):
    """The world changed since the transaction began. Nothing was written; retry the transaction."""


class ReplyError(MockServerError):
    """The reply would break the contract. The client gets 500 and the reason."""


class Refusal(MockServerError):
    """A refused request. The API's error format renders it as an error response.

    `code` is the machine-readable error code (each error format has defaults), `headers` are added
    to the response, `instance` is the requested URI, and `body` is a standard body for when the
    document describes no such response. Writes of the handler are rolled back unless `keeps_writes`
    is set.
    """

    status: ClassVar[int] = 400
    means: ClassVar[int] = 0
    """The status of HTTP that it stands for, if the document has a number of its own."""
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
    """`hint` describes an accepted credential, for people; vendors' bodies omit it."""

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


class Gone(Refusal):
    status = 410


class PreconditionFailed(Refusal):
    status = 412


class TooLarge(Refusal):
    status = 413


class TargetTooLong(Refusal):
    status = 414


class UnsupportedMedia(Refusal):
    status = 415


class Invalid(Refusal):
    """The request violates the contract; `violations` list where and why."""

    status = 422


class TooEarly(Refusal):
    status = 425


class RateLimited(Refusal):
    status = 429


class HeadersTooLarge(Refusal):
    status = 431
