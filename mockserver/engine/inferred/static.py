"""Answers from the schema alone."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.generation.generator import MISSING
from mockserver.engine.inferred.context import Context, named
from mockserver.engine.inferred.repository import Shelf
from mockserver.engine.inferred.seeding import birth, lasting
from mockserver.engine.messages import Reply, Request
from mockserver.engine.randomness import Dice
from mockserver.engine.serialization import choose_media_type
from mockserver.engine.world import World
from mockserver.errors import Conflict
from mockserver.inference.model import Action
from mockserver.openapi.model import Operation

_KEPT = 256


def fixed(context: Context, operation: Operation, action: Action) -> Handler:
    """A handler that gives the same answer to the same question.

    A POST that makes something gives another each time.
    """
    if operation.method == "POST" and operation.success == 201:
        return _made(context, operation, action)
    awaits = action.response.awaits
    job = context.shelves.get(awaits) if awaits is not None else None
    example = _example(operation)
    kept: OrderedDict[tuple[object, ...], Reply] = OrderedDict()

    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        if job is not None:
            _check_done(context, world, request, action, job)
        asked = sorted(request.path.items())
        if operation.method != "GET" or request.query:
            known = {**example, **request.query, **named(request.body), **request.path}
            dice = lasting(world, operation.id, *asked)
            return context.answers.reply(operation, dice, known or MISSING, sample=True)
        # A path parameter may be an array.
        question = (world.settings.seed, world.tenant, birth(world), repr(asked))
        reply = kept.get(question)
        if reply is None:
            dice = lasting(world, operation.id, *asked)
            known = {**example, **request.path}
            reply = context.answers.reply(operation, dice, known or MISSING, sample=True)
            kept[question] = reply
            if len(kept) > _KEPT:
                kept.popitem(last=False)
        return replace(reply, headers=dict(reply.headers))

    return handle


def _check_done(
    context: Context, world: World, request: Request, action: Action, shelf: Shelf
) -> None:
    """Raises Conflict if the job has not succeeded."""
    held = context.find(world, shelf, context.parent_key(request, action))
    states = shelf.resource.states
    if held is None or states is None or not states.moves:
        return
    if held.data.get(states.name) in states.success:
        return
    noun = shelf.resource.noun.replace("_", " ")
    raise Conflict(
        f"The {noun} is {held.data.get(states.name)}; this is there once it has succeeded."
    )


def _made(context: Context, operation: Operation, action: Action) -> Handler:
    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        known: dict[str, Any] = {**named(request.body), **request.path}
        dice = Dice.of(world, operation.id, world.ordinal("fixed:" + operation.id))
        return context.answers.reply(operation, dice, known or MISSING, (), "fresh")

    return handle


def _example(operation: Operation) -> dict[str, Any]:
    """What the document shows of the answer."""
    response = operation.response_for(operation.success)
    media = response.content.get(choose_media_type(response)) if response is not None else None
    return named(next(iter(media.examples.values()), None)) if media is not None else {}
