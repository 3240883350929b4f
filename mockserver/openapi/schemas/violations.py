"""Turns validator errors into violations, in the order of the schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import jsonschema_rs

from mockserver.errors import ContractError
from mockserver.openapi.document import lookup, pointer_of
from mockserver.openapi.model import Json, Schema, Violation
from mockserver.openapi.schemas.json_schema import PYTHON_PATTERN

Where = tuple[str | int, ...]

_CHOICES = ("anyOf", "oneOf")
_LONGEST = 300
MOST_VIOLATIONS = 1000
"""A body of a megabyte can have a hundred thousand faults; nobody reads them, and they cost."""
_EXTRA = 1_000_000
"""The rank of the first property that the schema does not name."""


class Shape:
    """All schemas that apply to one place in a value. Worked out as far as values ask for it."""

    __slots__ = ("_at", "_children", "_document", "_names", "schemas")

    def __init__(self, document: Mapping[str, Any], schemas: list[Schema]) -> None:
        self._document = document
        self._names: dict[str, int] | None = None
        self._children: dict[str | int | None, Shape] = {}
        self._at: dict[tuple[str | int, ...], Schema] = {}
        self.schemas = schemas

    @classmethod
    def of(cls, document: Mapping[str, Any], pointer: str) -> Shape:
        try:
            schema = lookup(document, pointer)
        except ContractError:
            schema = {}
        return cls(document, _spread(document, [schema]))

    def schema_at(self, path: Sequence[str | int]) -> Schema:
        """The schema at a path from the root of the translated document."""
        key = tuple(path)
        found = self._at.get(key)
        if found is None:
            found = self._at[key] = _schema_at(self._document, path)
        return found

    def names(self) -> Mapping[str, int]:
        """The named properties with their positions in the document."""
        if self._names is None:
            found: dict[str, None] = {}
            for schema in self.schemas:
                found.update(dict.fromkeys(schema.get("properties") or ()))
            self._names = {name: index for index, name in enumerate(found)}
        return self._names

    @property
    def fewest(self) -> int:
        """The minimum number of items."""
        found = (schema.get("minItems") for schema in self.schemas)
        return max((count for count in found if isinstance(count, int)), default=0)

    def child(self, token: str | int) -> Shape:
        """The schemas that apply to a property or an item."""
        key: str | int | None = token
        if isinstance(token, int):
            # Items after the first few share a shape, and so do additional properties.
            key = min(token, self._firsts)
        elif token not in self.names():
            key = None
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = self._child(token)
        return found

    @property
    def _firsts(self) -> int:
        return max((len(schema.get("prefixItems") or ()) for schema in self.schemas), default=0)

    def _child(self, token: str | int) -> Shape:
        found: list[Any] = []
        for schema in self.schemas:
            if isinstance(token, int):
                first = schema.get("prefixItems")
                if isinstance(first, list) and token < len(first):
                    found.append(first[token])
                else:
                    found.append(schema.get("items"))
            else:
                properties = schema.get("properties")
                if isinstance(properties, Mapping) and token in properties:
                    found.append(properties[token])
                else:
                    found.append(schema.get("additionalProperties"))
        return Shape(self._document, _spread(self._document, found))


def _spread(document: Mapping[str, Any], schemas: Sequence[Any]) -> list[Schema]:
    """The schemas with their references and branches, each once."""
    found: list[Schema] = []
    seen: set[int] = set()
    waiting = list(reversed(schemas))
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, Mapping) or id(schema) in seen:
            continue
        seen.add(id(schema))
        found.append(schema)
        for key in ("anyOf", "oneOf", "allOf"):
            branches = schema.get(key)
            if isinstance(branches, list):
                waiting.extend(reversed(branches))
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            try:
                waiting.append(lookup(document, pointer_of(reference)))
            except ContractError:
                continue
    return found


def violations_of(
    errors: Iterable[jsonschema_rs.ValidationError],
    value: Json,
    shape: Shape,
    where: Where = (),
    *,
    inside: bool = False,
) -> list[Violation]:
    """The errors of one check, sorted in the order of the schema's properties, extra ones last.

    `inside`: the validator saw the value as a property of an object.
    """
    reading = _Reading(shape, value, where, inside)
    found: list[Violation] = []
    for error in errors:
        found += reading.violations(error)
        if len(found) >= MOST_VIOLATIONS:
            del found[MOST_VIOLATIONS:]
            break
    if len(found) > 1 or any(violation.keyword in _CHOICES for violation in found):
        ranks = _Ranks(shape, value, len(where))
        return ranks.sort(found)
    return found


class _Ranks:
    """Sorts places: named properties in schema order, then others in the order of the value."""

    def __init__(self, shape: Shape, value: Json, skip: int) -> None:
        self._skip = skip
        self._levels: dict[Where, tuple[Shape, Json, Mapping[str, int]]] = {
            (): (shape, value, _order(shape, value))
        }

    def sort(self, violations: Sequence[Violation]) -> list[Violation]:
        """Sort, also inside the branches of a union."""
        return [
            replace(violation, limit=tuple(tuple(self.sort(branch)) for branch in violation.limit))
            if violation.keyword in _CHOICES
            else violation
            for violation in sorted(violations, key=self.key)
        ]

    def key(self, violation: Violation) -> tuple[tuple[int, ...], bool]:
        # Keys are checked before values.
        path = violation.where[self._skip :]
        if len(path) == 1:  # nearly always
            return (self._rank((), path[0]),), violation.keyword != "propertyNames"
        ranks = tuple(self._rank(path[:depth], path[depth]) for depth in range(len(path)))
        return ranks, violation.keyword != "propertyNames"

    def _rank(self, parent: Where, token: str | int) -> int:
        if isinstance(token, int):
            return token
        level = self._levels.get(parent) or self._level(parent)
        return level[2].get(token, 2 * _EXTRA)

    def _level(self, path: Where) -> tuple[Shape, Json, Mapping[str, int]]:
        level = self._levels.get(path)
        if level is None:
            shape, value, _ = self._level(path[:-1])
            token = path[-1]
            shape = shape.child(token)
            try:
                value = value[token]
            except (KeyError, IndexError, TypeError):
                value = None
            level = self._levels[path] = (shape, value, _order(shape, value))
        return level


def _order(shape: Shape, value: Json) -> Mapping[str, int]:
    names = shape.names()
    if not isinstance(value, dict) or value.keys() <= names.keys():
        return names
    order = dict(names)
    for index, name in enumerate(value):
        order.setdefault(name, _EXTRA + index)
    return order


class _Reading:
    """Reads the errors of one check."""

    def __init__(self, shape: Shape, value: Json, where: Where, inside: bool) -> None:
        self._shape = shape
        self._inside = inside
        self._value = value
        self._where = where

    def violations(self, error: jsonschema_rs.ValidationError) -> list[Violation]:
        """The violations of one error: one, or several for unexpected properties and unions."""
        kind = error.kind
        keyword = kind.name
        # Within a combined schema, the first step only leads to the value.
        steps = error.instance_path[1:] if self._inside else error.instance_path
        here = self._where + _walked(self._value, steps, error.instance)
        path = error.schema_path
        schema = self._shape.schema_at(path[:-1])
        value = error.instance
        if keyword == "required":
            name = kind.as_dict()["property"]
            return [Violation((*here, name), keyword, _text(error), value, name, schema)]
        if keyword in ("additionalProperties", "unevaluatedProperties"):
            sent = value if isinstance(value, dict) else {}
            return [
                Violation((*here, name), keyword, _text(error), sent.get(name), False, schema)
                for name in islice(kind.as_dict()["unexpected"], MOST_VIOLATIONS)
            ]
        if keyword == "propertyNames":
            inner = kind.as_dict()["error"]
            name = inner.instance
            limit = next(iter(self.violations(inner)), None)
            return [Violation((*here, name), keyword, _text(error), name, limit, schema)]
        if keyword in _CHOICES or keyword.startswith("oneOf"):
            return self._choice(error, here, schema)
        if keyword == PYTHON_PATTERN or (path and path[-1] == PYTHON_PATTERN):
            pattern = schema.get("pattern")
            return [Violation(here, "pattern", _text(error), value, pattern, schema)]
        if keyword == "falseSchema":
            return [Violation(here, keyword, "no value is allowed here", value, False, schema)]
        limit = next(iter(kind.as_dict().values()), schema.get(keyword))
        return [Violation(here, keyword, _text(error), value, limit, schema)]

    def _choice(
        self, error: jsonschema_rs.ValidationError, here: Where, schema: Schema
    ) -> list[Violation]:
        """`X or null` reads like X; for a real union, the branches are the limit."""
        keyword = "anyOf" if error.kind.name == "anyOf" else "oneOf"
        nested = error.kind.as_dict().get("context") or []
        depth = len(error.instance_path)
        kept = [errors for errors in nested if not _asks_for_null(errors, depth)]
        if len(kept) == 1 and len(nested) > 1:
            return [violation for inner in kept[0] for violation in self.violations(inner)]
        limit = tuple(
            tuple(violation for inner in errors for violation in self.violations(inner))
            for errors in nested
        )
        return [Violation(here, keyword, _text(error), error.instance, limit, schema)]


def _walked(value: Json, path: Sequence[str | int], end: Json) -> Where:
    """The actual path: the validator leaves out empty names and reports "5" as an integer."""
    if isinstance(value, dict) and "" not in value:  # nearly always
        if not path:
            return ()
        if len(path) == 1 and not isinstance(value.get(path[0], value), dict):
            return (path[0],)
    found: list[str | int] = []
    for token in path:
        if isinstance(value, dict):
            name = token if token in value else _name(value, token)
            while name not in value and isinstance(value.get(""), dict):
                found.append("")
                value = value[""]
            found.append(name)
            value = value.get(name) if isinstance(value, dict) else None
        else:
            found.append(token)
            value = value[int(token)] if isinstance(value, list) else None
    while isinstance(value, dict) and "" in value and value != end:
        found.append("")
        value = value[""]
    return tuple(found)


def _name(value: Mapping[str, Json], token: str | int) -> str:
    if isinstance(token, str) or str(token) in value:
        return str(token)
    # "05" has become 5.
    return next((key for key in value if key.isdecimal() and int(key) == token), str(token))


def _text(error: jsonschema_rs.ValidationError) -> str:
    # The message quotes the value, which can be a megabyte.
    message = error.message
    if len(message) <= _LONGEST:
        return message
    # The value comes first, what is wrong with it last.
    return f"{message[: _LONGEST // 2]}...{message[-_LONGEST // 2 :]}"


def _asks_for_null(errors: Sequence[jsonschema_rs.ValidationError], depth: int) -> bool:
    """Whether a branch rejected the value itself, `depth` steps inside, because it allows only
    null."""
    if len(errors) != 1 or len(errors[0].instance_path) != depth:
        return False
    kind = errors[0].kind
    if kind.name == "enum":
        return kind.as_dict().get("options") == [None]
    return kind.name == "type" and kind.as_dict().get("types") == ["null"]


def _schema_at(document: Mapping[str, Any], path: Sequence[str | int]) -> Schema:
    """The schema at a path of the translated schema, which differs slightly from the document."""
    node: Any = document
    for token in path:
        if isinstance(node, list):
            node = node[int(token)] if int(token) < len(node) else None
        elif isinstance(node, Mapping):
            name = str(token)
            if name not in node:
                name = "oneOf" if name == "anyOf" else name.removeprefix("x-")
            node = node.get(name)
    return node if isinstance(node, Mapping) else {}


# A small part of a very large value that has the same violation.
#
# The validator reports all errors or none, and a body of a megabyte can have several hundred
# thousand. Whether a value is valid is cheap to find out, so bisection finds the part.

_LARGE = 4000


def faulty_part(value: Json, shape: Shape, is_valid: Callable[[Json], bool]) -> Json:
    """The value itself if it isn't very large; else with fewer entries in its containers.

    What is left out comes after the first errors, or has none.
    """
    if not _is_large(value):
        return value
    narrowing = _Narrowing(value, is_valid)
    narrowing.narrow(narrowing.holder, 0, shape)
    return narrowing.holder[0]


class _Narrowing:
    def __init__(self, value: Json, is_valid: Callable[[Json], bool]) -> None:
        self.holder = [value]
        self._is_valid = is_valid

    def narrow(self, holder: Any, token: str | int, shape: Shape) -> None:
        """Shorten the container `holder[token]` and, if the error is inside, its parts."""
        node = holder[token]
        if isinstance(node, list):
            self._list(holder, token, node, shape)
        elif isinstance(node, dict):
            self._object(holder, token, node, shape)

    def _list(self, holder: Any, token: str | int, items: list[Json], shape: Shape) -> None:
        def keep(count: int) -> None:
            holder[token] = items[:count]

        low, high = self._bisect(keep, items, shape.fewest)
        own = holder[token]
        for index in range(low, high):
            if _is_large(own[index]):
                self.narrow(own, index, shape.child(index))

    def _object(self, holder: Any, token: str | int, node: dict[str, Json], shape: Shape) -> None:
        names = shape.names()
        named = {name: value for name, value in node.items() if name in names}
        others = [(name, value) for name, value in node.items() if name not in names]

        def keep(count: int) -> None:
            holder[token] = {**named, **dict(others[:count])}

        low, high = self._bisect(keep, [value for _, value in others], 0)
        own = holder[token]
        inside = [name for name, _ in others[low:high]] if high else list(named)
        for name in inside:
            if _is_large(own[name]):
                self.narrow(own, name, shape.child(name))

    def _bisect(
        self, keep: Callable[[int], None], parts: list[Json], fewest: int
    ) -> tuple[int, int]:
        """Keep as few parts as contain the first error; returns the range that may contain it.

        Stops early when the rest is small enough to be reported completely.
        """
        low, high = min(fewest, len(parts)), len(parts)
        keep(low)
        if not self._is_valid(self.holder[0]):
            return 0, low
        while high - low > 1 and _is_large(parts[low:high]):
            middle = (low + high) // 2
            keep(middle)
            if self._is_valid(self.holder[0]):
                low = middle
            else:
                high = middle
        keep(high)
        return low, high


def _is_large(value: Json) -> bool:
    if not isinstance(value, (list, dict)):
        return False
    seen = 0
    waiting = [value]
    for node in waiting:  # which grows
        seen += len(node)
        if seen > _LARGE:
            return True
        inner = node.values() if isinstance(node, dict) else node
        waiting += [part for part in inner if isinstance(part, (list, dict))]
    return False
