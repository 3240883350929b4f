"""The default entity of a collection (`/cards/default`): set by its id, and shown."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import id_text, not_found
from mockserver.engine.inferred.entities import changed_entity
from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.inferred.repository import CHOSEN, Entity, Repository
from mockserver.inference.words import snake_case, tokens


def default_of(call: Call, word: str) -> Entity:
    """The default entity of a collection: which the entity above names, which has the flag, or
    which was set last. `word` is what the document calls it (`primary`). Raises NotFound."""
    call.check_parents()
    call.context.sower.sow(call.world, call.repository, call.within())
    repository, world, within = call.repository, call.world, call.within()
    said = {id_text(entity.data.get(name)) for _, entity, name in _naming(call, word)}
    flags = [n for n in call.context.flat(call.resource).properties if _is_flag(n, word)]
    key = call.resource.identity.key or ""
    named = (repository.get(world, call.key_of(one)) for one in sorted(said))
    like = [*filter(None, named), *repository.having(world, key, said)]
    found = [one for one in like if id_text(one.id(call.resource)) in said]
    for flag in flags:
        on = repository.having(world, flag, ("True",))
        found += (one for one in on if one.data[flag] is True)
    if not flags and not said:
        found += repository.marked(world, word)
    beside = (one for one in found if within in (None, one.parent))
    chosen = min(beside, key=repository.place, default=None)
    if chosen is None and 404 not in call.operation.documented:
        # Nothing says that there may be none.
        chosen = next(repository.scan(world, within, False), None)
    if chosen is None:
        raise not_found(call.resource, word)
    return chosen


def made_default(call: Call, entity: Entity, word: str) -> Entity:
    """The entity as the default of its collection, for the caller to store. The entity above it and
    the one that was the default are changed here."""
    repository = call.repository
    for other in list(repository.marked(call.world, word)):
        if entity.parent in ("", other.parent) and other.key != entity.key:
            row = {name: value for name, value in other.row.items() if name != CHOSEN}
            repository.put(call.world, other.with_row(row))
    for above, holder, name in list(_naming(call, word)):
        changed = changed_entity(call, above, holder, {name: entity.id(call.resource)})
        above.put(call.world, changed)
    return entity.with_row({**entity.row, CHOSEN: word})


def _is_flag(name: str, word: str) -> bool:
    return snake_case(name).removeprefix("is_") == word


def _naming(call: Call, word: str) -> Iterator[tuple[Repository, Entity, str]]:
    """The properties of the entity above that say which one is the default: `default_card_id`."""
    above = call.context.above(call.action.parents[-1]) if call.action.parents else None
    entity = call.context.find(call.world, above, call.parent_key()) if above is not None else None
    if above is None or entity is None:
        return
    about = tuple(call.resource.noun.rsplit(".", 1)[-1].split("_"))
    called = {(word, *own, *end) for own in (about, about[-1:]) for end in ((), ("id",))}
    for name, schema in call.context.flat(above.resource).properties.items():
        if tokens(name) in called and kinds(call.context.schemas, schema) <= _VALUES:
            yield above, entity, name


_VALUES = {"string", "integer", "null"}
