"""Converts the parts of Swagger 2.0: schemas, parameters, headers, forms, security schemes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mockserver.errors import ContractError
from mockserver.openapi.document import join, lookup, pointer_of

Warn = Callable[[str, str], None]
"""Takes a place and what is to be said of it."""

_DEFINITIONS = "#/definitions/"
_SINGLES = ("items", "additionalProperties", "not")
_LISTS = ("allOf", "anyOf", "oneOf")
_NULLABLE = ("x-nullable", "x-isnullable", "x-is-nullable")


class SchemaConverter:
    """Converts schemas, each once; referenced ones outside the definitions get a name."""

    def __init__(self, source: Mapping[str, Any], warn: Warn) -> None:
        self._source = source
        self._warn = warn
        self._done: dict[int, Any] = {}
        self._names: dict[str, str] = {}

    def all(self) -> dict[str, Any]:
        """The component schemas: the definitions, and what else has been referenced so far."""
        definitions = self._source.get("definitions") or {}
        if not isinstance(definitions, Mapping):
            raise ContractError("an object is needed here", "#/definitions")
        found = {
            name: self.convert(schema, join("#/definitions", name))
            for name, schema in definitions.items()
        }
        waiting = list(self._names)
        while waiting:
            pointer = waiting.pop()
            found[self._names[pointer]] = self.convert(lookup(self._source, pointer), pointer)
            waiting.extend(p for p, name in self._names.items() if name not in found)
        return found

    def convert(self, schema: Any, pointer: str) -> Any:
        """Convert one schema. Raises ContractError if it is not a schema."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            raise ContractError("a schema is an object", pointer)
        known = self._done.get(id(schema))
        if known is None:
            known = self._done[id(schema)] = self._converted(schema, pointer)
        return known

    def fresh(self, schema: Mapping[str, Any], pointer: str) -> dict[str, Any]:
        """A schema that isn't part of the document, so it has no identity to be cached by."""
        return self._converted(schema, pointer)

    def _converted(self, schema: Mapping[str, Any], pointer: str) -> dict[str, Any]:
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return {"$ref": self._reference(reference)}
        found: dict[str, Any] = {}
        for key, value in schema.items():
            here = join(pointer, key)
            if key in _SINGLES and isinstance(value, Mapping | bool):
                found[key] = self.convert(value, here)
            elif key == "items" and isinstance(value, list):
                found[key] = self._any_of(value, here)
            elif key in _LISTS and isinstance(value, list):
                found[key] = [self.convert(v, join(here, n)) for n, v in enumerate(value)]
            elif key == "properties" and isinstance(value, Mapping):
                found[key] = {n: self.convert(v, join(here, n)) for n, v in value.items()}
            elif key == "discriminator" and isinstance(value, str):
                found[key] = {"propertyName": value}
            elif key == "collectionFormat":
                self._warn(here, "arrays in arrays can't have a separator of their own")
            elif key not in _NULLABLE:
                found[key] = value
        if schema.get("type") == "file":
            found.update(type="string", format="binary")
        if any(schema.get(word) is True for word in _NULLABLE):
            found["nullable"] = True
        return found

    def _any_of(self, schemas: list[Any], pointer: str) -> dict[str, Any]:
        """A list of item schemas, which Swagger 2.0 forbids; documents that have one mean any of
        them."""
        self._warn(pointer, "a list of schemas stands for items of any of them")
        found = [self.convert(one, join(pointer, n)) for n, one in enumerate(schemas)]
        return found[0] if len(found) == 1 else {"anyOf": found}

    def _reference(self, reference: str) -> str:
        if not reference.startswith("#"):
            return reference
        if reference.startswith(_DEFINITIONS):
            return "#/components/schemas/" + reference.removeprefix(_DEFINITIONS)
        pointer = pointer_of(reference)
        name = self._names.get(pointer)
        if name is None:
            taken = {*self._names.values(), *(self._source.get("definitions") or ())}
            name = re.sub(r"[^A-Za-z0-9.-]+", "_", pointer.removeprefix("#/")).strip("_") or "root"
            while name in taken:
                name += "_"
            self._names[pointer] = name
        return f"#/components/schemas/{name}"


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
