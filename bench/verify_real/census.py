"""The content of a service, counted from outside without mockserver, to check mockserver."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import yaml

from bench.verify_real.services import Live

SEARCHES = ("filter", "search", "query")
"""Last words of paths whose POST gives a list."""
VOLATILE = ("log", "event", "metric", "kernelspec", "config", "schema", "statistic", "history")
"""Collections that grow by being looked at, or are no rows."""


@dataclass
class Census:
    """Rows, by collection and id."""

    rows: dict[str, Any] = field(default_factory=dict)


def take(live: Live) -> Census:
    """Everything that the document's lists without parameters return."""
    text = live.spec.read_text(encoding="utf-8")
    document = json.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    census = Census()
    given = [w.partition("=") for o, w in pairwise(live.options) if o == "--param"]
    for path, item in document["paths"].items():
        where = path
        for name, _, value in given:
            where = where.replace("{" + name + "}", value)
        if "{" in where or any(word in path for word in VOLATILE):
            continue
        if "get" in item and "stream" not in where:
            census.rows |= _rows(path, live.ask("GET", where))
        if "post" in item and path.rstrip("/").rsplit("/", 1)[-1] in SEARCHES:
            census.rows |= _rows(path, live.ask("POST", where, {}))
    return census


def _rows(path: str, reply: tuple[int, Any]) -> dict[str, Any]:
    status, value = reply
    if status != 200:
        return {}
    found: dict[str, Any] = {}
    for row in _all(value):
        identity = row.get("id") or next(
            (row[name] for name in row if name.endswith("_id") or name in ("name", "path")), None
        )
        if isinstance(identity, str | int):
            found[f"{path} {identity}"] = row
    return found


def _all(value: Any, depth: int = 2) -> Iterator[Mapping[str, Any]]:
    """The objects in the arrays of a reply."""
    if isinstance(value, list):
        yield from (row for row in value if isinstance(row, dict))
    elif isinstance(value, dict) and depth:
        for inner in value.values():
            yield from _all(inner, depth - 1)
