"""What all dialects share."""

from __future__ import annotations

from typing import Any, Protocol

from mockserver.contract.model import Operation
from mockserver.engine.messages import Reply
from mockserver.errors import Refusal


class Dialect(Protocol):
    """How a vendor words a refusal."""

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply: ...


_WORDS: dict[int, tuple[str, str]] = {
    400: ("bad_request", "The request can't be carried out."),
    401: ("authentication_required", "A valid API key is required."),
    402: ("payment_required", "The plan does not include this."),
    403: ("forbidden", "This is not allowed."),
    404: ("not_found", "There is no such resource."),
    405: ("method_not_allowed", "The method is not allowed here."),
    406: ("not_acceptable", "None of the accepted media types can be served."),
    409: ("conflict", "The resource is in a state that does not allow this."),
    412: ("precondition_failed", "A precondition does not hold."),
    413: ("payload_too_large", "The body is too large."),
    415: ("unsupported_media_type", "The media type of the body is not supported."),
    422: ("validation_failed", "The request does not fit its schema."),
    428: ("precondition_required", "The request must be conditional."),
    429: ("rate_limited", "There are too many requests."),
    431: ("headers_too_large", "The header fields are too large."),
}
_TITLES: dict[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
}


def code_of(refusal: Refusal) -> str:
    """The machine-readable word of a refusal."""
    return refusal.code or _WORDS.get(refusal.status, _WORDS[400])[0]


def message_of(refusal: Refusal) -> str:
    """The text of a refusal."""
    return refusal.message or _WORDS.get(refusal.status, _WORDS[400])[1]


def title_of(status: int) -> str:
    """The reason phrase of a status."""
    return _TITLES.get(status, "Error")


def dotted(where: tuple[str | int, ...]) -> str:
    """`body.items.0.id`."""
    return ".".join(map(str, where))


def answer(status: int, body: Any, refusal: Refusal, media_type: str = "") -> Reply:
    return Reply(status, body, dict(refusal.headers), media_type)
