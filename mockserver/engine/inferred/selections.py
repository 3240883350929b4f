"""Parameters that say which properties of entities a response shows: `fields=id,name`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import Context
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import pointer_of
from mockserver.inference.model import Action
from mockserver.inference.resource_model import FIRST
from mockserver.inference.words import bag, snake_case
from mockserver.openapi.model import Operation
from mockserver.openapi.schemas.resolved import Flat

_SHOWN = bag(
    "fields field select only include_fields included_fields fieldset field_set columns attributes "
    "properties projection show_fields fields_to_return return_fields response_fields"
)
_HIDDEN = bag(
    "exclude exclude_fields excluded_fields except omit omit_fields hide_fields "
    "excluded_attributes exclude_attributes exclude_properties"
)
_KINDS = ("list", "fetch", "read")
_NAMES = bag("id _id type kind href object")
"""What is shown whether it is asked for or not."""


def selecting(
    context: Context, operation: Operation, action: Action, handler: CallHandler
) -> CallHandler:
    """The handler, whose response shows what such a parameter asks for, and what its schema
    requires; a value that names anything else is without effect."""
    asked = [
        (parameter.name, wanted)
        for parameter in operation.parameters
        if action.kind in _KINDS
        if parameter.place == "query" and (wanted := _role(parameter.name)) is not None
    ]
    if not asked:
        return handler
    rows = action.envelope is not None and action.kind == "list"
    at = (*action.envelope.items, FIRST, *action.envelope.row) if rows and action.envelope else ()
    at = at or action.response.at
    place = context.schemas.along(pointer_of(operation, operation.success), at)
    if place is None:
        return handler
    pointer = context.schemas.main(place)

    def handle(call: Call) -> Reply:
        reply = handler(call)
        for name, shows in asked:
            names = _names_in(call.request.query.get(name))
            if names:
                reply = replace(
                    reply, body=_cut(context.schemas.flat_at(pointer), reply.body, at, names, shows)
                )
        return reply

    return handle


def _role(name: str) -> bool | None:
    """Whether a parameter names what is shown, or what is not; None for another one."""
    spelled = snake_case(name.partition("[")[0].strip("$_"))
    return spelled in _SHOWN if spelled in _SHOWN | _HIDDEN else None


def _names_in(value: Any) -> frozenset[str]:
    """The names of properties in the value of a parameter, without the parts within them."""
    listed = value if isinstance(value, list) else [value]
    if isinstance(value, Mapping):
        listed = list(value.values())  # `fields[kites]=name`
    words = (part for one in listed if isinstance(one, str) for part in one.split(","))
    return frozenset(word.strip().partition(".")[0] for word in words if word.strip())


def _cut(flat: Flat, value: Any, at: tuple[str, ...], names: frozenset[str], shows: bool) -> Any:
    """The value with less in what stands at a path."""
    if at:
        if at[0] == FIRST:
            if not isinstance(value, list):
                return value
            return [_cut(flat, one, at[1:], names, shows) for one in value]
        if not isinstance(value, dict) or at[0] not in value:
            return value
        return {**value, at[0]: _cut(flat, value[at[0]], at[1:], names, shows)}
    if not isinstance(value, dict) or flat.choices:
        return value
    inner = value.get("attributes")
    if isinstance(inner, dict) and names <= inner.keys():
        return {**value, "attributes": {n: v for n, v in inner.items() if (n in names) == shows}}
    if not names <= flat.properties.keys():
        return value
    kept = _NAMES | set(flat.required) if shows else set(flat.required)
    return {n: v for n, v in value.items() if (n in names) == shows or n in kept}
