"""Existing entities: ids that the mock returned, listed or created under the right parents."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from bench.corpus.answers import dug, inside, rows_of
from mockserver.inference.model import Action
from mockserver.inference.resource_model import Link, Resource
from mockserver.inference.words import other_name_in
from mockserver.openapi.model import Operation

if TYPE_CHECKING:
    from bench.corpus.client import Client

Known = tuple[tuple[Link, Any], ...]
"""What path parameters name, from the outside in: the link and the id."""
_DEEPEST = 4
_MOST = 40
_SOME = 20
_NOTHING = object()
_THERE = ("there",)


class NoRequest(Exception):
    """No valid request is possible for an operation."""


class Finder:
    """Finds path values by requests: from lists, else by creating entities."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._found: dict[tuple[Any, ...], list[Any]] = {}
        self._things: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._asked = 0
        self.doubtful = False
        """Whether something was removed since all was looked at anew."""
        self._creates = True
        self._elsewhere: set[tuple[Any, ...]] = set()
        """For what ids are known only from lists that are not below what is known."""

    def forget(self) -> None:
        self._found.clear()
        self._asked = 0
        self.doubtful = False

    def changed(self, resource: Resource) -> None:
        """Forget what entities of a resource show, where paths name them by that."""
        if resource.identity.names:
            self._found = {a: found for a, found in self._found.items() if a[0] != resource.name}

    def removed(self, key: Any) -> None:
        """Forget a removed entity, and everything known to be below it."""
        gone = str(key)
        self._found = {
            asked: found
            for asked, found in self._found.items()
            if gone not in map(str, found) and all(gone not in known for known in asked[1:])
        }
        self.doubtful = True

    def path_for(self, operation: Operation) -> dict[str, Any]:
        """Values that refer to existing entities, as far as they can be found: those of the path,
        and the id in a query or a body."""
        action = self._client.plan.actions[operation.id]
        if action.request.by and action.kind == "fetch":
            return self._looked_up(operation, action)
        links = action.parents
        if action.item:
            links = (*links, Link(action.item, action.resource))
        self._asked = 0
        best: Known = ()
        for known in self._ways(operation, links, (), 0):
            if len(known) > len(best):
                best = known
            if len(known) == len(links):
                break
        if self._is_elsewhere(best):
            # None is below what the client has made: one may be below what was there before.
            there = self._there(operation, links)
            best = next((one for one in there if not self._is_elsewhere(one)), best)
        return {link.parameter: value for link, value in best}

    def parents_for(self, operation: Operation) -> list[dict[str, Any]]:
        """Values of the path that refer to a few of the parents that are there without a client's
        doing: what a document shows without a parent lies under one of these."""
        links = self._client.plan.actions[operation.id].parents
        found = self._there(operation, links)
        return [{link.parameter: value for link, value in known} for known in found]

    def _there(self, operation: Operation, links: tuple[Link, ...]) -> list[Known]:
        """Some ids for all of the links that are there without a client's doing."""
        self._asked, self._creates = 0, False
        try:
            ways = self._ways(operation, links, (), 0)
            return list(islice((known for known in ways if len(known) == len(links)), _SOME))
        finally:
            self._creates = True

    def _is_elsewhere(self, known: Known) -> bool:
        """Whether the last id is known only from lists that are not below the others."""
        if len(known) < 2 or known[-1][0].resource is None:
            return False
        asked = _asked_for(known[-1][0].resource, known[:-1])
        return asked in self._elsewhere or (*asked, *_THERE) in self._elsewhere

    def _looked_up(self, operation: Operation, action: Action) -> dict[str, Any]:
        """What names an existing entity by other properties than its id, as far as one is shown."""
        resource = self._client.plan.resources[str(action.resource)]
        for thing in self._shown(resource):
            found = named_by(action, thing) or {}
            if found and all(self._client.names(operation, n, v) for n, v in found.items()):
                return found
        return {}

    def _shown(self, resource: Resource) -> Iterator[Mapping[str, Any]]:
        """Entities of a resource, as it shows them: one by its id, those in lists, a new one."""
        client = self._client
        for operation, action in client.operations(resource, "fetch"):
            if not action.request.by:
                with suppress(NoRequest):
                    thing = dug(
                        client.send(operation, self.path_for(operation)), action.response.at
                    )
                    yield from [thing] if isinstance(thing, dict) else []
        for operation, action in client.operations(resource, "list"):
            above = self.above(operation, action.parents, (), 0)
            reply = client.page(operation, action, above) if above is not None else None
            yield from (row for row in rows_of(reply, action) if isinstance(row, dict))
        made = client.maker.make(resource)
        if made is not None:
            yield made.thing

    def above(
        self, operation: Operation, links: tuple[Link, ...], known: Known, depth: int
    ) -> dict[str, Any] | None:
        """The ids of the parents, including what is `known`; None if one can't be found."""
        if depth > _DEEPEST:
            return None
        here: Known = ()
        for link in links:
            value = _among(known, link)
            if value is _NOTHING:
                value = next(self._candidates(operation, link, here, depth + 1), _NOTHING)
            if value is _NOTHING:
                return None
            here = (*here, (link, value))
        return {link.parameter: value for link, value in here}

    def name_known(self, action: Action, body: Any, needed: Collection[str]) -> None:
        """Insert ids of existing entities where a body refers to others; drop references without
        one unless they are `needed`."""
        self._name_members(action, body)
        if not action.request.refers:
            return
        for one in body if isinstance(body, list) else [body]:
            thing = inside(one, action.request.at)
            for reference in action.request.refers if isinstance(thing, dict) else ():
                if thing.get(reference.field) is not None:
                    found = self._under(self._client.plan.resources[reference.resource], (), 1)
                    if found:
                        kind = type(thing[reference.field])
                        thing[reference.field] = kind(found[0]) if kind is str else found[0]
                    elif reference.field not in needed:
                        del thing[reference.field]

    def _name_members(self, action: Action, body: Any) -> None:
        """Insert ids of existing entities where a body lists members."""
        membership = action.membership
        resource = self._client.plan.resources.get(action.resource or "")
        if membership is None or membership.ids is None or resource is None:
            return
        listed = body.get(membership.ids) if isinstance(body, dict) else None
        if isinstance(listed, list) and listed and isinstance(listed[0], str | int):
            found = self._under(resource, (), 1)
            kind = type(listed[0])
            try:
                body[membership.ids] = [kind(key) for key in found[:1]] or listed
            except ValueError:
                return

    def _ways(
        self, operation: Operation, links: tuple[Link, ...], known: Known, depth: int
    ) -> Iterator[Known]:
        """Ids for more and more of the links; another parent if there is nothing below one."""
        yield known
        if len(known) == len(links):
            return
        link = links[len(known)]
        for value in self._candidates(operation, link, known, depth):
            yield from self._ways(operation, links, (*known, (link, value)), depth)

    def _candidates(
        self, operation: Operation, link: Link, known: Known, depth: int
    ) -> Iterator[Any]:
        resource = self._client.plan.resources.get(link.resource) if link.resource else None
        found: list[Any] = list(resource.identity.given) if resource is not None else []
        found = [one for one in found if self._client.names(operation, link.parameter, one)]
        yield from found
        if (
            not found
            and resource is not None
            and self._client.operations(resource, "list", "create", "replace")
        ):
            found = self._under(resource, known, depth)
            found = [self._as_named(resource, link.parameter, one) for one in found]
            found = [one for one in found if self._client.names(operation, link.parameter, one)]
            yield from found
        if not found and (resource is None or resource.identity.open or resource.singleton):
            with suppress(NoRequest):
                yield self._client.own(operation, link.parameter)

    def _as_named(self, resource: Resource, parameter: str, key: Any) -> Any:
        """What names an entity at this parameter: its id, or the property that the parameter is
        called like (`{team_id}` where the id is a slug)."""
        name = other_name_in(resource, parameter)
        thing = self._things.get((resource.name, str(key)), {})
        return thing.get(name, key) if name is not None else key

    def _under(self, resource: Resource, known: Known, depth: int) -> list[Any]:
        """Some ids of this kind below what is known."""
        asked = (*_asked_for(resource.name, known), *(() if self._creates else _THERE))
        if asked in self._found:
            return self._found[asked]
        self._found[asked] = []  # what leads in a circle leads nowhere
        if depth > _DEEPEST or self._asked > _MOST:
            return []
        found = list(dict.fromkeys(self._listed(resource, known, depth, near=True)))
        if not found and self._creates:
            made = self._client.maker.make(resource, known, depth)
            made = made or self._client.maker.put(resource, known, depth)
            found = [made.key] if made is not None and made.key is not None else []
            if made is not None:
                self._things[resource.name, str(made.key)] = made.thing
        if not found:
            found = list(dict.fromkeys(self._listed(resource, known, depth, near=False)))
            self._elsewhere |= {asked} if found else set()
        self._found[asked] = found
        return found

    def _listed(self, resource: Resource, known: Known, depth: int, near: bool) -> Iterator[Any]:
        """The first and last id of the first non-empty list, or all of them where nothing may be
        made; `near`: of lists below everything known."""
        for operation, action in nearest(self._client.operations(resource, "list"), known):
            told = sum(_among(known, link) is not _NOTHING for link in action.parents)
            if (told == len(known)) != near:
                continue
            above = self.above(operation, action.parents, known, depth)
            if above is None:
                continue
            self._asked += 1
            rows = rows_of(self._client.page(operation, action, above), action)
            ids = [self._client.id_of(resource, row, action) for row in rows]
            rows_by_id = zip(ids, rows, strict=True)
            self._things |= {
                (resource.name, str(key)): row for key, row in rows_by_id if isinstance(row, dict)
            }
            shown = [key for key in ids if key is not None]
            if shown:
                yield from (shown[0], shown[-1]) if self._creates else shown[:_SOME]
                return


def _asked_for(name: str, known: Known) -> tuple[Any, ...]:
    return (name, *((link.resource or link.parameter, str(value)) for link, value in known))


def named_by(action: Action, thing: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values by which an operation names an entity like this, where it is not the id; None if
    one is not shown."""
    found = {parameter: thing.get(name) for parameter, name in action.request.by}
    scalar = all(isinstance(value, str | int | float) and value != "" for value in found.values())
    return found if scalar else None


def nearest(
    pairs: Iterable[tuple[Operation, Action]], known: Known
) -> list[tuple[Operation, Action]]:
    """The operations, sorted by how closely their paths match what is known."""

    def far(pair: tuple[Operation, Action]) -> tuple[int, int]:
        links = pair[1].parents
        return -sum(_among(known, link) is not _NOTHING for link in links), len(links)

    return sorted(pairs, key=far) if known else list(pairs)


def _among(known: Known, link: Link) -> Any:
    alike = [(other, value) for other, value in reversed(known) if other.alike(link)]
    # Two parts of one path may name one thing (`/{workspace}/{repo}`): each its own.
    own = [value for other, value in alike if other.parameter == link.parameter]
    return next(iter((*own, *(value for _, value in alike))), _NOTHING)
