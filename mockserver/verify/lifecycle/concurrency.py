"""Checks of concurrent requests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from mockserver.verify.lifecycle.list_checks import ALL, is_whole, walk
from mockserver.verify.lifecycle.model import Resource
from mockserver.verify.lifecycle.session import Entity, Session, wrapped
from mockserver.verify.model import Exchange

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
        rows = walk(session, resource, path, limit=ALL)
        ids = {resource.identity(row) for row in rows}
        for entity in made:
            if entity.id not in ids and is_whole(resource, rows):
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
