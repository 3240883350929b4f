"""Answers from the schema alone."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from mockserver.contract.model import Operation
from mockserver.engine.api import Handler
from mockserver.engine.dice import Dice
from mockserver.engine.generic.context import Context, named
from mockserver.engine.generic.seeds import birth, lasting
from mockserver.engine.making import MISSING
from mockserver.engine.messages import Reply, Request
from mockserver.engine.negotiate import choose_media_type
from mockserver.engine.world import World
from mockserver.plan.model import Action

_KEPT = 256


def fixed(context: Context, operation: Operation, action: Action) -> Handler:
    """A handler that gives the same answer to the same question.

    A POST that makes something gives another each time.
    """
    if operation.method == "POST" and operation.success == 201:
        return _made(context, operation, action)
    example = _example(operation)
    kept: OrderedDict[tuple[object, ...], Reply] = OrderedDict()

    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        asked = sorted(request.path.items())
        if operation.method != "GET" or request.query:
            known = {**example, **request.query, **named(request.body), **request.path}
            dice = lasting(world, operation.id, *asked)
            return context.answers.reply(operation, dice, known or MISSING)
        # A path parameter may be an array.
        question = (world.settings.seed, world.tenant, birth(world), repr(asked))
        reply = kept.get(question)
        if reply is None:
            dice = lasting(world, operation.id, *asked)
            known = {**example, **request.path}
            reply = kept[question] = context.answers.reply(operation, dice, known or MISSING)
            if len(kept) > _KEPT:
                kept.popitem(last=False)
        return replace(reply, headers=dict(reply.headers))

    return handle


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
