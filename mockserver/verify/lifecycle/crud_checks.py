"""Checks of creating, reading, changing and removing entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.verify.lifecycle import samples
from mockserver.verify.lifecycle.infer import body_schema, inner, properties, reply_schema
from mockserver.verify.lifecycle.model import Resource, Switch, at
from mockserver.verify.lifecycle.session import Session, Thing, _short, wrapped
from mockserver.verify.model import Exchange

Json = Any


def read(session: Session, thing: Thing) -> dict[str, Json]:
    """It exists, and is unchanged."""
    resource = thing.resource
    exchange = session.call(resource.read, thing.where)
    session.expect(exchange, [200], "made_is_there", f"a {resource.name} that was created is read")
    value = session.thing(exchange, resource)
    found = resource.identity(value)
    if found is not None and found != thing.id:
        session.fail("made_is_there", f"requested {thing.id}, got {found}")
    session.unchanged(thing.value, value, resource, "read_your_writes", "nothing has changed it")
    thing.value = value
    return value


def change(session: Session, thing: Thing) -> None:
    """Every simple field can be set and is read back; a change of one leaves the others."""
    fields = changes(session, thing)
    if not fields:
        return
    _apply(session, thing, fields)
    if thing.resource.partial:
        name = next(iter(fields))
        _apply(session, thing, {name: changes(session, thing)[name]})


def clear(session: Session, thing: Thing) -> None:
    """Null clears a field that is nullable in both the request and the reply."""
    resource = thing.resource
    contract = session.target.contract
    operation = session.operation(resource.change)
    schema, answer = body_schema(contract, operation), reply_schema(contract, operation)
    if schema is None or answer is None or not resource.partial:
        return
    shown = properties(contract, answer)
    for name, value in properties(contract, schema).items():
        nullable = value.get("x-null") and shown.get(name, {}).get("x-null")
        if nullable and name not in resource.skip and thing.value.get(name) is not None:
            _apply(session, thing, {name: None})
            return


def changes(session: Session, thing: Thing) -> dict[str, Json]:
    """A body that sets every simple field to a new value."""
    resource, contract = thing.resource, session.target.contract
    schema = body_schema(contract, session.operation(resource.change))
    if schema is None:
        return {}
    session.number += 1
    return samples.sample(
        contract,
        inner(contract, schema, resource.sent_change),
        session.number,
        session.reference(resource),
        full=True,
        skip=resource.skip,
    )


def _apply(session: Session, thing: Thing, fields: dict[str, Json]) -> None:
    resource = thing.resource
    body = wrapped(fields, resource.sent_change)
    exchange = session.call(resource.change, thing.where, body=body)
    if exchange.status >= 400 and not resource.strict:
        return
    operation = session.operation(resource.change)
    if resource.strict:
        session.expect(exchange, [operation.success], "good_body_accepted", "a valid change")
    if exchange.body and (resource.strict or _has_thing(exchange, resource)):
        value = session.thing(exchange, resource)
        session.echoes(fields, value, resource)
        if resource.partial:
            free = MOVING if resource.strict else (*MOVING, *resource.counted)
            old = {k: v for k, v in thing.value.items() if k not in fields and k not in free}
            why = f"only {', '.join(fields)} was sent"
            session.unchanged(old, value, resource, "partial_change", why)
        _times(session, thing.value, value)
        thing.value = value
    elif not resource.strict:
        # The reply does not show the entity: read it to see what changed and what stayed.
        kept = thing.value if resource.partial else {}
        thing.value = {k: v for k, v in kept.items() if k not in fields and k not in MOVING}
    thing.sent |= fields
    if resource.read:
        value = read(session, thing)
        if not resource.strict:
            session.echoes(fields, value, resource)


def _has_thing(exchange: Exchange, resource: Resource) -> bool:
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


def remove(session: Session, thing: Thing) -> None:
    """It is removed, stays removed, and can't be removed again."""
    resource = thing.resource
    operation = session.operation(resource.remove)
    exchange = session.call(resource.remove, thing.where)
    if exchange.status >= 400 and not resource.strict:
        return
    if exchange.status == 409 and 409 in operation.documented:
        return
    if resource.strict:
        session.expect(exchange, [operation.success], "removal_accepted", "an existing entity")
    session.removed(thing)
    gone(session, thing)
    again = session.call(resource.remove, thing.where)
    if resource.strict:
        session.not_found(again, "gone_is_gone", "removed a second time")


def gone(session: Session, thing: Thing) -> None:
    """A removed entity is not found."""
    resource = thing.resource
    if resource.read:
        exchange = session.call(resource.read, thing.where)
        session.not_found(exchange, "gone_is_gone", f"the {resource.name} was removed")
    if resource.change and resource.strict and thing.sent:
        schema = body_schema(session.target.contract, session.operation(resource.change))
        known = properties(session.target.contract, schema or {})
        body = {k: v for k, v in thing.sent.items() if k in known and v is not None}
        exchange = session.call(resource.change, thing.where, body=body)
        session.not_found(exchange, "gone_is_gone", f"the {resource.name} was removed")


def unknown(session: Session, thing: Thing) -> None:
    """An unknown id is not found, by any operation."""
    for operation_id in (thing.resource.read, thing.resource.remove):
        nobody = _nobody(session, operation_id, thing) if operation_id else ""
        if nobody:
            where = {**thing.where, thing.resource.id_parameter: nobody}
            exchange = session.call(operation_id, where)
            if 400 <= exchange.status < 500 and not thing.resource.strict:
                # The document does not fully define which ids can exist.
                continue
            session.not_found(exchange, "unknown_is_not_found", "unknown id")


def _nobody(session: Session, operation_id: str, thing: Thing) -> str:
    """A well-formed id of no entity, or ""."""
    name = thing.resource.id_parameter
    parameters = session.operation(operation_id).parameters
    schema = next((p.schema for p in parameters if p.name == name), {})
    if schema.get("type") == "integer":
        return str(schema.get("maximum", 987654321))
    return "" if "pattern" in schema else "00000000-0000-4000-8000-0000000000ff"


def malformed(session: Session, thing: Thing) -> None:
    """A malformed id is refused as documented, not as an unknown one."""
    operation = session.operation(thing.resource.read)
    parameter = next(p for p in operation.parameters if p.name == thing.resource.id_parameter)
    if 422 not in operation.documented or parameter.schema.get("format") != "uuid":
        return
    exchange = session.call(operation.id, {**thing.where, parameter.name: "not-a-uuid"})
    if 400 <= exchange.status < 500 and not thing.resource.strict:
        return
    session.expect(exchange, [422], "malformed_is_refused", "the id is not a UUID")


def refusals(session: Session, thing: Thing) -> None:
    """An invalid body is refused with the documented status; without a key, the missing key is
    refused first."""
    operation = session.operation(thing.resource.create)
    if operation.body is None or not operation.body.required:
        return
    wanted = [s for s in (422, 400) if s in operation.documented][:1]
    bad: list[tuple[bytes, str]] = [(b'{"', "a body that is not JSON")]
    schema = body_schema(session.target.contract, operation) or {}
    if thing.resource.strict or schema.get("type") == "object":
        bad.append((b"[]", "a list"))
    for content, why in bad:
        exchange = session.call(
            operation.id,
            thing.path,
            content=content,
            headers={"content-type": "application/json"},
        )
        if wanted and thing.resource.strict:
            session.expect(exchange, wanted, "bad_body_refused", why)
        elif exchange.status < 400:
            session.fail("bad_body_refused", f"{why} is accepted with {exchange.status}")
    _spoiled_refused(session, thing)
    if operation.security and thing.resource.strict:
        exchange = session.call(operation.id, thing.path, body={}, key=None)
        session.expect(exchange, [401], "auth_comes_first", "an invalid body and no key")


def _spoiled_refused(session: Session, thing: Thing) -> None:
    """One invalid field in an otherwise valid body is refused; the ids in it are valid."""
    contract = session.target.contract
    resource = thing.resource
    schema = body_schema(contract, session.operation(resource.create)) or {}
    body = session.body_for(resource)
    for why, bad in samples.spoiled(contract, inner(contract, schema, resource.sent), body or {}):
        exchange = session.call(resource.create, thing.path, body=wrapped(bad, resource.sent))
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


def switch(session: Session, thing: Thing, by: Switch) -> None:
    """It sets the field, which is read back; setting it again changes nothing."""
    for time in ("once", "again"):
        exchange = session.call(by.operation, thing.where)
        operation = session.operation(by.operation)
        session.expect(exchange, [operation.success], "switch_is_idempotent", f"{time}")
        value = session.object(exchange)
        if value.get(by.field) != by.value:
            session.fail("switch_sets", f"{by.field} is {_short(value.get(by.field))}")
        if time == "again":
            session.unchanged(
                thing.value, value, thing.resource, "switch_is_idempotent", "already set"
            )
        thing.value = value
        read(session, thing)


def clone(session: Session, thing: Thing, operation_id: str) -> None:
    """A copy has the original's content and its own identity."""
    session.number += 1
    body: dict[str, Json] | None = {"name": f"Copy {session.number}"}
    operation = session.operation(operation_id)
    if not thing.resource.strict:
        schema = body_schema(session.target.contract, operation) or {}
        body = body if "name" in properties(session.target.contract, schema) else None
    exchange = session.call(operation_id, thing.where, body=body)
    if exchange.status >= 400 and not thing.resource.strict:
        return
    if thing.resource.strict:
        session.expect(exchange, [operation.success], "clone_accepted", "a copy")
    value = session.thing(exchange, thing.resource)
    session.echoes(body or {}, value, thing.resource)
    for name, old in thing.value.items():
        if isinstance(old, list) and len(value.get(name) or []) != len(old):
            count = len(value.get(name) or [])
            session.fail(
                "clone_is_whole", f"{name} has {count} entries, {len(old)} in the original"
            )
    copy = session.made(thing.resource, thing.path, None, exchange)
    read(session, copy)
    read(session, thing)


def embedded(session: Session, thing: Thing) -> None:
    """An entity shown by its owner is there while it exists, and not afterwards."""
    segment = thing.resource.collection.rstrip("/").rsplit("/", 1)[1]
    for owner in session.things:
        if owner.id in thing.path.values() and owner.alive and owner.resource.read:
            shown = read(session, owner).get(segment) if owner.resource.strict else None
            if not isinstance(shown, list):
                continue
            ids = [str(thing.resource.identity(row)) for row in shown if isinstance(row, dict)]
            if ids.count(thing.id) != thing.alive:
                state = "created and is not" if thing.alive else "removed and is still"
                session.fail(
                    "shown_by_owner", f"{thing.resource.name} {thing.id} was {state} there"
                )
