"""The exchanges of a recording that belong to a document, with their operations."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from mockserver.errors import UsageError
from mockserver.files.har import Archived, archived
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import essence
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.openapi.path_templates import parameters_of, pattern_of

_MOST_PATHS = 500
"""Paths to try a prefix on."""
_UNSETTLED = (0, 304, 429)
"""Statuses that depend on the moment: no response, a cached copy, too many requests."""


@dataclass(frozen=True)
class Recorded:
    """One exchange. `at` is when it ended, in seconds since the epoch; `path` are the values of
    path parameters. `headers` are those of the request, with names in lower case."""

    operation: Operation
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    sent: str
    status: int
    media_type: str
    body: bytes
    at: float
    location: str = ""

    @property
    def value(self) -> Json:
        """The response's JSON value, or MISSING."""
        return _parsed(self.body.decode("utf-8", "replace"))

    @property
    def sent_value(self) -> Json:
        """The request's JSON value, or MISSING."""
        return _parsed(self.sent)


@dataclass(frozen=True)
class Recording:
    """The exchanges in order. `prefix` is what comes before the document's paths."""

    exchanges: Sequence[Recorded]
    prefix: str


def recorded(value: Mapping[str, Json], contract: Contract, source: str) -> Recording:
    """Read a parsed HAR. Raises UsageError if nothing in it belongs to the document."""
    entries = archived(value, source)
    routes = Routes(contract)
    prefix = routes.prefix_of([(entry.method, entry.path) for entry in entries])
    try:
        found = [one for entry in entries if (one := _exchange(entry, routes, prefix)) is not None]
    except ValueError as error:
        raise UsageError(f"{source}: an exchange has no startedDateTime ({error})") from None
    if not found:
        raise UsageError(
            f"{source}: none of its {len(entries)} exchanges matches the document; check --spec"
        )
    return Recording(sorted(found, key=lambda one: one.at), prefix)


@dataclass
class Routes:
    """The operations of a document by path; literal segments win."""

    contract: Contract
    _patterns: list[tuple[Operation, re.Pattern[str]]] = field(init=False)

    def __post_init__(self) -> None:
        self._patterns = list(_patterns(self.contract.operations))

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a path without its prefix, and the values of its parameters."""
        for operation, pattern in self._patterns:
            found = pattern.fullmatch(path) if operation.method == method else None
            if found is not None:
                names = parameters_of(operation.url_path)
                return operation, dict(zip(names, map(unquote, found.groups()), strict=True))
        return None

    def prefix_of(self, requests: Iterable[tuple[str, str]]) -> str:
        """The prefix under which most requests match an operation.

        Of several, that with the most literal segments matched, then the document's own, then the
        longest.
        """
        distinct = list(dict.fromkeys(requests))[:_MOST_PATHS]
        shared = Counter(prefix for _, path in distinct for prefix in _prefixes(path))
        own = self.contract.base_path.rstrip("/")
        best, most = own, self._fit(own, distinct, own)
        for prefix, count in shared.most_common():
            if count < most[0]:
                break
            fit = self._fit(prefix, distinct, own)
            if fit[0] and fit > most:
                best, most = prefix, fit
        return best

    def _fit(
        self, prefix: str, requests: Sequence[tuple[str, str]], own: str
    ) -> tuple[int, int, bool, int]:
        count = literals = 0
        for method, path in requests:
            found = self.find(method, path[len(prefix) :]) if path.startswith(prefix) else None
            if found is not None:
                count += 1
                literals += sum("{" not in part for part in found[0].url_path.split("/") if part)
        return count, literals, prefix == own, len(prefix)


def _prefixes(path: str) -> Iterator[str]:
    """What can come before a document's path: "", "/api", "/api/v1"..."""
    yield ""
    for place, character in enumerate(path):
        if character == "/" and place:
            yield path[:place]


def _patterns(operations: Iterable[Operation]) -> Iterator[tuple[Operation, re.Pattern[str]]]:
    for operation in sorted(operations, key=lambda op: op.url_path.count("{")):
        yield operation, re.compile(pattern_of(operation.url_path).rstrip("/") + "/?")


def _exchange(entry: Archived, routes: Routes, prefix: str) -> Recorded | None:
    if entry.status in _UNSETTLED or not entry.path.startswith(prefix):
        return None
    found = routes.find(entry.method, entry.path[len(prefix) :])
    if found is None:
        return None
    return Recorded(
        *found,
        query=dict(parse_qsl(urlsplit(entry.url).query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in entry.request_headers},
        sent=entry.request_body.decode("utf-8", "replace"),
        status=entry.status,
        media_type=essence(entry.header("content-type")),
        body=entry.body,
        at=entry.ended,
        location=entry.header("location"),
    )


def _parsed(text: str) -> Json:
    try:
        return json.loads(text) if text else MISSING
    except (ValueError, RecursionError):
        return MISSING
