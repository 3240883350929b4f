"""Singletons that are a part of the entity above them: `/vms/{vm}/scheduling`, where a VM has a
`scheduling`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.inference.operations import Survey
from mockserver.inference.resource_model import Because, Resource
from mockserver.inference.words import noun

_FEW = 3
"""So many properties a response has that has the part under its own name: `{"labels": {}}`."""


def with_shared_parts(survey: Survey, resources: Mapping[str, Resource]) -> dict[str, Resource]:
    """The resources, in which a singleton knows the property of the entity above that shows it."""
    found = dict(resources)
    for name, resource in resources.items():
        above = resource.parents[-1].resource if resource.parents else None
        holder = resources.get(above) if above is not None else None
        if not resource.singleton or holder is None or holder.singleton:
            continue
        own = survey.flat(holder.schema).properties
        called = {noun(one): one for one in own}.get(resource.noun.rsplit(".", 1)[-1])
        if called is None or not _is_alike(survey, resource, called, own[called]):
            continue
        why = f"`{called}` of one {holder.noun} shows it"
        because = (*resource.because, Because(why, "likely"))
        found[name] = replace(resource, within=called, because=because)
    return found


def _is_alike(survey: Survey, resource: Resource, called: str, schema: Any) -> bool:
    """Whether a singleton shows the same as the property `called`: most of its properties, or the
    property itself."""
    shown = survey.flat(resource.schema).properties
    if called in shown:
        alike = survey.schemas.types(shown[called]) == survey.schemas.types(schema)
        return alike and len(shown) <= _FEW
    held = survey.schemas.flat(schema)
    if "object" not in held.types:
        return False
    return 2 * len(held.properties.keys() & shown.keys()) > max(
        len(held.properties), len(shown)
    ) or (not held.properties and not shown)
