"""Links between entities that have homes of their own: a user in a group, a track on a playlist."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.identifiers import id_text
from mockserver.engine.inferred.repository import Entity, Repository, Test, held_at
from mockserver.engine.world import Collection, World
from mockserver.inference.model import Membership, Through
from mockserver.inference.resource_model import Link
from mockserver.openapi.model import Operation

# A row records whether an entity is a member. Without a row, an entity is a member if one of its
# properties names the owner, or if both are seed entities.

LINKS = Collection("links", order=("id",), indexes=("above", "member"), internal=True)


def members(
    repositories: Mapping[str, Repository],
    world: World,
    member: str,
    membership: Membership,
    above: str,
) -> list[Entity]:
    """The members of the owner with the key `above`, in the order of their creation. The cost grows
    with the members, not with the collection."""
    repository, owners = repositories[member], repositories[membership.owner]
    owner = owners.get(world, above)
    own = _names_of(owners, owner, above)
    found = {
        one.key: one
        for key, on in _recorded(repositories, world, member, membership, above, own)
        if on and (one := repository.get(world, key)) is not None
    }
    for name in membership.fields:
        found |= {one.key: one for one in repository.holding(world, name, own)}
    if owner is not None and owner.seed and not membership.between:
        found |= {one.key: one for one in repository.seeds(world)}
    test = is_member(repositories, world, member, membership, above)
    return sorted(filter(test, found.values()), key=repository.place)


def is_member(
    repositories: Mapping[str, Repository],
    world: World,
    member: str,
    membership: Membership,
    above: str,
) -> Callable[[Entity], bool]:
    """The test whether an entity is a member of the owner with the key `above`."""
    repository = repositories[membership.owner]
    owner = repository.get(world, above)
    by_seed = owner is not None and owner.seed and not membership.between
    own = _names_of(repository, owner, above)
    recorded = dict(_recorded(repositories, world, member, membership, above, own))

    def test(entity: Entity) -> bool:
        if entity.key in recorded:
            return bool(recorded[entity.key])
        if by_seed and entity.seed:
            return True
        values = (held_at(entity.data, name) for name in membership.fields)
        return any(names(value, own, repository) for value in values)

    return test


def record_link(world: World, place: str, key: str, *, on: bool) -> None:
    """Record that an entity is, or is no longer, a member at a place: a relation and its owner."""
    world[LINKS.name].put({"id": f"{place}|{key}", "above": place, "member": key, "on": on})


def _names_of(repository: Repository, owner: Entity | None, above: str) -> set[str]:
    """The values by which others name an owner."""
    return {above, str(owner.id(repository.resource)) if owner is not None else above}


def _recorded(
    repositories: Mapping[str, Repository],
    world: World,
    member: str,
    membership: Membership,
    above: str,
    own: set[str],
) -> Iterator[tuple[str, bool]]:
    """The keys of entities, each with whether it is a member, as a link, the owner or an entity
    below the member says."""
    rows = world[LINKS.name]
    if membership.held is not None:
        owner = repositories[membership.owner].get(world, above)
        key = repositories[member].resource.identity.key or "id"
        for one in (held_at(owner.data, membership.held) if owner is not None else None) or ():
            yield str(one.get(key) if isinstance(one, Mapping) else one), True
    if membership.between:
        keys = [above]
        for name in (*membership.between, member):
            keys = [one.key for key in keys for one in repositories[name].scan(world, key, False)]
        yield from dict.fromkeys(keys, True).items()
    elif membership.through is not None:
        name, field = membership.through
        repository = repositories[membership.owner]
        for one in repositories[name].holding(world, field, own):
            if names(one.data.get(field), own, repository):
                yield one.parent, True
    elif membership.inverse:
        start = f"{membership.name}|"
        for row in rows.scan(member=above):
            if row["above"].startswith(start):
                yield row["above"].removeprefix(start), row["on"]
    else:
        for row in rows.scan(above=f"{membership.name}|{above}"):
            yield row["member"], row["on"]


def names(value: Any, own: set[str], repository: Repository) -> bool:
    """Whether a property holds the id of an entity, alone or among others."""
    if isinstance(value, list):
        return any(names(one, own, repository) for one in value)
    if isinstance(value, Mapping):
        key = repository.resource.identity.key or "id"
        if key not in value:
            return any(str(one) in own for one in value.values() if isinstance(one, str | int))
        value = value[key]
    return isinstance(value, str | int) and str(value) in own


def names_owner(entity: Entity, link: Link, owners: Repository, value: Any) -> bool:
    """Whether an entity names the owner that a path parameter has, or none: `/authors/7/books/9`,
    where books are made at `/books` with an `author_id`."""
    held = entity.data.get(link.field) if link.field and link.certain else None
    own = id_text(value)
    return held is None or names(held, {own, own.rsplit("/", 1)[-1]}, owners)


def linked_by(
    repositories: Mapping[str, Repository], world: World, link: Through, value: Any
) -> Test:
    """The test that another entity links an entity with one of these ids."""
    wanted = {str(each) for each in (value if isinstance(value, list | tuple) else [value])}
    rows = repositories[link.resource].holding(world, link.of, wanted)
    keys = {str(r.data.get(link.member)) for r in rows if str(r.data.get(link.of)) in wanted}
    return lambda entity: entity.key.rsplit("/", 1)[-1] in keys or entity.key in keys


def is_sign_for_all(operation: Operation, value: Any) -> bool:
    """Whether a value in a path is a sign by which the document means all: "specify `~` for all",
    or the only value that the parameter may have."""
    if not isinstance(value, str) or not value or any(map(str.isalnum, value)):
        return False
    told = f"{operation.summary} {operation.description} " + " ".join(
        f"{one.description} {one.schema}" for one in operation.parameters if one.place == "path"
    )
    return any(f"{quote}{value}{quote}" in told for quote in ("`", "'", '"'))
