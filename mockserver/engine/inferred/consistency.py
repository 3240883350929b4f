"""Consistency within an entity: nested ids agree with it, timestamps agree with its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from mockserver.engine.generation.unions import may_be_null
from mockserver.engine.inferred.schedules import state_of
from mockserver.inference.model import Resource
from mockserver.openapi.schemas.resolved import Flat, Schemas


def agreeing(
    schemas: Schemas, flat: Flat, resource: Resource, data: dict[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """The entity with its ids repeated in nested objects. What was `given` is unchanged."""
    found = dict(data)
    for name, value in data.items():
        if isinstance(value, dict) and name not in given:
            found[name] = _inner(resource, data, name, value)
        elif isinstance(value, list) and name not in given:
            found[name] = [
                _inner(resource, data, "", item) if isinstance(item, dict) else item
                for item in value
            ]
    for name, values in resource.in_use.items():
        if name in found and name not in given and found[name] not in values:
            # The choice depends only on what the document allows.
            found[name] = values[crc32(str(found[name]).encode()) % len(values)]
    states = resource.states
    if states is not None:
        status = state_of(states, data)
        for name in data.keys() & states.moments.keys() - given.keys():
            if status not in states.moments[name] and may_lack(schemas, flat, name):
                found[name] = None
        for name in data.keys() & states.flags.keys() - given.keys():
            found[name] = status in states.flags[name]
    return found


def may_lack(schemas: Schemas, flat: Flat, name: str) -> bool:
    """Whether a property may be null or missing."""
    return name not in flat.required or may_be_null(schemas, flat.properties[name])


def _inner(
    resource: Resource, outer: Mapping[str, Any], name: str, inner: dict[str, Any]
) -> dict[str, Any]:
    """`agent.revision.agent_id` is the agent's id; `agent.revision_id` is `agent.revision.id`."""
    found = inner
    own = outer.get(resource.identity.key) if resource.identity.key else None
    short = resource.noun.rsplit("_", 1)[-1]
    for key in (f"{resource.noun}_id", f"{short}_id"):
        if own is not None and key in inner and type(inner[key]) is type(own):
            found = {**found, key: own}
    named = outer.get(f"{name}_id") if name else None
    if named is not None and "id" in inner and type(inner["id"]) is type(named):
        found = {**found, "id": named}
    return found
