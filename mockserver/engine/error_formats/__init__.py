"""Error formats of vendors: each turns a refusal, with its violations, into a response."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from mockserver.engine.error_formats.base import EnvelopeFormat, ErrorFormat, ProblemFormat
from mockserver.engine.error_formats.fastapi import FastApiFormat
from mockserver.engine.error_formats.from_schema import SchemaFormat
from mockserver.errors import ContractError
from mockserver.openapi.model import Contract, MediaType
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.openapi.schemas.validators import Validators


def choose_error_format(contract: Contract, validators: Validators) -> ErrorFormat:
    """The error format that fits the document's own error schemas.

    If all have one known format, that one; else each schema is filled by itself, and the most
    frequent format is used where nothing is documented.
    """
    shapes = _shapes(contract, validators.schemas)
    if not shapes:
        return ProblemFormat()
    usual: dict[str, ErrorFormat] = {
        "fastapi": FastApiFormat(contract, plain=shapes["detail"] > shapes["pair"]),
        "pair": FastApiFormat(contract),
        "envelope": EnvelopeFormat(),
        "problem": ProblemFormat(),
    }
    if shapes["fastapi"] and (
        shapes.keys() <= {"fastapi", "pair"} or shapes.keys() <= {"fastapi", "detail"}
    ):
        return usual["fastapi"]
    commonest = "fastapi" if shapes["fastapi"] else shapes.most_common(1)[0][0]
    return SchemaFormat(contract, validators, usual.get(commonest, usual["problem"]))


def _shapes(contract: Contract, schemas: Schemas) -> Counter[str]:
    """How often each error format is documented."""
    known: dict[str, str] = {}
    found: Counter[str] = Counter()
    for operation in contract.operations:
        for status, response in operation.responses.items():
            if status[:1] not in ("4", "d"):
                continue
            for media in response.content.values():
                pointer = media.pointer or ""
                if pointer not in known:
                    known[pointer] = _shape(media, schemas)
                found[known[pointer]] += 1
    return found


def _shape(media: MediaType, schemas: Schemas) -> str:
    if media.name.lower().startswith("application/problem+json"):
        return "problem"
    if media.pointer is None:
        return "other"
    try:
        flat = schemas.flat_at(media.pointer)
        kinds = {name: _kind(schemas, schema) for name, schema in flat.properties.items()}
    except ContractError:
        return "other"
    if kinds == {"detail": "array"}:
        items = schemas.flat(schemas.flat(flat.properties["detail"]).arrays.items or {})
        return "fastapi" if {"loc", "msg", "type"} <= items.properties.keys() else "other"
    if kinds == {"detail": "string"}:
        return "detail"
    if kinds == {"error": "string", "message": "string"}:
        return "pair"
    return "envelope" if _is_envelope(kinds, flat.properties, schemas) else "other"


def _is_envelope(
    kinds: Mapping[str, str], properties: Mapping[str, object], schemas: Schemas
) -> bool:
    if kinds.get("error") != "object" or not kinds.keys() <= {"error", "request_id"}:
        return False
    return {"code", "message"} <= schemas.flat(properties["error"]).properties.keys()


def _kind(schemas: Schemas, schema: object) -> str:
    flat = schemas.flat(schema)
    return flat.types[0] if len(flat.types) == 1 else ""


__all__ = [
    "EnvelopeFormat",
    "ErrorFormat",
    "FastApiFormat",
    "ProblemFormat",
    "SchemaFormat",
    "choose_error_format",
]
