"""One violation as pydantic 2 reports it: type, msg and ctx.

JSON Schema rejects more than pydantic's lax mode does ("5" for an integer). What only JSON Schema
rejects is reported as in pydantic's strict mode.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from typing import Any

from mockserver.openapi.model import Schema, Violation
from mockserver.openapi.request.coercion import boolean, integer, number
from mockserver.openapi.schemas.formats import canonical_instant

# Why pydantic can't parse a text as a UUID, a date, a time or a URL, in its own words.
#
# These follow the parsers that pydantic 2.14 uses (the uuid, speedate and url crates).

_GROUPS = (8, 4, 4, 4, 12)
_TOO_SHORT = "input is too short"
_LATEST_SECONDS = 20_000_000_000
_EXTRA = "unexpected extra characters at the end of the input"


def uuid_error(text: str) -> str:
    """Why a text is not a UUID."""
    body, offset, simple = text, 0, True
    if text.startswith("{") and text.endswith("}") and len(text) > 1:
        body, offset, simple = text[1:-1], 1, False
    elif text.startswith("urn:uuid:"):
        body, offset, simple = text[9:], 9, False
    hyphens = []
    for index, character in enumerate(body):
        if character == "-":
            hyphens.append(index)
        elif character not in "0123456789abcdefABCDEF":
            return f"invalid character: found `{character}` at {index + offset}"
    if not hyphens and simple:
        return f"invalid length: found {len(text)}"
    if len(hyphens) != 4:
        return f"invalid group count: expected 5, found {len(hyphens) + 1}"
    start = 0
    for group, (end, expected) in enumerate(zip([*hyphens, len(body)], _GROUPS, strict=True)):
        if end - start != expected:
            return (
                f"invalid group length in group {group}: expected {expected}, found {end - start}"
            )
        start = end + 1
    return "failed to parse a UUID"


def date_error(text: str) -> str:
    """Why a text is not a date."""
    raw = text.encode("utf-8", "surrogatepass")
    return _day_error(raw) or _EXTRA


def instant_error(text: str) -> str:
    """Why a text is not a date-time."""
    raw = text.encode("utf-8", "surrogatepass")
    error = _day_error(raw)
    if error:
        return error
    if len(raw) > 10 and raw[10:11] not in b"Tt_ ":
        return "invalid datetime separator, expected `T`, `t`, `_` or space"
    return _clock_error(raw[11:]) or _EXTRA


def time_error(text: str) -> str:
    """Why a text is not a time of day."""
    return _clock_error(text.encode("utf-8", "surrogatepass")) or _EXTRA


def timestamp_error(value: float) -> str:
    """Why a number is not a Unix time, in seconds or (above 20,000,000,000) milliseconds."""
    seconds = value if abs(value) <= _LATEST_SECONDS else value / 1000
    if seconds > 253_402_300_799:
        return "dates after 9999 are not supported as unix timestamps"
    if seconds < -62_167_219_200:
        return "dates before 0000 are not supported as unix timestamps"
    return ""


def seconds_error(value: float) -> str:
    """Why a number is not a time of day in seconds."""
    if value < 0:
        return "time in seconds should be positive"
    return "numeric times may not exceed 86,399 seconds" if value > 86_399 else ""


def is_midnight(value: float) -> bool:
    """Whether a Unix time is a whole number of days."""
    return (value if abs(value) <= _LATEST_SECONDS else value / 1000) % 86_400 == 0


def _day_error(raw: bytes) -> str:
    if len(raw) < 10:
        return _TOO_SHORT
    for start, end, name in ((0, 4, "year"), (5, 7, "month"), (8, 10, "day")):
        if not raw[start:end].isdigit():
            return f"invalid character in {name}"
        if end < 10 and raw[end : end + 1] != b"-":
            return "invalid date separator, expected `-`"
    year, month, day = int(raw[:4]), int(raw[5:7]), int(raw[8:10])
    if not 1 <= month <= 12:
        return "month value is outside expected range of 1-12"
    if not 1 <= day <= monthrange(year or 4, month)[1]:
        return "day value is outside expected range"
    return ""


def _clock_error(raw: bytes) -> str:
    if len(raw) < 5:
        return _TOO_SHORT
    if not raw[:2].isdigit():
        return "invalid character in hour"
    if raw[2:3] != b":":
        return "invalid time separator, expected `:`"
    if not raw[3:5].isdigit():
        return "invalid character in minute"
    if int(raw[:2]) > 23:
        return "hour value is outside expected range of 0-23"
    if int(raw[3:5]) > 59:
        return "minute value is outside expected range of 0-59"
    rest = raw[5:]
    if rest[:1] == b":":
        if not (len(rest) >= 3 and rest[1:3].isdigit()):
            return "invalid character in second"
        if int(rest[1:3]) > 59:
            return "second value is outside expected range of 0-59"
        rest = rest[3:]
        if rest[:1] in (b".", b","):
            if not rest[1:2].isdigit():
                return "second fraction digits missing after `.`"
            rest = rest[1:].lstrip(b"0123456789")
    return _zone_error(rest) if rest else ""


def _zone_error(raw: bytes) -> str:
    if raw[:1] in b"Zz":
        return _EXTRA if len(raw) > 1 else ""
    if raw[:1] not in b"+-":
        return "invalid timezone sign"
    if not (len(raw) >= 3 and raw[1:3].isdigit()):
        return "invalid timezone hour"
    minutes = raw[3:].removeprefix(b":")
    if not (len(minutes) >= 2 and minutes[:2].isdigit()):
        return "invalid timezone minute"
    if int(minutes[:2]) > 59:
        return "timezone minute value is outside expected range of 0-59"
    if int(raw[1:3]) > 23:
        return "timezone offset must be less than 24 hours"
    return _EXTRA if len(minutes) > 2 else ""


def url_error(text: str) -> str:
    """Why a text is not an absolute URL."""
    if not text:
        return "input is empty"
    scheme, separator, rest = text.partition(":")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return "relative URL without a base"
    host = re.split(r"[/?#]", rest.lstrip("/"))[0]
    if not host:
        return "empty host"
    return "invalid international domain name"


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
_OF_NUMBERS = frozenset(("date", "date-time", "time"))
"""Formats of texts for which a number of seconds is read too."""
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
    seconds = _as_number(value) if format_ in _OF_NUMBERS else None
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
