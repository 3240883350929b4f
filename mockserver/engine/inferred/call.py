"""One request to one operation, and what every handler asks of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mockserver.engine.generation.modes import Mode
from mockserver.engine.inferred.conditional import check_match, mark
from mockserver.engine.inferred.context import Context, dig, not_found, spoken
from mockserver.engine.inferred.repository import Entity, Repository
from mockserver.engine.inferred.seeding import lasting
from mockserver.engine.messages import Reply, Request
from mockserver.engine.randomness import Dice
from mockserver.engine.serialization import choose_media_type
from mockserver.engine.world import World
from mockserver.inference.model import Action, Resource
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Operation


@dataclass(frozen=True, slots=True)
class Call:
    """A request, the action that it asks for, and the world in which that happens."""

    context: Context
    action: Action
    world: World
    request: Request

    @property
    def operation(self) -> Operation:
        return self.request.operation

    @property
    def repository(self) -> Repository:
        """Where the entities that the action is about are kept."""
        return self.context.repository_of(self.action)

    @property
    def resource(self) -> Resource:
        return self.repository.resource

    @property
    def sent(self) -> Any:
        """What the body says of the entity."""
        return dig(self.request.body, self.action.request.at)

    @property
    def item(self) -> Any:
        """The value of the path parameter that names the entity."""
        assert self.action.item is not None, self.action.operation
        return self.request.path[self.action.item]

    def dice(self, *salt: object) -> Dice:
        """Chance that depends on the operation, the time and `salt`."""
        return Dice.of(self.world, self.action.operation, *salt)

    def lasting(self, *salt: object) -> Dice:
        """Chance that depends on the operation and `salt`, and is the same at any time."""
        return lasting(self.world, self.action.operation, *salt)

    # -- which entity the path names

    def parent_key(self) -> str:
        """The key of the entity under which the path's entities lie; "" if they lie under none."""
        return self.key_above(len(self.action.parents) - 1) if self.action.parents else ""

    def key_above(self, index: int) -> str:
        """The key of the entity that the path's link at an index names."""
        links, path = self.action.parents, self.request.path
        above = self.context.above(links[index])
        own = spoken(path[links[index].parameter])
        if above is not None and not above.resource.identity.nested:
            return own
        if above is not None and index:
            return f"{self.key_above(index - 1)}/{own}"
        return "/".join(spoken(path[one.parameter]) for one in links[: index + 1])

    def check_parents(self) -> None:
        """Raises NotFound if an entity that the path names above is not there."""
        for index, link in enumerate(self.action.parents):
            repository = self.context.above(link)
            if repository is None:
                continue
            if not link.certain and 404 not in self.operation.documented:
                continue
            key = self.key_above(index)
            entity = self.context.find(self.world, repository, key)
            gone = entity is not None and entity.row.get("gone")
            known = entity is not None or self.context.any_is_known(repository.resource, key)
            if gone or not known:
                raise not_found(repository.resource, self.request.path[link.parameter])

    def key(self) -> str:
        """The key of the entity that the path names."""
        return self.key_of(spoken(self.item))

    def key_of(self, value: object) -> str:
        """The key of an entity that is called so under the path's parents."""
        parent = self.parent_key()
        return f"{parent}/{value}" if self.resource.identity.nested and parent else str(value)

    def single_key(self) -> str:
        """The key of what there is one of under the path's parents."""
        values = (self.request.path[link.parameter] for link in self.action.parents)
        return "/".join(map(str, values)) or "one"

    def find(self, key: str) -> Entity | None:
        """An entity by its key."""
        return self.context.find(self.world, self.repository, key)

    def entity(self) -> Entity:
        """The entity that the path names. Raises NotFound, and PreconditionFailed."""
        self.check_parents()
        resource, key = self.resource, self.key()
        entity = self.find(key)
        if entity is not None and resource.identity.open and not self._lies(entity):
            entity = None
        if entity is None and self.context.any_is_known(resource, key):
            entity = self.unseen()
        if entity is not None and not entity.row.get("gone") and self._lies(entity):
            check_match(self.request, entity)
            return entity
        raise not_found(resource, self.item)

    def _lies(self, entity: Entity) -> bool:
        """Whether it lies under the parent that the path names, if that can be told."""
        parents, own = self.action.parents, self.resource.parents
        if not entity.parent or not parents or not own or not parents[-1].alike(own[-1]):
            return True
        return entity.parent == self.parent_key()

    def unseen(self) -> Entity:
        """An entity of which nobody but the caller can know: whatever is asked for is there."""
        resource, key = self.resource, self.key()
        path = self.request.path
        known = {link.field: path[link.parameter] for link in self.action.parents if link.field}
        if resource.identity.key is not None:
            known[resource.identity.key] = self.item
        data: Any = known
        if resource.schema is not None:
            dice = lasting(self.world, resource.name, key)
            data = self.context.values.kept(resource.schema, dice, known, owner=resource.noun)
        if not isinstance(data, Mapping):
            data = known
        return Entity(key, data, self.parent_key(), {"seed": True})

    # -- what is said of it

    def reply(self, entity: Entity, *, made: bool = False) -> Reply:
        """The operation's success, with the entity as its response describes it.

        `made`: it is new, which a document may tell from what was there with a 201.
        """
        operation = self.operation
        mode: Mode = "rich" if entity.seed or not entity.row else "fresh"
        data: Any = self.known(entity)
        if self.action.kind == "create" and self._is_id_alone():
            data = self.id_of(entity)
        status = self._status_of_new() if made else 0
        reply = self.context.answers.reply(
            operation, self.lasting(entity.key), data, self.action.response.at, mode, status
        )
        for name in list(reply.headers):
            if name.lower() == "location":
                reply.headers[name] = self._location(entity)
        mark(operation, reply, entity)
        return reply

    def _status_of_new(self) -> int:
        """201 where the document has it beside a 200 that looks the same; else 0, the success."""
        shapes = []
        for status in (200, 201):
            response = self.operation.responses.get(str(status))
            media = response.content.get(choose_media_type(response)) if response else None
            if media is None or not media.pointer or not is_json_or_any(media.name):
                return 0
            shapes.append(self.context.schemas.flat_at(media.pointer).properties.keys())
        return 201 if shapes[0] == shapes[1] else 0

    def _is_id_alone(self) -> bool:
        """Whether the response is nothing but the id."""
        response = self.operation.response_for(self.operation.success)
        media = response.content.get(choose_media_type(response)) if response is not None else None
        if media is None or not media.pointer or not is_json_or_any(media.name):
            return False
        types = self.context.schemas.flat_at(media.pointer).types
        return bool(types) and not {"object", "array"} & set(types)

    def id_of(self, entity: Entity) -> Any:
        """What the entity is called in paths."""
        has_key = self.resource.identity.key is not None
        return entity.id(self.resource) if has_key else entity.key

    def known(self, entity: Entity) -> dict[str, Any]:
        """The entity, and its id and those above it under the names that a path has for them."""
        resource = self.resource
        found = dict(entity.data)
        called = entity.id(resource)
        for name in (resource.identity.parameter, f"{resource.noun}_id", "id"):
            if name is not None:
                found.setdefault(name, called)
        for link in self.action.parents:
            if link.parameter in self.request.path:
                found.setdefault(link.parameter, self.request.path[link.parameter])
        if self.action.response.tells:
            self._tell(found, called)
        return found

    def _tell(self, found: dict[str, Any], value: Any) -> None:
        """Put the id where this operation's response has it."""
        *above, name = self.action.response.tells
        holder = found
        for step in above:
            inner = holder.get(step)
            holder[step] = holder = dict(inner) if isinstance(inner, Mapping) else {}
        holder[name] = self.context.keys.told(self.action, value)

    def path(self) -> str:
        """The path that was asked for."""
        path = self.operation.url_path
        for name, value in self.request.path.items():
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        return self.context.contract.base_path + path

    def _location(self, entity: Entity) -> str:
        path = self.path()
        own = entity.key.rsplit("/", 1)[-1]
        return path if path.endswith("/" + own) else f"{path.rstrip('/')}/{own}"


CallHandler = Callable[[Call], Reply]
"""What carries an action out."""
