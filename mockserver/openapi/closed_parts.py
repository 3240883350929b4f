"""Closed parts that forbid each other's properties, read as one closed object.

`additionalProperties: false` sees the properties beside it and no others, so of

    allOf: [{$ref: Base}, {properties: {weight: ...}, additionalProperties: false}]

no object is valid once `Base` requires anything. What is meant is clear: each part admits what the
other parts name. Such a schema is rewritten to say so, before anything is read from the document;
requests, responses and generated values then agree. A schema that any object fits stays as it is.

A schema of additional properties does the same to properties of another type: beside
`additionalProperties: {type: object}` no other part's text is valid. If that makes one schema of a
document impossible, the document means by it what no part names, and every schema is read so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from mockserver.openapi.document import MISSING, copied, find, join, pointer_of, reference_to
from mockserver.openapi.model import Note
from mockserver.openapi.objects import objects, reference_in

PLACE = "x-opened-parts"
_CHOICES = ("oneOf", "anyOf")
_SEVERAL = frozenset(("allOf", *_CHOICES))
_DEEPEST = 4
"""Unions within unions."""


def with_open_parts(document: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
    """The document without schemas that closed parts make impossible, and what it said of them.

    It is the same document if there are none.
    """
    try:
        text = orjson.dumps(document)
        if b'"additionalProperties":false' not in text and not (
            b'"additionalProperties":{"' in text and b'"allOf":[' in text
        ):
            return document, []
    except TypeError:
        return document, []  # Values that aren't JSON are rejected later, with their place.
    reader = _Reader(document)
    if not any(reader.forbidden(node) for node in _suspects(document)):
        return document, []
    changed: dict[str, Any] = copied(document)
    reader, notes = _Reader(changed), []
    worker = _Opener(reader, changed.setdefault(PLACE, {}))
    found = [
        (pointer, node, reader.forbidden(node), reader.unusable(node))
        for pointer, node in _schemas(changed)
    ]
    for pointer, node, forbidden, unusable in found:
        if forbidden is not None or unusable is not None:
            opened = worker.opened(node, _Named())
            node.clear()
            node.update(opened)
            words = _UNUSABLE.format(name=unusable)
            if forbidden is not None:
                words = _IMPOSSIBLE.format(name=forbidden)
            notes.append(Note(pointer, words + _READ_AS))
    return changed, notes


_IMPOSSIBLE = "no object is valid as written: {name!r} is required"
_UNUSABLE = "no value of {name!r} is valid as written: a part gives its type"
_READ_AS = (
    ", and `additionalProperties` of another part, which sees only the properties beside it, "
    "forbids it; it is read as allowing what the other parts name. Write `unevaluatedProperties` "
    "next to allOf (3.1), or list the property"
)


def _suspects(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What may be a schema of several parts or a closed one. Every start pays for this: it is no
    walk by the kinds of objects, which takes ten times as long."""
    found: list[dict[str, Any]] = []

    def collect(node: dict[str, Any]) -> None:
        if _SEVERAL & node.keys() or node.get("additionalProperties") is False:
            found.append(node)
        for value in node.values():
            if type(value) is dict:
                collect(value)
            elif type(value) is list:
                for item in value:
                    if type(item) is dict:
                        collect(item)

    try:
        collect(document)
    except RecursionError:
        return [node for _, node in _schemas(document)]
    return found


def _schemas(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas that may forbid what they require: those of several parts, and closed ones."""
    for pointer, kind, node in objects(document):
        if kind == "schema" and (not _SEVERAL.isdisjoint(node) or _is_closed(node)):
            yield pointer, node


class _Named(NamedTuple):
    """The properties that other parts name, and their patterns."""

    names: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()

    def __or__(self, other: Any) -> _Named:
        return _Named(self.names | other.names, self.patterns | other.patterns)


class _Reader:
    """What the parts of a document's schemas say."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.old = str(document.get("openapi")).startswith("3.0")

    def target(self, schema: Any) -> Any:
        """What the reference of a schema leads to; MISSING if it has none."""
        reference = reference_in(schema)
        if reference is None or not reference.startswith("#"):
            return MISSING
        return find(self.document, pointer_of(reference))

    def parts(self, schema: Any) -> list[Mapping[str, Any]]:
        """The schema and all that always holds beside it, each once."""
        found: list[Mapping[str, Any]] = []
        seen: set[int] = set()
        waiting = [schema]
        while waiting:
            part = waiting.pop()
            if not isinstance(part, Mapping) or id(part) in seen:
                continue
            seen.add(id(part))
            target = self.target(part)
            if target is not MISSING:
                waiting.append(target)
            if target is MISSING or not self.old:
                found.append(part)
                waiting.extend(_listed(part, "allOf"))
        return found

    def forbidden(self, schema: Mapping[str, Any]) -> str | None:
        """A property that is required and forbidden by every way to fit the schema."""
        return self._forbidden((), schema, 0)

    def _forbidden(
        self, around: Sequence[Mapping[str, Any]], schema: Any, depth: int
    ) -> str | None:
        own = self.parts(schema)
        together = [*around, *own]
        closed = [part for part in together if _is_closed(part)]
        if closed:
            for part in together:
                for name in map(str, _listed(part, "required")):
                    if any(self._forbids(one, name, together) for one in closed):
                        return name
        for branches in _choices(own) if depth < _DEEPEST else ():
            names = [
                self._forbidden(together, branch, depth + 1)
                for branch in branches
                if not _is_null(branch)
            ]
            if names and all(name is not None for name in names):
                return names[0]
        return None

    def unusable(self, schema: Mapping[str, Any]) -> str | None:
        """A property of a part that the type of another part's additional properties forbids."""
        parts = self.parts(schema)
        typed = [part for part in parts if _mapped(part, "additionalProperties")]
        for closed in filter(_is_closed, typed):
            for part in parts:
                for name in _properties(part):
                    if self._forbids(closed, name, parts):
                        return name
        return None

    def _forbids(
        self, closed: Mapping[str, Any], name: str, together: Sequence[Mapping[str, Any]]
    ) -> bool:
        """Whether no value of a property fits both a closed part and the parts that name it."""
        if name in _properties(closed):
            return False
        if closed["additionalProperties"] is False:
            return True
        declared = [_properties(part)[name] for part in together if name in _properties(part)]
        allowed = self._types(closed["additionalProperties"])
        return bool(
            allowed
            and any(types and allowed.isdisjoint(types) for types in map(self._types, declared))
        )

    def _types(self, schema: Any) -> frozenset[str]:
        """The types of a schema's values; empty if it doesn't say."""
        found: frozenset[str] = frozenset()
        for part in self.parts(schema):
            said = part.get("type")
            types = frozenset(map(str, said)) if isinstance(said, list) else frozenset()
            if isinstance(said, str):
                types = frozenset((said,))
            if "number" in types:
                types |= {"integer"}
            found = found & types if found and types else found or types
        return found - {"null"}

    def named(self, *schemas: Any) -> _Named:
        """All properties that schemas name, in any of their branches."""
        names: set[str] = set()
        patterns: set[str] = set()
        seen: set[int] = set()
        waiting = list(schemas)
        while waiting:
            one = waiting.pop()
            for part in self.parts(one):
                if id(part) not in seen:
                    seen.add(id(part))
                    names.update(_properties(part), map(str, _listed(part, "required")))
                    patterns.update(_mapped(part, "patternProperties"))
                    waiting.extend(branch for branches in _choices([part]) for branch in branches)
        return _Named(frozenset(names), frozenset(patterns))


class _Opener:
    """Rewrites parts so that each admits what the others name; what is shared is copied aside."""

    def __init__(self, reader: _Reader, aside: dict[str, Any]) -> None:
        self._reader = reader
        self._aside = aside
        self._made: dict[tuple[int, _Named], dict[str, Any]] = {}

    def opened(self, schema: Any, beyond: _Named) -> Any:
        """The schema with what is named `beyond` it allowed; the same object if it always was."""
        if not isinstance(schema, Mapping):
            return schema
        named = self._reader.named
        target = self._reader.target(schema)
        if target is not MISSING and self._reader.old:
            return self._referring(schema, target, beyond)
        own = named({k: v for k, v in schema.items() if k in ("properties", "required")})
        own |= _Named(patterns=frozenset(_mapped(schema, "patternProperties")))
        parts = {word: _listed(schema, word) for word in ("allOf", *_CHOICES)}
        if target is not MISSING:
            parts["$ref"] = [target]

        def beside(word: str, *siblings: Any) -> _Named:
            """What is named outside the parts under a keyword, and by the `siblings` among them."""
            others = [part for other, found in parts.items() if other != word for part in found]
            return beyond | own | named(*others, *siblings)

        changed: dict[str, Any] = {}
        children = parts["allOf"]
        for index, child in enumerate(children):
            siblings = (*children[:index], *children[index + 1 :])
            found = self.opened(child, beside("allOf", *siblings))
            if found is not child:
                changed.setdefault("allOf", list(children))[index] = found
        for word in filter(parts.get, _CHOICES):
            branches, around = parts[word], beside(word)
            opened = [self.opened(branch, around) for branch in branches]
            if any(new is not branch for new, branch in zip(opened, branches, strict=True)):
                changed[word] = opened
                changed |= _mapping(schema, branches, opened)
        if target is not MISSING:
            found = self._referring(schema, target, beside("$ref"))
            changed |= {"$ref": found["$ref"]} if found is not schema else {}
        if _is_closed(schema):
            changed |= _allowing(schema, beside(""))
        return {**schema, **changed} if changed else schema

    def _referring(self, schema: Mapping[str, Any], target: Any, beyond: _Named) -> Any:
        """A reference to what it leads to, opened and kept aside."""
        key = id(target), beyond
        if key not in self._made:
            self._made[key] = {}  # While it is being made it may lead to itself.
            opened = self.opened(target, beyond)
            if opened is not target:
                place = str(len(self._aside))
                name = pointer_of(schema["$ref"]).rsplit("/", 1)[-1]
                name = name.replace("~1", "/").replace("~0", "~")
                # Its last name is kept: a discriminator may call it by that.
                self._aside[place] = {name: opened}
                self._made[key] = {"$ref": reference_to(join("#", PLACE, place, name))}
        found = self._made[key]
        return {**schema, **found} if found else schema


def _allowing(schema: Mapping[str, Any], others: _Named) -> dict[str, Any]:
    """The keywords of a closed part that also takes properties of these names."""
    properties, patterns = _properties(schema), _mapped(schema, "patternProperties")
    changed: dict[str, Any] = {}
    missing = sorted(others.names - properties.keys())
    if missing:
        changed["properties"] = {**properties, **{name: {} for name in missing}}
    strange = sorted(others.patterns - patterns.keys())
    if strange:
        changed["patternProperties"] = {**patterns, **{pattern: {} for pattern in strange}}
    return changed


def _mapping(
    schema: Mapping[str, Any], branches: Sequence[Any], opened: Sequence[Any]
) -> dict[str, Any]:
    """The discriminator, with its mapping to the branches as they are now."""
    tag = schema.get("discriminator")
    mapping = tag.get("mapping") if isinstance(tag, Mapping) else None
    if not isinstance(tag, Mapping) or not isinstance(mapping, Mapping):
        return {}
    moved = {
        reference_in(old): reference_in(new) for old, new in zip(branches, opened, strict=True)
    }
    return {
        "discriminator": {
            **tag,
            "mapping": {word: moved.get(target, target) for word, target in mapping.items()},
        }
    }


def _is_closed(part: Mapping[str, Any]) -> bool:
    """Whether a part says of the properties that it doesn't name that there are none, or of what
    kind they are."""
    beyond = part.get("additionalProperties")
    return (beyond is False or bool(_mapped(part, "additionalProperties"))) and not part.get(
        "patternProperties"
    )


def _is_null(branch: Any) -> bool:
    return isinstance(branch, Mapping) and branch.get("type") == "null"


def _properties(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return _mapped(part, "properties")


def _mapped(part: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    found = part.get(word)
    return found if isinstance(found, Mapping) else {}


def _listed(part: Mapping[str, Any], word: str) -> list[Any]:
    found = part.get(word)
    return found if isinstance(found, list) else []


def _choices(parts: Sequence[Mapping[str, Any]]) -> Iterator[list[Any]]:
    for part in parts:
        for word in _CHOICES:
            if found := _listed(part, word):
                yield found
