"""References by a name (`#pet`, of a schema that says `$anchor: pet`) as references by place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from mockserver.contract.document import join

# Keywords whose value is data, and keywords whose value maps names that mean nothing by themselves.
DATA = frozenset(("const", "default", "enum", "example", "examples"))
MAPS = frozenset(("properties", "patternProperties", "schemas", "$defs"))
_WORDS = ("$anchor", "$dynamicAnchor")


def anchors_of(document: Any) -> dict[str, str]:
    """The pointer (`#/...`) of each schema that has an anchor, by its name; the first of each."""
    found: dict[str, str] = {}
    for path, node in _nodes(document):
        for word in _WORDS:
            name = node.get(word)
            if isinstance(name, str):
                found.setdefault(name, join("#", *path))
    return found


def without_anchors(document: dict[str, Any]) -> dict[str, Any]:
    """The document, its references to its own anchors changed into pointers."""
    try:
        # Far quicker than to walk through a document that has none, as most.
        if b'nchor":' not in orjson.dumps(document):
            return document
    except TypeError:
        pass  # dates as keys, and such
    changed: dict[str, Any] = by_place(document, anchors_of(document))
    return changed


def by_place(document: Any, anchors: Mapping[str, str]) -> Any:
    """The document, its references to these anchors changed into pointers; the very same one if
    it has no anchors."""
    return _changed(document, anchors, names=False) if anchors else document


def _changed(node: Any, anchors: Mapping[str, str], *, names: bool) -> Any:
    if isinstance(node, list):
        return [_changed(item, anchors, names=False) for item in node]
    if not isinstance(node, Mapping):
        return node
    found: dict[str, Any] = {}
    for key, item in node.items():
        if not names and key == "$ref" and isinstance(item, str):
            found[key] = anchors.get(item[1:], item) if item.startswith("#") else item
        elif names or key not in DATA:
            found[key] = _changed(item, anchors, names=key in MAPS and not names)
        else:
            found[key] = item
    return found


def _nodes(document: Any) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Every object that may be a schema, with its path."""
    stack: list[tuple[tuple[str | int, ...], Any, bool]] = [((), document, False)]
    while stack:
        path, node, names = stack.pop()
        if isinstance(node, list):
            stack.extend(((*path, n), item, False) for n, item in enumerate(node))
        elif isinstance(node, Mapping):
            if not names:
                yield path, node
            stack.extend(
                ((*path, key), item, key in MAPS and not names)
                for key, item in node.items()
                if isinstance(item, dict | list) and (names or key not in DATA)
            )
