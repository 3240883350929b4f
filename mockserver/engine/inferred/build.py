"""A complete API: handlers written for it, and generic ones for the other operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from mockserver.engine.api import Api, Handler, Webhooks, Wire
from mockserver.engine.credentials import ISSUED, Credentials
from mockserver.engine.idempotency import ANSWERS, key_of, once
from mockserver.engine.inferred import bulk, crud
from mockserver.engine.inferred.borrowed import BorrowedRepository
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.changes import CHANGES, noting
from mockserver.engine.inferred.children import showing_holder
from mockserver.engine.inferred.context import Context, named
from mockserver.engine.inferred.dependencies import by_names, checked, entity_named, traits_in_world
from mockserver.engine.inferred.expansions import expanding
from mockserver.engine.inferred.files import FILES, any_files, with_files
from mockserver.engine.inferred.given import Given
from mockserver.engine.inferred.har_import import adopt, owns
from mockserver.engine.inferred.issuing import issuing, revoking
from mockserver.engine.inferred.job_control import accompanied, outcomes_of, steers, tracked
from mockserver.engine.inferred.links import LINKS
from mockserver.engine.inferred.lists import listing
from mockserver.engine.inferred.made_up_pages import turning
from mockserver.engine.inferred.memberships import change_values, link, unlink
from mockserver.engine.inferred.merges import from_source, merge
from mockserver.engine.inferred.repository import (
    SYSTEM,
    OwnRepository,
    Repository,
)
from mockserver.engine.inferred.seeding import note_creation
from mockserver.engine.inferred.selections import selecting
from mockserver.engine.inferred.static import fixed
from mockserver.engine.inferred.tallies import counting
from mockserver.engine.inferred.transitions import clone, permitted, transition
from mockserver.engine.inferred.views import SeededWorld, Views
from mockserver.engine.inferred.webhooks import EventSource, Listeners
from mockserver.engine.jobs import JobKind
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import Collection, World
from mockserver.inference.model import Action, ActionKind, Plan
from mockserver.inference.parts import path_of_relationship, relationships_of
from mockserver.inference.paths import route
from mockserver.inference.resource_model import Link, Resource
from mockserver.inference.words import snake_case
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.openapi.schemas.validators import Validators

HANDLERS: Mapping[ActionKind, CallHandler] = {
    "create": bulk.create,
    "fetch": crud.fetch,
    "replace": crud.change,
    "patch": crud.change,
    "remove": crud.remove,
    "link": link,
    "unlink": unlink,
    "values": change_values,
    "merge": merge,
    "transition": transition,
    "clone": clone,
    "read": crud.read,
    "write": crud.write,
    "clear": crud.clear,
}
Factory = Callable[[Context, Operation, Action], CallHandler]
FACTORIES: Mapping[ActionKind, Factory] = {
    "list": listing,
    "fixed": fixed,
    "sweep": bulk.on_several,
}
"""What is prepared once for each operation."""
ROW_FORMAT = 3


def assemble(
    contract: Contract,
    plan: Plan,
    api: Api | None,
    validators: Validators,
    seeds: str = "examples",
    given: Given | None = None,
) -> Api:
    """An Api that handles every operation of the document.

    `api` provides the handlers that it has, if the document is its own; generic handlers see what
    it stores under a path.
    """
    written = api if api is not None and api.claims(contract) else None
    base = written if written is not None else Api(contract.title, wire=Wire(candid=True))
    schemas = validators.schemas
    repositories = _repositories(contract, plan, schemas, base.collections)
    context = Context.of(contract, plan, validators, schemas, repositories, seeds, given)
    handlers: dict[str, Handler] = {
        operation.id: _lazy(context, operation, plan.actions[operation.id])
        for operation in contract.operations
    }
    reported = {one.resource for one in plan.announcements if one.moments}
    for name in [one.id for one in contract.operations if reported and one.method != "GET"]:
        handlers[name] = noting(plan.actions[name], handlers[name])
    credentials = Credentials(plan.credentials)
    handlers.update(_about_credentials(context, handlers, credentials))
    handlers.update({n: h for n, h in base.handlers.items() if n in contract.by_id})
    handlers.update(_heads(contract, handlers))
    own_repositories = [one for one in repositories.values() if isinstance(one, OwnRepository)]
    own = {one.collection.name: one.collection for one in own_repositories}
    for repository in own_repositories:
        repository.reported = repository.resource.name in reported

    def seed(world: World, fixtures: Mapping[str, Any]) -> None:
        note_creation(world)
        if seeds != "none":
            base.seed(world, fixtures)

    moving = [repository for repository in own_repositories if _moves(repository)]
    jobs = replace(base.jobs, kinds=(*base.jobs.kinds, *map(_job_kind, moving)))
    if jobs.steer is None and moving:
        jobs = replace(jobs, steer=steers(moving), outcomes=outcomes_of(moving))
    return replace(
        base,
        handlers=handlers,
        collections={**base.collections, **own, **_others(context)},
        credentials=credentials,
        seed=seed,
        adopt=partial(adopt, context),
        owns=partial(owns, context),
        show=Views(context),
        seeded=partial(SeededWorld, context),
        traits=partial(traits_in_world, context),
        named=partial(entity_named, context),
        jobs=jobs,
        webhooks=_webhooks(context),
        row_format=base.row_format if written is not None else ROW_FORMAT,
    )


def _webhooks(context: Context) -> Webhooks:
    source, listeners = EventSource(context), Listeners(context)
    return Webhooks(
        announcements=source.announcements,
        events=source.events,
        listeners=listeners,
        registering=listeners.operations if source.announcements else frozenset(),
    )


def _about_credentials(
    context: Context, handlers: Mapping[str, Handler], credentials: Credentials
) -> dict[str, Handler]:
    """The handlers that issue or revoke credentials."""
    plan = credentials.plan
    found = {name: revoking(handlers[name]) for name in plan.revokers}
    for name, issuer in plan.issuers.items():
        found[name] = issuing(context, issuer, handlers[name], credentials)
    return found


def _heads(contract: Contract, handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """The handlers of documented HEADs beside a GET: the same headers and refusals (RFC 9110,
    9.3.2), with the status that the HEAD documents."""
    reads = {one.path: handlers[one.id] for one in contract.operations if one.method == "GET"}

    def head(own: Handler, read: Handler) -> Handler:
        def handle(world: World, request: Request) -> Reply:
            shown = read(world, request)
            if shown.status >= 300:
                return shown
            reply = own(world, request)
            return replace(reply, headers={**reply.headers, **shown.headers})

        return handle

    return {
        one.id: head(handlers[one.id], reads[one.path])
        for one in contract.operations
        if one.method == "HEAD" and one.path in reads
    }


def _others(context: Context) -> dict[str, Collection]:
    """The collections beside those of the resources, as far as any operation needs them: files,
    links, issued credentials, changes that webhooks report, and stored responses for idempotency
    keys."""
    plan, operations = context.plan, context.contract.operations
    needed = (
        (SYSTEM, True),
        (FILES, any_files(context)),
        (LINKS, any(action.membership is not None for action in plan.actions.values())),
        (ISSUED, plan.credentials.any),
        (CHANGES, any(one.moments for one in plan.announcements)),
        (ANSWERS, any(key_of(context.schemas, operation) for operation in operations)),
    )
    return {collection.name: collection for collection, used in needed if used}


def _moves(repository: OwnRepository) -> bool:
    return repository.resource.states is not None and repository.resource.states.moves


def _job_kind(repository: OwnRepository) -> JobKind:
    assert repository.resource.states is not None
    noun = repository.resource.noun.replace("_", " ")
    terminal = repository.resource.states.terminal
    return JobKind(repository.collection.name, noun, terminal, name=_job_name)


def _job_name(world: World, row: Mapping[str, Any]) -> str:
    """What a person calls a job."""
    names = (row["data"].get(name) for name in ("name", "title", "label"))
    return next((name for name in names if isinstance(name, str)), "")


def _repositories(
    contract: Contract, plan: Plan, schemas: Schemas, taken: Mapping[str, Collection]
) -> dict[str, Repository]:
    by_path = {route(c.path).steps: c for c in taken.values() if c.path}
    names = {*taken, SYSTEM.name}
    indexed = _indexed(contract, plan, schemas)
    found: dict[str, Repository] = {}
    for name, resource in plan.resources.items():
        paths = (resource.path, *resource.collections)
        kept = next((by_path[s] for p in paths if (s := route(p).steps) in by_path), None)
        if kept is not None and not resource.singleton:
            found[name] = BorrowedRepository(resource, schemas, kept)
        else:
            own = name if name not in names else f"{name} (inferred)"
            found[name] = OwnRepository(resource, schemas, own, indexed.get(name, ()))
    return found


def _indexed(contract: Contract, plan: Plan, schemas: Schemas) -> dict[str, list[str]]:
    """The properties by which lists select the entities of another one, or it finds its members or
    counts."""
    found: dict[str, dict[str, None]] = {}
    for action in plan.actions.values():
        resource = plan.resource_of(action)
        if resource is None or action.kind != "list":
            continue
        own = resource.parents[-1:]
        fields = [link.field for link in action.parents[-1:] if not (own and own[0].alike(link))]
        properties = schemas.flat_at(resource.schema).properties if resource.schema else {}
        spelled = {snake_case(name): name for name in properties}
        for parameter in contract.by_id[action.operation].parameters:
            about = snake_case(parameter.name)
            if parameter.place == "query" and about.endswith("_id") and about in spelled:
                fields.append(spelled[about])
        for field in fields:
            chosen = field == resource.identity.key
            if field is not None and not chosen and _is_plain(schemas, resource, field):
                found.setdefault(resource.name, {})[field] = None
    named = [
        (action.resource, field)
        for action in plan.actions.values()
        if action.resource is not None and action.membership is not None
        for field in action.membership.fields
    ]
    named += [
        action.membership.through
        for action in plan.actions.values()
        if action.membership is not None and action.membership.through is not None
    ]
    named += [(t.resource, t.of) for a in plan.actions.values() for t in a.request.through]
    for name, field in (*counting(schemas, plan), *named):
        if _is_plain(schemas, plan.resources[name], field):
            found.setdefault(name, {})[field] = None
    return {name: list(fields)[:_MOST_INDEXES] for name, fields in found.items()}


def _is_plain(schemas: Schemas, resource: Resource, field: str) -> bool:
    """Whether a property is one value: an index has one of each row."""
    if "." in field:  # a relationship: that to several is a list
        related = relationships_of(schemas, schemas.flat_at(resource.schema or ""))
        return any(not many and field == path_of_relationship(n) for n, many in related.items())
    places = [place for place in (resource.schema, resource.request) if place is not None]
    known = [schemas.flat_at(place).properties.get(field) for place in places]
    types = {kind for one in known if one is not None for kind in schemas.types(one)}
    return bool(types) and not types & {"array", "object"}


_MOST_INDEXES = 4
"""Each costs a little whenever an entity is written."""


def _is_in_path(operation: Operation, link: Link) -> bool:
    return "{" + link.parameter + "}" in operation.url_path


def _lazy(context: Context, operation: Operation, action: Action) -> Handler:
    """The handler of an action, built when it is first needed."""

    @cache
    def made() -> Handler:
        kind = action.kind
        handler = HANDLERS.get(kind) or FACTORIES[kind](context, operation, action)
        handler = with_files(context, operation, action, handler)
        handler = turning(context, operation, action, handler)
        if action.response.holder is not None and action.parents:
            handler = showing_holder(handler)
        if action.source is not None:
            handler = from_source(handler)
        if action.request.refers:
            handler = checked(handler)
        if action.starts is not None:
            handler = tracked(handler)
        if action.beside:
            handler = accompanied(handler)
        if action.allowed is not None:
            handler = permitted(handler)
        handler = expanding(context, operation, action, handler)
        handler = selecting(context, operation, action, handler)
        above = [context.above(link) for link in action.parents]
        if any(one is not None and one.resource.identity.names for one in above):
            handler = by_names(handler)
        names = [link.parameter for link in action.parents if not _is_in_path(operation, link)]
        if not names:
            return once(
                context.schemas,
                operation,
                lambda world, request: handler(Call(context, action, world, request)),
            )

        def handle(world: World, request: Request) -> Reply:
            # Their ids are in the body or the query of an operation that is read as its REST form.
            given = {**request.query, **named(request.body)}
            path = {**{name: given.get(name, "") for name in names}, **request.path}
            return handler(Call(context, action, world, replace(request, path=path)))

        return once(context.schemas, operation, handle)

    return lambda world, request: made()(world, request)
