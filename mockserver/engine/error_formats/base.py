"""What all error formats share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from mockserver.engine.messages import Reply
from mockserver.errors import Invalid, Refusal
from mockserver.openapi.media_types import essence
from mockserver.openapi.model import Operation, Violation


class ErrorFormat(Protocol):
    """How a vendor formats a refusal."""

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply: ...


_MOST_LISTED = 5
_LONGEST_LISTED = 300
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
    """The error code of a refusal."""
    return refusal.code or _WORDS.get(refusal.means or refusal.status, _WORDS[400])[0]


def message_of(refusal: Refusal) -> str:
    """The message of a refusal."""
    return refusal.message or _WORDS.get(refusal.means or refusal.status, _WORDS[400])[1]


def reason_of(refusal: Refusal) -> str:
    """The message of a refusal with all violations, for bodies with a single text: `body.name is
    required; query.limit must be at most 100`."""
    listed = [_described(violation) for violation in refusal.violations[:_MOST_LISTED]]
    left = len(refusal.violations) - len(listed)
    if left > 0:
        listed.append(f"and {left} more")
    return "; ".join(listed) or message_of(refusal)


def _described(violation: Violation) -> str:
    text = with_place(dotted(place_of(violation)), violation)
    return text if len(text) <= _LONGEST_LISTED else text[: _LONGEST_LISTED - 3] + "..."


def with_place(place: str, violation: Violation, between: str = " ") -> str:
    """A violation and its place: `name is required`, `body: the media type ...`."""
    # A message of the validator is a sentence of its own.
    own = violation.keyword not in _FAULTS and violation.keyword != "json"
    return f"{place}{': ' if own else between}{fault_text(violation)}"


def title_of(status: int) -> str:
    """The reason phrase of a status."""
    return _TITLES.get(status, "Error")


def request_id_of(refusal: Refusal) -> str:
    """The request id that is also sent as a header, if there is one."""
    for name, value in refusal.headers.items():
        if name.lower().endswith("request-id"):
            return value
    return ""


def dotted(where: tuple[str | int, ...]) -> str:
    """`body.items.0.id`."""
    return ".".join(map(str, where))


def place_of(violation: Violation) -> tuple[str | int, ...]:
    """The place of a violation. For invalid JSON the last step is a character offset and is left
    out."""
    return violation.where[:-1] if violation.keyword == "json" else violation.where


def fault_text(violation: Violation) -> str:
    """A violation for people, at most a line or two."""
    if violation.keyword == "json":
        return f"not JSON: {violation.message} at character {violation.where[-1]}"
    make = _FAULTS.get(violation.keyword)
    return make(violation.limit) if make is not None else violation.message


_FAULTS: dict[str, Callable[[Any], str]] = {
    "required": lambda limit: "is required",
    "additionalProperties": lambda limit: "is not allowed",
    "unevaluatedProperties": lambda limit: "is not allowed",
    "type": lambda limit: f"must be of type {_either(limit)}",
    "enum": lambda limit: f"must be one of {_either(limit)}",
    "const": lambda limit: f"must be {limit!r}",
    "format": lambda limit: f"must be a valid {limit}",
    "minLength": lambda limit: _at("least", limit, "character"),
    "maxLength": lambda limit: _at("most", limit, "character"),
    "minItems": lambda limit: _at("least", limit, "item"),
    "maxItems": lambda limit: _at("most", limit, "item"),
    "minProperties": lambda limit: _at("least", limit, "property", "properties"),
    "maxProperties": lambda limit: _at("most", limit, "property", "properties"),
    "minimum": lambda limit: f"must be at least {limit}",
    "maximum": lambda limit: f"must be at most {limit}",
    "exclusiveMinimum": lambda limit: f"must be more than {limit}",
    "exclusiveMaximum": lambda limit: f"must be less than {limit}",
    "multipleOf": lambda limit: f"must be a multiple of {limit}",
    "pattern": lambda limit: f"must match {limit}",
    "uniqueItems": lambda limit: "must not repeat an item",
    "anyOf": lambda limit: "fits none of the possible schemas" + _nearest(limit),
    "oneOf": lambda limit: "must fit exactly one of the possible schemas" + _nearest(limit),
    "not": lambda limit: "is excluded",
}


def _at(extreme: str, limit: Any, noun: str, several: str = "") -> str:
    return f"must have at {extreme} {limit} {noun if limit == 1 else several or f'{noun}s'}"


def _nearest(branches: Any) -> str:
    """What the branch with the fewest violations wants; "" if a value fits several branches."""
    if not isinstance(branches, tuple) or not branches or not all(branches):
        return ""
    few = min(branches, key=len)
    # The nearest of several with as many is a guess that misleads.
    if sum(len(one) == len(few) for one in branches) > 1:
        return ""
    # Parts of an `allOf` may want the same.
    named = dict.fromkeys(f"{dotted(place_of(one))} {fault_text(one)}" for one in few)
    return f" (the nearest: {'; '.join(list(named)[:_MOST_LISTED])})"


def _either(limit: Any) -> str:
    words = [str(word) for word in limit] if isinstance(limit, list) else [str(limit)]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def invalid_status(operation: Operation | None) -> int:
    """The status for a request that doesn't fit its schema: 422, or the documented 400."""
    if operation is not None and 422 not in operation.documented and 400 in operation.documented:
        return 400
    return 422


def answer(status: int, body: Any, refusal: Refusal, media_type: str = "") -> Reply:
    return Reply(status, body, dict(refusal.headers), media_type)


# Two common envelopes: `{error: {code, message, fields}}` and RFC 9457.

_CODES: dict[int, str] = {401: "unauthorized"}


class EnvelopeFormat:
    """`{"error": {"code", "message", "fields"?}, "request_id"?}`.

    A request that doesn't fit its schema is a 400 `validation_failed`; `fields` maps each place to
    its violation.
    """

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply:
        status = 400 if isinstance(refusal, Invalid) else refusal.status
        code = refusal.code or _CODES.get(refusal.status) or code_of(refusal)
        if refusal.violations and not refusal.code:
            code = "validation_failed"
        error: dict[str, Any] = {"code": code, "message": message_of(refusal)}
        if refusal.violations:
            error["fields"] = {
                _field(violation): fault_text(violation) for violation in refusal.violations
            }
        body: dict[str, Any] = {"error": error}
        request_id = request_id_of(refusal)
        if request_id:
            body["request_id"] = request_id
        return answer(status, body, refusal)


def _field(violation: Violation) -> str:
    """`config.scenario`, `limit`, or `body` for the whole body."""
    inside = place_of(violation)[1:]
    return dotted(inside) if inside else str(violation.where[0])


class ProblemFormat:
    """RFC 9457, `application/problem+json`, with violations under `errors`."""

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply:
        return answer(
            refusal.status, problem(refusal, refusal.status), refusal, "application/problem+json"
        )


def is_problem(media_type: str) -> bool:
    """Whether a media type stands for problem details."""
    return essence(media_type) == "application/problem+json"


def problem(refusal: Refusal, status: int) -> dict[str, Any]:
    """A refusal as problem details."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title_of(status),
        "status": status,
        "detail": reason_of(refusal),
    }
    if refusal.instance:
        body["instance"] = refusal.instance
    if refusal.code:
        body["code"] = refusal.code
    if refusal.violations:
        body["errors"] = [
            {"pointer": pointer(place_of(violation)), "detail": fault_text(violation)}
            for violation in refusal.violations
        ]
    return body


def pointer(where: tuple[str | int, ...]) -> str:
    """A place as a JSON pointer in a fragment: `#/body/items/0`."""
    tokens = (str(token).replace("~", "~0").replace("/", "~1") for token in where)
    return "#/" + "/".join(tokens)
