"""Two common envelopes: `{error: {code, message, fields}}` and RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.error_formats.base import (
    answer,
    code_of,
    dotted,
    fault_text,
    message_of,
    place_of,
    reason_of,
    request_id_of,
    title_of,
)
from mockserver.engine.messages import Reply
from mockserver.errors import Invalid, Refusal
from mockserver.openapi.media_types import essence
from mockserver.openapi.model import Operation, Violation

_CODES: dict[int, str] = {401: "unauthorized"}


class EnvelopeDialect:
    """`{"error": {"code", "message", "fields"?}, "request_id"?}`.

    A request that doesn't fit its schema is a 400 `validation_failed`; `fields` maps each place to
    its violation. `codes` are the error codes of statuses that differ from the defaults.
    """

    def __init__(self, codes: Mapping[int, str] | None = None) -> None:
        self._codes = {**_CODES, **(codes or {})}

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply:
        status = 400 if isinstance(refusal, Invalid) else refusal.status
        code = refusal.code or self._codes.get(refusal.status) or code_of(refusal)
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


class ProblemDialect:
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
