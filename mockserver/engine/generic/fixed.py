"""Answers from the schema alone."""

from __future__ import annotations

from typing import Any

from mockserver.contract.model import Operation
from mockserver.engine.api import Handler
from mockserver.engine.dice import Dice
from mockserver.engine.generic.context import Context, named
from mockserver.engine.making import MISSING
from mockserver.engine.messages import Reply, Request
from mockserver.engine.moods import Mode
from mockserver.engine.negotiate import choose_media_type
from mockserver.engine.world import World
from mockserver.plan.model import Action


def fixed(context: Context, operation: Operation, action: Action) -> Handler:
    """A handler that gives the same answer to the same question; a POST that makes something
    gives another each time."""
    makes = operation.method == "POST" and operation.success == 201

    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        known: dict[str, Any] = {
            **_example(operation),
            **request.query,
            **named(request.body),
            **request.path,
        }
        salt = sorted(request.path.items())
        if makes:
            salt.append(("made", world.ordinal("fixed:" + operation.id)))
        dice = Dice.of(world, operation.id, *salt)
        mode: Mode = "fresh" if makes else "rich"
        return context.answers.reply(operation, dice, known or MISSING, (), mode)

    return handle


def _example(operation: Operation) -> dict[str, Any]:
    """What the document shows of the answer."""
    response = operation.response_for(operation.success)
    media = response.content.get(choose_media_type(response)) if response is not None else None
    return named(next(iter(media.examples.values()), None)) if media is not None else {}
