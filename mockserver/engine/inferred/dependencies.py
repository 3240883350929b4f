"""Requests that conflict with other entities: a value that is taken, an entity that others depend
on, an id that no entity has. Also names in a path that stand for ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import dig, not_found
from mockserver.engine.inferred.identifiers import key_above
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.inferred.schedules import state_of
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import refusal_of
from mockserver.errors import Conflict
from mockserver.inference.model import Action
from mockserver.inference.resource_model import FIRST
from mockserver.inference.state_words import STANDING
from mockserver.inference.states import spelled
from mockserver.inference.words import plural


def check_unique(call: Call, entity: Entity, sent: Mapping[str, Any]) -> None:
    """Refuse a new entity with a value that another one has and that must be unique. Raises the
    documented refusal."""
    constraint = call.action.request.constraint
    names = constraint.unique if constraint is not None else ()
    wanted = {name: sent[name] for name in names if sent.get(name) not in (None, "")}
    if not wanted or constraint is None or call.world.leniency.overrules:
        return
    for name, value in wanted.items():
        if any(_have(call, entity.parent, name, value)):
            message = f"A {call.resource.noun} with the {name} '{value}' exists already."
            raise refusal_of(constraint.status, Conflict(message))


def _have(call: Call, parent: str, name: str, value: Any) -> Iterator[bool]:
    """Whether each of the entities below a parent that may have a value has it."""
    repository, world = call.repository, call.world
    if not isinstance(value, str):
        for other in repository.scan(world, parent or None, False):
            yield bool(other.data.get(name) == value)
        return
    for other in repository.called(world, name, value):
        yield parent in ("", other.parent)


def check_bare(call: Call, entity: Entity) -> None:
    """Refuse to remove an entity that others depend on. Raises the documented refusal."""
    constraint = call.action.request.constraint
    if constraint is None or call.world.leniency.overrules:
        return
    for name in constraint.without:
        child, named_by = call.context.repositories[name], constraint.naming.get(name)
        above = entity.key if named_by is None else None
        if entity.seed:
            call.context.sower.sow(call.world, child, above)
        own = call.id_of(entity)
        others = (
            other
            for other in child.scan(call.world, above, False)
            if (other.parent == above if named_by is None else other.data.get(named_by) == own)
        )
        if any(not (constraint.ended and _has_ended(child, other)) for other in others):
            called = plural(child.resource.noun).replace("_", " ")
            message = f"The {call.resource.noun} '{call.id_of(entity)}' has {called}."
            raise refusal_of(constraint.status, Conflict(message))


def _has_ended(repository: Repository, entity: Entity) -> bool:
    """Whether an entity has ended. `active` is not an end, even if the lifecycle ends in it."""
    states = repository.resource.states
    if states is None:
        return False
    ends = {*states.success, *states.failure, *states.cancelled}
    state = state_of(states, entity.data)
    return state in ends and spelled(state).split("_")[-1] not in STANDING


def checked(handler: CallHandler) -> CallHandler:
    """The handler, after a check that the ids in the body and in the query exist. Raises NotFound
    otherwise."""

    def handle(call: Call) -> Reply:
        if call.world.leniency.knows_any_id:
            return handler(call)
        sent = _sent_entities(call.request.body, call.action)
        for part in (*sent, call.request.query):
            for reference in call.action.request.refers:
                repository = call.context.repositories[reference.resource]
                for value in _values_at(part, reference.field):
                    if call.context.find(call.world, repository, str(value)) is None:
                        raise not_found(repository.resource, value)
        return handler(call)

    return handle


def _values_at(part: Any, field: str) -> Iterator[Any]:
    """The values at a property: each element of an array, nested with dots."""
    if isinstance(part, list):
        for one in part:
            yield from _values_at(one, field)
    elif isinstance(part, Mapping):
        name, _, rest = (field, "", "") if field in part else field.partition(".")
        value = part.get(name)
        if rest:
            yield from _values_at(value, rest)
        else:
            yield from (v for v in (value if isinstance(value, list) else [value]) if v is not None)


def _sent_entities(body: Any, action: Action) -> Iterator[Mapping[str, Any]]:
    """The entities in a body: one or several."""
    place = action.request.at
    if FIRST in place:
        place = place[: place.index(FIRST)]
    found = dig(body, place)
    for part in found if isinstance(found, list) else [found]:
        if isinstance(part, Mapping):
            yield part


def by_names(handler: CallHandler) -> CallHandler:
    """The handler, for paths with names in place of ids: `/repos/{owner}/{repo}/issues`."""
    return lambda call: handler(_with_ids(call))


def _with_ids(call: Call) -> Call:
    """The call with the ids of the entities that its path names."""
    path, links = dict(call.request.path), call.action.parents
    names: dict[str, str] = {}
    for index, link in enumerate(links):
        repository = call.context.above(link)
        if repository is None or not repository.resource.identity.names:
            continue
        key = key_above(call.context.plan, path, links, index)
        if call.context.find(call.world, repository, key) is None:
            found = call.called(repository, path[link.parameter])
            if found is not None and not found.row.get("gone"):
                names[link.parameter] = path[link.parameter]
                path[link.parameter] = found.id(repository.resource)
    if not names:
        return call
    return replace(call, request=replace(call.request, path=path), spelled=names)
