"""What a document says is sent by itself: webhooks and callbacks, when, and with which body.

Nothing is sent here. `Herald.events` says what has happened in a world since an instant, as a
function of its rows and its clock; a server sends it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from mockserver.engine.dice import Dice
from mockserver.engine.events import Event
from mockserver.engine.generic.context import Context
from mockserver.engine.generic.roles import stamp
from mockserver.engine.generic.shelf import Held, OwnShelf
from mockserver.engine.instants import render
from mockserver.engine.world import World, digest, uuid_of
from mockserver.plan.announcements import TELLERS
from mockserver.plan.model import CREATED, Announcement
from mockserver.plan.naming import bag, tokens

# Of each kind, the newest; older ones have had their time.
MOST_ROWS = 2000
_INNER = bag("data object resource payload item result body")
_IDS = bag("id event_id eventid webhook_id delivery_id")


class Herald:
    """What one document announces."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.announcements = context.plan.announcements

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
            for moment, at in _moments(announcement, row):
                if since <= at <= world.now:
                    told = announcement.operation, announcement.name, announcement.resource
                    salt = ("event", *told, row["id"], moment, at)
                    if _id(world, salt) not in known:
                        yield self._event(announcement, world, shelf, row, moment, at, salt)

    def _event(
        self,
        announcement: Announcement,
        world: World,
        shelf: OwnShelf,
        row: Mapping[str, Any],
        moment: str,
        at: int,
        salt: tuple[object, ...],
    ) -> Event:
        name, body = _id(world, salt), None
        value = announcement.values.get(moment, "")
        if announcement.schema:
            held = shelf.as_of(row, at)
            known = self._known(announcement, held, name, at, value or announcement.name)
            dice = Dice.of(world, *salt)
            body = self._context.values.make(announcement.schema, dice, known)
        return Event(name, announcement, str(row["id"]), at, body, value)

    def _known(
        self, announcement: Announcement, held: Held, event_id: str, at: int, said: str
    ) -> dict[str, Any]:
        """What is known of a body: the row itself, or what is told about it around it."""
        schemas = self._context.schemas
        properties = self._properties(announcement.schema)
        shelf = self._context.shelves[announcement.resource]
        inner = {*_INNER, shelf.resource.noun}
        nested = [name for name in properties if name.lower() in inner]
        known: dict[str, Any] = {} if nested else dict(held.data)
        if announcement.values:
            known[announcement.teller] = said
        own = self._context.flat(shelf.resource).properties
        for name, schema in properties.items():
            if name in known or (not nested and name in own):
                continue
            flat = schemas.flat(schema)
            if name in nested:
                known[name] = _inside(flat.properties, inner, held)
            elif tokens(name) == (*tokens(shelf.resource.noun), "id"):
                known[name] = held.data.get(shelf.resource.key, held.key.rsplit("/", 1)[-1])
            elif name.lower() in TELLERS:
                # Where it can't be the name, its values mean something else.
                if flat.values is None or said in flat.values:
                    known[name] = said
            elif name.lower() in _IDS:
                known[name] = event_id
            elif schemas.plain(schema).get("format") == "date-time":
                known[name] = render(at)
            elif name.lower() in ("timestamp", "created", "time"):
                known[name] = stamp(schemas, name, schema, at)
        return known

    def _properties(self, schema: str) -> dict[str, Any]:
        """The properties of a body, those of its choices too."""
        flat = self._context.schemas.flat_at(schema)
        branches = [one for several in flat.choices for one in several]
        found: dict[str, Any] = {}
        for branch in branches:
            found = {**self._context.schemas.flat(branch).properties, **found}
        return {**found, **flat.properties}


def _id(world: World, salt: tuple[object, ...]) -> str:
    return f"msg_{uuid_of(digest(world.settings.seed, world.tenant, *salt))}"


def _inside(properties: Mapping[str, Any], inner: set[str], held: Held) -> dict[str, Any]:
    """The row, or an object that holds it: `{"data": {"object": ...}}`."""
    deeper = [name for name in properties if name.lower() in inner and name not in held.data]
    return {deeper[0]: dict(held.data)} if len(deeper) == 1 else dict(held.data)


def _moments(announcement: Announcement, row: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    if announcement.created:
        yield CREATED, int(row["at"])
    for state, at in row.get("schedule", ())[1:]:
        if state in announcement.states:
            yield state, int(at)
