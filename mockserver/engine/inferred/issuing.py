"""Operations that issue or revoke credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.credentials import (
    LASTS,
    NAMES,
    Credentials,
    grant,
    keep,
    revoke,
    secret,
    tokens_for,
)
from mockserver.engine.inferred.call import Call, media_of
from mockserver.engine.inferred.context import Context, dig, named
from mockserver.engine.inferred.repository import Entity, OwnRepository
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.randomness import Dice
from mockserver.engine.timestamps import SECOND, parse, render
from mockserver.engine.world import World, digest, uuid_of
from mockserver.errors import ContractError, ReplyError
from mockserver.inference.credentials import Issuer
from mockserver.inference.model import Path
from mockserver.inference.words import tokens

_TRIES = 3


def issuing(
    context: Context, issuer: Issuer, handler: Handler, credentials: Credentials
) -> Handler:
    """The handler; the credentials in its response are valid from then on."""

    def handle(world: World, request: Request) -> Reply:
        form = {**request.query, **named(request.body)}
        granted: dict[str, Any] | None = None
        if issuer.kind == "oauth":
            authorization = request.headers.get("authorization", "")
            granted = grant(world, form, authorization, credentials)
        reply = handler(world, request)
        if not 200 <= reply.status < 300:
            return reply
        if granted is not None and not isinstance(reply.body, Mapping):
            return reply if reply.body is NO_BODY else replace(reply, body=granted)
        return _Issue(context, issuer, credentials, world, request, reply).done(form, granted)

    return handle


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
        media = media_of(request.operation, reply.status)
        self._scopes: list[str] | None = None
        self._pointer = media.pointer if media is not None else None

    def done(self, form: Mapping[str, Any], granted: Mapping[str, Any] | None) -> Reply:
        world, reply, issuer = self._world, self._reply, self._issuer
        subject = next((str(form[name]) for name in NAMES if form.get(name)), "mock-user")
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
        if isinstance(reply.body, Mapping):
            for path in issuer.life:
                # How long it is good is the client's to say, where it says so.
                value = self._life(path, granted)
                if form.get(path[-1]) is None and self._put(path, value) and entity is not None:
                    self._remember(entity, path, value)
            for path in issuer.access:
                wanted = granted.get("id_token") if tokens(path[-1])[:1] == ("id",) else None
                self._give(path, wanted or granted["access_token"], "access", subject, entity)
            for path in issuer.refresh:
                if "refresh_token" in granted:
                    self._give(path, granted["refresh_token"], "refresh", subject, entity)
        cookie = self._credentials.plan.cookie
        if cookie is not None and issuer.kind != "key":
            token = granted["access_token"]
            keep(world, token, "access", subject=subject, entity=entity, lasts=self._lasts())
            reply.headers["Set-Cookie"] = f"{cookie}={token}; Path=/; HttpOnly"
        return reply

    def _give(
        self, path: Path, wanted: str, kind: str, subject: str, entity: list[str] | None
    ) -> None:
        """Set the credential, or another that the schema allows, and make it valid."""
        if entity is not None and path == self._id_path():
            # Paths use this id, so it has to stay.
            told = dig(self._reply.body, path)
            keep(
                self._world, str(told), kind,
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
        return action.response.tells or ((*action.response.at, key) if key is not None else ())

    def _ways(self, path: Path, wanted: str) -> Iterator[Any]:
        yield wanted
        salt = digest(wanted)
        yield uuid_of(salt)
        yield salt.hex()
        place = self._place(path)
        for attempt in range(_TRIES if place is not None else 0):
            assert place is not None
            dice = Dice(self._world.now, salt.hex(), attempt)
            try:
                yield self._context.values.make(place, dice, name=path[-1])
            except (ReplyError, ContractError):
                return

    def _place(self, path: Path) -> str | None:
        place = self._pointer
        for name in path:
            place = self._context.schemas.place(place, name) if place is not None else None
        return place

    def _put(self, path: Path, value: Any) -> bool:
        """Set the value if the schema allows it; returns whether it does."""
        place = self._place(path)
        if value is None or place is None:
            return False
        if not self._context.values.check(place).is_valid(value):
            return False
        body = dict(self._reply.body)
        holder = body
        for name in path[:-1]:
            inner = holder.get(name)
            if not isinstance(inner, Mapping):
                return False  # this kind of response has no such part
            holder[name] = holder = dict(inner)
        holder[path[-1]] = value
        self._reply.body = body
        return True

    def _life(self, path: Path, granted: Mapping[str, Any]) -> Any:
        """Set the lifetime and the type of a token in the response."""
        name = "_".join(tokens(path[-1]))
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
        for path in self._issuer.life if isinstance(body, Mapping) else ():
            said, name = dig(body, path), tokens(path[-1])
            if isinstance(said, bool) or name[0] not in ("expires", "expiration", "expiry"):
                continue
            if isinstance(said, int | float):
                long = said > 10**8
                return max(0.0, said - self._world.now / SECOND) if long else float(said)
            if isinstance(said, str):
                try:
                    return max(0.0, (parse(said) - self._world.now) / SECOND)
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
        thing = dig(self._reply.body, action.response.at)
        key = repository.resource.identity.key
        value = thing.get(key) if isinstance(thing, Mapping) and key is not None else None
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
        if found is None or path[-1] not in known or path[-1] == key:
            return
        data = {**found.data, path[-1]: value}
        repository.put(self._world, Entity(found.key, data, found.parent, found.row))


def revoking(handler: Handler) -> Handler:
    """The handler; revokes the credential that its body names, else its caller's."""

    def handle(world: World, request: Request) -> Reply:
        reply = handler(world, request)
        body = named(request.body)
        given = body.get("token") or body.get("refresh_token") or body.get("access_token")
        for credential in [str(given)] if given else _sent(request.headers):
            revoke(world, credential)
        return reply

    return handle


def _sent(headers: Mapping[str, str]) -> Iterator[str]:
    """The possible credentials in a request's headers."""
    for name, value in headers.items():
        if name == "cookie":
            for pair in value.split(";"):
                yield pair.partition("=")[2].strip().strip('"')
        else:
            yield value.rpartition(" ")[2]
