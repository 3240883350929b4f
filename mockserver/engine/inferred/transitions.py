"""Verbs on one entity: cancel, archive, approve, retry, clone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import named, not_found
from mockserver.engine.inferred.entities import changed_entity, moved, new_entity
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.inferred.job_fields import luck_of
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.messages import Reply
from mockserver.errors import Conflict
from mockserver.inference.model import States, Transition

_AGAIN = frozenset(("retry", "rerun", "restart", "reopen", "resume", "reactivate", "restore"))


def transition(call: Call) -> Reply:
    """Do what the verb says, and show what it says that it shows."""
    entity = call.entity()
    sent = named(call.sent)
    shown = _shown(call, sent)
    entity = act(call, entity, sent)
    if call.action.transition is not None and call.action.transition.same:
        return call.reply(entity)
    answers = call.context.answers
    if shown is not None:
        mode, dice = call.mode("rich"), call.dice(shown.key)
        return answers.reply(call.operation, dice, shown.data, (), mode)
    known = {**call.known(entity), **sent}
    return answers.reply(call.operation, call.dice(entity.key), known, (), call.mode("fresh"))


def _shown(call: Call, sent: Mapping[str, Any]) -> Entity | None:
    """The entity that the body names, if the response is that one. Raises NotFound."""
    shows = call.action.transition.shows if call.action.transition is not None else None
    if shows is None or len(sent) != 1:
        return None
    repository = call.context.repositories[shows]
    value = next(iter(sent.values()))
    entity = call.context.find(call.world, repository, str(value))
    if entity is None and not call.world.leniency.knows_any_id:
        raise not_found(repository.resource, value)
    return entity


def act(call: Call, entity: Entity, sent: Mapping[str, Any]) -> Entity:
    """Do what the verb says; nothing if the entity is past that. Raises Conflict."""
    context, world, repository = call.context, call.world, call.repository
    states = repository.resource.states
    flat = context.flat(repository.resource)
    told = call.action.transition or Transition()
    changes = {name: value for name, value in sent.items() if name in flat.properties}
    for name, value in told.changes:
        if value == "now" and name.endswith(("_at", "At")):
            value = stamp(context.schemas, name, flat.properties[name], world.now)
        if isinstance(value, str) and value.startswith("body."):
            value = sent.get(value.removeprefix("body."))
        changes[name] = value
    if states is not None and states.name in changes:
        before, after = entity.data.get(states.name), changes[states.name]
        stuck = before == after or (states.moves and _is_stuck(states, told.verb, before))
        if stuck and not world.leniency.overrules:
            if 409 in call.operation.documented:
                noun = repository.resource.noun.replace("_", " ")
                raise Conflict(f"The {noun} is {before}; it can't be asked to {told.verb}.")
            return entity
        # A job of the seed world, or a recorded one, has none until it is moved.
        known = entity.row.get("schedule") or [[before, entity.row.get("at", world.now)]]
        if "schedule" in entity.row or (states.moves and before is not None):
            schedule = moved(states, known, after, world.now, world.settings.pace)
            rest = {n: v for n, v in changes.items() if n != states.name}
            tried = entity.data.get(states.attempts) if states.attempts is not None else None
            if states.attempts is not None and before in states.terminal and isinstance(tried, int):
                rest.setdefault(states.attempts, tried + 1)
            row = {**entity.row, "schedule": schedule}
            row.setdefault("luck", luck_of(world, repository.resource.name, entity.key))
            entity = Entity(entity.key, entity.data, entity.parent, row)
            return repository.put(world, changed_entity(call, repository, entity, rest))
    if not changes:
        return entity
    return repository.put(world, changed_entity(call, repository, entity, changes))


def _is_stuck(states: States, verb: str, before: Any) -> bool:
    """Whether a job that has ended stays so, whatever it is told. What is tried again is what has
    not succeeded; what is run again may have, too."""
    if verb == "retry":
        return before in states.success or before not in states.terminal
    return before in states.terminal and verb not in _AGAIN


def clone(call: Call) -> Reply:
    """Make another one like the one that the path names."""
    repository = call.repository
    entity = call.entity()
    roles = repository.roles
    left = {repository.resource.identity.key, *roles.created, *roles.updated}
    copied = {n: v for n, v in entity.data.items() if n not in left}
    sent = {**copied, **named(call.sent)}
    made = new_entity(call, repository, sent, {}, entity.parent)
    return call.reply(repository.put(call.world, made))
