"""Checks of verbs that act on an entity: cancel, archive, retry, publish...

Each is called in every reachable state: fresh, after each other verb, and after the end. A service
may accept or refuse it; either way, later responses must agree with that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from mockserver.openapi.model import Json
from mockserver.verify.lifecycle import list_checks, samples
from mockserver.verify.lifecycle.list_checks import is_whole, listed_otherwise, settled
from mockserver.verify.lifecycle.model import Command, Resource, at
from mockserver.verify.lifecycle.session import CannotMake, Entity, Session, wrapped
from mockserver.verify.lifecycle.values import short
from mockserver.verify.model import Exchange
from mockserver.verify.schemas import body_schema

# Checks of concurrent requests.

AT_ONCE = 4


def at_once(session: Session, tasks: Sequence[Callable[[], Exchange]]) -> list[Exchange]:
    """Run all tasks concurrently; the replies are in the order of the tasks."""
    with session.target.held(), ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(task) for task in tasks]]


def creations(session: Session, resource: Resource) -> None:
    """Concurrent creations give distinct entities, which all exist afterwards."""
    path = session.parents(resource)
    bodies = [session.body_for(resource) for _ in range(AT_ONCE)]
    replies = at_once(
        session,
        [
            partial(session.call, resource.create, path, body=wrapped(body, resource.sent))
            for body in bodies
        ],
    )
    for reply in replies:
        if reply.status >= 300 and not resource.strict:
            return
        if not resource.strict:
            continue
        wanted = [session.operation(resource.create).success]
        session.expect(reply, wanted, "creations_at_once", f"{AT_ONCE} are created concurrently")
    made = [
        session.made(resource, path, body, reply)
        for body, reply in zip(bodies, replies, strict=True)
    ]
    if resource.list:
        rows = settled(session, resource, path)
        ids = {resource.identity(row) for row in rows}
        for entity in made:
            missing = entity.id not in ids and is_whole(resource, rows)
            if missing and not listed_otherwise(session, entity, path):
                session.fail("creations_at_once", f"{entity.id} was created and is not listed")


def reads(session: Session, entities: Sequence[Entity]) -> None:
    """Concurrent reads each return the requested entity."""
    replies = at_once(session, [partial(session.call, t.resource.read, t.where) for t in entities])
    for entity, reply in zip(entities, replies, strict=True):
        session.expect(reply, [200], "reads_at_once", "several are read concurrently")
        found = entity.resource.identity(session.entity(reply, entity.resource))
        if found != entity.id:
            session.fail("reads_at_once", f"requested {entity.id}, got {found}")


def same(session: Session, entity: Entity, operation_id: str) -> list[Exchange]:
    """Concurrent calls of one operation on one entity all succeed."""
    replies = at_once(session, [partial(session.call, operation_id, entity.where)] * AT_ONCE)
    for reply in replies:
        wanted = [session.operation(operation_id).success]
        session.expect(
            reply, wanted, "same_at_once", f"{operation_id} {AT_ONCE} times concurrently"
        )
    return replies


ENDING = frozenset(("abort", "cancel", "kill", "stop", "terminate"))
"""Verbs without a use for an ended entity."""
HALTING = ENDING | frozenset(("hold", "pause", "suspend"))
PAIRS = 20
"""Maximum number of verb pairs to try for a resource."""
LOOKS = 6
"""How often to wait for a delayed state."""


def probes(session: Session, resource: Resource) -> Iterator[tuple[str, Any]]:
    """Every verb of a resource, in each state."""
    commands = [c for c in session.api.commands if c.resource == resource.name]
    if not commands or not resource.read:
        return
    for command in commands:
        name = f"{resource.name} {command.operation}: fresh"
        yield name, partial(_in_turn, session, resource, (command,))
    pairs = [(one, two) for one in commands for two in commands if one is not two]
    for one, two in pairs[:PAIRS]:
        name = f"{resource.name} {two.operation}: after {one.operation}"
        yield name, partial(_in_turn, session, resource, (one, two))
    for command in commands:
        if resource.state and command.state:
            name = f"{resource.name} {command.operation}: at the end"
            yield name, partial(_at_the_end, session, resource, command)


def _in_turn(session: Session, resource: Resource, commands: tuple[Command, ...]) -> None:
    entity = session.make(resource)
    _with_children(session, entity, commands)
    for command in commands[:-1]:
        if not _call(session, entity, command)[0]:
            return
    obey(session, entity, commands[-1])


def _at_the_end(session: Session, resource: Resource, command: Command) -> None:
    """Call it once a job has ended by itself."""
    entity = session.make(resource)
    for _ in range(60):
        look(session, entity)
        if entity.value.get(command.state) in command.final or not session.time.pass_(2):
            break
    if entity.value.get(command.state) in command.final:
        obey(session, entity, command)


def _with_children(session: Session, entity: Entity, commands: tuple[Command, ...]) -> None:
    """Create one of each kind of job below the entity, where possible."""
    for kind, _, _ in commands[-1].children:
        resource = session.api.resources[kind]
        try:
            session.make(resource, path=_path_below(resource, entity))
        except CannotMake:
            continue


def _path_below(resource: Resource, entity: Entity) -> dict[str, str]:
    """The path of a collection below an entity, whatever that path names its id."""
    missing = [name for name in resource.parents if name not in entity.path]
    if len(missing) != 1:
        raise CannotMake(f"{resource.create}: its parent is unknown")
    return {
        **{n: v for n, v in entity.path.items() if n in resource.parents},
        missing[0]: entity.id,
    }


def look(session: Session, entity: Entity) -> dict[str, Json]:
    """The entity's current value."""
    session.saw(entity, session.look(entity))
    return entity.value


def _call(session: Session, entity: Entity, command: Command) -> tuple[bool, Exchange]:
    """Whether the call succeeded, and the reply."""
    contract = session.target.contract
    operation = session.operation(command.operation)
    body = session.api.bodies.get(command.operation)
    schema = body_schema(contract, operation)
    if body is None and schema is not None:
        session.number += 1
        body = samples.sample(
            contract, schema, session.number, session.reference(entity.resource), full=False
        )
    exchange = session.call(command.operation, entity.where, body=body)
    return exchange.status < 400, exchange


def obey(session: Session, entity: Entity, command: Command) -> None:
    """Call it, check its effect, and call it again."""
    before = dict(look(session, entity))
    accepted, exchange = _call(session, entity, command)
    if not accepted:
        after = look(session, entity)
        free = entity.resource.moved(before, after) | entity.resource.counted
        changed = [n for n in before.keys() & after.keys() - free if before[n] != after[n]]
        if changed:
            name = min(changed)
            session.fail(
                "refusal_changes_nothing",
                f"{command.verb} is refused with {exchange.status}, and {name} was "
                f"{short(before[name])}, is {short(after[name])}",
            )
        return
    _response_shows_it(session, entity, command, exchange)
    first = dict(look(session, entity))
    after = _settled(session, entity, command, before)
    _takes_effect(session, command, before, after)
    _ends_it(session, command, first, after)
    _final_stays(session, command, before, after)
    _list_agrees(session, entity, command)
    _again(session, entity, command, after)
    _children_follow(session, entity, command)


def _response_shows_it(
    session: Session, entity: Entity, command: Command, exchange: Exchange
) -> None:
    """If the reply is the entity, it is the right one."""
    if not command.same or not exchange.body:
        return
    try:
        value = at(exchange.json(), entity.resource.at)
    except ValueError:
        return
    found = entity.resource.identity(value) if isinstance(value, dict) else None
    if found is not None and found != entity.id:
        session.fail("command_on_it", f"{command.verb} of {entity.id} returns {found}")


def _settled(
    session: Session, entity: Entity, command: Command, before: dict[str, Json]
) -> dict[str, Json]:
    """The value afterwards, waiting for delayed effects."""
    after = look(session, entity)
    for _ in range(LOOKS):
        if _has_effect(command, before, after) or not session.time.pass_(0.5):
            break
        after = look(session, entity)
    return after


def _has_effect(command: Command, before: dict[str, Json], after: dict[str, Json]) -> bool:
    wanted = {n: v for n, v in command.changes.items() if n in after}
    if not wanted:
        return True
    moved_on = after.get(command.state) in command.final and command.state in wanted
    return moved_on or all(after[name] == value for name, value in wanted.items())


def _takes_effect(
    session: Session, command: Command, before: dict[str, Json], after: dict[str, Json]
) -> None:
    """What it is known to set is set, unless the job has ended otherwise meanwhile."""
    if _has_effect(command, before, after):
        return
    for name, value in command.changes.items():
        if name not in after or after[name] == value:
            continue
        state = name == command.state
        if state and (before.get(name) in command.final or after[name] in command.leads_to):
            continue
        if state and command.leads_to and after[name] != before.get(name):
            # It reached some state, whose name the document is free to choose.
            continue
        session.fail(
            "command_takes_effect",
            f"{command.verb} is accepted, and {name} is {short(after[name])}, not {short(value)}",
        )


def _ends_it(
    session: Session, command: Command, first: dict[str, Json], after: dict[str, Json]
) -> None:
    """What was still in progress after an accepted end does not reach another end."""
    target_state, was = command.changes.get(command.state), first.get(command.state)
    now = after.get(command.state)
    if command.verb not in ENDING or target_state is None or was in command.final:
        return
    if now in command.final and now not in command.leads_to:
        session.fail(
            "command_takes_effect",
            f"{command.verb} is accepted, {command.state} is {short(was)} afterwards, "
            f"and {short(now)} in the end",
        )


def _final_stays(
    session: Session, command: Command, before: dict[str, Json], after: dict[str, Json]
) -> None:
    was, now = before.get(command.state), after.get(command.state)
    if command.verb in HALTING and was in command.final and now != was:
        session.fail("final_stays", f"{command.verb} made {short(now)} of what was {short(was)}")


def _list_agrees(session: Session, entity: Entity, command: Command) -> None:
    """The list shows the entity's current state."""
    resource = entity.resource
    if not resource.list or not command.state:
        return
    path = {n: v for n, v in entity.path.items() if n in resource.parents}
    for _ in range(2):
        rows = list_checks.walk(session, resource, path, limit=list_checks.ALL)
        row = next((r for r in rows if resource.identity(r) == entity.id), None)
        shown = row.get(command.state) if row is not None else None
        now = look(session, entity).get(command.state)
        if shown is None or shown == now or not isinstance(shown, type(now)):
            return
        # Between the two reads a job may have moved on.
        if not session.time.pass_(0.5):
            break
    if is_whole(resource, rows):
        session.fail("list_agrees", f"{command.state} is {short(now)}, in the list {short(shown)}")


def _again(session: Session, entity: Entity, command: Command, first: dict[str, Json]) -> None:
    """A second call is refused, or changes nothing more."""
    if command.verb not in HALTING and not command.changes:
        return
    accepted, _ = _call(session, entity, command)
    second = look(session, entity)
    was, now = first.get(command.state), second.get(command.state)
    ended = was in command.final
    if accepted and command.state and was != now and (ended or command.state in command.changes):
        if not ended and now in command.final:
            # It has reached its end meanwhile.
            return
        session.fail(
            "command_is_idempotent",
            f"{command.verb} a second time: {command.state} was {short(was)}, is {short(now)}",
        )


def _children_follow(session: Session, entity: Entity, command: Command) -> None:
    """The children of an ended entity have ended too, or do so within a moment."""
    if command.verb not in ENDING or entity.value.get(command.state) not in command.final:
        return
    for kind, state, final in command.children:
        for child in session.entities:
            below = entity.id in child.path.values() and child.resource.name == kind
            if not below or not child.alive or not child.resource.read:
                continue
            for _ in range(LOOKS):
                now = look(session, child).get(state)
                if now in final or not session.time.pass_(0.5):
                    break
            if now not in final:
                session.fail(
                    "children_follow",
                    f"{command.verb} ended {entity.resource.name} {entity.id}, and its {kind} "
                    f"{child.id} is still {short(now)}",
                )
