"""The parts of a response that report what was done: how many are new, their ids, new secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import named
from mockserver.engine.inferred.reference_names import is_id
from mockserver.engine.inferred.repository import Entity
from mockserver.engine.messages import Reply
from mockserver.engine.serialization import pointer_of
from mockserver.inference.words import SECRETS, bag, last_word, snake_case, tokens

_COUNTED = bag(
    "success succeeded successful successes created inserted added processed accepted imported "
    "submitted upserted updated deleted removed affected total"
)
_FAILED = bag("error errors failed failures failure rejected skipped invalid")
_COUNTS = _COUNTED | bag("count counts number num")
_GOOD = bag("success succeeded successful ok done")
_COUNTING = bag("count counts number num total items records rows entries of")


def count_made(call: Call, reply: Reply, number: int, ids: Sequence[Any] | None = None) -> None:
    """Write how many entities a request was about where a response counts them beside these:
    `{"success_count": 2, "errors_count": 0}`, and their `ids` where it lists those."""
    place, holder = pointer_of(call.operation, reply.status), reply.body
    if not place or not isinstance(holder, dict):
        return
    own = call.context.flat(call.resource).properties
    flat = call.context.schemas.flat_at(call.context.schemas.main(place))
    alone = len(flat.properties) == 1
    for name, schema in flat.properties.items():
        words = set(tokens(name))
        items = call.context.schemas.flat(schema).arrays.items
        listed = items is not None and not call.context.schemas.flat(items).properties
        if listed and ids is not None and not words - _COUNTED - _FAILED - {"id", "ids"}:
            holder[name] = [] if words & _FAILED else list(ids)
            continue
        whole = call.context.schemas.flat(schema).types[:1] in (("integer",), ("number",))
        if name in own or not whole or words - _COUNTED - _FAILED - _COUNTING:
            continue
        if words & _FAILED:
            holder[name] = 0
        elif words & (_COUNTS if alone else _COUNTED) and (words != {"total"} or number != 1):
            holder[name] = number


def say_results(call: Call, reply: Reply, ids: Callable[[], Sequence[Any]]) -> None:
    """Write how it went for each entity of a request where a response has a row for each:
    `{"results": [{"id": 7, "success": true}]}`. `ids` are looked up only then."""
    place, holder = pointer_of(call.operation, reply.status), reply.body
    if not place or not isinstance(holder, dict):
        return
    schemas = call.context.schemas
    for name, schema in schemas.flat_at(schemas.main(place)).properties.items():
        items = schemas.flat(schema).arrays.items
        row = schemas.flat(items) if items is not None else None
        own = [one for one in row.properties if is_id(one)] if row is not None else []
        if row is None or len(own) != 1 or holder.get(name) or set(tokens(name)) & _FAILED:
            continue
        good = [n for n in row.properties if n != own[0] and set(tokens(n)) & _GOOD]
        flags = [n for n in good if "boolean" in schemas.types(row.properties[n])]
        if row.required.keys() <= {own[0], *flags}:
            holder[name] = [{own[0]: one, **dict.fromkeys(flags, True)} for one in ids()]


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
