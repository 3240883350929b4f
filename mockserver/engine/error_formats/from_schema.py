"""Refusals that follow the document's own error schema of the status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

from mockserver.engine.error_formats.base import (
    Dialect,
    ProblemDialect,
    answer,
    code_of,
    dotted,
    fault_text,
    invalid_status,
    is_problem,
    place_of,
    pointer,
    problem,
    reason_of,
    request_id_of,
    title_of,
)
from mockserver.engine.error_formats.fastapi import Words, words_of
from mockserver.engine.generation.values import Values
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.randomness import Rng
from mockserver.errors import Invalid, Refusal, ReplyError
from mockserver.inference.words import tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import is_json_or_any, is_xml
from mockserver.openapi.model import Contract, MediaType, Operation, Response, Violation
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.openapi.schemas.validators import Validators
from mockserver.records import dataclass

# Roles of the properties of an error schema, recognised by name and type.

_TOO_DEEP = 5

_MESSAGE = frozenset(
    (
        *("message", "msg", "detail", "details", "description", "errordescription", "reason"),
        *("errormessage", "usermessage", "text", "faultstring", "developermessage", "summary"),
    )
)
_MESSAGES = ("message", "messages", "description", "detail", "explanation", "reason")
_FAULTY = ("error", "fault", "issue", "problem", "violation", "reason", "message")
_WRITTEN = frozenset(("value", "text", "content"))
"""What a message that is an object says."""
_CODE = frozenset(
    ("code", "errorcode", "slug", "key", "errortype", "kind", "reasoncode", "errorkey", "errorname")
)
_STATUS = frozenset(("status", "statuscode", "httpstatus", "httpstatuscode", "httpcode"))
_ID = frozenset(("requestid", "traceid", "correlationid", "errorid", "logid", "debugid"))
_LINK = frozenset(
    ("documentationurl", "docsurl", "docurl", "moreinfo", "helpurl", "href", "infourl", "docs")
)
_LISTS = frozenset(
    (
        *("errors", "error", "details", "detail", "fields", "issues", "violations", "causes"),
        *("invalidparams", "invalidparameters", "messages", "fielderrors", "validationerrors"),
    )
)
_PLACE = frozenset(
    ("field", "path", "param", "parameter", "name", "property", "location", "target")
)

_NAMES = frozenset(
    ("fields", "fieldnames", "params", "parameters", "invalidfields", "invalidparams")
)
"""Lists of texts that name places, without a message."""
_STATUS_WORDS = {
    400: frozenset(("invalid", "bad", "validation", "malformed", "unprocessable")),
    401: frozenset(("unauthorized", "unauthenticated", "authentication", "auth", "credentials")),
    403: frozenset(("forbidden", "permission", "denied", "access")),
    404: frozenset(("missing", "unknown", "notfound")),
    409: frozenset(("conflict", "exists", "duplicate", "state")),
    422: frozenset(("validation", "unprocessable", "invalid")),
    429: frozenset(("throttled", "throttling", "rate", "quota", "limit")),
}
_EMPTY = frozenset(("not", "required", "failed", "too"))
"""Words of our own codes that say nothing by themselves."""

_NESTS = frozenset(("error", "errors", "err", "fault", "problem", "exception", "detail", "details"))


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts about a refusal that a body can contain; `text` is its message, if that is not all
    that the refusal says."""

    refusal: Refusal
    status: int
    code: str
    violations: Sequence[Violation]
    path: str
    request_id: str = ""
    text: str = ""

    @cached_property
    def message(self) -> str:
        """Put together once somebody asks: many schemas have no place for it."""
        return self.text or reason_of(self.refusal)


class Recogniser:
    """Fills as much of an error body as it recognises."""

    def __init__(self, schemas: Schemas, words: Words) -> None:
        self._schemas = schemas
        self._words = words

    def body(self, schema: Any, facts: Facts) -> Any:
        """A body for a documented schema; required properties without a recognised role may be
        missing."""
        flat = self._flat(schema)
        if flat.types[:1] == ("string",):
            return facts.message
        if flat.types[:1] == ("array",):
            return self._list(flat, facts, 0)
        if not flat.properties:
            return {"error": facts.code, "message": facts.message}
        return self._object(flat, facts, 0)

    def _flat(self, schema: Any) -> Flat:
        """The schema, with the first branch of every union that isn't null."""
        flat = self._schemas.flat(schema)
        for _ in range(_TOO_DEEP):
            if not flat.choices:
                break
            branches = flat.choices[0]
            branch = next((b for b in branches if not self._is_null(b)), branches[0])
            flat = self._schemas.choose(flat, branches, branch)
        return flat

    def _is_null(self, branch: Any) -> bool:
        return isinstance(branch, dict) and branch.get("type") == "null"

    def _object(self, flat: Flat, facts: Facts, depth: int, neutral: bool = True) -> dict[str, Any]:
        """An object; with `neutral`, required texts get a value that claims nothing false."""
        found: dict[str, Any] = {}
        beside = set(map(_plain, flat.properties))
        for name, schema in flat.properties.items():
            plain = _plain(name)
            value = self._property(plain, self._flat(schema), beside, facts, depth)
            if name not in flat.required:
                if plain in _ID or plain in _LINK:
                    # Unknown role: generated only if required.
                    value = facts.request_id if plain in _ID and facts.request_id else MISSING
                if value == []:
                    continue
            elif value is MISSING and neutral:
                value = _neutral(plain, self._flat(schema), facts)
            if value is not MISSING:
                found[name] = value
        return found

    def _property(self, name: str, flat: Flat, beside: set[str], facts: Facts, depth: int) -> Any:
        if flat.values is not None:
            return _listed(flat.values, name, facts)
        kind = flat.types[0] if flat.types else "string"
        if kind == "string":
            return _text(name, str(flat.rules.get("format") or ""), beside, facts)
        if kind in ("integer", "number"):
            return facts.status if name in _STATUS or name in _CODE else MISSING
        if kind == "boolean":
            flags = {"success": False, "ok": False, "error": True, "failed": True}
            return flags.get(name, MISSING)
        if kind == "array":
            if name in _NAMES and self._has_texts(flat):
                return list(dict.fromkeys(map(_place, facts.violations)))
            lists_faults = name in _LISTS or self._lists_faults(flat, name)
            return self._list(flat, facts, depth) if lists_faults else MISSING
        if kind == "object" and depth < _TOO_DEEP:
            return self._nested(name, flat, facts, depth)
        return MISSING

    def _has_texts(self, flat: Flat) -> bool:
        items = flat.arrays.items
        return items is not None and self._flat(items).types[:1] == ("string",)

    def _lists_faults(self, flat: Flat, name: str) -> bool:
        """Whether an array is a list of errors: its items have a text for people."""
        item = self._flat(flat.arrays.items if flat.arrays.items is not None else {})
        if item.properties:
            names = {_plain(own) for own in item.properties}
            return any(map(_is_message, names)) and bool(names & (_CODE | _PLACE | _MESSAGE))
        return "string" in item.types and any(word in name for word in _FAULTY)

    def _nested(self, name: str, flat: Flat, facts: Facts, depth: int) -> Any:
        written = next((own for own in flat.properties if _plain(own) in _WRITTEN), None)
        if written is not None and _is_message(name):
            # `{"message": {"lang": "en-us", "value": "..."}}`
            return {**self._object(flat, facts, depth + 1), written: facts.message}
        if flat.properties:
            return self._object(flat, facts, depth + 1) if name in _NESTS else MISSING
        if name in _LISTS and facts.violations:
            return self._map(flat, facts)
        return MISSING

    def _map(self, flat: Flat, facts: Facts) -> dict[str, Any]:
        """A map from place to text, or to a list of texts."""
        many = (
            self._flat(flat.objects.extra).types[:1] == ("array",)
            if flat.objects.extra is not None
            else True
        )
        found: dict[str, Any] = {}
        for violation in facts.violations:
            place = _place(violation)
            if many:
                found.setdefault(place, []).append(fault_text(violation))
            else:
                found.setdefault(place, fault_text(violation))
        return found

    def _list(self, flat: Flat, facts: Facts, depth: int) -> Any:
        item = self._flat(flat.arrays.items if flat.arrays.items is not None else {})
        names = {_plain(name) for name in item.properties}
        if {"loc", "msg", "type"} <= names:
            return self._words.faults(facts.violations, "" if facts.violations else facts.message)
        if item.types[:1] == ("string",):
            faults = [f"{_place(v)}: {fault_text(v)}" for v in facts.violations]
            return faults or [facts.message]
        if not item.properties:
            return [] if item.types else [facts.message]
        if not facts.violations:
            # Causes may have causes of the same kind.
            if depth >= _TOO_DEEP:
                return []
            known = self._object(item, facts, depth + 1, neutral=False)
            lacking = {_plain(name) for name in item.required if name not in known}
            if not lacking:
                return [known]
            if not any(name in _PLACE or name == "pointer" for name in lacking):
                return [self._object(item, facts, depth + 1)]
            # Without a place, an empty list is used where allowed.
            needed = flat.rules.get("minItems")
            return [self._object(item, facts, depth + 1)] if needed else []
        return [self._item(item, names, violation, facts) for violation in facts.violations]

    def _item(
        self, flat: Flat, beside: set[str], violation: Violation, facts: Facts
    ) -> dict[str, Any]:
        """One of a list of faults; its text names the place where nothing else does."""
        text = fault_text(violation)
        found = self._said(flat, beside, violation, replace(facts, text=text, violations=()))
        place = _place(violation)
        if place.rpartition(".")[2] in str(found):
            return found
        text = f"{place} {text}"
        return self._said(flat, beside, violation, replace(facts, text=text, violations=()))

    def _said(
        self, flat: Flat, beside: set[str], violation: Violation, about: Facts
    ) -> dict[str, Any]:
        found = {}
        for name, schema in flat.properties.items():
            plain = _plain(name)
            known = self._flat(schema)
            value = _about(plain, known, violation)
            if value is MISSING:
                value = self._property(plain, known, beside, about, 1)
            if value is MISSING and name in flat.required:
                value = _neutral(plain, known, about)
            if value is not MISSING:
                found[name] = value
        return found


@lru_cache(4096)
def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def _is_message(name: str) -> bool:
    """Whether a text with this name is for people, `long_message` included."""
    return name in _MESSAGE or name.endswith(_MESSAGES)


def _text(name: str, format_: str, beside: set[str], facts: Facts) -> Any:
    if name == "title":
        return title_of(facts.status)
    if name == "error":
        # `{error, message}`: a word and a text. Alone it is the text.
        return facts.code if beside & _MESSAGE else facts.message
    if name == "type":
        return "about:blank" if beside & {"title", "instance"} else facts.code
    if _is_message(name):
        return facts.message
    if name in _CODE:
        return facts.code
    if name in _STATUS:
        return str(facts.status)
    if name in _ID:
        return facts.request_id or "00000000-0000-4000-8000-000000000000"
    if name in _LINK or (name in ("url", "link", "help") and format_ in ("uri", "")):
        return f"https://example.com/errors/{facts.code}"
    return facts.path if name in ("instance", "path") else MISSING


def _neutral(name: str, flat: Flat, facts: Facts) -> Any:
    """A text that claims nothing false: the whole request, or the message again."""
    if flat.types[:1] != ("string",) or flat.values is not None:
        return MISSING
    if flat.rules.keys() & {"format", "pattern"}:
        return MISSING
    text = "#" if name == "pointer" or name in _PLACE else facts.message
    most = flat.rules.get("maxLength")
    return text if most is None or len(text) <= most else MISSING


def _listed(values: Sequence[Any], name: str, facts: Facts) -> Any:
    """The enum value that is closest to what happened."""
    if name in _STATUS and facts.status in values:
        return facts.status
    wanted = (facts.code, facts.code.replace("_", "-"), facts.message, title_of(facts.status))
    by_shape = {_plain(value): value for value in values if isinstance(value, str)}
    for word in wanted:
        if _plain(word) in by_shape:
            return by_shape[_plain(word)]
    for words in (set(facts.code.split("_")) - _EMPTY, *_meaning(facts.status)):
        close = [v for v in by_shape.values() if words & set(tokens(v))]
        if close:
            return close[0]
    return values[0] if values else MISSING


def _meaning(status: int) -> Iterator[frozenset[str]]:
    """Words for a status in error codes, the usual ones first."""
    if status in _STATUS_WORDS:
        yield _STATUS_WORDS[status]
    if 400 <= status < 500:
        yield _STATUS_WORDS[400]


def _place(violation: Violation) -> str:
    """`items.0.id`: the place without the word body."""
    where = place_of(violation)
    inside = where[1:] if len(where) > 1 else where
    return dotted(inside)


def _about(name: str, flat: Flat, violation: Violation) -> Any:
    """The item of a list for one violation."""
    kind = flat.types[0] if flat.types else "string"
    if name in ("in", "source") and kind == "string":
        return violation.where[0]
    if name == "pointer" and kind == "string":
        return pointer(place_of(violation))
    if name in ("value", "input", "rejectedvalue", "actual") and not flat.types:
        return violation.value
    if name in (*_CODE, "type", "rule", "keyword") and kind == "string" and flat.values is None:
        return violation.keyword
    if name in _PLACE:
        if kind == "string" and flat.values is None:
            return _place(violation)
        if kind == "array":
            return [str(token) for token in place_of(violation)]
    return MISSING


_MOST_VIOLATIONS = 200


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """How an operation writes the refusals of one status; `media` is None if nothing says so, or if
    they are `empty`."""

    media: MediaType | None
    empty: bool = False
    written: bool = False
    """Whether it is JSON or XML, not just a text."""
    problem: bool = False
    """Whether it is RFC 9457, which the document does not describe."""


class SchemaDialect:
    """Fills the documented schema of a status: recognised properties by name, required ones in any
    case.

    An undocumented status uses the schema that all errors of the document share, else `otherwise`,
    which is RFC 9457 by default.
    """

    def __init__(
        self, contract: Contract, validators: Validators, otherwise: Dialect | None = None
    ) -> None:
        self._values = Values(contract, validators)
        self._recogniser = Recogniser(self._values.schemas, words_of(contract))
        self._otherwise = otherwise if otherwise is not None else ProblemDialect()
        self._usual = _only_one(contract, self._values.schemas)
        self._known: dict[tuple[str, int], _Form] = {}

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply:
        status = _status(refusal, operation)
        key = operation.id if operation is not None else "", status
        form = self._known.get(key)
        if form is None:
            form = self._known[key] = self._form(operation, status)
        media = form.media
        if media is None:
            if form.empty:
                return answer(status, NO_BODY, refusal)
            return self._otherwise.reply(refusal, operation)
        if not form.written:
            return answer(status, reason_of(refusal).encode(), refusal, media.name)
        facts = Facts(
            refusal,
            status=status,
            code=code_of(refusal),
            violations=refusal.violations[:_MOST_VIOLATIONS],
            path=refusal.instance or (operation.path if operation is not None else ""),
            request_id=request_id_of(refusal),
        )
        if form.problem:
            return answer(status, problem(refusal, status), refusal, media.name)
        if media.pointer is None:
            body = self._otherwise.reply(refusal, operation).body
            return answer(status, body, refusal, media.name)
        return answer(status, self._body(media, facts, refusal.body), refusal, media.name)

    def _form(self, operation: Operation | None, status: int) -> _Form:
        response = operation.response_for(status) if operation is not None else None
        if response is not None and not response.content:
            return _Form(None, empty=True)
        media = self._usual if response is None else _preferred(response)
        if media is None:
            return _Form(None)
        written = is_json_or_any(media.name) or (is_xml(media.name) and media.pointer is not None)
        problem = is_problem(media.name) and not self._is_described(media)
        return _Form(media, written=written, problem=problem)

    def _is_described(self, media: MediaType) -> bool:
        """Whether the schema describes its contents."""
        if media.pointer is None:
            return False
        flat = self._values.schemas.flat_at(media.pointer)
        return bool(flat.properties or flat.choices)

    def _body(self, media: MediaType, facts: Facts, standard: Any) -> Any:
        """The body as the schema describes it, with the words of the `standard` one if they fit."""
        pointer = media.pointer or ""
        known = self._recogniser.body(self._values.schemas.at(pointer), facts)
        check = self._values.check(pointer)
        if isinstance(standard, Mapping) and isinstance(known, Mapping):
            names = self._values.schemas.flat_at(pointer).properties
            joined = {**known, **{n: v for n, v in standard.items() if n in names}}
            if check.is_valid(joined):
                return joined
        if check.is_valid(known):
            return known
        try:
            return self._values.make(pointer, Rng(0, "refusal", pointer), known, mode="bare")
        except ReplyError:
            # The finisher reports what is wrong with it.
            return known


def _status(refusal: Refusal, operation: Operation | None) -> int:
    if not isinstance(refusal, Invalid):
        return refusal.status
    status = invalid_status(operation)
    only_media = all(violation.keyword == "media_type" for violation in refusal.violations)
    if refusal.violations and only_media and operation is not None and 415 in operation.documented:
        return 415
    return status


def _only_one(contract: Contract, schemas: Schemas) -> MediaType | None:
    """The schema and media type that all documented refusals in JSON share."""
    found: dict[tuple[str, str], MediaType] = {}
    for operation in contract.operations:
        for status, response in operation.responses.items():
            if status[:1] in ("4", "d") and response.content:
                media = _preferred(response)
                if not is_json_or_any(media.name):
                    continue
                if media.pointer is None:
                    return None
                found[media.name, schemas.canonical(media.pointer)] = media
    return next(iter(found.values())) if len(found) == 1 else None


def _preferred(response: Response) -> MediaType:
    """A JSON media type, else the first."""
    for media in response.content.values():
        if is_json_or_any(media.name):
            return media
    return next(iter(response.content.values()))
