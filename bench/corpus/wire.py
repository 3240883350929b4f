"""Serialise typed values: parameter styles, forms, multipart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from mockserver.engine.representations import rendered
from mockserver.openapi.media_types import is_xml
from mockserver.openapi.model import MediaType, Parameter
from mockserver.openapi.schemas.resolved import Schemas

FORM = "application/x-www-form-urlencoded"
_JSON_FIRST = ("application/json", "+json", "/json")
BOUNDARY = "corpus-7c1f"
_DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


def text(value: Any) -> str:
    """A scalar as text; anything else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value)


def escaped(value: Any) -> str:
    return quote(text(value), safe="")


def _content(parameter: Parameter, value: Any) -> str:
    """The value of a parameter with a media type."""
    return json.dumps(value) if "json" in str(parameter.media_type) else text(value)


def in_path(parameter: Parameter, value: Any) -> str:
    """A value in the path."""
    if parameter.media_type is not None:
        return escaped(_content(parameter, value))
    explode = parameter.explode
    lead, between = {
        "label": (".", "." if explode else ","),
        "matrix": (";", ";" if explode else ","),
    }.get(parameter.style, ("", ","))
    if isinstance(value, dict):
        pairs = value.items()
        if explode:
            return lead + between.join(f"{escaped(k)}={escaped(v)}" for k, v in pairs)
        inner = ",".join(f"{escaped(k)},{escaped(v)}" for k, v in pairs)
        return f";{parameter.name}={inner}" if lead == ";" else lead + inner
    if isinstance(value, list):
        if lead == ";" and explode:
            return "".join(f";{parameter.name}={escaped(item)}" for item in value)
        inner = between.join(escaped(item) for item in value)
        return f";{parameter.name}={inner}" if lead == ";" else lead + inner
    return f";{parameter.name}={escaped(value)}" if lead == ";" else lead + escaped(value)


def in_query(parameter: Parameter, value: Any) -> Iterator[str]:
    """The parts of the query string for a value."""
    name = quote(parameter.name, safe="[]")
    if parameter.media_type is not None:
        yield f"{name}={escaped(_content(parameter, value))}"
    elif isinstance(value, list):
        if parameter.explode:
            yield from (f"{name}={escaped(item)}" for item in value)
        else:
            between = _DELIMITERS.get(parameter.style, ",")
            yield f"{name}={between.join(escaped(item) for item in value)}"
    elif isinstance(value, dict):
        if parameter.style == "deepObject":
            yield from _deep(name, value)
        elif parameter.explode:
            for key, item in value.items():
                yield from (f"{escaped(key)}={escaped(v)}" for v in _listed(item))
        else:
            between = _DELIMITERS.get(parameter.style, ",")
            yield f"{name}=" + between.join(f"{escaped(k)},{escaped(v)}" for k, v in value.items())
    else:
        yield f"{name}={escaped(value)}"


def says(parameter: Parameter, value: Any) -> bool:
    """Whether the value can be serialised at all: a path has no empty segment, and an object
    without properties leaves no trace in a query."""
    if parameter.place == "path":
        return in_path(parameter, value) not in ("", ".", "..")
    return parameter.place != "query" or any(True for _ in in_query(parameter, value))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _deep(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _deep(f"{name}[{escaped(key)}]", item)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _deep(f"{name}[{index}]", item)
    else:
        yield from (f"{name}={escaped(item)}" for item in _listed(value))


def in_header(parameter: Parameter, value: Any) -> str:
    """A value in a header or cookie."""
    if parameter.media_type is not None:
        return _content(parameter, value)
    if isinstance(value, list):
        return ",".join(map(text, value))
    if isinstance(value, dict):
        between = "=" if parameter.explode else ","
        return ",".join(f"{text(k)}{between}{text(v)}" for k, v in value.items())
    return text(value)


def chosen(content: Mapping[str, MediaType]) -> MediaType:
    """The media type to send: JSON if available."""
    for name, media in content.items():
        if name.startswith("application/json") or name.endswith(_JSON_FIRST):
            return media
    return next(iter(content.values()))


def body(schemas: Schemas, media: MediaType, value: Any) -> tuple[str, bytes]:
    """Content type and bytes."""
    name = media.name.partition(";")[0].strip().lower()
    if name == FORM:
        return media.name, "&".join(_fields(media.encoding, value)).encode()
    if name == "multipart/form-data":
        return f"{name}; boundary={BOUNDARY}", _multipart(value)
    if name in ("*/*", "application/*") or name.endswith(("/json", "+json")):
        sent = "application/json" if "*" in name else media.name
        return sent, json.dumps(value).encode()
    if is_xml(name) and isinstance(value, dict | list):
        return media.name, rendered(schemas, media, name, value)
    sent = media.name if "*" not in name else "application/octet-stream"
    return sent, text(value).encode()


def _fields(encoding: Mapping[str, Any], value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        hints = encoding.get(key)
        hints = hints if isinstance(hints, Mapping) else {}
        if isinstance(item, list) and hints.get("explode") is False:
            between = _DELIMITERS.get(str(hints.get("style")), ",")
            yield f"{escaped(key)}={between.join(map(escaped, item))}"
        elif isinstance(item, dict | list) and hints.get("style") == "deepObject":
            yield from _deep(escaped(key), item)
        else:
            yield from (f"{escaped(key)}={escaped(each)}" for each in _listed(item))


def _multipart(value: Any) -> bytes:
    found = bytearray()
    for key, item in value.items() if isinstance(value, dict) else ():
        for each in _listed(item):
            kind = (
                "" if isinstance(each, str | int | float) else "Content-Type: application/json\r\n"
            )
            found += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n'.encode()
            found += f"{kind}\r\n{text(each)}\r\n".encode()
    return bytes(found) + f"--{BOUNDARY}--\r\n".encode()
