"""Inheritance as a union: a base with a discriminator stands for the schemas that extend it.

Many documents define `Pet` with a discriminator and `Cat: {allOf: [Pet, ...]}`, and use `Pet` where
a cat is allowed. Here `Pet` becomes `anyOf: [Cat, Dog]` and the base itself is moved aside, so that
readers of a contract only have to handle unions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from mockserver.openapi.document import copied, join, pointer_of, reference_to
from mockserver.openapi.objects import objects, reference_in

PLACE = "x-base"
KIND = "x-kind-of"
"""Which value the discriminator has in an extension, by the name of the property."""
_AZURE = "x-ms-discriminator-value"
"""What names an extension in documents of Azure, whose Swagger 2 has no mapping."""
_MOST_CHILDREN = 30
"""With more than these a base is a root of all, which says little of what stands there."""


def with_choices(document: dict[str, Any]) -> dict[str, Any]:
    """The document with each inherited discriminator as a union; unchanged if it has none."""
    try:
        if b'"discriminator"' not in orjson.dumps(document):
            return document
    except TypeError:
        return document  # Values that aren't JSON are rejected later, with their place.
    bases = _bases(document)
    if not bases:
        return document
    changed: dict[str, Any] = copied(document)
    schemas = changed["components"]["schemas"]
    aside = changed.setdefault(PLACE, {})
    moved = {_at(base): reference_to(join("#", PLACE, base)) for base in bases}
    for _, kind, node in list(objects(changed)):
        if kind == "schema" and isinstance(node.get("allOf"), list):
            for part in node["allOf"]:
                reference = reference_in(part)
                if reference is not None and pointer_of(reference) in moved:
                    part["$ref"] = moved[pointer_of(reference)]
    for base, children in bases.items():
        aside[base] = schemas[base]
        named = {child: schemas[child].get(_AZURE) for child in children}
        schemas[base] = _choice(base, schemas[base], named, moved[_at(base)])
        _tell_kinds(schemas, children, schemas[base]["discriminator"])
        del aside[base]["discriminator"]
    return changed


def _tell_kinds(schemas: Mapping[str, Any], children: list[str], tag: Mapping[str, Any]) -> None:
    """Note in each extension what its discriminator says where it stands by itself: a mate that is
    an owl is of the kind `owl`, which only the base lists."""
    for value, target in tag["mapping"].items():
        name = next(
            (child for child in children if target in (child, reference_to(_at(child)))), ""
        )
        if name:
            schemas[name].setdefault(KIND, {}).setdefault(tag["propertyName"], value)


def _at(name: str) -> str:
    return join("#/components/schemas", name)


def _bases(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """The schemas with a discriminator and no union of their own, with their extensions."""
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    if not isinstance(schemas, Mapping):
        return {}
    extended: dict[str, list[str]] = {}
    for name, schema in schemas.items():
        for base in _extends(schema):
            extended.setdefault(base, []).append(name)
    found = {}
    for name, schema in schemas.items():
        tag = schema.get("discriminator") if isinstance(schema, Mapping) else None
        if not isinstance(tag, Mapping) or not isinstance(tag.get("propertyName"), str):
            continue
        if schema.keys() & {"oneOf", "anyOf"}:
            continue
        children = _descendants(name, extended)
        # A single extension is the same resource in responses: NewPet, and Pet with its id.
        several = len(extended.get(name, ())) > 1 or isinstance(tag.get("mapping"), Mapping)
        if children and several and len(children) <= _MOST_CHILDREN:
            found[name] = children
    return found


def _extends(schema: Any) -> Iterator[str]:
    parts = schema.get("allOf") if isinstance(schema, Mapping) else None
    for part in parts if isinstance(parts, list) else ():
        reference = reference_in(part)
        if reference is not None and reference.startswith("#/components/schemas/"):
            pointer = pointer_of(reference)
            if pointer.count("/") == 3:
                yield pointer.rsplit("/", 1)[-1].replace("~1", "/").replace("~0", "~")


def _descendants(name: str, extended: Mapping[str, list[str]]) -> list[str]:
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        for child in extended.get(waiting.pop(), ()):
            if child not in found and child != name:
                found[child] = None
                waiting.append(child)
    return list(found)


def _listed(schema: Mapping[str, Any], name: str) -> list[str]:
    """The enum values of a base's discriminator."""
    properties = schema.get("properties")
    own = properties.get(name) if isinstance(properties, Mapping) else None
    values = own.get("enum") if isinstance(own, Mapping) else None
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _choice(
    base: str, schema: Mapping[str, Any], children: Mapping[str, Any], aside: str
) -> dict[str, Any]:
    """The union of the children, each with the value that names it beside its own name, if any."""
    tag = schema["discriminator"]
    name = tag["propertyName"]
    mapping = tag.get("mapping")
    mapping = dict(mapping) if isinstance(mapping, Mapping) else {}
    own = [word for word, target in mapping.items() if target in (base, reference_to(_at(base)))]
    for word in own:
        mapping[word] = aside
    targets = [reference_to(_at(child)) for child in children]
    # A base without a required discriminator, or with a value of its own, is concrete.
    for child, value in children.items():
        if isinstance(value, str):
            mapping.setdefault(value, reference_to(_at(child)))
        if not {child, reference_to(_at(child))} & {str(target) for target in mapping.values()}:
            mapping.setdefault(child, reference_to(_at(child)))
    needed = schema.get("required")
    others = [word for word in _listed(schema, name) if word not in mapping]
    mapping.update(dict.fromkeys(others, aside))
    if own or others or not (isinstance(needed, list) and name in needed):
        mapping.setdefault(base, aside)
        targets.append(aside)
    kept = {k: v for k, v in schema.items() if k in ("title", "description", "nullable", "xml")}
    kept |= {k: v for k, v in schema.items() if k.startswith("x-")}
    return {
        **kept,
        # An extension of a child is a kind of that child, too.
        "anyOf": [{"$ref": target} for target in targets],
        "discriminator": {**tag, "mapping": mapping},
    }
