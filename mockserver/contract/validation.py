"""Compiled checks of messages against the schemas of a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from mockserver.contract.model import Json, Violation
from mockserver.contract.spellings import CANONICAL, Noted, is_clock_time, lenient_formats
from mockserver.contract.translation import PYTHON_PATTERN, Translation
from mockserver.contract.violations import Shape, violations_of
from mockserver.errors import ContractError

_REPLY_FORMATS = {"time": is_clock_time}


class Check:
    """One compiled schema.

    A request check admits other spellings of UUIDs and instants than the canonical one.
    """

    __slots__ = ("_document", "_noted", "_pointer", "_validator")

    def __init__(
        self,
        validator: jsonschema_rs.Validator,
        document: Mapping[str, Any],
        pointer: str,
        noted: Noted,
    ) -> None:
        self._validator = validator
        self._document = document
        self._pointer = pointer
        self._noted = noted

    def is_valid(self, value: Json) -> bool:
        try:
            return self._validator.is_valid(value)
        except (ValueError, OverflowError):
            # Nested deeper than the validator goes, or nothing that JSON can say.
            return False

    def accept(self, value: Json) -> tuple[bool, Json]:
        """Whether the value is valid, and the value in its canonical spelling."""
        noted = self._noted
        before = noted.count
        try:
            valid = self._validator.is_valid(value)
        except (ValueError, OverflowError):
            return False, value
        if valid and noted.count != before:
            value = self.canonical(value)
        return valid, value

    def canonical(self, value: Json) -> Json:
        """The value with UUIDs and instants in their canonical spelling."""
        return _respell(value, Shape.of(self._document, self._pointer))

    def violations(self, value: Json, where: tuple[str | int, ...] = ()) -> list[Violation]:
        """Everything that is wrong with the value, in the order of the schema's properties."""
        try:
            errors = list(self._validator.iter_errors(value))
        except (ValueError, OverflowError):
            return [Violation((*where, 0), "json", "Nested too deeply")]
        if not errors:
            return []
        return violations_of(errors, value, self._document, self._pointer, where)


class Validators:
    """The checks of one document, compiled on first use."""

    def __init__(self, document: Mapping[str, Any], version: str) -> None:
        self.document = document
        self._requests = Translation(document, version, "request")
        self._replies = Translation(document, version, "reply")
        self._noted = Noted()
        self._request_formats = lenient_formats(self._noted)
        self._request_checks: dict[str, Check] = {}
        self._reply_checks: dict[str, Check] = {}

    def request(self, pointer: str) -> Check:
        """The check of what is sent to us. Raises ContractError if the schema can't be used."""
        check = self._request_checks.get(pointer)
        if check is None:
            check = self._compile(self._requests, pointer, self._request_formats)
            self._request_checks[pointer] = check
        return check

    def reply(self, pointer: str) -> Check:
        """The check of what we send. Raises ContractError if the schema can't be used."""
        check = self._reply_checks.get(pointer)
        if check is None:
            check = self._compile(self._replies, pointer, _REPLY_FORMATS)
            self._reply_checks[pointer] = check
        return check

    def _compile(self, translation: Translation, pointer: str, formats: dict[str, Any]) -> Check:
        closure = translation.closure(pointer)
        keywords: Any = {PYTHON_PATTERN: _PythonPattern} if closure.python_patterns else None
        try:
            validator = jsonschema_rs.Draft202012Validator(
                closure.schema,
                formats=formats,
                validate_formats=True,
                offline=True,
                keywords=keywords,
            )
        except jsonschema_rs.ValidationError as error:
            place = "#" + "".join(f"/{token}" for token in error.instance_path)
            raise ContractError(f"not a usable schema: {error.message}", place) from None
        except ValueError as error:
            raise ContractError(f"not a usable schema: {error}", pointer) from None
        return Check(validator, self.document, pointer, self._noted)


class _PythonPattern:
    """A pattern that only Python's engine reads (`\\Z`, for instance)."""

    def __init__(self, parent: Any, pattern: Any, path: list[str | int]) -> None:
        try:
            self._search = re.compile(pattern).search
        except re.error as error:
            place = "#" + "".join(f"/{token}" for token in path)
            raise ValueError(f"the pattern {pattern!r} (at {place}): {error}") from None

    def validate(self, instance: Any) -> None:
        if isinstance(instance, str) and not self._search(instance):
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
