"""Keywords of schemas that were left empty: `type:` with nothing behind it, which YAML reads as
null.

No keyword of this list means anything with null, and no schema with one can be compiled. Whoever
left it empty said nothing with it, so it counts as absent; a property with nothing behind its name
is a property of any type. `mockserver check` tells where.
"""

from __future__ import annotations

from typing import Any

import orjson

from mockserver.openapi.document import copied, join
from mockserver.openapi.model import Note
from mockserver.openapi.objects import objects

_KEYWORDS = frozenset(
    (
        *("$ref", "type", "format", "items", "required", "enum", "allOf", "anyOf", "oneOf", "not"),
        *("properties", "patternProperties", "additionalProperties", "propertyNames", "contains"),
        *("prefixItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("multipleOf", "minLength", "maxLength", "minItems", "maxItems"),
        *("minProperties", "maxProperties", "discriminator"),
    )
)
_MAPS = ("properties", "patternProperties", "$defs")
_HOLDERS = ("media", "parameter", "header")
"""What has a `schema`."""
_WORDS = "{name!r} has nothing behind it; it is read as absent"


def without_empty_words(document: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """The document without schema keywords that are null, and where they were.

    It is the same document if there are none.
    """
    try:
        # Every start pays for this: most documents have no null at all.
        if b":null" not in orjson.dumps(document) or not _may_have(document):
            return document, []
    except TypeError:
        return document, []  # Values that aren't JSON are rejected later, with their place.
    changed: dict[str, Any] = copied(document)
    notes = []
    for pointer, kind, node in list(objects(changed)):
        if kind in _HOLDERS and "schema" in node and node["schema"] is None:
            del node["schema"]
            notes.append(Note(join(pointer, "schema"), _WORDS.format(name="schema")))
        if kind != "schema":
            continue
        for name in [name for name in _KEYWORDS & node.keys() if node[name] is None]:
            del node[name]
            notes.append(Note(join(pointer, name), _WORDS.format(name=name)))
        for name in _MAPS:
            parts = _mapping(node.get(name))
            for key in [key for key, part in parts.items() if part is None]:
                parts[key] = {}
                notes.append(Note(join(pointer, name, key), _WORDS.format(name=key)))
    return (changed, notes) if notes else (document, [])


def _may_have(document: dict[str, Any]) -> bool:
    """Whether any object has an empty keyword; an example that looks like a schema may, too."""
    stack: list[Any] = [document]
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            for name, item in value.items():
                if item is None and (name in _KEYWORDS or name == "schema"):
                    return True
                if name in _MAPS and isinstance(item, dict) and None in item.values():
                    return True
            stack.extend(value.values())
        elif isinstance(value, list):
            stack.extend(value)
    return False


def _mapping(parts: Any) -> dict[str, Any]:
    return parts if isinstance(parts, dict) else {}
