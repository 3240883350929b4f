"""New and changed entities: what was sent, completed by what the server sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.acceptance import kept_or_refused
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.consistency import agreeing
from mockserver.engine.inferred.context import Context, dig, id_text, named
from mockserver.engine.inferred.expiry import with_expiries
from mockserver.engine.inferred.field_roles import (
    is_nullable,
    kinds,
    owner_values,
    set_times,
    stamp,
)
from mockserver.engine.inferred.files import facts_of
from mockserver.engine.inferred.job_fields import outcome_salt
from mockserver.engine.inferred.repository import Entity, Repository, first_flags, value_at
from mockserver.engine.inferred.schedules import deadline, led, plan_job, state_of, with_state
from mockserver.engine.inferred.tallies import sizes
from mockserver.engine.jobs import cut
from mockserver.engine.randomness import Rng
from mockserver.engine.world import new_id
from mockserver.inference.parts import RELATIONSHIPS
from mockserver.inference.resource_model import Resource, States
from mockserver.inference.words import (
    ID_ENDS,
    bag,
    is_participle,
    last_word,
    moment_stem,
    noun,
    snake_case,
    tokens,
)
from mockserver.openapi.schemas.resolved import Flat


def new_entity(
    call: Call,
    repository: Repository,
    sent: Mapping[str, Any],
    fixed: Mapping[str, Any],
    parent: str,
) -> Entity:
    """An entity for a request. `fixed` comes from the path; nothing is stored yet.

    Raises Invalid if it can't show what was sent.
    """
    context, world, resource = call.context, call.world, repository.resource
    ordinal = world.ordinal("made:" + resource.name)
    rng = Rng.of(world, "made", resource.name, ordinal)
    facts = {n: v for n, v in facts_of(call).items() if n not in sent}
    known = {
        **first_flags(repository, sent),
        **dict.fromkeys(_first_counts(repository), 0),
        **defaults(context, resource, sent),
        **sent,
        **facts,
        **_owned(call, repository, sent, ordinal, parent),
        **fixed,
    }
    known.update(context.embeds.named(world, resource, sent, _above(call)))
    known.update(_copied_from_above(call, repository, known, parent))
    name, number = resource.identity.key, ordinal + resource.seeds
    if name is not None and fixed.get(name) is None:
        wished = _key_value(call, resource, name, sent, ordinal, rng)
        known[name] = context.keys.fitting(resource, wished, rng, number)
    known.update(_other_ids(call, resource, known, ordinal, rng))
    requested = _asked(call, repository)
    known.update(sizes(repository, {**requested, **sent}))
    row = _begin(call, repository, sent, known)
    if requested and "schedule" in row and _moves(resource):
        row["requested"] = requested
    if facts and "schedule" in row:
        # The size of a file is known at once, other results after processing.
        row["kept"] = {**row.get("kept", {}), **facts}
    holder = repository.roles.holder
    given = {
        n: v
        for n, v in sent.items()
        if n in known and (known[n] is v or n == holder) and n not in fixed
    }
    data = complete(call, resource, rng, known, given)
    if resource.schema and (own := repository.flat.properties) and own.keys().isdisjoint(data):
        data.update(named(context.values.make(resource.schema, rng, mode="full")))  # never `{}`
    data = with_expiries(repository, data, sent, requested, world.now)
    data.update(context.compositions.composed(resource, data, sent))
    value = data.get(name) if name is not None else called(resource, sent) or _sent_id(call, sent)
    if value is None or value == "":
        value = context.keys.fitting(resource, new_id(world, resource.name), rng, number)
    if resource.identity.member is not None:
        value = _member(resource, data, sent) or value
    key = f"{parent}/{value}" if resource.identity.nested and parent else str(value)
    if "schedule" in row and _moves(resource):
        row["salt"] = outcome_salt(world, resource.name, ordinal)
    return Entity(key, data, parent, row)


def _other_ids(
    call: Call, resource: Resource, known: Mapping[str, Any], ordinal: int, rng: Rng
) -> dict[str, Any]:
    """The ids that a new entity has beside its own."""
    found: dict[str, Any] = {}
    spelled: dict[tuple[str, ...], Any] = {}
    for more, place in resource.identity.more.items():
        if known.get(more) is None:
            made = _made_id(call, resource, more, place, ordinal, rng)
            # The same id under two spellings.
            found[more] = spelled.setdefault(tokens(more), made)
    return found


def _asked(call: Call, repository: Repository) -> dict[str, Any]:
    """The properties of a request that the new entity does not have."""
    whole = named(call.sent) if call.resource.name == repository.resource.name else {}
    return {n: v for n, v in whole.items() if n not in repository.flat.properties}


def _first_counts(repository: Repository) -> list[str]:
    """The numbers that are 0 at first: of work only those of what happens to it later, such as
    `opened_count`. What it makes is counted by its schedule."""
    numbers = repository.roles.numbers
    if not _moves(repository.resource):
        return numbers
    return [name for name in numbers if is_participle(tokens(name)[0])]


def _moves(resource: Resource) -> bool:
    """Whether entities change with time."""
    return resource.states is not None and resource.states.moves


def _sent_id(call: Call, sent: Mapping[str, Any]) -> Any:
    """The id that a client sends where responses show it: `{"reference": {"job_id": "j1"}}`."""
    found = dig(sent, call.action.response.id_path) if call.action.response.id_path else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def _member(resource: Resource, data: Mapping[str, Any], sent: Mapping[str, Any]) -> Any:
    """The id of the entity of another resource that this one stands for."""
    found = value_at(data, resource.identity.member or ())
    if found in (None, ""):
        wanted = tokens(resource.identity.parameter or "")
        found = next((value for name, value in sent.items() if tokens(name) == wanted), None)
    return found


def _above(call: Call) -> dict[str, Any]:
    """The parent entities in the path, by resource."""
    names = call.names()
    return {
        link.resource: id_text(names[link.parameter])
        for link in call.action.parents
        if link.resource is not None and link.parameter in names
    }


def _copied_from_above(
    call: Call, repository: Repository, known: Mapping[str, Any], parent: str
) -> dict[str, Any]:
    """What an entity copies from its parent: `suite_name`, and the parent's values at creation
    (`pass_threshold_snapshot`)."""
    links = repository.resource.parents
    above = call.context.above(links[-1]) if links and parent else None
    entity = call.context.find(call.world, above, parent) if above is not None else None
    if above is None or entity is None:
        return {}
    noun = above.resource.noun
    nouns = (noun, last_word(noun))
    spelt = {snake_case(name): value for name, value in entity.data.items()}
    own = {f"{one}_{word}": value for one in nouns for word, value in spelt.items()}
    owner = call.context.compositions.owner(repository.resource, above.resource, entity.data)
    found = {name: value for name, value in owner.items() if name not in known}
    higher = {snake_case(link.field) for link in above.resource.parents if link.field}
    for name in call.context.flat(repository.resource).properties:
        word = snake_case(name)
        source = {**own, **spelt} if word.endswith("_snapshot") or word in higher else own
        value = source.get(word.removesuffix("_snapshot"))
        if value is None or name in known or (word.endswith("_id") and word not in higher):
            continue
        place = call.context.schemas.place(repository.resource.schema or "", name)
        if place is not None and call.context.values.check(place).is_valid(value):
            found[name] = value
    return found


def _begin(
    call: Call, repository: Repository, sent: Mapping[str, Any], known: dict[str, Any]
) -> dict[str, Any]:
    """The row of a new entity with its schedule. `known` gets the initial state, and no timestamps
    of others."""
    states, world = repository.resource.states, call.world
    if states is None:
        return {}
    for name, way in states.beside.items():
        known.setdefault(name, way[0])
    first = state_of(states, sent)
    puts = call.action.kind in ("write", "replace")
    if first not in states.known or not (
        puts or _may_set(call.context, repository.resource, states)
    ):
        first = states.new
    if not first:
        return {}
    if first in states.holds and first in states.path and not _is_asked_for(call, first, known):
        first = states.path[states.path.index(first) + 1]
    flat = call.context.flat(repository.resource)
    until = deadline(states, {**known, **sent}, world.now)
    if states.timeout is not None and until is not None and states.timeout not in sent:
        schema = flat.properties[states.timeout]
        known[states.timeout] = stamp(call.context.schemas, states.timeout, schema, until)
    if states.name:
        known[states.name] = with_state(states, known, first)
    for name, kinds_ in states.moments.items():
        if name not in sent and first not in kinds_:
            known[name] = None
    for name, kinds_ in states.flags.items():
        known[name] = first in kinds_
    return {"schedule": plan_job(states, world.now, world.settings.pace, first, until)}


def _is_asked_for(call: Call, state: str, known: Mapping[str, Any]) -> bool:
    """Whether a new entity waits for a client: always, unless the request decides
    (`require_approval`)."""
    request = call.resource.request
    words = set(tokens(state)) - _WAITING_WORDS
    for name, schema in call.context.schemas.flat_at(request).properties.items() if request else ():
        asks = set(tokens(name))
        if words & asks and asks & _ASKING and "boolean" in kinds(call.context.schemas, schema):
            return bool(known.get(name))
    return True


_ASKING = bag("require requires required needs need manual wait")
_WAITING_WORDS = bag("pending waiting awaiting requires required needs for")


def _may_set(context: Context, resource: Resource, states: States) -> bool:
    """Whether a client may choose the initial state."""
    if not resource.request:
        return False
    accepted = context.schemas.flat_at(resource.request).properties
    schema = accepted.get(states.name)
    return schema is not None and not context.schemas.flat(schema).notes.read_only


def complete(
    call: Call,
    resource: Resource,
    rng: Rng,
    known: Mapping[str, Any],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """What is known, completed by the schema; unknown properties are kept.

    Contains what the client has `given` unchanged, or Invalid is raised.
    """
    if resource.schema is None:
        return dict(known)
    context = call.context
    made = context.values.kept(
        resource.shape or resource.schema,
        rng,
        dict(known),
        mode=call.mode("sparse"),
        owner=resource.noun,
        without=() if call.world.leniency.fill else unsent(context, resource, known),
    )
    if not isinstance(made, Mapping):
        return dict(known)
    whole = kept_or_refused(call, resource, dict(made), given)
    whole = agreeing(context.schemas, context.flat(resource), resource, whole, known)
    return {**known, **whole}


def unsent(context: Context, resource: Resource, known: Mapping[str, Any]) -> Iterator[tuple[str]]:
    """Properties that a client could have sent and didn't; the server doesn't invent them."""
    flat = context.fitting(resource.shape, known)
    requested = context.fitting(resource.request, known).properties
    for name, schema in requested.items():
        if name not in known and name not in flat.required and name in flat.properties:
            notes = context.schemas.flat(schema).notes
            if not notes.read_only and notes.default is None:
                yield (name,)


def defaults(context: Context, resource: Resource, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The documented defaults of properties that were not sent."""
    if not resource.request:
        return {}
    found = {}
    for name, schema in context.fitting(resource.request, sent).properties.items():
        if name not in sent:
            flat = context.schemas.flat(schema)
            if flat.notes.defaults:
                found[name] = flat.notes.default
    return found


def _owned(
    call: Call, repository: Repository, sent: Mapping[str, Any], ordinal: int, parent: str
) -> dict[str, Any]:
    context, world, roles = call.context, call.world, repository.roles
    flat = context.flat(repository.resource)
    found: dict[str, Any] = {
        name: value for name, value in owner_values(world, roles).items() if name not in sent
    }
    if roles.held is not None:
        part = sent.get(roles.holder)
        part = {**roles.held.switches, **(part if isinstance(part, Mapping) else {})}
        found.update({roles.holder: part} if part else {})
    set_times(context.schemas, flat, roles, found, world.now, made=True)
    resource = repository.resource
    ownly = last_word(resource.noun) in ("version", "revision")
    versions = roles.versions if ownly else []
    beside = world[repository.collection.name].count(parent=parent)
    number = ordinal + resource.seeds
    found.update(dict.fromkeys(roles.counted, number))
    found.update(dict.fromkeys(versions, beside + 1 if parent else number))
    found.update(dict.fromkeys(roles.positions, beside))
    given = {*roles.counted, *roles.positions, *roles.versions} & sent.keys()
    return {name: value for name, value in found.items() if name not in given}


def _key_value(
    call: Call,
    resource: Resource,
    key: str,
    sent: Mapping[str, Any],
    ordinal: int,
    rng: Rng,
) -> Any:
    """The id: the sent one if the client may choose it, else a generated one."""
    context = call.context
    if sent.get(key) is not None:
        accepted = context.fitting(resource.request, sent).properties
        # `emails` are several of those that an `email` names.
        named = tokens(key)[-1:] not in ID_ENDS and noun(key) in map(noun, accepted)
        chosen = resource.identity.client_key or resource.identity.member == (key,)
        if chosen or named or tokens(key) in map(tokens, accepted):
            return sent[key]
    chosen = called(resource, sent)
    if chosen:
        return chosen
    place = context.schemas.place(resource.schema, key) if resource.schema is not None else None
    return _made_id(call, resource, key, place, ordinal, rng)


def _made_id(
    call: Call, resource: Resource, name: str, place: str | None, ordinal: int, rng: Rng
) -> Any:
    """A generated id that fits its schema."""
    context, world = call.context, call.world
    if place is None:
        return new_id(world, resource.name)
    spoken = kinds(context.schemas, context.schemas.at(place))
    if "integer" in spoken or "number" in spoken:
        return ordinal + resource.seeds
    rules = context.schemas.flat_at(place).rules
    free = rules.keys().isdisjoint(("pattern", "maxLength"))
    if free and rules.get("format") in (None, "uuid"):
        return new_id(world, resource.name)
    made = context.values.make(place, rng.child("key"), name=name)
    return new_id(world, resource.name) if made is None else made


def called(resource: Resource, sent: Mapping[str, Any]) -> Any:
    """The name that the client sends, if the entity is known by it: `{pool_name}`, sent as `name`;
    or a property with the name of the path parameter (`{member_arn}`, `MemberArn`)."""
    if resource.identity.sent_as is not None and sent.get(resource.identity.sent_as):
        return sent[resource.identity.sent_as]
    parameter = resource.identity.parameter or ""
    for name in (resource.identity.key or "", parameter):
        last = tokens(name)[-1:]
        if last and last[0] in ("name", "slug", "code", "key"):
            noun = last_word(resource.noun)
            for value in (sent.get(last[0]), sent.get(f"{noun}_{last[0]}")):
                if value is not None:
                    return value if isinstance(value, str) else ""
    own = tokens(parameter)
    for name, value in sent.items() if len(own) > 1 or not resource.identity.key else ():
        if isinstance(value, str) and tokens(name) == own:
            return value
    return ""


def _settable(
    context: Context, flat: Flat, entity: Entity, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The changes without nulls for required properties that can't be null."""
    kept = {name for name in flat.required if entity.data.get(name) is not None}
    return {
        name: value
        for name, value in changes.items()
        if value is not None
        or name not in kept
        or is_nullable(context.schemas, flat.properties.get(name, {}))
    }


def _joined(before: Any, data: Mapping[str, Any], holder: str) -> Any:
    """A nested object, completed: what a client doesn't send is the server's or unchanged."""
    after = data.get(holder)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return {**before, **after}
    return after


def _switched_at(
    call: Call, flat: Flat, before: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Any]:
    """When flags were set: now for those that the changes set, null for those they clear
    (`completed_at` of `completed`)."""
    found: dict[str, Any] = {}
    for name, value in changes.items():
        if not isinstance(value, bool) or before.get(name) == value or name not in flat.properties:
            continue
        stem = "_".join(word for word in tokens(name) if word != "is")
        for moment, schema in flat.properties.items():
            if changes.get(moment) is None and moment_stem(moment) == stem:
                at = stamp(call.context.schemas, moment, schema, call.world.now)
                nullable = is_nullable(call.context.schemas, schema) or moment not in flat.required
                if value or nullable:
                    found[moment] = at if value else None
    return found


def changed_entity(
    call: Call,
    repository: Repository,
    entity: Entity,
    changes: Mapping[str, Any],
    given: Mapping[str, Any] | None = None,
) -> Entity:
    """The entity with `changes`; its time of change is now if anything differs.

    Raises Invalid if it can't show what the client has `given`.
    """
    context, world, resource = call.context, call.world, repository.resource
    flat = context.flat(resource)
    given = dict(given or {})
    held = resource.holder if resource.holder in given else None
    data = {**entity.data, **_settable(context, flat, entity, changes)}
    if resource.identity.key and resource.identity.key in entity.data:
        data[resource.identity.key] = entity.data[resource.identity.key]
    for name in repository.roles.created:
        if name in entity.data:
            data[name] = entity.data[name]
    given = {n: v for n, v in given.items() if v is None or data.get(n) is v}
    for part in (resource.holder, RELATIONSHIPS):
        if part is not None and part in data:
            data[part] = _joined(entity.data.get(part), data, part)
    lost = any(v is None and data.get(name) is not None for name, v in given.items())
    if data == dict(entity.data) and not lost and not resource.touches:
        return entity
    data.update(_switched_at(call, flat, entity.data, changes))
    set_times(context.schemas, flat, repository.roles, data, world.now)
    if held is not None and data.get(held) is not None:
        given[held] = data[held]
    rng = Rng.of(world, "changed", resource.name, entity.key)
    row = {**entity.row, "touched": world.now}
    row.pop("shown", None)
    states = resource.states
    if states is not None and states.known:
        before, after = state_of(states, entity.data), state_of(states, {**data, **changes})
        if after != before and isinstance(after, str):
            if states.moves and after in states.path[:-1]:
                row = led(states, row, before, after, world.now, world.settings.pace)
                row.setdefault("salt", outcome_salt(world, resource.name, entity.key))
            else:  # it stays as the client has set it
                known = entity.row.get("schedule") or [[before, entity.row.get("at", world.now)]]
                row["schedule"] = cut(known, after, world.now)
    parent = _home(resource, entity, data)
    return Entity(entity.key, complete(call, resource, rng, data, given), parent, row)


def _home(resource: Resource, entity: Entity, data: Mapping[str, Any]) -> str:
    """The key of the parent, which is another one if the property that names it has changed."""
    link = resource.parents[-1] if resource.parents else None
    if link is None or link.field is None or not entity.parent or resource.identity.nested:
        return entity.parent
    before, after = entity.data.get(link.field), data.get(link.field)
    moved = isinstance(after, str | int) and after != before and "/" not in entity.parent
    return str(after) if moved and str(before) == entity.parent else entity.parent
