"""References by a name (`#pet`, of a schema that says `$anchor: pet`) as references by place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import orjson

from mockserver.contract.document import join
from mockserver.errors import ContractError

# Keywords whose value is data, and keywords whose value maps names that mean nothing by themselves:
# even `$ref` may be the name of a property, while it stands for the whole of `responses`.
_DATA = frozenset(("const", "default", "enum", "example", "examples"))
_MAPS = frozenset(("properties", "patternProperties", "schemas", "$defs"))
_PARTS = frozenset(
    ("responses", "parameters", "headers", "requestBodies", "pathItems", "callbacks", "links")
) | {"definitions", "dependentSchemas"}
_WORDS = ("$anchor", "$dynamicAnchor")
# Any other would be taken for a pointer, or for the whole document.
_NAME = re.compile(r"[A-Za-z_][-A-Za-z0-9._]*")


class Keys(Enum):
    """What the keys of an object are."""

    WORDS = "keywords"
    NAMES = "names, whatever they are"
    PARTS = "names, but for `$ref`"

    def within(self, key: str) -> Keys:
        """What the keys of the value under a key are."""
        if self is not Keys.WORDS:
            return Keys.WORDS
        if key in _MAPS:
            return Keys.NAMES
        return Keys.PARTS if key in _PARTS else Keys.WORDS

    def is_data(self, key: str) -> bool:
        """Whether what stands under a key is data, in which nothing is a reference."""
        return self is Keys.WORDS and key in _DATA

    def is_reference(self, key: str) -> bool:
        """Whether a text under a key is a reference."""
        return key == "$ref" and self is not Keys.NAMES


def anchors_of(document: Any) -> dict[str, str]:
    """The pointer (`#/...`) of each schema that has an anchor, by its name; the first of each."""
    found: dict[str, str] = {}
    for path, node in _nodes(document):
        for word in _WORDS:
            name = node.get(word)
            if isinstance(name, str) and _NAME.fullmatch(name):
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
    it has no anchors. Raises ContractError if it is nested too deeply."""
    try:
        return _changed(document, anchors, Keys.WORDS) if anchors else document
    except RecursionError:
        raise ContractError("nested too deeply") from None


def _changed(node: Any, anchors: Mapping[str, str], keys: Keys) -> Any:
    if isinstance(node, list):
        return [_changed(item, anchors, Keys.WORDS) for item in node]
    if not isinstance(node, Mapping):
        return node
    found: dict[str, Any] = {}
    for key, item in node.items():
        if isinstance(item, str) and keys.is_reference(key):
            found[key] = anchors.get(item[1:], item) if item.startswith("#") else item
        elif keys.is_data(key):
            found[key] = item
        else:
            found[key] = _changed(item, anchors, keys.within(key))
    return found


def _nodes(document: Any) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """Every object that may be a schema, with its path, in the order of the document."""
    stack: list[tuple[tuple[str | int, ...], Any, Keys]] = [((), document, Keys.WORDS)]
    while stack:
        path, node, keys = stack.pop()
        if isinstance(node, list):
            below = [((*path, n), item, Keys.WORDS) for n, item in enumerate(node)]
            stack.extend(reversed(below))
        elif isinstance(node, Mapping):
            if keys is Keys.WORDS:
                yield path, node
            inner = [
                ((*path, key), item, keys.within(key))
                for key, item in node.items()
                if isinstance(item, dict | list) and not keys.is_data(key)
            ]
            stack.extend(reversed(inner))
