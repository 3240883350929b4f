"""An OpenAPI document as a tree of plain values: parsing, pointers and references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote, unquote

import orjson

from mockserver.errors import ContractError, DanglingReference

_IN_FRAGMENTS = "/~!$&'()*+,;=:@"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""The methods that a path item names; `query` since OpenAPI 3.2."""


def parse_document(
    text: bytes, source: str, slips: list[str] | None = None, kind: str = "an OpenAPI document"
) -> dict[str, Any]:
    """Parse JSON or YAML; `source` and `kind` are used in errors only. `slips` collects what gets
    lost (duplicate keys).

    Raises ContractError if the text is neither, or is not an OpenAPI object.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as json_error:
        document = _parse_yaml(text, source, json_error, [] if slips is None else slips, kind)
    if not isinstance(document, dict):
        raise ContractError(f"{source}: {kind} is an object, this is {_kind(document)}")
    return document


def _parse_yaml(
    text: bytes, source: str, json_error: Exception, slips: list[str], kind: str
) -> Any:
    if text.lstrip()[:1] in (b"{", b"["):
        raise ContractError(f"{source}: not valid JSON: {json_error}")
    if text.lstrip()[:1] == b"<":
        raise ContractError(f"{source}: this is markup (HTML or XML), not {kind}")
    from mockserver.openapi.yaml12 import NotYaml, load  # most documents are JSON

    try:
        return load(text, slips)
    except NotYaml as error:
        if error.line is not None and _begins_with_tab(text, error.line):
            raise ContractError(
                f"{source}: line {error.line + 1} begins with a tab; YAML is indented by spaces"
            ) from None
        raise ContractError(f"{source}: neither JSON nor YAML: {error}") from None
    except ContractError as error:
        raise ContractError(f"{source}: {error}") from None


def _begins_with_tab(text: bytes, line: int) -> bool:
    lines = text.split(b"\n")
    return line < len(lines) and lines[line].lstrip(b" ").startswith(b"\t")


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, list):
        return "an array"
    return "text" if isinstance(value, str) else f"a {type(value).__name__}"


def escape(token: str) -> str:
    """Escape one token of a JSON pointer."""
    return token.replace("~", "~0").replace("/", "~1")


def join(pointer: str, *tokens: str | int) -> str:
    """Append unescaped tokens to a JSON pointer."""
    for token in tokens:
        text = str(token)
        pointer += f"/{escape(text)}" if "/" in text or "~" in text else f"/{text}"
    return pointer


def tokens(pointer: str) -> list[str]:
    """The unescaped tokens of `#/a/b`."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def pointer_of(reference: str) -> str:
    """The JSON pointer of a reference within the document (`#/a/b%20c`).

    A reference is part of a URI, where some characters are percent-encoded; in a pointer they are
    not.
    """
    return "#" + unquote(reference[1:]) if "%" in reference else reference


def reference_to(pointer: str) -> str:
    """The reference for a pointer: a URI fragment."""
    return "#" + quote(pointer[1:], safe=_IN_FRAGMENTS)


class _Missing:
    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Any = _Missing()
"""Stands for the absence of a JSON value, since None is one."""


def find(document: Any, pointer: str) -> Any:
    """The value at `#/a/b`; MISSING if there is none."""
    value = document
    for token in tokens(pointer):
        try:
            value = value[int(token)] if isinstance(value, list) else value[token]
        except (KeyError, IndexError, ValueError, TypeError):
            return MISSING
    return value


def lookup(document: Any, pointer: str) -> Any:
    """The value at `#/a/b`. Raises DanglingReference if there is none."""
    value = find(document, pointer)
    if value is MISSING:
        raise DanglingReference(pointer)
    return value


def resolve(document: Mapping[str, Any], value: Any, pointer: str) -> tuple[Any, str]:
    """Follow `$ref` to a value that isn't one; returns it and its pointer.

    Raises ContractError for a reference that dangles, leads to another document or forms a circle.
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
        pointer = pointer_of(reference)
        value = lookup(document, pointer)
    return value, pointer


def copied(value: Any) -> Any:
    """A deep copy that keeps shared parts shared. Raises ContractError if nested too deeply."""
    made: dict[int, Any] = {}

    def copy(value: Any) -> Any:
        if not isinstance(value, dict | list):
            return value
        found = made.get(id(value))
        if found is None:
            if isinstance(value, dict):
                found = {key: copy(item) for key, item in value.items()}
            else:
                found = [copy(item) for item in value]
            made[id(value)] = found
        return found

    try:
        return copy(value)
    except RecursionError:
        raise ContractError("nested too deeply") from None


def as_json(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the keys and values that JSON has.

    A reader of YAML 1.1 makes the number 200 of the key `200:` and a date of `2024-05-01`; both are
    meant as text. A document without any, or with something else that is no JSON, stays as it is.
    """
    try:
        orjson.dumps(document, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        with suppress(TypeError):
            found: dict[str, Any] = orjson.loads(
                orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)
            )
            return found
    return document


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
