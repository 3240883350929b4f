"""Keys that OpenAPI does not know, most often a slip of the pen: what stands there is not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from mockserver.contract.document import METHODS, join
from mockserver.contract.model import Note

_CLOSE = 0.75
_DOCUMENT = (
    *("openapi", "$self", "info", "jsonSchemaDialect", "servers", "paths", "webhooks"),
    *("components", "security", "tags", "externalDocs"),
)
_COMPONENTS = (
    *("schemas", "responses", "parameters", "examples", "requestBodies", "headers"),
    *("securitySchemes", "links", "callbacks", "pathItems", "mediaTypes"),
)
_PATH = ("$ref", "summary", "description", "servers", "parameters", "additionalOperations")
_OPERATION = (
    *("tags", "summary", "description", "externalDocs", "operationId", "parameters"),
    *("requestBody", "responses", "callbacks", "deprecated", "security", "servers"),
)
_PARAMETER = (
    *("$ref", "summary", "name", "in", "description", "required", "deprecated", "schema"),
    *("allowEmptyValue", "style", "explode", "allowReserved", "example", "examples", "content"),
)
_BODY = ("$ref", "summary", "description", "content", "required")
_RESPONSE = ("$ref", "summary", "description", "headers", "content", "links")


def slips(document: Mapping[str, Any]) -> Iterator[Note]:
    """A note for each unknown key of the document's upper levels; extensions (x-...) are known."""
    yield from _unknown(document, "#", _DOCUMENT)
    components = _object(document.get("components"))
    yield from _unknown(components, "#/components", _COMPONENTS)
    for kind, known in (("parameters", _PARAMETER), ("responses", _RESPONSE)):
        yield from _each(components.get(kind), f"#/components/{kind}", known)
    for path, item in _object(document.get("paths")).items():
        here = join("#/paths", path)
        yield from _unknown(item, here, (*_PATH, *METHODS))
        for method in METHODS:
            yield from _operation(_object(item).get(method), join(here, method))


def _operation(operation: Any, here: str) -> Iterator[Note]:
    yield from _unknown(operation, here, _OPERATION)
    found = _object(operation)
    yield from _each(found.get("parameters"), join(here, "parameters"), _PARAMETER)
    yield from _unknown(found.get("requestBody"), join(here, "requestBody"), _BODY)
    yield from _each(found.get("responses"), join(here, "responses"), _RESPONSE)


def _each(members: Any, here: str, known: tuple[str, ...]) -> Iterator[Note]:
    items = enumerate(members) if isinstance(members, list) else _object(members).items()
    for name, member in items:
        if not str(name).startswith("x-"):
            yield from _unknown(member, join(here, name), known)


def _unknown(value: Any, here: str, known: tuple[str, ...]) -> Iterator[Note]:
    for key in _object(value):
        if key in known or key.startswith("x-"):
            continue
        near = get_close_matches(key, known, 1, _CLOSE)
        if near:
            yield Note(here, f"the key {key!r} is not read; did you mean {near[0]!r}?")
        else:
            yield Note(here, f"the key {key!r} is not read: OpenAPI does not know it here", "info")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
