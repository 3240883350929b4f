"""Converts parameters, headers, forms and security schemes of Swagger 2.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mockserver.openapi.document import join
from mockserver.openapi.swagger2.schemas import SchemaConverter, Warn

# Keywords of a parameter that are not part of its schema.
_OUTSIDE = frozenset(
    ("name", "in", "description", "required", "allowEmptyValue", "collectionFormat", "schema")
)
_STYLES: dict[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "multi": ("form", True),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
}
_FLOWS = {
    "implicit": "implicit",
    "password": "password",
    "application": "clientCredentials",
    "accessCode": "authorizationCode",
}
_FLOW_PARTS = ("authorizationUrl", "tokenUrl", "refreshUrl")


def converted_parameter(
    raw: Mapping[str, Any], pointer: str, schemas: SchemaConverter, warn: Warn
) -> dict[str, Any]:
    """A query, path or header parameter."""
    found: dict[str, Any] = {
        key: raw[key]
        for key in ("name", "in", "description", "required", "allowEmptyValue")
        if key in raw
    }
    found.update({key: value for key, value in raw.items() if key.startswith("x-")})
    found["schema"] = _schema(raw, pointer, schemas)
    if "x-example" in raw:
        found["example"] = raw["x-example"]
    if raw.get("type") == "array":
        style, explode = _separated(raw, pointer, warn)
        if raw.get("in") == "query":
            found.update(style=style, explode=explode)
        elif style != "form" or explode:
            where = join(pointer, "collectionFormat")
            warn(where, f"{raw['collectionFormat']!r} is for the query; commas are taken here")
    return found


def _schema(raw: Mapping[str, Any], pointer: str, schemas: SchemaConverter) -> Any:
    if "schema" in raw and "type" not in raw:
        return schemas.convert(raw["schema"], join(pointer, "schema"))
    inner = {
        key: value
        for key, value in raw.items()
        if key not in _OUTSIDE and (not key.startswith("x-") or "nullable" in key)
    }
    return schemas.fresh(inner, pointer)


def _separated(raw: Mapping[str, Any], pointer: str, warn: Warn) -> tuple[str, bool]:
    """Style and explode of an array."""
    given = str(raw.get("collectionFormat") or "csv")
    if given not in _STYLES:
        where = join(pointer, "collectionFormat")
        warn(where, f"arrays separated by {given!r} can't be read; commas are taken")
    return _STYLES.get(given, _STYLES["csv"])


def form_body(
    fields: Sequence[tuple[Mapping[str, Any], str]],
    types: Sequence[str],
    schemas: SchemaConverter,
    warn: Warn,
) -> dict[str, Any]:
    """The request body made from form fields."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    encoding: dict[str, Any] = {}
    for raw, pointer in fields:
        name = str(raw.get("name"))
        schema = _schema(raw, pointer, schemas)
        if raw.get("description") and "$ref" not in schema:
            schema = {**schema, "description": raw["description"]}
        properties[name] = schema
        if raw.get("required") is True:
            required.append(name)
        if raw.get("type") == "array":
            style, explode = _separated(raw, pointer, warn)
            encoding[name] = {"style": style, "explode": explode}
    schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    media: dict[str, Any] = {"schema": schema}
    if encoding:
        media["encoding"] = encoding
    return {"required": bool(required), "content": dict.fromkeys(types, media)}


def converted_header(
    raw: Mapping[str, Any], pointer: str, schemas: SchemaConverter, warn: Warn
) -> dict[str, Any]:
    """A header of a response."""
    found: dict[str, Any] = {"schema": _schema(raw, pointer, schemas)}
    if raw.get("description"):
        found["description"] = raw["description"]
    if raw.get("type") == "array" and raw.get("collectionFormat", "csv") != "csv":
        warn(join(pointer, "collectionFormat"), "headers are separated by commas")
    return found


def converted_scheme(raw: Mapping[str, Any], pointer: str, warn: Warn) -> dict[str, Any]:
    """A security scheme."""
    kind = raw.get("type")
    found = {key: value for key, value in raw.items() if key.startswith("x-")}
    if raw.get("description"):
        found["description"] = raw["description"]
    if kind == "basic":
        return {**found, "type": "http", "scheme": "basic"}
    if kind == "oauth2":
        flow = _FLOWS.get(str(raw.get("flow")))
        if flow is None:
            warn(pointer, f"the OAuth flow {raw.get('flow')!r} is not known; any token is taken")
            flow = "implicit"
        scopes = raw.get("scopes")
        parts = {key: raw[key] for key in _FLOW_PARTS if key in raw}
        named = dict(scopes) if isinstance(scopes, Mapping) else {}
        return {**found, "type": "oauth2", "flows": {flow: {**parts, "scopes": named}}}
    if kind != "apiKey":
        warn(pointer, f"a security scheme of type {kind!r} is not known")
    return {**found, **{key: raw[key] for key in ("type", "name", "in") if key in raw}}
