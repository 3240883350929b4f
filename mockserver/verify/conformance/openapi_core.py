"""The second judge: openapi-core looks at every reply again."""

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
from mockserver.openapi.document import join
from mockserver.openapi.model import Contract
from mockserver.verify.conformance.exemptions import unlisted_refusal
from mockserver.verify.model import Difference, Exchange

CONFORMANCE = frozenset(
    {
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    }
)
"""The checks of Schemathesis that look at what openapi-core looks at."""


# The one difference that is known: openapi-schema-validator 0.8 refuses the offset that RFC 3339
# demands of a time. So it gets this instead.
_FULL_TIME = re.compile(
    r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?(Z|[+-]\d\d:\d\d)", re.IGNORECASE
)


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or _FULL_TIME.fullmatch(value) is not None


class _JsonBodies(dict[str, Callable[..., Any]]):
    """What reads a body, by its media type: openapi-core knows two types of JSON by name, and
    would take one of any other type (application/problem+json) for bytes."""

    def __contains__(self, media_type: object) -> bool:
        return str(media_type).endswith(("/json", "+json"))

    def __getitem__(self, media_type: str) -> Callable[..., Any]:
        return lambda body, **_: json.loads(body)


def _by_what_came(version: type[Any]) -> type[Any]:
    """A response validator that reads a body as what the reply says it is, also where the document
    says `*/*`, and has no opinion on what is no JSON value: a schema tells nothing of the bytes
    of a PDF, nor of an XML tree."""

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
    """What openapi-core wants to know of a request."""

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
    """Judges exchanges and keeps where it differs from the first.

    Equal replies to one operation are judged once.
    """

    def __init__(self, document: Mapping[str, Any], contract: Contract, url: str) -> None:
        from openapi_core import Config, OpenAPI

        self.contract = contract
        # Whatever server the document names: this one is judged.
        config = Config(
            extra_format_validators={"time": _is_time}, extra_media_type_deserializers=_JsonBodies()
        )
        local = cast(Any, {**document, "servers": [{"url": url}]})
        try:
            self._openapi = OpenAPI.from_dict(local, config=config)
        except Exception as error:
            # openapi-spec-validator's complaint: it comes with openapi-core, and is not ours.
            if not hasattr(error, "absolute_path"):
                raise
            said = str(error).split("\n")[0]
            raise ContractError(
                f"the document is not valid, nothing can be judged by it; mend it: {said}",
                join("#", *error.absolute_path),
            ) from None
        if (version := self._openapi.response_validator_cls) is not None:
            self._openapi.response_validator_cls = _by_what_came(version)
        self._known: dict[Any, str] = {}
        self.judged = 0
        self.differences: list[Difference] = []

    def hear(self, exchange: Exchange) -> None:
        """Judge one exchange of Schemathesis, and compare."""
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

        try:
            self._openapi.validate_response(
                cast(Any, _request(exchange, self.contract)), _response(exchange)
            )
        except OpenAPIError as error:
            return _words(error)
        except (ValueError, UnicodeDecodeError, RecursionError) as error:
            return f"{type(error).__name__}: {error}"
        return ""

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
    """The path is made from the template: it is the reply that is judged, and a path with odd
    characters would not be found."""
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
    suffix = template
    for part in template.split("{")[1:]:
        suffix = suffix.replace("{" + part.split("}")[0] + "}", "x")
    depth = template.count("/")
    base = path.split("/")[: max(path.count("/") - depth + 1, 1)]
    return "/".join(base).rstrip("/") + suffix


def _response(exchange: Exchange) -> _Response:
    return _Response(
        status_code=exchange.status,
        # It asks for a header as the document spells it.
        headers=httpx.Headers(dict(exchange.headers)),
        content_type=exchange.content_type,
        data=exchange.body or None,
    )


def _words(error: BaseException) -> str:
    """An error on one line: where a value breaks its schema, how, without the value."""
    broken = list(getattr(error.__cause__ or error, "schema_errors", ()))
    if broken:
        details = "; ".join(dict.fromkeys(_detail(one) for one in broken))
        return f"{type(error).__name__}: {details}"[:500]
    try:
        return (str(error) or type(error).__name__)[:500]
    except UnicodeDecodeError:
        # It quotes the reply, taking it for UTF-8.
        return type(error).__name__


def _detail(error: Any) -> str:
    """What breaks the schema, and the names of the properties that lead there."""
    text = str(getattr(error, "message", error))
    names = [str(step) for step in getattr(error, "absolute_path", ()) if isinstance(step, str)]
    return f"{'.'.join(names)}: {text}" if names else text


class ReplyJudge:
    """Judges replies by a document: what a reproduced finding asks."""

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
