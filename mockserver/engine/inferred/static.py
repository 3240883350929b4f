"""Static responses, from the schema alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mockserver.engine.generation.modes import Mode
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import Context, named
from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.inferred.lists import asking_handler, statistics_handler
from mockserver.engine.inferred.repository import Repository
from mockserver.engine.inferred.schedules import state_of
from mockserver.engine.inferred.seeding import created, lasting
from mockserver.engine.jobs import state_at
from mockserver.engine.messages import Reply
from mockserver.engine.randomness import Rng
from mockserver.engine.representations import DELIMITERS, rendered_table
from mockserver.engine.serialization import media_of, pointer_of, refusal_of
from mockserver.errors import Conflict
from mockserver.inference.model import Action
from mockserver.inference.paths import ANY, route
from mockserver.inference.resource_model import FIRST
from mockserver.inference.verb_words import MAKING, STARTING_ELSEWHERE
from mockserver.inference.words import WRAPPERS, bag, noun, plural, snake_case, tokens
from mockserver.openapi.document import MISSING
from mockserver.openapi.media_types import essence, is_json_or_any
from mockserver.openapi.model import Operation
from mockserver.records import dataclass

_KEPT = 256


def fixed(context: Context, operation: Operation, action: Action) -> CallHandler:
    """A handler that gives the same response to the same request.

    A POST that creates something gives a different one each time.
    """
    if operation.method == "POST" and operation.success == 201:
        return _made
    if action.request.ids is not None:
        return asking_handler(context, operation, action)
    if action.response.statistics:
        return statistics_handler(context, operation, action)
    awaits = action.response.awaits
    jobs = context.repositories.get(awaits) if awaits is not None else None
    shared = _shared(context, operation, action)
    table = _table_of(context, operation, action)
    kept: OrderedDict[tuple[object, ...], Reply] = OrderedDict()
    anew = operation.method == "POST" and _orders(operation)

    def handle(call: Call) -> Reply:
        call.check_parents()
        early = _too_early(call, jobs) if jobs is not None else None
        if early is not None:
            return early
        if table is not None and (rows := _rows(call, table)) is not None:
            return Reply(operation.success, rows, {}, table.media_type)
        world, request = call.world, call.request
        path = sorted(request.path.items())
        part = _of_entity(call, shared) if shared else {}
        if part:
            rng = lasting(world, operation.id, *path)
            known = {**request.path, **part}
            at = action.response.at
            return context.answers.reply(operation, rng, known, at, sample=True)
        if operation.method != "GET" or request.query:
            known = {**request.query, **named(request.body), **request.path}
            rng = lasting(world, operation.id, *path)
            if anew:
                rng = call.rng(world.ordinal("fixed:" + operation.id))
            each = _answers_each(call, known) if operation.method != "GET" else {}
            return _with_rows(as_shown(call, rng, {**known, **each}), each)
        # A path parameter may be an array.
        question = (
            world.settings.seed,
            world.tenant,
            created(world),
            call.mode("rich"),
            repr(path),
        )
        reply = kept.get(question)
        if reply is None:
            reply = as_shown(call, lasting(world, operation.id, *path), request.path)
            kept[question] = reply
            if len(kept) > _KEPT:
                kept.popitem(last=False)
        return replace(reply, headers=dict(reply.headers))

    if jobs is None:
        return handle
    return lambda call: _in_its_format(call, jobs, handle(call))


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """What a table shows: the entities of `repository`, below one if the path names one (`below`),
    or an array of the one that the path names."""

    media_type: str
    repository: Repository
    below: bool = False
    array: str | None = None


def _table_of(context: Context, operation: Operation, action: Action) -> _Table | None:
    """The table that a path exports as text: `/reports.csv`, `/reports/{id}/export.csv`."""
    media = media_of(operation, operation.success)
    if media is None or media.name not in DELIMITERS or operation.method != "GET":
        return None
    if media.pointer and "string" not in context.schemas.flat_at(media.pointer).types:
        return None
    above = context.above(action.parents[-1]) if action.parents else None
    if above is None:
        first = route(operation.path).steps[:1]
        called = noun(first[0].rsplit(".", 1)[0]) if first else ""
        found = [one for one in context.repositories.values() if one.resource.noun == called]
        return _Table(media.name, found[0]) if len(found) == 1 else None
    below = [
        one
        for one in context.repositories.values()
        if one.resource.parents and one.resource.parents[-1].resource == above.resource.name
        and not one.resource.singleton
    ]  # fmt: skip
    words = set(tokens(operation.path.rsplit("/", 1)[-1]))
    named = [one for one in below if {one.resource.noun, plural(one.resource.noun)} & words]
    if named or len(below) == 1:
        return _Table(media.name, (named or below)[0], below=True)
    if above.resource.schema is None:
        return None
    arrays = [
        name
        for name, place in context.schemas.arrays(above.resource.schema).items()
        if "object" in context.schemas.flat_at(place).types
    ]
    return _Table(media.name, above, array=arrays[0]) if len(arrays) == 1 else None


def _rows(call: Call, table: _Table) -> str | None:
    """The table as text; None if the entity that the path names has no such array."""
    if table.array is not None:
        entity = call.context.find(call.world, table.repository, call.parent_key())
        rows = entity.data.get(table.array) if entity is not None else None
        if not isinstance(rows, list):
            return None
    else:
        parent = call.parent_key() if table.below else None
        call.context.sower.sow(call.world, table.repository, parent)
        there = table.repository.scan(call.world, parent, newest_first=False)
        rows = [dict(one.data) for one in there if not one.row.get("gone")]
    return rendered_table(table.media_type, rows).decode() if rows else ""


def _shared(context: Context, operation: Operation, action: Action) -> frozenset[str]:
    """The properties that part of an entity (`/videos/{video}/status`) shares with the entity."""
    above = context.above(action.parents[-1]) if action.parents else None
    if above is None or operation.method != "GET" or FIRST in action.response.at:
        return frozenset()
    if route(operation.path).steps[-2:-1] != (ANY,):
        return frozenset()
    place = context.schemas.along(pointer_of(operation, operation.success), action.response.at)
    if place is None:
        return frozenset()
    own = context.flat(above.resource).properties
    shown = context.schemas.flat_at(context.schemas.main(place)).properties
    found = {
        name
        for name in own.keys() & shown.keys()
        if kinds(context.schemas, own[name]) & kinds(context.schemas, shown[name])
    }
    states = above.resource.states
    says = states is not None and states.name in found
    if says or len(found - {"id", "name"}) > 1:
        return frozenset(found)
    # `{"id": ..., "sentences": []}` below a transcript: the id can only be the transcript's.
    return frozenset(found & {above.resource.identity.key})


def _of_entity(call: Call, names: frozenset[str]) -> dict[str, Any]:
    """The values of the parent entity under these names."""
    above = call.context.above(call.action.parents[-1])
    assert above is not None
    entity = call.context.find(call.world, above, call.parent_key())
    if entity is None:
        return {}
    return {name: value for name, value in entity.data.items() if name in names}


def _too_early(call: Call, jobs: Repository) -> Reply | None:
    """The response that is no refusal, if the job has not succeeded. Raises the listed refusal."""
    if call.world.leniency.overrules:
        return None
    entity = call.context.find(call.world, jobs, call.parent_key())
    states = jobs.resource.states
    if entity is None or states is None or not states.moves:
        return None
    schedule = entity.row.get("schedule")
    if states.name:
        state = state_of(states, entity.data)
    elif schedule:  # of which flags or moments alone say how it goes
        state = state_at(schedule, call.world.now)
    else:
        return None
    if state in states.success:
        return None
    early = call.action.response.early
    if early < 400:
        rng = lasting(call.world, call.operation.id, entity.key)
        known = {states.name: state} if states.name and not states.inner else {}
        return call.context.answers.reply(call.operation, rng, known, status=early)
    noun = jobs.resource.noun.replace("_", " ")
    message = f"The {noun} is {state}; this exists once it has succeeded."
    raise refusal_of(early, Conflict(message))


_FORMATS = bag("format file_format output_format export_format file_type content_type media_type")


def _in_its_format(call: Call, jobs: Repository, reply: Reply) -> Reply:
    """A file in the format of its job (`csv`), where the document lists several and the client
    accepts any."""
    response = call.operation.response_for(reply.status)
    entity = call.context.find(call.world, jobs, call.parent_key())
    anything = call.request.headers.get("accept", "*/*").strip() == "*/*"
    if response is None or len(response.content) < 2 or entity is None or not anything:
        return reply
    data = entity.data.items()
    given = {str(v).casefold() for n, v in data if snake_case(n) in _FORMATS}
    for name, media in response.content.items():
        if not given.isdisjoint((essence(name), essence(name).rsplit("/", 1)[-1])):
            if name == reply.media_type:
                return reply
            rng = lasting(call.world, call.operation.id, name, entity.key)
            answers = call.context.answers
            body = answers.in_another_form(call.operation, media, name, rng, reply)
            return Reply(reply.status, body, reply.headers, name)
    return reply


def _orders(operation: Operation) -> bool:
    """Whether a path ends in a word for making something or for having it done: `/jobs/submit`."""
    words = tokens(route(operation.path).last)
    return bool(words) and (words[0] in MAKING or words[0] in STARTING_ELSEWHERE)


def _made(call: Call) -> Reply:
    call.check_parents()
    known: dict[str, Any] = {**named(call.request.body), **call.request.path}
    each = _answers_each(call, known)
    rng = call.rng(call.world.ordinal("fixed:" + call.operation.id))
    return _with_rows(as_shown(call, rng, {**known, **each}, "fresh"), each)


def _with_rows(reply: Reply, each: Mapping[str, Any]) -> Reply:
    """The reply with exactly these rows; no others are generated."""
    for name, rows in each.items():
        if name and isinstance(reply.body, dict) and name in reply.body:
            reply.body[name] = rows
        elif not name and isinstance(reply.body, list):
            reply.body = rows
    return reply


_OF_SCALARS = ("input", "id", "value", "key", "name", "address", "email", "phone", "phone_number",
               "number", "to", "recipient")  # fmt: skip


def _answers_each(call: Call, known: dict[str, Any]) -> dict[str, Any]:
    """A row of the response for each item that is sent, with the properties that both have."""
    operation, schemas = call.operation, call.context.schemas
    place = pointer_of(operation, operation.success)
    body = call.request.body
    if place is None:
        return {}
    sent = {n: v for n, v in named(body).items() if isinstance(v, list) and v}
    if isinstance(body, list) and body:
        sent = {"": body}
    if len(sent) != 1:
        return {}
    name, items = next(iter(sent.items()))
    bare = schemas.place(schemas.main(place), None)
    if bare is not None:
        into, place = "", schemas.canonical(bare)
    else:
        arrays = schemas.arrays(schemas.main(place))
        shown = [one for one in arrays if not _FAULTS & set(tokens(one))]
        into = name if name in shown else next(iter(shown), "")
        if not into or (into in known and into != name):
            return {}
        place = schemas.canonical(arrays[into])
    # Texts and numbers have nothing to say of an item.
    is_rows = bool(schemas.flat_at(place).properties)
    return {into: _rows_for(call, place, name, items)} if is_rows else {}


def _rows_for(call: Call, place: str, called: str, items: list[Any]) -> list[dict[str, Any]]:
    """A row that reports success for each item that was sent, completed by the schema of rows."""
    context, operation = call.context, call.operation
    own = context.schemas.flat_at(place).properties
    rows = [_row_for(own, called, item) for item in items]
    went = context.answers.outcomes.of(place, operation.success, True)
    whole = []
    for index, known in enumerate(rows):
        rng = lasting(call.world, operation.id, "row", index, repr(items[index]))
        mode = call.mode("fresh")
        faults = [(name,) for name in own if _FAULTS & set(tokens(name)) and name not in went]
        known = {**went, **known}
        row = context.values.kept(place, rng, known, mode=mode, owner=noun(called), without=faults)
        whole.append(dict(row) if isinstance(row, Mapping) else known)
    return whole


def _row_for(own: Mapping[str, Any], called: str, item: Any) -> dict[str, Any]:
    """The properties of a row that repeat one item that was sent."""
    if isinstance(item, Mapping):
        return {name: value for name, value in item.items() if name in own}
    one = noun(called)
    for wanted in (one, f"{one}_id", *_OF_SCALARS):
        name = next((name for name in own if snake_case(name) == wanted), None)
        if name is not None:
            return {name: item}
    ids = [name for name in own if tokens(name)[-1:] == ("id",)]
    return {ids[0]: item} if len(ids) == 1 else {}


_FAULTS = bag("error errors failed failures warnings rejected invalid skipped")


def _in_wrapper(call: Call, known: Mapping[str, Any]) -> dict[str, Any]:
    """What a client sends, in the object of the response that has most of it, as in `{"data": {}}`
    or `{"request": {}}`; empty if the response itself shows some of it."""
    sent, schemas = call.request.body, call.context.schemas
    pointer = pointer_of(call.operation, call.operation.success)
    if not isinstance(sent, Mapping) or pointer is None:
        return {}
    properties = schemas.flat_at(schemas.main(pointer)).properties
    names = sent.keys() & known.keys()
    if not names or names & properties.keys():
        return {}
    for name, schema in properties.items():
        shared = names & schemas.flat(schema).properties.keys()
        alone = len(sent) == 1 and snake_case(name) in WRAPPERS
        if 2 * len(shared) >= len(sent) and (len(shared) > 1 or (shared and alone)):
            return {name: {one: sent[one] for one in sent if one in shared}}
    return {}


def as_shown(call: Call, rng: Rng, known: Mapping[str, Any], mode: Mode = "rich") -> Reply:
    """The success example of the document, with `known` values under the same names."""
    context, operation = call.context, call.operation
    example, whole = context.examples.body(operation)
    if known.get(""):
        # One row for each that was sent.
        return context.answers.reply(operation, rng, known[""], (), call.mode("fresh"))
    inner = _in_wrapper(call, known)
    if example is MISSING:
        given: Any = {**known, **inner} or MISSING
        sample, mode = mode == "rich", call.mode(mode)
        own = None if operation.method == "GET" else ()
        return context.answers.reply(operation, rng, given, (), mode, sample=sample, own=own)
    media = media_of(operation, operation.success)
    pointer = media.pointer if media is not None else None
    given = example
    if isinstance(example, Mapping):
        names = context.schemas.flat_at(pointer).properties if pointer is not None else {}
        given = {**example, **{n: v for n, v in known.items() if n in example or n in names}}
        for name, part in inner.items():
            given[name] = {**named(given.get(name)), **part}
    mode = "bare" if whole else call.mode(mode)
    reply = context.answers.reply(operation, rng, given, (), mode, sample=True)
    if media is None or pointer is None or not is_json_or_any(media.name):
        return reply
    literal = context.values.literal(pointer)
    if whole and literal.is_valid(given):
        # Verbatim; elsewhere, additional properties are left out.
        reply.body = given
    elif context.values.check(pointer).unions and not literal.is_valid(reply.body):
        other = context.answers.reply(operation, rng, dict(known) or MISSING, (), mode, sample=True)
        reply = other if literal.is_valid(other.body) else reply
    return reply
