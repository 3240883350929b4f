"""What a document implies, as frozen values; each inference carries its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Confidence = Literal["certain", "likely", "guess"]
Path = tuple[str, ...]
"""Property names from the outside in; `FIRST` is the first item of an array."""
FIRST = "[]"

ActionKind = Literal[
    "create", "fetch", "list", "replace", "patch", "remove", "sweep", "transition", "clone",
    "read", "write", "clear", "fixed",
]  # fmt: skip
"""`sweep` removes several; `read`, `write` and `clear` are of singletons; `fixed` answers from the
schema alone."""


@dataclass(frozen=True, slots=True)
class Because:
    """Why something is inferred."""

    text: str
    confidence: Confidence = "likely"


@dataclass(frozen=True, slots=True)
class Link:
    """A path parameter that names a row of another resource ("" if that is not known).

    `field` is the property of the child that holds the same id; `certain` says that the
    parent's own path stands before the child's.
    """

    parameter: str
    resource: str = ""
    field: str = ""
    certain: bool = True

    def alike(self, other: Link) -> bool:
        """Whether both name rows of one kind; of an unknown kind if they are called the same."""
        known = bool(self.resource) or self.parameter == other.parameter
        return self.resource == other.resource and known


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a list is answered and asked for.

    `items` leads to the array (empty: the body is the array), `row` to the thing in one of its
    items (`{"hook": {...}}`); the other paths are empty if the answer has no such part.
    `limit`, `cursor`, `offset` and `page` are query parameters.
    """

    items: Path = ()
    item: str = ""
    row: Path = ()
    limit: str = ""
    default_limit: int = 50
    cursor: str = ""
    offset: str = ""
    page: str = ""
    first_page: int = 1
    next: Path = ()
    previous: Path = ()
    more: Path = ()
    total: Path = ()
    pages: Path = ()
    echoes: tuple[tuple[Path, str], ...] = ()
    next_is_url: bool = False
    link_header: bool = False
    newest_first: bool = False
    in_body: bool = False
    sort: str = ""
    direction: str = ""
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class States:
    """A status-like property and the order of its values.

    `moves` says that a job goes through its states by itself as time passes; `lasts` are the
    seconds that it is in one, where they are known. `results`, `faults` and `cancels` are the
    properties that say something once it has succeeded, failed or was cancelled; `progress` goes
    up while it works, `attempts` when it is tried again.
    """

    name: str
    initial: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    success: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    moves: bool = False
    started: str = ""
    ended: str = ""
    results: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    progress: str = ""
    attempts: str = ""
    because: tuple[Because, ...] = ()
    lasts: Mapping[str, float] = field(default_factory=dict)

    @property
    def terminal(self) -> frozenset[str]:
        return frozenset((*self.success, *self.failure, *self.cancelled))


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of thing that the API keeps.

    `schema` leads to its richest description, `request` to what a client sends to make one.
    `named_by` leads to the schemas of the path parameters that name one, `told_by` to those of
    the properties that hold the id where that is not under its `key`; `given` are ids that the
    paths have by name (`DRAFT`).
    `nested`: its ids count only under their parent. `told`: an answer tells the id of one.
    `open`: any id is known, as there is no other way to learn a first one. `in_use` are the
    values that some fields really have, of all that the document allows.
    """

    name: str
    noun: str
    path: str
    collections: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    schema: str = ""
    request: str = ""
    key: str = ""
    parameter: str = ""
    named_by: tuple[str, ...] = ()
    told_by: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    client_key: bool = False
    nested: bool = False
    singleton: bool = False
    creatable: bool = False
    told: bool = True
    open: bool = False
    seeds: int = 0
    parents: tuple[Link, ...] = ()
    states: States | None = None
    because: tuple[Because, ...] = ()
    in_use: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """A property of a body that names a row of another resource, which has to be there."""

    field: str
    resource: str


@dataclass(frozen=True, slots=True)
class Action:
    """What one operation does.

    `item` is the path parameter that names the row, `parents` are those that name other rows.
    `at` leads to the thing in the answer, `sent` to it in the request's body; with `FIRST` in them
    there may be several. `tells` leads from the thing to its id, and `told_by` to the schema of
    it, where the answer has it in another place or shape than the resource. `same` says that the
    answer is the thing itself, `shows` of which other resource the body names one to answer.
    `ids` is the query parameter with the ids of a sweep. `awaits` is the resource whose job has to
    have succeeded before there is an answer.
    What a body `refers` to has to be there.
    """

    operation: str
    kind: ActionKind
    method: str = ""
    path: str = ""
    resource: str = ""
    item: str = ""
    parents: tuple[Link, ...] = ()
    at: Path = ()
    sent: Path = ()
    tells: Path = ()
    told_by: str = ""
    ids: str = ""
    refers: tuple[Reference, ...] = ()
    envelope: Envelope | None = None
    verb: str = ""
    changes: tuple[tuple[str, Any], ...] = ()
    partial: bool = False
    upsert: bool = False
    same: bool = False
    shows: str = ""
    awaits: str = ""
    because: tuple[Because, ...] = ()


CREATED = ""
"""The moment at which a thing is made; the others are called by the state that it enters."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One webhook or callback of the document.

    It stands at `place`; `schema` leads to its body, if it has one. A callback is asked for by
    `operation`, and goes to the runtime expression `url`. It tells of rows of `resource`: that one
    is made (`created`), or that it enters one of `states`; neither if nothing says when. `values`
    has, by the moment, what the body's property `teller` says of it.
    """

    name: str
    method: str
    place: str = ""
    schema: str = ""
    media_type: str = "application/json"
    operation: str = ""
    url: str = ""
    resource: str = ""
    created: bool = False
    states: frozenset[str] = frozenset()
    teller: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    because: tuple[Because, ...] = ()

    @property
    def when(self) -> list[str]:
        """The moments, for people."""
        made = ["it is made"] if self.created else []
        return made + [f"it is {state}" for state in sorted(self.states)]

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "name": self.name,
            "operation": self.operation or None,
            "resource": self.resource or None,
            "when": self.when,
        }
        if self.values:
            said = {moment or "created": value for moment, value in sorted(self.values.items())}
            found["says"] = {"property": self.teller, "values": said}
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is inferred. `actions` are by operationId, `resources` by name."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    announcements: tuple[Announcement, ...] = ()
