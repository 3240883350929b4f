"""Several entities in one request: created from an array, removed by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mockserver.engine.generation.generator import MISSING
from mockserver.engine.inferred import crud
from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import dig
from mockserver.engine.messages import Reply
from mockserver.inference.model import FIRST


def create(call: Call) -> Reply:
    """A create; an array of entities is created completely or not at all."""
    shown = call.action.response.at
    for sent in (call.action.request.at, call.action.request.several or ()):
        above = sent[: sent.index(FIRST)] if FIRST in sent else ()
        items = _exactly(call.request.body, above) if FIRST in sent else None
        if isinstance(items, list):
            break
    else:
        return crud.create(call)
    call = replace(call, action=replace(call.action, request=replace(call.action.request, at=sent)))
    if not items:
        known = [] if FIRST in shown else MISSING
        at = shown[: shown.index(FIRST)] if FIRST in shown else ()
        return call.context.answers.reply(call.operation, call.dice(), known, at, "fresh")
    replies = []
    for item in items:
        request = replace(call.request, body=_wrapped(above, [item]))
        replies.append(crud.create(replace(call, request=request)))
    ids = [value for reply in replies for value in crud.told_ids(call, reply)]
    joined = _joined(replies, shown)
    crud.tell_ids(call, joined, ids)
    return joined


def remove(call: Call) -> Reply:
    """DELETE on a collection: removes the entities with the given ids; unknown ids are ignored."""
    call.check_parents()
    parent = call.parent_key()
    gone = 0
    for value in _ids(call):
        entity = call.find(call.key_of(value))
        if entity is not None and parent in ("", entity.parent):
            crud.take_away(call, call.repository, entity)
            gone += 1
    known = {"deleted": gone, "count": gone}
    return call.context.answers.reply(call.operation, call.dice(gone), known, (), "fresh", own=())


def _ids(call: Call) -> Iterator[Any]:
    """The distinct ids in the query or the body."""
    name = call.action.request.ids
    given = call.request.query.get(name) if name is not None else call.sent
    values = given.split(",") if isinstance(given, str) else given
    if isinstance(values, list):
        texts = (v for v in values if isinstance(v, str | int) and not isinstance(v, bool))
        yield from dict.fromkeys(texts)


def _exactly(body: Any, path: tuple[str, ...]) -> Any:
    """The value at a path; None if it is missing."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _wrapped(path: tuple[str, ...], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


def _joined(replies: list[Reply], at: tuple[str, ...]) -> Reply:
    """The first reply, with all entities if it shows an array."""
    first = replies[0]
    if FIRST not in at:
        return first
    above = at[: at.index(FIRST)]
    things = [thing for reply in replies for thing in dig(reply.body, above) or ()]
    holder: Any = dig(first.body, above[:-1])
    if not above:
        first.body = things
    elif isinstance(holder, dict):
        holder[above[-1]] = things
    return first
