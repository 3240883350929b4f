"""Parameters: from the parts of a URL and the headers to typed values."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple
from urllib.parse import quote_plus, unquote, unquote_plus

import orjson

from mockserver.openapi.media_types import essence, is_json
from mockserver.openapi.model import WHOLE, Json, Operation, Parameter, Violation
from mockserver.openapi.request.coercion import Kind, part_of, text
from mockserver.openapi.request.forms import read_urlencoded
from mockserver.openapi.request.styles import ABSENT, Source, reader_for
from mockserver.openapi.schemas.formats import CANONICAL_UUID
from mockserver.openapi.schemas.validators import Check, Validators

Pairs = dict[str, list[str]]
_ENCODING = "accept-encoding"
_CODINGS = frozenset(("gzip", "x-gzip", "deflate", "br", "zstd", "compress", "identity", "*"))


class Values(NamedTuple):
    """The typed values of one request, and its violations.

    A parameter that was not sent is absent unless it has a default.
    """

    path: dict[str, Json]
    query: dict[str, Json]
    header: dict[str, Json]
    cookie: dict[str, Json]
    violations: list[Violation]


class ParameterReader:
    """The parameters of one operation, compiled."""

    def __init__(self, operation: Operation, validators: Validators) -> None:
        by_place: dict[str, list[_Reader]] = {"path": [], "query": [], "header": [], "cookie": []}
        claimed = _claimed(operation, validators.document)
        for parameter in operation.parameters:
            by_place[parameter.place].append(_Reader(parameter, validators, claimed))
        self._path = by_place["path"]
        self._query = by_place["query"]
        self._header = by_place["header"]
        self._cookie = by_place["cookie"]
        self._query_defaults = {r.name: r.default for r in self._query if r.has_default}
        self._query_required = any(r.required for r in self._query)

    def read(
        self, path: Mapping[str, str], query: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Values:
        """Read path values (decoded, but for those of `packed_in_path`), the raw query string and
        the headers (names in lower case)."""
        violations: list[Violation] = []
        path_values: dict[str, Json] = {}
        for reader in self._path:
            raw = path[reader.name]
            if reader.is_uuid and CANONICAL_UUID(raw):
                path_values[reader.name] = raw
            else:
                reader.into(path_values, {reader.name: [raw]}, violations)
        query_values: dict[str, Json] = {}
        if (query and self._query) or self._query_required:
            pairs = split_query(query.decode("latin-1"))
            for reader in self._query:
                reader.into(query_values, pairs, violations)
        elif self._query_defaults:
            query_values = _copies(self._query_defaults)
        header_values: dict[str, Json] = {}
        cookie_values: dict[str, Json] = {}
        if headers is not None and (self._header or self._cookie):
            sent = {name: [value] for name, value in headers.items()}
            for reader in self._header:
                reader.into(header_values, sent, violations)
            if self._cookie:
                cookies = split_cookies(headers.get("cookie", ""))
                for reader in self._cookie:
                    reader.into(cookie_values, cookies, violations)
        return Values(path_values, query_values, header_values, cookie_values, violations)


def packed_in_path(operation: Operation, document: Mapping[str, Any]) -> frozenset[str]:
    """The path parameters that hold several values, whose delimiters differ from encoded ones
    only before they are decoded."""
    return frozenset(
        parameter.name
        for parameter in operation.parameters
        if parameter.place == "path"
        and parameter.media_type is None
        and Kind(document, parameter.schema).is_packed
    )


class _Reader:
    """One parameter: finds its text, converts and validates it."""

    def __init__(
        self, parameter: Parameter, validators: Validators, claimed: frozenset[str]
    ) -> None:
        self.parameter = parameter
        self.name = parameter.name
        self.required = parameter.required
        kind = Kind(validators.document, parameter.schema)
        self._others = kind.others()
        self.is_uuid = kind.types == ("string",) and _is_plain_uuid(parameter)
        self.has_default = "default" in parameter.schema and not parameter.required
        self.default = parameter.schema.get("default")
        self.is_encoding = parameter.place == "header" and self.name.lower() == _ENCODING
        self._where = (parameter.place, parameter.name)
        self._validators = validators
        self._check: Check | None = None
        self._read: Callable[[Source], Any]
        if parameter.style == WHOLE:
            self._read = _whole_reader(parameter, kind, claimed)
        elif parameter.media_type is not None:
            self._read = _content_reader(parameter)
        else:
            self._read = reader_for(parameter, kind, claimed)
        plain = not (kind.is_array or kind.is_object) and parameter.media_type is None
        self._free = plain and kind.scalar() is text and _says_nothing(parameter)

    def into(self, values: dict[str, Json], source: Source, out: list[Violation]) -> None:
        """Put the value, or the default, into `values`, and violations into `out`."""
        try:
            value = self._read(source)
        except _NotJson as error:
            out.append(Violation((*self._where, error.at), "json", error.text, error.sent))
            return
        if value is not ABSENT and self.is_encoding and _codings(source) and not self._fits(value):
            value = ABSENT
        if value is ABSENT:
            if self.required:
                message = f"{self.name!r} is a required parameter"
                out.append(Violation(self._where, "required", message, None, self.name))
            elif self.has_default:
                values[self.name] = _copy(self.default)
            return
        if self._free or (self.parameter.allow_empty and value == ""):
            values[self.name] = value
            return
        check = self._compiled()
        valid, value = check.accept(value)
        if not valid and self._others and isinstance(value, str):
            # A number or a UUID: a text that is no UUID may be a number.
            for cast in self._others:
                valid, other = check.accept(cast(value))
                if valid:
                    value = other
                    break
        if valid or self._is_directed(value):
            values[self.name] = value
        else:
            sent = self._text(source)
            out.extend(
                replace(found, value=part_of(sent, _place(found)))
                for found in check.violations(value, self._where)
            )

    def _compiled(self) -> Check:
        if self._check is None:
            self._check = self._validators.request(self.parameter.pointer)
        return self._check

    def _fits(self, value: Json) -> bool:
        return self._free or self._compiled().is_valid(value)

    def _is_directed(self, value: Json) -> bool:
        """Whether it is a listed name to sort by, with a direction of which the text tells."""
        directions = sort_directions(self.parameter)
        if directions is None:
            return False
        several = value if isinstance(value, list) else [value]
        plain = [directions.sub("", one, 1) if isinstance(one, str) else one for one in several]
        return self._fits(plain if isinstance(value, list) else plain[0])

    def _text(self, source: Source) -> Json:
        """The value as sent, before conversion."""
        if self.parameter.media_type is not None:
            return self._read(source)
        kind = Kind(self._validators.document, self.parameter.schema, as_text=True)
        return reader_for(self.parameter, kind)(source)


_BEFORE = re.compile(
    r"json:? ?api|^(?=.*(?:desc|revers|opposite))(?=.*(?:\bminus\b|\bhyphen|\bdash\b|negat"
    r"|[`'\"(>\s]\s*-\s*[`'\")<]|(?:prefix|prepend|preced|lead|start)[^.]{0,40}-))",
    re.IGNORECASE | re.DOTALL,
)
"""Texts by which a name to sort by may follow a minus: JSON:API's, or its own words."""
_BEHIND = re.compile(r"[\w}>][:,| ](?:desc|asc)(?:ending)?\b[`'\"]|:(?:desc|asc)\b", re.IGNORECASE)
"""Texts by which a direction may follow the name: `name:desc`, `name desc`."""
_DIRECTED = {
    (True, False): re.compile(r"^[-+ ]"),
    (False, True): re.compile(r"[:,| ](?:desc|asc)(?:ending)?$", re.IGNORECASE),
    (True, True): re.compile(r"^[-+ ]|[:,| ](?:desc|asc)(?:ending)?$", re.IGNORECASE),
}


def sort_directions(parameter: Parameter) -> re.Pattern[str] | None:
    """The sign or word that may stand beside a name to sort by, where the description of the
    parameter says so, though the enum has none; None for other parameters."""
    name = parameter.name.lower()
    if parameter.place != "query" or not ("sort" in name or "order" in name):
        return None
    text = f"{parameter.description} {parameter.schema.get('description') or ''}"
    found = _BEFORE.search(text) is not None, _BEHIND.search(text) is not None
    return _DIRECTED.get(found)


def _claimed(operation: Operation, document: Mapping[str, Any]) -> frozenset[str]:
    """The query names that belong to other parameters or to credentials.

    The others belong to a form-exploded object with arbitrary names.
    """
    found = {p.name for p in operation.parameters if p.place == "query"}
    for parameter in operation.parameters:
        if parameter.place == "query" and parameter.explode:
            found.update(Kind(document, parameter.schema).properties)
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    for scheme in schemes.values() if isinstance(schemes, Mapping) else ():
        if isinstance(scheme, Mapping) and scheme.get("in") == "query":
            found.add(str(scheme.get("name")))
    return frozenset(found)


def _codings(source: Source) -> bool:
    """Whether an Accept-Encoding contains only HTTP's own codings, which clients send by default
    and which a document that redefines the header doesn't mean."""
    listed = ",".join(source.get(_ENCODING, ())).split(",")
    return all(one.partition(";")[0].strip().lower() in _CODINGS for one in listed)


def _place(violation: Violation) -> tuple[str | int, ...]:
    """The place of the violation inside the parameter; for a missing part, the whole of it."""
    inside = violation.where[2:]
    return inside[:-1] if violation.keyword == "required" else inside


class _NotJson(Exception):
    def __init__(self, text: str, at: int, sent: str) -> None:
        super().__init__(text)
        self.text = text
        self.at = at
        self.sent = sent


def _whole_reader(
    parameter: Parameter, kind: Kind, claimed: frozenset[str]
) -> Callable[[Source], Any]:
    """Reads the whole query, without what belongs to other parameters: a form, JSON or a text."""
    name, media_type = parameter.name, parameter.media_type or ""
    single = _content_reader(replace(parameter, place="header"))

    def read(source: Source) -> Any:
        others = claimed - {name}
        pairs = [(n, v) for n, values in source.items() if n not in others for v in values]
        if not pairs:
            return ABSENT
        if essence(media_type) == "application/x-www-form-urlencoded":
            raw = "&".join(f"{quote_plus(n)}={v}" for n, v in pairs)
            return read_urlencoded(raw.encode("latin-1", "replace"), kind, {})
        said = "&".join(f"{n}={unquote_plus(v)}" if v else n for n, v in pairs)
        return single({name.lower(): [said]})

    return read


def _content_reader(parameter: Parameter) -> Callable[[Source], Any]:
    reads_json = is_json(parameter.media_type or "")
    decodes: dict[str, Callable[[str], str]] = {"query": unquote_plus, "cookie": unquote}
    decode = decodes.get(parameter.place, str)
    key = parameter.name.lower() if parameter.place == "header" else parameter.name

    def read(source: Source) -> Any:
        found = source.get(key)
        if not found:
            return ABSENT
        raw = decode(found[-1])
        if not reads_json:
            return raw
        try:
            return orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise _NotJson(error.msg, error.pos, raw) from None

    return read


def _is_plain_uuid(parameter: Parameter) -> bool:
    """Whether it is a UUID without further rules, in the simple style."""
    schema = parameter.schema
    keywords = set(schema) - {"type", "format", "title", "description", "example", "examples"}
    return (
        schema.get("format") == "uuid"
        and not keywords
        and parameter.style == "simple"
        and parameter.media_type is None
    )


def _says_nothing(parameter: Parameter) -> bool:
    """Whether any text is valid."""
    if not parameter.pointer:
        return True
    plain = {"type", "title", "description", "example", "examples", "default", "deprecated"}
    return parameter.schema.get("type") == "string" and set(parameter.schema) <= plain


def split_query(query: str) -> Pairs:
    """The decoded names and raw values of a query string, in order."""
    pairs: Pairs = {}
    for part in query.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        if "%" in name or "+" in name:
            name = unquote_plus(name)
        pairs.setdefault(name, []).append(value)
    return pairs


def split_cookies(header: str) -> Pairs:
    """The cookies of a `Cookie` header; the first one of each name."""
    pairs: Pairs = {}
    for part in header.split(";"):
        name, separator, value = part.strip().partition("=")
        if separator and name:
            pairs.setdefault(name, [value.strip('"')])
    return pairs


def _copy(value: Json) -> Json:
    return json.loads(json.dumps(value)) if isinstance(value, (dict, list)) else value


def _copies(values: Mapping[str, Json]) -> dict[str, Json]:
    return {name: _copy(value) for name, value in values.items()}
