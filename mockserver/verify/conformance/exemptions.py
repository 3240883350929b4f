"""Failed checks that are no fault of the server, whatever the document: HTTP allows the response,
the document leaves no alternative, or the request was not what the check took it for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mockserver.errors import ContractError
from mockserver.inference.page_fields import BEFORE, CURSOR
from mockserver.inference.words import singular, snake_case, tokens
from mockserver.openapi.document import MISSING, find, resolve
from mockserver.openapi.media_types import essence
from mockserver.openapi.model import Contract, Operation, Parameter
from mockserver.openapi.observed import schema_at
from mockserver.openapi.path_templates import Router, parameters_of, pattern_of, shape
from mockserver.openapi.request.bodies import BodyReader
from mockserver.openapi.request.parameters import ParameterReader
from mockserver.openapi.schemas.validators import Validators
from mockserver.verify.causes import has_key
from mockserver.verify.conformance.borderline import is_borderline, types_named
from mockserver.verify.http import is_stream
from mockserver.verify.lifecycle.session import ACCEPTED
from mockserver.verify.model import Exchange, Finding, is_server_error
from mockserver.verify.persistence import TOO_MANY
from mockserver.verify.replies import (
    NOT_THERE,
    RELATION,
    TAKEN,
    fields_of,
    is_named,
    leaves,
    parsed,
    quotes,
    texts_of,
    words_of,
)

BAD_REQUEST = (400, 422)
_UNLISTED = ("status_code_conformance", "content_type_conformance")
_JUDGING = re.compile(r"(?:[\w-]*[_-])?(?:validat(?:e|ion|or)|lint|verify|check)(?:[_-][\w-]*)?")
"""Last words of paths of operations that only tell whether something is right."""
_RARE = ("TRACE", "QUERY")
_CONDITIONAL = ("if-match", "if-none-match")
_ASKED_BY_HEADER: dict[int, tuple[str, ...]] = {
    406: ("accept", "accept-charset", "accept-encoding", "accept-language"),
    412: (*_CONDITIONAL, "if-modified-since", "if-unmodified-since"),
    415: ("content-encoding",),
    416: ("range",),
    417: ("expect",),
}
"""By status, the headers that may lead to it, whatever their value: RFC 9110, 15.5."""
_CURSORS = (("cursor",), ("token",), ("marker",), ("bookmark",))
"""The last words of names of parameters whose values only the server makes."""
_STRUCTURED = re.compile(r"[/+-](yaml|xml)$")
"""Media types that Schemathesis parses before it applies a schema."""
_WITHDRAWN = (400, 404, 410, 422)
"""Refusals of a cursor that was never issued, or is too old."""
_NO_RESOURCE = re.compile(
    r"(?:the )?(?:requested )?(?:resource|object|entity|item|record) "
    r"(?:(?:was |is |could |can)?not (?:be )?found|(?:does not|doesn't) exist)\W*",
    re.IGNORECASE,
)
"""A refusal that says that something is missing, and not what."""
_RULES = re.compile(
    r"\b(?:exactly|at least|at most|only|either) one\b|\bone (?:of|or the other)\b|\beither\b"
    r"|\bmutually exclusive\b|\b(?:not both|neither)\b|\bone key\b",
    re.IGNORECASE,
)
"""Words of a rule between fields in a description."""
_DEEPEST = 12
"""Levels of a schema in which enums are looked for."""
_ENTITY_TAGS = re.compile(r'\s*(\*|((W/)?"[^"]*"\s*(,\s*|$))+)\s*')
"""RFC 9110, 13.1.1 and 13.1.2."""
_SOME_IDS = re.compile(r"[a-z](_ids?|Ids?)$")
"""Properties with ids of other entities: `suite_id`, `suiteIds`."""
_JSON = re.compile(r"\bJSON\b")
_NO_UNIT = (
    r"(?! ?(?:char(?:acter)?s?|bytes?|[km]b|items?|rows?|records?|results?|entries|elements?|words?"
    r"|tokens?|pixels?|px|ms|(?:milli)?seconds?|minutes?|hours?|days?|points?|percent|%)(?!\w))"
)
"""After a number that is a status, not an amount."""
_AVAILABLE = ("ensure_resource_availability", "use_after_free")
_NAMED_REQUEST = re.compile(r"`([A-Z]+) (/[^`\s]*)`")
_ACCEPTED = ("missing_required_header", "ignored_auth", "negative_data_rejection")
"""Checks that a wrong request is refused; they fail if it is accepted."""


@dataclass
class Requests:
    """Answers questions about requests as they were sent, from the document alone."""

    contract: Contract
    base: str = ""
    """The base path of the API, as in the URL under test."""
    _readers: dict[str, tuple[ParameterReader, BodyReader]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._validators = Validators(self.contract.document, self.contract.version)
        self._router = Router(self.contract)
        self._found = set[str]()
        paths = {name for op in self.contract.operations for name in parameters_of(op.path)}
        # A property with the name of a path parameter holds such an id.
        self._ids = {name for name in paths if name.lower().endswith("id") and len(name) > 2}
        self._ids |= {f"{name}s" for name in self._ids}
        self._nouns = set(_nouns(self.contract))

    def is_valid(self, exchange: Exchange) -> bool | None:
        """Whether the request fits its operation; None if this is not clear, for example if the
        values in its path lead to another operation.

        Values in another notation than the document's are valid, and so are headers, cookies and
        query parameters that the document does not list.
        """
        operation = self.contract.by_id.get(exchange.operation)
        parts = urlsplit(exchange.url)
        _, template, path = self._router.find(exchange.method, parts.path.removeprefix(self.base))
        if operation is None or shape(operation.path.rstrip("/")) != shape(template.rstrip("/")):
            return None
        try:
            reader, body = self._readers_of(operation)
            names = dict(zip(parameters_of(operation.path), path.values(), strict=True))
            sent = reader.read(names, parts.query.encode(), exchange.request_headers)
            read = body.read(exchange.request_headers, exchange.request_body)
        except (ContractError, RecursionError, KeyError):
            return None
        return not (sent.violations or read.violations)

    def names_other_entities(self, exchange: Exchange) -> bool:
        """Whether the body has ids of other entities, which may not exist, and the refusal names
        one of them or no other field; or whether it names a field or parameter that is called like
        the entities of a path: `track`, where there are `/tracks/{id}`."""
        sent = parsed(exchange.request_body or b"null")
        given = {n for n, v in sent.items() if v is not None} if isinstance(sent, dict) else set()
        ids = {name for name in given if name in self._ids or _SOME_IDS.search(name)}
        named = {word for text in texts_of(exchange) for word in words_of(text)}
        if ids and (named & ids or not named & (given - ids)):
            return True
        asked = parse_qs(urlsplit(exchange.url).query).keys()
        nouns = {name for name in {*given, *asked} if snake_case(name) in self._nouns}
        return bool(nouns & fields_of(exchange))

    def says_it_is_taken(self, exchange: Exchange) -> bool:
        """Whether a refusal says that there is one already. A schema can't say what exists; 409 is
        one status for it, and 400 and 422 are others."""
        return any(TAKEN.search(text) for text in texts_of(exchange))

    def has_invalid_condition(self, exchange: Exchange) -> bool:
        """Whether a conditional header is not valid HTTP. A server may then refuse the request or
        ignore the header, whatever pattern the document has."""
        sent = (exchange.request_headers.get(name) for name in _CONDITIONAL)
        return any(value is not None and not _ENTITY_TAGS.fullmatch(value) for value in sent)

    def asks_by_header(self, exchange: Exchange) -> bool:
        """Whether a documented header of the request may lead to this refusal by HTTP itself: a
        condition does not hold, a range is not there, no such media type is."""
        operation = self.contract.by_id.get(exchange.operation)
        listed = operation.parameters if operation is not None else ()
        names = {p.name.lower() for p in listed if p.place == "header"}
        asked = names.intersection(_ASKED_BY_HEADER.get(exchange.status, ()))
        return any(name in exchange.request_headers for name in asked)

    def has_unknown_cursor(self, exchange: Exchange) -> bool:
        """Whether a documented refusal is about a cursor: only the server makes these, and a schema
        can't say which it has made."""
        operation = self.contract.by_id.get(exchange.operation)
        if operation is None or exchange.status not in _WITHDRAWN:
            return False
        if operation.response_for(exchange.status) is None:
            return False
        sent = parse_qs(urlsplit(exchange.url).query, keep_blank_values=True)
        named = {word for text in texts_of(exchange) for word in words_of(text)}
        cursors = {p.name for p in operation.parameters if p.name in sent and _is_cursor(p)}
        others = {p.name for p in operation.parameters} - cursors
        return bool(cursors) and (bool(named & cursors) or not named & others)

    def is_described(self, exchange: Exchange) -> bool:
        """Whether the description of a sent parameter has a rule that its schema lacks: a value may
        get this status, or must be JSON, which the sent one is not."""
        operation = self.contract.by_id.get(exchange.operation)
        query = parse_qs(urlsplit(exchange.url).query, keep_blank_values=True)
        sent = {**query, **{name: [value] for name, value in exchange.request_headers.items()}}
        for parameter in operation.parameters if operation is not None else ():
            name = parameter.name.lower() if parameter.place == "header" else parameter.name
            for value in sent.get(name, ()):
                status = re.search(rf"\b{exchange.status}\b{_NO_UNIT}", parameter.description)
                if status or (_JSON.search(parameter.description) and parsed(value) is MISSING):
                    return True
        return False

    def is_still_at_work(self, finding: Finding) -> bool:
        """Whether what a finding names as creation or removal may be done later than the reply: it
        documents 202 (RFC 9110, 15.3.3)."""
        named = (
            self._router.find(method, urlsplit(path).path.removeprefix(self.base))[0]
            for method, path in _NAMED_REQUEST.findall(finding.message)
        )
        return any(one is not None and ACCEPTED in one.documented for one in named)

    def note(self, exchange: Exchange) -> None:
        """Note the entities that a successful request has found."""
        if 200 <= exchange.status < 300:
            self._found.update(self._named(exchange))

    def has_unknown_id(self, exchange: Exchange) -> bool:
        """Whether the path has an id that no successful request has had, and the document lists the
        status of the refusal, which need not be 404, or no refusal of a bad request at all."""
        operation = self.contract.by_id.get(exchange.operation)
        known = operation is not None and operation.response_for(exchange.status) is not None
        known = known or unlisted_refusal(exchange, self.contract)
        return known and not self._found.issuperset(self._named(exchange))

    def _named(self, exchange: Exchange) -> list[str]:
        """The entities that the path names, each as the path up to its id."""
        path = urlsplit(exchange.url).path.removeprefix(self.base)
        template = self._router.find(exchange.method, path)[1]
        steps = path.split("/")
        return [
            "/".join(steps[: number + 1])
            for number, step in enumerate(template.split("/"))
            if "{" in step
        ]

    def only_judges(self, exchange: Exchange) -> bool:
        """Whether the operation validates what it is sent, so that a documented refusal is its
        result."""
        operation = self.contract.by_id.get(exchange.operation)
        if operation is None or operation.response_for(exchange.status) is None:
            return False
        last = operation.path.rstrip("/").rsplit("/", 1)[-1]
        return bool(_JUDGING.fullmatch(last))

    def relates_fields(self, exchange: Exchange) -> bool:
        """Whether a text of a documented refusal names several fields of the request, or one speaks
        of a rule between fields, as a description does. A schema can rarely express it."""
        operation = self.contract.by_id.get(exchange.operation)
        if operation is None:
            return False
        told = any(_RULES.search(text) for text in texts_of(exchange))
        if told and any(map(_RULES.search, _descriptions(operation, self.contract.document))):
            return True
        if operation.response_for(exchange.status) is None:
            return False
        names = {parameter.name for parameter in operation.parameters}
        if parameters_of(operation.path):
            names |= {"path", "url", "URL", "URI"}
        for media in operation.body.content.values() if operation.body is not None else ():
            schema = schema_at(self.contract.document, media.pointer, ()) if media.pointer else None
            names |= set((schema or {}).get("properties") or ())
        return any(
            len(names.intersection(words_of(text))) > 1
            or (RELATION.search(text) and sum(is_named(name, text) for name in names) > 1)
            for text in texts_of(exchange)
        )

    def names_what_is_missing(self, exchange: Exchange) -> bool:
        """Whether a refusal says that nothing has a name or id of the request. A schema can't say
        what exists, but a value from an `enum` of the document should."""
        told = [text for text in texts_of(exchange) if NOT_THERE.search(text)]
        if not told:
            return False
        operation = self.contract.by_id.get(exchange.operation)
        listed = set(_enum_values(operation, self.contract.document)) if operation else set()
        sent = {*leaves(parsed(exchange.request_body or b"null"))}
        sent.update(v for vs in parse_qs(urlsplit(exchange.url).query).values() for v in vs)
        sent.update(self._path_values(exchange))
        if sent and not sent & listed and any(map(_NO_RESOURCE.fullmatch, told)):
            return True
        return any(quotes(text, one) for one in sent - listed for text in told)

    def _path_values(self, exchange: Exchange) -> list[str]:
        path = urlsplit(exchange.url).path.removeprefix(self.base)
        return list(self._router.find(exchange.method, path)[2].values())

    def is_documented(self, exchange: Exchange) -> bool:
        """Whether the document has the method for this URL, perhaps under another path template."""
        return exchange.method in self._methods_at(exchange)

    def allows_what_is_documented(self, exchange: Exchange) -> bool:
        """Whether the document has all methods of `Allow` for this URL, each perhaps under another
        path template: `/rooms/mine` is a `/rooms/{id}`, too. An `Allow` that names more methods
        than one template has is right then."""
        told = {name.strip().upper() for name in exchange.headers.get("allow", "").split(",")}
        told -= {"HEAD", "OPTIONS", ""}
        path = urlsplit(exchange.url).path.removeprefix(self.base)
        here = self._router.find(exchange.method, path)[1]
        own = {operation.method for operation in self.contract.operations if operation.path == here}
        return bool(told) and own - {"HEAD", "OPTIONS"} <= told <= self._methods_at(exchange)

    def is_rightly_empty(self, exchange: Exchange) -> bool:
        """Whether an empty response lacks a media type, and the document a schema for it: by this
        Swagger 2 says that there is no content, whatever its `produces` lists."""
        operation = self.contract.by_id.get(exchange.operation)
        response = operation.response_for(exchange.status) if operation is not None else None
        if response is None or exchange.body or exchange.content_type:
            return False
        return not any(media.schema for media in response.content.values())

    def _methods_at(self, exchange: Exchange) -> set[str]:
        """The documented methods of a URL, under whatever path template."""
        path = urlsplit(exchange.url).path.removeprefix(self.base).rstrip("/")
        return {
            operation.method
            for operation in self.contract.operations
            if re.fullmatch(pattern_of(operation.path.rstrip("/")), path)
        }

    def _readers_of(self, operation: Operation) -> tuple[ParameterReader, BodyReader]:
        if operation.id not in self._readers:
            self._readers[operation.id] = (
                ParameterReader(operation, self._validators),
                BodyReader(operation, self._validators),
            )
        return self._readers[operation.id]


def _is_cursor(parameter: Parameter) -> bool:
    """Whether only the server makes the values of a query parameter."""
    schema = parameter.schema if isinstance(parameter.schema, dict) else {}
    free = "string" in types_named(schema) and not schema.keys() & {"enum", "format", "pattern"}
    by_name = (
        snake_case(parameter.name) in CURSOR | BEFORE or tokens(parameter.name)[-1:] in _CURSORS
    )
    return parameter.place == "query" and free and by_name


def _nouns(contract: Contract) -> Iterator[str]:
    """What the paths' parameters name, one and several: `track` and `tracks`."""
    for operation in contract.operations:
        steps = operation.path.strip("/").split("/")
        for above, below in itertools.pairwise(steps):
            if "{" in below and "{" not in above:
                yield snake_case(above)
                yield singular(snake_case(above))


def _descriptions(operation: Operation, document: Mapping[str, Any]) -> Iterator[str]:
    """What is said of an operation, its body and the body's fields."""
    yield from (operation.summary, operation.description)
    yield from (one.description for one in operation.parameters)
    body = (find(document, operation.pointer) or {}).get("requestBody")
    if isinstance(body, dict):
        yield str(resolve(document, body, operation.pointer)[0].get("description") or "")
    for media in operation.body.content.values() if operation.body is not None else ():
        schema = schema_at(document, media.pointer, ()) if media.pointer else None
        fields = ((schema or {}).get("properties") or {}).values()
        for one in (schema, *fields):
            yield str(one.get("description") or "") if isinstance(one, dict) else ""


def _enum_values(operation: Operation, document: Mapping[str, Any]) -> Iterator[str]:
    """The values of all enums in what an operation takes."""
    todo: list[tuple[object, int]] = [(p.schema, 0) for p in operation.parameters]
    media = operation.body.content.values() if operation.body is not None else ()
    todo += [(one.schema, 0) for one in media]
    while todo:
        schema, depth = todo.pop()
        if isinstance(schema, dict) and depth < _DEEPEST:
            with suppress(ContractError):
                schema, _ = resolve(document, schema, "#")
            yield from (str(one) for one in schema.get("enum") or ())
            todo += [(inner, depth + 1) for inner in schema.values()]
        elif isinstance(schema, list):
            todo += [(inner, depth) for inner in schema]


def allowed(finding: Finding, requests: Requests) -> bool:
    """Whether a failed Schemathesis check is not a finding."""
    example = finding.example
    if example is None:
        return False
    if _says_nothing(finding.rule, example):
        return True
    if finding.rule == "ignored_auth":
        refused = 300 <= example.status < 400  # a redirect gives nothing away
        # A header that the user gave stays.
        stays = "without" in finding.title and has_key(example, requests.contract)
        return refused or stays
    if finding.rule in _AVAILABLE:
        return requests.is_still_at_work(finding)
    exempts = _BY_RULE.get(finding.rule)
    return exempts is not None and exempts(requests, example)


def _says_nothing(rule: str, example: Exchange) -> bool:
    """Whether the status of a response has nothing to do with what was checked."""
    if example.status == 501 and not example.operation:
        # The status for an unknown method: RFC 9110, 15.6.2.
        return True
    if example.status == TOO_MANY and rule in _UNLISTED:
        # It often comes from a gateway.
        return True
    # It was not accepted: a redirect to a login, a 410 for what is gone, a 428 for a missing
    # condition (RFC 6585, 3). A server error is a finding of its own.
    return rule in _ACCEPTED and example.status >= 300


def _is_harmless(requests: Requests, example: Exchange) -> bool:
    """Whether an invalid request was rightly accepted: unknown headers, cookies and parameters may
    be ignored (RFC 9110, 5.1)."""
    return requests.has_invalid_condition(example) or requests.is_valid(example) is not False


def _is_rightly_refused(requests: Requests, example: Exchange) -> bool:
    """Whether a request that was generated as valid has a reason to be refused."""
    doubts = (
        requests.names_other_entities,
        requests.names_what_is_missing,
        requests.says_it_is_taken,
        requests.has_unknown_id,
        requests.only_judges,
        requests.has_invalid_condition,
        requests.asks_by_header,
        requests.has_unknown_cursor,
        lambda sent: is_borderline(sent, requests.contract),
        requests.is_described,
        requests.relates_fields,
        lambda sent: sent.status == 410,  # as a 404
        # Some generated values, such as quotes in a header, change before they are sent.
        lambda sent: requests.is_valid(sent) is not True,
    )
    return any(doubt(example) for doubt in doubts)


def _is_not_of_the_api(requests: Requests, example: Exchange) -> bool:
    """Whether a method that the document lacks was handled by something in front of the API, or is
    documented all the same."""
    page = example.content_type.startswith("text/html") and example.status < 500
    if example.method == "GET" and page:
        # The page of a web application, which serves all paths that the API does not.
        return True
    # A proxy often refuses these, without knowing the paths of the API.
    refused = example.method in _RARE and 400 <= example.status < 500
    return requests.is_documented(example) or (refused and example.status != 405)


def _is_documented_error(requests: Requests, example: Exchange) -> bool:
    return not is_server_error(example.status, requests.contract.by_id.get(example.operation))


def _is_refused_key(exchange: Exchange, contract: Contract) -> bool:
    """Whether a key was refused with 401: an operation with security need not list that status."""
    operation = contract.by_id.get(exchange.operation)
    return exchange.status == 401 and operation is not None and any(operation.security)


def _is_text(exchange: Exchange, contract: Contract) -> bool:
    """Whether the documented response is a file (Swagger 2: `type: file`), the text of a stream or
    one of a structure of its own (YAML, XML), which no schema describes further."""
    operation = contract.by_id.get(exchange.operation)
    response = operation.response_for(exchange.status) if operation is not None else None
    content = response.content.values() if response is not None else ()
    return any(
        (media.schema or {}).get("format") == "binary"
        or ((media.schema or {}).get("type") == "string" and _is_plain(exchange, media.name))
        for media in content
    )


def _is_plain(exchange: Exchange, name: str) -> bool:
    """Whether a text of this media type is judged by the value that it expresses, not as a
    string."""
    if is_stream(exchange.content_type):
        return is_stream(name)
    sent = essence(exchange.content_type)
    return sent == essence(name) and _STRUCTURED.search(sent) is not None


def unlisted_refusal(exchange: Exchange, contract: Contract) -> bool:
    """Whether a bad request is refused with an undocumented status, because the operation has
    parameters or a body but documents no such refusal."""
    operation = contract.by_id.get(exchange.operation)
    if operation is None or exchange.status not in BAD_REQUEST:
        return False
    return _can_be_wrong(operation) and not any(map(operation.response_for, BAD_REQUEST))


def _can_be_wrong(operation: Operation) -> bool:
    return bool(operation.parameters) or operation.body is not None


_BY_RULE: Mapping[str, Callable[[Requests, Exchange], bool]] = {
    "negative_data_rejection": _is_harmless,
    "positive_data_acceptance": _is_rightly_refused,
    "unsupported_method": _is_not_of_the_api,
    "allow_header_conformance": Requests.allows_what_is_documented,
    "content_type_conformance": Requests.is_rightly_empty,
    "status_code_conformance": lambda requests, example: (
        unlisted_refusal(example, requests.contract) or _is_refused_key(example, requests.contract)
    ),
    "not_a_server_error": _is_documented_error,
    "response_schema_conformance": lambda requests, example: _is_text(example, requests.contract),
}
"""By the rule of a check, whether what it found has an excuse."""
