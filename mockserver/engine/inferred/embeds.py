"""The entities of other resources that an entity shows because a request names them: the `author`
of a book that is sent with an `author_id`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.engine.inferred.reference_names import alike, listed, only_ids
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.inferred.seeding import Sower
from mockserver.engine.inferred.tallies import flat_of
from mockserver.engine.world import World
from mockserver.inference.model import Plan
from mockserver.inference.parts import RELATIONSHIPS
from mockserver.inference.resource_model import Resource
from mockserver.inference.words import bag, last_word, noun, snake_case
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A property that shows one or several entities of another resource; `ids` are the names under
    which a client may send their ids."""

    name: str
    resource: str
    several: bool
    ids: tuple[str, ...]
    holder: str = ""


class Embeds:
    """What the entities of each resource of a document embed of others."""

    def __init__(
        self, schemas: Schemas, plan: Plan, repositories: Mapping[str, Repository], sower: Sower
    ) -> None:
        self._schemas = schemas
        self._plan = plan
        self._repositories = repositories
        self._sower = sower
        self._named: dict[str, tuple[Named, ...]] = {}
        self._places = {
            schemas.canonical(resource.schema): name
            for name, resource in reversed(list(plan.resources.items()))
            if resource.schema is not None
        }

    def named(self, world: World, resource: Resource, sent: Mapping[str, Any],
              above: Mapping[str, Any]) -> dict[str, Any]:  # fmt: skip
        """The entities that a new one embeds because the client or the path names them."""
        if resource.name not in self._named:
            self._named[resource.name] = tuple(self._find_named(resource))
        found: dict[str, Any] = {}
        for one in self._named[resource.name]:
            called = one.ids if one.several else (*one.ids, *alike(sent, one.name))
            other = self._plan.resources[one.resource].identity.key
            called = (*called, one.name) if only_ids(other, sent.get(one.name)) else called
            key = next((sent[n] for n in called if sent.get(n) is not None), None)
            if key is None and not one.several:
                key = above.get(one.resource)
            if one.several and not isinstance(key, list):
                continue
            others = [(self.one(world, one.resource, value), value) for value in listed(key)]
            # What the client says of it stands.
            known = [
                {**other.data, **(value if isinstance(value, Mapping) else {})}
                for other, value in others
                if other is not None
            ]
            if known and (one.name not in sent or one.name in called):
                into = found.setdefault(one.holder, {}) if one.holder else found
                into[one.name] = known if one.several else known[0]
        related = self._related(resource, sent, above)
        return {**found, **({RELATIONSHIPS: related} if related else {})}

    def embedded(self, world: World, resource: Resource, name: str, key: Any) -> Entity | None:
        """The entity with this id, of the resource that a property shows, or shows several of."""
        place = self._schemas.place(resource.schema or "", name)
        inner = self._schemas.place(place, None) if place is not None else None
        other = self.shown_at(name, inner or place) if place is not None else None
        return self.one(world, other, key) if other is not None else None

    def _related(
        self, resource: Resource, sent: Mapping[str, Any], above: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The JSON:API relationships of a new entity, by ids in the request: `{"author": {"data":
        {"id": "7"}}}`."""
        schema = self._flat(resource).properties.get(RELATIONSHIPS)
        if schema is None:
            return {}
        given = sent.get(RELATIONSHIPS)
        found = dict(given) if isinstance(given, Mapping) else {}
        held = sent.get(resource.holder or "attributes")
        known = {**(held if isinstance(held, Mapping) else {}), **sent}
        spelled = {snake_case(name): value for name, value in known.items()}
        parents = {self._plan.resources[name].noun: value for name, value in above.items()}
        for name in self._schemas.flat(schema).properties:
            word = snake_case(name)
            key = spelled.get(f"{word}_id", parents.get(noun(name)))
            if name not in found and isinstance(key, str | int):
                found[name] = {"data": {"id": str(key)}}
        return found

    def one(self, world: World, name: str, key: Any) -> Entity | None:
        """The entity of a resource with this id; a seed one is made if there is none yet."""
        repository = self._repositories[name]
        if isinstance(key, Mapping):
            key = key.get(repository.resource.identity.key or "id")
        if isinstance(key, bool) or not isinstance(key, str | int):
            return None
        found = repository.get(world, str(key))
        if found is None and self._sower.has_any(repository):
            self._sower.sow(world, repository, None)
            found = repository.get(world, str(key))
        return found

    def shown_at(self, name: str, place: str) -> str | None:
        """The resource that a property embeds: by its schema, or by its name and most of its
        properties."""
        place = self._schemas.canonical(place)
        found = self._places.get(place)
        if found is not None:
            return found
        shown = self._schemas.flat_at(place).properties.keys()
        for other, resource in self._plan.resources.items():
            own = self._flat(resource).properties.keys()
            if resource.noun == noun(name) and shown and 2 * len(shown & own) > len(shown):
                return other
        return None

    def _find_named(self, resource: Resource) -> list[Named]:
        found = []
        for holder, name, place in self._parts(resource):
            inner = self._schemas.place(place, None)
            other = self.shown_at(name, inner if inner is not None else place)
            if other is None or other == resource.name:
                continue
            kind = self._plan.resources[other]
            if kind.singleton or kind.identity.nested:
                continue
            word = noun(name)
            stems = dict.fromkeys((word, kind.noun, last_word(kind.noun)))
            own = self._schemas.flat_at(resource.request) if resource.request else None
            named_ids = {snake_case(n): n for n in (own.properties if own else ())}
            endings = ("_ids", "s") if inner is not None else ("_id", "", "_uuid")
            ids = [named_ids[s + e] for s in stems for e in endings if s + e in named_ids]
            key = snake_case(kind.identity.key or "")
            own_key = key not in _GENERAL and key not in self._flat(resource).properties
            ids += [named_ids[key]] if own_key and key in named_ids and inner is None else []
            found.append(Named(name, other, inner is not None, tuple(dict.fromkeys(ids)), holder))
        return found

    def _parts(self, resource: Resource) -> Iterator[tuple[str, str, str]]:
        """The properties of an entity, and of its `_embedded`: in which part each is, its name, and
        where its schema is."""
        if resource.schema is None:
            return
        for name in self._flat(resource).properties:
            place = self._schemas.place(resource.schema, name)
            if place is None:
                continue
            yield "", name, place
            if name in _EMBEDDED:
                for inner in self._schemas.flat_at(self._schemas.canonical(place)).properties:
                    at = self._schemas.place(place, inner)
                    if at is not None:
                        yield name, inner, at

    def _flat(self, resource: Resource) -> Flat:
        return flat_of(self._schemas, resource)


_GENERAL = bag("id uuid guid uid sid key name code slug number email")
"""Ids that may be those of anything."""
_EMBEDDED = ("_embedded", "embedded")
