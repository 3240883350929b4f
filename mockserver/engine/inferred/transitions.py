"""Verbs on one thing: cancel, archive, approve, retry, clone."""

from __future__ import annotations

from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.inferred.context import Context, dig, named, not_found
from mockserver.engine.inferred.entities import changed_thing, moved, new_thing
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.inferred.job_fields import luck_of
from mockserver.engine.inferred.repository import Held, Shelf
from mockserver.engine.messages import Reply, Request
from mockserver.engine.randomness import Dice
from mockserver.engine.world import World
from mockserver.errors import Conflict
from mockserver.inference.model import Action, States, Transition
from mockserver.openapi.model import Operation

_AGAIN = frozenset(("retry", "rerun", "restart", "reopen", "resume", "reactivate", "restore"))


def transition(context: Context, operation: Operation, action: Action) -> Handler:
    shelf = context.shelf_of(action)
    verb = action.transition or Transition()

    def handle(world: World, request: Request) -> Reply:
        held = context.held(world, request, action)
        sent = named(dig(request.body, action.request.at))
        shown = _shown(context, world, action, sent)
        held = act(context, world, request, action, shelf, held, sent)
        if verb.same:
            return context.reply(world, request, action, held)
        if shown is not None:
            dice = Dice.of(world, action.operation, shown.key)
            return context.answers.reply(operation, dice, shown.data, (), "rich")
        known = {**context.known(held, request, action), **sent}
        dice = Dice.of(world, action.operation, held.key)
        return context.answers.reply(operation, dice, known, (), "fresh")

    return handle


def _shown(context: Context, world: World, action: Action, sent: dict[str, Any]) -> Held | None:
    """The row that the body names, if the answer is that one. Raises NotFound."""
    shows = action.transition.shows if action.transition is not None else None
    if shows is None or len(sent) != 1:
        return None
    shelf = context.shelves[shows]
    value = next(iter(sent.values()))
    held = context.find(world, shelf, str(value))
    if held is None:
        raise not_found(shelf.resource, value)
    return held


def act(
    context: Context,
    world: World,
    request: Request,
    action: Action,
    shelf: Shelf,
    held: Held,
    sent: dict[str, Any],
) -> Held:
    """Do what the verb says; nothing if the thing is past that. Raises Conflict."""
    states = shelf.resource.states
    flat = context.flat(shelf.resource)
    told = action.transition or Transition()
    changes = {name: value for name, value in sent.items() if name in flat.properties}
    for name, value in told.changes:
        if value == "now" and name.endswith(("_at", "At")):
            value = stamp(context.schemas, name, flat.properties[name], world.now)
        if isinstance(value, str) and value.startswith("body."):
            value = sent.get(value.removeprefix("body."))
        changes[name] = value
    if states is not None and states.name in changes:
        before, after = held.data.get(states.name), changes[states.name]
        if before == after or (states.moves and _is_stuck(states, told.verb, before)):
            if 409 in request.operation.documented:
                noun = shelf.resource.noun.replace("_", " ")
                raise Conflict(f"The {noun} is {before}; it can't be asked to {told.verb}.")
            return held
        # A job of the seed world, or a recorded one, has none until it is moved.
        known = held.row.get("schedule") or [[before, held.row.get("at", world.now)]]
        if "schedule" in held.row or (states.moves and before is not None):
            schedule = moved(states, known, after, world.now, world.settings.pace)
            rest = {n: v for n, v in changes.items() if n != states.name}
            tried = held.data.get(states.attempts) if states.attempts is not None else None
            if states.attempts is not None and before in states.terminal and isinstance(tried, int):
                rest.setdefault(states.attempts, tried + 1)
            row = {**held.row, "schedule": schedule}
            row.setdefault("luck", luck_of(world, shelf.resource.name, held.key))
            held = Held(held.key, held.data, held.parent, row)
            changed = changed_thing(context, world, shelf, held, rest)
            return shelf.put(world, changed)
    if not changes:
        return held
    return shelf.put(world, changed_thing(context, world, shelf, held, changes))


def _is_stuck(states: States, verb: str, before: Any) -> bool:
    """Whether a job that has ended stays so, whatever it is told. What is tried again is what has
    not succeeded; what is run again may have, too."""
    if verb == "retry":
        return before in states.success or before not in states.terminal
    return before in states.terminal and verb not in _AGAIN


def clone(context: Context, operation: Operation, action: Action) -> Handler:
    shelf = context.shelf_of(action)
    resource = shelf.resource

    def handle(world: World, request: Request) -> Reply:
        held = context.held(world, request, action)
        sent = named(dig(request.body, action.request.at))
        roles = shelf.roles
        left = {resource.identity.key, *roles.created, *roles.updated}
        copied = {n: v for n, v in held.data.items() if n not in left}
        made = new_thing(context, world, shelf, {**copied, **sent}, {}, held.parent)
        return context.reply(world, request, action, shelf.put(world, made))

    return handle
