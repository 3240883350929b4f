"""Entities below another one: sent with it, replaced by a change of it, removed with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import id_text, named
from mockserver.engine.inferred.entities import changed_entity, new_entity
from mockserver.engine.inferred.files import drop_file
from mockserver.engine.inferred.repository import (
    SYSTEM,
    Entity,
    OwnRepository,
    Repository,
    held_at,
)
from mockserver.engine.inferred.seeding import sown
from mockserver.engine.messages import Reply
from mockserver.errors import Refusal
from mockserver.inference.paths import route
from mockserver.inference.resource_model import FIRST
from mockserver.inference.words import noun, tokens


def create_below(call: Call, above: Entity) -> Entity:
    """Create the entities below a new one that its request sends (`{"lines": [{...}]}`).

    Returns the upper one without those that its responses show from below. Raises a Refusal for an
    item that can't be created.
    """
    return _create_sent(call, above, named(call.sent))


def _create_sent(call: Call, above: Entity, sent: Mapping[str, Any]) -> Entity:
    shown = set()
    for name, child, items in _sent_below(call, sent):
        # There are no others.
        call.world[SYSTEM.name].put({"id": sown(child, above.key), "sent": True})
        for index, item in enumerate(items):
            _create(call, child, above, named(item), (name, index))
        shown.add(name)
    return _without(call, above, shown)


def create_above(call: Call) -> tuple[str, dict[str, Any]]:
    """Create the entity above a new one, where one request makes both (`POST /threads/runs`), of
    what is sent under its noun (`{"thread": {...}}`).

    Returns its key and, as properties of the new one, its id. Without such a request the key is "".
    """
    link = call.resource.parents[-1] if call.resource.parents else None
    above = call.context.above(link) if link is not None and link.field else None
    steps = route(call.operation.path).steps
    if link is None or link.field is None or not isinstance(above, OwnRepository):
        return "", {}
    resource = above.resource
    collections = [route(path).steps for path in (resource.path, *resource.collections)]
    if steps[:-1] not in collections or noun(steps[-1]) != noun(call.resource.noun):
        return "", {}
    sent = named(named(call.request.body).get(resource.noun))
    whole = replace(call, action=replace(call.action, resource=resource.name, elsewhere=False))
    made = _create_sent(whole, above.put(call.world, new_entity(whole, above, sent, {}, "")), sent)
    return made.key, {link.field: made.id(resource)}


def replace_below(call: Call, above: Entity, given: Mapping[str, Any]) -> Entity:
    """Make the entities below one those that a change of it sends: those with a known id are
    changed, others are new, and the rest is removed."""
    shown = set()
    for name, child, items in _sent_below(call, given):
        if name not in call.context.joins.below(call.resource):
            continue
        call.context.sower.sow(call.world, child, above.key)
        key = child.resource.identity.key or ""
        before = {one.key: one for one in child.scan(call.world, above.key, False)}
        keys = {id_text(one.data[key]): one.key for one in before.values() if key in one.data}
        for index, item in enumerate(items):
            sent = named(item)
            known = before.pop(keys.get(id_text(sent.get(key)), ""), None)
            if known is None:
                _create(call, child, above, sent, (name, index))
            else:
                child.put(call.world, changed_entity(call, child, known, sent, sent))
        for entity in before.values():
            take_away(call, child, entity)
        shown.add(name)
    return _without(call, above, shown)


def _sent_below(
    call: Call, sent: Mapping[str, Any]
) -> Iterator[tuple[str, OwnRepository, list[Any]]]:
    """The arrays that are sent of entities below, each with their repository: where responses show
    them, or where only paths below the entity do."""
    own = call.context.flat(call.resource).properties
    arrays = {name: value for name, value in sent.items() if isinstance(value, list)}
    if not arrays:
        return
    for name, child in call.context.joins.below(call.resource).items():
        items = arrays.get(name)
        if items is not None and all(isinstance(item, Mapping) for item in items):
            yield name, child, items
    by_noun = {noun(n): (n, v) for n, v in arrays.items() if n not in own and v}
    for other in call.context.repositories.values() if by_noun else ():
        resource = other.resource
        link = resource.parents[-1] if resource.parents else None
        name, items = by_noun.get(resource.noun.rsplit(".", 1)[-1], ("", None))
        if link is None or link.resource != call.resource.name or items is None:
            continue
        if not resource.singleton and isinstance(other, OwnRepository):
            # What only the request has of them is of no entity.
            known = other.flat.properties
            yield name, other, [{n: v for n, v in named(i).items() if n in known} for i in items]


def _create(
    call: Call, child: OwnRepository, above: Entity, sent: Mapping[str, Any], place: tuple[str, int]
) -> None:
    """Create one entity below another. `place` is the array and index in the body."""
    resource, link = child.resource, child.resource.parents[-1]
    fixed = {n: v for n, v in sent.items() if n == resource.identity.key}
    if any(child.get(call.world, str(value)) is not None for value in fixed.values()):
        fixed = {}  # It would take the entity with this id away from another parent.
    if link.field:
        fixed[link.field] = call.id_of(above)
    try:
        made = new_entity(call, child, sent, fixed, above.key)
    except Refusal as refusal:
        length = 1 + sum(step != FIRST for step in call.action.request.at)
        refusal.violations = tuple(
            replace(v, where=(*v.where[:length], *place, *v.where[length:]))
            for v in refusal.violations
        )
        raise
    child.put(call.world, made)


def _without(call: Call, above: Entity, shown: set[str]) -> Entity:
    """The entity without the arrays that are shown from below."""
    kept = {
        name: [] if name in shown and isinstance(value, list) else value
        for name, value in above.data.items()
    }
    if not shown or kept == above.data:
        return above
    entity = above.with_data(kept)
    return call.repository.put(call.world, entity)


def copy_below(call: Call, entity: Entity, copy: Entity) -> None:
    """Give a copy what lies below the entity, if the entity shows that, or the document names it:
    "Copies a board with its cards"."""
    operation, world = call.operation, call.world
    words = tokens(f"{operation.summary} {operation.description} {operation.id}")
    said = {noun(word) for word in words}
    shown = {one.resource.name for one in call.context.joins.below(call.resource).values()}
    for child in list(call.context.repositories.values()):
        link = child.resource.parents[-1] if child.resource.parents else None
        if link is None or link.resource != call.resource.name or child.resource.singleton:
            continue
        named = child.resource.name in shown or noun(child.resource.noun) in said
        if not isinstance(child, OwnRepository) or not (named and child.resource.creatable):
            continue
        kept = {child.resource.identity.key, *child.roles.created, *child.roles.updated}
        fixed = {link.field: call.id_of(copy)} if link.field else {}
        for below in list(child.scan(world, entity.key, False)):
            data = {n: v for n, v in below.data.items() if n not in kept and n != link.field}
            child.put(world, new_entity(call, child, data, fixed, copy.key))


def showing_holder(handler: CallHandler) -> CallHandler:
    """The operation on an element, with what holds it as the response: the cart of an item."""

    def handle(call: Call) -> Reply:
        reply = handler(call)
        link, at = call.action.parents[-1], call.action.response.holder
        repository = call.context.above(link)
        above = repository and call.context.find(call.world, repository, call.parent_key())
        if not above or at is None:
            return reply
        response = replace(call.action.response, at=at, id_path=(), holder=None)
        action = replace(call.action, kind="fetch", resource=link.resource, response=response)
        shown = replace(call, action=replace(action, parents=action.parents[:-1])).reply(above)
        return replace(reply, body=shown.body)

    return handle


def take_away(
    call: Call, repository: Repository, entity: Entity, taken: set[tuple[str, str]] | None = None
) -> None:
    """Remove an entity, everything below it, and what the calibration file has removed with it.
    `taken` is what is being removed, since entities may lie below each other."""
    resource = repository.resource
    name, taken = resource.name, set() if taken is None else taken
    if (name, entity.key) in taken:
        return
    taken.add((name, entity.key))
    drop_file(call, name, entity.key)
    for child in call.context.repositories.values():
        if any(link.resource == name for link in child.resource.parents[-1:]):
            for below in list(child.scan(call.world, entity.key, False)):
                if isinstance(child, OwnRepository) and below.parent == entity.key:
                    take_away(call, child, below, taken)
    if call.context.any_is_known(call.world, repository.resource, entity.key):
        row = {**entity.row, "gone": True}
        repository.put(call.world, entity.with_row(row))
    else:
        repository.remove(call.world, entity.key)
    own = entity.key if resource.identity.key is None else entity.id(resource)
    for other, naming in resource.cascades:
        child = call.context.repositories[other]
        for below in list(child.holding(call.world, naming, {id_text(own)})):
            # What stays known is there, gone, and may name what named it.
            gone = below.row.get("gone") or held_at(below.data, naming) != own
            if isinstance(child, OwnRepository) and not gone:
                take_away(call, child, below, taken)
