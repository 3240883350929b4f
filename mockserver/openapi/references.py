"""A document of several files as one: what stands in the others is taken in under `x-bundled`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import orjson

from mockserver.errors import ContractError, UsageError
from mockserver.openapi.document import join

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


Read = Callable[[str], Any]
"""Takes the URI of a file and gives what it holds. Raises UsageError or ContractError."""

PLACE = "x-bundled"
MOST_FILES = 2000


def foreign_references(document: Any) -> Iterator[tuple[str, str]]:
    """Every `$ref` to another document, with its place; values that only look like one are none."""
    stack: list[tuple[tuple[str | int, ...], Any, Keys]] = [((), document, Keys.WORDS)]
    while stack:
        path, node, keys = stack.pop()
        if isinstance(node, list):
            stack.extend(
                ((*path, i), item, Keys.WORDS)
                for i, item in enumerate(node)
                if isinstance(item, dict | list)
            )
        elif isinstance(node, dict):
            reference = node.get("$ref") if keys.is_reference("$ref") else None
            if isinstance(reference, str) and not reference.startswith("#"):
                yield join("#", *path), reference
            stack.extend(
                ((*path, key), item, keys.within(key))
                for key, item in node.items()
                if isinstance(item, dict | list) and not keys.is_data(key)
            )


def bundled(
    document: Mapping[str, Any], location: str, read: Read
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The document with all that it refers to in other files, and the URIs of these.

    `location` is the URI of the document. Relative references count from the file in which they
    stand. Raises ContractError with the place of a reference that can't be followed.
    """
    return _Bundle(document, location, read).run()


class _Bundle:
    def __init__(self, document: Mapping[str, Any], location: str, read: Read) -> None:
        self.document = document
        self.location = urldefrag(location)[0]
        self.read = read
        self.keys: dict[str, str] = {}
        self.anchors: dict[str, dict[str, str]] = {}
        self.waiting: list[tuple[str, Any]] = []
        self.roots = {self.location}
        own = document.get("$self")
        if isinstance(own, str):
            self.roots.add(urldefrag(urljoin(location, own))[0])

    def run(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        try:
            found = self._copy(self.document, self.location, "", "#")
            parts: dict[str, Any] = {}
            while self.waiting:
                uri, value = self.waiting.pop()
                key = self.keys[uri]
                pointer = join("#", PLACE, key)
                parts[key] = self._copy(value, uri, pointer, pointer)
        except RecursionError:
            raise ContractError("nested too deeply") from None
        if parts:
            found[PLACE] = parts
        return found, tuple(self.keys)

    def _copy(self, node: Any, base: str, root: str, pointer: str, keys: Keys = Keys.WORDS) -> Any:
        """The value with its references changed. `root` is where its file stands in the bundle."""
        if isinstance(node, list):
            return [self._copy(item, base, root, join(pointer, n)) for n, item in enumerate(node)]
        if not isinstance(node, Mapping):
            return node
        found: dict[str, Any] = {}
        for key, item in node.items():
            here = join(pointer, key)
            if isinstance(item, str) and keys.is_reference(key):
                found[key] = self._reference(item, base, root, pointer)
            elif keys is Keys.WORDS and key == "mapping" and isinstance(item, Mapping):
                found[key] = self._mapping(item, base, root, here)
            elif keys.is_data(key):
                found[key] = item
            else:
                found[key] = self._copy(item, base, root, here, keys.within(key))
        return found

    def _mapping(
        self, values: Mapping[str, Any], base: str, root: str, pointer: str
    ) -> dict[str, Any]:
        """A discriminator's: names of schemas stay, references don't."""
        return {
            name: self._reference(value, base, root, pointer)
            if isinstance(value, str) and re.search(r"[#/]|\.(ya?ml|json)$", value)
            else value
            for name, value in values.items()
        }

    def _reference(self, reference: str, base: str, root: str, pointer: str) -> str:
        if reference.startswith("#"):
            if not root or not (reference == "#" or reference.startswith("#/")):
                return reference
            return root + reference[1:]
        uri, fragment = urldefrag(urljoin(base, reference))
        if uri in self.roots:
            return "#" + fragment
        if uri not in self.keys:
            self._open(uri, reference, pointer)
        if fragment and not fragment.startswith("/"):
            if fragment not in self.anchors[uri]:
                raise ContractError(
                    f"the reference {reference!r}: no schema of that file has the $anchor "
                    f"{fragment!r}",
                    pointer,
                )
            fragment = self.anchors[uri][fragment][1:]
        return join("#", PLACE, self.keys[uri]) + fragment

    def _open(self, uri: str, reference: str, pointer: str) -> None:
        if len(self.keys) >= MOST_FILES:
            raise ContractError(f"more than {MOST_FILES} files belong to this document", pointer)
        if urlsplit(uri).scheme != urlsplit(self.location).scheme:
            raise ContractError(
                f"the reference {reference!r} is not followed from here; save that file beside "
                "this one and refer to it by its relative path",
                pointer,
            )
        try:
            value = self.read(uri)
        except (UsageError, ContractError) as error:
            raise ContractError(f"the reference {reference!r}: {error}", pointer) from None
        stem = unquote(urlsplit(uri).path).rsplit("/", 1)[-1].rsplit(".", 1)[0]
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_") or "file"
        taken = set(self.keys.values())
        self.keys[uri] = next(
            key
            for key in (name, *(f"{name}_{n}" for n in range(2, MOST_FILES + 2)))
            if key not in taken
        )
        self.anchors[uri] = anchors_of(value)
        self.waiting.append((uri, by_place(value, self.anchors[uri])))
