"""What a validator reports, as violations in the order of the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import jsonschema_rs

from mockserver.contract.document import lookup
from mockserver.contract.model import Json, Schema, Violation
from mockserver.contract.translation import PYTHON_PATTERN
from mockserver.errors import ContractError

Where = tuple[str | int, ...]

_CHOICES = ("anyOf", "oneOf")
_LONGEST = 300
_EXTRA = 1_000_000
"""The rank of the first property that the schema does not name."""


class Shape:
    """All the schemas that speak about one place in a value."""

    __slots__ = ("_document", "schemas")

    def __init__(self, document: Mapping[str, Any], schemas: list[Schema]) -> None:
        self._document = document
        self.schemas = schemas

    @classmethod
    def of(cls, document: Mapping[str, Any], pointer: str) -> Shape:
        try:
            schema = lookup(document, pointer)
        except ContractError:
            schema = {}
        return cls(document, _spread(document, [schema]))

    def names(self) -> list[str]:
        """The named properties, in the order of the document."""
        found: dict[str, None] = {}
        for schema in self.schemas:
            found.update(dict.fromkeys(schema.get("properties") or ()))
        return list(found)

    def child(self, token: str | int) -> Shape:
        """What the schemas say about a property or an item."""
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
                waiting.append(lookup(document, "#" + unquote(reference[1:])))
            except ContractError:
                continue
    return found


def violations_of(
    errors: Sequence[jsonschema_rs.ValidationError],
    value: Json,
    document: Mapping[str, Any],
    pointer: str,
    where: Where = (),
) -> list[Violation]:
    """The errors of one check, sorted: as the schema lists its properties, extras last."""
    found = [violation for error in errors for violation in _expand(error, document, where)]
    if len(found) > 1 or any(violation.keyword in _CHOICES for violation in found):
        ranks = _Ranks(Shape.of(document, pointer), value, len(where))
        return ranks.sort(found)
    return found


class _Ranks:
    """Sorts places: properties in the order of the schema, then in the order of the value."""

    def __init__(self, shape: Shape, value: Json, skip: int) -> None:
        self._skip = skip
        self._levels: dict[Where, tuple[Shape, Json, dict[str, int]]] = {
            (): (shape, value, _order(shape, value))
        }

    def sort(self, violations: Sequence[Violation]) -> list[Violation]:
        """Sorted, also inside the branches of a choice."""
        return [
            replace(violation, limit=tuple(tuple(self.sort(branch)) for branch in violation.limit))
            if violation.keyword in _CHOICES
            else violation
            for violation in sorted(violations, key=self.key)
        ]

    def key(self, violation: Violation) -> tuple[tuple[int, ...], bool]:
        # A key is looked at before its value.
        path = violation.where[self._skip :]
        ranks = tuple(self._rank(path[:depth], path[depth]) for depth in range(len(path)))
        return ranks, violation.keyword != "propertyNames"

    def _rank(self, parent: Where, token: str | int) -> int:
        if isinstance(token, int):
            return token
        return self._level(parent)[2].get(token, 2 * _EXTRA)

    def _level(self, path: Where) -> tuple[Shape, Json, dict[str, int]]:
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


def _order(shape: Shape, value: Json) -> dict[str, int]:
    order = {name: index for index, name in enumerate(shape.names())}
    if isinstance(value, dict):
        for index, name in enumerate(value):
            order.setdefault(name, _EXTRA + index)
    return order


def _expand(
    error: jsonschema_rs.ValidationError, document: Mapping[str, Any], where: Where
) -> Iterator[Violation]:
    kind = error.kind
    keyword = kind.name
    here = (*where, *error.instance_path)
    path = error.schema_path
    schema = _schema_at(document, path[:-1])
    value = error.instance
    if keyword == "required":
        name = kind.as_dict()["property"]
        yield Violation((*here, name), keyword, _text(error), value, name, schema)
    elif keyword in ("additionalProperties", "unevaluatedProperties"):
        for name in kind.as_dict()["unexpected"]:
            sent = value.get(name) if isinstance(value, dict) else None
            yield Violation((*here, name), keyword, _text(error), sent, False, schema)
    elif keyword == "propertyNames":
        inner = kind.as_dict()["error"]
        nested = list(_expand(inner, document, here))
        limit = nested[0] if nested else None
        yield Violation(
            (*here, inner.instance), keyword, _text(error), inner.instance, limit, schema
        )
    elif keyword in ("anyOf", "oneOf") or keyword.startswith("oneOf"):
        yield from _branches(error, keyword, document, where, schema)
    elif keyword == PYTHON_PATTERN or path[-1:] == [PYTHON_PATTERN]:
        limit = schema.get("pattern")
        yield Violation(here, "pattern", _text(error), value, limit, schema)
    else:
        limit = next(iter(kind.as_dict().values()), schema.get(keyword))
        yield Violation(here, keyword, _text(error), value, limit, schema)


def _text(error: jsonschema_rs.ValidationError) -> str:
    # The message quotes the value, which can be a megabyte.
    message = error.message
    return message if len(message) <= _LONGEST else message[:_LONGEST] + "..."


def _branches(
    error: jsonschema_rs.ValidationError,
    keyword: str,
    document: Mapping[str, Any],
    where: Where,
    schema: Schema,
) -> Iterator[Violation]:
    """`X or null` reads like X; of a real choice the branches are the limit."""
    path = error.schema_path
    keyword = "oneOf" if keyword.startswith("oneOf") else keyword
    nested = error.kind.as_dict().get("context") or []
    kept = [errors for index, errors in enumerate(nested) if not _is_null(document, [*path, index])]
    if len(kept) == 1 and len(nested) > 1:
        for inner in kept[0]:
            yield from _expand(inner, document, where)
        return
    limit = tuple(
        tuple(violation for inner in errors for violation in _expand(inner, document, where))
        for errors in nested
    )
    here = (*where, *error.instance_path)
    yield Violation(here, keyword, _text(error), error.instance, limit, schema)


def _is_null(document: Mapping[str, Any], path: Sequence[str | int]) -> bool:
    schema = _schema_at(document, path)
    return schema.get("type") == "null" or schema.get("enum") == [None]


def _schema_at(document: Mapping[str, Any], path: Sequence[str | int]) -> Schema:
    node: Any = document
    for token in path:
        if isinstance(node, list):
            node = node[int(token)] if int(token) < len(node) else None
        elif isinstance(node, Mapping):
            node = node.get(str(token))
    return node if isinstance(node, Mapping) else {}
