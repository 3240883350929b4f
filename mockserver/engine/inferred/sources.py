"""Entities of which another one is made: a lead that becomes a deal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mockserver.engine.inferred.call import Call, CallHandler
from mockserver.engine.inferred.context import dig
from mockserver.engine.inferred.entities import changed_entity
from mockserver.engine.inferred.transitions import act
from mockserver.engine.messages import Reply
from mockserver.inference.model import RequestUse, ResponseUse


def from_source(handler: CallHandler) -> CallHandler:
    """The handler of a create, after which its source is what the verb makes it, and names what has
    been made. Raises Conflict where the document lists that for a source that is so already."""

    def handle(call: Call) -> Reply:
        source = call.action.source
        assert source is not None
        own = replace(
            call,
            action=replace(
                call.action, kind="transition", resource=source.resource, item=source.item,
                parents=source.parents, request=RequestUse(), response=ResponseUse(),
                transition=source.transition, elsewhere=False, source=None,
            ),
        )  # fmt: skip
        entity = own.entity()
        if source.transition.changes:
            entity = act(own, entity, {})
        reply = handler(call)
        use, key = call.action.response, call.resource.identity.key
        shown = dig(reply.body, use.at)
        made = dig(shown, use.id_path) if use.id_path else None
        if not use.id_path and isinstance(shown, Mapping) and key is not None:
            made = shown.get(key)
        if source.naming is not None and isinstance(made, str | int):
            named = changed_entity(own, own.repository, entity, {source.naming: made})
            own.repository.put(call.world, named)
        return reply

    return handle
