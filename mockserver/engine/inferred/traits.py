"""Traits of a request in its world: the state of the entities it names, and taken values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from mockserver.engine.calibration import Traits, kind_of
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import Context
from mockserver.engine.inferred.identifiers import id_text, key_above
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.messages import Request
from mockserver.engine.world import World
from mockserver.inference.model import Action
from mockserver.openapi.model import Operation

_MOST = 500
"""Entities that are looked at for a value that may be there once only."""


def traits_in_world(
    context: Context, world: World, operation: Operation, path: Mapping[str, str], body: Any
) -> Traits:
    """By path parameter whether what it names is there, with its flags and states; by field of the
    body whether another has this value; the fields that the document lists and nobody sent."""
    action = context.plan.actions[operation.id]
    found: Traits = {}
    for name, entity in _named(context, world, action, operation, path):
        if entity is None and name == action.path_item:
            entity = _by_property(context, world, action.resource, path[name])
        found[name] = "there" if entity is not None else "not there"
        if entity is None:
            found.setdefault("first not there", name)
            continue
        for field, value in entity.data.items():
            if isinstance(value, bool) or _is_state(context, entity, field, value):
                found[f"{name}.{field}"] = str(value).lower()
    found |= _fields(context, operation, body)
    if action.kind == "create" and isinstance(body, Mapping):
        found |= _taken(context, world, action, operation, path, body)
    return found


def entity_named(
    context: Context, world: World, operation: Operation, path: Mapping[str, str]
) -> Mapping[str, Any]:
    """The entity that a path names by its last parameter, if it is there."""
    action = context.plan.actions[operation.id]
    found = dict(_named(context, world, action, operation, path))
    entity = found.get(action.path_item) if action.path_item is not None else None
    return entity.data if entity is not None else {}


def _named(
    context: Context, world: World, action: Action, operation: Operation, path: Mapping[str, str]
) -> Iterator[tuple[str, Entity | None]]:
    for index, link in enumerate(action.parents):
        repository = context.above(link)
        if repository is not None and link.parameter in path:
            key = key_above(context.plan, path, action.parents, index)
            yield link.parameter, _there(context, world, repository, key)
    item = action.path_item
    if item is not None and item in path and action.resource in context.repositories:
        call = Call(context, action, world, Request(operation, path))
        key = call.key_of(id_text(path[item]))
        yield item, _there(context, world, context.repository_of(action), key)


def _by_property(context: Context, world: World, resource: str | None, value: str) -> Entity | None:
    """The entity that has this value in the property after which a path is called: the room of
    `/rooms/name/{x}`, which has no entities of its own."""
    above, _, name = (resource or "").rpartition(".")
    repository = context.repositories.get(above)
    rows = islice(repository.scan(world, None, False), _MOST) if repository is not None else ()
    return next((entity for entity in rows if str(entity.data.get(name)) == value), None)


def _there(context: Context, world: World, repository: Repository, key: str) -> Entity | None:
    entity = context.find(world, repository, key)
    return None if entity is None or entity.row.get("gone") else entity


def _is_state(context: Context, entity: Entity, field: str, value: Any) -> bool:
    return isinstance(value, str) and field in ("status", "state", "phase") and len(value) < 40


def _fields(context: Context, operation: Operation, body: Any) -> Traits:
    content = operation.body.content.values() if operation.body is not None else ()
    pointer = next((media.pointer for media in content if media.pointer), None)
    if pointer is None or not isinstance(body, Mapping):
        return {}
    declared = context.schemas.flat_at(pointer).properties
    found = {f"body.{name}": "absent" for name in declared if name not in body}
    if declared and body.keys() - declared.keys():
        found["unknown field"] = "yes"
    return found


def _taken(
    context: Context,
    world: World,
    action: Action,
    operation: Operation,
    path: Mapping[str, str],
    body: Mapping[str, Any],
) -> Traits:
    """The fields whose value another entity under the same parent has."""
    if action.resource not in context.repositories:
        return {}
    call = Call(context, action, world, Request(operation, path, body=body))
    sent = call.sent
    if not isinstance(sent, Mapping):
        return {}
    texts = {n: v for n, v in sent.items() if isinstance(v, str) and v and kind_of(v) != "null"}
    parent = call.parent_key() or None
    rows = islice(context.repository_of(action).scan(world, parent, True), _MOST)
    taken = {name for entity in rows for name, v in texts.items() if entity.data.get(name) == v}
    return {f"taken {name}": "yes" for name in sorted(taken)}
