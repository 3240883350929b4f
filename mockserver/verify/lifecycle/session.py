"""A client session that remembers entities as last seen, and checks replies against them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn

from mockserver.openapi.model import Json, Operation
from mockserver.openapi.path_templates import parameters_of, shape
from mockserver.verify.lifecycle import samples
from mockserver.verify.lifecycle.clock import Real, Time
from mockserver.verify.lifecycle.model import Api, Resource, at
from mockserver.verify.lifecycle.repair import MOST, Learned, fields_of_creation
from mockserver.verify.lifecycle.values import (
    contains,
    is_number,
    is_secret,
    remains,
    resembles,
    short,
)
from mockserver.verify.model import Exchange, Finding, is_server_error
from mockserver.verify.ownership import Withheld
from mockserver.verify.persistence import TOO_MANY
from mockserver.verify.replies import id_in
from mockserver.verify.schemas import body_schema, inner, reply_schema, solid
from mockserver.verify.target import Target, fill

GONE = (404, 410)
ACCEPTED = 202
LOOKS = 10
"""How often to look for what was accepted, half a second apart."""


class Broken(AssertionError):
    """An invariant is broken; see `finding`."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.rule}: {finding.where}: {finding.message}")
        self.finding = finding


UNREADABLE = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""Errors in a check that are caused by a reply of an unexpected type."""


class Inconclusive(Exception):
    """This check can't be made here; others can."""


class CannotMake(Exception):
    """An entity of this resource can't be created: the API refuses every known body."""


@dataclass
class Entity:
    """An entity created by this session. `value` is its last complete reply, `seen` when."""

    resource: Resource
    id: str
    path: Mapping[str, str]
    value: dict[str, Json]
    sent: dict[str, Json]
    alive: bool = True
    seen: float = 0.0

    @property
    def where(self) -> dict[str, str]:
        return {**self.path, self.resource.id_parameter: self.id}


@dataclass
class Session:
    """Acts on the target as one user; `other` is a second user's key, or "".

    A failing check raises Broken. `steps` are the exchanges since `begin`.
    """

    target: Target
    api: Api
    other: str = ""
    time: Time = field(default_factory=Real)
    entities: list[Entity] = field(default_factory=list)
    steps: list[Exchange] = field(default_factory=list)
    number: int = 0
    drifting: set[str] = field(default_factory=set)
    """Fields with numbers that change by themselves."""
    learned: dict[str, Learned] = field(default_factory=dict)
    """What refusals have shown, by creation."""
    _refused: dict[str, str] = field(default_factory=dict)
    """Resources of which no entity can be created, and why."""
    _busy: set[str] = field(default_factory=set)
    """Resources of which one is being made for a query."""

    def begin(self) -> None:
        self.steps = []

    # --- sending

    def call(
        self,
        operation_id: str,
        path: Mapping[str, str] | None = None,
        *,
        body: Json = None,
        content: bytes | None = None,
        params: Mapping[str, str] | None = None,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        operation = self.target.contract.by_id[operation_id]
        params = {**self._needed_query(operation), **(params or {})}
        try:
            exchange = self.target.send(
                operation.method,
                fill(operation.path, {**self.target.params, **(path or {})}),
                body=body,
                content=content,
                params=params,
                key=key,
                headers=headers,
                operation=operation_id,
            )
        except Withheld as reason:
            text = f"{operation.method} {operation.path} is not sent: {reason}"
            makes = any(r.create == operation_id for r in self.api.resources.values())
            raise (CannotMake(text) if makes else Inconclusive(text)) from None
        self.steps.append(exchange)
        if exchange.status == TOO_MANY:
            raise Inconclusive(f"{operation.method} {operation.path} keeps returning {TOO_MANY}")
        if is_server_error(exchange.status, operation):
            self.fail("no_server_error", f"responded with {exchange.status}: {_text(exchange)}")
        return exchange

    def _needed_query(self, operation: Operation) -> Mapping[str, str]:
        """What the query must have, with ids of entities that are created if necessary."""
        names = {r.id_parameter: name for name, r in self.api.resources.items() if not r.parents}

        def find(name: str) -> str | None:
            owner = names.get(name, "")
            if not owner or owner in self._busy or name in self.target.params:
                return self.target.params.get(name)
            self._busy.add(owner)
            try:
                return self.some(owner).id
            except CannotMake:
                return None
            finally:
                self._busy.discard(owner)

        return samples.query_of(self.target.contract, operation, find)

    def fail(self, rule: str, message: str, steps: Sequence[Exchange] = ()) -> NoReturn:
        shown = list(steps or self.steps[-12:])
        where = ""
        if shown and shown[-1].operation:
            operation = self.target.contract.by_id[shown[-1].operation]
            where = f"{operation.method} {operation.path}"
        raise Broken(Finding(rule, where, rule.replace("_", " ").capitalize(), message, shown))

    def unreadable(self, error: Exception) -> Finding:
        """The finding for an error caused by an unexpected reply."""
        last = self.target.contract.by_id.get(self.steps[-1].operation) if self.steps else None
        return Finding(
            "readable_reply",
            f"{last.method} {last.path}" if last else "",
            "Readable reply",
            f"a reply does not have the documented structure: {type(error).__name__} {error}",
            self.steps[-12:],
        )

    def expect(self, exchange: Exchange, statuses: Sequence[int], rule: str, why: str) -> None:
        if exchange.status not in statuses:
            wanted = " or ".join(map(str, statuses))
            self.fail(rule, f"{why}: expected {wanted}, got {exchange.status}: {_text(exchange)}")

    def not_found(self, exchange: Exchange, rule: str, why: str, also: Sequence[int] = ()) -> None:
        """The response is for a missing entity: one of the documented statuses for that; without
        any, a refusal, or one of `also`, which a command on a missing entity may return."""
        operation = self.operation(exchange.operation)
        wanted = [s for s in GONE if operation.response_for(s) is not None]
        if wanted:
            self.expect(exchange, [*wanted, *also], rule, why)
        elif exchange.status < 400 and operation.method == "GET":
            self.fail(rule, f"{why}: responded with {exchange.status}: {_text(exchange)}")

    def value(self, exchange: Exchange) -> Json:
        try:
            return exchange.json()
        except ValueError:
            self.fail("readable_reply", f"{exchange.status} with a body that is not JSON")

    def object(self, exchange: Exchange) -> dict[str, Json]:
        value = self.value(exchange)
        if not isinstance(value, dict):
            self.fail("readable_reply", f"expected an object, got {type(value).__name__}")
        return value

    def entity(self, exchange: Exchange, resource: Resource) -> dict[str, Json]:
        """The unwrapped entity in a reply."""
        value = at(self.object(exchange), resource.at)
        if not isinstance(value, dict):
            self.fail("readable_reply", f"there is no object at {'.'.join(resource.at)}")
        return value

    def operation(self, operation_id: str) -> Operation:
        return self.target.contract.by_id[operation_id]

    # --- creating

    def some(self, name: str) -> Entity:
        """An existing entity of the resource, created if there is none."""
        for entity in self.entities:
            if entity.resource.name == name and entity.alive:
                return entity
        return self.make(self.api.resources[name])

    def make(self, resource: Resource, *, path: Mapping[str, str] | None = None) -> Entity:
        """Create one, with every simple field, and check the reply.

        Raises CannotMake, at once if it could not be created before.
        """
        if resource.name in self._refused:
            raise CannotMake(self._refused[resource.name])
        path = self.parents(resource) if path is None else path
        learned = self.learned.setdefault(resource.create, Learned())
        known = resource.strict or resource.create in self.api.bodies
        listed = {} if known else fields_of_creation(self.target.contract, resource)
        first: tuple[Exchange, dict[str, Json]] | None = None
        for full, plain in ((True, False), (False, False), (False, True)):
            for _ in range(MOST):
                body = self.body_for(resource, full=full, plain=plain)
                exchange = self.call(resource.create, path, body=wrapped(body, resource.sent))
                first = first or (exchange, body or {})
                if exchange.status < 300:
                    learned.refused |= (first[1].keys() - (body or {}).keys()) & listed.keys()
                    return self.made(resource, path, body, exchange)
                if not learned.take(exchange, body or {}, listed, self.api, resource):
                    break
            if resource.strict:
                break
        exchange = first[0] if first is not None else exchange
        if resource.strict:
            self.fail(
                "good_body_accepted",
                f"a valid body is refused: {exchange.status} {_text(exchange)}",
            )
        self._refused[resource.name] = f"{resource.create}: {exchange.status} {_text(exchange)}"
        raise CannotMake(self._refused[resource.name])

    def parents(self, resource: Resource) -> dict[str, str]:
        """Ids for the path of a collection; missing parents are created."""
        path: dict[str, str] = {}
        for parameter in resource.parents:
            owner = self._owner(resource, parameter)
            if owner is None and parameter in self.target.params:
                path[parameter] = self.target.params[parameter]
                continue
            if owner is None or owner is resource:
                raise CannotMake(
                    f"{resource.create}: nothing that can be created has the id {{{parameter}}}; "
                    f"name one with --param {parameter}=VALUE"
                )
            where = self.some(owner.name).where
            if owner.id_parameter == parameter:
                path |= where
            else:
                # The two paths name the same ids differently, but in the same order.
                ids = [where[name] for name in parameters_of(owner.item) if name in where]
                path |= dict(zip(resource.parents, ids, strict=False))
        return path

    def _owner(self, resource: Resource, parameter: str) -> Resource | None:
        """The resource that a parameter of a collection's path names, whatever its name."""
        start = shape(resource.collection.split("{" + parameter + "}")[0] + "{}")
        owners = [r for r in self.api.resources.values() if shape(r.item.rstrip("/")) == start]
        return owners[0] if owners else None

    def known(self, resource: Resource) -> Resource:
        """The resource with what refusals have shown."""
        return self.learned.get(resource.create, Learned()).applied(resource)

    def body_for(
        self, resource: Resource, *, full: bool = True, plain: bool = False
    ) -> dict[str, Json] | None:
        """The unwrapped body of a creation; `plain` texts are lower-case ASCII."""
        self.number += 1
        given = self.api.bodies.get(resource.create)
        if given is not None:
            body: dict[str, Json] = samples.configured(
                given, self.number, lambda name: self.some(name).id
            )
            return body
        schema = body_schema(self.target.contract, self.operation(resource.create))
        if schema is None:
            return None
        known = self.known(resource)
        return samples.sample(
            self.target.contract,
            inner(self.target.contract, schema, resource.sent),
            self.number,
            self.reference(known),
            full=full,
            skip=known.skip,
            needed=known.needed,
            plain=plain,
        )

    def reference(self, resource: Resource) -> samples.Reference:
        """How a body's field gets the id of another entity."""

        def find(name: str) -> str | None:
            target = resource.references.get(name)
            if target is None or target == resource.name or name in resource.skip:
                return None
            if self.api.resources[target].parents and not resource.strict:
                return None
            with suppress(CannotMake, RecursionError):
                return self.some(target).id
            return None

        return find

    def made(
        self,
        resource: Resource,
        path: Mapping[str, str],
        sent: dict[str, Json] | None,
        exchange: Exchange,
    ) -> Entity:
        """Remember the entity in a creation's reply."""
        operation = self.operation(resource.create)
        if resource.strict:
            self.expect(exchange, [operation.success], "documented_success", "created")
        if not exchange.body.strip() and not resource.strict:
            return self._made_at(resource, id_in(exchange.headers), path, sent or {})
        shown = self.value(exchange)
        schema = solid(self.target.contract, reply_schema(self.target.contract, operation) or {})
        if shown is None and schema.get("x-null"):
            raise CannotMake(f"{resource.create}: the reply does not show what it has created")
        if isinstance(shown, str | int) and schema.get("type") in ("string", "integer"):
            value: dict[str, Json] = {resource.id_field: shown}
        else:
            value = resource.whole(self.entity(exchange, resource))
        identity = resource.identity(value)
        if identity is None and resource.guessed:
            raise CannotMake(f"{resource.create}: the place of the id is unknown")
        if identity is None:
            self.fail("created_has_id", f"the reply has no {resource.id_field!r}")
        known = [t for t in self.entities if t.resource is resource and t.path == dict(path)]
        old = next((t for t in known if t.id == identity), None)
        if old is not None and not resource.strict and self._is_called_so(old, sent or {}):
            old.sent, old.alive = dict(sent or {}), True
            self.saw(old, value)
            return old
        if old is not None and not old.alive and not resource.strict:
            # Some count on from the highest id that is left.
            self.entities.remove(old)
        elif old is not None:
            self.fail("created_is_new", f"the new {resource.name} has an old id, {identity}")
        self.echoes(sent or {}, value, resource)
        entity = Entity(resource, identity, dict(path), value, dict(sent or {}))
        self.saw(entity, value)
        self.entities.append(entity)
        self.touched(path)
        if exchange.status == ACCEPTED and not resource.strict:
            self.await_read(entity, there=True)
        return entity

    def _made_at(
        self, resource: Resource, identity: str, path: Mapping[str, str], sent: dict[str, Json]
    ) -> Entity:
        """Remember an entity of which the creation's reply only says where it is."""
        if not identity or not resource.read:
            raise CannotMake(f"{resource.create}: the reply does not show what it has created")
        entity = Entity(resource, identity, dict(path), {}, dict(sent))
        self.saw(entity, self.look(entity))
        self.echoes(sent, entity.value, resource)
        self.entities.append(entity)
        self.touched(path)
        return entity

    def await_read(self, entity: Entity, *, there: bool) -> None:
        """Wait until an entity is there, or gone: after a 202 the work is still to be done (RFC
        9110, 15.3.3)."""
        for _ in range(LOOKS if entity.resource.read else 0):
            found = self.call(entity.resource.read, entity.where).status not in GONE
            if found is there or not self.time.pass_(0.5):
                return

    def _is_called_so(self, old: Entity, sent: Mapping[str, Json]) -> bool:
        """Whether a creation that returned an existing entity requested it, by its id or by a text
        that it was created with."""
        texts = {v for v in old.sent.values() if isinstance(v, str)}
        same = any(value in texts for value in sent.values() if isinstance(value, str))
        return same or old.resource.identity(sent) == old.id

    def touched(self, path: Mapping[str, str]) -> None:
        """Forget the parents' values: they may change when a child is created or removed."""
        for entity in self.entities:
            if entity.id in path.values():
                entity.value = {}

    def removed(self, gone: Entity) -> None:
        """Forget everything below a removed entity or referring to it: what becomes of it is up to
        the API."""
        gone.alive = False
        runs = self.api.runs.resource if self.api.runs else ""
        if self.api.runs and gone.resource.name in self.api.runs.vanish:
            runs = ""
        self.entities = [
            entity
            for entity in self.entities
            if entity is gone
            or not entity.alive
            or (
                gone.id not in entity.path.values()
                and (
                    gone.id not in json.dumps([entity.value, entity.sent])
                    or entity.resource.name == runs
                )
            )
        ]
        self.touched(gone.path)

    # --- comparing

    def echoes(self, sent: Mapping[str, Json], value: Mapping[str, Json], of: Resource) -> None:
        """Sent values come back, where the reply has a field for them."""
        same = contains if of.strict else resembles
        for name, wanted in sent.items():
            hidden = not of.strict and is_secret(name)
            if hidden or name not in value or name in of.live:
                continue
            if not same(value[name], wanted):
                self.fail(
                    "stored_as_sent",
                    f"{name} was sent as {short(wanted)}, the reply has {short(value[name])}",
                )

    def saw(self, entity: Entity, value: dict[str, Json]) -> None:
        """Remember what an entity is now."""
        entity.value, entity.seen = value, self.time.moment

    def can_have_aged(self, entity: Entity) -> bool:
        """Whether time has passed since the entity was last seen."""
        return entity.seen != self.time.moment

    def look(self, entity: Entity) -> dict[str, Json]:
        """What the entity's path shows now."""
        exchange = self.call(entity.resource.read, entity.where)
        self.expect(exchange, [200], "made_is_there", f"a {entity.resource.name} that was created")
        return self.entity(exchange, entity.resource)

    def look_again(self, entity: Entity, before: Mapping[str, Json]) -> dict[str, Json]:
        """Read an entity that nobody has written to since it was `before`: a number that differs
        is from now on expected to change by itself."""
        now = self.look(entity)
        numbers = {n for n, value in now.items() if is_number(value)}
        self.drifting |= {n for n in numbers & before.keys() if before[n] != now[n]}
        return now

    def unchanged(
        self,
        entity: Entity,
        new: Mapping[str, Json],
        rule: str,
        why: str,
        apart: Collection[str] = (),
    ) -> None:
        """Fields are as the entity was last seen, except those that change by themselves, and those
        `apart`. A job changes only if time has passed since."""
        old, of = entity.value, entity.resource
        free = of.moved(old, new) if self.can_have_aged(entity) else of.live
        free = free.union(apart)
        if not of.strict:
            free = free | of.counted
        for name in sorted(old.keys() & new.keys() - free - self.drifting):
            if not of.strict and name not in of.shown and isinstance(new[name], int | float):
                # An undocumented number may count anything.
                continue
            listed = rule == "row_as_read"
            same = not of.strict and remains(old[name], new[name], name, listed=listed)
            if old[name] != new[name] and not same:
                self.fail(rule, f"{why}: {name} was {short(old[name])}, is {short(new[name])}")


def wrapped(body: Json, path: Sequence[str]) -> Json:
    """A body nested in the objects that lead to its place."""
    for name in reversed(path):
        body = {name: body}
    return body


def _text(exchange: Exchange) -> str:
    return " ".join(exchange.body[:200].decode("utf-8", "replace").split())
