"""Queries for lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.inference.words import is_plural, plural, singular, tokens
from mockserver.openapi.model import Operation, Parameter

_NAMED = ("id", "gid", "uuid", "key", "name", "login", "slug")
_EDGES = {
    "date": ("2000-01-01", "2100-01-01"),
    "date-time": ("2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
}
_FROM = {"start", "from", "since", "after", "begin", "min"}
_TO = {"end", "to", "until", "before", "max"}
_SEARCHES = ("search", "q", "query", "filter", "term", "keyword")
_SAYING = ("name", "title", "label", "description")
_ABOUT = ("filter", "where")


def alike_in(parameter: Parameter, like: Mapping[str, Any]) -> Any:
    """A query for which the rows include an entity `like` this, if filters are required or have
    defaults; for times, the whole range."""
    if not parameter.required and "default" not in parameter.schema:
        return None
    value = called(parameter.name, like)
    if isinstance(value, list) and len(value) == 1 and parameter.schema.get("type") != "array":
        value = value[0]  # `?states=ACTIVE`
    words = set(tokens(parameter.name))
    form = parameter.schema.get("format") or ("date" if "date" in words else "")
    if parameter.required and form in _EDGES:
        early, late = _EDGES[form]
        if words & _FROM or words & _TO:
            return early if words & _FROM else late
    value = named_in(value)
    if value is None and parameter.required and parameter.name.lower() in _SEARCHES:
        said = [*(like.get(name) for name in _SAYING), *like.values()]
        value = next((v for v in said if isinstance(v, str) and v), None)
    return value


def named_in(value: Any) -> Any:
    """What names a part: its id, or what it is called; anything else as it is."""
    if isinstance(value, dict):
        return next((value[name] for name in _NAMED if name in value), None)
    return value


def called(name: str, like: Mapping[str, Any]) -> Any:
    """The value of this name, however it is spelled (`feed_type`, `filter[feedType]`), an array of
    it under a plural (`feedTypes`), the only one of a plural (`roles`: `reader`), or the id of the
    part that it names (`owner_id`: an object, or what it is called); or None."""
    words = tokens(name)
    words = words[1:] if len(words) > 1 and words[0] in _ABOUT else words
    alike = [value for other, value in like.items() if tokens(other) == words]
    if name not in like and not alike and words[-1:] == ("id",):
        parts = [value for other, value in like.items() if tokens(other) == words[:-1]]
        alike = [part["id"] for part in parts if isinstance(part, dict) and "id" in part]
        alike += [part for part in parts if isinstance(part, str | int)]
    if name not in like and not alike and words and is_plural(words[-1]):
        one = (*words[:-1], singular(words[-1]))
        alike = [[value] for other, value in like.items() if tokens(other) == one]
    elif name not in like and not alike and words:
        several = (*words[:-1], plural(words[-1]))
        alike = [v for n, v in like.items() if tokens(n) == several and isinstance(v, str | int)]
    return like[name] if name in like else next(iter(alike), None)


def page_size(operation: Operation, name: str) -> int:
    """The largest page size, but at most 100 rows."""
    for parameter in operation.parameters:
        if parameter.name == name:
            most = parameter.schema.get("maximum", 100)
            least = parameter.schema.get("minimum", 1)
            if isinstance(most, int | float) and isinstance(least, int | float):
                return int(max(least, min(most, 100)))
    return 100
