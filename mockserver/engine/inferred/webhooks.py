"""Webhooks and callbacks of a document: when they are sent, and with which body.

Nothing is sent here. `EventSource.events` returns what has happened in a world since an instant, as
a function of its rows and its clock; the server sends it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from mockserver.engine.inferred.context import Context
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.inferred.repository import Entity, OwnRepository
from mockserver.engine.inferred.webhook_parameters import Message, Parameters
from mockserver.engine.randomness import Dice
from mockserver.engine.timestamps import render
from mockserver.engine.webhooks import Event, Listener
from mockserver.engine.world import World, digest, uuid_of
from mockserver.inference.model import CREATED, Announcement, Resource
from mockserver.inference.verb_words import TELLERS
from mockserver.inference.words import bag, singular, tokens

# The newest of each kind; older events have been sent.
MOST_ROWS = 2000
_INNER = bag("data object resource payload item result body")
_IDS = bag("id event_id eventid webhook_id delivery_id")


class EventSource:
    """The events of one document."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.announcements = context.plan.announcements
        self._asked: dict[str, Parameters] = {}

    def events(self, world: World, since: int, known: Collection[str] = ()) -> list[Event]:
        """The events between `since` and now, oldest first, without those whose ids are `known`."""
        found = [
            event
            for announcement in self.announcements
            for event in self._of(announcement, world, since, known)
        ]
        return sorted(found, key=lambda event: (event.at, event.announcement.name, event.key))

    def _of(
        self, announcement: Announcement, world: World, since: int, known: Collection[str]
    ) -> Iterator[Event]:
        repository = self._context.repositories.get(announcement.resource)
        if not isinstance(repository, OwnRepository):
            return
        rows = world[repository.collection.name].scan(newest_first=True)
        for row in islice(rows, MOST_ROWS):
            if row.get("seed"):
                continue
            for moment, at in _moments(announcement, row):
                if since <= at <= world.now:
                    told = announcement.operation, announcement.name, announcement.resource
                    salt = ("event", *told, row["id"], moment, at)
                    if _id(world, salt) not in known:
                        yield self._event(announcement, world, repository, row, moment, at, salt)

    def _event(
        self,
        announcement: Announcement,
        world: World,
        repository: OwnRepository,
        row: Mapping[str, Any],
        moment: str,
        at: int,
        salt: tuple[object, ...],
    ) -> Event:
        name, body = _id(world, salt), None
        value = announcement.values.get(moment, "")
        entity = repository.as_of(row, at)
        if announcement.schema:
            known = self._known(announcement, entity, name, at, value or announcement.name)
            dice = Dice.of(world, *salt)
            absent = self._absent(announcement, entity)
            body = self._context.values.make(announcement.schema, dice, known, without=absent)
        called = {f"{repository.resource.noun}_id": entity.id(repository.resource)}
        message = Message(name, value or announcement.name, at, {**entity.data, **called})
        dice = Dice.of(world, *salt, "sent")
        headers, query = self._parameters(announcement).said(message, dice)
        return Event(name, announcement, str(row["id"]), at, body, value, headers, query)

    def _absent(self, announcement: Announcement, entity: Entity) -> list[tuple[str, ...]]:
        """The places in a body of what the entity could have and has not."""
        repository = self._context.repositories[announcement.resource]
        own = self._context.flat(repository.resource).properties
        properties = self._properties(announcement.schema)
        inner = {*_INNER, repository.resource.noun}
        nested = [name for name in properties if name.lower() in inner]
        holders = [(name,) for name in nested] if nested else [()]
        return [(*holder, n) for holder in holders for n in own if n not in entity.data]

    def _parameters(self, announcement: Announcement) -> Parameters:
        place = announcement.place
        found = self._asked.get(place)
        if found is None:
            found = self._asked[place] = Parameters(self._context.values, place)
        return found

    def _known(
        self, announcement: Announcement, entity: Entity, event_id: str, at: int, said: str
    ) -> dict[str, Any]:
        """The known values of a body: the entity, or an envelope around it."""
        schemas = self._context.schemas
        properties = self._properties(announcement.schema)
        repository = self._context.repositories[announcement.resource]
        inner = {*_INNER, repository.resource.noun}
        nested = [name for name in properties if name.lower() in inner]
        known: dict[str, Any] = {} if nested else dict(entity.data)
        if announcement.values:
            known[announcement.teller] = said
        own = self._context.flat(repository.resource).properties
        for name, schema in properties.items():
            if name in known or (not nested and name in own):
                continue
            flat = schemas.flat(schema)
            if name in nested:
                known[name] = _inside(flat.properties, inner, entity)
            elif tokens(name) == (*tokens(repository.resource.noun), "id"):
                known[name] = entity.id(repository.resource)
            elif name.lower() in TELLERS:
                # If it can't hold the name, its values mean something else.
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
        """The properties of a body, those of union branches included."""
        flat = self._context.schemas.flat_at(schema)
        branches = [one for several in flat.choices for one in several]
        found: dict[str, Any] = {}
        for branch in branches:
            found = {**self._context.schemas.flat(branch).properties, **found}
        return {**found, **flat.properties}


def _id(world: World, salt: tuple[object, ...]) -> str:
    return f"msg_{uuid_of(digest(world.settings.seed, world.tenant, *salt))}"


def _inside(properties: Mapping[str, Any], inner: set[str], entity: Entity) -> dict[str, Any]:
    """The entity, or an object that contains it: `{"data": {"object": ...}}`."""
    deeper = [name for name in properties if name.lower() in inner and name not in entity.data]
    return {deeper[0]: dict(entity.data)} if len(deeper) == 1 else dict(entity.data)


def _moments(announcement: Announcement, row: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    if announcement.created:
        yield CREATED, int(row["at"])
    for state, at in row.get("schedule", ())[1:]:
        if state in announcement.states:
            yield state, int(at)


_HOOKS = bag("webhook hook")
_LOOSE = bag("subscription callback")
_URLS = bag(
    "url target_url callback_url endpoint endpoint_url webhook_url delivery_url notification_url"
)
_EVENTS = bag("events event_types enabled_events topics subscribed_events event_type event topic")
_ON = bag("active enabled is_active is_enabled")
_OFF = bag("disabled paused is_disabled is_paused")
_ASLEEP = bag("disabled inactive paused suspended revoked")
_SECRETS = bag("secret signing_secret webhook_secret")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A resource whose entities are webhook subscriptions, with their URL and event properties."""

    resource: Resource
    repository: OwnRepository
    url: str
    events: str


class Listeners:
    """The registered webhooks of one document."""

    def __init__(self, context: Context) -> None:
        self._kinds = list(_kinds(context))
        names = {kind.resource.name for kind in self._kinds}
        self.operations = frozenset(
            action.operation for action in context.plan.actions.values() if action.resource in names
        )

    def __call__(self, world: World) -> list[Listener]:
        """The enabled webhooks of a world; seed entities are not subscriptions."""
        return [
            _listener(kind, entity)
            for kind in self._kinds
            for entity in kind.repository.scan(world, None, newest_first=False)
            if not entity.seed
            and _awake(kind, entity)
            and isinstance(entity.data.get(kind.url), str)
        ]


def _kinds(context: Context) -> Iterator[_Kind]:
    for name, resource in context.plan.resources.items():
        repository = context.repositories.get(name)
        if not isinstance(repository, OwnRepository) or not resource.request:
            continue
        sent = context.schemas.flat_at(resource.request).properties
        url = next((each for each in sent if _word(each) in _URLS), "")
        events = next((each for each in sent if _word(each) in _EVENTS), "")
        words = {singular(word) for word in tokens(resource.noun)}
        # A subscription may be to a magazine.
        if url and (words & _HOOKS or (words & _LOOSE and events)):
            yield _Kind(resource, repository, url, events)


def _listener(kind: _Kind, entity: Entity) -> Listener:
    events = entity.data.get(kind.events) if kind.events else None
    wanted = [events] if isinstance(events, str) else events if isinstance(events, list) else []
    names = frozenset(name for name in wanted if isinstance(name, str))
    secret = next(
        (v for n, v in entity.data.items() if _word(n) in _SECRETS and isinstance(v, str) and v), ""
    )
    return Listener(
        f"{kind.resource.name}/{entity.key}",
        entity.data[kind.url],
        frozenset() if "*" in names else names,
        secret,
        int(entity.row["at"]),
    )


def _awake(kind: _Kind, entity: Entity) -> bool:
    states = kind.resource.states
    if states is not None and _word(entity.data.get(states.name)) in _ASLEEP:
        return False
    return not any(
        (value is False and _word(name) in _ON) or (value is True and _word(name) in _OFF)
        for name, value in entity.data.items()
    )


def _word(name: Any) -> str:
    return "_".join(tokens(name)) if isinstance(name, str) else ""
