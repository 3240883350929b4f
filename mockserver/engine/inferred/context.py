"""What every generic handler needs: the document, its plan, its values, its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.responses import Answers
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.conditional import check_match, mark
from mockserver.engine.inferred.identifiers import Keys
from mockserver.engine.inferred.repository import Held, OwnShelf, Shelf
from mockserver.engine.inferred.seeding import Sower, lasting, makeable
from mockserver.engine.messages import Reply, Request
from mockserver.engine.serialization import choose_media_type
from mockserver.engine.world import World
from mockserver.errors import NotFound
from mockserver.inference.model import FIRST, Action, Link, Plan, Resource
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Contract, Operation
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.openapi.schemas.validators import Validators


@dataclass(slots=True)
class Context:
    """One document as the generic engine serves it. `shelves` are by the resource's name."""

    contract: Contract
    plan: Plan
    values: Values
    answers: Answers
    shelves: Mapping[str, Shelf]
    sower: Sower
    keys: Keys

    @classmethod
    def of(
        cls,
        contract: Contract,
        plan: Plan,
        validators: Validators,
        schemas: Schemas,
        shelves: Mapping[str, Shelf],
    ) -> Context:
        values = Values(contract, validators, schemas=schemas)
        for shelf in shelves.values():
            if isinstance(shelf, OwnShelf) and shelf.phases is not None:
                shelf.phases.use(values)
        answers = Answers(values)
        keys = Keys(values)
        sower = Sower(values, shelves, keys, makeable(plan))
        return cls(contract, plan, values, answers, shelves, sower, keys)

    @property
    def schemas(self) -> Schemas:
        return self.values.schemas

    def flat(self, resource: Resource) -> Flat:
        return self.schemas.flat_at(resource.schema) if resource.schema else self.schemas.flat({})

    def shelf_of(self, action: Action) -> Shelf:
        """Where the entities that the action is about are kept."""
        assert action.resource is not None, action.operation
        return self.shelves[action.resource]

    def above(self, link: Link) -> Shelf | None:
        """Where the entities that a path parameter names are kept, if that is known."""
        return self.shelves.get(link.resource) if link.resource is not None else None

    # -- who is spoken of

    def parent_key(self, request: Request, action: Action) -> str:
        """The key of the row that the path's things lie under; "" if they lie under none."""
        if not action.parents:
            return ""
        return self.key_above(request, action.parents, len(action.parents) - 1)

    def key_above(self, request: Request, links: tuple[Link, ...], index: int) -> str:
        """The key of the row that the path's link at an index names."""
        link = links[index]
        above = self.above(link)
        own = spoken(request.path[link.parameter])
        if above is not None and not above.resource.identity.nested:
            return own
        if above is not None and index:
            return f"{self.key_above(request, links, index - 1)}/{own}"
        return "/".join(spoken(request.path[one.parameter]) for one in links[: index + 1])

    def check_parents(self, world: World, request: Request, action: Action) -> None:
        """Raises NotFound if a row that the path names is not there."""
        for index, link in enumerate(action.parents):
            shelf = self.above(link)
            if shelf is None:
                continue
            if not link.certain and 404 not in request.operation.documented:
                continue
            key = self.key_above(request, action.parents, index)
            held = self.find(world, shelf, key)
            gone = held is not None and held.row.get("gone")
            if gone or (held is None and not self.any_is_known(shelf.resource, key)):
                raise not_found(shelf.resource, request.path[link.parameter])

    def any_is_known(self, resource: Resource, key: str) -> bool:
        """Whether what is asked for is there in any case: the document itself names it, or nobody
        can learn the id of one, as no answer tells any, or none that could be said in a path."""
        given = key.rsplit("/", 1)[-1] in resource.identity.given
        return given or resource.identity.open or self.keys.unspeakable(resource)

    def find(self, world: World, shelf: Shelf, key: str) -> Held | None:
        """A row by its key; what the seed world holds is sown before it is missed."""
        held = shelf.get(world, key)
        if held is None and shelf.resource.seeds:
            self.sower.sow(world, shelf, None)
            held = shelf.get(world, key)
        return held

    def row_key(self, request: Request, action: Action, resource: Resource) -> str:
        value = spoken(named_in(request, action))
        parent = self.parent_key(request, action)
        return f"{parent}/{value}" if resource.identity.nested and parent else value

    def held(self, world: World, request: Request, action: Action) -> Held:
        """The row that the path names. Raises NotFound, and PreconditionFailed."""
        self.check_parents(world, request, action)
        resource = self.shelf_of(action).resource
        key = self.row_key(request, action, resource)
        held = self.find(world, self.shelf_of(action), key)
        if held is not None and resource.identity.open and not self._lies(held, request, action):
            held = None
        if held is None and self.any_is_known(resource, key):
            held = self.unseen(world, request, action)
        if held is not None and not held.row.get("gone") and self._lies(held, request, action):
            check_match(request, held)
            return held
        raise not_found(resource, named_in(request, action))

    def _lies(self, held: Held, request: Request, action: Action) -> bool:
        """Whether the row lies under the parent that the path names, if that can be told."""
        resource = self.shelf_of(action).resource
        if not held.parent or not action.parents or not resource.parents:
            return True
        if not action.parents[-1].alike(resource.parents[-1]):
            return True
        return held.parent == self.parent_key(request, action)

    def unseen(self, world: World, request: Request, action: Action) -> Held:
        """A row of which nobody but the caller can know: whatever is asked for is there."""
        resource = self.shelf_of(action).resource
        value = named_in(request, action)
        key = self.row_key(request, action, resource)
        known = {link.field: request.path[link.parameter] for link in action.parents if link.field}
        if resource.identity.key:
            known[resource.identity.key] = value
        data: Any = known
        if resource.schema:
            dice = lasting(world, resource.name, key)
            data = self.values.kept(resource.schema, dice, known, owner=resource.noun)
        if not isinstance(data, Mapping):
            data = known
        return Held(key, data, self.parent_key(request, action), {"seed": True})

    # -- what is said of it

    def reply(
        self, world: World, request: Request, action: Action, held: Held, *, made: bool = False
    ) -> Reply:
        """The operation's success, with the row as its answer describes it.

        `made`: the row is new, which a document may tell from what was there with a 201.
        """
        mode: Mode = "rich" if held.seed or not held.row else "fresh"
        data: Any = self.known(held, request, action)
        if action.kind == "create" and self._is_all(request.operation):
            data = self.id_of(held, action)
        dice = lasting(world, action.operation, held.key)
        status = self._status_of_new(request.operation) if made else 0
        reply = self.answers.reply(request.operation, dice, data, action.response.at, mode, status)
        for name in list(reply.headers):
            if name.lower() == "location":
                reply.headers[name] = self._location(request, held)
        mark(request.operation, reply, held)
        return reply

    def _status_of_new(self, operation: Operation) -> int:
        """201 where the document has it beside a 200 that looks the same; else 0, the success."""
        shapes = []
        for status in (200, 201):
            response = operation.responses.get(str(status))
            media = response.content.get(choose_media_type(response)) if response else None
            if media is None or not media.pointer or not is_json_or_any(media.name):
                return 0
            shapes.append(self.schemas.flat_at(media.pointer).properties.keys())
        return 201 if shapes[0] == shapes[1] else 0

    def _is_all(self, operation: Operation) -> bool:
        """Whether a create answers nothing but the id."""
        response = operation.response_for(operation.success)
        media = response.content.get(choose_media_type(response)) if response is not None else None
        if media is None or not media.pointer or not is_json_or_any(media.name):
            return False
        types = self.schemas.flat_at(media.pointer).types
        return bool(types) and not {"object", "array"} & set(types)

    def id_of(self, held: Held, action: Action) -> Any:
        """What the row is called in paths."""
        resource = self.shelf_of(action).resource
        return held.id(resource) if resource.identity.key is not None else held.key

    def known(self, held: Held, request: Request, action: Action) -> dict[str, Any]:
        """The row, and its key and those above it under the names that a path has for them."""
        resource = self.shelf_of(action).resource
        found = dict(held.data)
        called = held.id(resource)
        for name in (resource.identity.parameter, f"{resource.noun}_id", "id"):
            if name is not None:
                found.setdefault(name, called)
        for link in action.parents:
            if link.parameter in request.path:
                found.setdefault(link.parameter, request.path[link.parameter])
        if action.response.tells:
            self._tell(found, action, called)
        return found

    def _tell(self, found: dict[str, Any], action: Action, value: Any) -> None:
        """Put the id where this operation's answer has it."""
        *above, name = action.response.tells
        holder = found
        for step in above:
            inner = holder.get(step)
            holder[step] = holder = dict(inner) if isinstance(inner, Mapping) else {}
        holder[name] = self.keys.told(action, value)

    def path(self, request: Request) -> str:
        """The path that was asked for."""
        path = request.operation.url_path
        for name, value in request.path.items():
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        return self.contract.base_path + path

    def _location(self, request: Request, held: Held) -> str:
        path = self.path(request)
        own = held.key.rsplit("/", 1)[-1]
        return path if path.endswith("/" + own) else f"{path.rstrip('/')}/{own}"

    def operation(self, action: Action) -> Operation:
        return self.contract.by_id[action.operation]


def named_in(request: Request, action: Action) -> Any:
    """The value of the path parameter that names the entity."""
    assert action.item is not None, action.operation
    return request.path[action.item]


def spoken(value: Any) -> str:
    """What a path parameter calls a thing; the first of several (`/apps/1,2`)."""
    return str(value[0] if isinstance(value, list) and value else value)


def not_found(resource: Resource, value: object) -> NotFound:
    """The refusal for a thing that is not there."""
    name = resource.noun.replace("_", " ").capitalize() or "Resource"
    return NotFound(f"{name} '{value}' was not found.")


def dig(body: Any, path: tuple[str, ...]) -> Any:
    """What stands at a path of property names; the body itself if it does not go that deep."""
    for name in path:
        if name == FIRST:
            if not isinstance(body, list) or not body:
                return body
            body = body[0]
            continue
        if not isinstance(body, Mapping) or name not in body:
            return body
        body = body[name]
    return body


def named(value: Any) -> dict[str, Any]:
    """An object's properties; none of anything else."""
    return dict(value) if isinstance(value, Mapping) else {}
