"""How lists are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Operation, Parameter

_NAMED = ("id", "gid", "uuid", "key", "name")
_SEARCHES = ("search", "q", "query", "filter", "term", "keyword")


def alike_in(parameter: Parameter, like: Mapping[str, Any]) -> Any:
    """What to ask a list for so that what is `like` this is among the rows: where a filter
    must be given or has a default."""
    if not parameter.required and "default" not in parameter.schema:
        return None
    value = like.get(parameter.name)
    if isinstance(value, dict):
        value = next((value[name] for name in _NAMED if name in value), None)
    if value is None and parameter.required and parameter.name.lower() in _SEARCHES:
        value = next((v for v in like.values() if isinstance(v, str) and v), None)
    return value


def page_size(operation: Operation, name: str) -> int:
    """The largest page that may be asked for, but no more than 100 rows."""
    for parameter in operation.parameters:
        if parameter.name == name:
            most = parameter.schema.get("maximum", 100)
            least = parameter.schema.get("minimum", 1)
            if isinstance(most, int | float) and isinstance(least, int | float):
                return int(max(least, min(most, 100)))
    return 100
