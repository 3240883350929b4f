"""Operations that issue or revoke credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.credentials import (
    ACTIVATION,
    LASTS,
    Credentials,
    OAuthError,
    device_codes,
    grant,
    keep,
    presented,
    revoke,
    secret,
    tokens_for,
)
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.callers import (
    ANONYMOUS,
    remember,
    sent_credentials,
    user_entity,
    user_name_in,
)
from mockserver.engine.inferred.context import Context, dig, named
from mockserver.engine.inferred.crud import single
from mockserver.engine.inferred.repository import Entity, OwnRepository
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.randomness import Rng
from mockserver.engine.serialization import pointer_of
from mockserver.engine.timestamps import SECOND, parse, render
from mockserver.engine.world import World, digest, uuid_of
from mockserver.errors import ContractError, NotFound, ReplyError, Unauthenticated
from mockserver.inference.credential_model import Issuer
from mockserver.inference.resource_model import FIRST, Path
from mockserver.inference.words import snake_case, tokens
from mockserver.openapi.document import MISSING

_TRIES = 3


def issuing(
    context: Context, issuer: Issuer, handler: Handler, credentials: Credentials
) -> Handler:
    """The handler; the credentials in its response are valid from then on."""

    def handle(world: World, request: Request) -> Reply:
        form = {**request.query, **named(request.body)}
        authorization = request.headers.get("authorization", "")
        granted: dict[str, Any] | None = None
        if issuer.kind == "oauth":
            granted = grant(world, form, authorization, credentials)
        elif issuer.kind == "device":
            granted = device_codes(world, form, _origin(request) + ACTIVATION)
        renewed = _renewed(world, issuer, form)
        reply = handler(world, request)
        if not 200 <= reply.status < 300:
            return reply
        if granted is not None and not isinstance(reply.body, Mapping):
            return reply if reply.body is NO_BODY else replace(reply, body=granted)
        issue = _Issue(context, issuer, credentials, world, request, reply)
        if issuer.kind == "device":
            return issue.of_device(granted or {})
        return issue.done({**form, **renewed}, granted)

    return handle


def _renewed(world: World, issuer: Issuer, form: Mapping[str, Any]) -> dict[str, Any]:
    """Whose refresh token a login presents, if it has one. Raises Unauthenticated."""
    name = issuer.renews
    if issuer.kind != "login" or name is None or not isinstance(form.get(name), str):
        return {}
    try:
        row = presented(world, {"refresh_token": form[name]}, "refresh_token", "refresh")
    except OAuthError as error:
        raise Unauthenticated(error.message) from None
    return {"username": row["subject"]} if row is not None else {}


def _origin(request: Request) -> str:
    return request.base_url or f"http://{request.headers.get('host', '127.0.0.1:8000')}"


class _Issue:
    """One response that issues credentials."""

    def __init__(
        self,
        context: Context,
        issuer: Issuer,
        credentials: Credentials,
        world: World,
        request: Request,
        reply: Reply,
    ) -> None:
        self._context = context
        self._issuer = issuer
        self._credentials = credentials
        self._world = world
        self._request = request
        self._reply = reply
        self._scopes: list[str] | None = None
        self._pointer = pointer_of(request.operation, reply.status)

    def done(self, form: Mapping[str, Any], granted: Mapping[str, Any] | None) -> Reply:
        world, reply, issuer = self._world, self._reply, self._issuer
        subject = (
            user_name_in(form) if issuer.kind == "login" else str(form.get("username") or ANONYMOUS)
        )
        if granted is None and issuer.kind == "login":
            lasts = LASTS if issuer.life else None
            granted = tokens_for(
                world, subject, "", None,
                refresh=bool(issuer.refresh), credentials=self._credentials, lasts=lasts,
            )  # fmt: skip
        elif granted is None:
            granted = {"access_token": secret(world, "key")}
        entity = self._entity()
        self._scopes = str(granted["scope"]).split() if "scope" in granted else None
        self._choose_kind(granted["access_token"])
        if isinstance(reply.body, Mapping | list):
            for path in issuer.life:
                # How long it is good is the client's to say, where it says so.
                value = self._life(path, granted)
                if form.get(path[-1]) is None and self._put(path, value) and entity is not None:
                    self._remember(entity, path, value)
        for path in issuer.access:
            wanted = granted.get("id_token") if path and tokens(path[-1])[:1] == ("id",) else None
            self._give(path, wanted or granted["access_token"], "access", subject, entity)
        for path in issuer.refresh:
            if "refresh_token" in granted:
                self._give(path, granted["refresh_token"], "refresh", subject, entity)
        self._give_in_headers(granted["access_token"], subject, entity)
        if issuer.kind != "key":
            self._show_user(subject, form, entity)
        return reply

    def _show_user(self, subject: str, form: Mapping[str, Any], made: list[str] | None) -> None:
        """Let the response show who logged in: the same entity as `/me` does from now on."""
        context, world = self._context, self._world
        repository = context.repositories.get(context.plan.callers or "")
        if repository is None:
            return
        from mockserver.inference.credentials import shown_callers  # rules, for logins only

        resource, pointer = repository.resource, self._pointer
        paths = list(shown_callers(context.schemas, resource, pointer)) if pointer else []
        if made is not None and made[0] != resource.name:
            paths = [path for path in paths if path]  # it is what was made, not who asked
        actions = context.plan.actions
        own = [one for one in actions.values() if one.request.item_in == "caller"]
        if not paths and not own:
            return
        action = actions[self._request.operation.id]
        if made is not None and action.resource == resource.name:
            remember(world, subject, made[1])
        if resource.singleton:
            named = "" if subject == ANONYMOUS else subject
            user: Entity | None = single(Call(context, own[0], world, self._request), named)
        else:
            about = replace(action, resource=resource.name, parents=(), item=None)
            call = Call(context, about, world, self._request)
            user = user_entity(call, repository, subject, form)
        if user is None or not isinstance(self._reply.body, Mapping):
            return
        resource_properties = context.flat(resource).properties
        for path in paths:
            place = self._place(path)
            shown = context.schemas.flat_at(place).properties if place is not None else {}
            there = dig(self._reply.body, path)
            known = {name: value for name, value in user.data.items() if name in shown}
            if not path:
                for name, value in known.items():
                    self._put((name,), value)
            elif isinstance(there, Mapping):
                more = {n: v for n, v in there.items() if n not in resource_properties}
                self._put(path, {**more, **known})

    def of_device(self, codes: Mapping[str, Any]) -> Reply:
        """The response with the codes of a device."""
        for path in self._issuer.access:
            for name, value in codes.items():
                self._put((*path[:-1], name), value)
        return self._reply

    def _choose_kind(self, token: str) -> None:
        """Of a body with several kinds (a token, or a second factor), use one with a credential;
        show the optional object that would have it."""
        body, wanted = self._reply.body, self._issuer.access
        if body is NO_BODY or not any(wanted) or self._pointer is None:
            return
        schemas, first = self._context.schemas, wanted[0]
        kinds = schemas.branches(self._pointer)
        if isinstance(body, Mapping) and any(
            path[0] in body if kinds else _with(body, path, token) is not MISSING for path in wanted
        ):
            return
        kind = next((k for k in kinds if schemas.place(k, first[0]) is not None), self._pointer)
        known: Any = token
        for name in reversed(first):
            known = {name: known}
        if isinstance(body, Mapping) and not kinds:
            known = {**body, **known}
        rng = Rng(self._world.now, digest(token).hex())
        with suppress(ReplyError, ContractError):
            self._reply.body = self._context.values.make(kind, rng, known)

    def _give_in_headers(self, token: str, subject: str, entity: list[str] | None) -> None:
        """Set the token in the cookie and the headers that hold it."""
        cookie = self._credentials.plan.cookie
        headers, in_cookie = self._issuer.headers, cookie is not None and self._issuer.kind != "key"
        if headers or in_cookie:
            lasts = self._lasts()
            keep(self._world, token, "access", subject=subject, entity=entity, lasts=lasts)
        for name in headers:
            bearer = "Bearer " if name.lower() == "authorization" else ""
            self._reply.headers[name] = bearer + token
        if in_cookie:
            self._reply.headers["Set-Cookie"] = f"{cookie}={token}; Path=/; HttpOnly"

    def _give(
        self, path: Path, wanted: str, kind: str, subject: str, entity: list[str] | None
    ) -> None:
        """Set the credential, or another that the schema allows, and make it valid."""
        if entity is not None and path == self._id_path():
            # Paths use this id, so it has to stay.
            credential = dig(self._reply.body, path)
            keep(
                self._world, str(credential), kind,
                lasts=self._lasts() if kind == "access" else None,
                scopes=self._scopes, subject=subject, client="", entity=entity,
            )  # fmt: skip
            return
        for value in self._ways(path, wanted):
            if not self._put(path, value):
                continue
            if entity is not None:
                self._remember(entity, path, value)
            lasts = self._lasts() if kind == "access" else None
            keep(
                self._world, str(value), kind,
                lasts=lasts, scopes=self._scopes, subject=subject, client="", entity=entity,
            )  # fmt: skip
            return

    def _id_path(self) -> Path:
        """Where the response has the id of its entity."""
        action = self._context.plan.actions[self._request.operation.id]
        resource = self._context.plan.resource_of(action)
        key = resource.identity.key if resource is not None else None
        return action.response.id_path or ((*action.response.at, key) if key is not None else ())

    def _ways(self, path: Path, wanted: str) -> Iterator[Any]:
        yield wanted
        salt = digest(wanted)
        yield uuid_of(salt)
        yield salt.hex()
        place = self._place(path)
        for attempt in range(_TRIES if place is not None else 0):
            assert place is not None
            rng = Rng(self._world.now, salt.hex(), attempt)
            try:
                yield self._context.values.make(place, rng, name=path[-1] if path else "token")
            except (ReplyError, ContractError):
                return

    def _place(self, path: Path) -> str | None:
        return self._context.schemas.along(self._pointer, path)

    def _put(self, path: Path, value: Any) -> bool:
        """Set the value if the schema allows it; returns whether it does."""
        place = self._place(path)
        if value is None or place is None:
            return False
        if not self._context.values.check(place).is_valid(value):
            return False
        body = _with(self._reply.body, path, value)
        if body is MISSING:
            return False
        whole = self._pointer if FIRST in path else None
        if whole is not None and not self._context.values.check(whole).is_valid(body):
            # An array without items got one, which needs more than a credential.
            return False
        self._reply.body = body
        return True

    def _life(self, path: Path, granted: Mapping[str, Any]) -> Any:
        """Set the lifetime and the type of a token in the response."""
        name = snake_case(path[-1])
        every = " ".join(self._credentials.plan.oauth.scopes)
        if name == "scope":
            return granted.get("scope", every)
        if name == "scopes":
            return str(granted.get("scope", every)).split()
        if name in ("token_type", "expires_in"):
            return granted.get(name)
        lasts = granted.get("expires_in")
        if lasts is None:
            return None
        at = self._world.now + lasts * SECOND
        place = self._place(path)
        kinds = self._context.schemas.flat_at(place).types if place is not None else ()
        if "string" in kinds:
            return render(at)
        return lasts if name == "expires" else at // SECOND

    def _lasts(self) -> float | None:
        """The lifetime that the response states."""
        body = self._reply.body
        for path in self._issuer.life if isinstance(body, Mapping | list) else ():
            lifetime, name = dig(body, path), tokens(path[-1])
            if isinstance(lifetime, bool) or name[0] not in ("expires", "expiration", "expiry"):
                continue
            if isinstance(lifetime, int | float):
                long = lifetime > 10**8
                return max(0.0, lifetime - self._world.now / SECOND) if long else float(lifetime)
            if isinstance(lifetime, str):
                try:
                    return max(0.0, (parse(lifetime) - self._world.now) / SECOND)
                except ValueError:
                    continue
        return None

    # -- what the credential belongs to

    def _entity(self) -> list[str] | None:
        """The row of the created session or key, if it is stored."""
        action = self._context.plan.actions[self._request.operation.id]
        if action.kind != "create" or action.resource is None:
            return None
        call = Call(self._context, action, self._world, self._request)
        repository = call.repository
        issued = dig(self._reply.body, action.response.at)
        key = repository.resource.identity.key
        value = issued.get(key) if isinstance(issued, Mapping) and key is not None else None
        if value is None or not isinstance(repository, OwnRepository):
            return None
        name = call.key_of(value)
        found = repository.get(self._world, name)
        return [repository.collection.name, name] if found is not None else None

    def _remember(self, entity: list[str], path: Path, value: Any) -> None:
        """Store the credential's data in the row as in the response."""
        action = self._context.plan.actions[self._request.operation.id]
        repository = self._context.repository_of(action)
        found = repository.get(self._world, entity[1])
        key = repository.resource.identity.key
        known = self._context.flat(repository.resource).properties
        at = action.response.at
        # The key of a part of it (of its first environment) is stored there.
        inner = path[len(at) :] if path[: len(at)] == at and path[len(at) :] else path[-1:]
        inner = inner if inner[0] in known else path[-1:]
        if found is None or inner[0] not in known or inner == (key,):
            return
        below = self._context.joins.below(repository.resource).get(inner[0])
        if below is not None and inner[1:2] == (FIRST,):
            # What is shown in the entity is stored below it.
            repository, inner = below, inner[2:]
            found = next(below.scan(self._world, found.key, False), None)
        data = _with(found.data, inner, value) if found is not None else MISSING
        if found is not None and data is not MISSING:
            repository.put(self._world, found.with_data(data))


def _with(body: Any, path: Path, value: Any) -> Any:
    """A body with the value at a path; MISSING if this kind of response has no such part."""
    if not path:
        return value
    name, rest = path[0], path[1:]
    if name == FIRST:
        if not isinstance(body, list):
            return MISSING
        inner = _with(body[0] if body else ({} if rest else MISSING), rest, value)
        return MISSING if inner is MISSING else [inner, *body[1:]]
    if not isinstance(body, Mapping) or (rest and name not in body):
        return MISSING
    inner = _with(body.get(name), rest, value)
    return MISSING if inner is MISSING else {**body, name: inner}


def revoking(handler: Handler) -> Handler:
    """The handler; revokes the credential that its body or the end of its path names, else its
    caller's."""

    def handle(world: World, request: Request) -> Reply:
        body, path = named(request.body), request.operation.url_path
        given = body.get("token") or body.get("refresh_token") or body.get("access_token")
        if given is None and path.endswith("}"):
            given = request.path.get(path.rpartition("{")[2].removesuffix("}"))
        try:
            reply = handler(world, request)
        except NotFound:
            # A credential can be all that there is of a session.
            if request.operation.success == 204 and given and revoke(world, str(given)):
                return Reply(204, NO_BODY)
            raise
        for credential in [str(given)] if given else sent_credentials(request):
            revoke(world, credential)
        return reply

    return handle
