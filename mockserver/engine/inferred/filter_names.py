"""Which parameters filter a list, what their names mean, and which belong together. What their
values mean is in filters.py."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.inference.model import Envelope
from mockserver.inference.page_parameters import asked_in, without_model
from mockserver.inference.words import bag, snake_case, tokens
from mockserver.openapi.media_types import is_json
from mockserver.openapi.model import Operation
from mockserver.openapi.schemas.resolved import Schemas

_FILTERING = bag("filter search where query find match")
_ROLES: Mapping[str, frozenset[str]] = {
    "field": bag("field column property attribute by key name"),
    "operator": bag("operator op condition comparison type"),
    "value": bag("value values text term"),
}


def condition_parameters(names: Iterable[str]) -> dict[str, str]:
    """The parameters that state one condition together (`filter_field`, `filter_operator`,
    `filter_value`), by their roles: "field", "operator", "value". Empty without field or value."""
    found: dict[str, str] = {}
    for name in names:
        words = tokens(without_model(name))
        if len(words) != 2 or words[0] not in _FILTERING:
            continue
        role = next((role for role, known in _ROLES.items() if words[1] in known), None)
        if role is not None:
            found.setdefault(role, name)
    return found if {"field", "value"} <= found.keys() else {}


def filtered_property(name: str) -> str:
    """The property that a parameter names: `name` of `filter[name]` and of `filterByName`."""
    name = name.removesuffix("[]")
    if is_in_filter_object(name):
        name = name.partition("[")[2]
    name = without_model(name)
    spelled = snake_case(name.replace("[", "_").replace("]", ""))
    for prefix in ("filter_by_", "filter_", "by_", "where_", "query_"):
        if spelled != prefix[:-1] and spelled.startswith(prefix):
            return spelled.removeprefix(prefix)
    return spelled.removesuffix("_filter") or spelled


def is_in_filter_object(name: str) -> bool:
    """Whether a parameter is a part of an object of filters: `criteria[name]`."""
    outer, _, inner = name.partition("[")
    return bool(inner) and snake_case(outer) in _OBJECTS


_OBJECTS = bag("filter filters where criteria query params parameters request search q conditions")


def filter_parameters(
    schemas: Schemas, operation: Operation, envelope: Envelope
) -> list[tuple[str, Any, bool, str]]:
    """The parameters that may filter a list, each with its schema, whether it is required, and its
    description. Some are in the body, or in an object in the query."""
    found = [
        (parameter.name, parameter.schema, parameter.required, parameter.description)
        for parameter in operation.parameters
        if parameter.place == "query"
    ]
    told = {parameter.name for parameter in operation.parameters}
    found += [
        (name, schema, False, "")
        for name, schema in asked_in(schemas, operation).items()
        if name not in told and ("[" not in name or is_in_filter_object(name))
    ]
    if envelope.paging.in_body and operation.body is not None:
        for media in operation.body.content.values():
            if media.pointer and is_json(media.name):
                flat = schemas.flat_at(schemas.canonical(media.pointer))
                found += [
                    (name, one, name in flat.required, "") for name, one in flat.properties.items()
                ]
                break
    return found
