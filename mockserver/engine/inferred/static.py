"""Answers from the schema alone."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Any

from mockserver.engine.generation.generator import MISSING
from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import Context, named
from mockserver.engine.inferred.repository import Repository
from mockserver.engine.inferred.seeding import birth, lasting
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import choose_media_type
from mockserver.errors import Conflict
from mockserver.inference.model import Action
from mockserver.openapi.model import Operation

_KEPT = 256


def fixed(context: Context, operation: Operation, action: Action) -> CallHandler:
    """A handler that gives the same answer to the same question.

    A POST that makes something gives another each time.
    """
    if operation.method == "POST" and operation.success == 201:
        return _made
    awaits = action.response.awaits
    jobs = context.repositories.get(awaits) if awaits is not None else None
    example = _example(operation)
    kept: OrderedDict[tuple[object, ...], Reply] = OrderedDict()

    def handle(call: Call) -> Reply:
        call.check_parents()
        if jobs is not None:
            _check_done(call, jobs)
        world, request = call.world, call.request
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


def _check_done(call: Call, jobs: Repository) -> None:
    """Raises Conflict if the job has not succeeded."""
    entity = call.context.find(call.world, jobs, call.parent_key())
    states = jobs.resource.states
    if entity is None or states is None or not states.moves:
        return
    if entity.data.get(states.name) in states.success:
        return
    noun = jobs.resource.noun.replace("_", " ")
    raise Conflict(
        f"The {noun} is {entity.data.get(states.name)}; this is there once it has succeeded."
    )


def _made(call: Call) -> Reply:
    call.check_parents()
    known: dict[str, Any] = {**named(call.request.body), **call.request.path}
    dice = call.dice(call.world.ordinal("fixed:" + call.operation.id))
    return call.context.answers.reply(call.operation, dice, known or MISSING, (), "fresh")


def _example(operation: Operation) -> dict[str, Any]:
    """What the document shows of the answer."""
    response = operation.response_for(operation.success)
    media = response.content.get(choose_media_type(response)) if response is not None else None
    return named(next(iter(media.examples.values()), None)) if media is not None else {}
