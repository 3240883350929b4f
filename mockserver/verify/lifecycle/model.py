"""What the lifecycle checks know of an API, as data.

`derive` reads most of it off a document; a description by hand adds what no document says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any


def at(value: Json, path: Sequence[str]) -> Json:
    """What a path of property names leads to, or None."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def parameters(path: str) -> tuple[str, ...]:
    """The names of a path's parameters."""
    return tuple(part.split("}")[0] for part in path.split("{")[1:])


def shape(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^{}]*\}", "{}", path).rstrip("/")


@dataclass(frozen=True)
class Filter:
    """A query parameter of a list and what it says of a row's field."""

    parameter: str
    field: str
    kind: Literal["equal", "contains", "member", "from", "to"] = "equal"
    values: tuple[Json, ...] = ()
    """What the parameter takes, if that is a closed list."""

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
    """The envelope of a list: where its rows are, and how the next page is asked for."""

    items: str = "items"
    cursor: str = "next_cursor"
    more: str = "has_more"
    limit_parameter: str = "limit"
    cursor_parameter: str = "cursor"
    most: int = 200
    """The largest page that may be asked for."""
    row: tuple[str, ...] = ()
    """Where a thing is in what stands for it in the list."""
    offset_parameter: str = ""
    page_parameter: str = ""
    first_page: int = 1
    in_body: bool = False
    """Whether the page is asked for in the body of a POST."""

    def rows(self, page: Json) -> Json:
        """The rows of a page, each out of its wrapping; None if it has none."""
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


@dataclass(frozen=True)
class Resource:
    """Something that is made at one path and found at another. Operations by id, "" if none."""

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
    paging: Paging | None = None
    filters: tuple[Filter, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)
    """Fields of the body that name another resource."""
    skip: frozenset[str] = frozenset()
    """Fields of the body that are left alone."""
    live: frozenset[str] = frozenset()
    """Fields of a reply that move by themselves or with other things, at any time."""
    state: str = ""
    """The field that says where a thing is that moves by itself as time passes (a job)."""
    moving: frozenset[str] = frozenset()
    """Fields that may change together with `state`: its moments, its results."""
    growing: frozenset[str] = frozenset()
    """Those of `moving` that may change within a state, too: its progress."""
    counted: frozenset[str] = frozenset()
    """Fields that nobody sets and that a change of the thing may move: versions, counters."""
    at: tuple[str, ...] = ()
    """Where the thing is in a reply that has it."""
    sent: tuple[str, ...] = ()
    sent_change: tuple[str, ...] = ()
    """Where the thing is in the body of its creation, and of its change."""
    shown: frozenset[str] = frozenset()
    """The fields that the document says it has."""
    guessed: bool = False
    """Whether the document does not say where the id is."""
    newest_first: bool = False
    partial: bool = False
    """Whether absent fields of a change stay as they are."""
    strict: bool = False
    """Known by hand: a refused good body and an odd status are findings."""
    whole: Callable[[Mapping[str, Json]], dict[str, Json]] = dict
    """The thing in the reply to its creation, where that is not all of it."""

    def identity(self, thing: Json) -> str | None:
        """The id of a thing, or None if it has none."""
        found = at(thing, self.id_field.split("."))
        return None if found is None or isinstance(found, bool | dict | list) else str(found)

    def moved(self, old: Mapping[str, Json], new: Mapping[str, Json]) -> frozenset[str]:
        """The fields that time alone may have changed between two looks at one thing."""
        if not self.state or self.state not in old or self.state not in new:
            return self.live | self.counted
        if old[self.state] == new[self.state]:
            return self.live | self.growing
        return self.live | self.moving | {self.state}

    @property
    def parents(self) -> tuple[str, ...]:
        """The path parameters of the collection."""
        return parameters(self.collection)


@dataclass(frozen=True)
class Switch:
    """An operation without a body that sets a field of a thing for good: archive, activate..."""

    operation: str
    resource: str
    field: str
    value: Json


@dataclass(frozen=True)
class Command:
    """A verb that is called on a thing: cancel, archive, retry...

    `leads_to` are the values that `state` may have afterwards, as far as that is known, `final`
    those that a thing does not leave by itself. `same`: the reply is the thing itself.
    `children` are kinds of jobs below it: their names, their state's, and the final ones.
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
    """A run with children: its operations, its states, and how one follows from the others."""

    resource: str
    cancel: str
    children: str
    steps: Mapping[str, tuple[str, ...]]
    """The states that can come right after each; a final one has none."""
    derive: Callable[[list[str]], str]
    """A run's status from those of its children."""
    child: str = ""
    """The resource that a child is, read alone."""
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
    """Whether children come later than their run, one after the other."""
    live: frozenset[str] = frozenset()
    """Fields of a child that move with its state, beside those named above."""
    looked_up: frozenset[str] = frozenset()
    """Fields of a child that are another thing's, as that is now."""
    sums: Callable[[Mapping[str, Json]], dict[str, Json]] | None = None
    """What else a run's fields are, by its children."""
    vanish: frozenset[str] = frozenset()
    """Resources whose removal takes children out of their runs."""
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
        """The states that are possible some time after one, itself included."""
        seen, todo = {state}, [state]
        while todo:
            for after in self.steps.get(todo.pop(), ()):
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        return frozenset(seen)


@dataclass(frozen=True)
class Api:
    """An API as the checks see it.

    `bodies` are what is sent to create things where a sample of the schema would be refused: a
    value "@persona" stands for the id of one. `extras` are checks of this API alone.
    """

    name: str
    resources: Mapping[str, Resource]
    runs: Runs | None = None
    switches: tuple[Switch, ...] = ()
    commands: tuple[Command, ...] = ()
    clone: Mapping[str, str] = field(default_factory=dict)
    """Operation -> resource that it copies."""
    bodies: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    extras: tuple[Callable[[Any], None], ...] = ()
