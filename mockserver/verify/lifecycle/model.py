"""The description of an API that the lifecycle checks use.

`derive` reads most of it from the document; hand-written descriptions add what no document states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mockserver.openapi.model import Json
from mockserver.openapi.path_templates import parameters_of


def at(value: Json, path: Sequence[str]) -> Json:
    """The value at a path of property names, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True)
class Filter:
    """A query parameter of a list and the field that it filters by."""

    parameter: str
    field: str
    kind: Literal["equal", "contains", "member", "from", "to"] = "equal"
    values: tuple[Json, ...] = ()
    """The parameter's enum, if it has one."""

    def admits(self, row: Mapping[str, Json], wanted: Json) -> bool:
        value = row.get(self.field)
        if self.kind == "member":
            return isinstance(value, list) and wanted in value
        if value is None:
            return False
        if self.kind == "contains":
            return str(wanted).casefold() in str(value).casefold()
        if self.kind == "from":
            return bool(value >= wanted)
        if self.kind == "to":
            return bool(value <= wanted)
        return bool(value == wanted)


@dataclass(frozen=True)
class Paging:
    """The envelope of a list: where its rows are, and how to request the next page."""

    items: str = "items"
    cursor: str = "next_cursor"
    more: str = "has_more"
    limit_parameter: str = "limit"
    cursor_parameter: str = "cursor"
    most: int = 200
    """The largest allowed page."""
    row: tuple[str, ...] = ()
    """The path of the entity in a list element."""
    offset_parameter: str = ""
    page_parameter: str = ""
    first_page: int = 1
    first_offset: int = 0
    in_body: bool = False
    """Whether paging parameters go into the body of a POST."""

    def rows(self, page: Json) -> Json:
        """The unwrapped rows of a page; None if it has none."""
        found = page
        for name in self.items.split(".") if self.items else ():
            found = found.get(name) if isinstance(found, Mapping) else None
        if not self.row or not isinstance(found, list):
            return found
        return [at(row, self.row) for row in found]

    def next(self, page: Json) -> Json:
        """The cursor of the next page, or None."""
        found = at(page, self.cursor.split(".")) if self.cursor else None
        return None if found == "" else found

    @property
    def has_cursor(self) -> bool:
        """Whether all pages can be requested by cursor."""
        return bool(self.cursor_parameter and (self.cursor or self.more))

    def is_after(self, page: Json) -> bool:
        """Whether the next page is the one after the last row: there is more, and no cursor."""
        told = isinstance(page, Mapping) and page.get(self.more) is True
        return bool(self.cursor_parameter and not self.cursor and told)


@dataclass(frozen=True)
class Resource:
    """A resource that is created at one path and read at another. Operations by id, "" if
    absent."""

    name: str
    collection: str
    item: str
    id_parameter: str
    create: str = ""
    read: str = ""
    list: str = ""
    change: str = ""
    remove: str = ""
    id_field: str = "id"
    """The place of the id in the reply to a creation."""
    row_id: str = ""
    """The property with the id where the entity is read or listed, if that is another."""
    paging: Paging | None = None
    filters: tuple[Filter, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    """Fields of the body that refer to another resource."""
    skip: frozenset[str] = frozenset()
    """Fields of the body that are never sent."""
    needed: frozenset[str] = frozenset()
    """Fields of the body that the server wants although the document does not require them."""
    live: frozenset[str] = frozenset()
    """Fields of a reply that may change at any time."""
    state: str = ""
    """The status field of an entity that progresses with time (a job)."""
    moving: frozenset[str] = frozenset()
    """Fields that may change together with `state`: timestamps, results."""
    growing: frozenset[str] = frozenset()
    """The subset of `moving` that may also change within a state: progress."""
    counted: frozenset[str] = frozenset()
    """Fields that no client sets and that a change may affect: versions, counters."""
    at: tuple[str, ...] = ()
    """The path of the entity in a reply."""
    sent: tuple[str, ...] = ()
    sent_change: tuple[str, ...] = ()
    """The path of the entity in the bodies of create and change requests."""
    shown: frozenset[str] = frozenset()
    """The documented fields."""
    guessed: bool = False
    """Whether the place of the id is a guess."""
    newest_first: bool = False
    partial: bool = False
    """Whether fields absent from a change keep their values."""
    chosen: bool = False
    """Whether a client chooses the id, in the path of the creation, which is that of the item."""
    strict: bool = False
    """Hand-written: a refused valid body or an unexpected status is a finding."""
    whole: Callable[[Mapping[str, Json]], dict[str, Json]] = dict
    """Extracts the entity from the reply to its creation, where that contains more."""

    def identity(self, entity: Json) -> str | None:
        """The id of an entity, or None."""
        found = at(entity, self.id_field.split("."))
        if found is None and self.row_id:
            found = at(entity, [self.row_id])
        return None if found is None or isinstance(found, bool | dict | list) else str(found)

    def moved(self, old: Mapping[str, Json], new: Mapping[str, Json]) -> frozenset[str]:
        """The fields that may differ between two observations because of time alone."""
        if not self.state or self.state not in old or self.state not in new:
            return self.live | self.counted
        if old[self.state] == new[self.state]:
            return self.live | self.growing
        return self.live | self.moving | {self.state}

    @property
    def parents(self) -> tuple[str, ...]:
        """The path parameters of the collection."""
        return tuple(parameters_of(self.collection))


@dataclass(frozen=True)
class Switch:
    """An operation without a body that sets a field permanently: archive, activate..."""

    operation: str
    resource: str
    field: str
    value: Json


@dataclass(frozen=True)
class Command:
    """A verb that acts on an entity: cancel, archive, retry...

    `leads_to` are the known values of `state` afterwards, `final` those that an entity does not
    leave by itself. `same`: the reply is the entity. `children` are kinds of jobs below it: their
    name, their state field, their final states.
    """

    operation: str
    resource: str
    verb: str
    state: str = ""
    leads_to: tuple[str, ...] = ()
    final: frozenset[str] = frozenset()
    changes: Mapping[str, Json] = field(default_factory=dict)
    same: bool = False
    children: tuple[tuple[str, str, frozenset[str]], ...] = ()


@dataclass(frozen=True)
class Runs:
    """A run with children: its operations, its states, and how they depend on each other."""

    resource: str
    cancel: str
    children: str
    steps: Mapping[str, tuple[str, ...]]
    """The possible next states of each state; none for final ones."""
    derive: Callable[[list[str]], str]
    """Derives a run's status from its children's."""
    child: str = ""
    """The resource of a child, for reading it by itself."""
    retry: str = ""
    failed: str = "failed"
    cancelled: str = "cancelled"
    status: str = "status"
    started: str = "started_at"
    ended: str = "finished_at"
    error: str = ""
    same: tuple[str, ...] = ()
    """Fields that a retried child shares with the one it repeats."""
    growing: bool = False
    """Whether children are added after their run, one by one."""
    live: frozenset[str] = frozenset()
    """Further fields of a child that change with its state."""
    looked_up: frozenset[str] = frozenset()
    """Fields of a child that show another entity's current values."""
    sums: Callable[[Mapping[str, Json]], dict[str, Json]] | None = None
    """Further fields of a run that are derived from its children."""
    vanish: frozenset[str] = frozenset()
    """Resources whose removal also removes children from their runs."""
    longest: float = 900
    """Seconds after which every child has ended."""

    @property
    def states(self) -> frozenset[str]:
        return frozenset(self.steps)

    @property
    def final(self) -> frozenset[str]:
        return frozenset(state for state, after in self.steps.items() if not after)

    @property
    def first(self) -> str:
        return next(iter(self.steps))

    def reachable(self, state: str) -> frozenset[str]:
        """The states that may follow a state, itself included."""
        seen, todo = {state}, [state]
        while todo:
            for after in self.steps.get(todo.pop(), ()):
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        return frozenset(seen)


@dataclass(frozen=True)
class Api:
    """An API, as the checks see it.

    `bodies` are creation bodies, where a sample of the schema would be refused: "@persona" stands
    for the id of one. `extras` are checks of this API only.
    """

    name: str
    resources: Mapping[str, Resource]
    runs: Runs | None = None
    switches: tuple[Switch, ...] = ()
    commands: tuple[Command, ...] = ()
    clone: Mapping[str, str] = field(default_factory=dict)
    """Operation -> the resource that it copies."""
    bodies: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    extras: tuple[Callable[[Any], None], ...] = ()
