"""Path templates, `/agents/{id}/runs/{run_id}`, the operation of a path, and patterns that name
operations: an operationId, `tag:NAME`, a path, or `METHOD PATH`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from urllib.parse import quote, unquote

from mockserver.errors import did_you_mean
from mockserver.openapi.model import Contract, Operation

_PARAMETER = re.compile(r"\{([^{}]*)\}")


def parameters_of(template: str) -> list[str]:
    """The names of the parameters, in order."""
    return _PARAMETER.findall(template)


def shape(template: str) -> str:
    """The template without the names of parameters: equal for paths that match the same URLs."""
    return _PARAMETER.sub("{}", template)


def filled(template: str, values: Mapping[str, object]) -> str:
    """The path with these values, percent-encoded; parameters without a value stay. Values may come
    from a server's JSON, which can have lone surrogates."""
    for name, value in values.items():
        encoded = quote(str(value), safe="", errors="surrogatepass")
        template = template.replace("{" + name + "}", encoded)
    return template


def pattern_of(template: str) -> str:
    """A regular expression for the paths that fit, with a group for each parameter."""
    return "([^/]+)".join(map(re.escape, _PARAMETER.split(template)[::2]))


def values_in(template: str, path: str) -> dict[str, str] | None:
    """The decoded values of the parameters in a path, which may have a prefix; None if the path
    does not fit the template."""
    found = re.search(pattern_of(template) + "$", path)
    if found is None:
        return None
    return dict(zip(parameters_of(template), map(unquote, found.groups()), strict=True))


def matches(operation: Operation, pattern: str) -> bool:
    """Whether a pattern means an operation; `*` stands for anything."""
    if pattern.startswith("tag:"):
        return any(fnmatchcase(tag, pattern.removeprefix("tag:")) for tag in operation.tags)
    if pattern.startswith("/"):
        return _path_matches(operation.path, pattern)
    method, space, path = pattern.partition(" ")
    if space:
        return operation.method == method.upper() and _path_matches(operation.path, path.strip())
    return fnmatchcase(operation.id, pattern)


def _path_matches(path: str, pattern: str) -> bool:
    return path == pattern or fnmatchcase(path, pattern)


def closeness(pattern: str) -> tuple[int, int]:
    """How closely a pattern names an operation: by its id, method and path, path, or tag; and then
    the longer one. The greatest counts."""
    if pattern.startswith("tag:"):
        kind = 0
    elif pattern.startswith("/"):
        kind = 1
    else:
        kind = 2 if " " in pattern else 3
    return kind - 4 * ("*" in pattern), len(pattern)


def chosen(operations: Iterable[Operation], table: Mapping[str, str]) -> dict[str, str]:
    """What the closest pattern of a table says of each operation, by its id."""
    order = sorted(table, key=closeness, reverse=True)
    found = {}
    for operation in operations:
        pattern = next((one for one in order if matches(operation, one)), None)
        if pattern is not None:
            found[operation.id] = table[pattern]
    return found


def unknown(pattern: str, operations: Iterable[Operation]) -> str:
    """The message for a pattern that matches no operation."""
    listed = list(operations)
    ids = [one.id for one in listed]
    names = {
        "t": [f"tag:{tag}" for one in listed for tag in one.tags],
        "/": [o.path for o in listed],
    }
    hint = did_you_mean(pattern, names.get(pattern[:1], ids) or ids)
    return f"the document has no operation {pattern!r}{hint and '; ' + hint}"


class Router:
    """Finds the operation of a path; the template with the most literal text wins."""

    def __init__(self, contract: Contract) -> None:
        paths: dict[str, dict[str, Operation]] = {}
        for operation in contract.operations:
            paths.setdefault(operation.path, {})[operation.method] = operation
        ranked = sorted(paths, key=lambda path: (path.count("{"), -len(path)))
        self._routes = [(re.compile(pattern_of(path)), path, paths[path]) for path in ranked]
        self._literal = {path: paths[path] for path in paths if "{" not in path}

    def find(self, method: str, path: str) -> tuple[Operation | None, str, dict[str, str]]:
        """The operation, its path template ("" if none matches), and the path's values."""
        literal = self._literal.get(path)
        if literal is not None:
            return literal.get(method), path, {}
        other: tuple[str, dict[str, str]] | None = None
        for pattern, template, methods in self._routes:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            values = [unquote(value) for value in match.groups()]
            where = dict(zip(parameters_of(template), values, strict=True))
            if method in methods:
                return methods[method], template, where
            other = other or (template, where)
        return (None, *other) if other is not None else (None, "", {})
