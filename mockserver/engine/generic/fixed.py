"""Answers from the schema alone."""

from __future__ import annotations

from typing import Any

from mockserver.contract.model import Operation
from mockserver.engine.api import Handler
from mockserver.engine.dice import Dice
from mockserver.engine.generic.context import Context, named
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import World
from mockserver.plan.model import Action


def fixed(context: Context, operation: Operation, action: Action) -> Handler:
    """A handler that gives the same answer to the same question; a POST that makes something
    gives another each time."""
    makes = operation.method == "POST" and operation.success == 201

    def handle(world: World, request: Request) -> Reply:
        context.check_parents(world, request, action)
        known: dict[str, Any] = {**request.query, **named(request.body), **request.path}
        salt = sorted(request.path.items())
        if makes:
            salt.append(("made", world.ordinal("fixed:" + operation.id)))
        dice = Dice.of(world, operation.id, *salt)
        return context.answers.reply(operation, dice, known, (), "fresh" if makes else "rich")

    return handle
