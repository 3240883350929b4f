"""Operations whose response is a job that tracks what they do: `POST /clusters` starts one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.crud import links
from mockserver.engine.inferred.entities import new_entity
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.messages import Reply
from mockserver.inference.model import RequestUse, ResponseUse

CallHandler = Callable[[Call], Reply]


@dataclass(frozen=True)
class _Silent(Call):
    """A call whose response nobody sees; it remembers the entity that would be shown."""

    shown: list[Entity] = field(default_factory=list)

    def reply(self, entity: Entity, *, made: bool = False) -> Reply:
        self.shown.append(entity)
        return Reply(self.operation.success, {})


def tracked(handler: CallHandler) -> CallHandler:
    """The handler; a new job is its response, and has the entity as its result once it is done."""

    def handle(call: Call) -> Reply:
        action, start = call.action, call.action.starts
        assert start is not None
        silent = _Silent(call.context, action, call.world, call.request)
        handler(silent)
        made = replace(
            call,
            action=replace(
                action,
                kind="create",
                resource=start.resource,
                item=None,
                request=RequestUse(),
                response=ResponseUse(at=start.at),
                elsewhere=True,
                starts=None,
            ),
        )
        repository = made.repository
        key = made.key_above(len(repository.resource.parents) - 1) if action.parents else ""
        job = new_entity(made, repository, {}, links(made), key)
        row = dict(job.row)
        if silent.shown:
            row["made"] = _result(made, repository, silent.shown[-1])
        job = repository.put(call.world, Entity(job.key, job.data, job.parent, row))
        return made.reply(job, made=True)

    return handle


def _result(call: Call, repository: Repository, entity: Entity) -> dict[str, object]:
    """The result property of the job that can hold the entity, with the entity in it."""
    states = repository.resource.states
    schemas, flat = call.context.schemas, call.context.flat(repository.resource)
    for name in states.results if states is not None else ():
        place = schemas.place(repository.resource.schema or "", name)
        result = schemas.flat(flat.properties[name])
        if place is None or "object" not in result.types:
            continue
        known: Any = dict(entity.data)
        if result.properties:
            known = call.context.values.plain(place, entity.data)
        if isinstance(known, dict) and known:
            return {name: known}
    return {}
