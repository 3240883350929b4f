"""Refusals as a FastAPI application words them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Contract, Operation
from mockserver.engine.dialects.base import answer, code_of, invalid_status, message_of
from mockserver.engine.dialects.fastapi_words import Words
from mockserver.engine.messages import Reply
from mockserver.errors import Invalid, Refusal


class FastApiDialect:
    """422 is FastAPI's `detail` list; everything else an `{error, message}` pair.

    With `plain`, everything else is `{detail: text}`, as an application answers that
    has no handlers of its own.
    """

    def __init__(self, contract: Contract, *, plain: bool = False) -> None:
        self._words = words_of(contract)
        self._plain = plain

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply:
        if isinstance(refusal, Invalid):
            status = invalid_status(operation)
            if status == 422:
                return answer(422, {"detail": self._words.details(refusal)}, refusal)
            return answer(status, self._pair(refusal, "bad_request"), refusal)
        return answer(refusal.status, self._pair(refusal, code_of(refusal)), refusal)

    def _pair(self, refusal: Refusal, code: str) -> dict[str, Any]:
        if self._plain:
            return {"detail": message_of(refusal)}
        return {"error": code, "message": message_of(refusal)}


def words_of(contract: Contract) -> Words:
    """FastAPI's words, told which enums have a name in this document."""
    return Words(_component_schemas(contract.document))


def _component_schemas(document: Mapping[str, Any]) -> Mapping[str, Any]:
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    return schemas if isinstance(schemas, Mapping) else {}
