"""One violation as pydantic 2 reports it: type, msg and ctx.

JSON Schema rejects more than pydantic's lax mode does ("5" for an integer). What only JSON Schema
rejects is reported as in pydantic's strict mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mockserver.engine.error_formats.pydantic_parsing import (
    date_error,
    instant_error,
    is_midnight,
    seconds_error,
    time_error,
    timestamp_error,
    url_error,
    uuid_error,
)
from mockserver.openapi.model import Schema, Violation
from mockserver.openapi.request.coercion import boolean, integer, number
from mockserver.openapi.schemas.formats import canonical_instant

Word = tuple[str, str, dict[str, Any] | None]
"""type, msg, ctx."""

_I64 = 1 << 63
_SECONDS = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?").fullmatch
_FITS: dict[str, Callable[[Any, Any], bool]] = {
    "multipleOf": lambda value, limit: value % limit == 0,
    "maximum": lambda value, limit: value <= limit,
    "exclusiveMaximum": lambda value, limit: value < limit,
    "minimum": lambda value, limit: value >= limit,
    "exclusiveMinimum": lambda value, limit: value > limit,
}


def word_for(violation: Violation, *, named: bool = False) -> Word:
    """Pydantic's error for a violation; an enum that is `named` is a Python Enum, any other a
    Literal."""
    if violation.keyword == "enum":
        return _choice("enum" if named else "literal_error", violation.limit)
    return _WORDS.get(violation.keyword, _value_error)(violation)


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
    return kind, f"Input should be {words} {shown}", {key: limit}


def _format(violation: Violation) -> Word:
    name, value = str(violation.limit), str(violation.value)
    if name == "uuid":
        error = uuid_error(value)
        return "uuid_parsing", f"Input should be a valid UUID, {error}", {"error": error}
    if name == "date-time":
        number_ = _as_number(value)
        error = (timestamp_error(number_) if number_ is not None else "") or date_error(value)
        message = f"Input should be a valid datetime or date, {error}"
        return "datetime_from_date_parsing", message, {"error": error}
    if name == "date":
        number_ = _as_number(value)
        if number_ is not None:
            return _date_from_number(number_)
        return _date_from(instant_error(value), canonical_instant(value) is not None)
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


def _as_number(value: Any) -> float | None:
    """The value as a number of seconds, if pydantic would accept it as one."""
    if isinstance(value, str):
        try:
            return float(value) if _SECONDS(value) else None
        except (ValueError, OverflowError):
            return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return min(max(value, -1e18), 1e18)
    return None


def _date_from(error: str, is_instant: bool) -> Word:
    if is_instant:
        message = "Datetimes provided to dates should have zero time - e.g. be exact dates"
        return "date_from_datetime_inexact", message, None
    message = f"Input should be a valid date or datetime, {error}"
    return "date_from_datetime_parsing", message, {"error": error}


def _date_from_number(value: float) -> Word:
    error = timestamp_error(value)
    if not error and is_midnight(value):
        return _STRING_FORMATS["date"]
    return _date_from(error, not error)


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
_STRING: Word = ("string_type", "Input should be a valid string", None)
_MODEL: Word = (
    "model_attributes_type",
    "Input should be a valid dictionary or object to extract fields from",
    None,
)


def _type(violation: Violation) -> Word:
    types = violation.limit if isinstance(violation.limit, list) else [violation.limit]
    wanted = next((name for name in types if name != "null"), "null")
    return wanted_word(str(wanted), violation.value, violation.schema)


def wanted_word(wanted: str, value: Any, schema: Schema) -> Word:
    """The error for a value of the wrong type."""
    if wanted == "string":
        return _string(str(schema.get("format")), value)
    if wanted == "integer":
        return _integer(value, schema)
    if wanted == "number":
        if isinstance(value, str) and number(value) is value:
            message = "Input should be a valid number, unable to parse string as a number"
            return "float_parsing", message, None
        return _beyond(value, schema) or ("float_type", "Input should be a valid number", None)
    if wanted == "boolean":
        unread = isinstance(value, str) and boolean(value) is value
        if unread or (isinstance(value, int) and value not in (0, 1) and -_I64 <= value < _I64):
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


def _string(format_: str, value: Any) -> Word:
    seconds = _as_number(value)
    if seconds is not None:
        if format_ == "date":
            return _date_from_number(seconds)
        if format_ == "date-time" and (error := timestamp_error(seconds)):
            message = f"Input should be a valid datetime, {error}"
            return "datetime_parsing", message, {"error": error}
        if format_ == "time" and (error := seconds_error(seconds)):
            message = f"Input should be in a valid time format, {error}"
            return "time_parsing", message, {"error": error}
    return _STRING_FORMATS.get(format_, _STRING)


def _integer(value: Any, schema: Schema) -> Word:
    if isinstance(value, str) and integer(value) is value:
        message = "Input should be a valid integer, unable to parse string as an integer"
        return "int_parsing", message, None
    if isinstance(value, float) and not value.is_integer():
        message = "Input should be a valid integer, got a number with a fractional part"
        return "int_from_float", message, None
    return _beyond(value, schema) or ("int_type", "Input should be a valid integer", None)


def _beyond(value: Any, schema: Schema) -> Word | None:
    """Lax pydantic reads `true` and "5" as numbers, and then reports that they are out of
    bounds."""
    if isinstance(value, bool):
        value = int(value)
    elif isinstance(value, str):
        value = number(value)
    if not isinstance(value, (int, float)):
        return None
    for keyword, fits in _FITS.items():
        limit = schema.get(keyword)
        known = isinstance(limit, (int, float)) and not isinstance(limit, bool)
        if known and not fits(value, limit):
            return _bound(Violation((), keyword, "", value, limit, schema))
    return None


def _media_type(violation: Violation) -> Word:
    # FastAPI passes the bytes unchanged.
    types = violation.schema.get("type")
    if isinstance(types, str):
        return wanted_word(types, violation.value, violation.schema)
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
