"""Adding existing entities to another one and taking them out: a user in a group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.bulk import wrapped
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import named, not_found
from mockserver.engine.inferred.crud import count_made
from mockserver.engine.inferred.entities import changed_entity
from mockserver.engine.inferred.joins import LINKS, is_member
from mockserver.engine.inferred.joins import members as linked
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.inferred.static import as_shown
from mockserver.engine.messages import Reply
from mockserver.engine.world import World
from mockserver.inference.model import FIRST, Membership, ValueSet


def link(call: Call) -> Reply:
    """Make entities members. Raises NotFound for one that does not exist."""
    return _changed(call, on=True)


def unlink(call: Call) -> Reply:
    """Take entities out; they stay where they are."""
    return _changed(call, on=False)


def _changed(call: Call, *, on: bool) -> Reply:
    membership = call.action.membership
    assert membership is not None
    call.check_parents()
    above = call.key_above(len(call.action.parents) - 1)
    world, repository = call.world, call.repository
    members = [_member(call, membership, key) for key in _keys(call, membership)]
    place = f"{membership.name}|{above}"
    test = is_member(call.context.repositories, world, membership, above)
    if membership.sets and on:
        for entity in repository.scan(world, None, False):
            if test(entity):
                _put(world, place, entity.key, on=False)
    changed = [entity for entity in members if test(entity) != on]
    for entity in members:
        _put(world, place, entity.key, on=on)
    return _reply(call, membership, members, changed, above)


def _put(world: World, place: str, key: str, *, on: bool) -> None:
    world[LINKS.name].put({"id": f"{place}|{key}", "above": place, "member": key, "on": on})


def _keys(call: Call, membership: Membership) -> list[Any]:
    if membership.parameter is not None:
        return [call.request.path[membership.parameter]]
    request, name = call.request, membership.ids or ""
    value = named(request.body).get(name, request.query.get(name))
    value = request.body if name == FIRST else value
    values = value if isinstance(value, list | tuple) else [value]
    key = call.resource.identity.key or "id"
    keys = [one.get(key) if isinstance(one, dict) else one for one in values]
    return [one for one in keys if one is not None]


def _member(call: Call, membership: Membership, key: Any) -> Entity:
    """The entity that a request names. Raises NotFound."""
    if membership.by is not None:
        same = (e for e in call.repository.scan(call.world, None, True)
                if e.data.get(membership.by) == key)  # fmt: skip
        found = next(same, None)
    else:
        within = call.within()
        nested = call.resource.identity.nested and within
        own = f"{within}/{key}" if nested else str(key)
        found = call.find(own)
        if found is None and not call.resource.creatable:
            # Only the server knows all of its catalogue.
            found = call.repository.put(call.world, call.imagined(own, key, within or ""))
    if found is None:
        raise not_found(call.resource, key)
    return found


def _reply(
    call: Call,
    membership: Membership,
    members: list[Entity],
    changed: Iterable[Entity],
    above: str,
) -> Reply:
    """The response: the members, the owner, or a count of what was changed."""
    at = call.action.response.at
    if membership.shows == "member" and FIRST in at:
        there = linked(call.context.repositories, call.world, call.resource.name, membership, above)
        inner = at[at.index(FIRST) + 1 :]
        rows = [wrapped(inner, call.known(entity)) for entity in there]
        rng, answers = call.rng(above), call.context.answers
        return answers.reply(call.operation, rng, rows, at[: at.index(FIRST)], "sparse")
    if membership.shows == "member" and members:
        return call.reply(members[0])
    if membership.shows == "owner":
        owner = call.context.repositories[membership.owner].get(call.world, above)
        if owner is not None:
            return replace(call, action=replace(call.action, resource=membership.owner)).reply(
                owner
            )
    known = {**call.request.path, **named(call.request.body)}
    reply = as_shown(call, call.rng(above), known, "fresh")
    count_made(call, reply, len(list(changed)))
    return reply


def change_values(call: Call) -> Reply:
    """Add values to a set that an entity has, take some away, set or show them."""
    use = call.action.values
    assert use is not None
    entity = call.entity()
    there = entity.data.get(use.name)
    held = list(there) if isinstance(there, list) else []
    before = [one.get(use.named) if use.named and isinstance(one, dict) else one for one in held]
    given = list(_given(call, use))
    texts = {str(one) for one in given}
    match use.deed:
        case "add":
            known = {str(one) for one in before}
            after = [*before, *(one for one in given if str(one) not in known)]
        case "remove":
            after = [one for one in before if str(one) not in texts]
        case "set":
            after = given
        case "clear":
            after = []
        case _:
            after = before
    if after != before:
        kept = {str(value): one for value, one in zip(before, held, strict=True)}
        rows = [kept.get(str(one), {use.named: one} if use.named else one) for one in after]
        entity = changed_entity(call, call.repository, entity, {use.name: rows})
        entity = call.repository.put(call.world, entity)
    if use.shows_owner:
        return call.reply(entity)
    if use.shown is not None:
        answers, rng = call.context.answers, call.rng(entity.key)
        return answers.reply(call.operation, rng, after, use.shown, "sparse")
    return as_shown(call, call.rng(entity.key), call.request.path, "fresh")


def _given(call: Call, use: ValueSet) -> Iterator[Any]:
    """The values that a request names."""
    request = call.request
    if use.parameter is not None:
        value = request.path.get(use.parameter, request.query.get(use.parameter))
    elif use.sent is not None:
        value = request.body
        for name in use.sent:
            value = value if name == FIRST else named(value).get(name)
    else:
        return
    for one in value if isinstance(value, list | tuple) else [value]:
        if isinstance(one, str | int | float) and not isinstance(one, bool):
            yield one
