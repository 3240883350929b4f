"""Refusals that follow the document's own error schema of the status."""

from __future__ import annotations

from typing import Any

from mockserver.engine.error_formats.base import (
    Dialect,
    answer,
    code_of,
    invalid_status,
    reason_of,
    request_id_of,
)
from mockserver.engine.error_formats.fastapi import words_of
from mockserver.engine.error_formats.problem import ProblemDialect, is_problem, problem
from mockserver.engine.error_formats.property_roles import Facts, Recogniser
from mockserver.engine.generation.values import Values
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.randomness import Dice
from mockserver.errors import Invalid, Refusal, ReplyError
from mockserver.openapi.media_types import is_json_or_any, is_xml
from mockserver.openapi.model import Contract, MediaType, Operation, Response
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.openapi.schemas.validators import Validators

_MOST_VIOLATIONS = 200


class SchemaDialect:
    """Fills the documented schema of a status: recognised properties by name, required ones in any
    case.

    An undocumented status uses the schema that all errors of the document share, else `otherwise`,
    which is RFC 9457 by default.
    """

    def __init__(
        self, contract: Contract, validators: Validators, otherwise: Dialect | None = None
    ) -> None:
        self._values = Values(contract, validators)
        self._recogniser = Recogniser(self._values.schemas, words_of(contract))
        self._otherwise = otherwise if otherwise is not None else ProblemDialect()
        self._usual = _only_one(contract, self._values.schemas)

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply:
        status = _status(refusal, operation)
        response = operation.response_for(status) if operation is not None else None
        if response is None or operation is None:
            if self._usual is None:
                return self._otherwise.reply(refusal, operation)
            media = self._usual
        elif not response.content:
            return answer(status, NO_BODY, refusal)
        else:
            media = _preferred(response)
        written = is_json_or_any(media.name) or is_xml(media.name)
        if not written or (media.pointer is None and is_xml(media.name)):
            return answer(status, reason_of(refusal).encode(), refusal, media.name)
        facts = Facts(
            status=status,
            code=code_of(refusal),
            message=reason_of(refusal),
            violations=refusal.violations[:_MOST_VIOLATIONS],
            path=refusal.instance or (operation.path if operation is not None else ""),
            request_id=request_id_of(refusal),
        )
        if is_problem(media.name) and not self._is_described(media):
            return answer(status, problem(refusal, status), refusal, media.name)
        if media.pointer is None:
            body = self._otherwise.reply(refusal, operation).body
            return answer(status, body, refusal, media.name)
        return answer(status, self._body(media, facts), refusal, media.name)

    def _is_described(self, media: MediaType) -> bool:
        """Whether the schema describes its contents."""
        if media.pointer is None:
            return False
        flat = self._values.schemas.flat_at(media.pointer)
        return bool(flat.properties or flat.choices)

    def _body(self, media: MediaType, facts: Facts) -> Any:
        pointer = media.pointer or ""
        known = self._recogniser.body(self._values.schemas.at(pointer), facts)
        check = self._values.check(pointer)
        if check.is_valid(known):
            return known
        try:
            return self._values.make(pointer, Dice(0, "refusal", pointer), known, mode="bare")
        except ReplyError:
            # The finisher reports what is wrong with it.
            return known


def _status(refusal: Refusal, operation: Operation | None) -> int:
    if not isinstance(refusal, Invalid):
        return refusal.status
    status = invalid_status(operation)
    only_media = all(violation.keyword == "media_type" for violation in refusal.violations)
    if refusal.violations and only_media and operation is not None and 415 in operation.documented:
        return 415
    return status


def _only_one(contract: Contract, schemas: Schemas) -> MediaType | None:
    """The schema and media type that all documented refusals in JSON share."""
    found: dict[tuple[str, str], MediaType] = {}
    for operation in contract.operations:
        for status, response in operation.responses.items():
            if status[:1] in ("4", "d") and response.content:
                media = _preferred(response)
                if not is_json_or_any(media.name):
                    continue
                if media.pointer is None:
                    return None
                found[media.name, schemas.canonical(media.pointer)] = media
    return next(iter(found.values())) if len(found) == 1 else None


def _preferred(response: Response) -> MediaType:
    """A JSON media type, else the first."""
    for media in response.content.values():
        if is_json_or_any(media.name):
            return media
    return next(iter(response.content.values()))
