"""The contents of an OpenAPI document, as frozen values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import unquote

from mockserver.openapi.media_types import is_json_or_any
from mockserver.records import dataclass

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_WITH_DISCRIMINATORS = re.compile(r"((?:{[^{}]*}|[^{}#?])*)[#?](.*)", re.DOTALL)

EXTERNAL = "x-external-value"
"""Where the bytes of an example's `externalValue` are, in base64, if it is no JSON or text."""
Json = Any
Schema = Mapping[str, Any]
Place = Literal["path", "query", "header", "cookie"]


_REGISTERED = frozenset(status.value for status in HTTPStatus)
_SAID = {
    404: ("notfound", "notexist", "nosuch", "unknownresource"),
    409: ("conflict", "alreadyexist", "inuse", "duplicate"),
}
"""What a description says that means a status."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a message breaks the contract.

    `where` starts with path, query, header, cookie or body, followed by names and array indexes.
    `keyword` is the JSON Schema keyword that failed, or one of `required` (a part is missing),
    `json` (not JSON), `media_type`, `style` (an unreadable parameter). `limit` is the keyword's
    argument, `schema` the schema that contains it, `value` what was sent.
    """

    where: tuple[str | int, ...]
    keyword: str
    message: str
    value: Json = None
    limit: Json = None
    schema: Schema = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type of a body; `pointer` leads to its schema in the document, if it has one.

    `items` leads to the schema of one item of a sequence (OpenAPI 3.2).
    """

    name: str
    schema: Schema | None
    pointer: str | None
    examples: Mapping[str, Json] = field(default_factory=dict)
    encoding: Mapping[str, Any] = field(default_factory=dict)
    items: str | None = None


WHOLE = "querystring"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `schema` is resolved one level, `pointer` leads to it. The value of one whose
    style is WHOLE is the query."""

    name: str
    place: Place
    required: bool
    schema: Schema
    pointer: str
    style: str
    explode: bool
    media_type: str | None = None
    allow_empty: bool = False
    deprecated: bool = False
    examples: Mapping[str, Json] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    required: bool
    content: Mapping[str, MediaType]


@dataclass(frozen=True, slots=True)
class Header:
    """One header of a response; its value is in `media_type`, if that is not None."""

    name: str
    required: bool
    schema: Schema
    pointer: str | None
    examples: tuple[Json, ...] = ()
    description: str = ""
    media_type: str | None = None
    explode: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """`status` as written: "200", "4XX" or "default"."""

    status: str
    description: str
    content: Mapping[str, MediaType]
    headers: Mapping[str, Header]
    links: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SecurityScheme:
    """`type` is apiKey, http, oauth2, openIdConnect or mutualTLS."""

    name: str
    type: str
    place: str = ""
    parameter: str = ""
    scheme: str = ""
    scopes: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The word before the credential in `Authorization`: the scheme's name, or Bearer if that
        can't be in a header (RFC 9110, section 11.1)."""
        scheme = self.scheme.strip()
        named = scheme if self.type == "http" and _TOKEN.fullmatch(scheme) else "Bearer"
        return {"basic": "Basic", "bearer": "Bearer"}.get(named.lower(), named)


def split_path(path: str) -> tuple[str, str]:
    """The path of URLs, and the part after `#` or `?`."""
    match = _WITH_DISCRIMINATORS.fullmatch(path)
    return (match[1], match[2]) if match else (path, "")


Requirement = Mapping[str, tuple[str, ...]]
"""All of these schemes together, each with its scopes."""


@dataclass(frozen=True)
class Operation:
    """One operation. `id` is the document's operationId, or one made from method and path."""

    id: str
    method: str
    path: str
    pointer: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    responses: Mapping[str, Response]
    security: tuple[Requirement, ...]
    tags: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    deprecated: bool = False
    callbacks: Mapping[str, Any] = field(default_factory=dict)
    base_paths: tuple[str, ...] = ()
    """Where it is, if it has servers of its own."""
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def url_path(self) -> str:
        """The path as in URLs, without the suffix that some documents use to tell operations apart
        (`/#Action=Stop`, `/templates?kind=html`)."""
        return split_path(self.path)[0]

    @cached_property
    def query_discriminators(self) -> tuple[tuple[str, str | None], ...]:
        """The values of a query, form or header that select this operation; None for any value
        (`?page={page}`). A word alone after `#` (`/chat#stream`) is just a label."""
        url, suffix = split_path(self.path)
        labelled = self.path.startswith(f"{url}#") and "=" not in suffix
        parts = [part.partition("=") for part in suffix.split("&") if part and not labelled]
        return tuple(
            (unquote(name), unquote(value) if equals and "{" not in value else None)
            for name, equals, value in parts
        )

    @cached_property
    def documented(self) -> frozenset[int]:
        """The statuses that are listed individually."""
        return frozenset(int(s) for s in self.responses if s.isdigit())

    @cached_property
    def described(self) -> Mapping[int, int]:
        """Listed statuses that HTTP does not have, by the one that their description names: a 483
        that is a `ResourceNotFoundException` is what others list as 404."""
        found: dict[int, int] = {}
        for status in sorted(self.documented):
            if 400 <= status < 500 and status not in _REGISTERED:
                said = "".join(filter(str.isalpha, self.responses[str(status)].description)).lower()
                for usual, words in _SAID.items():
                    if any(word in said for word in words):
                        found.setdefault(usual, status)
        return found

    def response_for(self, status: int) -> Response | None:
        """The documented response for a status: its own, its range, or `default`."""
        found = self.responses.get(str(status))
        if found is None:
            found = self.responses.get(f"{status // 100}XX") or self.responses.get("default")
        return found

    @cached_property
    def success(self) -> int:
        """The success status: the lowest documented 2xx (201 rather than a 200 that shows nothing),
        else a redirect (304 only if it is the only one), else 200. A GET without parameters and
        with a single status has that one."""
        listed = sorted(s for s in self.documented if 200 <= s < 300)
        if {200, 201} <= set(listed) and self._shows(201) and not self._shows(200):
            listed.remove(200)
        if not listed and "2XX" not in self.responses and "default" not in self.responses:
            listed = sorted(s for s in self.documented if 300 <= s < 400)
            listed = [s for s in listed if s != 304] or listed
            asks = self.method != "GET" or any(p.required for p in self.parameters)
            if not listed and not asks and len(self.responses) == 1:
                listed = sorted(self.documented)
        return listed[0] if listed else 200

    @cached_property
    def success_json(self) -> MediaType | None:
        """The JSON of the success response, if it has any."""
        response = self.response_for(self.success)
        return json_in(response.content) if response is not None else None

    def _shows(self, status: int) -> bool:
        """Whether a response has a body with a schema."""
        response = self.response_for(status)
        content = response.content.values() if response is not None else ()
        return any(media.pointer for media in content)


def json_in(content: Mapping[str, MediaType]) -> MediaType | None:
    """The first media type for JSON."""
    return next((media for name, media in content.items() if is_json_or_any(name)), None)


@dataclass(frozen=True)
class Contract:
    """A parsed document.

    `document` is the given one (3.0 or later, with references), or the converted one for Swagger
    2.0, with the original in `written`. `notes` list what can't be honoured, with places in the
    document as written.
    """

    document: Mapping[str, Any]
    version: str
    title: str
    operations: tuple[Operation, ...]
    schemes: Mapping[str, SecurityScheme]
    base_path: str
    """The path of the first server; `base_paths` are those of all, as their variables allow."""
    servers: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    written: str = ""
    base_paths: tuple[str, ...] = ()

    @cached_property
    def by_id(self) -> Mapping[str, Operation]:
        return {operation.id: operation for operation in self.operations}

    @cached_property
    def invalid(self) -> int:
        """The status of invalid requests where an operation lists none: the one that most others
        list, 400 or 422."""
        listed = [one.documented & {400, 422} for one in self.operations]
        bad, invalid = frozenset({400}), frozenset({422})
        return 400 if listed.count(bad) > sum(invalid <= one for one in listed) else 422

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The ids of operations by their names for people: the id, or `POST /renders`."""
        requests = {f"{each.method} {each.path}": each.id for each in self.operations}
        return requests | {name: name for name in self.by_id}


@dataclass(frozen=True, slots=True)
class Note:
    """A part of the document that can't be honoured, or is ambiguous."""

    where: str
    message: str
    severity: Literal["error", "warning", "info"] = "warning"
