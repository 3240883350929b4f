"""Lists that have no rows, or may not be without."""

from __future__ import annotations

from typing import Any

from mockserver.contract.model import Operation
from mockserver.engine.dice import Dice
from mockserver.engine.generic.context import Context
from mockserver.engine.making import MISSING
from mockserver.engine.messages import Reply
from mockserver.engine.negotiate import choose_media_type
from mockserver.plan.model import Envelope, Path


def is_never_empty(context: Context, operation: Operation, envelope: Envelope) -> bool:
    """Whether the document says that there is always a row."""
    pointer = _pointer(operation, operation.success)
    for name in envelope.items:
        if pointer is None or name not in context.schemas.flat_at(pointer).required:
            return False
        pointer = context.schemas.place(pointer, name)
    return pointer is not None and bool(context.schemas.flat_at(pointer).rules.get("minItems"))


def bare(context: Context, operation: Operation, dice: Dice, items: list[Any]) -> Reply:
    """The rows without an envelope."""
    pointer = _pointer(operation, operation.success)
    if pointer is not None and context.schemas.flat_at(pointer).choices:
        # Of several kinds of lists the rows tell which it is.
        return context.answers.reply(operation, dice, items or MISSING, (), "fresh")
    reply = context.answers.reply(operation, dice, [], (), "fresh")
    if not isinstance(reply.body, bytes):
        reply.body = items
    return reply


def leave_out(context: Context, operation: Operation, reply: Reply, path: Path) -> None:
    """Of an empty list not even the property, if it may not be empty but missing."""
    pointer = _pointer(operation, reply.status)
    if pointer is None or context.values.check(pointer).is_valid(reply.body):
        return
    holder = reply.body
    for name in path[:-1]:
        holder = holder[name]
    del holder[path[-1]]


def _pointer(operation: Operation, status: int) -> str | None:
    """Where the schema of an answer stands, if it has one."""
    response = operation.response_for(status)
    media = response.content.get(choose_media_type(response)) if response is not None else None
    return media.pointer if media is not None else None
