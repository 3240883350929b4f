"""A document completed by fields that a real server's replies have and the document lacks."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from mockserver.openapi.document import find, resolve
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Contract, Json, Operation

ITEM = "*"
"""Stands for every element in a place."""
_DEEPEST = 20


def schemas_of_success(operation: Operation) -> list[str]:
    """The pointers of the schemas of successful JSON replies."""
    return [
        media.pointer
        for status, response in operation.responses.items()
        if status.startswith("2")
        for media in response.content.values()
        if is_json(media.name) and media.pointer
    ]


def schema_at(document: Mapping[str, Any], pointer: str, place: Iterable[str]) -> Any:
    """The schema at a place within a schema, as it is in the document; None if there is none."""
    schema, _ = resolve(document, find(document, pointer), pointer)
    for step in place:
        schema = _inner(document, schema, step)
        if schema is None:
            return None
    return schema


def completed(
    document: Mapping[str, Any], contract: Contract, fields: Mapping[str, Mapping[str, Json]]
) -> dict[str, Any]:
    """The document with more fields in the schemas of successful replies.

    `fields` are schemas by operation and dotted place, each of a field that is always there. One
    without a type is added to what the document says of a field that it has. What has no place in
    the document is left out.
    """
    whole = copy.deepcopy(dict(document))
    for operation_id, places in fields.items():
        pointers = schemas_of_success(contract.by_id[operation_id])
        # A field that has fields comes before them.
        for pointer, (place, schema) in product(pointers, sorted(places.items())):
            *above, name = place.split(".")
            holder = schema_at(whole, pointer, above)
            if isinstance(holder, dict):
                _add(_object_in(whole, holder), name, schema)
    return whole


def _add(holder: dict[str, Any], name: str, schema: Mapping[str, Json]) -> None:
    properties = holder.setdefault("properties", {})
    if name not in properties and "type" in schema:
        properties[name] = {**copy.deepcopy(dict(schema)), "readOnly": True}
    elif isinstance(properties.get(name), dict) and "$ref" not in properties[name]:
        properties[name] |= copy.deepcopy(dict(schema))
    if name in properties:
        holder["required"] = sorted({*holder.get("required", ()), name})


def _object_in(document: Mapping[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The part of a schema that has the properties."""
    for _ in range(_DEEPEST):
        if "properties" in schema:
            return schema
        parts = [_resolved(document, part) for part in _parts(schema)]
        inner = next((part for part in parts if _is_object(part)), None)
        if inner is None:
            return schema
        schema = inner
    return schema


def _inner(document: Mapping[str, Any], schema: Any, step: str, depth: int = 0) -> Any:
    """The schema of a property, or of the elements (`*`)."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    found = schema.get("items") if step == ITEM else (schema.get("properties") or {}).get(step)
    if found is not None:
        return _resolved(document, found)
    for part in _parts(schema):
        found = _inner(document, _resolved(document, part), step, depth + 1)
        if found is not None:
            return found
    return None


def _parts(schema: Mapping[str, Any]) -> Iterable[Any]:
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = schema.get(keyword)
        yield from branches if isinstance(branches, list) else ()


def _is_object(schema: Any) -> bool:
    return isinstance(schema, dict) and ("properties" in schema or schema.get("type") == "object")


def _resolved(document: Mapping[str, Any], schema: Any) -> Any:
    return resolve(document, schema, "#")[0]
