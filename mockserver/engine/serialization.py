"""From a reply to bytes: status, media type, validation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any
from urllib.parse import quote

import orjson

from mockserver.engine.faults import Trouble
from mockserver.engine.messages import NO_BODY, Json, Reply
from mockserver.engine.representations import is_described, rendered
from mockserver.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotAcceptable,
    NotFound,
    PaymentRequired,
    PreconditionFailed,
    Refusal,
    ReplyError,
    TooEarly,
    Unauthenticated,
    UnsupportedMedia,
)
from mockserver.openapi.media_types import concrete, covers, essence, is_json, is_json_or_any
from mockserver.openapi.model import MediaType, Operation, Response, Violation
from mockserver.openapi.schemas.validators import Check, Validators
from mockserver.records import dataclass

# Replacements for a status that an operation doesn't list, nearest first.
_NEAREST: dict[int, tuple[int, ...]] = {
    400: (422,),
    402: (403, 400, 422),
    403: (401, 404, 400),
    404: (410, 400, 422, 403),
    406: (400,),
    409: (400, 422, 412, 403),
    410: (404, 400),
    412: (409, 400),
    415: (400, 422),
    422: (400,),
    428: (400, 412),
}
_KINDS: dict[int, type[Refusal]] = {
    400: BadRequest,
    401: Unauthenticated,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    406: NotAcceptable,
    409: Conflict,
    410: Gone,
    412: PreconditionFailed,
    415: UnsupportedMedia,
    422: Invalid,
    425: TooEarly,
}


_NUMBERED: dict[tuple[type[Refusal], int], type[Refusal]] = {}

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
_IS_PLAIN = re.compile("[\t\x20-\x7e]*").fullmatch
_NOT_PLAIN = re.compile("[^\t\x20-\x7e]")
_IS_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_FRAMING = frozenset(
    (
        *("content-type", "content-length", "content-encoding", "transfer-encoding", "connection"),
        *("keep-alive", "upgrade", "te", "trailer", "host", "proxy-connection"),
    )
)
_READS = frozenset(("GET", "HEAD"))
_VALID_BYTES = 8 * 2**20


@dataclass(slots=True)
class Sent:
    """A reply as bytes. `undocumented`: the document doesn't list its status.

    `trouble` is the effect of a fault on the reply; a dropped one may have no status (0).
    """

    status: int
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    undocumented: bool = False
    trouble: Trouble | None = None


def json_sent(body: Any, status: int = 200) -> Sent:
    """A JSON value as a reply that no operation documents."""
    return Sent(status, [(b"content-type", b"application/json")], dump(body))


@dataclass(slots=True, eq=False)
class _Form:
    """The documented response of one status of one operation."""

    documented: bool
    content_type: tuple[bytes, bytes]
    check: Check | None
    required_headers: tuple[str, ...]
    pointer: str = ""
    name: str = ""
    media: MediaType | None = None
    """What the body is rendered as, if that is not JSON."""
    latest: bytes | None = None
    """The last body that was found valid."""
    mixed: bool = False
    """Whether bodies have parts that only their bytes show, such as rendered ones."""


def nearest_status(operation: Operation, status: int) -> int:
    """The documented status that replaces an undocumented one; itself if there is none."""
    if operation.response_for(status) is not None or not operation.responses:
        return status
    if status in operation.described:
        return operation.described[status]
    if status == 404 and operation.method == "DELETE" and operation.success in operation.documented:
        return operation.success
    for other in _NEAREST.get(status, ()):
        if other in operation.documented:
            return other
    return status


def document_refusal(operation: Operation, refusal: Refusal, invalid: int = 422) -> Refusal | Reply:
    """The refusal with a status that the operation lists, `invalid` for an invalid request if it
    lists none.

    An unlisted 404 of a DELETE becomes its success, since the entity is gone as requested. An id
    that doesn't fit its schema names nothing: it is a 404 where no status for invalid requests is
    listed.
    """
    listed = operation.documented & {400, 404, 422}
    if listed == {404} and isinstance(refusal, Invalid) and _of_path(refusal):
        return NotFound(violations=refusal.violations, headers=refusal.headers)
    status = nearest_status(operation, refusal.status)
    if isinstance(refusal, Invalid) and not operation.documented & {400, 422}:
        status = invalid
    if status == refusal.status:
        return refusal
    if status < 400:
        response = operation.responses[str(status)]
        return Reply(status, NO_BODY if not response.content else None)
    kind = _KINDS.get(status) or _numbered(type(refusal), status)
    return kind(
        refusal.message,
        code=refusal.code,
        violations=refusal.violations,
        headers=refusal.headers,
    )


def _numbered(kind: type[Refusal], status: int) -> type[Refusal]:
    """A kind of refusal under a number that HTTP does not have."""
    known = _NUMBERED.get((kind, status))
    if known is None:
        name = f"{kind.__name__}{status}"
        known = type(name, (kind,), {"status": status, "means": kind.status})
        _NUMBERED[kind, status] = known
    return known


def refusal_of(status: int, refusal: Refusal | None) -> Refusal:
    """A refusal of this status with the message of another, without its headers."""
    kind = _KINDS.get(status, BadRequest)
    if refusal is None:
        return kind()
    return kind(refusal.message, violations=refusal.violations)


def sharpened(operation: Operation, refusal: Refusal) -> Refusal:
    """The refusal, with 400 (malformed), 422 (invalid) and 415 (media type) kept apart as
    documented."""
    if not isinstance(refusal, Invalid) or not refusal.violations:
        return refusal
    kind: type[Refusal] | None = None
    if all(v.keyword == "media_type" for v in refusal.violations):
        kind = UnsupportedMedia if 415 in operation.documented else None
    elif any(_is_unreadable(v) for v in refusal.violations):
        kind = BadRequest if {400, 422} <= operation.documented else None
    if kind is None:
        return refusal
    return kind(
        refusal.message,
        code=refusal.code,
        violations=refusal.violations,
        headers=refusal.headers,
    )


def _is_unreadable(violation: Violation) -> bool:
    body = violation.where[0] == "body"
    missing = violation.keyword == "required" and len(violation.where) == 1
    return body and (violation.keyword in ("json", "xml", "style") or missing)


def _of_path(refusal: Refusal) -> bool:
    faults = refusal.violations
    return bool(faults) and all(fault.where[0] == "path" for fault in faults)


class Finisher:
    """Turns replies into bytes and rejects those that break the contract."""

    def __init__(self, validators: Validators) -> None:
        self._validators = validators
        self._forms: dict[tuple[str, int, str], _Form] = {}
        self._valid: set[tuple[tuple[str, int, str], bytes]] = set()
        self._valid_bytes = 0

    def __call__(self, operation: Operation, reply: Reply, *, judged: bool = True) -> Sent:
        """Validate the reply, if requested, and serialise it.

        Raises ReplyError with the reason.
        """
        key = operation.id, reply.status, reply.media_type
        form = self._forms.get(key)
        if form is None:
            form = self._forms[key] = self._form(operation, reply.status, reply.media_type)
        headers = encode_headers(reply.headers) if reply.headers else []
        for name in form.required_headers:
            if not any(name == key for key in map(str.lower, reply.headers)):
                raise ReplyError(f"{operation.id} {reply.status}: the header {name} is missing")
        if reply.body is NO_BODY:
            # HTTP has no body there, whatever the document says.
            bodiless = reply.status in (204, 205, 304)
            if form.check is not None and form.documented and not bodiless:
                raise ReplyError(f"{operation.id} {reply.status}: the document asks for a body")
            return Sent(reply.status, headers, b"", not form.documented)
        if isinstance(reply.body, bytes):
            body = reply.body
        elif form.media is not None and type(reply.body) is not Json:
            body = rendered(self._validators.schemas, form.media, form.name, reply.body)
        else:
            body = dump(reply.body)
            # Polling sends the same bytes again and again: comparing is cheaper than hashing, and
            # both are cheaper than validating. What is created is new each time.
            if form.check is not None and judged and body != form.latest:
                if operation.method not in _READS:
                    self._judge(operation, reply, form, body)
                elif (key, body) not in self._valid:
                    self._judge(operation, reply, form, body)
                    self._remember(key, body)
                form.latest = body
        headers.append(form.content_type)
        return Sent(reply.status, headers, body, not form.documented)

    def _judge(self, operation: Operation, reply: Reply, form: _Form, body: bytes) -> None:
        check, value = form.check, reply.body
        if check is None or (not form.mixed and check.is_valid(value)):
            return
        # The bytes to be sent decide: parts of the body may be rendered already, or no JSON values.
        value = orjson.loads(body)
        if check.is_valid(value):
            form.mixed = True
            return
        if self._validators.union(form.pointer).is_valid(value):
            # A value that a client sent may fit several branches of a oneOf.
            return
        found = check.violations(value)
        reason = "; ".join(
            f"{'.'.join(map(str, v.where)) or 'body'}: {v.message}" for v in found[:3]
        )
        raise ReplyError(f"{operation.id} {reply.status}: {reason}")

    def _remember(self, key: tuple[str, int, str], body: bytes) -> None:
        """Remember that these bytes are valid."""
        self._valid_bytes += len(body)
        if self._valid_bytes > _VALID_BYTES:
            self._valid.clear()
            for form in list(self._forms.values()):
                form.latest = None
            self._valid_bytes = len(body)
        self._valid.add((key, body))

    def _form(self, operation: Operation, status: int, media_type: str) -> _Form:
        response = operation.response_for(status)
        if response is None:
            return _Form(False, _content_type(media_type), None, ())
        chosen = choose_media_type(response, media_type)
        found = response.content.get(chosen)
        pointer = found.pointer if found is not None else None
        # A schema judges JSON values; text and binary bodies are opaque.
        check = (
            self._validators.reply(pointer)
            if pointer is not None and is_json_or_any(chosen)
            else None
        )
        name = concrete(media_type or (found.name if found else ""))
        otherwise = found is not None and is_described(name) and not is_json_or_any(name)
        return _Form(
            documented=True,
            content_type=_content_type(name),
            pointer=pointer or "",
            name=name,
            media=found if otherwise else None,
            check=check,
            required_headers=tuple(
                name.lower()
                for name, header in response.headers.items()
                if header.required and can_be_sent(name)
            ),
        )


def _content_type(media_type: str) -> tuple[bytes, bytes]:
    found = concrete(media_type or "application/json")
    if not _IS_PLAIN(found):
        # A document may write anything there.
        found = _NOT_PLAIN.split(found)[0].strip() or "application/json"
    return b"content-type", found.encode()


def choose_media_type(response: Response, wanted: str = "") -> str:
    """The wanted media type if documented, by itself or by a range, else a JSON one, else the
    first."""
    if wanted.lower() in response.content:
        return wanted.lower()
    if wanted and not is_json(wanted):
        name = essence(wanted)
        ranges = [known for known in response.content if covers(essence(known), name)]
        if ranges:
            return max(ranges, key=len)
    types = [name for name in response.content if is_json_or_any(name)]
    described = [name for name in types if response.content[name].pointer is not None]
    return next(iter(described or types or response.content), "")


def media_of(operation: Operation, status: int) -> MediaType | None:
    """The documented body of a status."""
    response = operation.response_for(status)
    return response.content.get(choose_media_type(response)) if response is not None else None


def pointer_of(operation: Operation, status: int) -> str | None:
    """The pointer to the schema of the body of a status; None if it has none."""
    media = media_of(operation, status)
    return media.pointer if media is not None else None


def encode_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers in the form of ASGI: lower-case names, and values that can't split a header.

    Characters outside printable ASCII are percent-encoded, as in a URL.
    """
    return [
        (name.lower().encode(), (value if _IS_PLAIN(value) else _escaped(value)).encode())
        for name, value in headers.items()
    ]


def _escaped(value: str) -> str:
    return quote(value.encode("utf-8", "replace"), safe=_PRINTABLE)


def can_be_sent(name: str) -> bool:
    """Whether a documented header can be sent: its name is valid, and the HTTP server doesn't set
    it itself."""
    return _IS_NAME(name) is not None and name.lower() not in _FRAMING


def dump(body: Any) -> bytes:
    """A JSON value as bytes; parts of it may already be rendered."""
    if type(body) is Json:
        return body.text
    try:
        return orjson.dumps(body, default=_rendered)
    except TypeError as error:
        # Integers beyond 64 bits and lone surrogates can come in and be echoed.
        import json

        try:
            return json.dumps(body, ensure_ascii=True, allow_nan=False, default=_parsed).encode()
        except (TypeError, ValueError):
            raise ReplyError(f"the body is no JSON value: {error}") from None


def _rendered(part: Any) -> orjson.Fragment:
    if isinstance(part, Json):
        return orjson.Fragment(part.text)
    raise TypeError(f"{type(part).__name__} is no JSON value")


def _parsed(part: Any) -> Any:
    if isinstance(part, Json):
        return orjson.loads(part.text)
    raise TypeError(f"{type(part).__name__} is no JSON value")
