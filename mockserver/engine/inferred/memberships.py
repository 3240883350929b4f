"""Add existing entities to another one, or take them out: a user in a group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import id_text, named, not_found, wrapped
from mockserver.engine.inferred.entities import changed_entity
from mockserver.engine.inferred.identifiers import key_above
from mockserver.engine.inferred.links import is_member, record_link
from mockserver.engine.inferred.links import members as linked
from mockserver.engine.inferred.reference_names import id_in, listed
from mockserver.engine.inferred.repository import Entity, held_at
from mockserver.engine.inferred.results import count_made
from mockserver.engine.inferred.static import as_shown
from mockserver.engine.messages import Reply
from mockserver.inference.model import Elements, Membership
from mockserver.inference.resource_model import FIRST
from mockserver.inference.words import is_plural
from mockserver.openapi.document import MISSING


def link(call: Call) -> Reply:
    """Make entities members. Raises NotFound for one that does not exist."""
    return _changed(call, on=True)


def unlink(call: Call) -> Reply:
    """Take entities out of their owner; they go on to exist."""
    return _changed(call, on=False)


def belongs(call: Call, entity: Entity) -> bool:
    """Whether an entity is a member of the owner that the path names, if it names one."""
    membership = call.action.membership
    if membership is None:
        return True
    above = call.key_above(len(call.action.parents) - 1)
    there = call.context.repositories
    return is_member(there, call.world, call.resource.name, membership, above)(entity)


def stays_below(call: Call, entity: Entity, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The ids of what the path names above an entity, where the body names others below which it
    can't be moved: those that do not exist, or are not the nearest. As in a create, the path
    says."""
    parents, own = call.action.parents, call.resource.parents[-1:]
    moves = own and "/" not in entity.parent and not call.resource.identity.nested
    found = {}
    for index, link in enumerate(parents):
        field, repository = link.field or "", call.context.above(link)
        after = changes.get(field)
        if after is None or after == entity.data.get(field, after):
            continue
        if repository is not None and moves and own[0].alike(link):
            names = {**call.names(), link.parameter: after}
            key = key_above(call.context.plan, names, parents, index)
            if call.context.find(call.world, repository, key) is not None:
                continue
        found[field] = entity.data[field]
    return found


def _changed(call: Call, *, on: bool) -> Reply:
    """The reply to the last change of a request that may have several."""
    *before, last = call.action.parts or (replace(call.action, kind="link" if on else "unlink"),)
    for part in before:
        _carried_out(replace(call, action=part), on=part.kind == "link")
    return _carried_out(replace(call, action=last), on=last.kind == "link")


def _carried_out(call: Call, *, on: bool) -> Reply:
    membership = call.action.membership
    assert membership is not None
    call.check_parents()
    above = call.key_above(len(call.action.parents) - 1)
    world = call.world
    members = [_member(call, membership, key) for key in _keys(call, membership)]
    place = f"{membership.name}|{above}"
    test = is_member(call.context.repositories, world, call.resource.name, membership, above)
    if membership.sets and on:
        for entity in linked(
            call.context.repositories, world, call.resource.name, membership, above
        ):
            record_link(world, place, entity.key, on=False)
    changed = [entity for entity in members if test(entity) != on]
    for entity in members:
        record_link(world, place, entity.key, on=on)
    return _reply(call, membership, members, changed, above)


def _keys(call: Call, membership: Membership) -> list[Any]:
    """What a request names its members by: ids, or values of the property `membership.by`."""
    if membership.parameter is not None:
        return [call.request.path[membership.parameter]]
    request, name = call.request, membership.ids or ""
    value = named(request.body).get(name, request.query.get(name))
    value = request.body if name == FIRST else value
    if isinstance(value, str) and name in request.query and is_plural(name):
        value = value.split(",")
    key = call.resource.identity.key or "id"
    keys = [one.get(key, id_in(one)) if isinstance(one, dict) else one for one in listed(value)]
    return [one for one in keys if one is not None]


def _member(call: Call, membership: Membership, key: Any) -> Entity:
    """The entity with this id or value. Raises NotFound."""
    if membership.by is not None:
        like = list(call.repository.having(call.world, membership.by, {str(key)}))
        found = next((one for one in like[::-1] if one.data.get(membership.by) == key), None)
    else:
        within = call.within()
        nested = call.resource.identity.nested and within
        own = f"{within}/{key}" if nested else str(key)
        found = call.find(own) or _with_name(call, key)
        if found is None and not call.resource.creatable:
            # Clients cannot add to this resource: only the real server knows all of its ids.
            found = call.repository.put(call.world, call.imagined(own, key, within or ""))
    if found is None:
        raise not_found(call.resource, key)
    return found


def _with_name(call: Call, key: Any) -> Entity | None:
    """The only entity with this name: `{"labels": ["bug"]}` names them so."""
    if not isinstance(key, str) or "name" not in call.context.flat(call.resource).properties:
        return None
    found = list(islice(call.repository.called(call.world, "name", key), 2))
    return found[0] if len(found) == 1 else None


def _reply(
    call: Call,
    membership: Membership,
    members: list[Entity],
    changed: Iterable[Entity],
    above: str,
) -> Reply:
    """The response: the members, the owner, or the number of changed members."""
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
    """Add values to a set of an entity, remove some, replace all, or show them."""
    use = call.action.values
    assert use is not None
    entity = call.entity()
    before = held_at(entity.data, use.name)
    after = changed_elements(call, use.change, call.request.body, before, use.name)
    if after is MISSING or not (isinstance(after, list) or use.whole):
        after = before if isinstance(before, list) else []
    elif after != before and use.change.how != "show":
        changes = _with_held(entity.data, use.name, after)
        entity = changed_entity(call, call.repository, entity, changes)
        entity = call.repository.put(call.world, entity)
    if use.shows_owner:
        return call.reply(entity)
    if use.shown is not None:
        answers, rng = call.context.answers, call.rng(entity.key)
        several = isinstance(after, list) and not use.whole
        values = [identity_of(use.change, one) for one in after] if several else after
        return answers.reply(call.operation, rng, values, use.shown, "sparse")
    return as_shown(call, call.rng(entity.key), call.request.path, "fresh")


def _with_held(data: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The change that gives a property, or one within others, another value."""
    head, _, rest = name.partition(".") if name not in data else (name, "", "")
    return {head: {**named(data.get(head)), **_with_held(named(data.get(head)), rest, value)}
            if rest else value}  # fmt: skip


def changed_elements(call: Call, change: Elements, body: Any, before: Any, name: str) -> Any:
    """The array `name` of an entity after a change, or the embedded entity in its place; MISSING if
    the request sends no value. `body` is the part of the request that has the values."""
    if change.how == "show":
        return before
    given = _given(call, change, body)
    if given is MISSING:
        return MISSING
    if change.how == "one":
        return None if given is None else _element(call, change, name, given)
    several = list(given) if isinstance(given, list | tuple) else [given]
    there = before if isinstance(before, list) else []
    if change.how == "remove":
        gone = {str(identity_of(change, one)) for one in several}
        return [one for one in there if str(identity_of(change, one)) not in gone]
    held = {str(identity_of(change, one)): one for one in there}
    after = {} if change.how == "set" else dict(held)
    for one in several:
        known = identity_of(change, one)
        key = str(known) if known is not None else f"another {len(after)}"
        same = held.get(key, MISSING) if not isinstance(one, Mapping) else MISSING
        after[key] = _element(call, change, name, one) if same is MISSING else same
    return list(after.values())


def identity_of(change: Elements, element: Any) -> Any:
    """The value that identifies an element: its key, or the element itself."""
    return element.get(change.key) if isinstance(element, Mapping) and change.key else element


def _given(call: Call, change: Elements, body: Any) -> Any:
    """The element or elements that a request names; MISSING for none."""
    request = call.request
    if change.parameter is not None:
        if change.parameter in request.path:
            return id_text(request.path[change.parameter])
        return request.query.get(change.parameter, MISSING)
    if change.sent is None:
        return []
    value = body
    for name in change.sent:
        value = value if name == FIRST else named(value).get(name, MISSING)
    return value


def _element(call: Call, change: Elements, name: str, given: Any) -> Any:
    """An element as the entity shows it: the entity with this id, or an object with the id."""
    if change.key is None or isinstance(given, Mapping):
        return given
    there = call.context.embeds.embedded(call.world, call.resource, name, given)
    return dict(there.data) if there is not None else {change.key: given}
