"""Turns every kind of reference into JSON pointers within one document.

The contents of other files are bundled under `x-bundled`. `$id`, `$anchor` and `$dynamicRef` are
resolved here, so readers of a contract only see `#/...`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import orjson

from mockserver.errors import ContractError, UsageError
from mockserver.openapi.document import (
    MISSING,
    copied,
    find,
    join,
    pointer_of,
    reference_to,
    tokens,
)
from mockserver.openapi.objects import members, objects, reference_in
from mockserver.records import dataclass

# Replaces `$dynamicRef` by ordinary references: one copy of a schema for each way of entering it.
#
# A `$dynamicRef` means the schema with that `$dynamicAnchor` in the outermost schema on the way to
# it. So a schema that refers to one with a dynamic reference, and has such anchors itself, gets a
# copy of it with ordinary references. Generic types are written this way.

DYNAMIC = "x-dynamic"
_MOST_COPIES = 1000

Anchors = Mapping[str, str]


def without_dynamic_references(document: dict[str, Any]) -> dict[str, Any]:
    """The document (changed in place) with ordinary references instead of dynamic ones."""
    found = _Specialisation(document)
    if found.used:
        found.run()
    return document


class _Specialisation:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.source: dict[str, Any] = {}
        """The document as it was."""
        self.own: dict[str, dict[str, str]] = {}
        """The dynamic anchors of each schema that a name or an `$id` makes one of its own."""
        self.used = False
        schemas = [o for o in objects(document) if o.kind == "schema"]
        self.scopes = {
            pointer
            for pointer, _, node in schemas
            if "$id" in node or (pointer.count("/") == 3 and pointer.startswith("#/components/s"))
        }
        for pointer, _, node in schemas:
            self.used = self.used or "$dynamicRef" in node
            name = node.get("$dynamicAnchor")
            if isinstance(name, str):
                self.own.setdefault(self.scope_of(pointer), {}).setdefault(name, pointer)
        self.copies: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}
        self.reaches: dict[str, bool] = {}

    def run(self) -> None:
        self.source = copied(self.document)
        for pointer in sorted(self.scopes):
            self.rewrite(pointer, self.own.get(pointer, {}))
        # A schema without a name (of a parameter, a body) is its own entry point.
        for pointer, _, node in list(objects(self.document)):
            if "$dynamicRef" in node:
                self.settle(node, self.own.get(self.scope_of(pointer), {}))

    def scope_of(self, pointer: str) -> str:
        while pointer not in self.scopes and "/" in pointer:
            pointer = pointer.rpartition("/")[0]
        return pointer

    def rewrite(self, pointer: str, anchors: Anchors) -> None:
        """Resolve the dynamic references within a schema entered with these anchors."""
        for node in _within(find(self.document, pointer)):
            self.settle(node, anchors)
            reference = reference_in(node)
            if reference is not None and reference.startswith("#/"):
                target = pointer_of(reference)
                if self.is_dynamic(target):
                    node["$ref"] = reference_to(self.specialised(target, anchors))

    def settle(self, node: dict[str, Any], anchors: Anchors) -> None:
        dynamic = node.get("$dynamicRef")
        if not isinstance(dynamic, str):
            return
        name = dynamic.rpartition("#")[2]
        target = anchors.get(name)
        if target is None:
            target = next((own[name] for own in self.own.values() if name in own), None)
        del node["$dynamicRef"]
        if target is None:
            node["$ref"] = dynamic
        elif "$ref" in node:
            node["allOf"] = [*node.get("allOf", ()), {"$ref": reference_to(target)}]
        else:
            node["$ref"] = reference_to(target)

    def specialised(self, pointer: str, anchors: Anchors) -> str:
        """The pointer of the copy of the schema for these anchors."""
        own = self.own.get(self.scope_of(pointer), {})
        # The outermost anchor wins; only anchors used below matter.
        now = {**own, **anchors}
        if now == own:
            return pointer
        key = pointer, tuple(sorted(now.items()))
        if key not in self.copies:
            if len(self.copies) >= _MOST_COPIES:
                raise ContractError(
                    f"$dynamicRef asks for more than {_MOST_COPIES} schemas", pointer
                )
            name = f"{tokens(pointer)[-1]}_{len(self.copies) + 1}"
            place = join("#", DYNAMIC, name)
            self.copies[key] = place
            copy = copied(find(self.source, pointer))
            self.document.setdefault(DYNAMIC, {})[name] = copy
            self.rewrite(place, now)
        return self.copies[key]

    def is_dynamic(self, pointer: str) -> bool:
        """Whether the schema leads to a dynamic reference."""
        known = self.reaches.get(pointer)
        if known is None:
            known = self.reaches[pointer] = self._leads_to_one(find(self.source, pointer))
        return known

    def _leads_to_one(self, schema: Any) -> bool:
        waiting, seen = [schema], set()
        while waiting:
            for node in _within(waiting.pop()):
                if id(node) in seen:
                    continue
                seen.add(id(node))
                if "$dynamicRef" in node:
                    return True
                reference = reference_in(node)
                if reference is not None and reference.startswith("#"):
                    waiting.append(find(self.source, pointer_of(reference)))
        return False


def _within(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and its subschemas, without following references."""
    waiting: list[tuple[str, Any]] = [("schema", schema)]
    seen: set[int] = set()
    while waiting:
        kind, value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if kind == "schema" and isinstance(value, dict):
            yield value
        waiting.extend((inner, item) for _, inner, item in members(kind, value))


Read = Callable[[str], Any]
"""Takes the URI of a file and gives what it holds. Raises UsageError or ContractError."""

PLACE = "x-bundled"
MOST_FILES = 2000
_WORDS = (b'"$id":', b'"$anchor":', b'"$dynamicAnchor":', b'"$dynamicRef":')
_ANCHORS = ("$anchor", "$dynamicAnchor")
# Other fragments would be taken for a pointer or the whole document.
_NAME = re.compile(r"[A-Za-z_][-A-Za-z0-9._]*")
_IS_REFERENCE = re.compile(r"[#/]|\.(ya?ml|json)$")


def foreign_references(document: Any) -> Iterator[tuple[str, str]]:
    """Every `$ref` to another document, with its place; data that looks like one doesn't count."""
    stack: list[tuple[str, str, Any]] = [("#", "document", document)]
    seen: set[tuple[int, str]] = set()
    while stack:
        pointer, kind, value = stack.pop()
        if (id(value), kind) in seen:
            continue
        seen.add((id(value), kind))
        reference = reference_in(value)
        if reference is not None and not reference.startswith("#"):
            yield pointer, reference
        elif reference is not None:
            target = pointer_of(reference)
            stack.append((target, kind, find(document, target)))
        if kind == "schema" and isinstance(value, dict):
            mapping = _mapping_of(value)
            for name, target in mapping.items():
                if _is_reference(target) and not target.startswith("#"):
                    yield join(pointer, "discriminator", "mapping", name), target
        stack.extend((join(pointer, key), inner, item) for key, inner, item in members(kind, value))


def plain_references(document: dict[str, Any]) -> dict[str, Any]:
    """The document with references by `$id`, `$anchor` or `$dynamicRef` replaced by JSON pointers;
    unchanged if it uses none of them, like most."""
    try:
        # Much faster than walking the document.
        text = orjson.dumps(document)
        if not any(word in text for word in _WORDS):
            return document
    except TypeError:
        pass  # Values that aren't JSON are rejected later, with their place.
    changed, _ = _Bundle(document, "", None).run()
    return without_dynamic_references(changed)


def bundled(
    document: Mapping[str, Any], location: str, read: Read
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The document with everything it refers to in other files, and the URIs of these files.

    `location` is the URI of the document. Relative references are resolved against the file that
    contains them. Raises ContractError with the place of a reference that can't be followed.
    """
    return _Bundle(document, location, read).run()


def anchors_of(document: Any) -> dict[str, str]:
    """The pointer (`#/...`) of each schema with an anchor, by its name; the first of each."""
    found: dict[str, str] = {}
    # A referenced file may be a schema, a map of schemas, or a document.
    for kind in ("document", "schema", "components", "{schema}"):
        for pointer, _, node in objects(document, kind):
            for word in _ANCHORS:
                name = node.get(word)
                if isinstance(name, str) and _NAME.fullmatch(name):
                    found.setdefault(name, pointer)
    return found


def ids_of(document: Any, base: str) -> dict[str, str]:
    """The pointer of each schema with an `$id`, by its absolute URI."""
    found: dict[str, str] = {}
    stack: list[tuple[str, str, Any, str]] = [("#", "document", document, base)]
    seen: set[int] = set()
    while stack:
        pointer, kind, value, base = stack.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        own = _id_of(kind, value)
        if own:
            base = urldefrag(urljoin(base, own))[0]
            found.setdefault(base, pointer)
        stack.extend(
            (join(pointer, key), inner, item, base) for key, inner, item in members(kind, value)
        )
    return found


def _id_of(kind: str, value: Any) -> str:
    own = value.get("$id") if kind == "schema" and isinstance(value, dict) else None
    return own if isinstance(own, str) and not own.startswith("#") else ""


def _mapping_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    tag = schema.get("discriminator")
    mapping = tag.get("mapping") if isinstance(tag, dict) else None
    return mapping if isinstance(mapping, dict) else {}


def _is_reference(value: Any) -> bool:
    """Whether a value of a mapping is a reference; it may also be the name of a schema."""
    return isinstance(value, str) and _IS_REFERENCE.search(value) is not None


@dataclass(eq=False)
class _File:
    uri: str
    root: str
    """Where it stands in the bundle: a pointer without its `#`."""
    tree: Any
    anchors: dict[str, str]
    ids: dict[str, str]
    done: set[int] = field(default_factory=set)
    seen: set[tuple[int, str]] = field(default_factory=set)


@dataclass(frozen=True, eq=False)
class _Scope:
    """The base of relative references: the file, and the enclosing schema with an `$id`."""

    file: _File
    base: str
    pointer: str = ""


class _Bundle:
    """Rewrites the references of a copy, part by part."""

    def __init__(self, document: Mapping[str, Any], location: str, read: Read | None) -> None:
        self.read = read
        uri = urldefrag(location)[0]
        tree = copied(dict(document))
        self.main = _File(uri, "", tree, anchors_of(tree), ids_of(tree, uri))
        self.files = {uri: self.main}
        own = document.get("$self")
        if isinstance(own, str):
            self.files[urldefrag(urljoin(location, own))[0]] = self.main
        self.opened: dict[str, str] = {}
        self.maps: list[dict[str, Any]] = []
        self.waiting: list[tuple[str, str, Any, _Scope]] = [
            ("#", "document", tree, _Scope(self.main, uri))
        ]

    def run(self) -> tuple[dict[str, Any], tuple[str, ...]]:
        while self.waiting:
            self._visit(*self.waiting.pop())
        found: dict[str, Any] = self.main.tree
        if self.opened:
            parts = {name: self.files[uri].tree for uri, name in self.opened.items()}
            found[PLACE] = {**found.get(PLACE, {}), **parts}
        for names in self.maps:
            # A whole map in another file is inlined, so that its names are found.
            target = find(found, pointer_of(names["$ref"]))
            if isinstance(target, dict):
                del names["$ref"]
                names.update({**target, **names})
        return found, tuple(self.opened)

    def _visit(self, pointer: str, kind: str, value: Any, scope: _Scope) -> None:
        """Rewrite one object; `pointer` is its place in the bundle."""
        file = scope.file
        if (id(value), kind) in file.seen:
            return
        file.seen.add((id(value), kind))
        own = _id_of(kind, value)
        if own:
            base = urldefrag(urljoin(scope.base, own))[0]
            scope = _Scope(file, base, pointer.removeprefix("#" + file.root))
        reference = reference_in(value)
        if reference is not None and id(value) not in file.done:
            file.done.add(id(value))
            value["$ref"] = self._changed(reference, kind, scope, pointer)
            if kind.startswith("{"):
                self.maps.append(value)
        if kind == "schema" and isinstance(value, dict):
            mapping = _mapping_of(value)
            if id(mapping) not in file.done:
                file.done.add(id(mapping))
                here = join(pointer, "discriminator", "mapping")
                for name, target in mapping.items():
                    if _is_reference(target):
                        mapping[name] = self._changed(target, kind, scope, join(here, name))
        self.waiting.extend(
            (join(pointer, key), inner, item, scope) for key, inner, item in members(kind, value)
        )

    def _changed(self, reference: str, kind: str, scope: _Scope, pointer: str) -> str:
        """The reference in the bundle; its target is visited later."""
        file = scope.file
        if reference.startswith("#"):
            within = self._within(file, scope.pointer, reference)
        else:
            uri, fragment = urldefrag(urljoin(scope.base, reference))
            known = next((f for f in self.files.values() if uri in f.ids), None)
            if known is not None:
                file = known
                within = self._within(file, known.ids[uri][1:], "#" + fragment)
            elif uri in self.files or self.read is not None:
                # A relative reference is resolved against the file, whatever its `$id`.
                uri, fragment = urldefrag(urljoin(file.uri, reference))
                file = self.files.get(uri) or self._open(uri, reference, pointer)
                within = self._within(file, "", "#" + fragment)
            else:
                return reference
        if within is None:
            if file.root == "" and scope.file is file:
                return reference  # A dangling reference is reported when it is followed.
            raise ContractError(
                f"the reference {reference!r}: no schema of that file has the $anchor "
                f"{reference.rpartition('#')[2]!r}",
                pointer,
            )
        target = find(file.tree, "#" + within)
        if target is not MISSING:
            place = "#" + file.root + within
            self.waiting.append((place, kind, target, self._scope_of(file, within)))
        return reference_to("#" + file.root + within)

    def _scope_of(self, file: _File, within: str) -> _Scope:
        """The base of references in a part of a file that was reached by a pointer."""
        above = [(p[1:], u) for u, p in file.ids.items() if within.startswith(p[1:] + "/")]
        place, uri = max(above, default=("", file.uri))
        return _Scope(file, uri, place)

    def _within(self, file: _File, resource: str, reference: str) -> str | None:
        """The pointer, without `#`, that a fragment means in a file; None for an unknown anchor."""
        fragment = unquote(reference[1:])
        if fragment and not fragment.startswith("/"):
            anchor = file.anchors.get(fragment)
            return None if anchor is None else anchor[1:]
        if resource and find(file.tree, "#" + resource + fragment) is not MISSING:
            return resource + fragment
        return fragment

    def _open(self, uri: str, reference: str, pointer: str) -> _File:
        assert self.read is not None
        if len(self.opened) >= MOST_FILES:
            raise ContractError(f"more than {MOST_FILES} files belong to this document", pointer)
        if urlsplit(uri).scheme != urlsplit(self.main.uri).scheme:
            raise ContractError(
                f"the reference {reference!r} is not followed from here; save that file beside "
                "this one and refer to it by its relative path",
                pointer,
            )
        try:
            value = copied(self.read(uri))
        except (UsageError, ContractError) as error:
            raise ContractError(f"the reference {reference!r}: {error}", pointer) from None
        stem = unquote(urlsplit(uri).path).rsplit("/", 1)[-1].rsplit(".", 1)[0]
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_") or "file"
        taken = set(self.opened.values())
        self.opened[uri] = name = next(
            key
            for key in (name, *(f"{name}_{n}" for n in range(2, MOST_FILES + 2)))
            if key not in taken
        )
        root = join("#", PLACE, name)[1:]
        file = _File(uri, root, value, anchors_of(value), ids_of(value, uri))
        self.files[uri] = file
        return file
