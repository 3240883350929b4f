"""What operations share with the entity above: a singleton may be a part of it, as
`/vms/{vm}/scheduling` of a VM with a `scheduling`, and a response may show it."""

from __future__ import annotations

from collections.abc import Mapping

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.entities import changed_entity
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import pointer_of


def with_part(call: Call, entity: Entity) -> Entity:
    """A singleton with what the entity above has of it."""
    name = call.resource.within
    held = _above(call)
    value = held[1].data.get(name) if held is not None and name is not None else None
    if name is None or value is None:
        return entity
    if name in call.context.flat(call.resource).properties:
        part = {name: value}
    else:
        part = dict(value) if isinstance(value, Mapping) else {}
    row = dict(entity.row)
    if held is not None and (changed := held[1].row.get("changed")) is not None:
        row["changed"] = max(changed, row.get("changed", 0))
    return entity.with_data({**entity.data, **part}).with_row(row)


def put_part(call: Call, entity: Entity) -> None:
    """Give the entity above what a singleton has that is a part of it."""
    name = call.resource.within
    held = _above(call)
    if name is None or held is None:
        return
    repository, above = held
    if name in call.context.flat(call.resource).properties:
        value = entity.data.get(name)
    else:
        schemas = call.context.schemas
        own = schemas.flat(call.context.flat(repository.resource).properties[name]).properties
        value = {n: v for n, v in entity.data.items() if n in own or not own}
    changed = changed_entity(call, repository, above, {name: value})
    repository.put(call.world, changed)


def above_shown(call: Call) -> Reply | None:
    """The response of an operation that shows the entity above the one that its path names:
    promoting a version shows what it is a version of. None if it shows no such entity."""
    operation, context = call.operation, call.context
    place = pointer_of(operation, operation.success)
    shown = context.schemas.canonical(place) if place is not None else None
    for index, link in enumerate(call.action.parents):
        repository = context.above(link)
        if repository is not None and shown is not None and repository.resource.schema == shown:
            above = context.find(call.world, repository, call.key_above(index))
            if above is not None:
                data = dict(above.data)
                return context.answers.reply(operation, call.rng(above.key), data, ())
    return None


def _above(call: Call) -> tuple[Repository, Entity] | None:
    """The entity above a singleton."""
    if call.resource.within is None or not call.action.parents:
        return None
    repository = call.context.above(call.action.parents[-1])
    if repository is None:
        return None
    entity = call.context.find(call.world, repository, call.parent_key())
    return (repository, entity) if entity is not None else None
