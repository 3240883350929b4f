"""Converts text from a URL, a header or a form to the type of its schema.

Numbers are those of JSON or HTML forms, booleans the words that pydantic accepts. What can't be
converted stays text, and the schema rejects it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import orjson

from mockserver.errors import ContractError
from mockserver.openapi.document import lookup, pointer_of
from mockserver.openapi.model import Json, Schema
from mockserver.openapi.schemas.enumerations import types_of

Cast = Callable[[str], Json]

_INTEGER = re.compile(r"([+-]?[0-9]+)(?:\.0+)?").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?").fullmatch
_TRUE = frozenset(("true", "1", "on", "t", "y", "yes"))
_FALSE = frozenset(("false", "0", "off", "f", "n", "no"))
_LONGEST_NUMBER = 4300
"""Longer integers Python refuses to read; so does pydantic."""


def text(raw: str) -> Json:
    return raw


def integer(raw: str) -> Json:
    match = _INTEGER(raw) if len(raw) <= _LONGEST_NUMBER else None
    return int(match.group(1)) if match else raw


def number(raw: str) -> Json:
    if len(raw) > _LONGEST_NUMBER or not _NUMBER(raw):
        return raw
    found = float(raw)
    if found in (float("inf"), float("-inf")):
        return raw
    return int(found) if found.is_integer() and abs(found) < 2**53 else found


def boolean(raw: str) -> Json:
    word = raw.lower()
    return True if word in _TRUE else False if word in _FALSE else raw


def structure(raw: str) -> Json:
    """An array or an object from JSON; else the text."""
    if raw[:1] not in ("{", "["):
        return raw
    try:
        return cast(Json, orjson.loads(raw))
    except orjson.JSONDecodeError:
        return raw


_CASTS: dict[str, Cast] = {"integer": integer, "number": number, "boolean": boolean}
_KINDS: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}


class Kind:
    """The types that a schema allows, with references and branches followed.

    `types` are in document order, without null. `listed` are the allowed texts if there is an enum,
    else None. With `as_text`, scalars stay text.
    """

    def __init__(
        self, document: Mapping[str, Any], schema: Schema, *, as_text: bool = False
    ) -> None:
        self._document = document
        self._as_text = as_text
        self._members: dict[str | None, Kind] = {}
        self.types: tuple[str, ...] = ()
        self.properties: dict[str, Schema] = {}
        self.items: Schema = {}
        self.additional: Schema = {}
        self.format = ""
        self._says_more = self._closed = False
        found: dict[str, None] = {}
        listed: set[str] = set()
        free = False
        for part in followed(document, schema):
            kinds = types_of(part) or _guessed(part)
            for name in kinds:
                found.setdefault(name)
            if "string" in kinds:
                values = _values(part)
                free = free or not values
                listed.update(value for value in values if isinstance(value, str))
            properties = part.get("properties")
            if isinstance(properties, Mapping):
                for name, value in properties.items():
                    if isinstance(value, Mapping):
                        known = self.properties.get(name, value)
                        # The branch isn't known yet.
                        both = known if known == value else {"anyOf": [known, value]}
                        self.properties[name] = both
            if isinstance(part.get("items"), Mapping):
                self.items = part["items"]
            more = part.get("additionalProperties")
            if isinstance(more, Mapping):
                self.additional = more
            self._says_more = self._says_more or more is True or isinstance(more, Mapping)
            self._closed = self._closed or more is False
            self.format = self.format or str(part.get("format") or "")
        found.pop("null", None)
        self.types = tuple(found)
        self.listed = None if free else frozenset(listed)

    @property
    def is_array(self) -> bool:
        return "array" in self.types

    @property
    def is_object(self) -> bool:
        return "object" in self.types and not self.is_array

    @property
    def is_packed(self) -> bool:
        """Whether one text contains several values."""
        return self.is_array or self.is_object

    @property
    def is_free(self) -> bool:
        """Whether it is an object with arbitrary property names."""
        return self.is_object and (self._says_more or not self.properties) and not self._closed

    def of(self, schema: Schema) -> Kind:
        return Kind(self._document, schema, as_text=self._as_text)

    def scalar(self) -> Cast:
        """Convert one text; it stays text where the schema allows text."""
        if self._as_text:
            return text
        casts = [_CASTS[name] for name in self.types if name in _CASTS]
        if "string" in self.types:
            listed = self.listed
            if listed is None or not casts:
                return text
            # `now` or a number: a text outside the enum is converted.
            return lambda raw: raw if raw in listed else _first(casts, raw)
        if len(casts) < 2:
            return casts[0] if casts else text
        return lambda raw: _first(casts, raw)

    def others(self) -> list[Cast]:
        """Other readings of a text, where the schema also allows text."""
        if self._as_text or "string" not in self.types or self.is_array or self.is_object:
            return []
        return [_CASTS[name] for name in self.types if name in _CASTS]

    def item(self) -> Cast:
        kind = self.of(self.items)
        # No style covers objects in a list; JSON is the usual form.
        return structure if kind.is_object or kind.is_array else kind.scalar()

    def property(self, name: str) -> Kind:
        """The kind of a property; all additional properties share one."""
        key = name if name in self.properties else None
        found = self._members.get(key)
        if found is None:
            schema = self.additional if key is None else self.properties[key]
            found = self._members[key] = self.of(schema)
        return found


def followed(document: Mapping[str, Any], schema: Schema) -> list[Schema]:
    """The schema with its references and branches, each once."""
    found: list[Schema] = []
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop(0)
        if not isinstance(part, Mapping) or any(part is known for known in found):
            continue
        found.append(part)
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            try:
                waiting.append(lookup(document, pointer_of(reference)))
            except ContractError:
                continue
        for key in ("anyOf", "oneOf", "allOf"):
            if isinstance(part.get(key), Sequence):
                waiting.extend(part[key])
    return found


def _values(schema: Schema) -> list[Any]:
    """The enum values of a schema."""
    values = list(schema["enum"]) if isinstance(schema.get("enum"), list) else []
    return [*values, schema["const"]] if "const" in schema else values


def _guessed(schema: Schema) -> tuple[str, ...]:
    """The types of a schema without `type`."""
    values = _values(schema)
    if values:
        return tuple(_KINDS.get(type(value), "string") for value in values if value is not None)
    if "properties" in schema:
        return ("object",)
    return ("array",) if "items" in schema else ()


def _first(casts: Sequence[Cast], raw: str) -> Json:
    for read in casts:
        value = read(raw)
        if value is not raw:
            return value
    return raw


def part_of(value: Json, path: Sequence[str | int]) -> Json:
    """The value at a place inside a value; None if there is none."""
    for token in path:
        try:
            value = value[token]
        except (KeyError, IndexError, TypeError):
            return None
    return value
