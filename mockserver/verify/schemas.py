"""What the schemas of a document say, as the checks read them: references and null taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.errors import ContractError
from mockserver.openapi.document import resolve
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Contract, Operation

Schema = Mapping[str, Any]


def dereferenced(contract: Contract, schema: Any) -> Schema:
    """The schema that a reference leads to; {} if it is missing."""
    try:
        found, _ = resolve(contract.document, schema, "#")
    except ContractError:
        return {}
    return found if isinstance(found, Mapping) else {}


def properties(contract: Contract, schema: Schema) -> dict[str, Schema]:
    """The properties of an object, including its allOf, each resolved and without null."""
    found: dict[str, Schema] = {}
    for part in schema.get("allOf", ()):
        found |= properties(contract, dereferenced(contract, part))
    for name, value in (schema.get("properties") or {}).items():
        found[name] = solid(contract, value)
    return found


def required_of(contract: Contract, schema: Schema) -> set[str]:
    """The required properties of an object, including those of its allOf."""
    parts = (dereferenced(contract, part) for part in schema.get("allOf", ()))
    return set(schema.get("required", ())).union(*(required_of(contract, p) for p in parts))


def solid(contract: Contract, given: Any) -> Schema:
    """A schema without null: the first non-null branch of an anyOf or oneOf."""
    schema = dereferenced(contract, given)
    for word in ("anyOf", "oneOf"):
        branches = [dereferenced(contract, b) for b in schema.get(word, ())]
        solid_ones = [b for b in branches if b.get("type") != "null"]
        if solid_ones and "properties" not in schema:
            return {**solid(contract, solid_ones[0]), "x-null": len(solid_ones) < len(branches)}
    kind = schema.get("type")
    if isinstance(kind, list):
        rest = [k for k in kind if k != "null"]
        return {**schema, "type": rest[0] if rest else "null", "x-null": "null" in kind}
    if schema.get("nullable"):
        return {**schema, "x-null": True}
    return schema


def reply_schema(contract: Contract, operation: Operation) -> Schema | None:
    """The schema of an operation's successful JSON reply."""
    for status, response in sorted(operation.responses.items()):
        if status.startswith("2"):
            for name, media in response.content.items():
                if is_json(name) and media.schema is not None:
                    return dereferenced(contract, media.schema)
    return None


def body_schema(contract: Contract, operation: Operation) -> Schema | None:
    """The schema of an operation's JSON body."""
    for name, media in (operation.body.content if operation.body else {}).items():
        if is_json(name) and media.schema is not None:
            return dereferenced(contract, media.schema)
    return None


def inner(contract: Contract, schema: Schema, path: Sequence[str]) -> Schema:
    """The schema at a path of property names; {} if unknown."""
    for name in path:
        schema = properties(contract, schema).get(name, {})
    return schema
