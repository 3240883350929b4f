"""The new values that a verb gives the properties of an entity, and the secrets that it renews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.inferred.acceptance import under_own_names
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.inferred.memberships import changed_elements
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.inferred.schedules import asked_until, extended, instant_of
from mockserver.engine.messages import Reply
from mockserver.engine.timestamps import seconds
from mockserver.inference.model import LATER, LESS, MORE, NEW, OTHER, Elements, Transition
from mockserver.inference.verb_words import SETTING
from mockserver.inference.words import SECRETS, tokens
from mockserver.openapi.document import MISSING

_ATTEMPTS = 16
_LASTS = seconds(3600)
"""How long something is to last that has had no end."""


def changes_of(
    call: Call,
    verb: Transition,
    sent: Mapping[str, Any],
    shown: Entity | None,
    entity: Entity,
) -> dict[str, Any]:
    """The new values of the entity's properties."""
    context, before = call.context, entity.data
    flat = context.flat(call.resource)
    own = flat.properties
    taken = sent if verb.takes else {}
    if verb.verb not in SETTING:
        # It says which one is meant, of whatever kind.
        taken = {name: value for name, value in taken.items() if name != call.resource.identity.key}
    placed = under_own_names(context.schemas, call.resource, own, taken, before)
    changes = {name: value for name, value in placed.items() if name in own}
    for name, value in verb.changes:
        if not name:  # the state of a job that has only flags
            changes[name] = value
            continue
        holder, _, inner = name.partition(".") if name not in own else (name, "", "")
        told, schema = value, own[holder]
        if inner:
            schema = context.schemas.flat(schema).properties[inner]
        switches = isinstance(value, bool) or value == OTHER
        if switches and not inner and isinstance(sent.get(holder), bool):
            continue  # `{"enabled": false}` to `/toggle`
        if value in (MORE, LESS):
            value = _counted(_known(before, holder, inner), verb, value, before)
        elif value == OTHER:
            value = not _known(before, holder, inner)
        elif value == NEW:
            value = _another(call, inner or name, _known(before, holder, inner))
        elif value == LATER:
            value = _later(call, name, schema, sent, entity)
        elif isinstance(value, Elements):
            body = sent if value.sent and value.sent[0] in sent else call.request.body
            value = changed_elements(call, value, body, before.get(holder), holder)
        else:
            value = _value(call, inner or name, schema, value, sent, shown)
        if value is MISSING or (told == "now" and placed.get(name) is not None):
            continue  # the client says when
        if inner:
            above = changes.get(holder, before.get(holder))
            value = {**(above if isinstance(above, Mapping) else {}), inner: value}
        changes[holder] = value
    return changes


def _counted(known: Any, verb: Transition, value: str, before: Mapping[str, Any]) -> Any:
    """One more or less than before; as many, if the flags of the verb say that it is done."""
    number = known if isinstance(known, int) else 0
    turned = next((name for name, one in verb.changes if one == OTHER), None)
    if turned is not None:
        value = LESS if _known(before, *turned.split(".", 1)) else MORE
    flags = {name: one for name, one in verb.changes if isinstance(one, bool)}
    if flags and all(before.get(name) is one for name, one in flags.items()):
        return number
    return number + 1 if value == MORE else max(0, number - 1)


def _known(before: Mapping[str, Any], name: str, inner: str = "") -> Any:
    """The value of a property, or of one in it."""
    value = before.get(name)
    return (value.get(inner) if isinstance(value, Mapping) else None) if inner else value


def _value(
    call: Call,
    name: str,
    schema: Any,
    value: Any,
    sent: Mapping[str, Any],
    shown: Entity | None,
) -> Any:
    """The new value of a property; MISSING if the request does not say it."""
    if not isinstance(value, str):
        return value
    schemas = call.context.schemas
    if value == "now" and not _is_text_of(schemas.flat(schema)):
        return stamp(schemas, name, schema, call.world.now)
    if value.startswith("body."):
        return sent.get(value.removeprefix("body."), MISSING)
    if value.startswith("shown."):
        return MISSING if shown is None else dict(shown.data)
    return value


def _later(call: Call, name: str, schema: Any, sent: Mapping[str, Any], entity: Entity) -> Any:
    """A later moment than the one in a property."""
    now = call.world.now
    until = instant_of(entity.data.get(name))
    begun = entity.row.get("at", now)
    lasted = until - begun if until is not None and until > begun else _LASTS
    asked = asked_until(sent, now)
    later = asked if asked is not None else extended(sent, until or now, lasted)
    return stamp(call.context.schemas, name, schema, later)


def _another(call: Call, name: str, known: Any) -> Any:
    """Another value for a property than the known one and the examples of the document."""
    schemas, schema, value = call.context.schemas, call.resource.schema, None
    place = schemas.place(schema, name) if schema else None
    if place is None:
        return None
    had = (known, *schemas.flat_at(schemas.main(place)).notes.examples)
    ordinal = call.world.ordinal("another:" + call.resource.name)
    for attempt in range(_ATTEMPTS):
        value = call.context.values.make(place, call.rng(name, ordinal, attempt), name=name)
        if value not in had:
            break
    return value


def _is_text_of(flat: Any) -> bool:
    """Whether `now` can be an ordinary value, as in an enum."""
    return flat.values is not None and "now" in flat.values


def response_secrets(call: Call, entity: Entity) -> set[str]:
    """The secrets that are stored with an entity, but that its schema does not show: only the
    responses to some verbs have them."""
    own = call.context.flat(call.resource).properties
    return {n for n in entity.data if n not in own and not SECRETS.isdisjoint(tokens(n)[-1:])}


def with_new_secrets(call: Call, entity: Entity, secrets: set[str]) -> Reply:
    """The response to a verb that renews these secrets (`/rotate`): another value each time."""
    own = call.context.flat(call.resource).properties
    kept = {n: v for n, v in call.known(entity).items() if n not in secrets}
    rng = call.rng(entity.key, call.world.ordinal(f"renewed:{call.resource.name}"))
    at, mode = call.action.response.at, call.mode("fresh")
    return call.context.answers.reply(call.operation, rng, kept, at, mode, own=own)
