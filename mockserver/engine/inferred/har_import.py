"""Responses of a real server as rows: recorded ones, and those that are passed through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import Context, dig
from mockserver.engine.inferred.repository import SYSTEM, Entity, OwnRepository, newest_first
from mockserver.engine.inferred.seeding import sown
from mockserver.engine.messages import Request
from mockserver.engine.world import World
from mockserver.inference.model import Action
from mockserver.openapi.model import Operation

_ONE = ("create", "fetch", "replace", "patch", "transition", "clone", "read", "write")


def adopt(
    context: Context,
    world: World,
    operation: Operation,
    path_values: Mapping[str, str],
    body: Any,
) -> list[str]:
    """Store the entities in a successful response to this operation; returns their row keys.

    A known row is replaced, and seed entities next to it are not created; the row of a removed
    entity is removed. Empty if the API stores its rows in its own way, or if the response shows
    none.
    """
    action = context.plan.actions[operation.id]
    repository = context.repository_of(action) if action.resource is not None else None
    if not isinstance(repository, OwnRepository):
        return []
    call = Call(context, action, world, Request(operation, dict(path_values)))
    if action.kind == "remove" and action.path_item is not None:
        repository.remove(world, call.key())
        return [call.key()]
    parent = call.parent_key()
    keys = []
    for entity in _recorded_entities(action, body, bool(repository.roles.created)):
        key = _key(call, entity)
        if not key:
            continue
        before = repository.get(world, key)
        kept = {"at": world.now, "real": True}
        if before is not None and action.kind != "list":  # a list also gives the order
            kept |= {name: before.row[name] for name in ("at", "n")}
        data = {**before.data, **entity} if before is not None else dict(entity)
        repository.put(world, Entity(key, data, parent, kept))
        keys.append(key)
    if keys or action.kind == "list":
        world[SYSTEM.name].put({"id": sown(repository, parent)})
    return keys


def _recorded_entities(action: Action, body: Any, dated: bool) -> Iterator[Mapping[str, Any]]:
    """The entities in a recorded response, the oldest first."""
    if action.kind == "list":
        envelope = action.envelope
        items = dig(body, envelope.items) if envelope is not None else body
        found = items if isinstance(items, list) else []
        if envelope is not None and newest_first(envelope, dated):
            found = found[::-1]
        for item in found:
            entity = dig(item, envelope.row) if envelope is not None else item
            if isinstance(entity, Mapping):
                yield entity
    elif action.kind in _ONE:
        entity = dig(body, action.response.at)
        if isinstance(entity, Mapping):
            yield entity


def _key(call: Call, entity: Mapping[str, Any]) -> str:
    resource, action = call.resource, call.action
    if resource.singleton:
        return call.single_key()
    if action.kind not in ("list", "clone") and action.item in call.request.path:
        return call.key()
    key = resource.identity.key
    value = entity.get(key) if key is not None else None
    return "" if value is None else call.key_of(value)


def owns(
    context: Context, world: World, operation: Operation, path_values: Mapping[str, str]
) -> bool:
    """Whether a path names an entity that only the mock knows: it has made it itself."""
    action = context.plan.actions[operation.id]
    call = Call(context, action, world, Request(operation, dict(path_values)))
    places = [
        (context.above(link), call.key_above(index)) for index, link in enumerate(action.parents)
    ]
    if action.resource is not None and action.path_item is not None:
        places.append((call.repository, call.key()))
    rows = (r.get(world, key) for r, key in places if isinstance(r, OwnRepository))
    return any(entity is not None and not entity.row.get("real") for entity in rows)
