"""Who calls: the user that a token was given to, or the first one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.credentials import ISSUED, NAMES, name_of
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import Context, not_found
from mockserver.engine.inferred.entities import new_entity
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.world import Row, World
from mockserver.errors import Refusal
from mockserver.inference.words import bag, tokens

NOBODY = "mock-user"
"""Who logs in without a name."""
_SECRETS = bag("password passwd pass pwd passphrase secret pin otp code")


def sent_credentials(headers: Mapping[str, str]) -> Iterator[str]:
    """The possible credentials in a request's headers."""
    for name, value in headers.items():
        if name == "cookie":
            for pair in value.split(";"):
                yield pair.partition("=")[2].strip().strip('"')
        else:
            yield value.rpartition(" ")[2]


def who(form: Mapping[str, Any]) -> str:
    """Who logs in, by the body: its user name, else its only text that is no secret."""
    for name in NAMES:
        if form.get(name):
            return str(form[name])
    texts = [v for n, v in form.items() if isinstance(v, str) and not _SECRETS & set(tokens(n))]
    return texts[0] if len(texts) == 1 and texts[0] else NOBODY


def subject_of(call: Call) -> str:
    """Who the request's credential was given to; "" if the mock has given out none."""
    row = _row_of(call)
    subject = str(row.get("subject") or "") if row is not None else ""
    return "" if row is None or subject in (NOBODY, row.get("client")) else subject


def _row_of(call: Call) -> Row | None:
    if ISSUED.name not in call.world:
        return None
    kept = call.world[ISSUED.name]
    rows = (kept.get(name_of(one)) for one in sent_credentials(call.request.headers))
    return next((row for row in rows if row is not None), None)


def caller(call: Call) -> Entity:
    """The caller's own entity. Raises NotFound if there is none."""
    entity = entity_of(call, call.repository, subject_of(call), {})
    if entity is None:
        raise not_found(call.resource, "the caller")
    return entity


def entity_of(
    call: Call, repository: Repository, subject: str, form: Mapping[str, Any]
) -> Entity | None:
    """The entity of a user: the one that has the name, else a new one with it; the first one where
    nothing can have the name, or nobody is named."""
    context, world = call.context, call.world
    context.sower.sow(world, repository, None)
    if not subject or subject == NOBODY:
        return _first(context, world, repository)
    mark = name_of(f"user {subject}")
    noted = world[ISSUED.name].get(mark)
    found = repository.get(world, noted["key"]) if noted is not None else None
    if found is not None and not found.row.get("gone"):
        return found
    found = _called(context, world, repository, subject) or _made(call, repository, subject, form)
    if found is None:
        return _first(context, world, repository)
    remember(world, subject, found.key)
    return found


def remember(world: World, subject: str, key: str) -> None:
    """Note which entity a user is: it stays the same when it is renamed."""
    mark = name_of(f"user {subject}")
    row = {"id": mark, "at": world.now, "kind": "user", "expires": None, "scopes": None}
    world[ISSUED.name].put({**row, "key": key})


def _first(context: Context, world: World, repository: Repository) -> Entity | None:
    """The first user; one that the example of `/me` shows comes first of all."""
    own = {
        action.operation
        for action in context.plan.actions.values()
        if action.request.item_in == "caller"
    }
    first = None
    for entity in repository.scan(world, None, False):
        if entity.row.get("gone"):
            continue
        if own & set(entity.row.get("shown", ())):
            return entity
        first = first or entity
    return first


def _called(context: Context, world: World, repository: Repository, subject: str) -> Entity | None:
    resource = repository.resource
    names = [resource.identity.key or "", *_names(context, repository)]
    wanted = subject.casefold()
    return next(
        (
            entity
            for entity in repository.scan(world, None, False)
            if not entity.row.get("gone")
            and any(str(entity.data.get(name, "")).casefold() == wanted for name in names)
        ),
        None,
    )


def _names(context: Context, repository: Repository) -> list[str]:
    """The properties that a user logs in with."""
    spelled = {"_".join(tokens(n)): n for n in context.flat(repository.resource).properties}
    return [spelled[name] for name in NAMES if name in spelled]


def _made(
    call: Call, repository: Repository, subject: str, form: Mapping[str, Any]
) -> Entity | None:
    names = _names(call.context, repository)
    mails = [name for name in names if "email" in tokens(name)]
    fitting = mails if "@" in subject else [name for name in names if name not in mails]
    if not fitting:
        return None
    own = call.context.flat(repository.resource).properties.keys()
    apart = {repository.resource.identity.key, *fitting[:1]}
    sent = {
        name: value
        for name, value in form.items()
        if name in own and name not in apart and not _SECRETS & set(tokens(name))
    }
    try:
        made = new_entity(call, repository, {**sent, fitting[0]: subject}, {}, "")
        resource, values = repository.resource, call.context.values
        # Somebody who has been there for long: not only with what a login says.
        data = values.kept(
            resource.shape or "", call.lasting(subject), made.data,
            mode=call.mode("rich"), owner=resource.noun,
        )  # fmt: skip
        return repository.put(call.world, replace(made, data=data))
    except Refusal:
        return None


def of_singleton(call: Call, entity: Entity, subject: str) -> Entity:
    """A singleton of the caller's, with the name under which they logged in."""
    names = _names(call.context, call.repository)
    mails = [name for name in names if "email" in tokens(name)]
    fitting = mails if "@" in subject else [name for name in names if name not in mails]
    if not subject or not fitting:
        return entity
    return replace(entity, data={**entity.data, fitting[0]: subject})
