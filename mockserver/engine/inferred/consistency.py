"""Consistency within an entity: nested ids agree with it, timestamps agree with its state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from mockserver.engine.generation.unions import may_be_null
from mockserver.engine.inferred.schedules import state_of
from mockserver.inference.resource_model import Resource
from mockserver.inference.words import bag, last_word, tokens
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
    for name in (resource.stamped & data.keys()) - given.keys():
        if may_lack(schemas, flat, name):
            found[name] = None
    states = resource.states
    if states is not None:
        status = state_of(states, data)
        for name in data.keys() & states.moments.keys() - given.keys():
            if status not in states.moments[name] and may_lack(schemas, flat, name):
                found[name] = None
        for name in data.keys() & states.flags.keys() - given.keys():
            found[name] = status in states.flags[name]
    for name, value in found.items():
        if isinstance(value, dict) and name not in given:
            found[name] = _in_order(value, {})
    return _in_order(found, given)


_STEPS = (
    bag("created creation opened submitted requested ordered registered issued"),
    bag("queued scheduled accepted"),
    bag("started start begin begins begun from since"),
    bag("completed complete end ends ended finished closed until to resolved delivered"),
    bag("expires expiry expiration expired"),
)
"""Words of times, each set later than the one before."""
_NO_STEP = bag("at on date time timestamp datetime utc")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d\S*)?")


def _in_order(data: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the times of its earlier steps before those of later ones (`period_start`,
    `period_end`); what was `given` is unchanged."""
    groups: dict[tuple[tuple[str, ...], int], list[tuple[int, str]]] = {}
    for name, value in data.items():
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            continue
        words = tokens(name)
        step = next((n for n, known in enumerate(_STEPS) if known & set(words)), None)
        if step is not None:
            rest = tuple(word for word in words if word not in _STEPS[step] | _NO_STEP)
            groups.setdefault((rest, len(value)), []).append((step, name))
    found = data
    for group in groups.values():
        found = {**found, **_sorted(found, [name for _, name in sorted(group)], given)}
    return found


def _sorted(data: Mapping[str, Any], names: list[str], given: Mapping[str, Any]) -> dict[str, Any]:
    """These times, in this order as far as they aren't `given`."""
    free = [name for name in names if name not in given]
    found = {name: data[name] for name in names}
    found |= dict(zip(free, sorted(data[name] for name in free), strict=True))
    last = ""
    for name in names:
        if name in free:
            found[name] = max(found[name], last)
        last = max(last, found[name])
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
    short = last_word(resource.noun)
    for key in (f"{resource.noun}_id", f"{short}_id"):
        if own is not None and key in inner and type(inner[key]) is type(own):
            found = {**found, key: own}
    named = outer.get(f"{name}_id") if name else None
    if named is not None and "id" in inner and type(inner["id"]) is type(named):
        found = {**found, "id": named}
    return found
