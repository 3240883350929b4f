"""Several things in one request: made from an array, removed by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.generation.generator import MISSING
from mockserver.engine.inferred import crud
from mockserver.engine.inferred.context import Context, dig
from mockserver.engine.messages import Reply, Request
from mockserver.engine.randomness import Dice
from mockserver.engine.world import World
from mockserver.inference.model import FIRST, Action
from mockserver.openapi.model import Operation


def create(context: Context, operation: Operation, action: Action) -> Handler:
    """A create; where an array of things is sent, each is made, and all or none."""
    one = crud.create(context, operation, action)
    if FIRST not in action.request.at:
        return one
    above = action.request.at[: action.request.at.index(FIRST)]

    def handle(world: World, request: Request) -> Reply:
        items = dig(request.body, above)
        if not isinstance(items, list):
            return one(world, request)
        if not items:
            shown = (
                action.response.at[: action.response.at.index(FIRST)]
                if FIRST in action.response.at
                else None
            )
            dice = Dice.of(world, action.operation)
            known = MISSING if shown is None else []
            return context.answers.reply(operation, dice, known, shown or (), "fresh")
        replies = [one(world, replace(request, body=_wrapped(above, [item]))) for item in items]
        return _joined(replies, action.response.at)

    return handle


def remove(context: Context, operation: Operation, action: Action) -> Handler:
    """DELETE of a collection: those whose ids are sent go, unknown ones are passed over."""
    shelf = context.shelf_of(action)

    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        parent = context.parent_key(request, action)
        gone = 0
        for value in _ids(request, action):
            key = f"{parent}/{value}" if shelf.resource.identity.nested and parent else str(value)
            held = context.find(world, shelf, key)
            if held is not None and parent in ("", held.parent):
                crud.take_away(context, world, shelf, held)
                gone += 1
        known = {"deleted": gone, "count": gone, "success": True}
        dice = Dice.of(world, action.operation, gone)
        return context.answers.reply(operation, dice, known, (), "fresh")

    return handle


def _ids(request: Request, action: Action) -> Iterator[Any]:
    """The ids of the query, once each, or those of the body."""
    given = (
        request.query.get(action.request.ids)
        if action.request.ids
        else dig(request.body, action.request.at)
    )
    values = given.split(",") if isinstance(given, str) else given
    if isinstance(values, list):
        texts = (v for v in values if isinstance(v, str | int) and not isinstance(v, bool))
        yield from dict.fromkeys(texts)


def _wrapped(path: tuple[str, ...], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


def _joined(replies: list[Reply], at: tuple[str, ...]) -> Reply:
    """The first reply with the things of all of them, if it shows an array of them."""
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
