"""What a request meets in its world: a value that is taken, an entity that others depend on, an id
that no entity has, the states of the entities it names. Also names in a path that stand for ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Literal

from mockserver.engine.calibration import Traits, kind_of, kind_of_id
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import Context, dig, named, not_found
from mockserver.engine.inferred.identifiers import id_text, key_above
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.inferred.schedules import state_of
from mockserver.engine.messages import Reply, Request
from mockserver.engine.serialization import refusal_of
from mockserver.engine.world import World
from mockserver.errors import Conflict
from mockserver.inference.model import Action
from mockserver.inference.resource_model import FIRST
from mockserver.inference.state_words import STANDING
from mockserver.inference.states import spelled
from mockserver.inference.words import (
    CHANGES_EXISTING,
    IF_THERE,
    LEAVES_EXISTING,
    plural,
    snake_case,
)
from mockserver.openapi.model import Operation


def asked_of_existing(call: Call) -> Literal["keep", "change", ""]:
    """What a create is to do with an entity that is there already: `if_exists: do_nothing`. "" if
    the request does not say so."""
    for name, value in {**call.request.query, **named(call.sent)}.items():
        if isinstance(value, str) and snake_case(name) in IF_THERE:
            wanted = snake_case(value)
            if wanted in LEAVES_EXISTING:
                return "keep"
            return "change" if wanted in CHANGES_EXISTING else ""
    return ""


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
        for other in repository.having(world, name, {str(value)}):
            yield bool(other.data.get(name) == value) and parent in ("", other.parent)
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
            for other in (
                child.scan(call.world, above, False)
                if named_by is None
                else child.holding(call.world, named_by, {id_text(own)})
            )
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


_MOST = 500
"""Entities that are looked at for a value that may be there once only."""


def traits_in_world(
    context: Context, world: World, operation: Operation, path: Mapping[str, str], body: Any
) -> Traits:
    """By path parameter whether what it names is there, with its flags and states, and otherwise
    what kind of value it is; by field of the body whether another has this value; the fields that
    the document lists and nobody sent.
    """
    action = context.plan.actions[operation.id]
    found: Traits = {}
    for name, entity in _named(context, world, action, operation, path):
        if entity is None and name == action.path_item:
            entity = _by_property(context, world, action.resource, path[name])
        found[name] = "there" if entity is not None else "not there"
        if entity is None:
            found.setdefault("first not there", name)
            found["unknown id"] = "yes"
            continue
        for field, value in entity.data.items():
            if isinstance(value, bool) or _is_state(field, value):
                found[f"{name}.{field}"] = str(value).lower()
    for name, value in path.items():
        if found.get(name) != "there":
            found[f"path.{name}"] = kind_of_id(value)
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


def _is_state(field: str, value: Any) -> bool:
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
