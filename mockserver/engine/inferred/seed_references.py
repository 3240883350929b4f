"""Which properties seed entities need, and which values: references to other entities, which must
exist first, and properties by which lists are filtered or sorted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mockserver.engine.generation.generator import Path
from mockserver.engine.generation.modes import is_failure
from mockserver.engine.inferred.field_roles import kinds
from mockserver.engine.inferred.identifiers import typed_id
from mockserver.engine.inferred.properties import Properties
from mockserver.engine.inferred.repository import Entity, OwnRepository, Repository, value_at
from mockserver.engine.inferred.schedules import put_at
from mockserver.engine.world import World, digest
from mockserver.inference.model import Action, Plan
from mockserver.inference.parts import RELATIONSHIPS, path_of_relationship, relationships_of
from mockserver.inference.resource_model import Resource
from mockserver.inference.words import noun, tokens
from mockserver.openapi.model import Contract, Operation

_WORDS = re.compile(r"\w{3,40}")
Reference = tuple[tuple[str, ...], OwnRepository, bool]
Sow = Callable[[World, Repository, str | None], None]

_IDS = ("id", "uuid", "ids", "uuids")


def makeable(plan: Plan) -> frozenset[str]:
    """The resources that clients can create."""
    return frozenset(
        action.resource
        for action in plan.actions.values()
        if action.resource is not None
        if action.kind in ("create", "clone") or action.request.upsert
    )


def unique_values(plan: Plan) -> dict[str, tuple[str, ...]]:
    """The properties of which no two entities have the same value, by resource."""
    return {
        action.resource: constraint.unique
        for action in plan.actions.values()
        if action.resource is not None
        if (constraint := action.request.constraint) is not None and constraint.unique
    }


def listed_flags(plan: Plan) -> dict[str, dict[str, bool]]:
    """The flags that soft deletion sets, as they are before it, by resource."""
    found: dict[str, dict[str, bool]] = {}
    for action in plan.actions.values():
        if action.resource is not None and action.transition is not None and action.transition.soft:
            flags = {n: not v for n, v in action.transition.changes if isinstance(v, bool)}
            found.setdefault(action.resource, {}).update(flags)
    return found


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
        """The references of a resource: the path of the property, the repository of the others,
        and whether it names several."""
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
        """The values of such properties: `upload_id` of a transcode, and the ids of its parents."""
        above = dict(self._above(world, repository.resource, parent))
        for path, target, several in self.of(repository):
            if len(path) == 1:
                other = self._other(world, sow, target, above, ordinal)
                if other is not None:
                    value = other.data[target.resource.identity.key or ""]
                    yield path[0], [value] if several else value
        for length, own in above.items():
            field = repository.resource.parents[length - 1].field
            if field and repository.resource.schema:
                place = repository.schemas.place(repository.resource.schema, field)
                yield field, typed_id(repository.schemas, place, own.rsplit("/", 1)[-1])

    def within(
        self,
        world: World,
        sow: Sow,
        repository: OwnRepository,
        parent: str,
        ordinal: int,
        data: Mapping[str, Any],
        given: Mapping[str, Any] | None,
    ) -> Iterator[tuple[str, Any]]:
        """The parts of an entity with references deeper in them, as far as they are there:
        `attributes.series_id`, and `relationships.series.data` of JSON:API. What was `given` is
        unchanged."""
        above: dict[int, str] | None = None
        parts: dict[str, Any] = {}
        for path, target, several in self.of(repository):
            known = value_at(given, path)
            if len(path) == 1 or known is not None or value_at(data, path) is None:
                continue
            above = (
                dict(self._above(world, repository.resource, parent)) if above is None else above
            )
            other = self._other(world, sow, target, above, ordinal)
            if other is None:
                continue
            value: Any = other.data[target.resource.identity.key or ""]
            if path[0] == RELATIONSHIPS:
                before = value_at(data, path)
                if not isinstance(before, dict):
                    continue
                kind = other.data.get("type", before.get("type"))
                value = before | {"id": value} | ({} if kind is None else {"type": kind})
            part = parts.get(path[0], data[path[0]])
            parts[path[0]] = put_at(part, path[1:], [value] if several else value)
        yield from parts.items()

    def _other(
        self,
        world: World,
        sow: Sow,
        target: OwnRepository,
        above: Mapping[int, str],
        ordinal: int,
    ) -> Entity | None:
        """The entity to which the one with this ordinal refers."""
        links = target.resource.parents
        within = above.get(len(links)) if links else None
        if links and within is None:
            return None
        sow(world, target, within)
        key = target.resource.identity.key or ""
        there = [e for e in target.scan(world, within, False) if e.seed and key in e.data]
        return there[ordinal % len(there)] if there else None

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
        for path in (*((name,) for name in repository.flat.properties), *repository.held()):
            words = tokens(path[-1])
            if path[-1] in own or len(words) < 2 or words[-1] not in _IDS:
                continue
            target = self._nearest(resource, noun("_".join(words[:-1])))
            if target is None or target is repository:
                continue
            several = words[-1] in ("ids", "uuids")
            place: str | None = resource.schema or ""
            for name in path:
                place = schemas.place(place, name) if place is not None else None
            if several and place is not None:
                place = schemas.place(schemas.main(place), None)
            if place is None:
                continue
            key = target.flat.properties.get(target.resource.identity.key or "", {})
            if kinds(schemas, schemas.at(place)) & kinds(schemas, key):
                yield path, target, several
        for name, several in relationships_of(schemas, repository.flat).items():
            # What something has several of are those that name it.
            target = None if several else self._nearest(resource, noun(name))
            if target is not None and target is not repository:
                yield tuple(path_of_relationship(name).split(".")), target, False

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


class Sought:
    """The properties by which lists are filtered and sorted: seed entities have them."""

    def __init__(self, contract: Contract, plan: Plan) -> None:
        self._lists: dict[str, list[tuple[Operation, Action]]] = {}
        for action in plan.actions.values():
            if action.kind == "list" and action.resource is not None:
                operation = contract.by_id[action.operation]
                self._lists.setdefault(action.resource, []).append((operation, action))
        self._found: dict[str, frozenset[Path]] = {}

    def of(self, repository: Repository) -> frozenset[Path]:
        """The paths of these properties, and those of what they are in."""
        name = repository.resource.name
        if name not in self._found:
            properties = Properties(repository.schemas, repository)
            found = {
                path[:length]
                for operation, action in self._lists.get(name, ())
                for asked in _asked(repository, operation, action)
                if (path := properties.path(asked)) is not None and not is_failure(path[-1])
                for length in range(1, len(properties.objects(path)) + 1)
            }
            holder = repository.resource.holder
            self._found[name] = frozenset(found | ({(holder,)} if holder is not None else set()))
        return self._found[name]


def _asked(repository: Repository, operation: Operation, action: Action) -> Iterator[str]:
    """The names of properties in the parameters of a list, and among the values of its order."""
    envelope = action.envelope
    paging = envelope.paging.names if envelope is not None else ()
    ordering = envelope.ordering if envelope is not None else None
    for parameter in operation.parameters:
        if parameter.place != "query" or parameter.name in paging:
            continue
        if ordering is None or parameter.name not in ordering.names:
            yield parameter.name.replace("[", "_").replace("]", "")
        elif parameter.name == ordering.sort:
            listed = repository.schemas.flat(parameter.schema).values
            for value in listed or _WORDS.findall(parameter.description):
                if listed or value in repository.flat.properties:
                    yield str(value).strip("+-")
    if ordering is not None and ordering.usual:
        yield ordering.usual.split(",")[0].split(" ")[0].strip("+-")


def numbered(value: Any, number: int) -> Any:
    """A value like another one: `ada2@example.com`, `Main 2`, `main-2`."""
    if not isinstance(value, str):
        return value + number if isinstance(value, int | float) else value
    name, at, host = value.partition("@")
    return f"{name}{'' if at else ' ' if ' ' in name else '-'}{number}{at}{host}"


def offset_of(of: str) -> int:
    """A multiple of ten that depends on a text; 0 for none."""
    return 10 * (int.from_bytes(digest(of)) % 9000) if of else 0
