"""HTML forms: URL-encoded and multipart, converted by the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from email.message import Message
from logging import CRITICAL, Logger
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Json
from mockserver.openapi.request.coercion import Kind
from mockserver.openapi.request.styles import Decode, read_deep, split_url

Encoding = Mapping[str, Any]
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|", "form": ","}
_MOST_FIELDS = 10_000
_MOST_PARTS = 1000
# Errors in a form are reported to the client, not in the log.
_QUIET = Logger("forms", CRITICAL)


def read_urlencoded(raw: bytes, kind: Kind, encoding: Encoding) -> Json:
    """A form body as an object; repeated names are arrays where the schema has an array.

    Raises ValueError if it has too many fields.
    """
    if raw.count(b"&") > _MOST_FIELDS:
        raise ValueError("too many fields")
    fields: dict[str, list[str]] = {}
    for part in raw.decode("latin-1").split("&"):
        if part:
            name, _, value = part.partition("=")
            fields.setdefault(unquote_plus(name), []).append(value)
    return _object(fields, {}, kind, encoding, unquote_plus)


def read_multipart(content_type: str, raw: bytes, kind: Kind, encoding: Encoding) -> Json:
    """A multipart body as an object; a file is its text. Raises ValueError if malformed."""
    parts = _parsed(content_type, raw)
    return _object(parts.fields, parts.types, kind, encoding, _same)


class FilePart(NamedTuple):
    """A file in a multipart body."""

    field: str
    name: str
    media_type: str
    data: bytes


def read_files(content_type: str, raw: bytes) -> list[FilePart]:
    """The files in a multipart body: the parts with a file name. Empty if malformed."""
    try:
        return _parsed(content_type, raw).files
    except ValueError:
        return []


def _parsed(content_type: str, raw: bytes) -> _Parts:
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        raise ValueError("no boundary")
    parts = _Parts()
    try:
        parser = MultipartParser(boundary.encode("latin-1", "replace"), parts.callbacks())
        parser.logger = _QUIET
        parser.write(raw)
        parser.finalize()
    except FormParserError as error:
        raise ValueError(str(error)) from None
    if not parts.ended:
        raise ValueError("the last boundary is missing")
    return parts


class _Parts:
    """Collects the callbacks of the multipart parser."""

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}
        self.types: dict[str, str] = {}
        self.files: list[FilePart] = []
        self.ended = False
        self._headers: dict[str, str] = {}
        self._field = bytearray()
        self._value = bytearray()
        self._data = bytearray()
        self._count = 0

    def callbacks(self) -> Any:
        found: dict[str, Callable[..., None]] = {
            "on_part_begin": self._part_begin,
            "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
            "on_part_end": self._part_end,
            "on_header_begin": self._header_begin,
            "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_end": self._end,
        }
        return found

    def _part_begin(self) -> None:
        self._headers = {}
        self._data = bytearray()

    def _header_begin(self) -> None:
        self._field = bytearray()
        self._value = bytearray()

    def _header_end(self) -> None:
        name = self._field.decode("latin-1").strip().lower()
        self._headers[name] = bytes(self._value).decode("utf-8", "replace").strip()

    def _part_end(self) -> None:
        self._count += 1
        if self._count > _MOST_PARTS:
            raise ValueError("too many parts")
        header = Message()
        header["content-disposition"] = self._headers.get("content-disposition", "")
        name = header.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise ValueError("a part has no name")
        try:
            value = self._data.decode()
        except UnicodeDecodeError:
            value = self._data.decode("latin-1")
        self.fields.setdefault(name, []).append(value)
        media_type = self._headers.get("content-type", "")
        called = header.get_filename()
        # A JSON file stays a file.
        self.types[name] = media_type if called is None else ""
        if called is not None:
            self.files.append(FilePart(name, called, media_type, bytes(self._data)))

    def _end(self) -> None:
        self.ended = True


def _same(raw: str) -> str:
    return raw


def _object(
    fields: Mapping[str, Sequence[str]],
    types: Mapping[str, str],
    kind: Kind,
    encoding: Encoding,
    decode: Decode,
) -> dict[str, Json]:
    """`fields` are the texts as sent, which `decode` reads."""
    found: dict[str, Json] = {}
    deep = _deep(fields, kind)
    for sent, raws in fields.items():
        if sent in deep:
            name = deep[sent]
            if name not in found:
                own = {key: fields[key] for key, base in deep.items() if base == name}
                found[name] = read_deep(name, own, kind.property(name), decode)
            continue
        name = sent
        if name not in kind.properties and name.endswith("[]"):
            name = name[:-2]
        part = kind.property(name)
        hints = encoding.get(name)
        hints = hints if isinstance(hints, Mapping) else {}
        values = [decode(raw) for raw in raws]
        if part.is_array and not (len(values) == 1 and values[0] in (part.listed or ())):
            found[name] = _array(raws, part, hints, types.get(sent, ""), decode)
        else:
            value = _one(values[-1], part, hints, types.get(sent, ""))
            if value is not None:
                found[name] = value
    return found


def _deep(fields: Mapping[str, Sequence[str]], kind: Kind) -> dict[str, str]:
    """The fields that belong to a property: `address[city]`, `items[0][price]`."""
    found = {}
    for sent in fields:
        base, bracket, rest = sent.partition("[")
        if bracket and rest != "]" and sent not in kind.properties and sent.endswith("]"):
            part = kind.property(base)
            if base in kind.properties and (part.is_object or part.is_array):
                found[sent] = base
    return found


def _array(
    raws: Sequence[str], kind: Kind, hints: Mapping[str, Any], sent: str, decode: Decode
) -> Json:
    item = kind.of(kind.items)
    values = [decode(raw) for raw in raws]
    if len(values) == 1 and _is_json(hints, sent):
        whole = _json(values[0])
        if isinstance(whole, list):
            return whole
    if len(raws) == 1 and hints.get("explode") is False:
        delimiter = _DELIMITERS.get(str(hints.get("style", "form")), ",")
        encoded = decode is not _same
        parts = split_url(raws[0], delimiter) if encoded else raws[0].split(delimiter)
        values = [decode(part) for part in parts]
    return [_one(value, item, hints, sent) for value in values]


def _one(value: str, kind: Kind, hints: Mapping[str, Any], sent: str) -> Json:
    if value in (kind.listed or ()):
        return value
    if kind.is_object or kind.is_array:
        return _json(value)
    if _is_json(hints, sent) and set(kind.types) - {"null"} != {"string"}:
        return _json(value)
    if value == "" and kind.types and "string" not in kind.types:
        # An empty form field counts as not sent.
        return None
    return kind.scalar()(value)


def _is_json(hints: Mapping[str, Any], sent: str) -> bool:
    named = str(hints.get("contentType") or "").split(",")
    return any(map(is_json, (*named, sent)))


def _json(value: str) -> Json:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
