"""A document of several files as one: what stands in the others is taken in under `x-bundled`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from mockserver.contract.anchors import Keys, anchors_of, by_place
from mockserver.contract.document import join
from mockserver.errors import ContractError, UsageError

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
