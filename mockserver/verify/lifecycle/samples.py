"""Sample values for a schema, plain and numbered: the nth sample differs from the others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.inference.words import tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Contract, Json, Operation
from mockserver.openapi.schemas.formats import reader
from mockserver.verify.schemas import dereferenced, properties, solid

MARK = " é ✓"
"""The end of generated texts: services must keep more than ASCII."""

_NAME = re.compile(r"(?:^|_)(name|key|slug|tag|code|label|alias)$|(?:Name|Key|Tag|Code)$")
"""Fields that identify an entity; many services want letters and digits there."""
_EARLY, _LATE = 2026, 2037
"""Years of dates. What ends, ends after it began, and in the future, but within 32 bits."""
_ENDS = frozenset(
    ("end", "ends", "until", "till", "expire", "expires", "expiry", "expiration", "due", "deadline")
)
Reference = Callable[[str], str | None]
"""Returns an id for a field of this name, or None."""


def query_of(contract: Contract, operation: Operation, reference: Reference) -> Mapping[str, str]:
    """The query parameters that an operation requires, with values."""
    needed = {p.name: p.schema for p in operation.parameters if p.place == "query" and p.required}
    if not needed:
        return {}
    schema = {"type": "object", "properties": needed, "required": [*needed]}
    made = sample(contract, schema, 1, reference, full=False, plain=True)
    return {name: written(value) for name, value in made.items() if not isinstance(value, dict)}


def written(value: Json) -> str:
    """A value in a query; of several the first."""
    if isinstance(value, list):
        return written(value[0]) if value else ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def sample(
    contract: Contract,
    schema: Mapping[str, Any],
    number: int,
    reference: Reference,
    *,
    full: bool,
    skip: frozenset[str] = frozenset(),
    needed: frozenset[str] = frozenset(),
    plain: bool = False,
    plain_names: bool = False,
    flags: bool = True,
) -> dict[str, Json]:
    """An object with the required and the `needed` fields, with `full` every simple optional one,
    without `flags` no optional boolean; `plain` texts are lower-case ASCII, as names often have to
    be, with `plain_names` only names, keys and the like."""
    required = needed | set(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        required |= set(dereferenced(contract, part).get("required", ()))
    result: dict[str, Json] = {}
    for name, value in properties(contract, schema).items():
        wanted = name in required
        if value.get("readOnly") or (name in skip and not wanted) or not (wanted or full):
            continue
        made = _value(contract, name, value, number, reference, wanted)
        if made is not MISSING and (flags or wanted or not isinstance(made, bool)):
            result[name] = _plainly(made, name, value, plain) if plain or plain_names else made
    return result


def configured(value: Json, number: int, id_of: Callable[[str], Json]) -> Json:
    """A body from the settings: "@persona" becomes the id of one, "#" a running number."""
    if isinstance(value, str):
        return id_of(value[1:]) if value.startswith("@") else value.replace("#", str(number))
    if isinstance(value, list):
        return [configured(item, number, id_of) for item in value]
    if isinstance(value, Mapping):
        return {name: configured(item, number, id_of) for name, item in value.items()}
    return value


def _plainly(value: Json, name: str, schema: Mapping[str, Any], every: bool) -> Json:
    """The value with plain texts, at any depth: all of them, or those of names alone."""
    if isinstance(value, list):
        return [_plainly(one, name, {}, every) for one in value]
    if isinstance(value, dict):
        return {inner: _plainly(one, inner, {}, every) for inner, one in value.items()}
    return _plain(value, name, schema) if every or _NAME.search(name) else value


def _plain(value: Json, name: str, schema: Mapping[str, Any]) -> Json:
    """A text of letters and digits that hardly any rule refuses."""
    if not isinstance(value, str) or not value.endswith(MARK):
        return value
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", 60)
    text = re.sub(r"[^a-z0-9]+", "", value.removesuffix(MARK).lower()) or "x"
    return text.ljust(shortest, "x")[-longest:]


def _value(
    contract: Contract,
    name: str,
    schema: Mapping[str, Any],
    number: int,
    reference: Reference,
    needed: bool,
) -> Json:
    schema = solid(contract, schema)
    named = reference(name)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][number % len(schema["enum"])]
    kind = schema.get("type")
    if kind == "array":
        return _array(contract, name, schema, number, reference, named, needed)
    if kind == "string":
        return _string(name, schema, number, named, needed)
    if kind in ("integer", "number"):
        if named is not None and (named.isdigit() or "{{" in named):
            return int(named) if named.isdigit() else named
        return _number(schema, number)
    if kind == "boolean":
        return number % 2 == 0
    if kind == "object" or "properties" in schema:
        if not needed and schema.get("properties"):
            return MISSING
        if schema.get("properties"):
            return sample(contract, schema, number, reference, full=False)
        return {"note": f"sample {number}"} if schema.get("additionalProperties") is True else {}
    if schema.get("default") is not None:
        return schema["default"]
    return f"sample {number}" if needed else MISSING


def _array(
    contract: Contract,
    name: str,
    schema: Mapping[str, Any],
    number: int,
    reference: Reference,
    named: str | None,
    needed: bool,
) -> Json:
    if named is not None:
        return [named]
    items = solid(contract, schema.get("items", {}))
    if items.get("type") == "object" or "properties" in items:
        count = max(schema.get("minItems", 0), 4)
        rows = [sample(contract, items, number + i, reference, full=False) for i in range(count)]
        whole = all(set(items.get("required", ())) <= set(row) for row in rows)
        plain = any(reference(field) for field in properties(contract, items))
        return rows if needed or (whole and plain) else MISSING
    if items.get("format") == "uuid":
        return [] if needed else MISSING
    one = _value(contract, name, items, number, reference, needed=True)
    return [one] * max(schema.get("minItems", 0), 1) if one is not MISSING else []


def _string(
    name: str, schema: Mapping[str, Any], number: int, named: str | None, needed: bool
) -> Json:
    if named is not None:
        return named
    given = schema.get("example", (schema.get("examples") or [None])[0])
    day = f"{_LATE if _is_end(name) else _EARLY}-01-{1 + number % 28:02d}"
    formats = {
        "uuid": MISSING if not needed else f"00000000-0000-4000-8000-{number:012d}",
        "date-time": f"{day}T10:00:00Z",
        "date": day,
        "email": f"sample{number}@example.com",
        "uri": f"https://example.com/{number}",
        "url": f"https://example.com/{number}",
        "uri-reference": f"/samples/{number}",
        "iri": f"https://example.com/{number}",
        "iri-reference": f"/samples/{number}",
        "uri-template": f"https://example.com/{number}",
        "hostname": f"sample{number}.example.com",
        "idn-hostname": f"sample{number}.example.com",
        "idn-email": f"sample{number}@example.com",
        "ipv4": f"192.0.2.{1 + number % 250}",
        "ipv6": f"2001:db8::{1 + number % 250:x}",
        "time": f"10:00:{number % 60:02d}Z",
        "duration": f"PT{1 + number}S",
        "byte": "c2FtcGxl",
        "base64": "c2FtcGxl",
        "json-pointer": f"/sample/{number}",
        "regex": "^sample$",
    }
    if schema.get("format") in formats:
        return formats[schema["format"]]
    text = f"{name.replace('_', ' ').capitalize()} {number}{MARK}"
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    text = text.ljust(shortest, ".")
    text = text if longest is None else text[-longest:] if longest else ""
    if not schema.get("pattern"):
        return text
    if given is not None:
        return given
    fits = reader(schema["pattern"])
    options = (text, _plain(text, name, schema))
    return next((one for one in options if fits is not None and fits(one)), MISSING)


def _is_end(name: str) -> bool:
    """Whether a field is the end of a span of time by its name: `ends_at`, `dateTo`,
    `notAfter`."""
    words = tokens(name)
    return bool(_ENDS.intersection(words)) or ("to" in words) or words[-2:] == ("not", "after")


def _number(schema: Mapping[str, Any], number: int) -> Json:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    if "exclusiveMinimum" in schema:
        least += 1
    most = schema.get("maximum", schema.get("exclusiveMaximum", least + 50))
    whole = schema.get("type") == "integer"
    span = int(most - least) if most > least else 0
    value = least + (number % (span + 1) if span >= 1 else 0)
    return int(value) if whole else float(value)


def spoiled(
    contract: Contract, schema: Mapping[str, Any], body: Mapping[str, Json]
) -> Iterator[tuple[str, dict[str, Json]]]:
    """Valid bodies with one error each, and its description; one for each field and rule."""
    for name in schema.get("required", ()):
        if name in body:
            yield f"without {name}", {key: value for key, value in body.items() if key != name}
    for name, value in properties(contract, schema).items():
        if name not in body:
            continue
        if value.get("enum") and all(isinstance(v, str) for v in value["enum"]):
            yield f"{name} is not in its enum", {**body, name: "no such value"}
        longest = value.get("maxLength", 0)
        if 0 < longest <= 4096:
            yield f"{name} is too long", {**body, name: "x" * (longest + 1)}
        if value.get("type") in ("string", "integer", "number", "boolean"):
            yield f"{name} is an object", {**body, name: {"no": value["type"]}}
