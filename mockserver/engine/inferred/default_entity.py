"""The default entity of a collection (`/cards/default`): set by its id, and shown."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import id_text, not_found
from mockserver.engine.inferred.entities import changed_entity
from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.inference.words import snake_case, tokens

_MARK = "chosen"
"""The key in the row of the default entity, where no property says it."""


def default_of(call: Call, word: str) -> Entity:
    """The default entity of a collection: which the entity above names, which has the flag, or
    which was set last. `word` is what the document calls it (`primary`). Raises NotFound."""
    call.check_parents()
    call.context.sower.sow(call.world, call.repository, call.within())
    beside = list(call.repository.scan(call.world, call.within(), False))
    said = {id_text(entity.data.get(name)) for _, entity, name in _naming(call, word)}
    flags = [n for n in call.context.flat(call.resource).properties if _is_flag(n, word)]
    for one in beside:
        named = id_text(one.id(call.resource)) in said
        if named or any(one.data.get(flag) is True for flag in flags):
            return one
    marked = (one for one in beside if one.row.get(_MARK) == word and not flags and not said)
    found = next(marked, None)
    if found is None and beside and 404 not in call.operation.documented:
        return beside[0]  # nothing says that there may be none
    if found is None:
        raise not_found(call.resource, word)
    return found


def made_default(call: Call, entity: Entity, word: str) -> Entity:
    """The entity as the default of its collection, for the caller to store. The entity above it and
    the one that was the default are changed here."""
    repository = call.repository
    for other in list(repository.scan(call.world, entity.parent or None, False)):
        if other.row.get(_MARK) == word and other.key != entity.key:
            row = {name: value for name, value in other.row.items() if name != _MARK}
            repository.put(call.world, Entity(other.key, other.data, other.parent, row))
    for above, holder, name in list(_naming(call, word)):
        changed = changed_entity(call, above, holder, {name: entity.id(call.resource)})
        above.put(call.world, changed)
    return Entity(entity.key, entity.data, entity.parent, {**entity.row, _MARK: word})


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
