"""Request bodies: from a content type and bytes to a value and its violations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple, NoReturn

import orjson

from mockserver.openapi.media_types import essence, find, is_json, is_lines, is_xml
from mockserver.openapi.model import Json, MediaType, Operation, Schema, Violation
from mockserver.openapi.request.coercion import Kind, part_of
from mockserver.openapi.request.forms import read_multipart, read_urlencoded
from mockserver.openapi.schemas.validators import Check, Validators

_BODY = ("body",)
_MULTIPART = "multipart/form-data"
_FORMS = ("application/x-www-form-urlencoded", _MULTIPART)
_MERGE_PATCH = "application/merge-patch+json"
_BOM = b"\xef\xbb\xbf"
# orjson reads integers beyond 64 bits as floats.
_HUGE = re.compile(rb"[0-9]{19}").search
_LONGEST_ECHO = 10_000
_MOST_VIOLATIONS = 200
_DEEPEST = 200
"""What is nested deeper could be read, but not be written again."""


class BodyValue(NamedTuple):
    """A parsed body. `media_type` is the one sent, without parameters."""

    value: Json
    present: bool
    media_type: str
    violations: list[Violation]


class _NotReadable(Exception):
    """The bytes don't match their media type."""

    def __init__(self, violation: Violation) -> None:
        super().__init__(violation.message)
        self.violation = violation


class BodyReader:
    """The request body of one operation, compiled."""

    def __init__(self, operation: Operation, validators: Validators) -> None:
        body = operation.body
        self._required = body is not None and body.required
        content = body.content if body is not None else {}
        self._media = {essence(name): _Media(media, validators) for name, media in content.items()}
        self._sent: dict[str, tuple[str, _Media | None]] = {}

    def read(self, headers: Mapping[str, str], raw: bytes) -> BodyValue:
        """Parse and validate a body. Header names are in lower case."""
        content_type = headers.get("content-type", "")
        if not raw and not (self._required and content_type):
            return self._missing()
        if not self._media:
            return BodyValue(None, False, "", [])
        name, media = self._sent.get(content_type) or self._find(content_type)
        if not raw and (media is None or not _may_be_empty(name)):
            return self._missing()
        if media is None:
            return self._unsupported(name, raw)
        try:
            value = media.parse(content_type, raw)
        except _NotReadable as error:
            return BodyValue(None, True, name, [error.violation])
        each = media.of_line
        if each is not None:
            found = (each.violations(one, (*_BODY, n)) for n, one in enumerate(value))
            wrong = list(islice(chain.from_iterable(found), _MOST_VIOLATIONS))
            return BodyValue(value, True, name, wrong)
        check = media.check
        if check is None:
            return BodyValue(value, True, name, [])
        valid, value = check.accept(value)
        if valid:
            return BodyValue(value, True, name, [])
        if name == _MERGE_PATCH and check.accept(_without_nulls(value))[0]:
            return BodyValue(value, True, name, [])
        violations = check.violations(value, _BODY)
        if media.is_form(name):
            violations = _as_sent(violations, media.parse(content_type, raw, as_text=True))
        return BodyValue(value, True, name, violations)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> tuple[Json, list[Violation]]:
        """Parse only: reports malformed bytes but no invalid values."""
        content_type = headers.get("content-type", "")
        if not raw or not self._media:
            return None, []
        _, media = self._sent.get(content_type) or self._find(content_type)
        if media is None:
            return None, []
        try:
            return media.parse(content_type, raw), []
        except _NotReadable as error:
            return None, [error.violation]

    def _find(self, content_type: str) -> tuple[str, _Media | None]:
        name = essence(content_type)
        found = name, find(self._media, name)
        # Clients choose what they send, so the cache has to be bounded.
        if len(self._sent) < 64 and len(content_type) < 200:
            self._sent[content_type] = found
        return found

    def _missing(self) -> BodyValue:
        if not self._required:
            return BodyValue(None, False, "", [])
        return BodyValue(None, False, "", [Violation(_BODY, "required", "a body is required")])

    def _unsupported(self, name: str, raw: bytes) -> BodyValue:
        known = ", ".join(self._media)
        message = (
            f"the media type {name[:100]!r} is not one of: {known}"
            if name
            else f"the content type is missing; it can be: {known}"
        )
        limit = tuple(self._media)
        schema = next(iter(self._media.values())).schema
        sent = as_text_of(raw[:_LONGEST_ECHO])
        violation = Violation(_BODY, "media_type", message, sent, limit, schema)
        return BodyValue(None, True, name, [violation])


def _may_be_empty(name: str) -> bool:
    """Whether empty bytes are a value of this media type: a file, a text, a form without fields."""
    return not is_json(name) and name != _MULTIPART


class _Media:
    """One documented media type."""

    def __init__(self, media: MediaType, validators: Validators) -> None:
        self._media = media
        self._validators = validators
        self._kinds: dict[bool, Kind] = {}
        self._check: Check | None = None
        name = essence(media.name)
        self._form = name in _FORMS
        self._json = is_json(name)
        self._range = "*" in name
        # A range with a schema of bytes says nothing about what they are.
        flat = validators.schemas.flat(media.schema or {}) if self._range else None
        self._bytes = flat is not None and flat.rules.get("format") == "binary"
        self._lines = is_lines(name) and self._has_values(media)
        self._item = media.items if self._lines else None
        self._checked = media.pointer is not None and (
            self._lines or self._form or self._json or self._range
        )
        self.schema: Schema = media.schema or {}
        if media.pointer is not None and (
            self._form or (name.startswith("text/") and not self._json)
        ):
            # A schema for another type doesn't apply to bytes.
            types = self._kind(False).types
            self._checked = not types or ("object" if self._form else "string") in types
        # A schema of a plain text doesn't describe elements.
        self._xml = is_xml(name) and media.pointer is not None and self._is_structured()
        if is_xml(name):
            self._checked = self._xml

    def _has_values(self, media: MediaType) -> bool:
        """Whether the lines of a body are described: each by itself, or all as an array."""
        flat = self._validators.schemas.flat(media.schema or {})
        return media.items is not None or flat.types[:1] == ("array",)

    def _is_structured(self) -> bool:
        flat = self._validators.schemas.flat(self.schema)
        return bool(flat.properties or flat.choices) or "array" in flat.types

    @property
    def check(self) -> Check | None:
        if self._check is None and self._checked and self._media.pointer is not None:
            self._check = self._validators.request(self._media.pointer)
        return self._check

    @property
    def of_line(self) -> Check | None:
        """The check of each value, if the body is a sequence whose items are described."""
        return self._validators.request(self._item) if self._item is not None else None

    def is_form(self, name: str) -> bool:
        return name in _FORMS

    def parse(self, content_type: str, raw: bytes, *, as_text: bool = False) -> Json:
        """The value of the bytes; with `as_text`, fields of a form stay text."""
        if self._json:
            return parse_json(raw)
        if self._lines:
            return parse_lines(raw)
        name = essence(content_type)
        if self._bytes:
            return as_text_of(raw)
        if is_json(name):
            return parse_json(raw)
        if name in _FORMS:
            return self._form_value(content_type, raw, self._kind(as_text))
        if self._xml and is_xml(name):
            return self._xml_value(raw)
        return as_text_of(raw)

    def _xml_value(self, raw: bytes) -> Json:
        from mockserver.openapi.request.xml import read_xml  # few documents have it

        try:
            return read_xml(raw, self._validators.schemas, self.schema)
        except ValueError as error:
            sent = as_text_of(raw[:_LONGEST_ECHO])
            raise _NotReadable(
                Violation(_BODY, "xml", f"not readable XML: {error}", sent)
            ) from None

    def _form_value(self, content_type: str, raw: bytes, kind: Kind) -> Json:
        encoding = self._media.encoding
        try:
            if essence(content_type) == _MULTIPART:
                return read_multipart(content_type, raw, kind, encoding)
            return read_urlencoded(raw, kind, encoding)
        except ValueError as error:
            sent = as_text_of(raw[:_LONGEST_ECHO])
            raise _NotReadable(
                Violation(_BODY, "style", f"not a readable form: {error}", sent)
            ) from None

    def _kind(self, as_text: bool) -> Kind:
        kind = self._kinds.get(as_text)
        if kind is None:
            kind = Kind(self._validators.document, self.schema, as_text=as_text)
            self._kinds[as_text] = kind
        return kind


def _as_sent(violations: Sequence[Violation], sent: Json) -> list[Violation]:
    """The violations with the texts as sent; a missing field shows nothing."""
    return [
        replace(
            violation,
            value=None if violation.keyword == "required" else part_of(sent, violation.where[1:]),
        )
        for violation in violations
    ]


def _without_nulls(value: Json) -> Json:
    """A merge patch without what it removes: null is no value of the property (RFC 7396)."""
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}


def parse_json(raw: bytes) -> Json:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if raw.startswith(_BOM):
            return parse_json(raw[len(_BOM) :])
        _explain(raw, error)
    if raw.count(b"[") + raw.count(b"{") > _DEEPEST and _depth(value) > _DEEPEST:
        raise _NotReadable(Violation((*_BODY, 0), "json", "Nested too deeply", {}))
    if _HUGE(raw):
        try:
            return json.loads(raw)
        except (ValueError, RecursionError):
            return value
    return value


def parse_lines(raw: bytes) -> list[Json]:
    """The values of JSON lines, or of a JSON text sequence (RFC 7464)."""
    found = []
    for line in raw.split(b"\n"):
        line = line.strip(b"\x1e\r\t ")
        if line:
            try:
                found.append(parse_json(line))
            except _NotReadable as error:
                where = (*_BODY, len(found), *error.violation.where[1:])
                raise _NotReadable(replace(error.violation, where=where)) from None
    return found


def _depth(value: Json) -> int:
    """The nesting depth of arrays and objects, counted up to _DEEPEST + 1."""
    depth, level = 0, [value]
    while level and depth <= _DEEPEST:
        inner: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level = [item for item in inner if isinstance(item, (dict, list))]
        depth += 1
    return depth


def _explain(raw: bytes, error: orjson.JSONDecodeError) -> NoReturn:
    """Raise, with the message and offset of Python's own parser if it rejects the text too."""
    message, position = error.msg, error.pos
    try:
        json.loads(raw.decode())
    except json.JSONDecodeError as known:
        message, position = known.msg, known.pos
    except UnicodeDecodeError as known:
        message, position = "Invalid UTF-8", known.start
    except (ValueError, RecursionError):
        pass
    else:
        # NaN, lone surrogates, huge numbers: Python parses them, JSON doesn't allow them.
        message = message.partition(": line ")[0]
        message = message[:1].upper() + message[1:]
    raise _NotReadable(Violation((*_BODY, position), "json", message, {})) from None


def as_text_of(raw: bytes) -> str:
    """Bytes as storable text: UTF-8 if valid, else one character per byte."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
