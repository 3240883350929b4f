"""Webhooks and callbacks of a document: when they are sent, and with which body.

Nothing is sent here. `EventSource.events` returns what has happened in a world since an instant, as
a function of its rows and its clock; the server sends it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from itertools import islice
from operator import itemgetter
from typing import Any

from mockserver.engine.api import Event, Listener
from mockserver.engine.generation.headers import as_text
from mockserver.engine.generation.values import Values
from mockserver.engine.inferred.changes import changes_since
from mockserver.engine.inferred.context import Context
from mockserver.engine.inferred.field_roles import stamp
from mockserver.engine.inferred.repository import Entity, OwnRepository
from mockserver.engine.randomness import Rng
from mockserver.engine.serialization import can_be_sent
from mockserver.engine.timestamps import SECOND, render
from mockserver.engine.world import World, digest, uuid_of
from mockserver.errors import ContractError, ReplyError
from mockserver.inference.model import CREATED, Announcement
from mockserver.inference.resource_model import Resource
from mockserver.inference.verb_words import TELLERS
from mockserver.inference.words import bag, may_register, registers, snake_case, tokens
from mockserver.openapi.document import join, resolve
from mockserver.openapi.schemas.resolved import Schemas
from mockserver.records import dataclass

# The headers and the query parameters that a document requires of a webhook or a callback.

_EVENT = bag("event topic type action")
_TIMES = bag("timestamp time date")
_TRIES = bag("attempt attempts try delivery_attempt")


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """One message: its id, the name of its event, the instant, and the properties of the entity
    that it is about."""

    id: str
    event: str
    at: int
    entity: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Parameter:
    """One required parameter; `shown` are its examples."""

    name: str
    place: str
    schema: str | None
    shown: tuple[Any, ...]
    explode: bool


class Parameters:
    """The required parameters of the webhook at a place of the document."""

    def __init__(self, values: Values, place: str) -> None:
        self._values = values
        found: dict[tuple[str, str], _Parameter] = {}
        for holder in (place.rpartition("/")[0], place):
            for one in self._listed(holder):
                found[one.place, one.name.lower()] = one
        self._needed = list(found.values())

    def _listed(self, holder: str) -> Iterator[_Parameter]:
        document = self._values.schemas.document
        item = self._values.schemas.at(holder)
        listed = item.get("parameters") if isinstance(item, Mapping) else None
        for index, given in enumerate(listed if isinstance(listed, list) else ()):
            try:
                raw, pointer = resolve(document, given, join(holder, "parameters", index))
            except ContractError:
                continue
            if not isinstance(raw, Mapping) or raw.get("required") is not True:
                continue
            name, place = str(raw.get("name") or ""), raw.get("in")
            if place == "query" or (place == "header" and can_be_sent(name)):
                schema = join(pointer, "schema") if "schema" in raw else None
                shown = [raw["example"]] if "example" in raw else []
                for example in (raw.get("examples") or {}).values():
                    if isinstance(example, Mapping) and "value" in example:
                        shown.append(example["value"])
                explode = raw.get("explode", place == "query") is not False
                yield _Parameter(name, place, schema, tuple(shown), explode)

    def filled(
        self, message: Message, rng: Rng
    ) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
        """The headers and the query of one message."""
        headers: dict[str, str] = {}
        query: list[tuple[str, str]] = []
        for parameter in self._needed:
            value = self._value(parameter, message, rng)
            if parameter.place == "header":
                headers[parameter.name] = as_text(value)
            elif isinstance(value, list) and parameter.explode:
                query.extend((parameter.name, as_text(one)) for one in value)
            elif isinstance(value, Mapping) and parameter.explode:
                query.extend((name, as_text(one)) for name, one in value.items())
            else:
                query.append((parameter.name, as_text(value)))
        return headers, tuple(query)

    def _value(self, parameter: _Parameter, message: Message, rng: Rng) -> Any:
        """An example, else what is known by that name, else a value of the schema."""
        place = parameter.schema
        for value in (*parameter.shown, *_meant(parameter.name, message)):
            if place is None or self._values.check(place).is_valid(value):
                return value
        if place is None:
            return "mock"
        try:
            return self._values.make(place, rng.child(parameter.name), name=parameter.name)
        except (ReplyError, ContractError):
            return "mock"


def _meant(name: str, message: Message) -> Iterator[Any]:
    """What a parameter of this name may be meant to say."""
    words = tokens(name)
    plain = words[1:] if words[:1] == ("x",) else words
    last = plain[-1] if plain else ""
    for key, value in message.entity.items():
        if tokens(key) == plain and value is not None:
            yield value
    if last in _EVENT:
        yield message.event
    if last == "id":
        yield message.id
    if last in _TRIES:
        yield 1
    if last in _TIMES:
        seconds = message.at // SECOND
        yield from (seconds, render(message.at), str(seconds))


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

    def events(self, world: World, since: int, known: Container[str] = ()) -> list[Event]:
        """The events between `since` and now, oldest first, without those whose ids are `known`."""
        found = {
            event.id: (event.at, number, event.announcement.name, event.key, event)
            for announcement in self.announcements
            for number, event in self._of(announcement, world, since, known)
        }
        return [event for *_, event in sorted(found.values(), key=itemgetter(0, 1, 2, 3))]

    def _of(
        self, announcement: Announcement, world: World, since: int, known: Container[str]
    ) -> Iterator[tuple[int, Event]]:
        """Events with their number among those of one instant."""
        repository = self._context.repositories.get(announcement.resource)
        if not isinstance(repository, OwnRepository):
            return
        rows = world[repository.collection.name].scan(newest_first=True)
        for row in islice(rows, MOST_ROWS):
            if row.get("seed"):
                continue
            for moment, at in _moments(announcement, row):
                if since <= at <= world.now:
                    source = announcement.operation, announcement.name, announcement.resource
                    salt = ("event", *source, row["id"], moment, at)
                    if _id(world, salt) not in known:
                        event = self._event(announcement, world, repository, row, moment, at, salt)
                        yield 0, event
        yield from self._changed(announcement, world, repository, since, known)

    def _changed(
        self,
        announcement: Announcement,
        world: World,
        repository: OwnRepository,
        since: int,
        known: Container[str],
    ) -> Iterator[tuple[int, Event]]:
        """The changes by requests that it reports, each as the most telling of its moments. Those
        that rows tell, too, have the same ids: a row may be removed before they are sent."""
        reported = announcement.moments
        for change in changes_since(world, since):
            moment = next((one for one in change["moments"] if one in reported), None)
            if change["of"] != repository.collection.name or moment is None:
                continue
            row, at = change["row"], change["at"]
            source = announcement.operation, announcement.name, announcement.resource
            salt: tuple[object, ...] = ("change", *source, change["n"], moment)
            if moment not in announcement.changes:
                salt = ("event", *source, row["id"], moment, at)
            if _id(world, salt) not in known:
                event = self._event(announcement, world, repository, row, moment, at, salt)
                yield change["n"], event

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
            rng = Rng.of(world, *salt)
            absent = self._absent(announcement, entity)
            body = self._context.values.make(announcement.schema, rng, known, without=absent)
        called = {f"{repository.resource.noun}_id": entity.id(repository.resource)}
        message = Message(name, value or announcement.name, at, {**entity.data, **called})
        rng = Rng.of(world, *salt, "sent")
        headers, query = self._parameters(announcement).filled(message, rng)
        return Event(name, announcement, str(row["id"]), at, body, value, headers, query)

    def _absent(self, announcement: Announcement, entity: Entity) -> list[tuple[str, ...]]:
        """The places in a body of what the entity could have and has not."""
        repository = self._context.repositories[announcement.resource]
        own = self._context.flat(repository.resource).properties
        nested = self._nested(announcement, repository.resource)
        holders = [(name,) for name in nested] if nested else [()]
        return [(*holder, n) for holder in holders for n in own if n not in entity.data]

    def _parameters(self, announcement: Announcement) -> Parameters:
        place = announcement.place
        found = self._asked.get(place)
        if found is None:
            found = self._asked[place] = Parameters(self._context.values, place)
        return found

    def _known(
        self, announcement: Announcement, entity: Entity, event_id: str, at: int, event: str
    ) -> dict[str, Any]:
        """The known values of a body: the entity, or an envelope around it."""
        schemas = self._context.schemas
        properties = self._properties(announcement.schema)
        repository = self._context.repositories[announcement.resource]
        inner = {*_INNER, repository.resource.noun}
        nested = self._nested(announcement, repository.resource)
        known: dict[str, Any] = {} if nested else dict(entity.data)
        if announcement.values:
            known[announcement.event_field] = event
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
                if flat.values is None or event in flat.values:
                    known[name] = event
            elif name.lower() in _IDS:
                known[name] = event_id
            elif schemas.plain(schema).get("format") == "date-time":
                known[name] = render(at)
            elif name.lower() in ("timestamp", "created", "time"):
                known[name] = stamp(schemas, name, schema, at)
        return known

    def _nested(self, announcement: Announcement, resource: Resource) -> list[str]:
        """The properties of a body that may have the entity."""
        schemas, inner = self._context.schemas, {*_INNER, resource.noun}
        return [
            name
            for name, schema in self._properties(announcement.schema).items()
            if name.lower() in inner and "object" in schemas.types(schema)
        ]

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


_URLS = bag(
    "url target_url callback_url endpoint endpoint_url webhook_url delivery_url notification_url "
    "uri target_uri callback_uri endpoint_uri webhook_uri notification_uri address"
)
_TELLING_URLS = bag("callback_url webhook_url notification_url callback_uri webhook_uri")
_HOLDERS = bag("config destination delivery endpoint target settings channel")
_EVENTS = bag(
    "events event_types enabled_events topics subscribed_events event_type event topic triggers"
)
_ON = bag("active enabled is_active is_enabled")
_OFF = bag("disabled paused is_disabled is_paused")
_ASLEEP = bag("disabled inactive paused suspended revoked")
_SECRETS = bag("secret signing_secret webhook_secret")


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """A resource whose entities are webhook subscriptions, with their URL and event properties."""

    resource: Resource
    repository: OwnRepository
    url: tuple[str, ...]
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
            if not entity.seed and _awake(kind, entity) and isinstance(entity.at(kind.url), str)
        ]


def _kinds(context: Context) -> Iterator[_Kind]:
    announcements = context.plan.announcements
    known = {name for one in announcements for name in (one.name, *one.values.values())}
    for name, resource in context.plan.resources.items():
        repository = context.repositories.get(name)
        if not isinstance(repository, OwnRepository) or not resource.request:
            continue
        sent = context.schemas.flat_at(resource.request).properties
        url = next(_where_urls_are(context.schemas, sent), ())
        events = next((each for each in sent if _word(each) in _EVENTS), "") or next(
            (each for each in sent if known & _listed(context.schemas, sent[each])), ""
        )
        # A subscription may be to a magazine.
        telling = bool(events) or _word(url[-1] if url else "") in _TELLING_URLS
        if url and (registers(resource.noun) or (may_register(resource.noun) and telling)):
            yield _Kind(resource, repository, url, events)


def _listed(schemas: Schemas, schema: Any) -> set[str]:
    """The values that a property lists, or its items."""
    flat = schemas.flat(schema)
    parts = [flat, *([schemas.flat(flat.arrays.items)] if flat.arrays.items is not None else ())]
    return {one for part in parts for one in part.values or () if isinstance(one, str)}


def _where_urls_are(schemas: Schemas, sent: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of URLs to which events may go, also within `config` or `destination`."""
    for name in sent:
        if _word(name) in _URLS and "object" not in schemas.types(sent[name]):
            yield (name,)
    for name in sent:
        if _word(name) in _HOLDERS:
            yield from ((name, n) for n in schemas.flat(sent[name]).properties if _word(n) in _URLS)


def _listener(kind: _Kind, entity: Entity) -> Listener:
    events = entity.data.get(kind.events) if kind.events else None
    wanted = [events] if isinstance(events, str) else events if isinstance(events, list) else []
    texts = (one.values() if isinstance(one, Mapping) else (one,) for one in wanted)
    names = frozenset(name for several in texts for name in several if isinstance(name, str))
    secret = next(
        (v for n, v in entity.data.items() if _word(n) in _SECRETS and isinstance(v, str) and v), ""
    )
    return Listener(
        f"{kind.resource.name}/{entity.key}",
        entity.at(kind.url),
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
    return snake_case(name) if isinstance(name, str) else ""
