"""What an API keeps, as frozen values: resources, their ids, their states. Each inference carries
its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from mockserver.records import dataclass

Confidence = Literal["certain", "likely", "guess"]
Path = tuple[str, ...]
"""Property names from the outside in; `FIRST` is the first item of an array."""
FIRST = "[]"


@dataclass(frozen=True, slots=True)
class Because:
    """The reason of an inference."""

    text: str
    confidence: Confidence = "likely"


CORRECTED = Because("mockserver.toml says so", "certain")


@dataclass(frozen=True, slots=True)
class Link:
    """A path parameter that names an entity of another resource."""

    parameter: str
    resource: str | None = None
    """None if the resource is unknown."""
    field: str | None = None
    """The property of the child that holds the same id."""
    certain: bool = True
    """Whether the path of the parent is a prefix of the child's."""

    def alike(self, other: Link) -> bool:
        """Whether both name the same kind of entity; if unknown, by the same name."""
        known = self.resource is not None or self.parameter == other.parameter
        return self.resource == other.resource and known


@dataclass(frozen=True, slots=True)
class States:
    """A status property, its values, and the other properties that follow it."""

    name: str
    """The property; "" if only flags tell the state."""
    initial: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    success: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    inner: Path = ()
    """The path of the value within an object: `status.state`."""
    new: str | None = None
    """The state of a new entity."""
    path: tuple[str, ...] = ()
    """The states of a successful run, in order."""
    holds: tuple[str, ...] = ()
    """The states in which a client has to act before it goes on."""
    timeout: str | None = None
    """The property with the time at which such a wait ends."""
    leads: Mapping[str, str] = field(default_factory=dict)
    """The state that follows one which ends by itself."""
    unplaced: tuple[str, ...] = ()
    """Values whose place in the order is not known."""
    moves: bool = False
    """Whether time changes the state."""
    started: str | None = None
    """The timestamp of the start of the work."""
    ended: str | None = None
    """The timestamp of its end."""
    moments: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Timestamps, each with the states in whose entering it is set."""
    results: tuple[str, ...] = ()
    """Properties that are set on success."""
    faults: tuple[str, ...] = ()
    """Properties that are set on failure."""
    cancels: tuple[str, ...] = ()
    """Properties that are set on cancellation."""
    progress: str | None = None
    """A number that grows while it works."""
    attempts: str | None = None
    """A number that grows with each retry."""
    flags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Booleans, each with the states in which it is true."""
    within: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    """The timestamps and flags of nested objects."""
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other status properties with their states: a single one, or those of the same work."""
    verdicts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Properties with a value for each terminal state (`conclusion: failure`)."""
    because: tuple[Because, ...] = ()
    instead: str | None = None
    """The runner-up reading."""
    lasts: Mapping[str, float] = field(default_factory=dict)
    """The seconds that states last, where the document says it."""
    open: bool = False
    """Whether the property takes any text, so that there may be other states."""
    codes: Mapping[str, str | int] = field(default_factory=dict)
    """The value of each state, if that is no word (`0`)."""

    @property
    def each(self) -> tuple[str, ...]:
        """Every state once, starting with the one in which most properties are set."""
        done = self.path[-1:] if self.moves else ()
        born = (self.new,) if self.new is not None else ()
        listed = (
            *done, *born, *self.initial, *self.active, *self.success, *self.failure,
            *self.cancelled, *self.other,
        )  # fmt: skip
        return tuple(dict.fromkeys(listed))

    @property
    def terminal(self) -> frozenset[str]:
        return frozenset((*self.success, *self.failure, *self.cancelled)) - {*self.path[:-1]}

    @property
    def known(self) -> tuple[str, ...]:
        """Every possible value."""
        kinds = (
            self.initial, self.active, self.success, self.failure, self.cancelled, self.other,
            tuple(self.leads),
        )  # fmt: skip
        return tuple(dict.fromkeys(value for kind in kinds for value in kind))


@dataclass(frozen=True, slots=True)
class Identity:
    """The id of an entity, and who knows it."""

    key: str | None = None
    """The id property."""
    parameter: str | None = None
    """The path parameter that holds the id."""
    named_by: tuple[str, ...] = ()
    """Pointers to the schemas of path parameters that hold the id."""
    returned_as: tuple[str, ...] = ()
    """Pointers to the schemas of properties that hold it under another name than `key`."""
    referred_by: tuple[str, ...] = ()
    """Pointers to the schemas of other places in requests: `ServiceSid` in a body."""
    given: tuple[str, ...] = ()
    """Ids that paths contain literally: `/versions/DRAFT`."""
    client_key: bool = False
    """Whether the client chooses the id."""
    sent_as: str | None = None
    """The property under which a create has the id, where no entity shows it: `GroupSid`."""
    nested: bool = False
    """Whether ids are unique per parent only."""
    returned: bool = True
    """Whether a response contains the id."""
    open: bool = False
    """Whether any id is accepted, since clients can't learn a first one."""
    names: tuple[str, ...] = ()
    """Properties by which a path may name one as well."""
    member: Path | None = None
    """Where it names the entity of another resource by whose id paths name it."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Other ids that the server gives to a new one, with where their schemas stand."""


@dataclass(frozen=True, slots=True)
class Versions:
    """How another resource keeps the versions of an entity."""

    resource: str
    copies: tuple[str, ...]
    """The properties of the entity that a version has, too."""
    holder: str | None
    """The part of a version that has them."""
    number: str | None
    """The property that numbers the versions of one entity."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of entity that the API keeps."""

    name: str
    noun: str
    path: str
    collections: tuple[str, ...] = ()
    """The paths of the lists."""
    items: tuple[str, ...] = ()
    """The paths of one entity."""
    schema: str | None = None
    """The pointer of the fullest schema; of the first branch if that is a union."""
    request: str | None = None
    """The pointer of the schema of the create request."""
    union: str | None = None
    """The pointer of the union that the schema is a branch of."""
    identity: Identity = Identity()
    singleton: bool = False
    creatable: bool = False
    seeds: int = 0
    """The number of entities that there are from the start."""
    parents: tuple[Link, ...] = ()
    states: States | None = None
    because: tuple[Because, ...] = ()
    in_use: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    """The values of fields that occur."""
    holder: str | None = None
    """The part of an entity that holds its properties: `attributes`."""
    switches: Mapping[str, int] = field(default_factory=dict)
    """Flags that verbs switch, and numbers that they count up, with their first value;
    `part.flag` is one in a part."""
    stamped: frozenset[str] = frozenset()
    """Timestamps that only verbs set: `archived_at`."""
    touches: bool = False
    """Whether a change that changes nothing counts as one."""
    versions: Versions | None = None
    within: str | None = None
    """The property of the entity above which shows a singleton, too."""
    cascades: tuple[tuple[str, str], ...] = ()
    """Resources whose entities go with one, each with the property that names it."""

    @property
    def shape(self) -> str | None:
        """The schema that every entity fits: `schema`, or the union it belongs to."""
        return self.union or self.schema
