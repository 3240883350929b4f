"""Which properties of seed entities name seed entities of other resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.inferred.repository import OwnRepository, Repository
from mockserver.inference.words import noun, tokens

Reference = tuple[str, OwnRepository, bool]

_IDS = ("id", "uuid", "ids", "uuids")


class SeedReferences:
    """Finds the references of the resources of one document, without circles."""

    def __init__(self, repositories: Mapping[str, Repository]) -> None:
        self._repositories = repositories
        self._found: dict[str, tuple[Reference, ...]] = {}
        self._by_noun: dict[str, OwnRepository | None] = {}
        for repository in repositories.values():
            resource = repository.resource
            if not isinstance(repository, OwnRepository) or resource.singleton:
                continue
            if resource.parents or not resource.seeds or resource.identity.key is None:
                continue
            known = resource.noun in self._by_noun
            self._by_noun[resource.noun] = None if known else repository

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
            target = self._by_noun.get(noun("_".join(words[:-1])))
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
