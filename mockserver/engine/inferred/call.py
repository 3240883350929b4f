"""One request to one operation, with all that a handler needs to know about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from mockserver.engine.generation.modes import Mode
from mockserver.engine.generation.unions import kind
from mockserver.engine.inferred.conditional import check_match, mark
from mockserver.engine.inferred.context import Context, not_found, put_in, unbracketed
from mockserver.engine.inferred.identifiers import dig, id_text, identifies, key_above
from mockserver.engine.inferred.links import is_sign_for_all, linked_by, names_owner
from mockserver.engine.inferred.repository import (
    Choice,
    Entity,
    OwnRepository,
    Repository,
    Test,
    called,
    has_mark,
    is_like,
)
from mockserver.engine.inferred.seeding import lasting
from mockserver.engine.messages import NO_BODY, Reply, Request
from mockserver.engine.randomness import Rng
from mockserver.engine.serialization import media_of, nearest_status
from mockserver.engine.world import World
from mockserver.inference.model import Action
from mockserver.inference.page_fields import COUNT, TOTAL
from mockserver.inference.resource_model import FIRST, Link, Resource
from mockserver.inference.words import LEADING, other_name_in, snake_case, tokens
from mockserver.openapi.media_types import is_json_or_any
from mockserver.openapi.model import Operation
from mockserver.openapi.path_templates import filled
from mockserver.openapi.schemas.resolved import Flat
from mockserver.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A request, its action, and the world in which it is carried out."""

    context: Context
    action: Action
    world: World
    request: Request
    spelled: Mapping[str, str] = field(default_factory=dict)
    """The names in the requested path that stand for ids, by path parameter."""

    @property
    def operation(self) -> Operation:
        return self.request.operation

    @property
    def repository(self) -> Repository:
        """The repository of the action's resource."""
        return self.context.repository_of(self.action)

    @property
    def resource(self) -> Resource:
        return self.repository.resource

    @property
    def sent(self) -> Any:
        """The entity in the request body."""
        found = dig(self.request.body, self.action.request.at)
        if isinstance(found, Mapping) and any("[" in name for name in found):
            own = {tokens(name) for name in self.context.flat(self.resource).properties}
            return unbracketed(found, self.resource.noun, own)
        return found

    @property
    def item(self) -> Any:
        """The value that names the entity: a path parameter, or a property of the query or body."""
        name = self.action.item
        assert name is not None, self.action.operation
        match self.action.request.item_in:
            case "query":
                return self.request.query.get(name, "")
            case "body":
                places = (one for one in (self.request.body, self.sent) if isinstance(one, Mapping))
                return next((one[name] for one in places if name in one), "")
        return self.request.path[name]

    def rng(self, *salt: object) -> Rng:
        """Rng that depend on the operation, the time and `salt`."""
        return Rng.of(self.world, self.action.operation, *salt)

    def lasting(self, *salt: object) -> Rng:
        """Rng that depend on the operation and `salt` but not on the time."""
        return lasting(self.world, self.action.operation, *salt)

    # -- which entity the path names

    def parent_key(self) -> str:
        """The key of the parent of the path's entities; "" if they have none."""
        return self.key_above(len(self.action.parents) - 1) if self.action.parents else ""

    def key_above(self, index: int) -> str:
        """The key of the entity that a link of the path names."""
        return key_above(self.context.plan, self.names(), self.action.parents, index)

    def names(self) -> Mapping[str, Any]:
        """The values that name the entities above: path parameters, or properties of the body or
        the query where the path has only a verb (`POST /connections/sync`)."""
        path, query, body = self.request.path, self.request.query, self.request.body
        missing = [one.parameter for one in self.action.parents if one.parameter not in path]
        if not missing:
            return path
        sent = body if isinstance(body, Mapping) else {}
        return {**{name: sent.get(name, query.get(name, "")) for name in missing}, **path}

    def within(self) -> str | None:
        """The key of the entity above, by the path; None if the path does not name it."""
        own, parents = self.resource.parents[-1:], self.action.parents
        for index in reversed(range(len(parents))) if own else ():
            if own[0].alike(parents[index]):
                return None if self.means_all(parents[index]) else self.key_above(index)
        return None

    def means_all(self, link: Link) -> bool:
        """Whether the path of a list has a sign that stands for all in place of an owner."""
        return self.action.envelope is not None and is_sign_for_all(
            self.operation, self.names().get(link.parameter)
        )

    def check_parents(self) -> None:
        """Raises NotFound if an entity that the path names above does not exist."""
        for index, link in enumerate(self.action.parents):
            repository = self.context.above(link)
            if repository is None or self.means_all(link):
                continue
            if not link.certain and 404 not in self.operation.documented:
                continue
            key = self.key_above(index)
            entity = self.context.find(self.world, repository, key)
            gone = entity is not None and entity.row.get("gone")
            if gone and self.world.leniency.knows_removed_ids:
                continue
            resource = repository.resource
            known = entity is not None or self.context.any_is_known(self.world, resource, key)
            if gone or not known or (entity is not None and self._is_elsewhere(index, entity)):
                raise not_found(repository.resource, self.names()[link.parameter])

    def _is_elsewhere(self, index: int, entity: Entity) -> bool:
        """Whether an entity that the path names lies below another one than the path says; it may
        where the document has no response for that."""
        refused = self.operation.response_for(404) is not None
        above = self.action.parents[index - 1] if index and refused else None
        repository = self.context.above(self.action.parents[index])
        own = repository.resource.parents[-1:] if repository is not None else ()
        if above is None or above.resource is None or not entity.parent or not own:
            return False
        return own[0].alike(above) and entity.parent != self.key_above(index - 1)

    def key(self) -> str:
        """The key of the entity that the path names."""
        return self.key_of(id_text(self.item))

    def key_of(self, value: object) -> str:
        """The key of the entity with this id under the path's parents."""
        parent = self.parent_key()
        return f"{parent}/{value}" if self.resource.identity.nested and parent else str(value)

    def single_key(self) -> str:
        """The key of a singleton under the path's parents."""
        values = (self.request.path[link.parameter] for link in self.action.parents)
        return "/".join(map(str, values)) or "one"

    def find(self, key: str) -> Entity | None:
        """An entity by its key."""
        return self.context.find(self.world, self.repository, key, self.within())

    def entity(self) -> Entity:
        """The entity that the path names. Raises NotFound and PreconditionFailed."""
        self.check_parents()
        if self.action.request.by or self.action.request.newest:
            return self._looked_up()
        resource, key = self.resource, self.key()
        entity = self.find(key)
        leniency = self.world.leniency
        if entity is not None and entity.row.get("gone") and leniency.knows_removed_ids:
            entity = None
        elif entity is not None and not self._lies(entity):
            entity = None if resource.identity.open or leniency.knows_any_id else entity
        transition = self.action.transition
        ends = self.action.kind == "remove"  # what DELETE has only marked
        ends = ends or (transition is not None and transition.verb == "restore")
        left = self.action.request.left
        if entity is not None and entity.row.get("trashed") and not (ends or left):
            raise not_found(resource, self.item)
        if left and entity is not None and not entity.row.get("hidden"):
            raise not_found(resource, self.item)  # it is not among the deleted ones
        if entity is None:
            entity = self.called(self.repository, self.item, self.home() or "")
        if entity is None and self.context.any_is_known(self.world, resource, key):
            # Only the caller can know it: it is created when requested.
            entity = self.imagined(key, self.item, self.parent_key())
            if leniency.knows_any_id:
                entity = self.repository.put(self.world, entity)
        if entity is not None and not entity.row.get("gone") and self._lies(entity):
            check_match(self.world, self.request, entity, self.whole)
            return entity
        raise not_found(resource, self.item)

    def tests(self) -> list[Test]:
        """The tests that an entity must pass, for the properties and links in the request."""
        parameters = {**self.request.query, **self.request.path}
        use, there = self.action.request, self.context.repositories
        by = [
            (name, parameters[parameter]) for parameter, name in use.by if parameters.get(parameter)
        ] + list(use.only)
        links = [one for one in use.through if parameters.get(one.parameter) not in (None, "")]
        linked = (linked_by(there, self.world, one, parameters[one.parameter]) for one in links)
        marked = [has_mark(use.marked)] if use.marked else []
        return [*(is_like(name, value) for name, value in by), *linked, *marked]

    def _looked_up(self) -> Entity:
        """The newest entity that the request asks for. Raises NotFound."""
        tests, newest = self.tests(), self.action.request.newest
        below = self.parent_key() or None if newest else None
        self.context.sower.sow(self.world, self.repository, below)
        choice = Choice(parent=below, newest_first=True)
        chosen = self.repository.select(self.world, tests, choice)
        # A request that says of none which it means can only be about any, where nothing is listed
        # that would refuse it.
        refused = self.operation.response_for(nearest_status(self.operation, 404))
        anyone = not tests and refused is None
        found = chosen.page(1).rows if tests or newest or anyone else ()
        if found:
            return found[0]
        parameters = {**self.request.query, **self.request.path}
        text = ", ".join(str(parameters.get(name, "")) for name, _ in self.action.request.by)
        if self.context.any_is_known(self.world, self.resource, text):
            like = {name: parameters[p] for p, name in self.action.request.by if parameters.get(p)}
            return self.imagined(text, None, "", like)
        raise not_found(self.resource, text)

    def called(self, repository: Repository, name: object, parent: str = "") -> Entity | None:
        """The entity with this name, if paths may have names. Of several, one that also fits the
        rest of the path (`/repos/{owner}/{repo}`)."""
        own, path = self.context.flat(repository.resource).properties, self.request.path
        unknown = (link.parameter for link in self.action.parents if link.resource is None)
        owners = {one: id_text(path[one]) for one in unknown if one in own and one in path}
        return called(repository, self.world, id_text(name), owners, parent)

    def _lies(self, entity: Entity) -> bool:
        """Whether the entity belongs to the parent that the path names, if that is known."""
        home = self.home()
        if home is not None and entity.parent:
            return home == entity.parent
        path = self.request.path
        return all(
            names_owner(entity, link, above, path[link.parameter])
            for link in self.action.parents
            if link.parameter in path and (above := self.context.above(link)) is not None
        )

    def home(self) -> str | None:
        """The key of the resource's own parent, if the path's last parent is that."""
        parents, own = self.action.parents, self.resource.parents
        return self.parent_key() if parents and own and parents[-1].alike(own[-1]) else None

    def imagined(
        self, key: str, value: Any, parent: str, like: Mapping[str, Any] = MappingProxyType({})
    ) -> Entity:
        """A generated entity with this key, id (None for any) and the values in `like`."""
        resource = self.resource
        path = self.request.path
        shown = self.context.examples.first(resource.name)
        known = dict(shown.data) if shown is not None else {}
        parents = self.action.parents
        known.update({link.field: path[link.parameter] for link in parents if link.field})
        if resource.identity.key is not None and value is not None:
            known[resource.identity.key] = value
        known.update(like)
        data: Any = known
        if resource.schema is not None:
            rng = lasting(self.world, resource.name, key)
            repository = self.repository
            if isinstance(repository, OwnRepository):
                # No client started it, so none would end it.
                done = self.context.sower.finished(repository, self.world.now, rng)
                known = {**known, **done}
            values, mode, shape = self.context.values, self.mode("rich"), resource.shape or ""
            if shown is None and not like:
                # Not of the kind that requires least, such as what is left of a removed one.
                shape, marks = kind(values.schemas, shape, 0)
                known = {**known, **marks}
            data = values.kept(shape, rng, known, mode=mode, owner=resource.noun)
        if not isinstance(data, Mapping):
            data = known
        return Entity(key, data, parent, {"seed": True})

    # -- the response

    def mode(self, usual: Mode) -> Mode:
        """How completely an entity is filled."""
        return "full" if self.world.leniency.fill else usual

    def reply(self, entity: Entity, *, made: bool = False) -> Reply:
        """The operation's success, with the entity as its response describes it.

        `made`: the entity is new, for which a document may have a 201.
        """
        operation = self.operation
        own = self.context.flat(self.resource).properties.keys()
        mode = self.mode(entity.mode)
        data: Any = self.known(entity)
        if self.action.elsewhere and isinstance(self.sent, Mapping):
            data = {**self.sent, **data}  # which the other resource may not have
        if self.action.kind == "create":
            for path in self.context.locations(operation, self.action.response.at):
                if path[0] not in own:
                    put_in(data, path, self._base_url + self._location(entity))
        if self.action.kind == "create" and self._is_id_alone():
            data = self.id_of(entity)
        status = self._status_of_new() if made else 0
        reply = self.context.answers.reply(
            operation, self.lasting(entity.key), data, self.action.response.at, mode, status,
            decided=own if made else None, own=own,
        )  # fmt: skip
        self._show(reply, entity)
        self.count_page(reply)
        placed = any(name.lower() == "location" for name in reply.headers)
        if self.action.kind in ("create", "clone") and reply.body is NO_BODY and not placed:
            # Nothing else can say which one it is.
            reply.headers["Location"] = ""
        for name in list(reply.headers):
            if name.lower() in LEADING:
                reply.headers[name] = self._as_url(name, self._location(entity))
            elif identifies(name, self.resource.noun, alone=reply.body is NO_BODY):
                reply.headers[name] = id_text(self.id_of(entity))
        mark(operation, reply, entity, self.whole, self.world.now)
        return reply

    def count_page(self, reply: Reply) -> None:
        """Write the number of entities, if the response about one entity is a page:
        `{"count": 1, "items": [{}]}`."""
        at = self.action.response.at
        if FIRST not in at or at[0] == FIRST:
            return
        *above, name = at[: at.index(FIRST)]
        page = dig(reply.body, tuple(above))
        if not isinstance(page, dict) or not isinstance(page.get(name), list):
            return
        for other, value in page.items():
            counts = isinstance(value, int) and not isinstance(value, bool)
            if counts and snake_case(other) in TOTAL | COUNT:
                page[other] = len(page[name])

    def _show(self, reply: Reply, entity: Entity) -> None:
        """Use the exact values of the operation's example, if there is one of this entity."""
        exact = entity.shown_by(self.action.operation)
        if exact is None or self.action.response.at:
            return
        media = media_of(self.operation, reply.status)
        if media is None or media.pointer is None or isinstance(reply.body, bytes):
            return
        if self.context.values.literal(media.pointer).is_valid(exact):
            reply.body = exact

    def _status_of_new(self) -> int:
        """201 if the document has it beside an equal 200; else 0 for the default success."""
        if not {"200", "201"} <= self.operation.responses.keys():
            return 0
        first, second = self._body_of(200), self._body_of(201)
        same = first and second and first.properties.keys() == second.properties.keys()
        return 201 if same else 0

    def _is_id_alone(self) -> bool:
        """Whether the response is just the id."""
        flat = self._body_of(self.operation.success)
        return flat is not None and bool(flat.types) and not {"object", "array"} & set(flat.types)

    def _body_of(self, status: int) -> Flat | None:
        """The schema of the JSON body of a status; None if it has none."""
        media = media_of(self.operation, status)
        if media is None or not media.pointer or not is_json_or_any(media.name):
            return None
        return self.context.schemas.flat_at(media.pointer)

    def id_of(self, entity: Entity) -> Any:
        """The id of the entity in paths."""
        return entity.id(self.resource) if self.resource.identity.key is not None else entity.key

    def whole(self, entity: Entity) -> Mapping[str, Any]:
        """The entity with what it shows of others."""
        return self.context.joins.shown(self.world, self.repository, entity)

    def known(self, entity: Entity, shown: str | None = None) -> dict[str, Any]:
        """The entity, with its id and those of its parents under their path parameter names, and
        its own URL where the resource, or the schema at `shown`, has that."""
        resource = self.resource
        found = dict(self.whole(entity))
        holder = found.get(resource.holder or "attributes")
        if isinstance(holder, Mapping):
            # A response without the part may have what is in it.
            found = {**holder, **found}
        called = entity.id(resource)
        for name in (resource.identity.parameter, f"{resource.noun}_id", "id"):
            if name is not None:
                found.setdefault(name, called)
        for link in self.action.parents:
            if link.parameter in self.request.path:
                value = self.request.path[link.parameter]
                found.setdefault(link.parameter, value)
                if link.resource is None and link.field is not None and entity.seed:
                    found[link.field] = value  # whatever it is, this is below it
        self.context.lead_to_itself(found, resource, lambda: self.url(entity), shown)
        if self.action.response.id_path:
            returned = self.context.keys.as_returned(self.action, called)
            put_in(found, self.action.response.id_path, returned)
        return found

    def url(self, entity: Entity) -> str:
        """The path at which the entity can be fetched."""
        items = self.resource.items
        if not items or "{" not in items[0]:
            return self._base_url + self._location(entity)
        own = {str(self.resource.identity.parameter): id_text(entity.id(self.resource))}
        names = {**self._names_above(entity), **self.request.path, **self.spelled, **own}
        return self._base_url + self.context.contract.base_path + filled(items[0], names)

    @property
    def _base_url(self) -> str:
        host = self.request.headers.get("host", "127.0.0.1:8000")
        return self.request.base_url or f"http://{host}"

    def _names_above(self, entity: Entity) -> dict[str, str]:
        """The path parameters for the entities above this one, which the requested path may lack
        (`/teams/{id}` for `/orgs/{org}/teams/{slug}`)."""
        found: dict[str, str] = {}
        key = entity.parent
        for link in reversed(self.resource.parents):
            above = self.context.above(link)
            rest, _, found[link.parameter] = key.rpartition("/")
            if above is not None and not above.resource.identity.nested:
                found[link.parameter] = key
                holder = above.get(self.world, key)
                rest = holder.parent if holder is not None else ""
            key = rest
        return {name: value for name, value in found.items() if value}

    def path(self) -> str:
        """The requested path."""
        path = filled(self.operation.url_path, {**self.request.path, **self.spelled})
        return self.context.contract.base_path + path

    def _location(self, entity: Entity) -> str:
        """The path of the entity; below the requested path if it can't be fetched elsewhere."""
        own = quote(str(entity.id(self.resource)), safe="")
        path = self.path()
        beneath = path if path.endswith("/" + own) else f"{path.rstrip('/')}/{own}"
        found = list(self._fetches(own))
        return beneath if beneath in found or not found else found[0]

    def _fetches(self, own: str) -> Iterator[str]:
        """The paths at which it can be fetched, except those with unknown values."""
        plan, contract = self.context.plan, self.context.contract
        parameters = {**self.request.path, **self.spelled}
        above = {link.resource: parameters.get(link.parameter) for link in self.action.parents}
        for action in plan.actions.values():
            if action.resource != self.action.resource or action.kind != "fetch":
                continue
            use = action.request
            by = use.by or other_name_in(self.resource, action.item or "")
            if by or use.newest or use.item_in == "body":
                continue
            path = contract.by_id[action.operation].url_path.replace(f"{{{action.item}}}", own)
            if use.item_in == "query":
                path = f"{path}?{action.item}={own}"
            for link in action.parents:
                value = parameters.get(link.parameter, above.get(link.resource))
                if value is not None:
                    path = path.replace(f"{{{link.parameter}}}", quote(id_text(value), safe=""))
            if "{" not in path:
                yield contract.base_path + path

    def _as_url(self, header: str, path: str) -> str:
        """The path as the value of a header; with the host, if the document wants a URL."""
        response = self.operation.response_for(self.operation.success)
        documented = response.headers.get(header) if response is not None else None
        if documented is None:
            return path
        whole = documented.schema.get("format") in ("uri", "url", "iri")
        if not whole and header.lower() in ("location", "content-location"):
            return path
        return self._base_url + path


CallHandler = Callable[[Call], Reply]
