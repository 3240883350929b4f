"""An OpenAPI document as a tree of plain values: parsing, pointers and references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import orjson
import yaml

from mockserver.errors import ContractError

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as OpenAPI means it: timestamps stay strings, every key is a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_document(text: bytes, source: str) -> dict[str, Any]:
    """Parse JSON or YAML; `source` is only named in errors.

    Raises ContractError if the text is neither, or not an OpenAPI object.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as json_error:
        document = _parse_yaml(text, source, json_error)
    if not isinstance(document, dict):
        raise ContractError(
            f"{source}: an OpenAPI document is an object, this is {_kind(document)}"
        )
    return document


def _parse_yaml(text: bytes, source: str, json_error: Exception) -> Any:
    if text.lstrip()[:1] in (b"{", b"["):
        raise ContractError(f"{source}: not valid JSON: {json_error}")
    if text.lstrip()[:1] == b"<":
        raise ContractError(f"{source}: this is markup (HTML or XML), not an OpenAPI document")
    try:
        return _string_keys(yaml.load(text, Loader=_Loader))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        detail = " ".join(str(error).split())
        raise ContractError(f"{source}: neither JSON nor YAML: {detail}") from None
    except RecursionError:
        raise ContractError(f"{source}: nested too deeply") from None


def _string_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _string_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_string_keys(item) for item in value]
    return value


def _key(key: Any) -> str:
    # YAML reads `200:` as an integer and `on:` as a boolean.
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    return {list: "an array", str: "text"}.get(type(value), "a " + type(value).__name__)


def escape(token: str) -> str:
    """One token of a JSON pointer."""
    return token.replace("~", "~0").replace("/", "~1")


def join(pointer: str, *tokens: str | int) -> str:
    """Extend a JSON pointer by unescaped tokens."""
    return pointer + "".join("/" + escape(str(token)) for token in tokens)


def lookup(document: Any, pointer: str) -> Any:
    """The value at `#/a/b`. Raises ContractError if there is none."""
    value = document
    for raw in pointer.removeprefix("#").split("/")[1:]:
        token = unquote(raw).replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(token)] if isinstance(value, list) else value[token]
        except (KeyError, IndexError, ValueError, TypeError):
            raise ContractError(f"the reference {pointer} leads nowhere") from None
    return value


def resolve(document: Mapping[str, Any], value: Any, pointer: str) -> tuple[Any, str]:
    """Follow `$ref` until something else comes; returns it and where it stands.

    Raises ContractError for a reference that leads nowhere, to another document or in a circle.
    """
    seen: set[str] = set()
    while isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if not reference.startswith("#"):
            raise ContractError(
                f"the reference {reference!r} to another file is not bundled", pointer
            )
        if reference in seen:
            raise ContractError(f"the reference {reference} leads in a circle", pointer)
        seen.add(reference)
        pointer = "#" + unquote(reference[1:])
        value = lookup(document, reference)
    return value, pointer


def walk(value: Any, pointer: str = "#") -> Iterator[tuple[str, Any]]:
    """Every object in the tree with its pointer, without following references."""
    stack = [(pointer, value)]
    while stack:
        here, node = stack.pop()
        if isinstance(node, dict):
            yield here, node
            stack.extend((join(here, key), item) for key, item in node.items())
        elif isinstance(node, list):
            stack.extend((join(here, index), item) for index, item in enumerate(node))
