"""The rows of a hand-written API, as the generic engine reads and writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from typing import Any

from mockserver.engine.inferred.field_roles import roles_of, stamp
from mockserver.engine.inferred.repository import Choice, Entity, Test, has_value, paths_in
from mockserver.engine.pagination import Selection
from mockserver.engine.world import Collection, SortKey, World
from mockserver.inference.resource_model import Resource
from mockserver.openapi.schemas.resolved import Schemas


class BorrowedRepository:
    """Rows of a hand-written API: read as they are, written where the names are known."""

    def __init__(self, resource: Resource, schemas: Schemas, collection: Collection) -> None:
        self.resource = resource
        self.collection = collection
        flat = schemas.flat_at(resource.schema) if resource.schema else schemas.flat({})
        self.roles = roles_of(schemas, flat, resource.holder)
        self.schemas = schemas
        self.flat = flat

    def held(self) -> list[tuple[str, str]]:
        """The paths of what entities have in their holder."""
        return paths_in(self.schemas, self.flat, self.resource.holder)

    def get(self, world: World, key: str) -> Entity | None:
        row = world[self.collection.name].get(key)
        return self.as_of(row, world.now) if row is not None else None

    def scan(self, world: World, parent: str | None, newest_first: bool) -> Iterator[Entity]:
        rows = world[self.collection.name].scan(newest_first=newest_first)
        return (
            entity
            for entity in (self.as_of(row, world.now) for row in rows)
            if parent is None or parent in ("", entity.parent) or not entity.parent
        )

    def holding(self, world: World, name: str, values: Set[str]) -> Iterator[Entity]:
        """Every entity: nothing is indexed."""
        return self.scan(world, None, False)

    def called(self, world: World, name: str, text: str) -> Iterator[Entity]:
        """The entities in which a property is this text, in any case."""
        wanted = text.casefold()
        for entity in self.scan(world, None, False):
            value = entity.data.get(name)
            if isinstance(value, str) and value.casefold() == wanted:
                yield entity

    def having(self, world: World, name: str, texts: Iterable[str]) -> Iterator[Entity]:
        """Every entity: no order is kept."""
        return self.scan(world, None, False)

    def seeds(self, world: World) -> Iterator[Entity]:
        """None: they are not marked."""
        return iter(())

    def marked(self, world: World, word: str) -> Iterator[Entity]:
        """None: rows of others are not marked."""
        return iter(())

    def select(self, world: World, tests: Sequence[Test], choice: Choice) -> Selection[Entity]:
        """The entities of a list."""
        left = list(tests)
        left += [partial(has_value, name, wanted) for name, wanted in choice.fields.items()]
        if choice.parent:
            left.append(lambda entity: entity.parent in ("", choice.parent))
        rows = world[self.collection.name]
        return Selection(
            rows, lambda row: self.as_of(row, world.now), left, newest_first=choice.newest_first
        )

    def place(self, entity: Entity) -> SortKey:
        """The position of an entity in the default order."""
        return self.collection.sort_key(entity.row)

    def put(self, world: World, entity: Entity) -> Entity:
        changed = {
            name: value
            for name, value in entity.data.items()
            if name in entity.row
            and entity.row[name] != value
            and not isinstance(entity.row[name], int)
        }
        row = {**entity.row, **changed}
        world[self.collection.name].put(row)
        return replace(entity, row=row)

    def remove(self, world: World, key: str) -> None:
        world[self.collection.name].remove(key)

    def as_of(self, row: Mapping[str, Any], now: int) -> Entity:
        """The stored row."""
        data = dict(row)
        for name, value in row.items():
            schema = self.flat.properties.get(name)
            if schema is not None and isinstance(value, int) and not isinstance(value, bool):
                data[name] = self._instant(name, schema, value)
        links = self.resource.parents
        names = (links[-1].field, links[-1].parameter) if links else ()
        parents = (row.get(name) for name in names if name is not None)
        parent = str(next((value for value in parents if value), ""))
        return Entity(str(row[self.collection.key]), data, parent, row)

    def _instant(self, name: str, schema: Any, value: int) -> Any:
        """Timestamps are stored as microseconds."""
        text = stamp(self.schemas, name, schema, value)
        return text if isinstance(text, str) else value
