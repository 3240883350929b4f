"""What a user's handler works with: seed data, and `world.show`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.inferred.call import Call
from mockserver.engine.inferred.context import Context
from mockserver.engine.inferred.identifiers import dig
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.messages import Request
from mockserver.engine.world import Row, Rows, World
from mockserver.inference.model import Action


class Views:
    """Shows rows as the fetch operations do, by collection name."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._fetches: dict[str, Action] = {}
        for action in context.plan.actions.values():
            if action.kind in ("fetch", "read") and action.resource is not None:
                self._fetches.setdefault(action.resource, action)
        self._repositories = {r.collection.name: r for r in context.repositories.values()}

    def __call__(self, world: World, collection: str, row: Row) -> Any:
        """The entity as its fetch returns it; its data if it can't be fetched."""
        repository = self._repositories.get(collection)
        if repository is None:
            return dict(row)
        entity = repository.as_of(row, world.now)
        action = self._fetches.get(repository.resource.name)
        if action is None:
            return dict(self._context.joins.shown(world, repository, entity))
        operation = self._context.contract.by_id[action.operation]
        request = Request(operation, _path(action, repository, entity))
        reply = Call(self._context, action, world, request).reply(entity)
        return dig(reply.body, action.response.at)


class SeededWorld:
    """A world whose collections hold their seed data from the first look on."""

    def __init__(self, context: Context, world: World) -> None:
        self._sower = context.sower
        self._repositories = {r.collection.name: r for r in context.repositories.values()}
        self._world = world

    def __getitem__(self, collection: str) -> Rows:
        repository = self._repositories.get(collection)
        if repository is not None:
            self._sower.sow(self._world, repository, None)
        return self._world[collection]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)


def _path(action: Action, repository: Repository, entity: Entity) -> Mapping[str, Any]:
    """The path parameters of its fetch, as far as they are known."""
    found: dict[str, Any] = {}
    above = entity.parent.split("/") if entity.parent else []
    for link, key in zip(reversed(action.parents), reversed(above), strict=False):
        found[link.parameter] = key
    for link in action.parents:
        if link.field and entity.data.get(link.field) is not None:
            found[link.parameter] = entity.data[link.field]
    if action.path_item is not None:
        found[action.path_item] = entity.id(repository.resource)
    return found
