"""Which properties of seed entities name other seed entities, and those that they name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.inferred.identifiers import typed_id
from mockserver.engine.inferred.repository import OwnRepository, Repository
from mockserver.engine.world import World
from mockserver.inference.model import Resource
from mockserver.inference.words import noun, tokens

Reference = tuple[str, OwnRepository, bool]
Sow = Callable[[World, Repository, str | None], None]

_IDS = ("id", "uuid", "ids", "uuids")


class SeedReferences:
    """Finds the references of the resources of one document, without circles."""

    def __init__(self, repositories: Mapping[str, Repository]) -> None:
        self._repositories = repositories
        self._found: dict[str, tuple[Reference, ...]] = {}
        self._by_noun: dict[str, list[OwnRepository]] = defaultdict(list)
        for repository in repositories.values():
            resource = repository.resource
            if not isinstance(repository, OwnRepository) or resource.singleton:
                continue
            if resource.seeds and resource.identity.key is not None:
                self._by_noun[resource.noun].append(repository)

    def of(self, repository: OwnRepository) -> tuple[Reference, ...]:
        """The properties that name others: the property, where those are kept, and whether it
        names several."""
        name = repository.resource.name
        if name not in self._found:
            self._found[name] = tuple(
                one
                for one in self._all(repository)
                if not self._leads(one[1].resource.name, name, {name})
            )
        return self._found[name]

    def values(
        self, world: World, sow: Sow, repository: OwnRepository, parent: str, ordinal: int
    ) -> Iterator[tuple[str, Any]]:
        """What such properties say: `upload_id` of a transcode, and the ids of its parents."""
        above = dict(self._above(world, repository.resource, parent))
        for name, target, several in self.of(repository):
            links = target.resource.parents
            within = above.get(len(links)) if links else None
            if links and within is None:
                continue
            sow(world, target, within)
            key = target.resource.identity.key or ""
            there = [
                e.data[key] for e in target.scan(world, within, False) if e.seed and key in e.data
            ]
            if there:
                value = there[ordinal % len(there)]
                yield name, [value] if several else value
        for length, own in above.items():
            field = repository.resource.parents[length - 1].field
            if field and repository.resource.schema:
                place = repository.schemas.place(repository.resource.schema, field)
                yield field, typed_id(repository.schemas, place, own.rsplit("/", 1)[-1])

    def _above(self, world: World, resource: Resource, parent: str) -> Iterator[tuple[int, str]]:
        """The keys of the entities above one, each with the number of path parameters up to it."""
        for length in range(len(resource.parents), 0, -1):
            if not parent:
                return
            yield length, parent
            name = resource.parents[length - 1].resource
            entity = self._repositories[name].get(world, parent) if name else None
            parent = entity.parent if entity else parent.rpartition("/")[0]

    def _leads(self, start: str, to: str, seen: set[str]) -> bool:
        """Whether seeds of a resource need those of another first."""
        if start == to:
            return True
        if start in seen:
            return False
        seen.add(start)
        repository = self._repositories[start]
        above = [link.resource for link in repository.resource.parents if link.resource]
        if isinstance(repository, OwnRepository):
            above += [target.resource.name for _, target, _ in self._all(repository)]
        return any(self._leads(one, to, seen) for one in above)

    def _all(self, repository: OwnRepository) -> Iterator[Reference]:
        resource, schemas = repository.resource, repository.schemas
        own = {resource.identity.key, *(link.field for link in resource.parents)}
        for name in repository.flat.properties:
            words = tokens(name)
            if name in own or len(words) < 2 or words[-1] not in _IDS:
                continue
            target = self._nearest(resource, noun("_".join(words[:-1])))
            if target is None or target is repository:
                continue
            several = words[-1] in ("ids", "uuids")
            place = schemas.place(resource.schema or "", name)
            if several and place is not None:
                place = schemas.place(schemas.main(place), None)
            if place is None:
                continue
            key = target.flat.properties.get(target.resource.identity.key or "", {})
            if kinds(schemas, schemas.at(place)) & kinds(schemas, key):
                yield name, target, several

    def _nearest(self, resource: Resource, called: str) -> OwnRepository | None:
        """What a noun means in an entity: something below the same parents, or further up."""
        chain = _chain(resource)
        found: dict[int, list[OwnRepository]] = defaultdict(list)
        for one in self._by_noun.get(called, ()):
            names = _chain(one.resource)
            if names == chain[: len(names)]:
                found[len(names)].append(one)
        nearest = found[max(found)] if found else []
        return nearest[0] if len(nearest) == 1 else None


def _chain(resource: Resource) -> list[str]:
    return [link.resource or link.parameter for link in resource.parents]
