"""Path templates, `/agents/{id}/runs/{run_id}`, and patterns that name operations: an operationId,
`tag:NAME`, a path, or `METHOD PATH`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from urllib.parse import quote, unquote

from mockserver.errors import did_you_mean
from mockserver.openapi.model import Operation

_PARAMETER = re.compile(r"\{([^{}]*)\}")


def parameters_of(template: str) -> list[str]:
    """The names of the parameters, in order."""
    return _PARAMETER.findall(template)


def shape(template: str) -> str:
    """The template without the names of parameters: equal for paths that match the same URLs."""
    return _PARAMETER.sub("{}", template)


def filled(template: str, values: Mapping[str, object]) -> str:
    """The path with these values, percent-encoded; parameters without a value stay."""
    for name, value in values.items():
        template = template.replace("{" + name + "}", quote(str(value), safe=""))
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
    """What is said of a pattern that means no operation."""
    listed = list(operations)
    ids = [one.id for one in listed]
    names = {
        "t": [f"tag:{tag}" for one in listed for tag in one.tags],
        "/": [o.path for o in listed],
    }
    hint = did_you_mean(pattern, names.get(pattern[:1], ids) or ids)
    return f"the document has no operation {pattern!r}{hint and '; ' + hint}"
