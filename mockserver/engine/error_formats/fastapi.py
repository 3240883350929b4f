"""Refusals as a FastAPI application formats them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from mockserver.engine.error_formats.base import answer, code_of, invalid_status, message_of
from mockserver.engine.error_formats.pydantic import Word, word_for
from mockserver.engine.messages import Reply
from mockserver.errors import Invalid, Refusal
from mockserver.openapi.model import Contract, Operation, Schema, Violation

Where = tuple[str | int, ...]
# The first of these that fails is the one that pydantic reports.
_ORDER = {
    keyword: rank
    for rank, keyword in enumerate(
        (
            *("json", "media_type", "required", "additionalProperties", "enum", "const", "type"),
            *("format", "maxItems", "maxProperties", "maxLength", "minLength", "pattern"),
            *("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
        )
    )
}
_LAST = len(_ORDER)
_STOPS = frozenset(("maxItems", "type"))
"""Faults of a whole that hide those of its parts."""
_AFTER = frozenset(("minItems", "minProperties", "maxProperties", "uniqueItems", "value_error"))
"""Faults of a whole that are only looked for when all its parts are right."""
_DEEPEST = 100


class Words:
    """Turns violations into the `detail` of a 422.

    `named` are the component schemas: their enums are Python Enums, all others are Literals.
    """

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = {id(schema): name for name, schema in named.items()}

    def details(self, refusal: Refusal) -> list[dict[str, Any]]:
        """One entry for each error that FastAPI would report, in its order."""
        return self.faults(refusal.violations, refusal.message)

    def faults(self, violations: Sequence[Violation], message: str) -> list[dict[str, Any]]:
        """The same from violations; the message alone if there are none."""
        for violation in violations:
            if violation.keyword == "json" and violation.where[:1] == ("body",):
                # FastAPI parses the body first.
                return [self._entry(violation, violation.where, self._word(violation))]
        if not violations:
            return [_detail("value_error", ("body",), f"Value error, {message}", None)]
        return list(self._entries(violations, ()))

    def _entries(self, violations: Iterable[Violation], label: Where) -> Iterable[dict[str, Any]]:
        for violation in first_faults(map(_condition, violations)):
            if violation.keyword in ("anyOf", "oneOf"):
                yield from self._union(violation)
            elif violation.keyword == "propertyNames":
                inner = violation.limit if isinstance(violation.limit, Violation) else violation
                yield self._entry(violation, (*violation.where, "[key]"), self._word(inner))
            else:
                yield self._entry(violation, violation.where, self._word(violation))

    def _union(self, violation: Violation) -> Iterable[dict[str, Any]]:
        branches = violation.schema.get(violation.keyword)
        branches = branches if isinstance(branches, list) else []
        limit = violation.limit if isinstance(violation.limit, tuple) else ()
        depth = len(violation.where)
        found = False
        for schema, faults in zip(branches, limit, strict=False):
            if not faults or schema.get("type") == "null":
                continue
            found = True
            for entry in self._entries(faults, ()):
                loc = entry["loc"]
                yield {**entry, "loc": [*loc[:depth], self.label(schema), *loc[depth:]]}
        if not found:
            message = "Value error, the value fits more than one schema"
            yield _detail("value_error", violation.where, message, violation.value)

    def label(self, schema: Schema) -> str:
        """Pydantic's name for a branch of a union."""
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return reference.rpartition("/")[2]
        if "enum" in schema:
            return f"literal[{','.join(map(repr, schema['enum']))}]"
        if "const" in schema:
            return f"literal[{schema['const']!r}]"
        kind = schema.get("type")
        if kind == "array":
            items = schema.get("items")
            return f"list[{self.label(items) if isinstance(items, Mapping) and items else 'any'}]"
        if kind == "object":
            values = schema.get("additionalProperties")
            inner = self.label(values) if isinstance(values, Mapping) and values else "any"
            return f"dict[str,{inner}]"
        format_ = _FORMAT_LABELS.get(str(schema.get("format")))
        if kind == "string" and format_:
            return format_
        plain = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
        name = plain.get(str(kind), "any")
        return f"constrained-{name}" if _CONSTRAINTS & schema.keys() else name

    def _entry(self, violation: Violation, where: Where, word: Word) -> dict[str, Any]:
        kind, message, context = word
        return _detail(kind, where, message, violation.value, context)

    def _word(self, violation: Violation) -> Word:
        return word_for(violation, named=id(violation.schema) in self._named)


def _condition(violation: Violation) -> Violation:
    """A union beside `properties` is a condition across fields, as from a validator."""
    if violation.keyword in ("anyOf", "oneOf") and "properties" in violation.schema:
        message = "the fields that were sent do not go together"
        return replace(violation, keyword="value_error", message=message)
    return violation


def first_faults(violations: Iterable[Violation]) -> list[Violation]:
    """The errors pydantic would reach: one per value, and none after an error that stops it."""
    best: dict[Where, Violation] = {}
    waits, stops = False, False
    for violation in violations:
        where, keyword = violation.where, violation.keyword
        if keyword == "propertyNames":  # a key and its value share a place
            where = (*where, "[key]")
        known = best.get(where)
        if known is None or _rank(violation) < _rank(known):
            best[where] = violation
        waits = waits or keyword in _AFTER
        stops = stops or keyword in _STOPS
    if len(best) == 1 or not (waits or stops):
        return list(best.values())
    # Parents are validated only when their parts are valid.
    parents: set[Where] = set()
    if waits:
        parents = {where[:depth] for where in best for depth in range(len(where))}
    stopped = {where for where, violation in best.items() if violation.keyword in _STOPS}
    first = min(map(len, stopped), default=0)
    if not waits and max(map(len, best)) <= first:
        return list(best.values())  # nothing is inside of what stopped
    return [
        violation
        for where, violation in best.items()
        if not (violation.keyword in _AFTER and where in parents)
        and not (stopped and any(where[:n] in stopped for n in range(first, len(violation.where))))
    ]


def _rank(violation: Violation) -> int:
    return _ORDER.get(violation.keyword, _LAST)


def _detail(
    kind: str, where: Where, message: str, value: Any, context: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    entry = {"type": kind, "loc": list(where), "msg": message, "input": _echo(value, _DEEPEST)}
    if context is not None:
        entry["ctx"] = context
    return entry


def _echo(value: Any, depth: int) -> Any:
    """The value, cut where a serializer would fail."""
    if not isinstance(value, dict | list):
        return value
    if not depth:
        return "..."
    if isinstance(value, dict):
        return {
            k: _echo(v, depth - 1) if isinstance(v, dict | list) else v for k, v in value.items()
        }
    return [_echo(item, depth - 1) if isinstance(item, dict | list) else item for item in value]


_CONSTRAINTS = frozenset(
    (
        *("minLength", "maxLength", "pattern", "minimum", "maximum"),
        *("exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    )
)
_FORMAT_LABELS = {
    "uuid": "uuid",
    "date-time": "datetime",
    "date": "date",
    "time": "time",
    "duration": "timedelta",
    "uri": "url",
}


class FastApiFormat:
    """422 has FastAPI's `detail` list; every other status has an `{error, message}` pair.

    With `plain`, other statuses have `{detail: text}`, like an application without exception
    handlers.
    """

    def __init__(self, contract: Contract, *, plain: bool = False) -> None:
        self._words = words_of(contract)
        self._plain = plain

    def reply(self, refusal: Refusal, operation: Operation | None) -> Reply:
        if isinstance(refusal, Invalid):
            status = invalid_status(operation)
            if status == 422:
                found = _as_read(refusal.violations, operation)
                detail = self._words.faults(found, refusal.message)
                return answer(422, {"detail": detail}, refusal)
            return answer(status, self._pair(refusal, "bad_request"), refusal)
        return answer(refusal.status, self._pair(refusal, code_of(refusal)), refusal)

    def _pair(self, refusal: Refusal, code: str) -> dict[str, Any]:
        if self._plain:
            return {"detail": message_of(refusal)}
        return {"error": code, "message": message_of(refusal)}


def _as_read(violations: Sequence[Violation], operation: Operation | None) -> Sequence[Violation]:
    """The violations as FastAPI comes upon them. Where a function takes several bodies (a schema
    named `Body_...`), each property is looked up by itself: what has no properties lacks them all,
    and of one that is missing there is no input."""
    schema: Schema = {}
    for media in operation.body.content.values() if operation and operation.body else ():
        if media.schema:
            schema = media.schema
            break
    if not str(schema.get("title", "")).startswith("Body_"):
        return violations
    found: list[Violation] = []
    for violation in violations:
        where, keyword = violation.where, violation.keyword
        if where == ("body",) and keyword == "type":
            missing = replace(violation, keyword="required", value=None)
            names = tuple(schema.get("properties") or ())
            found += [replace(missing, where=(*where, name)) for name in names]
        elif len(where) == 2 and keyword == "required":
            found.append(replace(violation, value=None))
        else:
            found.append(violation)
    return found


def words_of(contract: Contract) -> Words:
    """The FastAPI formatter for a document, given which enums are components."""
    return Words(_component_schemas(contract.document))


def _component_schemas(document: Mapping[str, Any]) -> Mapping[str, Any]:
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    return schemas if isinstance(schemas, Mapping) else {}
