"""The second validator: openapi-core checks every reply again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit
from xml.etree.ElementTree import Element

import httpx

from mockserver.errors import ContractError
from mockserver.inference.words import bag
from mockserver.openapi.document import join
from mockserver.openapi.model import Contract
from mockserver.openapi.path_templates import filled, parameters_of
from mockserver.verify.conformance.exemptions import unlisted_refusal
from mockserver.verify.model import Difference, Exchange

CONFORMANCE = bag(
    "status_code_conformance content_type_conformance response_headers_conformance "
    "response_schema_conformance"
)
"""The Schemathesis checks that openapi-core repeats."""


# The one known difference: openapi-schema-validator 0.8 rejects the offset that RFC 3339
# requires in a time. This replaces its check.
_FULL_TIME = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE
)


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or _FULL_TIME.fullmatch(value) is not None


class _JsonBodies(dict[str, Callable[..., Any]]):
    """Body deserialisers by media type. openapi-core knows two JSON types and would treat others,
    such as application/problem+json, as bytes."""

    def __contains__(self, media_type: object) -> bool:
        return str(media_type).endswith(("/json", "+json"))

    def __getitem__(self, media_type: str) -> Callable[..., Any]:
        return lambda body, **_: json.loads(body)


def _by_what_came(version: type[Any]) -> type[Any]:
    """A response validator that parses a body by the reply's Content-Type, even where the document
    has `*/*`, and skips bodies that are not JSON: a schema says nothing about a PDF or XML."""

    class ByWhatCame(version):  # type: ignore[misc]
        def _find_media_type(self, content: Any, mimetype: str | None = None) -> Any:
            found = super()._find_media_type(content, mimetype)
            came = (mimetype or found.mime_type).partition(";")[0].strip().lower()
            return found._replace(mime_type=came)

        def _validate_schema(self, schema: Any, value: Any) -> None:
            if not isinstance(value, bytes | Element):
                super()._validate_schema(schema, value)

    return ByWhatCame


@dataclass
class _Parameters:
    path: dict[str, Any] = field(default_factory=dict)
    query: Any = field(default_factory=dict)
    header: Any = field(default_factory=dict)
    cookie: Any = field(default_factory=dict)


@dataclass
class _Request:
    """The request attributes that openapi-core needs."""

    host_url: str
    path: str
    method: str
    parameters: _Parameters
    content_type: str
    body: bytes | None


@dataclass
class _Response:
    status_code: int
    headers: Mapping[str, str]
    content_type: str
    data: bytes | None


class SecondJudge:
    """Validates exchanges and records where it disagrees with the first validator.

    Identical replies to an operation are validated once.
    """

    def __init__(self, document: Mapping[str, Any], contract: Contract, url: str) -> None:
        from openapi_core import Config, OpenAPI

        self.contract = contract
        # The server under test, whatever servers the document lists.
        config = Config(
            extra_format_validators={"time": _is_time}, extra_media_type_deserializers=_JsonBodies()
        )
        local = cast(Any, {**document, "servers": [{"url": url}]})
        try:
            self._openapi = OpenAPI.from_dict(local, config=config)
        except Exception as error:
            # Raised by openapi-spec-validator, a dependency of openapi-core.
            if not hasattr(error, "absolute_path"):
                raise
            reason = str(error).split("\n")[0]
            raise ContractError(
                f"the document is invalid, so it can't validate replies; fix it: {reason}",
                join("#", *error.absolute_path),
            ) from None
        if (version := self._openapi.response_validator_cls) is not None:
            self._openapi.response_validator_cls = _by_what_came(version)
        self._known: dict[Any, str] = {}
        self.judged = 0
        self.differences: list[Difference] = []

    def compare(self, exchange: Exchange) -> None:
        """Validate one Schemathesis exchange and compare the results."""
        if exchange.verdicts is None or not exchange.status or not exchange.operation:
            return
        if unlisted_refusal(exchange, self.contract):
            return
        mine = self.complaint(exchange)
        theirs = sorted(exchange.verdicts & CONFORMANCE)
        if bool(mine) != bool(theirs):
            self._differ(exchange, ", ".join(theirs), mine)

    def complaint(self, exchange: Exchange) -> str:
        """What is wrong with a reply, or ""."""
        self.judged += 1
        key = (
            exchange.operation,
            exchange.status,
            exchange.content_type,
            frozenset(exchange.headers),
            hash(exchange.body),
        )
        if key not in self._known:
            self._known[key] = self._judge(exchange)
        return self._known[key]

    def _judge(self, exchange: Exchange) -> str:
        from openapi_core.exceptions import OpenAPIError
        from openapi_core.validation.response.exceptions import MissingData

        try:
            self._openapi.validate_response(
                cast(Any, _request(exchange, self.contract)), _response(exchange)
            )
        except OpenAPIError as error:
            nothing = isinstance(error, MissingData) and self._promises_nothing(exchange)
            return "" if nothing else _words(error)
        except (ValueError, UnicodeDecodeError, RecursionError) as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def _promises_nothing(self, exchange: Exchange) -> bool:
        """Whether the document has no schema for the body: Swagger 2 has no other way to say that
        there is none."""
        response = self.contract.by_id[exchange.operation].response_for(exchange.status)
        content = response.content.values() if response is not None else ()
        return not any(media.schema for media in content)

    def _differ(self, exchange: Exchange, theirs: str, mine: str) -> None:
        known = (
            d.where == exchange.operation
            and d.status == exchange.status
            and bool(d.openapi_core) == bool(mine)
            for d in self.differences
        )
        if not any(known):
            self.differences.append(
                Difference(exchange.operation, exchange.status, theirs, mine, exchange)
            )


def _request(exchange: Exchange, contract: Contract) -> _Request:
    """A request whose path is built from the template: only the reply is validated, and
    openapi-core would not find a path with unusual characters."""
    parts = urlsplit(exchange.url)
    operation = contract.by_id[exchange.operation]
    return _Request(
        host_url=f"{parts.scheme}://{parts.netloc}",
        path=_concrete(operation.path, parts.path),
        method=exchange.method.lower(),
        parameters=_Parameters(query=dict(parse_qsl(parts.query))),
        content_type=exchange.request_headers.get("content-type", "application/json"),
        body=exchange.request_body or None,
    )


def _concrete(template: str, path: str) -> str:
    suffix = filled(template, dict.fromkeys(parameters_of(template), "x"))
    depth = template.count("/")
    base = path.split("/")[: max(path.count("/") - depth + 1, 1)]
    return "/".join(base).rstrip("/") + suffix


def _response(exchange: Exchange) -> _Response:
    return _Response(
        status_code=exchange.status,
        # openapi-core looks up headers as the document spells them.
        headers=httpx.Headers(dict(exchange.headers)),
        content_type=exchange.content_type,
        data=exchange.body or None,
    )


def _words(error: BaseException) -> str:
    """The error on one line: where and how the schema is broken, without the value."""
    broken = list(getattr(error.__cause__ or error, "schema_errors", ()))
    if broken:
        details = "; ".join(dict.fromkeys(_detail(one) for one in broken))
        return f"{type(error).__name__}: {details}"[:500]
    try:
        return (str(error) or type(error).__name__)[:500]
    except UnicodeDecodeError:
        # The message quotes the reply as if it were UTF-8.
        return type(error).__name__


def _deepest(error: Any) -> Any:
    """Of a value that fits no branch, why it does not fit the one that it comes nearest to: the
    branch whose first fault is the deepest."""
    branches: dict[Any, list[Any]] = {}
    for inner in getattr(error, "context", None) or ():
        branches.setdefault(inner.relative_schema_path[0], []).append(_deepest(inner))
    if not branches:
        return error
    nearest = max(branches.values(), key=lambda found: min(len(e.absolute_path) for e in found))
    inner = min(nearest, key=lambda e: len(e.absolute_path))
    return inner if len(inner.absolute_path) > len(error.absolute_path) else error


def _detail(error: Any) -> str:
    """The violated schema keyword and the property path to it."""
    error = _deepest(error)
    text = str(getattr(error, "message", error))
    names = [str(step) for step in getattr(error, "absolute_path", ()) if isinstance(step, str)]
    return f"{'.'.join(names)}: {text}" if names else text


class ReplyJudge:
    """Validates replies against a document; used by generated reproductions."""

    def __init__(self, spec: str, url: str) -> None:
        from mockserver.files.documents import read_contract

        document, contract = read_contract(spec)
        self._judge = SecondJudge(document, contract, url)

    def complaint(self, operation: str, reply: Any) -> str:
        """What is wrong with an httpx reply, or ""."""
        return self._judge.complaint(
            Exchange(
                method=reply.request.method,
                url=str(reply.request.url),
                request_headers=dict(reply.request.headers),
                request_body=reply.request.content,
                status=reply.status_code,
                headers=dict(reply.headers),
                body=reply.content,
                elapsed=0,
                source="reproduction",
                operation=operation,
            )
        )
