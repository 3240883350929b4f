"""Steering of inferred jobs, as for the built-in APIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from itertools import pairwise
from typing import Any

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import dig, named
from mockserver.engine.inferred.crud import links
from mockserver.engine.inferred.entities import new_entity
from mockserver.engine.inferred.job_fields import outcome_salt
from mockserver.engine.inferred.repository import Entity, OwnRepository, Repository
from mockserver.engine.inferred.schedules import state_of
from mockserver.engine.jobs import Lifecycle, read_schedule, state_at, steering
from mockserver.engine.messages import Reply
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import World
from mockserver.errors import Conflict, NotFound
from mockserver.inference.model import Action, JobStart, RequestUse, ResponseUse
from mockserver.inference.resource_model import Path, Resource, States
from mockserver.inference.words import snake_case
from mockserver.records import dataclass

# Operations whose response is a job that tracks what they do: `POST /clusters` starts one.


@dataclass(frozen=True, eq=False)
class _Heard(Call):
    """A call that remembers the entities that it shows."""

    shown: list[Entity] = field(default_factory=list)

    def reply(self, entity: Entity, *, made: bool = False) -> Reply:
        self.shown.append(entity)
        return Call.reply(self, entity, made=made)


class _Silent(_Heard):
    """One whose response nobody sees."""

    def reply(self, entity: Entity, *, made: bool = False) -> Reply:
        self.shown.append(entity)
        return Reply(self.operation.success, {})


def tracked(handler: CallHandler) -> CallHandler:
    """The handler; a new job is its response, and has the entity as its result once it is done."""

    def handle(call: Call) -> Reply:
        action, start = call.action, call.action.starts
        assert start is not None
        silent = _Silent(call.context, action, call.world, call.request)
        told = handler(call) if start.id_path else handler(silent)
        made = _made_beside(call, start)
        repository = made.repository
        key = _above(made, action)
        job = new_entity(made, repository, _asked_of(made, call), links(made), key)
        row = dict(job.row)
        if silent.shown:
            row["made"] = _result(made, repository, silent.shown[-1])
        job = repository.put(call.world, job.with_row(row))
        if not start.id_path:
            return made.reply(job, made=True)
        holder = dig(told.body, (*start.at, *start.id_path[:-1]))
        if isinstance(holder, dict):
            holder[start.id_path[-1]] = made.id_of(job)
        return told

    return handle


def _made_beside(call: Call, start: JobStart) -> Call:
    """The call that makes what an action starts."""
    action = replace(
        call.action,
        kind="create",
        resource=start.resource,
        item=None,
        request=RequestUse(),
        response=ResponseUse(at=start.at),
        elsewhere=True,
        starts=None,
        beside=(),
    )
    return Call(call.context, action, call.world, call.request, call.spelled)


def _above(made: Call, action: Action) -> str:
    """The key of what an action is below, for what it starts."""
    above = min(len(made.resource.parents), len(action.parents))
    return made.key_above(above - 1) if above else ""


def accompanied(handler: CallHandler) -> CallHandler:
    """The handler; what it makes beside its entity is kept, and shown beside it in the response."""

    def handle(call: Call) -> Reply:
        heard = _Heard(call.context, call.action, call.world, call.request, call.spelled)
        reply = handler(heard)
        if not heard.shown or not isinstance(reply.body, dict):
            return reply
        known = {call.resource.name: heard.shown[-1]}
        body = dict(reply.body)
        for start in call.action.beside:
            made = _made_beside(call, start)
            above = [known.get(link.resource or "") for link in made.resource.parents][-1:]
            parent = above[0].key if above and above[0] is not None else _above(made, call.action)
            entity = new_entity(made, made.repository, {}, _ids_of(made, call, known), parent)
            known[start.resource] = made.repository.put(call.world, entity)
            if start.id_path:
                own_id = made.id_of(known[start.resource])
                body = _with(body, (*start.at, *start.id_path), own_id)
                known[call.resource.name] = _naming(call, heard.shown[-1], start, own_id)
                continue
            shown = made.reply(known[start.resource], made=True).body
            name = start.at[0]
            if isinstance(shown, dict) and name in shown:
                body[name] = shown[name]
        return replace(reply, body=body)

    return handle


def _naming(call: Call, entity: Entity, start: JobStart, own_id: Any) -> Entity:
    """The entity with the id of what was made with it, which its list may show, too."""
    name = start.id_path[-1]
    return call.repository.put(call.world, entity.with_data({**entity.data, name: own_id}))


def _with(body: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The body with another value at a path; as it was if that leads nowhere."""
    inner = body.get(path[0])
    if len(path) == 1:
        return {**body, path[0]: value}
    return {**body, path[0]: _with(inner, path[1:], value)} if isinstance(inner, dict) else body


def _ids_of(made: Call, call: Call, known: Mapping[str, Entity]) -> dict[str, Any]:
    """The ids by which what is made names the entities with which it is made: `branch_id`."""
    names = {snake_case(name): name for name in made.context.flat(made.resource).properties}
    found = {}
    for resource, entity in known.items():
        repository = call.context.repositories[resource]
        name = names.get(f"{repository.resource.noun}_id")
        if name is not None:
            own = repository.resource
            found[name] = entity.id(own) if own.identity.key is not None else entity.key
    return {**links(made), **found}


def _asked_of(job: Call, call: Call) -> dict[str, Any]:
    """What a request sends about the job rather than the entity: `{"exportContext": {...}}`."""
    own, theirs = job.context.flat(job.resource), call.context.flat(call.resource)
    left = {job.resource.identity.key, *theirs.properties}
    return {n: v for n, v in named(call.sent).items() if n in own.properties and n not in left}


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


STUCK = "stuck"
Steer = Callable[[World, str, Mapping[str, Any]], Mapping[str, Any]]


def lifecycle_of(resource: Resource) -> Lifecycle | None:
    """The transitions of a job, the usual one first; None for a resource that doesn't change with
    time."""
    states = resource.states
    if states is None or not states.moves:
        return None
    path, ill = states.path, (*states.failure, *states.cancelled)
    good = (path[-1], *(state for state in states.success if state in states.terminal))
    ends = tuple(dict.fromkeys((*good, *ill)))
    moves: dict[str, tuple[str, ...]] = dict.fromkeys(ends, ())
    moves |= dict.fromkeys((state for state in states.active if state not in ends), ends)
    first = path[0]
    for state, after in pairwise(path):
        early = ends if state != first or len(path) == 2 else ill
        moves[state] = tuple(dict.fromkeys((after, *early)))
    return Lifecycle(resource.noun, first, moves)


def outcomes_of(repositories: Sequence[OwnRepository]) -> tuple[str, ...]:
    """The values that `{"outcome": ...}` accepts."""
    ends = {
        state: None
        for repository in repositories
        for kind in _kinds(_states(repository))
        for state in kind
    }
    return (*ends, STUCK) if ends else ()


def _kinds(states: States) -> tuple[tuple[str, ...], ...]:
    return states.success, states.failure, states.cancelled


def _states(repository: OwnRepository) -> States:
    assert repository.resource.states is not None
    return repository.resource.states


def steers(repositories: Sequence[OwnRepository]) -> Steer:
    """The function that steers jobs of these repositories, by outcome or by schedule."""

    def steer(world: World, job_id: str, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Raises NotFound, BadRequest for an unknown order, Conflict for a job that has ended."""
        for repository in repositories:
            entity = _job(world, repository, job_id)
            if entity is not None:
                return dict(_steered(world, repository, entity, order).data)
        raise NotFound(f"there is no job {job_id!r}")

    return steer


def _job(world: World, repository: OwnRepository, job_id: str) -> Entity | None:
    entity = repository.get(world, job_id)
    if entity is None and repository.resource.identity.nested:  # its key begins with its parent's
        found = repository.scan(world, None, newest_first=True)
        entity = next((each for each in found if each.key.endswith(f"/{job_id}")), None)
    return _scheduled(world, repository, entity) if entity is not None else None


def _scheduled(world: World, repository: OwnRepository, entity: Entity) -> Entity | None:
    """The job with a schedule; a seed job from an example or from the user's data has none yet."""
    if "schedule" in entity.row:
        return entity
    state = state_of(_states(repository), entity.data)
    if state not in _states(repository).known:
        return None
    row = {**entity.row, "schedule": [[state, entity.row.get("at", world.now)]]}
    row.setdefault("salt", outcome_salt(world, repository.resource.name, entity.key))
    return entity.with_row(row)


def _steered(
    world: World, repository: OwnRepository, entity: Entity, order: Mapping[str, Any]
) -> Entity:
    states, row, now = _states(repository), entity.row, world.now
    lifecycle = lifecycle_of(repository.resource)
    assert lifecycle is not None
    if state_at(row["schedule"], now) in states.terminal:
        raise Conflict(
            f"The {repository.resource.noun} {entity.key} has ended and can't change any more."
        )
    if "schedule" in order:
        schedule = read_schedule(order, row, lifecycle, now)
    else:
        outcome, after = steering(order, outcomes_of([repository]))
        begun = [list(step) for step in row["schedule"] if step[1] <= now]
        if outcome == STUCK:
            schedule = begun
        else:
            at = now + max(1, seconds(after))
            schedule = [*begun, *_between(states, begun[-1][0], now), [outcome, at]]
    row = {**row, "schedule": schedule, "steered": True}
    return repository.put(world, entity.with_row(row))


def _between(states: States, state: str, now: int) -> list[list[Any]]:
    """A waiting job has to start before it can end."""
    if state in states.active or not states.active:
        return []
    return [[next(one for one in (*states.path, *states.active) if one in states.active), now]]
