"""Violations in the words of pydantic 2 and FastAPI: type, loc, msg, input and ctx.

JSON Schema says what is refused; this says how pydantic would have put it. Where pydantic
stops at the first fault of a value, so does this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mockserver.contract.casting import boolean, integer, number
from mockserver.contract.model import Schema, Violation
from mockserver.contract.spellings import canonical_instant
from mockserver.engine.dialects.pydantic_text import date_error, time_error, url_error, uuid_error
from mockserver.errors import Refusal

Where = tuple[str | int, ...]
Word = tuple[str, str, dict[str, Any] | None]
"""type, msg, ctx."""

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

    `named` are the component schemas: an enum there is a Python Enum, any other a Literal.
    """

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = {id(schema): name for name, schema in named.items()}

    def details(self, refusal: Refusal) -> list[dict[str, Any]]:
        """One entry for each fault that FastAPI would report, in its order."""
        violations: Sequence[Violation] = refusal.violations
        for violation in violations:
            if violation.keyword == "json" and violation.where[:1] == ("body",):
                # FastAPI reads the body before it looks at anything else.
                return [self._entry(violation, violation.where, self._word(violation))]
        if not violations:
            return [_detail("value_error", ("body",), f"Value error, {refusal.message}", None)]
        return list(self._entries(violations, ()))

    def _entries(self, violations: Iterable[Violation], label: Where) -> Iterable[dict[str, Any]]:
        for violation in first_faults(violations):
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
        """What pydantic calls a branch of a union."""
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
        make = _WORDS.get(violation.keyword)
        if make is not None:
            return make(violation)
        if violation.keyword == "enum":
            kind = "enum" if id(violation.schema) in self._named else "literal_error"
            return _choice(kind, violation.limit)
        return "value_error", f"Value error, {violation.message}", {"error": {}}


def first_faults(violations: Iterable[Violation]) -> list[Violation]:
    """What pydantic gets to see: one fault a value, and none behind a fault that stops it."""
    best: dict[Where, Violation] = {}
    for violation in violations:
        known = best.get(violation.where)
        if known is None or _rank(violation) < _rank(known):
            best[violation.where] = violation
    # Parents of faulty parts are only then asked about themselves when the parts are right.
    parents = {where[:depth] for where in best for depth in range(len(where))}
    stopped = {w for w, v in best.items() if v.keyword in _STOPS}
    return [
        violation
        for where, violation in best.items()
        if not (violation.keyword in _AFTER and where in parents)
        and not (stopped and any(where[:depth] in stopped for depth in range(len(where))))
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
    """The value, cut where a serializer could not follow."""
    if isinstance(value, dict):
        return {k: _echo(v, depth - 1) for k, v in value.items()} if depth else "..."
    if isinstance(value, list):
        return [_echo(item, depth - 1) for item in value] if depth else "..."
    return value


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


def _json_invalid(violation: Violation) -> Word:
    return "json_invalid", "JSON decode error", {"error": violation.message}


def _missing(violation: Violation) -> Word:
    return "missing", "Field required", None


def _extra(violation: Violation) -> Word:
    return "extra_forbidden", "Extra inputs are not permitted", None


def _choice(kind: str, options: Any) -> Word:
    words = [repr(option) for option in options] if isinstance(options, list) else [repr(options)]
    expected = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    return kind, f"Input should be {expected}", {"expected": expected}


def _const(violation: Violation) -> Word:
    return _choice("literal_error", [violation.limit])


def _counted(what: str, count: Any) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _string_length(violation: Violation) -> Word:
    limit = violation.limit
    if violation.keyword == "maxLength":
        message = f"String should have at most {_counted('character', limit)}"
        return "string_too_long", message, {"max_length": limit}
    message = f"String should have at least {_counted('character', limit)}"
    return "string_too_short", message, {"min_length": limit}


def _length(violation: Violation) -> Word:
    limit = violation.limit
    field = "Dictionary" if "Prop" in violation.keyword else "List"
    if violation.schema.get("uniqueItems") is True:
        field = "Set"
    actual = len(violation.value) if isinstance(violation.value, (list, dict)) else 0
    after = f"after validation, not {actual}"
    if violation.keyword.startswith("max"):
        message = f"{field} should have at most {_counted('item', limit)} {after}"
        context = {"field_type": field, "max_length": limit, "actual_length": actual}
        return "too_long", message, context
    message = f"{field} should have at least {_counted('item', limit)} {after}"
    context = {"field_type": field, "min_length": limit, "actual_length": actual}
    return "too_short", message, context


def _pattern(violation: Violation) -> Word:
    pattern = violation.limit
    message = f"String should match pattern '{pattern}'"
    return "string_pattern_mismatch", message, {"pattern": pattern}


_BOUNDS = {
    "minimum": ("greater_than_equal", "greater than or equal to", "ge"),
    "maximum": ("less_than_equal", "less than or equal to", "le"),
    "exclusiveMinimum": ("greater_than", "greater than", "gt"),
    "exclusiveMaximum": ("less_than", "less than", "lt"),
    "multipleOf": ("multiple_of", "a multiple of", "multiple_of"),
}


def _bound(violation: Violation) -> Word:
    kind, words, key = _BOUNDS[violation.keyword]
    limit = violation.limit
    shown = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
    if violation.schema.get("type") == "number":
        limit = float(limit)
    return kind, f"Input should be {words if key == 'multiple_of' else words} {shown}", {key: limit}


def _format(violation: Violation) -> Word:
    name, value = str(violation.limit), str(violation.value)
    if name == "uuid":
        error = uuid_error(value)
        return "uuid_parsing", f"Input should be a valid UUID, {error}", {"error": error}
    if name == "date-time":
        error = date_error(value)
        message = f"Input should be a valid datetime or date, {error}"
        return "datetime_from_date_parsing", message, {"error": error}
    if name == "date":
        if canonical_instant(value) is not None:
            message = "Datetimes provided to dates should have zero time - e.g. be exact dates"
            return "date_from_datetime_inexact", message, None
        error = date_error(value)
        message = f"Input should be a valid date or datetime, {error}"
        return "date_from_datetime_parsing", message, {"error": error}
    if name == "time":
        error = time_error(value)
        return "time_parsing", f"Input should be in a valid time format, {error}", {"error": error}
    if name == "uri":
        error = url_error(value)
        return "url_parsing", f"Input should be a valid URL, {error}", {"error": error}
    if name in ("ipv4", "ipv6"):
        return f"ip_v{name[-1]}_address", f"Input is not a valid IPv{name[-1]} address", None
    message = f"Value error, the value is not a valid {name}"
    if name == "email":
        message = "value is not a valid email address: An email address must have an @-sign."
    return "value_error", message, {"error": {}}


_STRING_FORMATS: dict[str, Word] = {
    "uuid": ("uuid_type", "UUID input should be a string, bytes or UUID object", None),
    "date-time": ("datetime_type", "Input should be a valid datetime", None),
    "date": ("date_type", "Input should be a valid date", None),
    "time": ("time_type", "Input should be a valid time", None),
    "duration": ("time_delta_type", "Input should be a valid timedelta", None),
    "uri": ("url_type", "URL input should be a string or URL", None),
    "ipv4": ("ip_v4_address", "Input is not a valid IPv4 address", None),
    "ipv6": ("ip_v6_address", "Input is not a valid IPv6 address", None),
}


def _type(violation: Violation) -> Word:
    types = violation.limit if isinstance(violation.limit, list) else [violation.limit]
    wanted = next((name for name in types if name != "null"), "null")
    return _wanted(str(wanted), violation.value, violation.schema)


def _wanted(wanted: str, value: Any, schema: Schema) -> Word:
    if wanted == "string":
        plain: Word = ("string_type", "Input should be a valid string", None)
        return _STRING_FORMATS.get(str(schema.get("format")), plain)
    if wanted == "integer":
        return _integer(value)
    if wanted == "number":
        if isinstance(value, str) and number(value) is value:
            message = "Input should be a valid number, unable to parse string as a number"
            return "float_parsing", message, None
        return "float_type", "Input should be a valid number", None
    if wanted == "boolean":
        unread = isinstance(value, str) and boolean(value) is value
        if unread or (isinstance(value, int) and value not in (0, 1)):
            message = "Input should be a valid boolean, unable to interpret input"
            return "bool_parsing", message, None
        return "bool_type", "Input should be a valid boolean", None
    if wanted == "array":
        name = "set" if schema.get("uniqueItems") is True else "list"
        name = "tuple" if "prefixItems" in schema else name
        return f"{name}_type", f"Input should be a valid {name}", None
    if wanted == "object":
        if "properties" in schema:
            return _MODEL
        return "dict_type", "Input should be a valid dictionary", None
    return "none_required", "Input should be None", None


def _integer(value: Any) -> Word:
    if isinstance(value, str) and integer(value) is value:
        message = "Input should be a valid integer, unable to parse string as an integer"
        return "int_parsing", message, None
    if isinstance(value, float) and not value.is_integer():
        message = "Input should be a valid integer, got a number with a fractional part"
        return "int_from_float", message, None
    return "int_type", "Input should be a valid integer", None


_MODEL: Word = (
    "model_attributes_type",
    "Input should be a valid dictionary or object to extract fields from",
    None,
)


def _media_type(violation: Violation) -> Word:
    # FastAPI hands over the bytes as they are.
    types = violation.schema.get("type")
    if isinstance(types, str):
        return _wanted(types, violation.value, violation.schema)
    return _MODEL


def _value_error(violation: Violation) -> Word:
    return "value_error", f"Value error, {violation.message}", {"error": {}}


_WORDS: dict[str, Callable[[Violation], Word]] = {
    "json": _json_invalid,
    "media_type": _media_type,
    "required": _missing,
    "additionalProperties": _extra,
    "unevaluatedProperties": _extra,
    "const": _const,
    "type": _type,
    "format": _format,
    "maxLength": _string_length,
    "minLength": _string_length,
    "maxItems": _length,
    "minItems": _length,
    "maxProperties": _length,
    "minProperties": _length,
    "pattern": _pattern,
    "minimum": _bound,
    "maximum": _bound,
    "exclusiveMinimum": _bound,
    "exclusiveMaximum": _bound,
    "multipleOf": _bound,
    "value_error": _value_error,
}
