"""Find the operation of a request: by its path, in a trie; and among those that share a method and
a path, by what the request says.
"""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from importlib import import_module
from itertools import combinations, islice, pairwise
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.engine.pipeline import Message
from mockserver.engine.pipeline.versions import Responder
from mockserver.openapi.media_types import choose
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.routing_projection import parameter_names, safe_path
from mockserver.private_imports import PrivateImporter
from mockserver.records import dataclass

# Connexion without the dependencies that we don't use.
#
# `import connexion` also imports requests, jsonschema, jinja2, Flask's werkzeug and Starlette's
# test client, for reading and validating documents, for its Swagger UI and its test client. We use
# none of these, and they took half of the time to the first response: docs/decisions/0011.

UNUSED = (
    "a2wsgi",
    "asgiref",
    "flask",
    "httpx",
    "jinja2",
    "jsf",
    "jsonschema",
    "requests",
    "starlette.staticfiles",
    "starlette.templating",
    "starlette.testclient",
    "urllib.request",
    "werkzeug",
    "yaml",
)


def _modules() -> tuple[Any, Any, Any]:
    # Connexion uses `pkgutil` to read its meta-schemas.
    pkgutil = ModuleType("pkgutil")
    pkgutil.get_data = lambda package, resource: b"{}"  # type: ignore[attr-defined]
    names = ("connexion.middleware.main", "connexion.middleware.abstract", "connexion.spec")
    importer = PrivateImporter("connexion", UNUSED, {"pkgutil": pkgutil})
    try:
        main, abstract, spec = map(importer.load, names)
    except Exception:
        # This Connexion needs more during its import: import all of it.
        with warnings.catch_warnings():
            # It imports Starlette's test client, which deprecates httpx.
            warnings.simplefilter("ignore")
            main, abstract, spec = map(import_module, names)
    return main, abstract, spec


_main, _abstract, _spec = _modules()
API: Any = _main.API
ConnexionMiddleware: Any = _main.ConnexionMiddleware
SpecMiddleware: Any = _abstract.SpecMiddleware
Specification: Any = _spec.Specification
OpenAPISpecification: Any = _spec.OpenAPISpecification


ROUTE = "mockserver.route"
ROUTER = "mockserver.router"
MOST_KEPT = 2000
LONGEST_KEPT = 200
_PARAMETER = re.compile(r"{([^{}]+)}")


@dataclass(frozen=True, slots=True)
class _Mixed:
    """A segment of parameters and text (`{name}.{format}`): the texts before, between and after its
    parameters."""

    texts: tuple[str, ...]

    @property
    def literal(self) -> int:
        """How specific it is: the length of its text."""
        return sum(len(re.escape(text)) for text in self.texts)

    def match(self, segment: str) -> tuple[str, ...] | None:
        """The parameters' values, none empty; earlier parameters take as much as they can.

        Each text is searched once, from the end. A regular expression would backtrack, which takes
        years for a long segment with several parameters.
        """
        first, *between, last = self.texts
        if not (segment.startswith(first) and segment.endswith(last)):
            return None
        start, end = len(first), len(segment) - len(last)
        values: list[str] = []
        for text in reversed(between):
            found = segment.rfind(text, start, max(start, end - 1))
            if found < 0:
                return None
            values.append(segment[found + len(text) : end])
            end = found
        values.append(segment[start:end])
        return tuple(reversed(values)) if all(values) else None


@dataclass(slots=True, eq=False)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    mixed: list[tuple[_Mixed, _Node]] = field(default_factory=list)
    parameter: _Node | None = None
    methods: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Match:
    """`operation_id` is None if the path has only other methods, listed in `allowed`.

    With both, a more literal path matches but has only those methods (`POST /runs/batch` next to
    `GET /runs/{id}`): the parameter's schema decides whether the text can be an id.

    `values` are the raw (still percent-encoded) path parameters in path order. `forked`: less
    literal paths may also match, in case the values don't fit this one.
    """

    operation_id: str | None
    values: tuple[str, ...]
    allowed: tuple[str, ...]
    forked: bool = False
    named: Mapping[str, str] | None = field(default=None, compare=False, repr=False)
    """The decoded values by name, kept because a client that polls repeats its request."""


class PathIndex:
    """Paths and methods -> operationIds; literal segments win over parameters."""

    def __init__(self) -> None:
        self._root = _Node()
        self._recent: dict[tuple[str, str], Match] = {}

    def add(self, path: str, methods: Mapping[str, str]) -> None:
        """Register a path template with its operationIds by method (upper case)."""
        node = self._root
        for segment in path.split("/")[1:]:
            if not _PARAMETER.search(segment):
                node = node.literals.setdefault(segment, _Node())
            elif _PARAMETER.fullmatch(segment):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = self._mixed(node, segment)
        node.methods.update(methods)

    @staticmethod
    def _mixed(node: _Node, segment: str) -> _Node:
        # Odd positions are parameter names; even ones are literals.
        mixed = _Mixed(tuple(_PARAMETER.split(segment)[::2]))
        for known, following in node.mixed:
            if known == mixed:
                return following
        following = _Node()
        node.mixed.append((mixed, following))
        node.mixed.sort(key=lambda entry: -entry[0].literal)
        return following

    def match(self, method: str, path: str) -> Match | None:
        """Find the operation; None if no template matches the path."""
        known = self._recent.get((method, path))  # polling requests the same path again
        if known is not None:
            return known
        segments = path.split("/")[1:]
        quick = _greedy(self._root, segments, method)
        if quick is not None:
            if len(path) <= LONGEST_KEPT:
                if len(self._recent) >= MOST_KEPT:
                    self._recent.clear()
                self._recent[method, path] = quick
            return quick
        allowed: set[str] = set()
        ways = _ways(self._root, segments, 0, (), method, allowed)
        found = next(ways, None)
        if found is not None:
            others = tuple(sorted(allowed))
            return Match(*found, others, forked=bool(found[1]) and next(ways, None) is not None)
        if allowed:
            return Match(None, (), tuple(sorted(allowed)))
        return None

    def others(self, method: str, path: str) -> Iterator[Match]:
        """Less literal templates that also match, the more literal first."""
        ways = _ways(self._root, path.split("/")[1:], 0, (), method, set())
        return (Match(found, values, ()) for found, values in islice(ways, 1, None))


def _greedy(node: _Node, segments: list[str], method: str) -> Match | None:
    """Walk without backtracking, which suffices for nearly every request: None proves nothing."""
    values = []
    forked = False
    for segment in segments:
        following = node.literals.get(segment)
        if following is None:
            following = node.parameter
            if following is None or node.mixed or not segment:
                return None
            values.append(segment)
        elif node.parameter is not None or node.mixed:
            forked = True
        node = following
    operation_id = node.methods.get(method)
    return (
        None
        if operation_id is None
        else Match(operation_id, tuple(values), (), forked and bool(values))
    )


def _ways(
    node: _Node,
    segments: list[str],
    depth: int,
    values: tuple[str, ...],
    method: str,
    allowed: set[str],
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if depth == len(segments):
        operation_id = node.methods.get(method)
        if operation_id is None:
            # `Allow` is that of the most literal template.
            if not allowed:
                allowed.update(node.methods)
        else:
            yield operation_id, values
        return
    segment = segments[depth]
    literal = node.literals.get(segment)
    if literal is not None:
        yield from _ways(literal, segments, depth + 1, values, method, allowed)
    for mixed, following in node.mixed:
        found = mixed.match(segment)
        if found is not None:
            bound = (*values, *found)
            yield from _ways(following, segments, depth + 1, bound, method, allowed)
    if node.parameter is not None and segment:
        bound = (*values, segment)
        yield from _ways(node.parameter, segments, depth + 1, bound, method, allowed)


def normal_path(scope: Scope) -> str:
    """The request path, percent-decoded except for slashes and percent signs."""
    raw = scope.get("raw_path")
    if raw is None or b"%" not in raw:
        path: str = scope["path"]
        return path
    text = raw.partition(b"?")[0].decode("latin-1")
    kept = re.sub("%(2[fF]|25)", lambda match: "%25" + match[1], text)
    return unquote(kept, errors="replace")


def _index_of(paths: Mapping[str, Any], only: set[str] | None) -> PathIndex:
    """The paths of the projection, with `only` these operations."""
    index = PathIndex()
    for path, item in paths.items():
        # OpenAPI 3.2 allows any method: an operation is whatever has an id.
        methods = {
            method.upper(): operation["operationId"]
            for method, operation in item.items()
            if isinstance(operation, Mapping) and "operationId" in operation
            if only is None or operation["operationId"] in only
        }
        if methods or only is None:
            index.add(path, methods)
    return index


class IndexedRouting(SpecMiddleware):  # type: ignore[misc]
    """Puts `(operation_id, values, allowed)` into the scope; the app behind decides."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._indexes: list[tuple[str, PathIndex]] = []
        self._without: PathIndex | None = None

    def add_api(self, specification: Specification, base_path: str | None = None, **_: Any) -> None:
        """Called by Connexion with the projection."""
        paths = specification["paths"]
        index = _index_of(paths, None)
        for base, below in specification["x-base-paths"].items():
            self._indexes.append((base, index if below is None else _index_of(paths, {*below})))
        if specification["x-strict"]:
            self._without = index
        elif ("", index) not in self._indexes:
            # A client's URL may or may not have the server's base path.
            self._indexes.append(("", index))

    def without_base_path(self, method: str, path: str) -> str | None:
        """The id of the operation that the path would match without base paths."""
        found = self._without.match(method, path) if self._without is not None else None
        return found.operation_id if found is not None else None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "http":
            scope[ROUTE] = self.route(scope["method"], normal_path(scope))
            scope[ROUTER] = self
        return self.app(scope, receive, send)

    def others(self, method: str, path: str) -> Iterator[Match]:
        """Other matches of the first API that knows the path, the more literal ones first."""
        for base_path, index in self._indexes:
            here = path[len(base_path) :]
            known = not base_path or path.startswith(base_path + "/")
            if known and index.match(method, here) is not None:
                return index.others(method, here)
        return iter(())

    def route(self, method: str, path: str) -> Match | None:
        """The match of the first API that knows the path."""
        other: Match | None = None
        for base_path, index in self._indexes:
            if not base_path or path.startswith(base_path + "/"):
                found = index.match(method, path[len(base_path) :])
                if found is not None and found.operation_id is not None:
                    return found
                other = other or found
        return other


_RUN = re.compile(r"(?:{[^{}]+}){2,}")
_MOST = 500
_FEW = 20


def named(
    operation: Operation, values: Sequence[str], judge: Responder, candidates: int = 1
) -> dict[str, str]:
    """The decoded path values by name. Routing gives as much as possible to the first of two
    adjacent parameters; the text is split again so that each value fits its schema, if possible.

    With many `candidates` to try, fewer splits are tried for each.
    """
    names = parameter_names(operation.url_path)
    decoded = [unquote(value, errors="replace") for value in values]
    plain = dict(zip(names, decoded, strict=True))
    for first, last in _runs(operation.url_path):
        if judge.admits(operation, plain):
            break
        ways = max(_FEW, _MOST // candidates)
        parts = islice(_parted("".join(decoded[first:last]), last - first), ways)
        tried = (plain | dict(zip(names[first:last], part, strict=True)) for part in parts)
        plain = next((one for one in tried if judge.admits(operation, one)), plain)
    return plain


def _runs(path: str) -> Iterator[tuple[int, int]]:
    """Ranges of positions with adjacent parameters."""
    for match in _RUN.finditer(path):
        first = path.count("{", 0, match.start())
        yield first, first + match[0].count("{")


def _parted(text: str, count: int) -> Iterator[list[str]]:
    """Ways to split a text into this many parts, those with a long first part first."""
    for cuts in combinations(range(len(text) - 1, 0, -1), count - 1):
        yield [text[a:b] for a, b in pairwise((0, *sorted(cuts), len(text)))]


_FORM = "application/x-www-form-urlencoded"


class AmbiguousOperations:
    """Operations that routing alone can't tell apart, by the id of each of them."""

    def __init__(self, contract: Contract) -> None:
        groups: dict[tuple[str, str], list[Operation]] = defaultdict(list)
        for operation in contract.operations:
            groups[operation.method, safe_path(operation.url_path)].append(operation)
        self._groups = {
            operation.id: group
            for group in groups.values()
            if len(group) > 1
            for operation in group
        }

    def __contains__(self, operation_id: str) -> bool:
        return operation_id in self._groups

    def meant(
        self, found: Operation, message: Message, values: Sequence[str], judge: Responder
    ) -> Operation:
        """The operation with the most of its distinguishing words in the request. Among equals that
        have what the client accepts, the one that routing found, or else the first for which the
        whole request is valid, or at least its path."""
        words = _request_words(message)
        group = sorted(self._groups[found.id], key=lambda operation: operation is not found)
        scored = [(self._words_in_request(operation, words), operation) for operation in group]
        best = max(count for count, _ in scored)
        if best < 0:
            return found
        equals = _acceptable([one for count, one in scored if count == best], message)
        if len(equals) == 1:
            return equals[0]
        paths = [named(operation, values, judge, len(equals)) for operation in equals]
        for operation, path in zip(equals, paths, strict=True):
            if judge.fits(operation, replace(message, path_values=path)):
                return operation
        for operation, path in zip(equals, paths, strict=True):
            if judge.admits(operation, path):
                return operation
        return equals[0]

    @staticmethod
    def _words_in_request(operation: Operation, words: Mapping[str, set[str]]) -> int:
        """How many of its words the request contains; -1 if one is missing."""
        for name, value in operation.query_discriminators:
            found = words.get(name.lower())
            if found is None or not (value is None or value in found):
                return -1
        return len(operation.query_discriminators)


def _acceptable(operations: list[Operation], message: Message) -> list[Operation]:
    """Those whose success has a media type that the request accepts; all if none has."""
    accept = message.headers.get("accept", "")
    found = []
    for operation in operations if accept else ():
        response = operation.response_for(operation.success)
        offered = list(response.content) if response is not None else []
        if offered and choose(accept, offered) is not None:
            found.append(operation)
    return found or operations


def _request_words(message: Message) -> dict[str, set[str]]:
    """Values of headers, query and form, by names in lower case."""
    found: dict[str, set[str]] = {name: {value} for name, value in message.headers.items()}
    pairs = parse_qsl(message.query.decode("latin-1"), keep_blank_values=True)
    if message.headers.get("content-type", "").startswith(_FORM):
        # Too many fields are reported by the reader of the body.
        with suppress(ValueError):
            pairs += parse_qsl(message.body.decode("latin-1"), True, max_num_fields=1000)
    for name, value in pairs:
        found.setdefault(name.lower(), set()).add(value)
    return found
