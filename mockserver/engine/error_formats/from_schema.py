"""Refusals that follow the document's own error schema of the status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.error_formats.base import (
    ErrorFormat,
    ProblemFormat,
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
    with_place,
)
from mockserver.engine.error_formats.fastapi import Words, words_of
from mockserver.engine.error_formats.roles import (
    CODE,
    FAULTY,
    ID,
    LINK,
    LISTS,
    MESSAGE,
    NAMES,
    NESTS,
    PLACE,
    STATUS,
    WRITTEN,
    Facts,
    closest,
    folded,
    is_message,
    neutral_text,
    tells,
    text_of,
)
from mockserver.engine.generation.values import Values
from mockserver.engine.messages import NO_BODY, Reply
from mockserver.engine.randomness import Rng
from mockserver.errors import Invalid, Refusal, ReplyError
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import is_json_or_any, is_xml
from mockserver.openapi.model import Contract, MediaType, Operation, Response, Violation
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.openapi.schemas.validators import Validators
from mockserver.records import dataclass

_TOO_DEEP = 5
_MOST_BRANCHES = 12


class Recogniser:
    """Fills as much of an error body as it recognises."""

    def __init__(self, schemas: Schemas, words: Words) -> None:
        self._schemas = schemas
        self._words = words

    def bodies(self, schema: Any, facts: Facts) -> Iterator[Any]:
        """Bodies for a documented schema, one for each branch if it is a union, the first first;
        required properties without a recognised role may be missing."""
        flat = self._schemas.flat(schema)
        branches = flat.choices[0][:_MOST_BRANCHES] if flat.choices else []
        first = self._flat(schema)
        yield self._body(first, facts)
        for branch in branches:
            yield self._body(self._flat(self._schemas.choose(flat, flat.choices[0], branch)), facts)

    def _body(self, flat: Flat, facts: Facts) -> Any:
        if flat.types[:1] == ("string",):
            return facts.message
        if flat.types[:1] == ("array",):
            return self._list(flat, facts, 0)
        if not flat.properties:
            return {"error": facts.code, "message": facts.message}
        return self._insisting(flat, self._object(flat, facts, 0), facts, 0)

    def _insisting(
        self, flat: Flat, found: dict[str, Any], facts: Facts, depth: int
    ) -> dict[str, Any]:
        """The object, which says why: in its only text, whatever that is called, or in a part."""
        if _says_why(found, facts):
            return found
        texts = [name for name, schema in flat.properties.items() if self._is_free(name, schema)]
        told = [name for name in texts if tells(self._described(flat.properties[name]))]
        texts = texts if len(texts) == 1 else told
        if len(texts) == 1 and not flat.objects.patterned:
            return {**found, texts[0]: facts.message}
        for name, schema in flat.properties.items() if depth < _TOO_DEEP else ():
            inner, part = self._flat(schema), MISSING
            if inner.types == ("object",) and inner.properties:
                part = self._insisting(inner, self._object(inner, facts, 1), facts, depth + 1)
            elif inner.types == ("array",):
                part = self._list(inner, facts, depth)
            elif inner.types == ("object",) and folded(name) in LISTS and not facts.violations:
                part = self._map(inner, facts)
            if _says_why(part, facts):
                return {**found, name: part}
        return found

    def _described(self, schema: Any) -> str:
        known = self._schemas.resolved(schema)
        return str(known.get("description", "")) if isinstance(known, Mapping) else ""

    def _is_free(self, name: str, schema: Any) -> bool:
        """Whether a property may be any text and is called nothing that a message is not."""
        flat = self._flat(schema)
        bound = {"format", "pattern", "maxLength"} & flat.rules.keys()
        other = folded(name) in ID | LINK | STATUS | {"instance"}
        return flat.types == ("string",) and flat.values is None and not bound and not other

    def _flat(self, schema: Any) -> Flat:
        """The schema, with the first branch of every union that isn't null."""
        flat = schema if isinstance(schema, Flat) else self._schemas.flat(schema)
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
        beside = set(map(folded, flat.properties))
        for name, schema in flat.properties.items():
            plain = folded(name)
            value = self._property(plain, self._flat(schema), beside, facts, depth)
            if name not in flat.required:
                if plain in ID or plain in LINK:
                    # Unknown role: generated only if required.
                    value = facts.request_id if plain in ID and facts.request_id else MISSING
                if value == []:
                    continue
            elif value is MISSING and neutral:
                value = neutral_text(plain, self._flat(schema), facts)
            if value is not MISSING:
                found[name] = value
        return found

    def _property(self, name: str, flat: Flat, beside: set[str], facts: Facts, depth: int) -> Any:
        if flat.values is not None:
            return closest(flat.values, name, facts)
        kind = flat.types[0] if flat.types else "string"
        if kind == "string":
            return text_of(name, str(flat.rules.get("format") or ""), beside, facts)
        if kind in ("integer", "number"):
            return facts.status if name in STATUS or name in CODE else MISSING
        if kind == "boolean":
            flags = {"success": False, "ok": False, "error": True, "failed": True}
            return flags.get(name, MISSING)
        if kind == "array":
            if name in NAMES and self._has_texts(flat):
                return list(dict.fromkeys(map(_place, facts.violations)))
            lists_faults = name in LISTS or self._lists_faults(flat, name)
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
            names = {folded(own) for own in item.properties}
            return any(map(is_message, names)) and bool(names & (CODE | PLACE | MESSAGE))
        return "string" in item.types and any(word in name for word in FAULTY)

    def _nested(self, name: str, flat: Flat, facts: Facts, depth: int) -> Any:
        written = next((own for own in flat.properties if folded(own) in WRITTEN), None)
        if written is not None and is_message(name):
            # `{"message": {"lang": "en-us", "value": "..."}}`
            return {**self._object(flat, facts, depth + 1), written: facts.message}
        if flat.properties:
            return self._object(flat, facts, depth + 1) if name in NESTS else MISSING
        if name in LISTS and facts.violations:
            return self._map(flat, facts)
        return MISSING

    def _map(self, flat: Flat, facts: Facts) -> dict[str, Any]:
        """A map from place to text, or to a list of texts; without places, of the message."""
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
        return found or {"detail": [facts.message] if many else facts.message}

    def _list(self, flat: Flat, facts: Facts, depth: int) -> Any:
        item = self._flat(flat.arrays.items if flat.arrays.items is not None else {})
        names = {folded(name) for name in item.properties}
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
            lacking = {folded(name) for name in item.required if name not in known}
            if not lacking:
                return [known]
            if not any(name in PLACE or name == "pointer" for name in lacking):
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
        if _mentions(found, place):
            return found
        text = with_place(place, violation)
        found = self._said(flat, beside, violation, replace(facts, text=text, violations=()))
        own = next((name for name in flat.properties if folded(name) == "source"), None)
        if own in found and not _mentions(found, place):
            # It has no other word of what is wrong.
            found[own] = place
        return found

    def _said(
        self, flat: Flat, beside: set[str], violation: Violation, about: Facts
    ) -> dict[str, Any]:
        found = {}
        for name, schema in flat.properties.items():
            plain = folded(name)
            known = self._flat(schema)
            value = _about(plain, known, violation)
            if value is MISSING:
                value = self._property(plain, known, beside, about, 1)
            if value is MISSING and name in flat.required:
                value = neutral_text(plain, known, about)
            if value is not MISSING:
                found[name] = value
        return found


def _says_why(found: Any, facts: Facts) -> bool:
    """Whether a body has the message, or one of the places that it is about."""
    if isinstance(found, str):
        places = [_place(violation).rpartition(".")[2] for violation in facts.violations]
        return facts.message in found or any(place in found for place in places)
    if isinstance(found, Mapping):
        return any(_says_why(part, facts) for part in (*found, *found.values()))
    return isinstance(found, list) and any(_says_why(part, facts) for part in found)


def _place(violation: Violation) -> str:
    """`items.0.id`: the place without the word body."""
    where = place_of(violation)
    inside = where[1:] if len(where) > 1 else where
    return dotted(inside)


def _mentions(found: Any, place: str) -> bool:
    """Whether a text in a part of a body names the last step of a place."""
    if isinstance(found, Mapping | list):
        each = found.values() if isinstance(found, Mapping) else found
        return any(_mentions(part, place) for part in each)
    return place.rpartition(".")[2] in str(found)


_SOURCES = {"body": "pointer", "query": "parameter", "header": "header"}
"""What JSON:API calls the source of an error, by the part of the request."""


def _about(name: str, flat: Flat, violation: Violation) -> Any:
    """The item of a list for one violation."""
    kind = flat.types[0] if flat.types else "string"
    if name in ("in", "source") and kind == "string":
        return violation.where[0]
    own = _SOURCES.get(str(violation.where[0]), "")
    if name == "source" and kind == "object" and own in flat.properties:
        inside = place_of(violation)[1:]
        if own != "pointer":
            return {own: dotted(inside)}
        return {own: pointer(inside)[1:] if inside else ""}
    if name == "pointer" and kind == "string":
        return pointer(place_of(violation))
    if name in ("value", "input", "rejectedvalue", "actual") and not flat.types:
        return violation.value
    if name in (*CODE, "type", "rule", "keyword") and kind == "string" and flat.values is None:
        return violation.keyword
    if name in PLACE:
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


class SchemaFormat:
    """Fills the documented schema of a status: recognised properties by name, required ones in any
    case.

    An undocumented status uses the schema that all errors of the document share, else `otherwise`,
    which is RFC 9457 by default.
    """

    def __init__(
        self, contract: Contract, validators: Validators, otherwise: ErrorFormat | None = None
    ) -> None:
        self._values = Values(contract, validators)
        self._recogniser = Recogniser(self._values.schemas, words_of(contract))
        self._otherwise = otherwise if otherwise is not None else ProblemFormat()
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
        """Whether the schema describes its contents, which may be no object at all."""
        if media.pointer is None:
            return False
        flat = self._values.schemas.flat_at(media.pointer)
        kinds = flat.types or ("object",)
        free = flat.objects.extra in (None, True, {})
        return bool(flat.properties or flat.choices or flat.required) or not (
            free and "object" in kinds
        )

    def _body(self, media: MediaType, facts: Facts, standard: Any) -> Any:
        """The body as the schema describes it, with the words of the `standard` one if they fit."""
        pointer = media.pointer or ""
        check, literal = self._values.check(pointer), self._values.literal(pointer)
        made = self._recogniser.bodies(self._values.schemas.at(pointer), facts)
        known = next(made)
        if not literal.is_valid(known):
            # Another branch may be the only one that fits.
            known = next((one for one in made if literal.is_valid(one)), known)
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
