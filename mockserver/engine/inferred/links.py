"""Links between entities that have homes of their own: a user in a group, a track on a playlist.

A row of `LINKS` says whether an entity is a member. Without one, the seed entities are members of
the seed entities above them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.world import Collection, World
from mockserver.inference.model import Membership

LINKS = Collection("links", order=("id",), indexes=("above",))


def members(
    repositories: Mapping[str, Repository],
    world: World,
    member: str,
    membership: Membership,
    above: str,
) -> Iterator[Entity]:
    """The members of the one with the key `above`; costs what they are, but for seed entities."""
    repository = repositories[member]
    owner = repositories[membership.owner].get(world, above)
    if owner is not None and owner.seed:
        test = is_member(repositories, world, membership, above)
        yield from filter(test, repository.scan(world, None, False))
        return
    for row in world[LINKS.name].scan(above=f"{membership.name}|{above}"):
        entity = repository.get(world, row["member"]) if row["on"] else None
        if entity is not None:
            yield entity


def is_member(
    repositories: Mapping[str, Repository], world: World, membership: Membership, above: str
) -> Callable[[Entity], bool]:
    """Whether an entity is a member of the one with the key `above`."""
    owner = repositories[membership.owner].get(world, above)
    usual = owner is not None and owner.seed
    place = f"{membership.name}|{above}"
    said = {row["member"]: row["on"] for row in world[LINKS.name].scan(above=place)}

    def test(entity: Entity) -> bool:
        return bool(said.get(entity.key, usual and entity.seed))

    return test
