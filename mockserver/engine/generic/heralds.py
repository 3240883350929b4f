"""What a document says is sent by itself: webhooks and callbacks, when, and with which body.

Nothing is sent here. `Herald.events` says what has happened in a world since an instant, as a
function of its rows and its clock; a server sends it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from mockserver.contract.document import join, resolve
from mockserver.contract.model import Contract
from mockserver.engine.dice import Dice
from mockserver.engine.events import Announcement, Event
from mockserver.engine.generic.context import Context
from mockserver.engine.generic.roles import stamp
from mockserver.engine.generic.shelf import Held, OwnShelf
from mockserver.engine.generic.steering import lifecycle_of
from mockserver.engine.instants import render
from mockserver.engine.world import World, digest, uuid_of
from mockserver.errors import ContractError
from mockserver.plan.lifecycle import kind_of
from mockserver.plan.model import Plan, Resource
from mockserver.plan.naming import bag, singular, tokens

# Of each kind, the newest; older ones have had their time.
MOST_ROWS = 2000
_METHODS = ("post", "put", "patch")
_CREATED = bag("created create new added add submitted received")
_CHANGED = bag("updated update changed change status state progress")
_ENDED = bag("ended finished done settled")
_INNER = bag("data object resource payload item result body")
_NAMES = bag("type event event_type eventtype topic name action kind")
_IDS = bag("id event_id eventid webhook_id delivery_id")


class Herald:
    """What one document announces."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.announcements = tuple(_announcements(context.contract, context.plan))

    def events(self, world: World, since: int, known: Collection[str] = ()) -> list[Event]:
        """What has happened from `since` to now, oldest first; `known` ids are left out."""
        found = [
            event
            for announcement in self.announcements
            for event in self._of(announcement, world, since, known)
        ]
        return sorted(found, key=lambda event: (event.at, event.announcement.name, event.key))

    def _of(
        self, announcement: Announcement, world: World, since: int, known: Collection[str]
    ) -> Iterator[Event]:
        shelf = self._context.shelves.get(announcement.resource)
        if not isinstance(shelf, OwnShelf):
            return
        rows = world[shelf.collection.name].scan(newest_first=True)
        for row in islice(rows, MOST_ROWS):
            if row.get("seed"):
                continue
            for at in _instants(announcement, row):
                if since <= at <= world.now:
                    salt = ("event", announcement.operation, announcement.name, row["id"], at)
                    if _id(world, salt) not in known:
                        yield self._event(announcement, world, shelf, row, at, salt)

    def _event(
        self,
        announcement: Announcement,
        world: World,
        shelf: OwnShelf,
        row: Mapping[str, Any],
        at: int,
        salt: tuple[object, ...],
    ) -> Event:
        name, body = _id(world, salt), None
        if announcement.schema:
            held = shelf.as_of(row, at)
            known = self._known(announcement, held, name, at)
            dice = Dice.of(world, *salt)
            body = self._context.values.make(announcement.schema, dice, known)
        return Event(name, announcement, str(row["id"]), at, body)

    def _known(
        self, announcement: Announcement, held: Held, event_id: str, at: int
    ) -> dict[str, Any]:
        """What is known of a body: the row itself, or what is told about it around it."""
        schemas = self._context.schemas
        properties = schemas.flat_at(announcement.schema).properties
        shelf = self._context.shelves[announcement.resource]
        inner = {*_INNER, shelf.resource.noun}
        nested = [name for name in properties if name.lower() in inner]
        if not nested:
            return dict(held.data)
        known: dict[str, Any] = {}
        for name, schema in properties.items():
            if name in nested:
                known[name] = _inside(schemas.flat(schema).properties, inner, held)
            elif name.lower() in _NAMES:
                known[name] = announcement.name
            elif name.lower() in _IDS:
                known[name] = event_id
            elif schemas.plain(schema).get("format") == "date-time":
                known[name] = render(at)
            elif name.lower() in ("timestamp", "created", "time"):
                known[name] = stamp(schemas, name, schema, at)
        return known


def _id(world: World, salt: tuple[object, ...]) -> str:
    return f"msg_{uuid_of(digest(world.settings.seed, world.tenant, *salt))}"


def _inside(properties: Mapping[str, Any], inner: set[str], held: Held) -> dict[str, Any]:
    """The row, or an object that holds it: `{"data": {"object": ...}}`."""
    deeper = [name for name in properties if name.lower() in inner and name not in held.data]
    return {deeper[0]: dict(held.data)} if len(deeper) == 1 else dict(held.data)


def _instants(announcement: Announcement, row: Mapping[str, Any]) -> Iterator[int]:
    if announcement.created:
        yield int(row["at"])
    for state, at in row.get("schedule", ())[1:]:
        if state in announcement.states:
            yield int(at)


def _announcements(contract: Contract, plan: Plan) -> Iterator[Announcement]:
    webhooks = contract.document.get("webhooks")
    if isinstance(webhooks, Mapping):
        for name, item in webhooks.items():
            for found in _sent(contract, str(name), item, join("#/webhooks", name)):
                yield _when(found, plan)
    for operation in contract.operations:
        for name, given in operation.callbacks.items():
            pointer = join(operation.pointer, "callbacks", name)
            item, pointer = _resolved(contract, given, pointer)
            for expression, path in item.items() if isinstance(item, Mapping) else ():
                if str(expression).startswith("x-"):
                    continue
                place = join(pointer, expression)
                for found in _sent(contract, str(name), path, place, operation.id, expression):
                    yield _when(found, plan)


def _resolved(contract: Contract, value: Any, pointer: str) -> tuple[Any, str]:
    try:
        return resolve(contract.document, value, pointer)
    except ContractError:
        return {}, pointer


def _sent(
    contract: Contract, name: str, item: Any, pointer: str, operation: str = "", url: str = ""
) -> Iterator[Announcement]:
    item, pointer = _resolved(contract, item, pointer)
    for method in _METHODS:
        raw = item.get(method) if isinstance(item, Mapping) else None
        if not isinstance(raw, Mapping):
            continue
        place = join(pointer, method, "requestBody")
        body, place = _resolved(contract, raw.get("requestBody", {}), place)
        content = body.get("content", {}) if isinstance(body, Mapping) else {}
        media = next((kind for kind in content if "json" in kind), "")
        schema = join(place, "content", media, "schema") if media else ""
        if media and "schema" not in content[media]:
            schema = ""
        yield Announcement(
            name, method.upper(), schema, media or "application/json", operation, url
        )


def _when(found: Announcement, plan: Plan) -> Announcement:
    """The same with what it tells of, as its name and its operation say."""
    words = [singular(word) for word in tokens(found.name)]
    resource = _spoken_of(words, plan)
    action = plan.actions.get(found.operation)
    if resource is None and action is not None:
        resource = plan.resources.get(action.resource)
    if resource is None:
        return found
    rest = {*tokens(found.name)} - {*tokens(resource.noun), *tokens(resource.name)}
    lifecycle = lifecycle_of(resource)
    states = _states(rest, lifecycle.moves) if lifecycle is not None else frozenset()
    if lifecycle is not None and rest & _CHANGED:
        states = frozenset(lifecycle.moves) - {lifecycle.initial}
    if lifecycle is not None and rest & _ENDED:
        states = lifecycle.terminal
    created = bool(rest & _CREATED) and not states
    if found.operation and not created and not states:
        # A callback that does not say when tells how it ended; of what has no end, that it is.
        states = lifecycle.terminal if lifecycle is not None else frozenset()
        created = not states
    return Announcement(
        found.name,
        found.method,
        found.schema,
        found.media_type,
        found.operation,
        found.url,
        resource.name,
        created,
        states,
    )


def _spoken_of(words: list[str], plan: Plan) -> Resource | None:
    """The resource whose noun stands in a name; of several the longest."""
    best: tuple[int, Resource] | None = None
    for resource in plan.resources.values():
        noun = [singular(word) for word in tokens(resource.noun)]
        size = len(noun)
        there = any(words[at : at + size] == noun for at in range(len(words) - size + 1))
        if there and noun and (best is None or size > best[0]):
            best = size, resource
    return best[1] if best is not None else None


def _states(words: set[str], states: Mapping[str, Any]) -> frozenset[str]:
    """The states that are named, by themselves or by another word for the same."""
    named = frozenset(state for state in states if {*tokens(state)} <= words)
    kinds = {kind_of(word) for word in words} & {"success", "failure", "cancelled", "active"}
    alike = frozenset(state for state in states if kind_of(state) in kinds)
    return named or alike
