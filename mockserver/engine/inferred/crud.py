"""Create, fetch, replace, patch, remove: the plain family of operations on one resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.inferred.conditional import check_match, unchanged
from mockserver.engine.inferred.context import Context, dig, named, named_in, not_found
from mockserver.engine.inferred.entities import called, changed_thing, defaults, new_thing
from mockserver.engine.inferred.patch import json_patched, merge_patched
from mockserver.engine.inferred.repository import Held, OwnShelf, Shelf
from mockserver.engine.inferred.seeding import lasting
from mockserver.engine.messages import Reply, Request
from mockserver.engine.randomness import Dice
from mockserver.engine.serialization import nearest_status
from mockserver.engine.world import World
from mockserver.errors import Conflict
from mockserver.inference.model import FIRST, Action, Resource
from mockserver.openapi.model import Operation


def create(context: Context, operation: Operation, action: Action) -> Handler:
    shelf = context.shelf_of(action)
    resource = shelf.resource

    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        sent = named(dig(request.body, action.request.at))
        parent = _parent(context, request, action, resource, sent)
        fixed = links(action, resource, request, sent)
        if action.request.upsert:
            known = _known(context, world, shelf, sent, parent)
            if known is not None:
                held = shelf.put(world, changed_thing(context, world, shelf, known, sent))
                return context.reply(world, request, action, held)
        held = new_thing(context, world, shelf, sent, fixed, parent)
        chosen = resource.identity.key in sent or called(resource, sent)
        if chosen and context.find(world, shelf, held.key) is not None:
            if (
                resource.identity.client_key
                or nearest_status(operation, 409) in operation.documented
            ):
                own = held.key.rsplit("/", 1)[-1]
                raise Conflict(f"A {resource.noun} '{own}' exists already.")
            # The server's own id, which a client may repeat from what it has read.
            sent = {name: value for name, value in sent.items() if name != resource.identity.key}
            held = new_thing(context, world, shelf, sent, fixed, parent)
        held = shelf.put(world, held)
        reply = context.reply(world, request, action, held, made=True)
        return _remembered(context, world, shelf, held, action, reply)

    return handle


def _remembered(
    context: Context, world: World, shelf: Shelf, held: Held, action: Action, reply: Reply
) -> Reply:
    """Keep what the answer has said of a new thing beyond what is known of it."""
    said = dig(reply.body, action.response.at)
    own = context.flat(shelf.resource).properties.keys()
    if isinstance(said, Mapping) and isinstance(shelf, OwnShelf):
        more = {n: v for n, v in said.items() if n not in held.data and n not in own}
        if more:
            shelf.put(world, Held(held.key, {**held.data, **more}, held.parent, held.row))
    return reply


def _known(
    context: Context, world: World, shelf: Shelf, sent: Mapping[str, Any], parent: str
) -> Held | None:
    """The row that the body names, if it names one."""
    key = shelf.resource.identity.key
    value = sent.get(key) if key is not None else None
    if value is None:
        return None
    return context.find(world, shelf, f"{parent}/{value}" if parent else str(value))


def _parent(
    context: Context,
    request: Request,
    action: Action,
    resource: Resource,
    sent: Mapping[str, Any],
) -> str:
    """The key of the row above: by the path, or by the field of the body that names it."""
    if action.parents or not resource.parents:
        return context.parent_key(request, action)
    link = resource.parents[-1]
    told = sent.get(link.field) if link.field is not None else None
    return str(told or sent.get(link.parameter) or "")


def links(
    action: Action, resource: Resource, request: Request, sent: Mapping[str, Any]
) -> dict[str, Any]:
    """What the path says of the thing: the ids of those above it."""
    fields = {link.parameter: link.field for link in resource.parents}
    found = {}
    for link in action.parents:
        field = link.field or fields.get(link.parameter, "")
        if field and link.parameter in request.path:
            found[field] = request.path[link.parameter]
    return found


def fetch(context: Context, operation: Operation, action: Action) -> Handler:
    def handle(world: World, request: Request) -> Reply:
        held = context.held(world, request, action)
        return unchanged(request, held) or context.reply(world, request, action, held)

    return handle


def change(context: Context, operation: Operation, action: Action) -> Handler:
    """PUT and PATCH (and POST) of one thing."""
    shelf = context.shelf_of(action)
    resource = shelf.resource

    def handle(world: World, request: Request) -> Reply:
        sent = dig(request.body, action.request.at)
        if (
            action.request.upsert
            and context.find(world, shelf, context.row_key(request, action, resource)) is None
        ):
            return _upsert(world, request, named(sent))
        held = context.held(world, request, action)
        changes = _changes(context, action, resource, request, held, sent)
        held = shelf.put(world, changed_thing(context, world, shelf, held, changes))
        return context.reply(world, request, action, held)

    def _upsert(world: World, request: Request, sent: dict[str, Any]) -> Reply:
        context.check_parents(world, request, action)
        check_match(request, None)
        value = named_in(request, action)
        fixed = links(action, resource, request, sent)
        if resource.identity.key:
            fixed[resource.identity.key] = value
            sent.pop(resource.identity.key, None)
        held = new_thing(context, world, shelf, sent, fixed, context.parent_key(request, action))
        held = Held(context.row_key(request, action, resource), held.data, held.parent, held.row)
        reply = context.reply(world, request, action, shelf.put(world, held))
        if 201 in operation.documented and reply.status == 200:
            dice = Dice.of(world, action.operation, held.key)
            data = context.known(held, request, action)
            return context.answers.reply(
                operation, dice, data, action.response.at, "fresh", status=201
            )
        return reply

    return handle


def _changes(
    context: Context,
    action: Action,
    resource: Resource,
    request: Request,
    held: Held,
    sent: Any,
) -> dict[str, Any]:
    """What the row shall be like, as far as the body says."""
    media_type = request.media_type.partition(";")[0].strip().lower()
    if media_type == "application/json-patch+json" and isinstance(sent, list):
        return json_patched(held.data, sent)
    given = named(sent)
    if media_type == "application/merge-patch+json":
        return merge_patched(held.data, given)
    if action.request.partial:
        return given
    # A full replacement: what the client may set and did not is as if new.
    accepted = context.schemas.flat_at(resource.request).properties if resource.request else {}
    keep = {resource.identity.key, *(link.field for link in resource.parents)}
    cleared = {
        name: None
        for name in accepted
        if name in held.data and name not in given and name not in keep
    }
    return {
        **cleared,
        **{n: v for n, v in defaults(context, resource, given).items() if n in cleared},
        **given,
    }


def remove(context: Context, operation: Operation, action: Action) -> Handler:
    shelf = context.shelf_of(action)

    def handle(world: World, request: Request) -> Reply:
        held = context.held(world, request, action)
        take_away(context, world, shelf, held)
        known = {**context.known(held, request, action), "deleted": True, "success": True}
        dice = Dice.of(world, action.operation, held.key)
        return context.answers.reply(operation, dice, known, action.response.at, "fresh")

    return handle


def take_away(context: Context, world: World, shelf: Shelf, held: Held) -> None:
    """Remove a row and all that lies under it."""
    name = shelf.resource.name
    for child in context.shelves.values():
        if any(link.resource == name for link in child.resource.parents[-1:]):
            for below in list(child.scan(world, held.key, False)):
                if isinstance(child, OwnShelf) and below.parent == held.key:
                    take_away(context, world, child, below)
    if context.any_is_known(shelf.resource, held.key):
        shelf.put(world, Held(held.key, held.data, held.parent, {**held.row, "gone": True}))
    else:
        shelf.remove(world, held.key)


def read(context: Context, operation: Operation, action: Action) -> Handler:
    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        held = single(context, world, request, action)
        return unchanged(request, held) or context.reply(world, request, action, held)

    return handle


def single(context: Context, world: World, request: Request, action: Action) -> Held:
    """The one thing of its kind; as if new if nobody has set it.

    Raises NotFound if it must be made first.
    """
    shelf = context.shelf_of(action)
    resource = shelf.resource
    key = "/".join(str(request.path[link.parameter]) for link in action.parents) or "one"
    held = shelf.get(world, key)
    if held is not None:
        return held
    if resource.creatable and 404 in request.operation.documented:
        raise not_found(resource, key)
    parent = context.parent_key(request, action)
    known = {
        **defaults(context, resource, {}),
        **links(action, resource, request, {}),
    }
    data: Any = known
    if resource.schema:
        dice = lasting(world, resource.name, key)
        mode: Any = "fresh" if resource.parents else "rich"
        data = context.values.kept(resource.schema, dice, known, mode=mode, owner=resource.noun)
    return Held(key, data if isinstance(data, Mapping) else known, parent)


def write(context: Context, operation: Operation, action: Action) -> Handler:
    shelf = context.shelf_of(action)
    resource = shelf.resource

    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        sent = dig(request.body, action.request.at)
        key = "/".join(str(request.path[link.parameter]) for link in action.parents) or "one"
        if shelf.get(world, key) is None and operation.method in ("POST", "PUT"):
            fixed = links(action, resource, request, named(sent))
            made = new_thing(context, world, shelf, named(sent), fixed, "")
            held = Held(key, made.data, context.parent_key(request, action), made.row)
        else:
            held = single(context, world, request, action)
            check_match(request, held)
            changes = _changes(context, action, resource, request, held, sent)
            held = changed_thing(context, world, shelf, held, changes)
        return context.reply(world, request, action, shelf.put(world, held))

    return handle


def clear(context: Context, operation: Operation, action: Action) -> Handler:
    shelf = context.shelf_of(action)

    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        held = single(context, world, request, action)
        check_match(request, held)
        shelf.remove(world, held.key)
        if operation.success == 204:
            return context.answers.reply(operation, Dice.of(world, action.operation, held.key))
        if shelf.resource.creatable:
            return context.reply(world, request, action, held)
        return context.reply(world, request, action, single(context, world, request, action))

    return handle


def checked(context: Context, action: Action, handler: Handler) -> Handler:
    """The handler, for bodies whose ids are known. Raises NotFound for another one."""
    if not action.request.refers:
        return handler

    def handle(world: World, request: Request) -> Reply:
        for thing in _things(request.body, action):
            for reference in action.request.refers:
                value = thing.get(reference.field)
                shelf = context.shelves[reference.resource]
                if value is not None and context.find(world, shelf, str(value)) is None:
                    raise not_found(shelf.resource, value)
        return handler(world, request)

    return handle


def _things(body: Any, action: Action) -> Iterator[Mapping[str, Any]]:
    """What is sent: one thing, or several."""
    above = action.request.at
    if FIRST in above:
        above = above[: above.index(FIRST)]
    found = dig(body, above)
    for thing in found if isinstance(found, list) else [found]:
        if isinstance(thing, Mapping):
            yield thing
