"""How often a schema makes the validator visit the same part of a value.

A union whose branches all nest is tried branch by branch, and so is each union inside: four
branches and ten levels make a million visits to the innermost value. Such schemas are legal, so the
visits are counted first, and a value that would cost too much is rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.openapi.document import find, pointer_of

MOST_LOOKS = 2_000_000
"""This many visits take a fraction of a second."""
MOST_REPORTED = 20_000
"""Finding out what is wrong costs far more than finding out that something is."""
_AT_ONCE = 50_000
_MOST_KEPT = 300_000
_SHALLOW = 2
_MOST_PAIRS = 100_000
_ABOVE = MOST_LOOKS + 1
_FEW = 16
"""As many looks at each part of a value are linear."""
_SEVERAL = frozenset(("allOf", "anyOf", "oneOf", "not", "if", "contains"))
_LISTS = ("allOf", "anyOf", "oneOf")
_SAME = ("not", "if", "else", "then")
_INNER = ("items", "additionalProperties", "contains", "unevaluatedItems", "unevaluatedProperties")
_OTHERS = ("additionalProperties", "unevaluatedProperties")
_MAPS = ("properties", "patternProperties")


class Effort:
    """Counts visits for one self-contained schema, by the depth of the value.

    `known` caches counts for schemas with common parts.
    """

    def __init__(self, schema: Mapping[str, Any], known: dict[tuple[int, int], int]) -> None:
        self._schema = schema
        self._known = known
        self._open: set[tuple[int, int]] = set()
        self._targets: dict[str, Any] = {}

    def looks(self, value: Any) -> int:
        """An upper bound on the visits to the parts of the value; at most MOST_LOOKS where each of
        them has a few."""
        size, depth = measure(value)
        if depth <= _SHALLOW:
            return size
        found = self._bound(value, size, depth)
        return min(found, MOST_LOOKS) if found <= _FEW * size else found

    def _bound(self, value: Any, size: int, depth: int) -> int:
        if len(self._known) > _MOST_KEPT:
            self._known.clear()
        found, most = size, len(self._known) + _AT_ONCE
        # Level by level, since each builds on the previous one.
        for level in range(1, depth + 1):
            found = size * self._often(self._schema, level)
            if found > MOST_LOOKS or len(self._known) > most:
                break
        if found <= max(MOST_REPORTED, _FEW * size):
            return found
        found = min(found, self._apart(self._schema, value, found))
        if found <= _FEW * size:
            return found
        # Of any value of this depth. This one may be wide where the schema is narrow.
        try:
            return min(found, _Count(self).looks(self._schema, value))
        except RecursionError:
            return min(found, _ABOVE)

    def _apart(self, schema: Any, value: Any, otherwise: int, within: int = 3) -> int:
        """The same of each item of a list, and of the lists in an object, by its own depth: one
        deep entity makes the others no dearer."""
        while isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
            if len(schema) > 1:
                return otherwise
            schema = self.target(schema["$ref"])
        if not within or not isinstance(schema, Mapping) or schema.keys() & _SEVERAL:
            return otherwise
        parts: list[tuple[Any, Any]] = []
        if isinstance(value, list) and "items" in schema and "prefixItems" not in schema:
            parts = [(schema["items"], item) for item in value]
        elif isinstance(value, dict) and isinstance(schema.get("properties"), Mapping):
            if any(word in schema for word in (*_OTHERS, "patternProperties")):
                return otherwise
            parts = [(schema["properties"].get(name, True), part) for name, part in value.items()]
        else:
            return otherwise
        found = 1
        for own, part in parts:
            size, depth = measure(part)
            looks = size * max(1, self._often(own, depth))
            if looks > MOST_REPORTED:
                looks = self._apart(own, part, looks, within - 1)
            found += looks
        return min(found, otherwise)

    def target(self, reference: str) -> Any:
        """The schema that a reference leads to."""
        if reference not in self._targets:
            self._targets[reference] = find(self._schema, pointer_of(reference))
        return self._targets[reference]

    def _often(self, schema: Any, depth: int) -> int:
        if not isinstance(schema, Mapping):
            return 0
        key = id(schema), depth
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._open:
            return 0
        self._open.add(key)
        found = sum(self._often(part, depth) for part in self.beside(schema))
        found += max((self._often(rule, depth) for rule in _rules(schema)), default=0)
        if depth > 0:
            found += max((self._often(part, depth - 1) for part in _inside(schema)), default=0)
        self._open.discard(key)
        self._known[key] = found = min(max(found, 1), _ABOVE)
        return found

    def beside(self, schema: Mapping[str, Any]) -> Iterator[Any]:
        """The other constraints on the same value."""
        for word in _LISTS:
            for part in schema.get(word) or ():
                if not _is_rule(part):
                    yield part
        for word in _SAME:
            if word in schema:
                yield schema[word]
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield self.target(reference)


class _Count:
    """Counts looks for one value: each pair of a schema and a part of the value is counted once,
    and counts as often as the validator comes to it."""

    def __init__(self, effort: Effort) -> None:
        self._beside = effort.beside
        self._known: dict[tuple[int, int], int] = {}
        self._open: set[tuple[int, int]] = set()

    def looks(self, schema: Any, value: Any) -> int:
        if not isinstance(schema, Mapping):
            return 1
        key = id(schema), id(value)
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._open:
            return 0
        if len(self._known) > _MOST_PAIRS:
            return _ABOVE
        self._open.add(key)
        found = 1 + sum(self.looks(part, value) for part in self._beside(schema))
        found += max((self.looks(rule, value) for rule in _rules(schema)), default=0)
        if isinstance(value, dict):
            found += self._properties(schema, value)
        elif isinstance(value, list):
            prefix = schema.get("prefixItems") or ()
            found += sum(self.looks(part, item) for part, item in zip(prefix, value, strict=False))
            for word in ("items", "contains", "unevaluatedItems"):
                if word in schema:
                    found += sum(self.looks(schema[word], item) for item in value)
        self._open.discard(key)
        self._known[key] = found = min(found, _ABOVE)
        return found

    def _properties(self, schema: Mapping[str, Any], value: Mapping[str, Any]) -> int:
        listed = schema.get("properties")
        listed = listed if isinstance(listed, Mapping) else {}
        found = sum(self.looks(listed[name], value[name]) for name in value if name in listed)
        others = [schema[word] for word in _OTHERS if word in schema]
        patterns = schema.get("patternProperties")
        if isinstance(patterns, Mapping):
            others.extend(patterns.values())
        return found + sum(self.looks(one, part) for one in others for part in value.values())


def _is_rule(part: Any) -> bool:
    return isinstance(part, Mapping) and "if" in part and part.keys() <= {"if", "then", "else"}


def _rules(schema: Mapping[str, Any]) -> Iterator[Any]:
    """The branches that a discriminator selects from; only one of them is validated."""
    for part in schema.get("allOf") or ():
        if _is_rule(part):
            yield part.get("then")
            yield part.get("else")


def _inside(schema: Mapping[str, Any]) -> Iterator[Any]:
    for word in _INNER:
        if word in schema:
            yield schema[word]
    for word in _MAPS:
        found = schema.get(word)
        if isinstance(found, Mapping):
            yield from found.values()
    yield from schema.get("prefixItems") or ()


def measure(value: Any) -> tuple[int, int]:
    """The number of parts of a value, and their nesting depth."""
    size, depth, level = 1, 0, [value]
    while level:
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        size += len(inner)
        depth += bool(inner)
        level = inner
    return size, depth
