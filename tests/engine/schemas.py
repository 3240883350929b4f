"""Satisfiable schemas, as Hypothesis strategies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]

FORMATS = (
    *("date-time", "date", "time", "duration", "email", "hostname", "ipv4", "ipv6", "uri"),
    *("uri-reference", "uuid", "json-pointer", "regex", "byte", "password"),
)
PATTERNS = (
    *(r"^[a-z]+$", r"^\d{3}-\d{4}$", r"^[A-Z]{2}[0-9A-Z]*$", r"^(a|b|cd)+$", r"^\+[1-9]\d{6,14}$"),
    *(r"^[^@\s]+@[^@\s]+\.[^@\s]+$", r"[0-9]", r"^[a-z][a-z0-9_]*$", r"^$", r"^\S+$"),
    *(r"^#[0-9a-fA-F]{6}$", r"^v\d+(\.\d+){0,2}$", r"^(?:[01]\d|2[0-3]):[0-5]\d$", r"\.json$"),
    *(r"^[A-Za-z0-9_\-]{1,120}$", r"^arn:aws:[a-z]+:[a-z0-9-]*:\d{12}:.+$"),
)
NAMES = ("id", "name", "email", "price", "created_at", "tags", "owner_id", "kind", "x-y", "count")


@st.composite
def texts(draw: st.DrawFn) -> Schema:
    kind = draw(st.sampled_from(["plain", "length", "format", "pattern", "enum"]))
    schema: Schema = {"type": "string"}
    if kind == "length":
        low = draw(st.integers(0, 60))
        schema.update(minLength=low, maxLength=low + draw(st.integers(0, 40)))
    elif kind == "format":
        schema["format"] = draw(st.sampled_from(FORMATS))
    elif kind == "pattern":
        schema["pattern"] = draw(st.sampled_from(PATTERNS))
    elif kind == "enum":
        schema["enum"] = draw(st.lists(st.text(max_size=5), min_size=1, max_size=4, unique=True))
    return schema


@st.composite
def numbers(draw: st.DrawFn) -> Schema:
    whole = draw(st.booleans())
    schema: Schema = {"type": "integer" if whole else "number"}
    if draw(st.booleans()):
        low = draw(st.integers(-1000, 1000))
        # Room for a multiple of 3 between them, even if neither counts.
        high = low + draw(st.integers(4, 500))
        below = draw(st.sampled_from(["minimum", "exclusiveMinimum"]))
        above = draw(st.sampled_from(["maximum", "exclusiveMaximum"]))
        schema.update({below: low, above: high})
    elif draw(st.booleans()):
        schema[draw(st.sampled_from(["minimum", "exclusiveMaximum"]))] = draw(
            st.integers(-(10**12), 10**12)
        )
    if draw(st.booleans()):
        steps = [1, 2, 3] if whole else [1, 0.5, 0.25, 2]
        schema["multipleOf"] = draw(st.sampled_from(steps))
    if whole and draw(st.booleans()):
        schema["format"] = "int64"
    return schema


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    names = draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True))
    schema: Schema = {"type": "object", "properties": {name: draw(inner) for name in names}}
    if names:
        schema["required"] = draw(st.lists(st.sampled_from(names), unique=True))
    extra = draw(st.sampled_from(["none", "closed", "schema", "open", "patterned"]))
    if extra == "closed":
        schema["additionalProperties"] = False
    elif extra == "schema":
        schema["additionalProperties"] = draw(inner)
        schema["minProperties"] = draw(st.integers(0, len(names) + 2))
    elif extra == "open":
        schema["required"] = [*schema.get("required", []), "undescribed"]
    elif extra == "patterned":
        schema["patternProperties"] = {"^p_[a-z]{2}$": draw(inner)}
        schema["additionalProperties"] = False
        schema["minProperties"] = draw(st.integers(0, len(names) + 2))
    return schema


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    low = draw(st.integers(0, 3))
    schema: Schema = {"type": "array", "items": draw(inner), "minItems": low}
    if draw(st.booleans()):
        schema["maxItems"] = low + draw(st.integers(0, 3))
    if draw(st.booleans()):
        schema["items"] = {"type": "integer", "minimum": 0, "maximum": 50}
        schema["uniqueItems"] = True
    return schema


@st.composite
def choices(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    word = draw(st.sampled_from(["anyOf", "oneOf", "allOf", "null", "nullable"]))
    if word == "null":
        return {"anyOf": [draw(inner), {"type": "null"}]}
    if word == "nullable":
        found = draw(inner)
        if isinstance(found.get("type"), str) and "enum" not in found:
            return {**found, "type": [found["type"], "null"]}
        return found
    if word == "anyOf":
        return {"anyOf": draw(st.lists(inner, min_size=1, max_size=3))}
    if word == "oneOf":
        tags = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
        return {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"tag": {"const": tag}, "value": draw(inner)},
                    "required": ["tag"],
                }
                for tag in tags
            ]
        }
    parts = [
        {"type": "object", "properties": {name: draw(inner)}, "required": [name]}
        for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    ]
    return {"allOf": parts}


_LEAVES = st.one_of(
    texts(),
    numbers(),
    st.just({"type": "boolean"}),
    st.just({}),
    st.just({"const": 7}),
    st.just({"type": "string", "default": "mock", "examples": ["mock", "other"]}),
)
schemas: st.SearchStrategy[Schema] = st.recursive(
    _LEAVES, lambda inner: st.one_of(objects(inner), arrays(inner), choices(inner)), max_leaves=12
)
