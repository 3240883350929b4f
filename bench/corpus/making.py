"""Create entities: with a create operation, else by PUT."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import httpx

from bench.corpus.answers import alike, dug, rows_of
from bench.corpus.finding import Known, NoRequest, nearest
from mockserver.inference.model import Action
from mockserver.inference.resource_model import Link, Resource
from mockserver.openapi.model import Operation

if TYPE_CHECKING:
    from bench.corpus.client import Client

_IDS = ("id", "uuid", "guid")
_FEW = 3


class Made(NamedTuple):
    """A create's response (empty if not an object), its path, and the id. `links` are the entities
    that the path values refer to, `sent` is what was sent."""

    thing: dict[str, Any]
    path: dict[str, Any]
    key: Any
    links: tuple[Link, ...] = ()
    sent: Mapping[str, Any] = MappingProxyType({})


class Maker:
    """Creates entities with a client's requests, and learns their ids."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def make(self, resource: Resource, known: Known = (), depth: int = 0) -> Made | None:
        """Create one, under what is `known` if possible; None on failure."""
        creates = nearest(self._client.operations(resource, "create"), known)
        # First those that make what a path reads: of nodes, or of preprints.
        for operation, action in sorted(
            creates, key=lambda pair: (pair[1].request.upsert, not self._is_read(resource, pair[1]))
        ):
            try:
                above = self._client.finder.above(operation, action.parents, known, depth)
                if above is None:
                    continue
                reply = self._client.send(operation, above)
                if not reply.is_success:
                    continue
                sent: Mapping[str, Any] = self._client.sent
                path = self._path_values(operation, above, reply)
                thing = about(action, reply)
                key = self._named(resource, action, thing, reply)
                if key is None and not action.request.upsert:
                    thing, key, sent = self._made_again(resource, operation, path)
            except NoRequest:
                continue
            shown = thing if isinstance(thing, dict) else {}
            return Made(shown, path, key, action.parents, sent)
        return None

    def _is_read(self, resource: Resource, create: Action) -> bool:
        """Whether a path that names one has no parents that those of the create don't name."""
        given = {link.parameter: "" for link in create.parents}
        return any(
            alike(action.parents, create.parents, given) is not None
            for _, action in self._client.operations(resource, "fetch")
        )

    def put(self, resource: Resource, known: Known, depth: int) -> Made | None:
        """Create one by PUT, with an id that the client chooses."""
        for operation, action in nearest(self._client.operations(resource, "replace"), known):
            with suppress(NoRequest):
                above = self._client.finder.above(operation, action.parents, known, depth)
                if above is not None and action.request.upsert:
                    key = self._client.own(operation, action.path_item)
                    reply = self._client.send(operation, {**above, action.path_item: key})
                    if reply.is_success:
                        path = self._path_values(operation, above, reply)
                        path.pop(action.path_item, None)
                        return Made({}, path, key, action.parents)
        return None

    def _named(self, resource: Resource, action: Action, thing: Any, reply: httpx.Response) -> Any:
        """The id in a response: a property, the whole value, or the end of Location; else the one
        that the client chose."""
        if isinstance(thing, dict):
            key = self._client.id_of(resource, thing, action)
            if key is not None:
                return key
            ids = [
                value
                for name, value in thing.items()
                if name.lower().endswith(_IDS) and isinstance(value, str | int)
            ]
            if len(ids) == 1 and len(thing) <= _FEW:
                return ids[0]
        if isinstance(thing, str | int) and not isinstance(thing, bool):
            return thing
        location = reply.headers.get("location", "").partition("?")[0].rstrip("/")
        if _starts_a_job(action):
            location = ""  # of the job
        for operation, fetch in self._client.operations(resource, "fetch"):
            # What follows the id is no part of it: `/plugins/{name}/json`.
            _, found, after = operation.url_path.partition("{" + str(fetch.item) + "}")
            if found and after and "{" not in after and location.endswith(after):
                location = location.removesuffix(after)
        chosen = (
            self._client.sent.get(resource.identity.key) if resource.identity.client_key else None
        )
        return unquote(location.rsplit("/", 1)[-1]) or chosen

    def _made_again(
        self, resource: Resource, operation: Operation, path: Mapping[str, Any]
    ) -> tuple[Any, Any, Mapping[str, Any]]:
        """Create another one: its response, the id that appears in a list, and what was sent."""
        action = self._client.plan.actions[operation.id]
        for listing, listed in self._client.operations(resource, "list"):
            above = alike(listed.parents, action.parents, path)
            if above is None:
                continue
            before = self._client.listed_ids(resource, listing, listed, above, self._client.sent)
            thing = about(action, self._client.send(operation, path))
            like = self._client.sent
            rows = rows_of(self._client.page(listing, listed, above, like), listed)
            new = [
                row
                for row in rows
                if self._client.id_of(resource, row, listed) not in (None, *before)
            ]
            if new:
                best = max(new, key=lambda row: _likeness(row, like))
                return thing, self._client.id_of(resource, best, listed), like
        return None, None, {}

    def _path_values(
        self, operation: Operation, above: dict[str, Any], reply: httpx.Response
    ) -> dict[str, Any]:
        """The path values as sent, including generated ones."""
        sent = str(reply.request.url.raw_path.decode()).partition("?")[0]
        sent = sent.removeprefix(self._client.contract.base_path)
        found = dict(above)
        for template, part in zip(operation.url_path.split("/"), sent.split("/"), strict=False):
            name = template[1:-1]
            if template == "{" + name + "}" and name not in found:
                found[name] = httpx.URL("http://x/" + part).path[1:]
        return found


def about(action: Action, reply: httpx.Response) -> Any:
    """What a response says of the new entity: nothing if it shows the job that makes it."""
    return {} if _starts_a_job(action) else dug(reply, action.response.at)


def _starts_a_job(action: Action) -> bool:
    """Whether a response shows the job that makes the entity."""
    job = action.starts
    return job is not None and job.at == action.response.at


def _likeness(row: Any, like: Mapping[str, Any]) -> int:
    return sum(like.get(n) == v for n, v in row.items()) if isinstance(row, dict) else 0
