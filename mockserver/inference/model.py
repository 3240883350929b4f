"""What a document implies: what each operation does, and the whole plan, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from mockserver.inference.credential_model import CredentialPlan
from mockserver.inference.page_model import Ordering, PageFields, Paging
from mockserver.inference.resource_model import FIRST, Because, Link, Path, Resource
from mockserver.records import dataclass

ActionKind = Literal[
    "create", "fetch", "list", "replace", "patch", "remove", "sweep", "transition", "clone",
    "read", "write", "clear", "link", "unlink", "values", "merge", "fixed",
]  # fmt: skip
"""`sweep` is about several; `merge` makes one of several; `link` and `unlink` change the members
of an entity, `values` a set of its values; `read`, `write`, `clear` are of singletons; `fixed`
responds from the schema alone."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The shape of a list's request and response."""

    items: Path = ()
    """The path of the array; empty if the body is the array."""
    item: str | None = None
    """The pointer of the schema of an item."""
    row: Path = ()
    """The path of the entity within an item: `{"hook": {...}}`."""
    paging: Paging = Paging()
    ordering: Ordering = Ordering()
    page: PageFields = PageFields()
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A property of a body that names an existing entity of another resource."""

    field: str
    resource: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """Why a request is refused with this status: another entity has the same value of a property,
    or the entity still has others."""

    status: int
    unique: tuple[str, ...] = ()
    """The properties, each of whose values only one entity may have."""
    without: tuple[str, ...] = ()
    """The resources of which the entity may have none: below it, or with its id."""
    naming: Mapping[str, str] = field(default_factory=dict)
    """The property of such a resource that holds the id."""
    ended: bool = False
    """Whether those that have ended do not count."""


@dataclass(frozen=True, slots=True)
class Through:
    """A query parameter that filters a list by other entities: those of `resource` that name its
    value in the property `of` name the ones to list in `member`."""

    parameter: str
    resource: str
    of: str
    member: str


ItemPlace = Literal["path", "query", "body", "caller"]
"""Where a request holds the id of the entity; `caller`: the entity is who calls."""


@dataclass(frozen=True, slots=True)
class RequestUse:
    """How an action reads its request."""

    at: Path = ()
    """The path of the entity in the body; with `FIRST` in it, there may be several."""
    refers: tuple[Reference, ...] = ()
    """Properties that have to name existing entities."""
    ids: str | None = None
    """The query parameter with the ids of a bulk delete."""
    partial: bool = False
    """Whether properties that are not sent keep their values."""
    upsert: bool = False
    """Whether a missing entity is created."""
    sets: bool = False
    """Whether what is created replaces all that was there."""
    item_in: ItemPlace = "path"
    several: Path | None = None
    """The path of an array of entities that may be sent as well."""
    every: bool = False
    """Whether a bulk delete without ids is about the whole collection."""
    constraint: Constraint | None = None
    by: tuple[tuple[str, str], ...] = ()
    """Parameters that name the entity, or filter a list, each with its property."""
    only: tuple[tuple[str, str], ...] = ()
    """Properties with the value that all of a list have."""
    left: bool = False
    """Whether a list has those that were soft-deleted, and no others."""
    through: tuple[Through, ...] = ()
    """Parameters that filter by entities that link two others."""
    newest: bool = False
    """Whether it is about the newest entity."""
    default: str | None = None
    """The word for the only entity that it sets or shows: `default` (`PUT /cards/default`)."""
    marked: str | None = None
    """The verb by which a caller marks entities: `follow`. A verb sets the mark or takes it away, a
    list has the entities with the mark."""
    told: Path = ()
    """The path of what a request says of all the entities that it names."""
    copy: tuple[Path, str] = ((), "")
    """The path of a copy's name in the body, and the property that it sets."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """A part of a response, at `path`, that is computed of all entities of a resource: their number
    ("count"; only of those whose `field` has the `value`, if there is one), the number for each
    value of `field` as an object ("groups") or as rows ("rows"), or its least, greatest or mean
    value or their sum."""

    path: Path
    how: Literal["count", "groups", "rows", "sum", "min", "max", "mean"] = "count"
    field: str | None = None
    value: str | bool | None = None
    row: Path = ()
    """The properties of a row: for the value, and for the number."""


@dataclass(frozen=True, slots=True)
class ResponseUse:
    """How an action builds its response."""

    at: Path = ()
    """The path of the entity in the body; with `FIRST` in it, there may be several."""
    id_path: Path = ()
    """The path from the entity to its id, if the resource has it elsewhere."""
    id_schema: str | None = None
    """The pointer of the schema of this id, if it has another form than the resource's."""
    awaits: str | None = None
    """The resource whose job has to succeed before there is a response."""
    early: int = 409
    """The status until then."""
    part: str | None = None
    """The property of the entity that is shown."""
    statistics: tuple[Statistic, ...] = ()
    """What the response counts or sums up of the entities."""
    several: Path | None = None
    """The path of the array that shows entities, if several are sent."""
    holder: Path | None = None
    """The path of the entity above, if that is what the response shows."""


@dataclass(frozen=True, slots=True)
class Elements:
    """A change of an array, or of a property that shows one other entity (`one`); "show" for none.

    A request names the elements in its path or query `parameter`, or in its body at `sent`; if
    neither is set, all are meant.
    """

    how: Literal["add", "remove", "set", "one", "show"]
    parameter: str | None = None
    sent: Path | None = None
    key: str | None = None
    """The property that identifies an element, if elements are objects."""

    def __str__(self) -> str:
        if self.parameter is None and self.sent is None:
            return "nothing"
        inner = [name for name in self.sent or () if name != FIRST]
        source = self.parameter or ".".join(inner) or "the body"
        return {"add": "and ", "remove": "without "}.get(self.how, "") + f"`{source}`"


@dataclass(frozen=True, slots=True)
class Transition:
    """What a verb does to an entity."""

    verb: str = ""
    changes: tuple[tuple[str, Any], ...] = ()
    """Properties and their new values: `now` is the current time, `body.NAME` a property of the
    request, `shown.NAME` the entity whose id is sent, `Elements` a change of an array."""
    same: bool = False
    """Whether the response is the entity itself."""
    shows: str | None = None
    """The other resource whose entity the response is."""
    shown_by: str | None = None
    """The property of the body that names that entity."""
    soft: bool = False
    """Whether the entity is no longer listed afterwards."""
    chosen_by: str | None = None
    """The property of the body whose value is the verb."""
    choices: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """The verb for each of these values, and what it changes."""
    takes: bool = True
    """Whether what is sent under the names of the entity's properties is stored."""


def in_words(changes: Mapping[str, Any], resource: Resource | None) -> str:
    """The changes of a transition of one of these, as text: `status.state = done`."""
    states = resource.states if resource is not None else None
    state = (".".join((states.name, *states.inner)) if states is not None else "") or "state"
    named = states.name if states is not None else ""
    return ", ".join(f"{state if n in ('', named) else n} = {v}" for n, v in changes.items())


@dataclass(frozen=True, slots=True)
class Membership:
    """The entities of a resource that belong to one of the resource `owner` by links."""

    owner: str
    name: str
    """Distinguishes the relations of a document."""
    parameter: str | None = None
    """The path parameter that names the member."""
    ids: str | None = None
    """The property of the body, or the query parameter, that names the members."""
    sets: bool = False
    """Whether the members that are sent replace those that there were."""
    shows: str = ""
    """What the response shows: "member", "owner" or neither ("")."""
    by: str | None = None
    """The property by which a request names members, if it is not the id: `email`."""
    fields: tuple[str, ...] = ()
    """Properties of a member that name its owners from the start."""
    inverse: bool = False
    """Whether the links lead from the members to the owner: the groups of a user."""
    through: tuple[str, str] | None = None
    """A resource below a member, and the property of its entities that names the owner: the chats
    of a user, by their participants."""
    held: str | None = None
    """The array of the owner that has its members, where nothing else says which they are."""
    between: tuple[str, ...] = ()
    """The resources between the owner and members that lie below it: the projects of an
    organization, of which the builds are listed."""


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The values in the property `name` of an entity (steps with dots between them, if it is within
    others), and what an action does to them."""

    name: str
    change: Elements
    shown: Path | None = None
    """The path of the values in the response."""
    shows_owner: bool = False
    """Whether the response shows the entity instead."""
    whole: bool = False
    """Whether the response shows the elements as they are, not only what identifies each."""


@dataclass(frozen=True, slots=True)
class JobStart:
    """A job of another resource that an action starts, which its response shows, or its id; or what
    else it makes."""

    resource: str
    at: Path = ()
    id_path: Path = ()


@dataclass(frozen=True, slots=True)
class Merge:
    """Which entities of a resource become one: those named at `sources` in the body go into the one
    at `into`; None is the one that the path names."""

    sources: Path | None = None
    into: Path | None = None
    changes: tuple[tuple[str, str], ...] = ()
    """How those are marked that go: a state, or the property that names the one that stays
    (`into`). Without any they are removed."""
    shows: bool = False
    """Whether the response is the one that stays."""


@dataclass(frozen=True, slots=True)
class Source:
    """What becomes of the entity that a path names, if its operation makes another one from it: a
    lead is converted into a deal."""

    resource: str
    item: str = ""
    """The parameter that names it."""
    parents: tuple[Link, ...] = ()
    transition: Transition = Transition()
    naming: str | None = None
    """The property that holds the id of what is made."""


@dataclass(frozen=True, slots=True)
class Action:
    """What one operation does."""

    operation: str
    kind: ActionKind
    method: str = ""
    path: str = ""
    resource: str | None = None
    item: str | None = None
    """The parameter that names the entity; `request.item_in` says where it is."""
    parents: tuple[Link, ...] = ()
    """The path parameters that name other entities."""
    request: RequestUse = RequestUse()
    response: ResponseUse = ResponseUse()
    envelope: Envelope | None = None
    transition: Transition | None = None
    elsewhere: bool = False
    """Whether the path belongs to another resource than the one created."""
    starts: JobStart | None = None
    """A job that tracks the action, and is its response."""
    beside: tuple[JobStart, ...] = ()
    """What the action makes beside its entity, and its response shows beside it."""
    merge: Merge | None = None
    parts: tuple[Action, ...] = ()
    """What is done one after the other, if a request has several arrays of entities."""
    source: Source | None = None
    """The entity from which another one is made."""
    membership: Membership | None = None
    allowed: frozenset[str] | None = None
    """The states of the entity in which it is possible; None for any."""
    values: ValueSet | None = None
    because: tuple[Because, ...] = ()
    instead: str | None = None
    """The runner-up reading."""

    @property
    def path_item(self) -> str | None:
        """The path parameter that names the entity, if there is one."""
        return self.item if self.request.item_in == "path" else None


def unused(
    before: Mapping[str, Action], after: Mapping[str, Action], *, through: bool = True
) -> set[str]:
    """The resources of the actions `before` that none of those `after` is about, or names in its
    path. Those that members are found `through` count as used, unless that is not settled yet."""
    used = {action.resource for action in after.values()}
    used |= {link.resource for action in after.values() for link in action.parents}
    used |= {one.resource for action in after.values() for one in action.request.through}
    for membership in (one.membership for one in after.values() if one.membership is not None):
        used |= {membership.through[0]} if through and membership.through else set()
    own = {action.resource for action in before.values()}
    return {name for name in own - used if name is not None}


NEXT = "(next)"
"""The state that follows on the usual way, as a change of a transition."""
BACK = "(back)"
"""The state before the present one, as a change of a transition."""
LATER = "(later)"
"""A later moment than before, as a change of a transition."""
NEW = "(new)"
"""Another value than before, as a change of a transition."""
MORE = "(more)"
LESS = "(less)"
"""One more or one less than before, as a change of a transition."""
OTHER = "(other)"
"""The other value of a flag, as a change of a transition: on if it was off."""
PLACE = "body.(place)"
"""The place of an entity among those that a request names, as a change of a transition."""
CREATED = ""
"""The moment at which an entity is created; other moments are named by the state it enters."""
UPDATED = "(updated)"
"""The moment at which a request changes an entity."""
REMOVED = "(removed)"
"""The moment at which a request removes an entity."""


def done_by(operation: str) -> str:
    """The moment at which an operation changes an entity."""
    return f"({operation})"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One webhook or callback of the document, and when it is sent."""

    name: str
    method: str
    place: str = ""
    """Its pointer in the document."""
    schema: str = ""
    """The pointer of the schema of its body, if it has one."""
    media_type: str = "application/json"
    operation: str = ""
    """The operation that registers it, if it is a callback."""
    url: str = ""
    """The runtime expression of a callback's URL."""
    resource: str = ""
    created: bool = False
    """Whether it reports that an entity was created."""
    states: frozenset[str] = frozenset()
    """The states that it reports on."""
    changes: frozenset[str] = frozenset()
    """What else requests do that it reports on: `UPDATED`, `REMOVED`, `done_by` an operation."""
    event_field: str = ""
    """The property of the body that names the event."""
    values: Mapping[str, str] = field(default_factory=dict)
    """The value of this property for each event."""
    because: tuple[Because, ...] = ()

    @property
    def moments(self) -> frozenset[str]:
        """All that it reports on."""
        return self.states | self.changes | ({CREATED} if self.created else frozenset())

    @property
    def when(self) -> list[str]:
        """The events, for people."""
        said = {CREATED: "made", UPDATED: "updated", REMOVED: "removed"}
        ordered = sorted(self.moments, key=lambda one: (one != CREATED, one in self.changes, one))
        return [
            f"it is {said.get(one) or one.removeprefix('(').removesuffix(')')}" for one in ordered
        ]

    def as_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "name": self.name,
            "operation": self.operation or None,
            "resource": self.resource or None,
            "when": self.when,
        }
        if self.values:
            meaning = {moment or "created": value for moment, value in sorted(self.values.items())}
            found["says"] = {"property": self.event_field, "values": meaning}
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is inferred."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    """By operationId."""
    resources: Mapping[str, Resource] = field(default_factory=dict)
    """By name."""
    announcements: tuple[Announcement, ...] = ()
    callers: str | None = None
    """The resource of those who log in, if there is one."""
    credentials: CredentialPlan = CredentialPlan()

    def resource_of(self, action: Action) -> Resource | None:
        """The resource of an action."""
        return self.resources.get(action.resource) if action.resource is not None else None
