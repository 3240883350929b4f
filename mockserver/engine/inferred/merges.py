"""Entities that become another: several are merged into one, which keeps what was below the others;
a lead becomes a deal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.children import take_away
from mockserver.engine.inferred.context import dig, id_text, named, not_found
from mockserver.engine.inferred.entities import changed_entity
from mockserver.engine.inferred.repository import Entity, OwnRepository
from mockserver.engine.inferred.schedules import with_state
from mockserver.engine.inferred.tallies import naming
from mockserver.engine.inferred.transitions import act
from mockserver.engine.messages import Reply
from mockserver.inference.model import RequestUse, ResponseUse
from mockserver.inference.resource_model import FIRST, Path


def merge(call: Call) -> Reply:
    """Merge the entities that a request names into one, which is the response. Raises NotFound for
    one that does not exist, before anything is changed."""
    use = call.action.merge
    assert use is not None
    call.check_parents()
    own = call.entity() if call.action.item is not None else None
    into = next(_named(call, use.into), own) if use.into is not None else own
    sources = list(_named(call, use.sources)) if use.sources is not None else [own]
    gone = {one.key: one for one in sources if one is not None and into and one.key != into.key}
    if into is not None:
        for entity in gone.values():
            _move_children(call, entity, into)
            _leave(call, entity, into)
        into = call.find(into.key) or into
    if use.shows and into is not None:
        return call.reply(into)
    known = {**call.request.path, **(call.known(into) if into is not None else {})}
    return call.context.answers.reply(call.operation, call.rng(), known, (), "fresh")


def _named(call: Call, path: Path) -> Iterator[Entity]:
    """The entities that a request names at a path. Raises NotFound."""
    value = named(call.request.body).get(path[0])
    for one in value if FIRST in path and isinstance(value, list) else [value]:
        if one is None:
            continue
        found = call.find(id_text(one))
        if found is None or found.row.get("gone"):
            raise not_found(call.resource, one)
        yield found


def _leave(call: Call, entity: Entity, into: Entity) -> None:
    """Remove an entity that is now a part of another one, or mark it as such."""
    assert call.action.merge is not None
    states, repository = call.resource.states, call.repository
    changes: dict[str, Any] = {}
    for name, value in call.action.merge.changes:
        if value == "into":
            changes[name] = call.id_of(into)
        elif states is not None:
            changes[name] = with_state(states, entity.data, value)
    if changes:
        repository.put(call.world, changed_entity(call, repository, entity, changes))
    else:
        take_away(call, repository, entity)


def _move_children(call: Call, entity: Entity, into: Entity) -> None:
    """Give what lies below an entity, or names it, to the one that stays."""
    world, own = call.world, call.resource
    for child in call.context.repositories.values():
        link = child.resource.parents[-1] if child.resource.parents else None
        if not isinstance(child, OwnRepository) or child.resource.singleton:
            continue
        if link is not None and link.resource == own.name:
            call.context.sower.sow(world, child, entity.key)
            for below in list(child.scan(world, entity.key, False)):
                data = dict(below.data)
                if link.field is not None and link.field in data:
                    data[link.field] = call.id_of(into)
                child.put(world, Entity(below.key, data, into.key, below.row))
            continue
        field = naming(call.context.schemas, child.resource, own)
        if field is None or child.resource.name == own.name:
            continue
        wanted = id_text(call.id_of(entity))
        for one in list(child.holding(world, field, {wanted})):
            if id_text(one.data.get(field)) == wanted:
                data = {**one.data, field: call.id_of(into)}
                child.put(world, one.with_data(data))


def from_source(handler: CallHandler) -> CallHandler:
    """The handler of a create, after which its source is what the verb makes it, and names what has
    been made. Raises Conflict where the document lists that for a source that is so already."""

    def handle(call: Call) -> Reply:
        source = call.action.source
        assert source is not None
        own = replace(
            call,
            action=replace(
                call.action, kind="transition", resource=source.resource, item=source.item,
                parents=source.parents, request=RequestUse(), response=ResponseUse(),
                transition=source.transition, elsewhere=False, source=None,
            ),
        )  # fmt: skip
        entity = own.entity()
        if source.transition.changes:
            entity = act(own, entity, {})
        reply = handler(call)
        use, key = call.action.response, call.resource.identity.key
        shown = dig(reply.body, use.at)
        made = dig(shown, use.id_path) if use.id_path else None
        if not use.id_path and isinstance(shown, Mapping) and key is not None:
            made = shown.get(key)
        if source.naming is not None and isinstance(made, str | int):
            named = changed_entity(own, own.repository, entity, {source.naming: made})
            own.repository.put(call.world, named)
        return reply

    return handle
