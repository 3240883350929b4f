"""An OpenAPI document as a tree of plain values: parsing, pointers and references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

import orjson
import yaml

from mockserver.errors import ContractError, DanglingReference

_BRACKETS = re.compile(rb"[][{}]")
_DASHES = re.compile(rb"(?:[-?][ \t]+){100,}")
_DEEPEST = 500
_MOST_VALUES = 5_000_000
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
"""The methods that a path item names; `query` since OpenAPI 3.2."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as OpenAPI means it: timestamps stay strings, every key is a string.

    `twice` are the keys that an object has more than once, with the lines of both.
    """

    def __init__(self, stream: bytes) -> None:
        super().__init__(stream)
        self.twice: list[tuple[str, int, int]] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        first: dict[str, int] = {}
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                line = key.start_mark.line + 1
                if key.value in first:
                    self.twice.append((key.value, first[key.value], line))
                first.setdefault(key.value, line)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_document(text: bytes, source: str, slips: list[str] | None = None) -> dict[str, Any]:
    """Parse JSON or YAML; `source` is only named in errors. `slips` gets what of it is lost.

    Raises ContractError if the text is neither, or not an OpenAPI object.
    """
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as json_error:
        document = _parse_yaml(text, source, json_error, [] if slips is None else slips)
    if not isinstance(document, dict):
        raise ContractError(
            f"{source}: an OpenAPI document is an object, this is {_kind(document)}"
        )
    return document


def _parse_yaml(text: bytes, source: str, json_error: Exception, slips: list[str]) -> Any:
    if text.lstrip()[:1] in (b"{", b"["):
        raise ContractError(f"{source}: not valid JSON: {json_error}")
    if text.lstrip()[:1] == b"<":
        raise ContractError(f"{source}: this is markup (HTML or XML), not an OpenAPI document")
    if _nesting(text) > _DEEPEST:
        raise ContractError(f"{source}: nested too deeply")
    try:
        loader = _Loader(text)
        try:
            value = loader.get_single_data()
        finally:
            loader.dispose()
        slips += [
            f"line {again}: the key {key!r} stands twice in one object, first in line {first}; "
            "only the last one counts"
            for key, first, again in loader.twice
        ]
        return _Unfolding(source).unfold(value)[0]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        if mark is not None and _begins_with_tab(text, mark.line):
            raise ContractError(
                f"{source}: line {mark.line + 1} begins with a tab; YAML is indented by spaces"
            ) from None
        detail = " ".join(str(error).replace(' in "<byte string>",', " at").split())
        raise ContractError(f"{source}: neither JSON nor YAML: {detail}") from None
    except RecursionError:
        raise ContractError(f"{source}: nested too deeply") from None


def _begins_with_tab(text: bytes, line: int) -> bool:
    lines = text.split(b"\n")
    return line < len(lines) and lines[line].lstrip(b" ").startswith(b"\t")


def _nesting(text: bytes) -> int:
    """How deep YAML nests within one line, about. The C parser would overflow its stack."""
    depth = deepest = 0
    for bracket in _BRACKETS.findall(text):
        depth = max(0, depth + (1 if bracket in (b"[", b"{") else -1))
        deepest = max(deepest, depth)
    return max([deepest, *(len(dashes) // 2 for dashes in _DASHES.findall(text))])


class _Unfolding:
    """Makes every key a string, and counts what aliases stand for: nine lines can be gigabytes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._done: dict[int, tuple[Any, int]] = {}

    def unfold(self, value: Any) -> tuple[Any, int]:
        """The value with string keys, and how many values it holds."""
        if not isinstance(value, dict | list):
            return value, 1
        done = self._done.get(id(value))
        if done is not None:
            return done
        found: Any
        if isinstance(value, dict):
            items = {_key(key): self.unfold(item) for key, item in value.items()}
            found, weight = {k: item for k, (item, _) in items.items()}, _sum(items.values())
        else:
            members = [self.unfold(item) for item in value]
            found, weight = [item for item, _ in members], _sum(members)
        if weight > _MOST_VALUES:
            raise ContractError(f"{self._source}: its aliases stand for too many values")
        self._done[id(value)] = found, weight
        return found, weight


def _sum(members: Iterable[tuple[Any, int]]) -> int:
    return 1 + sum(weight for _, weight in members)


def _key(key: Any) -> str:
    # YAML reads `200:` as an integer and `on:` as a boolean.
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, list):
        return "an array"
    return "text" if isinstance(value, str) else f"a {type(value).__name__}"


def escape(token: str) -> str:
    """One token of a JSON pointer."""
    return token.replace("~", "~0").replace("/", "~1")


def join(pointer: str, *tokens: str | int) -> str:
    """Extend a JSON pointer by unescaped tokens."""
    for token in tokens:
        text = str(token)
        pointer += f"/{escape(text)}" if "/" in text or "~" in text else f"/{text}"
    return pointer


def lookup(document: Any, pointer: str) -> Any:
    """The value at `#/a/b`. Raises ContractError if there is none."""
    value = document
    for raw in pointer.removeprefix("#").split("/")[1:]:
        token = unquote(raw).replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(token)] if isinstance(value, list) else value[token]
        except (KeyError, IndexError, ValueError, TypeError):
            raise DanglingReference(pointer) from None
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
