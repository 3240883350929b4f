"""The rows of one resource in a world.

A row is `{id, at, n, parent, data}`: its key, its time and number of creation, the key of its
parent, and its data. A job has a `schedule`, a seed row has `seed`. Rows of hand-written APIs are
read as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import field, replace
from functools import partial
from typing import Any, Protocol

from mockserver.engine.generation.modes import Mode
from mockserver.engine.inferred.changes import note
from mockserver.engine.inferred.field_roles import Roles, is_nullable, roles_of
from mockserver.engine.inferred.job_fields import Phases
from mockserver.engine.inferred.narrowing import ByText, few, places_of, screen_of
from mockserver.engine.inferred.reference_names import id_in
from mockserver.engine.jobs import state_at
from mockserver.engine.pagination import Selection
from mockserver.engine.world import Collection, SortKey, World
from mockserver.inference.model import Envelope
from mockserver.inference.parts import properties_of
from mockserver.inference.resource_model import Resource, States
from mockserver.openapi.schemas.resolved import Flat, Schemas
from mockserver.records import dataclass

SYSTEM = Collection("mock", order=(), internal=True)
"""The engine's own notes: when the world began, and which seed entities were created."""


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """One row: its key, its current data, and the stored row."""

    key: str
    data: Mapping[str, Any]
    parent: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seed(self) -> bool:
        return bool(self.row.get("seed"))

    @property
    def mode(self) -> Mode:
        """How unknown properties are generated; entities from examples show only what the example
        has."""
        if self.row.get("shown"):
            return "bare"
        return "rich" if self.seed or not self.row else "sparse"

    def shown_by(self, operation: str) -> dict[str, Any] | None:
        """The entity as in an operation's own example, unless it has changed since."""
        shown = self.row.get("shown")
        names = shown.get(operation) if shown else None
        if names is None:
            return None
        return {name: self.data[name] for name in names if name in self.data}

    def at(self, path: str | tuple[str, ...]) -> Any:
        """The value of a property, or of one within others; None if there is none."""
        return self.data.get(path) if isinstance(path, str) else value_at(self.data, path)

    def with_data(self, data: Mapping[str, Any]) -> Entity:
        return Entity(self.key, data, self.parent, self.row)

    def with_row(self, row: Mapping[str, Any]) -> Entity:
        return Entity(self.key, self.data, self.parent, row)

    def id(self, resource: Resource) -> Any:
        """Its id, from its data or else from its key."""
        own = self.key.rsplit("/", 1)[-1]
        key = resource.identity.key
        return self.data.get(key, own) if key is not None else own


def value_at(data: Any, path: tuple[str, ...]) -> Any:
    """The value at a path; None if there is none."""
    for name in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(name)
    return data


def held_at(data: Mapping[str, Any], name: str) -> Any:
    """The value of a property, or of one within others, by its steps with dots between them."""
    within = "." in name and name not in data
    return value_at(data, tuple(name.split("."))) if within else data.get(name)


Test = Callable[[Entity], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Which entities a list has, and in which order.

    They are below `parent` (None: any), or have values in `fields`, which may be indexed.
    Soft-deleted ones are included only if the list `shows_hidden`.
    """

    parent: str | None = None
    newest_first: bool = False
    fields: Mapping[str, str] = field(default_factory=dict)
    shows_hidden: bool = False


class Repository(Protocol):
    """The storage of one resource."""

    resource: Resource
    roles: Roles
    schemas: Schemas
    flat: Flat
    collection: Collection

    def held(self) -> list[tuple[str, str]]: ...
    def as_of(self, row: Mapping[str, Any], now: int) -> Entity: ...
    def get(self, world: World, key: str) -> Entity | None: ...
    def scan(self, world: World, parent: str | None, newest_first: bool) -> Iterator[Entity]: ...
    def holding(self, world: World, name: str, values: Set[str]) -> Iterator[Entity]: ...
    def called(self, world: World, name: str, text: str) -> Iterator[Entity]: ...
    def having(self, world: World, name: str, texts: Iterable[str]) -> Iterator[Entity]: ...
    def seeds(self, world: World) -> Iterator[Entity]: ...
    def marked(self, world: World, word: str) -> Iterator[Entity]: ...
    def select(self, world: World, tests: Sequence[Test], choice: Choice) -> Selection[Entity]: ...
    def place(self, entity: Entity) -> SortKey: ...
    def put(self, world: World, entity: Entity) -> Entity: ...
    def remove(self, world: World, key: str) -> None: ...


class OwnRepository:
    """Rows that only the generic engine writes."""

    def __init__(
        self, resource: Resource, schemas: Schemas, name: str, indexed: Iterable[str] = ()
    ) -> None:
        self.resource = resource
        self._indexed = {field: f"by {field}" for field in indexed}
        self.collection = Collection(
            name,
            order=("at", "n"),
            indexes=("parent",),
            sparse=(_ODD, "seed", CHOSEN, *self._indexed.values()),
            path=resource.path,
        )
        flat = schemas.flat_at(resource.schema) if resource.schema else schemas.flat({})
        self.reported = False
        """Whether changes are noted, for webhooks."""
        self.schemas = schemas
        self.flat = flat
        self.roles = roles_of(schemas, flat, resource.holder)
        states = resource.states
        self.phases = (
            Phases(schemas, flat, resource, states, self.roles.updated)
            if states is not None
            else None
        )
        sent = schemas.flat_at(resource.request).properties if resource.request else {}
        self._sent = frozenset(sent)
        self._timed = _timed(states, self.roles.updated) if states is not None else frozenset()

    def held(self) -> list[tuple[str, str]]:
        """The paths of what entities have in their holder."""
        return paths_in(self.schemas, self.flat, self.resource.holder)

    def get(self, world: World, key: str) -> Entity | None:
        row = world[self.collection.name].get(key)
        return self.as_of(row, world.now) if row is not None and is_there(row, world.now) else None

    def scan(self, world: World, parent: str | None, newest_first: bool) -> Iterator[Entity]:
        where: dict[str, Any] = {} if parent is None else {"parent": parent}
        rows = world[self.collection.name].scan(newest_first=newest_first, **where)
        return (self.as_of(row, world.now) for row in rows if is_there(row, world.now))

    def holding(self, world: World, name: str, values: Set[str]) -> Iterator[Entity]:
        """The entities in which a property may have one of these values, by an index if there is
        one."""
        index = self._indexed.get(name)
        if index is None:
            lasts = self._lasts(name)
            yield from self.having(world, name, values) if lasts else self.scan(world, None, False)
            return
        for value in sorted(values):
            where: dict[str, Any] = {index: value}
            for row in world[self.collection.name].scan(**where):
                if is_there(row, world.now):
                    yield self.as_of(row, world.now)

    def called(self, world: World, name: str, text: str) -> Iterator[Entity]:
        """The entities in which a property is this text, in any case; an order is kept for it."""
        wanted = text.casefold()
        for entity in self.having(world, name, {text}):
            value = held_at(entity.data, name)
            if isinstance(value, str) and value.casefold() == wanted:
                yield entity

    def having(self, world: World, name: str, texts: Iterable[str]) -> Iterator[Entity]:
        """The entities in which a property may have a value that is written so; an order is kept
        for it."""
        rows = world[self.collection.name]
        places, found = places_of(rows, partial(_stored, name), name, texts)
        for sort_key in sorted(places[at][1] for part in found for at in part):
            row = rows.get(sort_key[-1])
            if row is not None and is_there(row, world.now):
                yield self.as_of(row, world.now)

    def seeds(self, world: World) -> Iterator[Entity]:
        """The seed entities."""
        rows = world[self.collection.name].scan(seed=True)
        return (self.as_of(row, world.now) for row in rows if is_there(row, world.now))

    def marked(self, world: World, word: str) -> Iterator[Entity]:
        """The entities whose row is marked with a word."""
        rows = world[self.collection.name].scan(chosen=word)
        return (self.as_of(row, world.now) for row in rows if is_there(row, world.now))

    def _lasts(self, name: str) -> bool:
        """Whether a property is as it is stored, whatever the time."""
        states = self.resource.states
        return states is None or (name in self._sent and name not in self._timed)

    def select(self, world: World, tests: Sequence[Test], choice: Choice) -> Selection[Entity]:
        """The entities of a list, by an index if there is one."""
        rows = world[self.collection.name]
        where: dict[str, Any] = {}
        left = list(tests)
        if rows.count(**{_ODD: True}):
            hidden = choice.shows_hidden
            left.append(lambda entity: is_listed(entity.row, world.now, hidden))
        if choice.parent is not None:
            where = {"parent": choice.parent}
            home = self.resource.parents[-1].resource if self.resource.parents else ""
            if choice.parent and home != "" and rows.count(parent=""):
                # An example that doesn't name its parent, or what was started without one.
                where = {}
                left.append(partial(_is_below, choice.parent, home is None))
        for name, wanted in choice.fields.items():
            if not where and name in self._indexed:
                where = {self._indexed[name]: wanted}
            else:
                left.append(ByText(partial(has_value, name, wanted), (name,), (wanted,)))
        view = partial(_viewed, self, world.now)
        some = few(rows, left, _stored, self._lasts) if left else None
        if some is not None and len(some) < rows.count(**where):
            left += [partial(_is_in, name, value) for name, value in where.items()]
            return Selection(some, view, left, newest_first=choice.newest_first)
        screen = screen_of(left, self._lasts, _as_stored) if self.phases is not None else None
        return Selection(
            rows, view, left, newest_first=choice.newest_first, where=where, screen=screen
        )

    def number(self, world: World, parent: str) -> int:
        """How many entities lists show below one."""
        rows = world[self.collection.name]
        if not rows.count(**{_ODD: True}):
            return rows.count(parent=parent)
        return sum(is_listed(row, world.now, False) for row in rows.scan(parent=parent))

    def place(self, entity: Entity) -> SortKey:
        """The position of an entity in the default order."""
        return self.collection.sort_key(entity.row)

    def put(self, world: World, entity: Entity) -> Entity:
        """Store a row; a new one is placed after all others."""
        row: dict[str, Any] = {
            "at": world.now,
            **entity.row,
            "id": entity.key,
            "parent": entity.parent,
            "data": dict(entity.data),
        }
        for name, index in self._indexed.items():
            value = id_in(held_at(entity.data, name))
            row[index] = str(value) if value is not None else None
        if not row.keys().isdisjoint(_KEPT_BACK):
            row[_ODD] = True
        if row["at"] != world.now:
            row["changed"] = world.now
        if "n" not in row:
            row["n"] = world.ordinal("row:" + self.collection.name)
        if self.reported:
            self._note(world, entity.key, row)
        world[self.collection.name].put(row)
        return self.as_of(row, world.now)

    def remove(self, world: World, key: str) -> None:
        if self.reported:
            self._note(world, key, None)
        world[self.collection.name].remove(key)

    def _note(self, world: World, key: str, after: Mapping[str, Any] | None) -> None:
        states = self.resource.states
        before = world[self.collection.name].get(key)
        note(world, self.collection.name, before, after, states.name if states else None)

    def as_of(self, row: Mapping[str, Any], now: int) -> Entity:
        """The row at an instant, as far as it follows from the time."""
        data = row["data"]
        if "schedule" in row and self.phases is not None:
            salt, touched = row.get("salt", ""), row.get("touched", 0)
            about = {**row.get("requested", {}), **data}
            data = {**data, **self.phases.at(row["schedule"], now, salt, about, touched)}
            data.update(row.get("kept", {}))
            made, states = row.get("made"), self.resource.states
            if made and states is not None and state_at(row["schedule"], now) in states.success:
                data.update(made)
        return Entity(row["id"], data, row["parent"], row)


def first_flags(repository: Repository, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The flags of a new entity as they are at first, beside what is sent of their parts."""
    resource = repository.resource
    found: dict[str, Any] = {}
    for name, value in resource.switches.items():
        part, _, flag = name.partition(".")
        if flag and name not in repository.flat.properties:
            if is_nullable(repository.schemas, repository.flat.properties[part]):
                continue
            known = found.get(part, sent.get(part))
            found[part] = {flag: value, **(known if isinstance(known, Mapping) else {})}
        else:
            found[name] = value
    return {**found, **repository.roles.switches}


def is_there(row: Mapping[str, Any], now: int) -> bool:
    """Whether an entity exists: it has been created, and isn't gone after `goes`."""
    return bool(row.get("comes", now) <= now < row.get("goes", now + 1))


def _is_below(parent: str, anywhere: bool, entity: Entity) -> bool:
    """Whether an entity is shown below another one; `anywhere`: so is any without a parent."""
    adrift = not entity.parent and (anywhere or bool(entity.row.get("adrift")))
    return adrift or entity.parent == parent


def is_listed(row: Mapping[str, Any], now: int, shows_hidden: bool) -> bool:
    """Whether lists show an entity."""
    if row.get("gone") or (row.get("hidden") and not shows_hidden):
        return False
    return is_there(row, now)


def _viewed(repository: OwnRepository, now: int, row: Mapping[str, Any]) -> Entity:
    return repository.as_of(row, now)


def _as_stored(row: Mapping[str, Any]) -> Entity:
    """A row without what follows from the time."""
    return Entity(row["id"], row["data"], row["parent"], row)


def _stored(name: str, row: Mapping[str, Any]) -> Any:
    return held_at(row["data"], name)


def _is_in(index: str, value: Any, entity: Entity) -> bool:
    """Whether the row of an entity is among those that an index has for a value."""
    return bool(entity.row.get(index) == value)


def _timed(states: States, updated: Iterable[str]) -> frozenset[str]:
    """The properties that may follow from the time."""
    named = (states.flags, states.verdicts, states.moments, states.beside, states.within)
    made = (*states.results, *states.faults, *states.cancels, *updated)
    told = (
        states.name,
        states.progress,
        states.attempts,
        *made,
        *(n for one in named for n in one),
    )
    return frozenset(name for name in told if name)


_KEPT_BACK = ("gone", "hidden", "comes", "goes")
CHOSEN = "chosen"
"""The key in the row of a default entity, where no property says it; indexed."""
_ODD = "odd"
"""Indexed, so that lists search for entities to leave out only if there are any."""


def paths_in(schemas: Schemas, flat: Flat, holder: str | None) -> list[tuple[str, str]]:
    """The paths of the properties in a part of an entity."""
    if holder is None or holder not in flat.properties:
        return []
    return [(holder, name) for name in properties_of(schemas, flat.properties[holder])]


def passes(world: World, entity: Entity, tests: Iterable[Test], choice: Choice) -> bool:
    """Whether an entity passes the tests of a list, whatever its parent."""
    return (
        is_listed(entity.row, world.now, choice.shows_hidden)
        and all(has_value(name, wanted, entity) for name, wanted in choice.fields.items())
        and all(test(entity) for test in tests)
    )


def is_taken(repository: Repository, world: World, parent: str, name: str, value: Any) -> bool:
    """Whether an entity below a parent ("": any) has this value, as text."""
    text = str(value)
    same = repository.having(world, name, {text})
    return any(str(one.data.get(name)) == text for one in same if parent in ("", one.parent))


MARKS = "marks"
"""What a row has of the verbs by which the caller has marked its entity: `follow`."""


def has_mark(mark: str) -> Test:
    """A test whether the caller has marked an entity so."""

    def test(entity: Entity) -> bool:
        return mark in entity.row.get(MARKS, ())

    return ByText(
        test, ("*" + MARKS,), ("marked",), lambda row: "marked" if row.get(MARKS) else None
    )


def is_like(name: str, value: Any) -> Test:
    """A test whether a property has this value, or one of several, as text in any case."""
    given = value if isinstance(value, list | tuple) else [value]
    texts = {str(one).casefold() for one in given}
    texts |= {part for one in texts for part in re.split("[,;]", one)}
    return ByText(lambda entity: str(entity.data.get(name)).casefold() in texts, (name,), texts)


def has_value(name: str, wanted: str, entity: Entity) -> bool:
    """Whether a property has a value, or its object has: `{"organization": {"slug": "acme"}}`."""
    value = entity.data.get(name)
    if isinstance(value, Mapping):
        return any(str(one) == wanted for one in value.values())
    if isinstance(value, list):
        return any(has_value(name, wanted, replace(entity, data={name: one})) for one in value)
    return str(value) == wanted


def newest_first(envelope: Envelope, dated: bool) -> bool:
    """Whether a list starts with the newest; `dated`: rows have a time of creation."""
    stated = envelope.ordering.newest_first
    if stated is not None:
        return stated
    cursors = [one for one in envelope.page.fields if one.meaning == "next"]
    return dated and (envelope.paging.cursor is not None or bool(cursors))


def says(value: Any, wanted: str) -> bool:
    """Whether a property is or contains a name or a number; `/web` counts as `web`."""
    if isinstance(value, list):
        return any(says(one, wanted) for one in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) == wanted
    return isinstance(value, str) and value.strip("/") == wanted


def called(
    repository: Repository, world: World, name: str, owners: Mapping[str, str], parent: str = ""
) -> Entity | None:
    """The newest entity that has this name, or else the first seed entity that has it.

    With a `parent`, only those below it count. Those of the `owners` come first: properties that
    have such a name as their value, or in their object (`"owner": {"login": "octocat"}`).
    """
    value, names = name.strip("/"), repository.resource.identity.names
    if not names or not value:
        return None

    def is_called(entity: Entity) -> bool:
        return any(says(held_at(entity.data, one), value) for one in names)

    def is_theirs(entity: Entity) -> bool:
        for own, owner in owners.items():
            held = entity.data.get(own)
            if not any(says(one, owner) for one in _values(held)):
                return False
        return True

    named: Test = ByText(is_called, names, (value,))
    ways: list[list[Test]] = [[named, is_theirs], [named]] if owners else [[named]]
    for tests in ways:
        newest = Choice(parent=parent or None, newest_first=True)
        found = repository.select(world, tests, newest).page(1).rows
        if found and found[0].seed:
            # Examples lie below the first one.
            first = Choice(parent=parent or None)
            found = repository.select(world, tests, first).page(1).rows
        if found:
            return found[0]
    return None


def _values(held: Any) -> Iterable[Any]:
    return held.values() if isinstance(held, Mapping) else (held,)
