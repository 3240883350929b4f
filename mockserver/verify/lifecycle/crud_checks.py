"""Checks of creating, reading, changing and removing entities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.files.wording import counted
from mockserver.openapi.model import Json
from mockserver.openapi.path_templates import shape
from mockserver.verify.lifecycle import samples
from mockserver.verify.lifecycle.list_checks import ALL, walk
from mockserver.verify.lifecycle.model import Resource, Switch, at
from mockserver.verify.lifecycle.session import (
    ACCEPTED,
    Broken,
    Entity,
    Inconclusive,
    Session,
    wrapped,
)
from mockserver.verify.lifecycle.values import says_it_is_gone, short
from mockserver.verify.model import Exchange, Finding
from mockserver.verify.ownership import Withheld
from mockserver.verify.schemas import body_schema, inner, properties, reply_schema
from mockserver.verify.target import NoReply, credentials, fill

# Checks of undocumented methods: 405, with a correct Allow header.

CANDIDATES = ("PATCH", "PUT", "DELETE", "POST", "GET")
EXTRA = {"HEAD", "OPTIONS", "TRACE"}


def allowed(session: Session) -> None:
    """Try one undocumented method at every path."""
    for path, documented in _paths(session):
        method = next((m for m in CANDIDATES if m not in documented), None)
        if method is None:
            continue
        try:
            exchange = session.target.send(method, fill(path, session.target.params))
        except (Withheld, NoReply):
            continue
        session.steps.append(exchange)
        if exchange.status != 405:
            continue
        allow = {m.strip().upper() for m in exchange.headers.get("allow", "").split(",")} - {""}
        if allow - EXTRA != documented - EXTRA:
            raise Broken(
                Finding(
                    "allow_is_true",
                    f"{method} {path}",
                    "Allow is correct",
                    f"Allow lists {', '.join(sorted(allow)) or 'nothing'}, "
                    f"the document has {', '.join(sorted(documented))}",
                    [exchange],
                )
            )


def _paths(session: Session) -> Iterator[tuple[str, set[str]]]:
    """Each path with its methods; templates that match the same URLs count as one."""
    first: dict[str, str] = {}
    methods: dict[str, set[str]] = {}
    for operation in session.target.contract.operations:
        path = first.setdefault(shape(operation.path), operation.path)
        methods.setdefault(path, set()).add(operation.method)
    yield from methods.items()


def read(session: Session, entity: Entity) -> dict[str, Json]:
    """It exists, and is unchanged."""
    resource = entity.resource
    value = session.look(entity)
    found = resource.identity(value)
    if found is not None and found != entity.id:
        session.fail("made_is_there", f"requested {entity.id}, got {found}")
    why = "nothing has changed it"
    try:
        session.unchanged(entity, value, "read_your_writes", why)
    except Broken:
        # A number that goes on changing while nobody writes is one that time changes.
        if not session.can_have_aged(entity) or not session.time.pass_(1.0):
            raise
        value = session.look_again(entity, value)
        session.unchanged(entity, value, "read_your_writes", why)
    session.saw(entity, value)
    return value


def change(session: Session, entity: Entity) -> None:
    """Every simple field can be set and is read back; a change of one leaves the others."""
    fields = changes(session, entity)
    if not fields:
        return
    _apply(session, entity, fields)
    if entity.resource.partial:
        name = next(iter(fields))
        _apply(session, entity, {name: changes(session, entity)[name]})


def clear(session: Session, entity: Entity) -> None:
    """Null clears a field that is nullable in both the request and the reply."""
    resource = entity.resource
    contract = session.target.contract
    operation = session.operation(resource.change)
    schema, answer = body_schema(contract, operation), reply_schema(contract, operation)
    if schema is None or answer is None or not resource.partial:
        return
    shown = properties(contract, answer)
    for name, value in properties(contract, schema).items():
        nullable = value.get("x-null") and shown.get(name, {}).get("x-null")
        if nullable and name not in resource.skip and entity.value.get(name) is not None:
            _apply(session, entity, {name: None})
            return


def changes(session: Session, entity: Entity) -> dict[str, Json]:
    """A body that sets every simple field to a new value."""
    resource, contract = entity.resource, session.target.contract
    schema = body_schema(contract, session.operation(resource.change))
    if schema is None:
        return {}
    session.number += 1
    made = samples.sample(
        contract,
        inner(contract, schema, resource.sent_change),
        session.number,
        session.reference(resource),
        full=True,
        # Where paths have its name, another one would move it.
        skip=session.known(resource).skip | {resource.id_field},
    )
    kept = {resource.id_field} & made.keys() & entity.value.keys()
    return made | {name: entity.value[name] for name in kept}


def _apply(session: Session, entity: Entity, fields: dict[str, Json]) -> None:
    resource = entity.resource
    body = wrapped(fields, resource.sent_change)
    exchange = session.call(resource.change, entity.where, body=body)
    if exchange.status >= 400 and not resource.strict:
        return
    operation = session.operation(resource.change)
    if resource.strict:
        session.expect(exchange, [operation.success], "good_body_accepted", "a valid change")
    if exchange.body and (resource.strict or _shows_entity(exchange, resource)):
        value = session.entity(exchange, resource)
        session.echoes(fields, value, resource)
        if resource.partial:
            why = f"only {', '.join(fields)} was sent"
            session.unchanged(entity, value, "partial_change", why, {*fields, *MOVING})
        _times(session, entity.value, value)
        session.saw(entity, value)
    elif not resource.strict:
        # The reply does not show the entity: read it to see what changed and what stayed.
        kept = entity.value if resource.partial else {}
        entity.value = {k: v for k, v in kept.items() if k not in fields and k not in MOVING}
    entity.sent |= fields
    if resource.read:
        value = read(session, entity)
        if not resource.strict:
            session.echoes(fields, value, resource)


def _shows_entity(exchange: Exchange, resource: Resource) -> bool:
    try:
        return isinstance(at(exchange.json(), resource.at), dict)
    except ValueError:
        return False


MOVING = ("updated_at", "updatedAt", "modified_at")


def _times(session: Session, old: Mapping[str, Json], new: Mapping[str, Json]) -> None:
    for name in MOVING:
        before, after = old.get(name), new.get(name)
        if isinstance(before, str) and isinstance(after, str) and after < before:
            session.fail("time_moves_forward", f"{name} went back from {before} to {after}")
    for name in ("created_at", "createdAt"):
        if name in old and name in new and old[name] != new[name]:
            session.fail("creation_stays", f"{name} was {old[name]}, is {new[name]}")


def remove(session: Session, entity: Entity) -> None:
    """It is removed, stays removed, and can't be removed again."""
    resource = entity.resource
    operation = session.operation(resource.remove)
    exchange = session.call(resource.remove, entity.where)
    if exchange.status >= 400 and not resource.strict:
        return
    if exchange.status == 409 and 409 in operation.documented:
        return
    if resource.strict:
        session.expect(exchange, [operation.success], "removal_accepted", "an existing entity")
    session.removed(entity)
    if exchange.status == ACCEPTED and not resource.strict:
        session.await_read(entity, there=False)
    gone(session, entity)
    again = session.call(resource.remove, entity.where)
    if resource.strict:
        session.not_found(again, "gone_is_gone", "removed a second time")


def gone(session: Session, entity: Entity) -> None:
    """A removed entity is not found."""
    resource = entity.resource
    if resource.read:
        exchange = session.call(resource.read, entity.where)
        documented = session.operation(resource.read).documented
        # Some APIs do not say whether there is something that nobody may read.
        hidden = [403] if 403 in documented and not resource.strict else []
        shown = exchange.status < 400 and _shows_entity(exchange, resource)
        now = at(exchange.json(), resource.at) if shown and not resource.strict else None
        if says_it_is_gone(entity.value, now):
            # It is kept for the record; whether a list shows it is open.
            session.entities.remove(entity)
            return
        session.not_found(exchange, "gone_is_gone", f"the {resource.name} was removed", hidden)
    if resource.change and resource.strict and entity.sent:
        schema = body_schema(session.target.contract, session.operation(resource.change))
        known = properties(session.target.contract, schema or {})
        body = {k: v for k, v in entity.sent.items() if k in known and v is not None}
        exchange = session.call(resource.change, entity.where, body=body)
        session.not_found(exchange, "gone_is_gone", f"the {resource.name} was removed")


def unknown(session: Session, entity: Entity) -> None:
    """An unknown id is not found, by any operation."""
    for operation_id in (entity.resource.read, entity.resource.remove):
        nobody = _nobody(session, operation_id, entity) if operation_id else ""
        if nobody:
            where = {**entity.where, entity.resource.id_parameter: nobody}
            exchange = session.call(operation_id, where)
            if 400 <= exchange.status < 500 and not entity.resource.strict:
                # The document does not fully define which ids can exist.
                continue
            session.not_found(exchange, "unknown_is_not_found", "unknown id")


def _nobody(session: Session, operation_id: str, entity: Entity) -> str:
    """A well-formed id of no entity, or ""."""
    name = entity.resource.id_parameter
    parameters = session.operation(operation_id).parameters
    schema = next((p.schema for p in parameters if p.name == name), {})
    if schema.get("type") == "integer":
        return str(schema.get("maximum", 987654321))
    return "" if "pattern" in schema else "00000000-0000-4000-8000-0000000000ff"


def malformed(session: Session, entity: Entity) -> None:
    """A malformed id is refused as documented, not as an unknown one."""
    operation = session.operation(entity.resource.read)
    parameter = next(p for p in operation.parameters if p.name == entity.resource.id_parameter)
    if 422 not in operation.documented or parameter.schema.get("format") != "uuid":
        return
    exchange = session.call(operation.id, {**entity.where, parameter.name: "not-a-uuid"})
    if 400 <= exchange.status < 500 and not entity.resource.strict:
        return
    session.expect(exchange, [422], "malformed_is_refused", "the id is not a UUID")


def refusals(session: Session, entity: Entity) -> None:
    """An invalid body is refused with the documented status; without a key, the missing key is
    refused first."""
    operation = session.operation(entity.resource.create)
    if operation.body is None or not operation.body.required:
        return
    wanted = [s for s in (422, 400) if s in operation.documented][:1]
    bad: list[tuple[bytes, str]] = [(b'{"', "a body that is not JSON")]
    schema = body_schema(session.target.contract, operation) or {}
    if entity.resource.strict or schema.get("type") == "object":
        bad.append((b"[]", "a list"))
    for content, why in bad:
        exchange = session.call(
            operation.id,
            entity.path,
            content=content,
            headers={"content-type": "application/json"},
        )
        if wanted and entity.resource.strict:
            session.expect(exchange, wanted, "bad_body_refused", why)
        elif exchange.status < 400:
            session.fail("bad_body_refused", f"{why} is accepted with {exchange.status}")
    _spoiled_refused(session, entity)
    if operation.security and entity.resource.strict:
        exchange = session.call(operation.id, entity.path, body={}, key=None)
        session.expect(exchange, [401], "auth_comes_first", "an invalid body and no key")


def _spoiled_refused(session: Session, entity: Entity) -> None:
    """One invalid field in an otherwise valid body is refused; the ids in it are valid."""
    contract = session.target.contract
    resource = entity.resource
    schema = body_schema(contract, session.operation(resource.create)) or {}
    body = session.body_for(resource)
    for why, bad in samples.spoiled(contract, inner(contract, schema, resource.sent), body or {}):
        exchange = session.call(resource.create, entity.path, body=wrapped(bad, resource.sent))
        if exchange.status < 400:
            session.fail("bad_body_refused", f"a body is accepted although {why}")


def twins(session: Session, resource: Resource) -> None:
    """Two equal requests create two entities, where the API is known to do so."""
    if not resource.strict:
        return
    path, body = session.parents(resource), session.body_for(resource)
    for _ in range(2):
        exchange = session.call(resource.create, path, body=body)
        session.made(resource, path, body, exchange)


def switch(session: Session, entity: Entity, by: Switch) -> None:
    """It sets the field, which is read back; setting it again changes nothing."""
    for time in ("once", "again"):
        exchange = session.call(by.operation, entity.where)
        operation = session.operation(by.operation)
        session.expect(exchange, [operation.success], "switch_is_idempotent", f"{time}")
        value = session.object(exchange)
        if value.get(by.field) != by.value:
            session.fail("switch_sets", f"{by.field} is {short(value.get(by.field))}")
        if time == "again":
            session.unchanged(entity, value, "switch_is_idempotent", "already set")
        session.saw(entity, value)
        read(session, entity)


def clone(session: Session, entity: Entity, operation_id: str) -> None:
    """A copy has the original's content and its own identity."""
    session.number += 1
    body: dict[str, Json] | None = {"name": f"Copy {session.number}"}
    operation = session.operation(operation_id)
    if not entity.resource.strict:
        schema = body_schema(session.target.contract, operation) or {}
        body = body if "name" in properties(session.target.contract, schema) else None
    exchange = session.call(operation_id, entity.where, body=body)
    if exchange.status >= 400 and not entity.resource.strict:
        return
    if entity.resource.strict:
        session.expect(exchange, [operation.success], "clone_accepted", "a copy")
    value = session.entity(exchange, entity.resource)
    session.echoes(body or {}, value, entity.resource)
    for name, old in entity.value.items():
        if isinstance(old, list) and len(value.get(name) or []) != len(old):
            count = len(value.get(name) or [])
            session.fail(
                "clone_is_whole",
                f"{name} has {counted(count, 'entry')}, {len(old)} in the original",
            )
    copy = session.made(entity.resource, entity.path, None, exchange)
    read(session, copy)
    read(session, entity)


def embedded(session: Session, entity: Entity) -> None:
    """An entity shown by its owner is there while it exists, and not afterwards."""
    segment = entity.resource.collection.rstrip("/").rsplit("/", 1)[1]
    for owner in session.entities:
        if owner.id in entity.path.values() and owner.alive and owner.resource.read:
            shown = read(session, owner).get(segment) if owner.resource.strict else None
            if not isinstance(shown, list):
                continue
            ids = [str(entity.resource.identity(row)) for row in shown if isinstance(row, dict)]
            if ids.count(entity.id) != entity.alive:
                state = "created and is not" if entity.alive else "removed and is still"
                session.fail(
                    "shown_by_owner", f"{entity.resource.name} {entity.id} was {state} there"
                )


# Access checks: nothing without a key, and no access to another user's entities.

REFUSED = (401, 403)


def anonymous(session: Session, operation_id: str, entity: Entity | None = None) -> None:
    """A missing key, a wrong key, and a key in the wrong place are all refused."""
    operation = session.operation(operation_id)
    contract = session.target.contract
    if not operation.security or not all(operation.security):
        # No key is required, or anonymous access is one of the alternatives.
        return
    where = entity.where if entity else {}
    wanted = [s for s in REFUSED if s in operation.documented] or list(REFUSED)
    exchange = session.call(operation_id, where, key=None)
    session.expect(exchange, wanted, "key_is_needed", "no key")
    exchange = session.call(operation_id, where, key="wrong-key-for-sure")
    session.expect(exchange, wanted, "key_is_needed", "an invalid key")
    if "authorization" not in credentials(contract, session.target.key):
        bearer = {"authorization": f"Bearer {session.target.key}"}
        exchange = session.call(operation_id, where, key=None, headers=bearer)
        session.expect(exchange, wanted, "key_has_its_place", "the key as a bearer token")


def foreign(session: Session, entity: Entity, also: tuple[str, ...] = ()) -> None:
    """Another user can't read, list, change, remove or move the entity, and it stays unchanged."""
    resource = entity.resource
    key = session.other
    for operation_id in filter(None, (resource.read, *also, resource.change, resource.remove)):
        if not session.operation(operation_id).security:
            continue
        body = _body(session, entity, operation_id)
        exchange = session.call(operation_id, entity.where, body=body, key=key)
        if exchange.status == 401:
            # The key is not valid here, so it can't show what another user sees.
            raise Inconclusive(
                "the second key is refused with 401; give a valid one with --other-key"
            )
        session.not_found(exchange, "tenants_are_apart", "another user's key", [403])
    secured = resource.list and session.operation(resource.list).security
    if secured and not resource.parents:
        rows = walk(session, resource, entity.path, limit=ALL, key=key)
        if any(resource.identity(row) == entity.id for row in rows):
            session.fail(
                "tenants_are_apart", f"another user's list has {resource.name} {entity.id}"
            )
    if resource.read:
        read(session, entity)


def _body(session: Session, entity: Entity, operation_id: str) -> object:
    """A body that would change something; other operations go without one."""
    if operation_id != entity.resource.change:
        return None
    return wrapped(changes(session, entity), entity.resource.sent_change)
