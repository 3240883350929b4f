"""Compiled validation of messages against the schemas of a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import jsonschema_rs

from mockserver.errors import ContractError
from mockserver.openapi.document import join, walk
from mockserver.openapi.model import Json, Violation
from mockserver.openapi.schemas.effort import MOST_LOOKS, MOST_REPORTED, Effort
from mockserver.openapi.schemas.formats import (
    CANONICAL,
    OPTIONS,
    Noted,
    fault,
    is_base64,
    is_clock_time,
    lenient_formats,
    reader,
)
from mockserver.openapi.schemas.json_schema import (
    PYTHON_PATTERN,
    Closure,
    Reading,
    Translation,
    View,
)
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.openapi.schemas.violations import Shape, faulty_part, violations_of

_REPLY_FORMATS = {"time": is_clock_time, "byte": is_base64}
_CARRIERS = ("responses", "requestBodies", "parameters", "headers")
_LARGE = 150
"""Above so many schemas behind one, they are compiled once for all."""


class Check:
    """One compiled schema.

    A request check also accepts non-canonical UUIDs and timestamps.
    """

    __slots__ = ("_effort", "_noted", "_shape", "_validator", "unions")

    def __init__(
        self,
        validator: jsonschema_rs.Validator | _Member,
        document: Mapping[str, Any],
        pointer: str,
        noted: Noted,
        unions: bool = False,
        effort: Effort | None = None,
    ) -> None:
        self._effort = effort
        self.unions = unions
        """Whether a `oneOf` in it is read as a union."""
        self._validator = validator
        self._noted = noted
        self._shape = cache(partial(Shape.of, document, pointer))

    def is_valid(self, value: Json) -> bool:
        if self._effort is not None and self._effort.looks(value) > MOST_LOOKS:
            return False
        try:
            return self._validator.is_valid(value)
        except (ValueError, OverflowError):
            # Too deeply nested for the validator, or not JSON.
            return False

    def accept(self, value: Json) -> tuple[bool, Json]:
        """Whether the value is valid, and the value in canonical form."""
        noted = self._noted
        before = noted.count
        if self._effort is not None and self._effort.looks(value) > MOST_LOOKS:
            return False, value
        try:
            valid = self._validator.is_valid(value)
        except (ValueError, OverflowError):
            return False, value
        if valid and noted.count != before:
            value = self.canonical(value)
        return valid, value

    def canonical(self, value: Json) -> Json:
        """The value with UUIDs and timestamps in canonical form."""
        return _respell(value, self._shape())

    def violations(self, value: Json, where: tuple[str | int, ...] = ()) -> list[Violation]:
        """The violations of the value, in the order of the schema's properties.

        For a very large value, some of them.
        """
        looks = self._effort.looks(value) if self._effort is not None else 0
        if looks > MOST_LOOKS:
            text = "the schema has too many ways to read a value that is nested so deeply"
            return [Violation(where, "nesting", text)]
        if looks > MOST_REPORTED:
            text = "does not fit; in which way is too much to tell, as the schema has many"
            return [] if self.is_valid(value) else [Violation(where, "anyOf", text, value)]
        shape = self._shape()
        value = faulty_part(value, shape, self.is_valid)
        try:
            errors = self._validator.iter_errors(value)
        except (ValueError, OverflowError):
            return [Violation((*where, 0), "json", "Nested too deeply")]
        inside = isinstance(self._validator, _Member)
        return violations_of(errors, value, shape, where, inside=inside)


class _Member:
    """One property of a validator for many schemas."""

    __slots__ = ("_all", "_name")

    def __init__(self, everything: jsonschema_rs.Validator, name: str) -> None:
        self._all = everything
        self._name = name

    def is_valid(self, value: Json) -> bool:
        return self._all.is_valid({self._name: value})

    def iter_errors(self, value: Json) -> Iterator[jsonschema_rs.ValidationError]:
        return self._all.iter_errors({self._name: value})


class Validators:
    """The checks of one document, compiled on first use."""

    def __init__(self, document: Mapping[str, Any], version: str) -> None:
        self.document = document
        self.schemas = Schemas(document, version)
        noted = Noted()
        self._requests = _Side(document, version, "request", lenient_formats(noted), noted)
        self._replies = _Side(document, version, "reply", _REPLY_FORMATS, noted)
        self._literal = {
            "reply": _Side(document, version, "reply", _REPLY_FORMATS, noted, "literal"),
            "request": _Side(
                document, version, "request", lenient_formats(noted), noted, "literal"
            ),
        }
        self._unions = _Side(document, version, "reply", _REPLY_FORMATS, noted, "union")

    def request(self, pointer: str) -> Check:
        """The check of a request value. Raises ContractError if the schema can't be used."""
        return self._requests.checks.get(pointer) or self._requests.compile(pointer)

    def reply(self, pointer: str) -> Check:
        """The check of a response value. Raises ContractError if the schema can't be used."""
        return self._replies.checks.get(pointer) or self._replies.compile(pointer)

    def literal(self, pointer: str, view: View = "reply") -> Check:
        """The check of a value that reads each `oneOf` as written.

        Generated values fit it where possible; values sent by clients may not.
        """
        check = self.reply(pointer) if view == "reply" else self.request(pointer)
        if not check.unions:
            return check
        side = self._literal[view]
        return side.checks.get(pointer) or side.compile(pointer)

    def union(self, pointer: str) -> Check:
        """The check of a response value that reads each `oneOf` as a union.

        For what can't be made to fit one branch alone: it says more than is needed, but nothing
        wrong.
        """
        return self._unions.checks.get(pointer) or self._unions.compile(pointer)


class _Side:
    """The checks of requests, or those of responses."""

    def __init__(
        self,
        document: Mapping[str, Any],
        version: str,
        view: View,
        formats: Mapping[str, Callable[[str], bool]],
        noted: Noted,
        reading: Reading = "usual",
    ) -> None:
        self.checks: dict[str, Check] = {}
        self._document = document
        self._translation = Translation(document, version, view, reading)
        self._formats = dict(formats)
        self._noted = noted
        self._members: dict[str, _Member] | None = None
        self._efforts: dict[tuple[int, int], int] = {}

    def compile(self, pointer: str) -> Check:
        closure = self._translation.closure(pointer)
        validator: jsonschema_rs.Validator | _Member | None = None
        if closure.size > _LARGE:
            validator = self._shared().get(pointer)
        if validator is None:
            validator = self._validator(closure, pointer)
        effort = Effort(closure.schema, self._efforts) if closure.forks else None
        check = Check(validator, self._document, pointer, self._noted, closure.unions, effort)
        self.checks[pointer] = check
        return check

    def _shared(self) -> Mapping[str, _Member]:
        """One validator for the whole document, for schemas that all lead to each other.

        Separately, each would be compiled with nearly the whole document.
        """
        if self._members is None:
            self._members = {}
            pointers = dict.fromkeys(schema_places(self._document))
            names = {f"v{index}": pointer for index, pointer in enumerate(pointers)}
            try:
                everything = self._validator(self._translation.together(names), "#")
            except ContractError:
                # Part of it can't be compiled; the rest is compiled separately.
                return self._members
            self._members = {pointer: _Member(everything, name) for name, pointer in names.items()}
        return self._members

    def _validator(self, closure: Closure, pointer: str) -> jsonschema_rs.Validator:
        keywords: Any = {PYTHON_PATTERN: _PythonPattern} if closure.python_patterns else None
        try:
            return jsonschema_rs.Draft202012Validator(
                closure.schema,
                formats=self._formats,
                validate_formats=True,
                offline=True,
                keywords=keywords,
                pattern_options=OPTIONS,
            )
        except jsonschema_rs.ValidationError as error:
            # The replacement for an unsupported pattern isn't part of the document.
            path = ["pattern" if t == PYTHON_PATTERN else t for t in error.instance_path]
            reason = error.message.rpartition("ValueError: ")[2]
            raise ContractError(f"not a usable schema: {reason}", join("#", *path)) from None
        except ValueError as error:
            raise ContractError(f"not a usable schema: {error}", pointer) from None


def schema_places(document: Mapping[str, Any]) -> Iterator[str]:
    """The pointers of all schemas that messages are validated against and that refer to others."""
    components = document.get("components")
    components = components if isinstance(components, Mapping) else {}
    for name in components.get("schemas") or ():
        yield join("#/components/schemas", name)
    roots = [(join("#/components", key), components.get(key)) for key in _CARRIERS]
    for root, tree in [("#/paths", document.get("paths")), *roots]:
        stack: list[tuple[tuple[str | int, ...], Any]] = [((), tree)]
        while stack:
            path, node = stack.pop()
            if isinstance(node, dict):
                schema = node.get("schema")
                if isinstance(schema, dict) and "$ref" not in schema and _leads_on(schema):
                    yield join(root, *path, "schema")
                stack.extend(
                    ((*path, key), item)
                    for key, item in node.items()
                    if isinstance(item, dict | list)
                )
            elif isinstance(node, list):
                stack.extend(((*path, index), item) for index, item in enumerate(node))


def _leads_on(schema: Any) -> bool:
    """Whether a schema refers to others; one that doesn't is never large."""
    return any("$ref" in node for _, node in walk(schema))


class _PythonPattern:
    """A pattern that the Rust engine doesn't accept unchanged (`\\Z`, for instance).

    If it can't be rewritten, any text matches.
    """

    def __init__(self, parent: Any, pattern: Any, path: list[str | int]) -> None:
        reason = fault(pattern)
        if reason is not None:
            raise ValueError(f"the pattern {pattern!r}: {reason}")
        self._matches = reader(pattern)

    def validate(self, instance: Any) -> None:
        if isinstance(instance, str) and self._matches and not self._matches(instance):
            raise ValueError("does not match the pattern")


def _respell(value: Json, shape: Shape) -> Json:
    if isinstance(value, str):
        for schema in shape.schemas:
            respell = CANONICAL.get(str(schema.get("format")))
            if respell is not None:
                return respell(value) or value
        return value
    if isinstance(value, dict):
        return {key: _respell(item, shape.child(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_respell(item, shape.child(index)) for index, item in enumerate(value)]
    return value
