"""Answers from the schema alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.contract.model import Operation
from mockserver.engine.api import Handler
from mockserver.engine.generic.context import Context
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import World


def fixed(context: Context, operation: Operation) -> Handler:
    """A handler that always gives the same answer to the same path."""

    def handle(world: World, request: Request) -> Reply:
        known = {**dict(request.query), **_named(request.body), **dict(request.path)}
        return context.reply(world, operation, known, "rich", *sorted(request.path.items()))

    return handle


def _named(body: Any) -> Mapping[str, Any]:
    return body if isinstance(body, Mapping) else {}
