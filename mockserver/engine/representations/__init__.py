"""A JSON value in another media type: XML, CSV, lines, events, plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from mockserver.engine.representations import sequences, tables
from mockserver.openapi.media_types import essence, is_json_or_any, is_xml
from mockserver.openapi.model import MediaType
from mockserver.openapi.schemas.resolved import Schemas

_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
_FORM = "application/x-www-form-urlencoded"


def is_described(name: str) -> bool:
    """Whether the schema describes the body; that of a file doesn't."""
    name = essence(name)
    return (
        is_json_or_any(name)
        or name.startswith("text/")
        or is_xml(name)
        or sequences.is_sequence(name)
        or name in (*_YAML, _FORM)
        or name.endswith("+yaml")
    )


def rendered(schemas: Schemas, media: MediaType, name: str, value: Any) -> bytes:
    """A value as a body of the media type `name`, sent as `media`."""
    name = essence(name)
    if sequences.is_sequence(name):
        return sequences.rendered(name, value)
    if is_xml(name):
        from mockserver.engine.representations import xml  # few documents have it

        return xml.rendered(schemas, media.pointer, value)
    if name in _YAML or name.endswith("+yaml"):
        import yaml

        return yaml.safe_dump(_plain(value), sort_keys=False, allow_unicode=True).encode()
    if name == _FORM and isinstance(value, Mapping):
        return urlencode({n: v for n, v in value.items() if v is not None}, doseq=True).encode()
    if name in tables.DELIMITERS and isinstance(value, list | Mapping):
        return tables.rendered(name, value)
    return as_text(value).encode("utf-8", "replace")


def as_text(value: Any) -> str:
    """A value as plain text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, bool | int | float)
        else (orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
    )


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value))
