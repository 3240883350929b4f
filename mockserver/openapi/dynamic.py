"""Replaces `$dynamicRef` by ordinary references: one copy of a schema for each way of entering it.

A `$dynamicRef` means the schema with that `$dynamicAnchor` in the outermost schema on the way to
it. So a schema that refers to one with a dynamic reference, and has such anchors itself, gets a
copy of it with ordinary references. Generic types are written this way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.errors import ContractError
from mockserver.openapi.document import (
    copied,
    find,
    join,
    pointer_of,
    reference_to,
    tokens,
)
from mockserver.openapi.objects import members, objects, reference_in

PLACE = "x-dynamic"
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
            place = join("#", PLACE, name)
            self.copies[key] = place
            copy = copied(find(self.source, pointer))
            self.document.setdefault(PLACE, {})[name] = copy
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
