"""Which user sends a request: the one that its token was issued to, else the first one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from mockserver.engine.credentials import ISSUED, NAMES, name_of
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import Context, not_found
from mockserver.engine.inferred.entities import new_entity
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.messages import Request
from mockserver.engine.world import Row, World
from mockserver.errors import Refusal
from mockserver.inference.words import bag, snake_case, tokens

ANONYMOUS = "mock-user"
"""The subject of a login without a user name."""
_SECRETS = bag("password passwd pass pwd passphrase secret pin otp code")


def sent_credentials(request: Request) -> Iterator[str]:
    """The possible credentials in a request's headers and query."""
    for name, value in request.headers.items():
        if name == "cookie":
            for pair in value.split(";"):
                yield pair.partition("=")[2].strip().strip('"')
        else:
            yield value.rpartition(" ")[2]
    yield from (value for _, value in parse_qsl(request.raw_query.decode("latin-1")))


def user_name_in(form: Mapping[str, Any]) -> str:
    """The user name in the body of a login, else the only text in it that is no secret."""
    for name in NAMES:
        if form.get(name):
            return str(form[name])
    texts = [v for n, v in form.items() if isinstance(v, str) and not _SECRETS & set(tokens(n))]
    return texts[0] if len(texts) == 1 and texts[0] else ANONYMOUS


def subject_of(call: Call) -> str:
    """The user that the request's credential was issued to; "" if the mock did not issue it, or
    issued it to a client or without a name."""
    row = _credential_row(call)
    subject = str(row.get("subject") or "") if row is not None else ""
    return "" if row is None or subject in (ANONYMOUS, row.get("client")) else subject


def _credential_row(call: Call) -> Row | None:
    """The row of the first credential in the request that the mock has issued."""
    if ISSUED.name not in call.world:
        return None
    issued = call.world[ISSUED.name]
    rows = (issued.get(name_of(sent)) for sent in sent_credentials(call.request))
    return next((row for row in rows if row is not None), None)


def caller(call: Call) -> Entity:
    """The caller's own entity. Raises NotFound if there is none."""
    entity = user_entity(call, call.repository, subject_of(call), {})
    if entity is None:
        raise not_found(call.resource, "the caller")
    return entity


def user_entity(
    call: Call, repository: Repository, subject: str, form: Mapping[str, Any]
) -> Entity | None:
    """The entity of a user: the one with this name, else a new one. The first user if there is no
    name, or no property for it."""
    context, world = call.context, call.world
    context.sower.sow(world, repository, None)
    if not subject or subject == ANONYMOUS:
        return _first(context, world, repository)
    noted = world[ISSUED.name].get(_note_id(subject))
    found = repository.get(world, noted["key"]) if noted is not None else None
    if found is not None and not found.row.get("gone"):
        return found
    found = _find_by_name(context, world, repository, subject)
    found = found or _new_user(call, repository, subject, form)
    if found is None:
        return _first(context, world, repository)
    remember(world, subject, found.key)
    return found


def remember(world: World, subject: str, key: str) -> None:
    """Note which entity belongs to a user name, so that a later rename does not change it."""
    row = {"id": _note_id(subject), "at": world.now, "kind": "user", "key": key}
    world[ISSUED.name].put({**row, "expires": None, "scopes": None})


def _note_id(subject: str) -> str:
    return name_of(f"user {subject}")


def _first(context: Context, world: World, repository: Repository) -> Entity | None:
    """The user in the example of `/me`, else the first one."""
    about_caller = {
        action.operation
        for action in context.plan.actions.values()
        if action.request.item_in == "caller"
    }
    for entity in repository.seeds(world):
        if not entity.row.get("gone") and about_caller & set(entity.row.get("shown", ())):
            return entity
    every = repository.scan(world, None, False)
    return next((entity for entity in every if not entity.row.get("gone")), None)


def _find_by_name(
    context: Context, world: World, repository: Repository, subject: str
) -> Entity | None:
    names = [repository.resource.identity.key or "", *_login_properties(context, repository)]
    wanted = subject.casefold()
    same = [
        entity
        for name in names
        for entity in repository.having(world, name, {subject})
        if not entity.row.get("gone") and str(entity.data.get(name, "")).casefold() == wanted
    ]
    return min(same, key=repository.place, default=None)


def _login_properties(context: Context, repository: Repository) -> list[str]:
    """The properties that a user logs in with."""
    spelled = {snake_case(n): n for n in context.flat(repository.resource).properties}
    return [spelled[name] for name in NAMES if name in spelled]


def _property_for(context: Context, repository: Repository, subject: str) -> str | None:
    """The property that holds this user name: an email address, or another name."""
    for name in _login_properties(context, repository):
        if ("@" in subject) == ("email" in tokens(name)):
            return name
    return None


def _new_user(
    call: Call, repository: Repository, subject: str, form: Mapping[str, Any]
) -> Entity | None:
    login = _property_for(call.context, repository, subject)
    if login is None:
        return None
    own = call.context.flat(repository.resource).properties.keys()
    set_here = {repository.resource.identity.key, login}
    sent = {
        name: value
        for name, value in form.items()
        if name in own and name not in set_here and not _SECRETS & set(tokens(name))
    }
    try:
        made = new_entity(call, repository, {**sent, login: subject}, {}, "")
        resource, values = repository.resource, call.context.values
        # A user who has had the account for long has more than what a login sends.
        data = values.kept(
            resource.shape or "", call.lasting(subject), made.data,
            mode=call.mode("rich"), owner=resource.noun,
        )  # fmt: skip
        return repository.put(call.world, replace(made, data=data))
    except Refusal:
        return None


def with_login_name(call: Call, entity: Entity, subject: str) -> Entity:
    """The caller's singleton, with the name that they logged in with."""
    login = _property_for(call.context, call.repository, subject) if subject else None
    return entity if login is None else replace(entity, data={**entity.data, login: subject})
