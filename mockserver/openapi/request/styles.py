"""The parameter styles of OpenAPI: how arrays and objects are serialised."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any
from urllib.parse import unquote, unquote_plus

import orjson

from mockserver.openapi.model import Json, Parameter
from mockserver.openapi.request.coercion import Cast, Kind, structure

Source = Mapping[str, Sequence[str]]
Read = Callable[[Source], Any]
Decode = Callable[[str], str]

_DEEPEST = 32
_INDEX = re.compile(r"\d{1,9}", re.ASCII)
_DELIMITERS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|", "simple": ","}


_IN_URLS = {
    " ": re.compile(r" |\+|%20"),
    "|": re.compile(r"\||%7[Cc]"),
}
_ENCODED = {one: re.compile(f"(?i:%{ord(one):02x})") for one in ",.;"}


def split_url(raw: str, delimiter: str) -> list[str]:
    """The parts of a text in a URL or a cookie.

    A delimiter may be percent-encoded; a space has to be. Next to literal commas, periods and
    semicolons, an encoded one belongs to a part.
    """
    if delimiter in _IN_URLS:
        return _IN_URLS[delimiter].split(raw)
    return raw.split(delimiter) if delimiter in raw else _ENCODED[delimiter].split(raw)


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()
"""The parameter was not sent."""


def reader_for(parameter: Parameter, kind: Kind, claimed: Set[str] = frozenset()) -> Read:
    """A function that reads a parameter from the names and raw texts of its location; `claimed` are
    the names that belong to other parameters."""
    if parameter.place == "query":
        return _query(parameter, kind, claimed)
    if parameter.place == "path":
        return _path(parameter, kind)
    if parameter.place == "cookie":
        return _delimited(parameter.name, parameter.explode, kind, ",", unquote)
    return _delimited(parameter.name.lower(), parameter.explode, kind, ",", _same)


def _same(raw: str) -> str:
    return raw


def _plus(raw: str) -> str:
    return unquote_plus(raw) if "%" in raw or "+" in raw else raw


def _query(parameter: Parameter, kind: Kind, claimed: Set[str]) -> Read:
    name = parameter.name
    if parameter.style == "deepObject" and not kind.is_array:
        return _deep(name, kind)
    if kind.is_array:
        delimiter = _DELIMITERS.get(parameter.style, ",")
        if not parameter.explode:
            return _query_list(name, kind, delimiter)
        return _repeated(name, kind)
    if kind.is_object:
        if parameter.explode:
            spread = _free_object(kind, claimed) if kind.is_free else _spread_object(kind)
            return _deep_or(name, kind, spread)
        delimiter = _DELIMITERS.get(parameter.style, ",")
        return _delimited_object(name, False, kind, lambda raw: split_url(raw, delimiter), _plus)
    cast = kind.scalar()

    def read(source: Source) -> Any:
        found = source.get(name)
        # The last of repeated scalars wins.
        return cast(_plus(found[-1])) if found else ABSENT

    return read


def _repeated(name: str, kind: Kind) -> Read:
    cast = kind.item()
    bare = name.removesuffix("[]")

    def read(source: Source) -> Any:
        found = source.get(name) or source.get(bare)
        return [cast(_plus(raw)) for raw in found] if found else ABSENT

    return read


def _query_list(name: str, kind: Kind, delimiter: str) -> Read:
    cast = kind.item()

    def read(source: Source) -> Any:
        found = source.get(name)
        if not found:
            return ABSENT
        parts = [part for raw in found for part in (split_url(raw, delimiter) if raw else [])]
        return [cast(_plus(part)) for part in parts]

    return read


def _spread_object(kind: Kind) -> Read:
    readers = {name: _property(kind.property(name)) for name in kind.properties}

    def read(source: Source) -> Any:
        found = {name: cast(source[name]) for name, cast in readers.items() if name in source}
        return found or ABSENT

    return read


def _free_object(kind: Kind, claimed: Set[str]) -> Read:
    """An object with arbitrary names takes what no other parameter claims."""
    known = _spread_object(kind)
    other = _property(kind.property(""))

    def read(source: Source) -> Any:
        found = known(source)
        more = {n: other(raw) for n, raw in source.items() if n not in claimed}
        return {**({} if found is ABSENT else found), **more} or ABSENT

    return read


def _deep_or(name: str, kind: Kind, spread: Read) -> Read:
    """An object whose style nobody stated: `sort[name]=desc` is what clients send."""
    deep = _deep(name, kind)
    start = f"{name}["

    def read(source: Source) -> Any:
        return deep(source) if any(one.startswith(start) for one in source) else spread(source)

    return read


def _property(kind: Kind) -> Callable[[Sequence[str]], Json]:
    if kind.is_array:
        cast_item = kind.item()
        return lambda found: [cast_item(_plus(raw)) for raw in found]
    if kind.is_object:
        # No style covers this; JSON is the usual form.
        return lambda found: _json(_plus(found[-1]))
    cast = kind.scalar()
    return lambda found: cast(_plus(found[-1]))


def _json(text: str) -> Json:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _deep(name: str, kind: Kind) -> Read:
    def read(source: Source) -> Any:
        return read_deep(name, source, kind, _plus)

    return read


def read_deep(name: str, source: Source, kind: Kind, decode: Decode = _same) -> Any:
    """The value of `name[a]=1&name[b][c]=2`; ABSENT if no name has that form."""
    matches = re.compile(re.escape(name) + r"((?:\[[^\[\]]*\])+)").fullmatch
    tree: dict[str, Any] = {}
    for key, found in source.items():
        match = matches(key)
        if match:
            values = [decode(raw) for raw in found]
            _grow(tree, match.group(1)[1:-1].split("][")[:_DEEPEST], values)
    return _cast_deep(tree, kind) if tree else ABSENT


def _grow(tree: dict[str, Any], path: list[str], found: list[str]) -> None:
    if path[-1] == "" and len(path) > 1:
        path = path[:-1]
    if "" in path[:-1]:
        # `items[][price]=1&items[][price]=2`: each repetition starts the next item.
        at = path.index("")
        for index, value in enumerate(found):
            _grow(tree, [*path[:at], str(index), *path[at + 1 :]], [value])
        return
    for token in path[:-1]:
        inner = tree.setdefault(token, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    known = tree.get(path[-1])
    if isinstance(known, list):
        known.extend(found)
    elif known is None:
        tree[path[-1]] = found


def _cast_deep(node: Any, kind: Kind) -> Json:
    if isinstance(node, list):
        if kind.is_array and not (len(node) == 1 and node[0] in (kind.listed or ())):
            cast = kind.item()
            return [cast(text) for text in node]
        return kind.scalar()(node[-1])
    if kind.is_array and all(map(_INDEX.fullmatch, node)):
        item = kind.of(kind.items)
        return [_cast_deep(node[token], item) for token in sorted(node, key=int)]
    return {token: _cast_deep(inner, kind.property(token)) for token, inner in node.items()}


def _path(parameter: Parameter, kind: Kind) -> Read:
    name = parameter.name
    if parameter.style == "label":
        delimiter = "." if parameter.explode else ","
        return _prefixed(name, ".", delimiter, parameter.explode, kind)
    if parameter.style == "matrix":
        delimiter = ";" if parameter.explode else ","
        return _prefixed(name, ";", delimiter, parameter.explode, kind)
    delimiter = _DELIMITERS.get(parameter.style, ",")
    return _delimited(
        name, parameter.explode, kind, delimiter, unquote if kind.is_packed else _same
    )


def _prefixed(name: str, prefix: str, delimiter: str, explode: bool, kind: Kind) -> Read:
    """`.3,4,5` (label) and `;id=3;id=4` (matrix)."""
    inner = _delimited(name, explode, kind, delimiter, unquote if kind.is_packed else _same)
    matrix = prefix == ";"

    def read(source: Source) -> Any:
        raw = source[name][-1]
        raw = _ENCODED[prefix].sub(prefix, raw, 1) if raw[:1] == "%" else raw
        if not raw.startswith(prefix):
            return raw
        raw = raw[1:]
        if matrix and not (kind.is_object and explode):
            parts = raw.split(";") if explode else [raw]
            raw = delimiter.join(part.removeprefix(name).removeprefix("=") for part in parts)
        return inner({name: [raw]})

    return read


def _delimited(name: str, explode: bool, kind: Kind, delimiter: str, decode: Decode) -> Read:
    """`3,4,5` for an array, `R,100,G,200` or (exploded) `R=100,G=200` for an object."""

    def split(raw: str) -> list[str]:
        return raw.split(delimiter) if decode is _same else split_url(raw, delimiter)

    if kind.is_object:
        return _delimited_object(name, explode, kind, split, decode)
    cast = kind.item() if kind.is_array else kind.scalar()
    is_array = kind.is_array
    nested = is_array and cast is structure

    def read(source: Source) -> Any:
        found = source.get(name)
        if not found:
            return ABSENT
        raw = found[-1]
        if nested:
            # No style covers nested lists; JSON contains the delimiter too.
            whole = structure(f"[{decode(raw)}]")
            if isinstance(whole, list) and all(isinstance(one, list | dict) for one in whole):
                return whole
        if is_array:
            return [cast(decode(part.strip())) for part in (split(raw) if raw else ())]
        return cast(decode(raw))

    return read


def _delimited_object(
    name: str, explode: bool, kind: Kind, split: Callable[[str], list[str]], decode: Decode
) -> Read:
    casts: dict[str, Cast] = {key: kind.property(key).scalar() for key in kind.properties}
    other = kind.property("").scalar()

    def read(source: Source) -> Any:
        found = source.get(name)
        if not found:
            return ABSENT
        parts = split(found[-1]) if found[-1] else []
        if explode:
            pairs = [part.partition("=")[::2] for part in parts]
        else:
            if len(parts) % 2:
                return decode(found[-1])
            pairs = list(zip(parts[::2], parts[1::2], strict=True))
        value = {}
        for key, raw in pairs:
            key = decode(key.strip())
            value[key] = casts.get(key, other)(decode(raw.strip()))
        return value

    return read
