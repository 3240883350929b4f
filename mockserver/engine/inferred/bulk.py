"""Several entities in one request: created from an array, removed or changed by their ids."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from mockserver.engine.inferred import crud
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.children import take_away
from mockserver.engine.inferred.context import Context, dig, named, wrapped
from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.inferred.filters import Filters
from mockserver.engine.inferred.reference_names import id_in
from mockserver.engine.inferred.repository import Entity, Test, value_at
from mockserver.engine.inferred.results import (
    Change,
    Outcome,
    count_made,
    returned_ids,
    say_each,
    tell_ids,
)
from mockserver.engine.inferred.transitions import act
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import dump, pointer_of
from mockserver.errors import Conflict, TooLarge
from mockserver.inference.model import PLACE, Action, Envelope
from mockserver.inference.resource_model import FIRST
from mockserver.inference.words import (
    CONTROLS,
    bag,
    last_word,
    names_member,
    noun,
    snake_case,
)
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Operation

MOST_COPIED = 10 * 1024 * 1024
"""Most bytes that one request may add by naming many recipients: the size of a body."""


def create(call: Call) -> Reply:
    """A create; an array of entities is created completely or not at all."""
    shown = call.action.response.at
    if call.action.request.ids in call.request.query:
        use = replace(call.action.request, ids=None, at=(FIRST,))
        request = replace(call.request, body=list(_ids(call)))
        call = replace(call, request=request, action=replace(call.action, request=use))
    for sent in (call.action.request.at, call.action.request.several or ()):
        above = sent[: sent.index(FIRST)] if FIRST in sent else ()
        items = value_at(call.request.body, above) if FIRST in sent else None
        if isinstance(items, list):
            each = FIRST in shown or call.resource.identity.member is not None
            items = _for_each(call, items) if each else items
            break
    else:
        one, alone = call.sent, FIRST not in shown
        if not isinstance(one, Mapping) or (alone and len(one) != 1 and not _names_some(call, one)):
            return crud.create(call)
        emptied = call.action.request.sets and not any(one.values())
        items, sent, above = [] if emptied else _for_each(call, [one]), (FIRST,), ()
        if alone and items == [one]:
            return crud.create(call)
    call = replace(call, action=replace(call.action, request=replace(call.action.request, at=sent)))
    if call.action.request.sets:
        _clear(call)
    if not items or not any(_is_meant(call, item) for item in items):
        known = [] if FIRST in shown else MISSING
        at = shown[: shown.index(FIRST)] if FIRST in shown else ()
        mode = call.mode("fresh")
        return call.context.answers.reply(call.operation, call.rng(), known, at, mode)
    replies = list[Reply]()
    done = list[Outcome]()
    for item in items:
        if not _is_meant(call, item):
            continue
        request = replace(call.request, body=wrapped(above, [item]))
        entity, reply, new = crud.created(replace(call, request=request))
        replies.append(reply)
        change: Change = "created" if new else "updated"
        done.append(Outcome(call.id_of(entity), entity, change, dig(item, sent[len(above) + 1 :])))
    ids = [value for reply in replies for value in returned_ids(call, reply)]
    joined = _joined(call, replies)
    tell_ids(call, joined, ids)
    call.count_page(joined)
    count_made(call, joined, len(done), Counter(one.change for one in done))
    say_each(call, joined, done, shown[: shown.index(FIRST)] if FIRST in shown else None)
    return joined


def _names_some(call: Call, sent: Mapping[str, Any]) -> bool:
    """Whether a request for one row has several of those for whom rows stand."""
    member = call.resource.identity.member
    return any(isinstance(v, list) and names_member(member, n) for n, v in sent.items())


def _clear(call: Call) -> None:
    """Remove what is there, before what is sent takes its place."""
    call.check_parents()
    call.context.sower.sow(call.world, call.repository, call.parent_key() or None)
    for entity in list(call.repository.scan(call.world, call.parent_key() or None, False)):
        take_away(call, call.repository, entity)


def _for_each(call: Call, items: list[Any]) -> list[Any]:
    """Each item, or a copy for each recipient: `{"to": ["a", "b"]}`, where an entity has one `to`.
    Raises TooLarge if the copies would be much larger than what was sent."""
    schemas, own = call.context.schemas, call.context.flat(call.resource).properties
    spelled = {noun(name): name for name in own}
    found: list[Any] = []
    copied = 0
    for item in items:
        if isinstance(item, str | int) and call.resource.identity.member is not None:
            found.append({"id": item})
            continue
        for name, value in item.items() if isinstance(item, dict) else ():
            if isinstance(value, list) and names_member(call.resource.identity.member, name):
                found += ({**item, name: each} for each in value)
                break
            one = name if name in own else spelled.get(noun(name), "")
            texts = isinstance(value, list) and all(isinstance(each, str) for each in value)
            if (
                not one
                and texts
                and noun(name) in (call.resource.noun, last_word(call.resource.noun))
            ):
                one = spelled.get("name", "")  # `{"labels": ["a", "b"]}`
            kinds_ = kinds(schemas, own[one]) if one in own else set()
            if isinstance(value, list) and value and "string" in kinds_ and "array" not in kinds_:
                rest = {n: v for n, v in item.items() if n != name}
                copied += (len(value) - 1) * len(dump(rest))
                if copied > MOST_COPIED:
                    raise TooLarge(
                        f"One for each of {len(value)} in {name!r} would be more than "
                        f"{MOST_COPIED} bytes; send it to fewer at once."
                    )
                found += ({**rest, one: _plain(each)} for each in value)
                break
        else:
            found.append(item)
    return found


def _plain(value: Any) -> Any:
    """The first text of an object (`{"address": "+41..."}`); other values unchanged."""
    texts = (
        [one for one in value.values() if isinstance(one, str)] if isinstance(value, dict) else []
    )
    return texts[0] if texts else value


def _is_meant(call: Call, item: Any) -> bool:
    """Whether an item is carried out: a change of an unknown entity is ignored."""
    if not (call.action.request.upsert and call.action.request.partial):
        return True
    key = call.resource.identity.key
    at = call.action.request.at
    one = dig(item, at[at.index(FIRST) + 1 :] if FIRST in at else ())
    value = one.get(key) if isinstance(one, dict) and key is not None else None
    return value is None or call.find(call.key_of(value)) is not None


def on_several(context: Context, operation: Operation, action: Action) -> CallHandler:
    """Removes the entities with the given ids, or all that the query filters, or does to each what
    the verb says. Unknown ids are ignored, and so is what comes too late for one."""
    filters = Filters(context.schemas, operation, Envelope(), context.repository_of(action))
    return partial(_on_several, filters)


def _mixed(filters: Filters, call: Call) -> Reply:
    """The parts of a batch, one after the other, with what each has done."""
    call.check_parents()
    place = pointer_of(call.operation, call.operation.success)
    schemas = call.context.schemas
    shown = schemas.flat_at(schemas.main(place)).properties if place else {}
    known: dict[str, Any] = {}
    for part in call.action.parts:
        own = replace(call, action=part)
        done = list(_done(filters, own))
        for name in part.response.several or ():
            types = schemas.types(shown[name])
            items = schemas.flat(shown[name]).arrays.items
            rows: list[Any] = [own.known(entity) for entity in done]
            if items is None or not schemas.flat(items).properties:
                rows = [own.id_of(entity) for entity in done]
            known[name] = rows if "array" in types else len(rows)
    at = call.action.response.at
    if FIRST in at:
        there = call.repository.scan(call.world, call.parent_key() or None, False)
        rows = [call.known(entity) for entity in there if not entity.row.get("gone")]
        return call.context.answers.reply(
            call.operation, call.rng(), rows, at[: at.index(FIRST)], "sparse"
        )
    return call.context.answers.reply(call.operation, call.rng(), known, (), "sparse")


def _done(filters: Filters, call: Call) -> Iterator[Entity]:
    """Carry out one part of a batch. Yields the entities that it has been about."""
    parent = call.parent_key()
    if call.action.kind == "sweep":
        for entity in list(_meant(filters, call, parent)):
            if parent in ("", entity.parent):
                take_away(call, call.repository, entity)
                yield entity
        return
    above = call.action.request.at[:-1]
    items = value_at(call.request.body, above)
    for item in _for_each(call, items) if isinstance(items, list) else ():
        if not _is_meant(call, item):
            continue
        request = replace(call.request, body=wrapped(above, [item]))
        yield crud.created(replace(call, request=request))[0]


def _on_several(filters: Filters, call: Call) -> Reply:
    if call.action.parts:
        return _mixed(filters, call)
    call.check_parents()
    parent, verb = call.parent_key(), call.action.transition
    shown = call.action.response.several
    done: list[Outcome] = []
    rows: list[Any] = []
    sent = named(dig(call.request.body, call.action.request.told))
    first = _first_place(call)
    change: Change = "deleted" if verb is None else "updated"
    for entity in [] if _only_tries(call) else list(_meant(filters, call, parent)):
        if parent not in ("", entity.parent):
            continue
        try:
            if verb is None:
                take_away(call, call.repository, entity)
            else:
                entity = act(call, entity, {**sent, _PLACE: first + len(done)})
        except Conflict:
            continue
        done.append(Outcome(call.id_of(entity), entity, change))
        rows.append(call.known(entity) if shown is not None else None)
    rng = call.rng(len(done))
    if shown is not None:
        return call.context.answers.reply(call.operation, rng, rows, shown, call.mode("sparse"))
    known: dict[str, Any] = {change: len(done), "count": len(done), "ids": [o.id for o in done]}
    mode = call.mode("fresh")
    reply = call.context.answers.reply(call.operation, rng, known, (), mode, own=())
    unknown = list(_unknown(call, done, change))
    count_made(call, reply, len(done), {change: len(done)}, len(unknown))
    say_each(call, reply, [*done, *unknown])
    return reply


def _unknown(call: Call, done: Sequence[Outcome], change: Change) -> Iterator[Outcome]:
    """Those ids of a request with which nothing could be done."""
    if call.action.request.by or call.action.request.every or _only_tries(call):
        return
    known = {call.key_of(one.id) for one in done}
    yield from (Outcome(one, None, change) for one in _ids(call) if call.key_of(one) not in known)


_PLACE = PLACE.removeprefix("body.")


def _first_place(call: Call) -> int:
    """The number of the first place, where a verb puts entities in order."""
    changes = call.action.transition.changes if call.action.transition is not None else ()
    name = next((name for name, value in changes if value == PLACE), "")
    schema = call.context.flat(call.resource).properties.get(name, {})
    low = call.context.schemas.flat(schema).rules.get("minimum", 0)
    return max(0, int(low)) if isinstance(low, int | float) else 0


def _meant(filters: Filters, call: Call, parent: str) -> Iterator[Entity]:
    """The entities that a bulk delete is about."""
    use = call.action.request
    if not (use.by or use.every):
        found = (call.find(call.key_of(value)) or _unseen(call, value) for value in _ids(call))
        # Several ids may name one: 7 and "7".
        yield from {entity.key: entity for entity in found if entity is not None}.values()
        return
    if use.by:
        given = {**call.request.query, **named(call.request.body)}
        wanted = {own: _texts(given[name]) for name, own in use.by if given.get(name) is not None}
        tests: list[Test] = []
        if not wanted:
            return
    else:
        if filters.lacks_value(call.request.query) or _is_unknown(filters, call):
            return  # in a list it would have no effect, here it would remove everything
        tests, fields = filters.tests(call.request.query)
        tests = [*tests, *call.tests()]
        wanted = {name: {value} for name, value in fields.items()}
    call.context.sower.sow(call.world, call.repository, parent or None)
    for entity in call.repository.scan(call.world, parent or None, False):
        alike = all(_text(entity.data.get(name)) in texts for name, texts in wanted.items())
        if alike and all(test(entity) for test in tests):
            yield entity


def _unseen(call: Call, value: Any) -> Entity | None:
    """The entity with an id that only the real server knows, where the caller saves one that no
    client can make."""
    verb, key = call.action.transition, call.key_of(value)
    if call.action.request.marked is None or call.resource.creatable or verb is None:
        return None
    if verb.verb.startswith("un"):
        return None
    return call.repository.put(call.world, call.imagined(key, value, call.within() or ""))


def _text(value: Any) -> str:
    """The text of a value; of an entity that is shown whole, that of its id."""
    return str(id_in(value) if isinstance(value, Mapping) else value)


def _texts(value: Any) -> set[str]:
    """The texts of one value, or of each in an array."""
    return {str(one) for one in (value if isinstance(value, list) else [value])}


_TRIES = bag("dry_run dryrun preview simulate validate_only test_only what_if check_only")


def _only_tries(call: Call) -> bool:
    """Whether a request says that it is only tried: `?dry_run=true`."""
    query = call.request.query.items()
    return any(snake_case(n) in _TRIES and v not in (False, "false", "0") for n, v in query)


def _is_unknown(filters: Filters, call: Call) -> bool:
    """Whether a query has nothing but parameters of which nobody knows which entities they mean."""
    names = [name for name, value in call.request.query.items() if value is not None]
    unknown = [name for name in names if snake_case(name) not in CONTROLS | _TRIES]
    return bool(unknown) and not any(map(filters.knows, unknown))


def _ids(call: Call) -> Iterator[Any]:
    """The distinct ids in the query or the body."""
    use = call.action.request
    parameters = {**call.request.query, **call.request.path}
    given = parameters.get(use.ids) if use.ids is not None else None
    if given is None:
        given = call.request.body
        above = use.at[: use.at.index(FIRST)] if FIRST in use.at else use.at
        given = value_at(given, above)
        inner = use.at[len(above) + 1 :]
        if inner and isinstance(given, list):
            given = [dig(one, inner) for one in given]
    values = re.split("[,;]", given) if isinstance(given, str) else given
    if isinstance(values, list):
        texts = (v for v in values if isinstance(v, str | int) and not isinstance(v, bool))
        yield from dict.fromkeys(texts)
    elif isinstance(values, int) and not isinstance(values, bool):
        yield values


def _joined(call: Call, replies: list[Reply]) -> Reply:
    """The first reply, with the entities of all of them if it shows an array."""
    first, use = replies[0], call.action.response
    if FIRST in use.at:
        above = use.at[: use.at.index(FIRST)]
        rows = [row for reply in replies for row in dig(reply.body, above) or ()]
        holder: Any = dig(first.body, above[:-1])
        if not above:
            first.body = rows
        elif isinstance(holder, dict):
            holder[above[-1]] = rows
    elif use.several:
        rows = [dig(reply.body, use.at) for reply in replies]
        answers = call.context.answers
        mode = call.mode("sparse")
        return answers.reply(call.operation, call.rng(), rows, use.several, mode)
    return first
