"""Things that a body names have to be there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.api import Handler
from mockserver.engine.generic.context import Context, dig, not_found
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import World
from mockserver.plan.model import FIRST, Action


def checked(context: Context, action: Action, handler: Handler) -> Handler:
    """The handler, for bodies whose ids are known. Raises NotFound for another one."""
    if not action.refers:
        return handler

    def handle(world: World, request: Request) -> Reply:
        for thing in _things(request.body, action):
            for reference in action.refers:
                value = thing.get(reference.field)
                shelf = context.shelves[reference.resource]
                if value is not None and context.find(world, shelf, str(value)) is None:
                    raise not_found(shelf.resource, value)
        return handler(world, request)

    return handle


def _things(body: Any, action: Action) -> Iterator[Mapping[str, Any]]:
    """What is sent: one thing, or several."""
    above = action.sent
    if FIRST in above:
        above = above[: above.index(FIRST)]
    found = dig(body, above)
    for thing in found if isinstance(found, list) else [found]:
        if isinstance(thing, Mapping):
            yield thing
