"""The servers of a document: their URLs and base paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice, product
from typing import Any
from urllib.parse import urlsplit

_VARIABLE = re.compile(r"{([^{}]+)}")
_MOST_PATHS = 200
"""Variables with many values make more combinations than anybody means."""


def server_url(server: Mapping[str, Any]) -> str:
    """The URL of a server, with its variables' defaults."""
    return _filled(server, {})


def base_path(url: str) -> str:
    """The path of a server's URL, "" if it has none."""
    # A relative URL such as `v1` starts at the root: the document's own URL is unknown.
    steps = [step for step in urlsplit(url).path.split("/") if step not in ("", ".", "..")]
    return "".join(f"/{step}" for step in steps)


def base_paths(servers: Iterable[Any]) -> tuple[str, ...]:
    """The base paths of these servers, for every enum value of their variables; defaults first."""
    found: dict[str, None] = {}
    for server in servers:
        if not isinstance(server, Mapping):
            continue
        found.setdefault(base_path(server_url(server)))
        known = _variables(server)
        url = str(server.get("url") or "/")
        # The host doesn't matter here.
        names = [name for name in _VARIABLE.findall(url) if name in known]
        values = [_values(known[name]) for name in names]
        for chosen in islice(product(*values), _MOST_PATHS):
            found.setdefault(base_path(_filled(server, dict(zip(names, chosen, strict=True)))))
    return tuple(islice(found, _MOST_PATHS))


def _variables(server: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    variables = server.get("variables")
    variables = variables if isinstance(variables, Mapping) else {}
    return {name: value for name, value in variables.items() if isinstance(value, Mapping)}


def _values(variable: Mapping[str, Any]) -> list[str]:
    listed = variable.get("enum")
    values = [str(value) for value in listed] if isinstance(listed, list) else []
    return list(dict.fromkeys((str(variable.get("default", "")), *values)))


def _filled(server: Mapping[str, Any], values: Mapping[str, str]) -> str:
    url = str(server.get("url") or "/")
    for name, variable in _variables(server).items():
        url = url.replace("{" + name + "}", values.get(name, str(variable.get("default", ""))))
    return url
