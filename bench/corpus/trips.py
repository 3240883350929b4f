"""Round trips: created entities can be fetched, found, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.corpus.answers import alike, dug, inside, rows_of
from bench.corpus.asking import named_in
from bench.corpus.client import Client
from bench.corpus.finding import NoRequest, named_by
from bench.corpus.making import Made, about
from mockserver.inference.model import Action
from mockserver.inference.resource_model import Resource
from mockserver.inference.words import other_name_in
from mockserver.openapi.model import Operation

_REMOVED_BY = 7 * 24 * 3600.0


class Broken(Exception):
    """A failed step, named by `step`."""

    def __init__(self, step: str, text: str) -> None:
        super().__init__(text)
        self.step = step


def resources(client: Client) -> list[Resource]:
    """The resources that can be created and fetched, if a client can learn their ids, and what
    else names one in a path."""
    return [
        resource
        for resource in client.plan.resources.values()
        if not resource.singleton and resource.identity.returned and _can_be_read(client, resource)
    ]


def _can_be_read(client: Client, resource: Resource) -> bool:
    """Whether what is made can be read below what it is made below: a project is also read below
    a team, to which nobody has added it."""
    return any(
        all(
            link.resource is None or any(link.alike(one) for one in create.parents)
            for link in fetch.parents
        )
        for _, create in client.operations(resource, "create")
        if not create.request.upsert
        for _, fetch in client.operations(resource, "fetch")
    )


def round_trip(client: Client, resource: Resource) -> None:
    """Raises Broken at the first failing step."""
    try:
        _walk(client, resource)
    except NoRequest as error:
        raise Broken("request", str(error)) from None
    finally:
        client.forget()


def _walk(client: Client, resource: Resource) -> None:
    made = client.maker.make(resource)
    if made is None:
        raise Broken("create", client.why() or "no create succeeds with an object")
    if made.key is None:
        raise Broken("id", f"the answer names no id: {', '.join(list(made.thing)[:8])}")
    trip = _Trip(client, resource, made)
    fetched = trip.fetched()
    trip.agree("fetch", made.thing, fetched)
    trip.find(fetched)
    trip.change()
    trip.remove()


class _Trip:
    """A created entity, and the operations on it."""

    def __init__(self, client: Client, resource: Resource, made: Made) -> None:
        self.client = client
        self.resource = resource
        self.made = made

    @property
    def like(self) -> dict[str, Any]:
        """What is known of the entity: what was sent, and what was answered."""
        return {**self.made.sent, **self.made.thing}

    def ways(self, *kinds: str) -> list[tuple[Operation, Action, dict[str, Any]]]:
        """The operations of these kinds whose path applies to the entity, with its values; those
        that name it by its id first."""
        found = []
        for operation, action in self.client.operations(self.resource, *kinds):
            path = alike(action.parents, self.made.links, {**self.said(action), **self.made.path})
            own: dict[str, Any] | None = (
                {action.item: self.named(action.item)} if action.item else {}
            )
            if action.request.by and action.kind == "fetch":
                own = named_by(action, self.made.thing)
            if path is not None and own is not None:
                found.append((operation, action, {**path, **own}))
        named = (way for way in found if not way[1].request.newest)
        return sorted(named, key=lambda way: (bool(way[1].request.by), self.is_renamed(way[1])))

    def is_renamed(self, action: Action) -> bool:
        """Whether a path names it by another property than its id."""
        return action.item is not None and other_name_in(self.resource, action.item) is not None

    def named(self, parameter: str) -> Any:
        """What names the entity at this path parameter: its id, or the property that is called
        like that."""
        name = other_name_in(self.resource, parameter)
        return self.made.thing.get(name, self.made.key) if name is not None else self.made.key

    def said(self, action: Action) -> dict[str, Any]:
        """What the client sent, or was shown, under the names of path parameters that name nothing
        known: a `{type}`."""
        known = self.like
        names = [link.parameter for link in action.parents if link.resource is None]
        found = {name: named_in(known.get(name)) for name in names}
        return {n: v for n, v in found.items() if isinstance(v, str | int) and v != ""}

    def fetched(self) -> dict[str, Any]:
        for operation, action, path in self.ways("fetch")[:1]:
            reply = self.client.send(operation, path, like=self.like)
            if not reply.is_success:
                raise Broken("fetch", f"{operation.path}: {reply.status_code} {reply.text[:150]}")
            thing = dug(reply, action.response.at)
            return thing if isinstance(thing, dict) else {}
        raise Broken("fetch", "no path names it by what is known of it")

    def agree(self, step: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
        """Properties that both have must be equal, unless their types differ (a job's status, an
        HTTP status)."""
        for name in one:
            same = name in other and isinstance(other[name], type(one[name]))
            if same and _differ(one[name], other[name]) and not _moves(name):
                said = f"{name}: {str(one[name])[:80]} became {str(other[name])[:80]}"
                raise Broken(step, said)

    def find(self, fetched: Mapping[str, Any]) -> None:
        """It is in the list where it is kept; where rows have no ids, a row like it."""
        for operation, action, path in self.ways("list"):
            if operation.path != self.resource.path:
                continue
            like = {**fetched, **self.like}
            rows = rows_of(self.client.page(operation, action, path, like), action)
            ids = [self.client.id_of(self.resource, row, action) for row in rows]
            if any(_leads_to(row, self.made.key) for row in rows):
                continue
            if rows and all(key is None for key in ids):
                if all(row and not _alike(row, fetched) for row in rows):
                    raise Broken("list", f"{operation.path}: none of {len(rows)} rows is like it")
                continue
            key = self.made.key
            if key not in ids and str(key) not in map(str, ids):
                raise Broken("list", f"{operation.path}: {key!r} is not among {len(ids)} rows")

    def change(self) -> None:
        for operation, action, path in self.ways("patch", "replace")[:2]:
            key = str(self.resource.identity.key)
            own = {key: self.like.get(key, self.made.key)}  # of a body that names it
            in_path = "{" + str(action.item) + "}" in operation.url_path
            reply = self.client.send(operation, path, like={} if in_path else own)
            if not reply.is_success:
                why = self.client.why() or reply.text[:150]
                raise Broken("update", f"{operation.path}: {reply.status_code} {why}")
            changed = about(action, reply)
            if isinstance(changed, dict):
                self.agree("update", changed, self.fetched())

    def remove(self) -> None:
        for operation, action, path in self.ways("remove")[:1]:
            reply = self.client.send(operation, path, like=self.like)
            if reply.is_client_error and action.allowed is not None:
                self.client.server.clock.advance(_REMOVED_BY)  # it has to have settled
                reply = self.client.send(operation, path, like=self.like)
            # A 303 says where to look whether it is done.
            if not (reply.is_success or reply.is_redirect):
                raise Broken("remove", f"{operation.path}: {reply.status_code} {reply.text[:150]}")
            fetch, _, path = self.ways("fetch")[0]
            self.client.removed(self.made.key)
            if action.transition is not None:
                # A removal that takes its time, or one that leaves what was removed marked.
                self.client.server.clock.advance(_REMOVED_BY)
                if action.transition.soft:
                    self.is_not_listed()
                    continue
            again = self.client.send(fetch, path, like=self.like)
            if again.is_success:
                raise Broken("gone", f"{fetch.path} still answers {again.status_code}")

    def is_not_listed(self) -> None:
        for operation, action, path in self.ways("list")[:1]:
            ids = self.client.listed_ids(self.resource, operation, action, path, self.made.thing)
            if str(self.made.key) in map(str, ids):
                raise Broken("gone", f"{operation.path} still lists {self.made.key!r}")


def _leads_to(row: Any, key: Any) -> bool:
    """Whether a row that has no id has a link to the entity."""
    link = inside(row, ("href",))
    return isinstance(link, str) and link.rstrip("/").endswith(f"/{key}")


def _alike(row: Any, thing: Mapping[str, Any]) -> bool:
    """Whether a row shows an entity, by the properties that both have."""
    shared = [name for name in thing if isinstance(row, dict) and name in row]
    return bool(shared) and not any(_differ(row[name], thing[name]) for name in shared)


def _differ(one: Any, other: Any) -> bool:
    """Whether two values differ in what both have."""
    if isinstance(one, dict) and isinstance(other, dict):
        return any(_differ(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return any(map(_differ, one, other))
    return bool(one != other)


def _moves(name: str) -> bool:
    """Fields that change with each response: etags and access times."""
    return name.lower() in ("etag", "self_link", "selflink", "request_id", "requestid")
