"""Taking over what somebody else's server said: recorded answers become rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.context import Context, dig
from mockserver.engine.inferred.lists import newest_first
from mockserver.engine.inferred.repository import SYSTEM, Held, OwnShelf
from mockserver.engine.inferred.seeding import sown
from mockserver.engine.messages import Request
from mockserver.engine.world import World
from mockserver.inference.model import Action, Resource
from mockserver.openapi.model import Operation

_ONE = ("create", "fetch", "replace", "patch", "transition", "clone", "read", "write")


def adopt(
    context: Context,
    world: World,
    operation: Operation,
    path_values: Mapping[str, str],
    body: Any,
) -> list[str]:
    """Keep what a good reply to this operation shows; the keys of the rows that it shows.

    A row that is known is replaced; what the seed world would hold beside it stays away. Empty for
    an operation whose rows the API keeps in its own way, or whose answer shows none.
    """
    action = context.plan.actions[operation.id]
    shelf = context.shelf_of(action) if action.resource is not None else None
    if not isinstance(shelf, OwnShelf):
        return []
    request = Request(operation, dict(path_values))
    resource = shelf.resource
    parent = context.parent_key(request, action)
    keys = []
    for thing in _things(action, body, bool(shelf.roles.created)):
        key = _key(context, request, action, resource, thing, parent)
        if not key:
            continue
        before = shelf.get(world, key)
        kept = {"at": world.now}
        if before is not None and action.kind != "list":  # a list says how they are ordered
            kept = {name: before.row[name] for name in ("at", "n")}
        data = {**before.data, **thing} if before is not None else dict(thing)
        shelf.put(world, Held(key, data, parent, kept))
        keys.append(key)
    if keys or action.kind == "list":
        world[SYSTEM.name].put({"id": sown(shelf, parent)})
    return keys


def _things(action: Action, body: Any, dated: bool) -> Iterator[Mapping[str, Any]]:
    if action.kind == "list":
        envelope = action.envelope
        items = dig(body, envelope.items) if envelope is not None else body
        found = items if isinstance(items, list) else []
        if envelope is not None and newest_first(envelope, dated):
            found = found[::-1]
        for item in found:
            thing = dig(item, envelope.row) if envelope is not None else item
            if isinstance(thing, Mapping):
                yield thing
    elif action.kind in _ONE:
        thing = dig(body, action.response.at)
        if isinstance(thing, Mapping):
            yield thing


def _key(
    context: Context,
    request: Request,
    action: Action,
    resource: Resource,
    thing: Mapping[str, Any],
    parent: str,
) -> str:
    if resource.singleton:
        return "/".join(str(request.path[link.parameter]) for link in action.parents) or "one"
    if action.kind != "list" and action.item in request.path and action.kind != "clone":
        return context.row_key(request, action, resource)
    value = thing.get(resource.identity.key) if resource.identity.key else None
    if value is None:
        return ""
    return f"{parent}/{value}" if resource.identity.nested and parent else str(value)
