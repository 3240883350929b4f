"""Create, fetch, replace, update and delete for one resource."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.engine.inferred.acceptance import (
    accepted,
    asked_in_query,
    completed,
    kind_by_name,
    place_asked,
)
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.callers import caller, subject_of, with_login_name
from mockserver.engine.inferred.children import create_above, create_below, replace_below, take_away
from mockserver.engine.inferred.conditional import check_match, is_conditional, unchanged
from mockserver.engine.inferred.context import dig, named, not_found
from mockserver.engine.inferred.default_entity import default_of
from mockserver.engine.inferred.dependencies import (
    asked_of_existing,
    check_bare,
    check_unique,
)
from mockserver.engine.inferred.entities import called, changed_entity, defaults, new_entity
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.inferred.files import facts_of, keep_file, without_files
from mockserver.engine.inferred.identifiers import wished_id, written_as
from mockserver.engine.inferred.memberships import belongs, stays_below
from mockserver.engine.inferred.patch import json_patched, merge_patched
from mockserver.engine.inferred.reference_names import for_member
from mockserver.engine.inferred.repository import Entity, OwnRepository
from mockserver.engine.inferred.results import count_made, tell_ids
from mockserver.engine.inferred.schedules import goes, set_to, state_of
from mockserver.engine.inferred.seeding import lasting
from mockserver.engine.inferred.shared_parts import above_shown, put_part, with_part
from mockserver.engine.inferred.versions import keep_version
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import nearest_status
from mockserver.errors import Conflict, NotFound
from mockserver.inference.state_words import REMOVED
from mockserver.inference.states import spelled
from mockserver.inference.verb_words import ONLY_ONE
from mockserver.inference.words import ID_ENDS, bag, other_name_in, snake_case, tokens
from mockserver.openapi.media_types import essence

_TRIES = 50


def create(call: Call) -> Reply:
    """Create an entity; update it if the body names an existing one and the document allows
    that."""
    return created(call)[1]


def created(call: Call) -> tuple[Entity, Reply, bool]:
    """The entity that a request creates, the response, and whether the entity is new."""
    call.check_parents()
    repository, resource = call.repository, call.resource
    sent = _accepted(call)
    if resource.identity.key in sent and sent[resource.identity.key] in _NO_IDS:
        del sent[resource.identity.key]
    parent = _parent(call, sent)
    makes = call.action.kind == "create"
    wished = wished_id(resource, call.request.query) if makes else {}
    fixed = {**links(call), **wished}
    if call.action.elsewhere and not parent:
        parent, above = create_above(call)
        fixed |= above
    if call.action.request.upsert:
        known = _known(call, sent, parent)
        if known is not None:
            changed = changed_entity(call, repository, known, sent, sent)
            changed = repository.put(call.world, changed)
            return changed, call.reply(changed), False
    entity = new_entity(call, repository, sent, fixed, parent)
    member = resource.identity.member is not None
    chosen = bool(wished) or member or resource.identity.key in sent or called(resource, sent)
    there = None if not chosen or call.world.leniency.overrules else call.find(entity.key)
    if there is not None and not (member and there.row.get("gone")):  # may be given again
        if member and nearest_status(call.operation, 409) not in call.operation.documented:
            return there, call.reply(there, made=True), False
        if asked := asked_of_existing(call):
            if asked == "change":
                changed = changed_entity(call, repository, there, sent, sent)
                there = repository.put(call.world, changed)
            return there, call.reply(there), False
        if member or _clients_own(call, sent, wished):
            own = entity.key.rsplit("/", 1)[-1]
            raise Conflict(f"A {resource.noun} '{own}' exists already.")
        # The server's id, which a client may send back.
        sent = {name: value for name, value in sent.items() if name != resource.identity.key}
        entity = new_entity(call, repository, sent, fixed, parent)
    check_unique(call, entity, sent)
    for _ in range(_TRIES):
        if chosen or call.find(entity.key) is None:
            break
        # Ids of a short pattern can collide.
        entity = new_entity(call, repository, sent, fixed, parent)
    if call.action.elsewhere and not parent and call.resource.parents:
        # Nothing says below which entity it is: each shows it.
        row = {**entity.row, "adrift": True}
        entity = entity.with_row(row)
    entity = create_below(call, repository.put(call.world, entity))
    only_one(call, entity, sent)
    keep_file(call, entity)
    keep_version(call, repository, None, entity)
    reply = _remembered(call, entity, call.reply(entity, made=True))
    tell_ids(call, reply, [call.id_of(entity)])
    count_made(call, reply, 1)
    return entity, reply, True


_ID_WORDS = bag("id ids uid uuid guid sid arn")


def _clients_own(call: Call, sent: Mapping[str, Any], wished: Mapping[str, Any]) -> bool:
    """Whether the id of a new entity is the client's choice, so that a taken one is a conflict.

    A name is (`slug`), and an id that the request's own schema has. In a schema that requests share
    with responses, an id can be the server's, which a client sends back.
    """
    resource, context = call.resource, call.context
    key = resource.identity.key
    other = {name: value for name, value in sent.items() if name != key}
    if resource.identity.client_key or wished or called(resource, other):
        return True
    if nearest_status(call.operation, 409) in call.operation.documented:
        return True
    asked = context.fitting(resource.request, sent).properties
    if key is None or key not in asked or context.schemas.flat(asked[key]).notes.read_only:
        return False
    shared = resource.request == resource.schema
    return not shared or not _ID_WORDS & set(tokens(key))


_NO_IDS = (0, -1, "", "0", "-1", "00000000-0000-0000-0000-000000000000")
"""What clients send as the id of what has none yet, where the schema requires one."""


def _accepted(call: Call, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The client's data without files; from another resource's path, what the entity has of it."""
    sent = {**asked_in_query(call), **named(without_files(call, call.sent))}
    if call.action.elsewhere:  # `{"exportContext": {...}}` to `/export`
        sent = {**named(without_files(call, call.request.body)), **sent}
    if call.action.elsewhere or (call.action.kind == "create" and call.resource.collections[1:]):
        sent = {**kind_by_name(call), **sent}
    if call.action.kind == "create":
        sent = for_member(call.resource, sent)
    found = accepted(call.context.schemas, call.resource, sent, before, place_asked(call))
    own = call.context.flat(call.resource).properties if call.action.elsewhere else found
    return {name: value for name, value in found.items() if name in own}


def _remembered(call: Call, entity: Entity, reply: Reply) -> Reply:
    """Store what the response adds to a new entity, and the id that it tells."""
    repository = call.repository
    shown = dig(reply.body, call.action.response.at)
    told = {*call.action.response.id_path[-1:]}
    own = call.context.flat(repository.resource).properties.keys() - told
    own_shown = isinstance(shown, Mapping) and call.action.response.holder is None
    if own_shown and isinstance(repository, OwnRepository):
        more = {n: v for n, v in shown.items() if n not in entity.data and n not in own}
        if more:
            data = {**entity.data, **more}
            repository.put(call.world, entity.with_data(data))
    return reply


def _known(call: Call, sent: Mapping[str, Any], parent: str) -> Entity | None:
    """The existing entity that the body names, if any."""
    key = call.resource.identity.key
    # An id that new ones can't be given (`readOnly`) says here which one is meant.
    said = call.sent if isinstance(call.sent, Mapping) else {}
    value = sent.get(key, said.get(key)) if key is not None else None
    if value is None:
        return _known_by(call, sent, parent)
    nested = call.resource.identity.nested and parent
    return call.find(f"{parent}/{value}" if nested else str(value))


def _known_by(call: Call, sent: Mapping[str, Any], parent: str) -> Entity | None:
    """The existing entity with the value by which the operation finds one."""
    for name, own in call.action.request.by:
        value = sent.get(name)
        if isinstance(value, str) and value:
            call.context.sower.sow(call.world, call.repository, parent or None)
            found = call.repository.called(call.world, own, value)
            return next((one for one in found if parent in ("", one.parent)), None)
    return None


def _parent(call: Call, sent: Mapping[str, Any]) -> str:
    """The key of the parent, from the path or from a body property."""
    within = call.within()
    if within is not None:
        return within
    if call.action.elsewhere:
        return ""
    if call.action.parents or not call.resource.parents:
        return call.parent_key()
    link = call.resource.parents[-1]
    sent_parent = sent.get(link.field) if link.field is not None else None
    return str(sent_parent or sent.get(link.parameter) or "")


def links(call: Call) -> dict[str, Any]:
    """The ids of the parents in the path, as properties of the entity."""
    fields = {link.parameter: link.field for link in call.resource.parents}
    found = {}
    for link in call.action.parents:
        field = link.field or fields.get(link.parameter)
        names = call.names()
        if field and link.parameter in names:
            place = call.context.schemas.place(call.resource.schema or "", field)
            value = names[link.parameter]
            found[field] = next(written_as(call.context.schemas, place, value), value)
    return found


def fetch(call: Call) -> Reply:
    """Fetch an entity, or a part of it."""
    word = call.action.request.default
    entity = call.entity() if word is None else default_of(call, word)
    use = call.action.request
    so = not (use.only or use.marked) or all(test(entity) for test in call.tests())
    if not (so and belongs(call, entity)):
        raise not_found(call.resource, entity.key)
    part = call.action.response.part
    if part is not None:
        own = call.whole(entity).get(part)
        known = {**call.request.path, **own} if isinstance(own, Mapping) else call.request.path
        rng, at = call.lasting(entity.key, part), call.action.response.at
        return call.context.answers.reply(call.operation, rng, dict(known), at, "sparse")
    return unchanged(call.request, entity, call.whole, call.world.now) or call.reply(entity)


def change(call: Call) -> Reply:
    """PUT, PATCH or POST on one entity."""
    repository = call.repository
    new = call.action.request.upsert and call.find(call.key()) is None
    if new and call.called(repository, call.item, call.home() or "") is None:
        return _upsert(call, _accepted(call))
    entity = call.entity()
    changes, given = _changes(call, entity)
    changes = {**facts_of(call), **changes, **stays_below(call, entity, changes)}
    changed = changed_entity(call, repository, entity, changes, given)
    changed = replace_below(call, changed, given)
    keep_file(call, changed)
    only_one(call, changed, given)
    changed = repository.put(call.world, changed)
    keep_version(call, repository, entity, changed)
    return call.reply(changed)


def only_one(call: Call, entity: Entity, changed: Iterable[str]) -> None:
    """Take the flags that are set from the others beside an entity, where only one has such a flag:
    the default card of a customer."""
    flags = [
        name
        for name in changed
        if entity.data.get(name) is True and snake_case(name).removeprefix("is_") in ONLY_ONE
    ]
    if not flags:
        return
    repository, resource = call.repository, call.resource
    sent = call.context.fitting(resource.request, entity.data).properties
    above = [n for n in sent if tokens(n)[-1:] in ID_ENDS and n != resource.identity.key]
    call.context.sower.sow(call.world, repository, entity.parent or None)
    on = {one.key: one for name in flags for one in repository.having(call.world, name, ("True",))}
    for other in on.values():
        if entity.parent not in ("", other.parent):
            continue
        off = {name: False for name in flags if other.data.get(name) is True}
        beside = all(other.data.get(name) == entity.data.get(name) for name in above)
        if off and beside and other.key != entity.key:
            repository.put(call.world, changed_entity(call, repository, other, off))


def _upsert(call: Call, sent: dict[str, Any]) -> Reply:
    """Create the entity that the path names."""
    repository, resource = call.repository, call.resource
    call.check_parents()
    check_match(call.world, call.request, None, call.whole)
    fixed = links(call)
    other = other_name_in(resource, call.action.item or "")
    named = other or resource.identity.key
    if named is not None:
        fixed[named] = call.item
        sent.pop(named, None)
    elif resource.identity.member is not None and call.action.item is not None:
        sent[call.action.item] = call.item  # whom it embeds
    made = new_entity(call, repository, sent, fixed, call.parent_key())
    key = made.key if other is not None else call.key()
    entity = Entity(key, made.data, made.parent, made.row)
    keep_file(call, entity)
    entity = repository.put(call.world, entity)
    keep_version(call, repository, None, entity)
    reply = call.reply(entity)
    if 201 in call.operation.documented and reply.status == 200:
        rng, at = call.rng(entity.key), call.action.response.at
        known = call.known(entity)
        return call.context.answers.reply(call.operation, rng, known, at, "fresh", status=201)
    return reply


def _changes(call: Call, entity: Entity) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties to set, and those of them that the request itself contains."""
    context, resource = call.context, call.resource
    media_type, body = essence(call.request.media_type), call.request.body
    if isinstance(body, list) and (media_type == "application/json-patch+json" or _edits(body)):
        patched = json_patched(entity.data, _standard(call, body))
        changes = accepted(context.schemas, resource, patched)
        return changes, changes
    given = _accepted(call, entity.data)
    merges = media_type == "application/merge-patch+json"
    if merges:
        given = merge_patched(entity.data, given)
    if merges or call.action.request.partial:
        place = None if merges else place_asked(call)
        return completed(context.schemas, place, entity.data, given) if place else given, given
    # A full replacement: properties not sent get their initial values.
    settable = context.schemas.flat_at(resource.request).properties if resource.request else {}
    place = place_asked(call)
    if place is not None and (sayable := context.schemas.flat_at(place).properties):
        # What only a create may say stays as it was made.
        settable = {name: schema for name, schema in settable.items() if name in sayable}
    keep = {resource.identity.key, *(link.field for link in resource.parents)}
    cleared = {
        name: None
        for name, schema in settable.items()
        if name in entity.data
        and name not in given
        and name not in keep
        # What is the server's to say does not go with what the client leaves out.
        and not context.schemas.flat(schema).notes.read_only
    }
    usual = {n: v for n, v in defaults(context, resource, given).items() if n in cleared}
    return {**cleared, **usual, **given}, given


def _standard(call: Call, edits: list[Any]) -> list[Any]:
    """A JSON Patch whose operations are spelled as in RFC 6902: documents list `Replace`, too."""
    asked = call.operation.body
    media = asked.content.get(call.request.media_type) if asked is not None else None
    schemas, place = call.context.schemas, media.pointer if media is not None else None
    for step in (None, "op"):
        place = schemas.place(schemas.main(place), step) if place is not None else None
    listed = schemas.flat_at(place).values or () if place is not None else ()
    return [
        {**one, "op": str(one["op"]).lower()}
        if isinstance(one, dict) and one.get("op") in listed
        else one
        for one in edits
    ]


def _edits(body: list[Any]) -> bool:
    """Whether a body is a JSON Patch, whatever its media type."""
    return bool(body) and all(
        isinstance(one, dict) and {"op", "path"} <= one.keys() for one in body
    )


def remove(call: Call) -> Reply:
    """Delete an entity and everything below it. If it has a state for being deleted, it stays for
    that time."""
    entity = call.entity()
    states, world = call.resource.states, call.world
    change = call.action.transition
    at = call.action.response.at
    if change is not None and states is not None:
        if state_of(states, entity.data) in states.leads and entity.row.get("goes"):
            return call.reply(entity)
        known = entity.row.get("schedule") or [[states.new, entity.row.get("at", world.now)]]
        state = str(dict(change.changes)[states.name])
        schedule = set_to(states, list(known), state, world.now, world.settings.pace)
        end = goes(states, schedule[: len(schedule) - (schedule[-1][0] != state)], 1.0)
        row = {**entity.row, "schedule": schedule, "goes": end}
        put = call.repository.put(world, entity.with_row(row))
        return call.reply(put)
    check_bare(call, entity)
    take_away(call, call.repository, entity)
    known_ = {**call.known(entity), **_deleted(call), "deleted": True}
    own = call.context.flat(call.resource).properties
    rng = call.rng(entity.key)
    mode = call.mode("fresh")
    reply = call.context.answers.reply(call.operation, rng, known_, at, mode, own=own)
    call.count_page(reply)
    return reply


def _deleted(call: Call) -> dict[str, Any]:
    """What a response says about a deleted entity: its state and the time."""
    states = call.resource.states
    if states is None or states.inner:
        return {}
    state = next((value for value in states.other if spelled(value) in REMOVED), None)
    if state is None:
        return {}
    flat = call.context.flat(call.resource)
    schemas, now = call.context.schemas, call.world.now
    moments = {
        name: stamp(schemas, name, flat.properties[name], now)
        for name, kinds in states.moments.items()
        if state in kinds
    }
    return {states.name: state, **moments}


def read(call: Call) -> Reply:
    """Fetch a singleton."""
    call.check_parents()
    entity = single(call)
    return unchanged(call.request, entity, call.whole, call.world.now) or call.reply(entity)


def single(call: Call, subject: str | None = None) -> Entity:
    """The entity of a singleton; new if nobody has set it. `subject` is who logs in just now.

    Raises NotFound if it has to be created first.
    """
    resource, own = call.resource, call.action.request.item_in == "caller"
    if own and not resource.singleton:
        return caller(call)
    subject = (subject_of(call) if subject is None else subject) if own else ""
    key = subject or call.single_key()
    entity = call.repository.get(call.world, key)
    if entity is not None:
        return with_part(call, entity)
    known_anyhow = call.world.leniency.knows_any_id
    if resource.creatable and 404 in call.operation.documented and not known_anyhow:
        raise not_found(resource, key)
    shown = call.context.examples.first(resource.name)
    known = {**defaults(call.context, resource, {}), **call.context.examples.guide(resource, 0)}
    if shown is not None:
        known = dict(shown.data)
    known.update(links(call))
    data: Any = known
    if resource.schema is not None:
        rng = lasting(call.world, resource.name, key)
        mode = call.mode("bare" if shown else "fresh" if resource.parents else "rich")
        values = call.context.values
        data = values.kept(resource.shape or "", rng, known, mode=mode, owner=resource.noun)
    row = shown.row if shown is not None else {}
    data = data if isinstance(data, Mapping) else known
    entity = with_part(call, Entity(key, data, call.parent_key(), row))
    return with_login_name(call, entity, subject) if subject else entity


def write(call: Call) -> Reply:
    """Set a singleton."""
    call.check_parents()
    repository, key = call.repository, call.single_key()
    is_new = call.action.request.item_in != "caller" and repository.get(call.world, key) is None
    if is_new and call.operation.method in ("POST", "PUT"):
        if is_conditional(call.request):
            check_match(call.world, call.request, _unset(call), call.whole)
        sent = _accepted(call)
        made = new_entity(call, repository, sent, links(call), "")
        entity = Entity(key, made.data, call.parent_key(), made.row)
    else:
        entity = single(call)
        check_match(call.world, call.request, entity, call.whole)
        entity = changed_entity(call, repository, entity, *_changes(call, entity))
    entity = repository.put(call.world, entity)
    put_part(call, entity)
    return above_shown(call) or call.reply(entity)


def _unset(call: Call) -> Entity | None:
    """What a singleton shows that nobody has set; None if there is nothing."""
    try:
        return single(call)
    except NotFound:
        return None


def clear(call: Call) -> Reply:
    """Unset a singleton."""
    call.check_parents()
    entity = single(call)
    check_match(call.world, call.request, entity, call.whole)
    if call.resource.singleton:
        call.repository.remove(call.world, entity.key)
    else:
        take_away(call, call.repository, entity)
    if call.operation.success == 204:
        return call.context.answers.reply(call.operation, call.rng(entity.key))
    kept = call.resource.creatable or not call.resource.singleton
    return call.reply(entity if kept else single(call))
