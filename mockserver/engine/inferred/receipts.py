"""The parts of a response that report what was done: how many are new, their ids, new secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import named
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import pointer_of
from mockserver.inference.words import SECRETS, bag, last_word, snake_case, tokens

COUNTED = bag(
    "success succeeded successful successes created inserted added processed accepted imported "
    "submitted upserted updated deleted removed affected total"
)
"""Words for what went well."""
FAILED = bag("error errors failed failures failure rejected skipped invalid")
_COUNTS = COUNTED | bag("count counts number num")
_COUNTING = bag("count counts number num total items records rows entries of")
_DEEDS = {
    "created": bag("created inserted added"),
    "updated": bag("updated changed"),
    "deleted": bag("deleted removed"),
}


def count_made(
    call: Call, reply: Reply, number: int, deeds: Mapping[str, int] | None = None, failed: int = 0
) -> None:
    """Write how many entities a request was about where a response counts them beside these:
    `{"success_count": 2, "errors_count": 0}`. `deeds` are the numbers of those that were created,
    updated or deleted, if the request may have done several of that; `failed` of unknown ones."""
    place, holder = pointer_of(call.operation, reply.status), reply.body
    if not place or not isinstance(holder, dict):
        return
    own = call.context.flat(call.resource).properties
    flat = call.context.schemas.flat_at(call.context.schemas.main(place))
    alone = len(flat.properties) == 1
    for name, schema in flat.properties.items():
        words = set(tokens(name))
        whole = call.context.schemas.flat(schema).types[:1] in (("integer",), ("number",))
        if name in own or not whole or words - COUNTED - FAILED - _COUNTING:
            continue
        deed = next((one for one, names in _DEEDS.items() if words & names), None)
        if words & FAILED:
            holder[name] = failed
        elif deed is not None and deeds is not None and not alone:
            holder[name] = deeds.get(deed, 0)
        elif words & (_COUNTS if alone else COUNTED) and (words != {"total"} or number != 1):
            holder[name] = number


def _id_lists(call: Call, reply: Reply) -> Iterator[tuple[dict[str, Any], str]]:
    """Where a response lists the ids of other created entities (`{"order_ids": []}`)."""
    noun = call.resource.noun
    names = {"ids", f"{noun}_ids", f"{last_word(noun)}_ids"}
    schemas, holder = call.context.schemas, reply.body
    place = pointer_of(call.operation, reply.status)
    for step in (*call.action.response.at, ""):
        if not isinstance(holder, dict) or place is None:
            return
        for name, schema in schemas.flat_at(schemas.canonical(place)).properties.items():
            if name in named(call.sent):
                continue  # these are the client's own
            if snake_case(name) in names and "array" in schemas.flat(schema).types:
                yield holder, name
        holder, place = holder.get(step), schemas.place(place, step or None)


def returned_ids(call: Call, reply: Reply) -> list[Any]:
    """The ids of other created entities in a response."""
    return next((holder.get(name) or [] for holder, name in _id_lists(call, reply)), [])


def tell_ids(call: Call, reply: Reply, ids: list[Any]) -> None:
    """Set the ids of created entities where a response has a list of them."""
    for holder, name in _id_lists(call, reply):
        holder[name] = list(ids)


def told_secrets(call: Call, entity: Entity) -> set[str]:
    """The secrets that only responses tell, and that are remembered with the entity."""
    own = call.context.flat(call.resource).properties
    return {n for n in entity.data if n not in own and not SECRETS.isdisjoint(tokens(n)[-1:])}


def renewed(call: Call, entity: Entity, secrets: set[str]) -> Reply:
    """The response with another value of these secrets, each time."""
    own = call.context.flat(call.resource).properties
    kept = {n: v for n, v in call.known(entity).items() if n not in secrets}
    rng = call.rng(entity.key, call.world.ordinal(f"renewed:{call.resource.name}"))
    at, mode = call.action.response.at, call.mode("fresh")
    return call.context.answers.reply(call.operation, rng, kept, at, mode, own=own)
