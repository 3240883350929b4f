"""The branches of `oneOf` and `anyOf`: which suits a value, which is the simplest."""

from __future__ import annotations

from collections.abc import Mapping
from json import dumps
from typing import Any

from mockserver.contract.discriminators import names_of
from mockserver.contract.expressions import reader
from mockserver.contract.flat import ANY, Flat
from mockserver.contract.schemas import Schemas

_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": Mapping,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": (int, float),
    "boolean": bool,
}


def is_a(kind: str, value: Any) -> bool:
    """Whether a value is of a JSON Schema type (any number passes for an integer)."""
    return isinstance(value, _KINDS[kind]) and isinstance(value, bool) == (kind == "boolean")


def suits(flat: Flat, value: Any) -> bool:
    """Whether a default or an example is of the type that the schema asks for."""
    return not flat.types or any(is_a(kind, value) for kind in flat.types)


def is_null(flat: Flat) -> bool:
    """Whether the schema admits null alone."""
    return not flat.types and flat.nullable and flat.values == [None]


def may_be_null(schemas: Schemas, schema: Any) -> bool:
    """Whether null is among what the schema admits."""
    seen: set[int] = set()
    waiting = [schema]
    while waiting:
        schema = schemas.resolved(waiting.pop())
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        flat = schemas.flat(schema)
        if flat.choices:
            waiting.extend(flat.choices[0])
        elif flat.nullable or not flat.types or None in (flat.values or ()):
            return True
    return False


def weight(flat: Flat) -> int:
    """How much a value will bring with it."""
    if flat.choices:
        return 5
    kind = flat.types[0] if flat.types else ""
    return {"object": 4 + len(flat.required), "array": 3}.get(kind, 1)


def fit(schemas: Schemas, flat: Flat, known: Any) -> float:
    """How well a known value suits a schema; below 0 if it does not."""
    if flat.never:
        return -2
    if known is None:
        return 1 if flat.nullable or flat.values == [None] else -1
    if flat.values is not None:
        return 2 if known in flat.values else -1
    if flat.choices or not flat.types:
        return 0
    if not any(is_a(kind, known) for kind in flat.types):
        return -1
    if not isinstance(known, Mapping):
        return 1
    for name in known.keys() & flat.properties.keys():
        values = schemas.flat(flat.properties[name]).values
        if values is not None and known[name] not in values:
            return -1
    missing = len(flat.required.keys() - known.keys())
    strange = len(known.keys() - flat.properties.keys())
    return 1 + len(known) - strange - 2 * missing


def extra_schema(flat: Flat, key: str) -> Any:
    """The schema of a property that the schema does not name; False if there may be none."""
    for pattern, schema in flat.patterned.items():
        matches = reader(pattern)
        if matches is not None and matches(key):
            return schema
    if flat.extra is not None:
        return flat.extra
    return False if flat.closed else ANY


def mark(
    schemas: Schemas, tag: Mapping[str, Any], chosen: Flat, branch: Any, found: dict[str, Any]
) -> None:
    """Let the discriminator name the branch, as far as the branch admits that."""
    name = tag.get("propertyName")
    if not isinstance(name, str):
        return
    listed = schemas.flat(chosen.properties.get(name, ANY)).values
    fitting = [one for one in names_of(tag, branch) if listed is None or one in listed]
    if listed and not fitting:
        # A branch says itself what it is called, if it stands inline or has a name of its own.
        found.setdefault(name, listed[0])
    elif fitting and found.get(name) not in fitting:
        found[name] = fitting[0]


def ranked(schemas: Schemas, flat: Flat, branches: list[Any], known: Any) -> list[Any]:
    """The branches, what suits a known value best first; before all others what its
    discriminator names."""
    tag = flat.tag or {}
    name = tag.get("propertyName")
    said = known.get(name) if isinstance(known, Mapping) and isinstance(name, str) else None

    def rank(branch: Any) -> tuple[bool, float]:
        named = said is not None and said in names_of(tag, branch)
        return not named, -fit(schemas, schemas.choose(flat, branches, branch), known)

    return sorted(branches, key=rank)


def distinct(items: list[Any]) -> list[Any]:
    """The items without those that come a second time."""
    found: dict[tuple[type, str], Any] = {}
    for item in items:
        found.setdefault((type(item), dumps(item, sort_keys=True)), item)
    return list(found.values())
