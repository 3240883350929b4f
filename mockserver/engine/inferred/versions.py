"""Versions of an entity: one for each of its changes, and the way back to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import id_text
from mockserver.engine.inferred.entities import changed_entity, new_entity
from mockserver.engine.inferred.repository import SYSTEM, Entity, OwnRepository, Repository
from mockserver.engine.inferred.seeding import sown
from mockserver.inference.resource_model import Versions
from mockserver.inference.words import bag, last_word, tokens

_BACK = bag("restore revert rollback rerun apply reinstate activate")


def keep_version(
    call: Call,
    repository: Repository,
    before: Entity | None,
    entity: Entity,
    *,
    by_verb: bool = False,
) -> None:
    """Keep a version of an entity that was created (`before` is None) or changed; after a verb
    (`by_verb`), only if it changed what versions have."""
    versions = repository.resource.versions
    kept = call.context.repositories[versions.resource] if versions is not None else None
    if versions is None or not isinstance(kept, OwnRepository):
        return
    world, link = call.world, kept.resource.parents[-1]
    if before is None:
        world[SYSTEM.name].put({"id": sown(kept, entity.key), "sent": True})
    elif (by_verb or versions.copies) and all(
        before.data.get(name) == entity.data.get(name) for name in versions.copies
    ):
        return
    call.context.sower.sow(world, kept, entity.key)
    data = entity.data
    copies = {name: data[name] for name in versions.copies if data.get(name) is not None}
    fixed: dict[str, Any] = {versions.holder: copies} if versions.holder is not None else copies
    if link.field:
        fixed[link.field] = entity.id(repository.resource)
    if versions.number is not None:
        fixed[versions.number] = kept.number(world, entity.key) + 1
    kept.put(world, new_entity(call, kept, {}, fixed, entity.key))


def restored_from_version(
    call: Call, verb: str, entity: Entity, sent: Mapping[str, Any]
) -> Entity | None:
    """The entity with what it had in a version, stored. The path names the version (`entity`), or
    the request does. None if the operation does something else."""
    if verb not in _BACK:
        return None
    repository = call.repository
    versions = repository.resource.versions
    if versions is not None:
        version = _named(call, versions, entity, sent)
    else:
        version = entity
        above = call.context.above(call.action.parents[-1]) if call.action.parents else None
        versions = above.resource.versions if above is not None else None
        if above is None or versions is None or versions.resource != repository.resource.name:
            return None
        found = call.context.find(call.world, above, call.parent_key())
        repository, entity = above, found if found is not None else entity
    if version is None or version is entity:
        return None
    held = version.data.get(versions.holder) if versions.holder is not None else version.data
    copies = {n: held[n] for n in versions.copies if n in held} if isinstance(held, Mapping) else {}
    changed = repository.put(call.world, changed_entity(call, repository, entity, copies))
    keep_version(call, repository, entity, changed, by_verb=True)
    return changed


def _named(
    call: Call, versions: Versions, entity: Entity, sent: Mapping[str, Any]
) -> Entity | None:
    """The version that a request names by its id or number."""
    kept = call.context.repositories[versions.resource]
    about = last_word(kept.resource.noun)
    wanted = {id_text(value) for name, value in sent.items() if about in tokens(name)}
    if not wanted:
        return None
    call.context.sower.sow(call.world, kept, entity.key)
    for one in kept.scan(call.world, entity.key, False):
        own = {id_text(one.id(kept.resource)), id_text(one.data.get(versions.number or ""))}
        if wanted & own:
            return one
    return None
