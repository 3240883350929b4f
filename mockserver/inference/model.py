"""What a document implies, as frozen values. Each inference carries its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from mockserver.inference.credential_model import CredentialPlan
from mockserver.inference.page_model import Ordering, PageFields, Paging
from mockserver.records import dataclass

Confidence = Literal["certain", "likely", "guess"]
Path = tuple[str, ...]
"""Property names from the outside in; `FIRST` is the first item of an array."""
FIRST = "[]"

ActionKind = Literal[
    "create", "fetch", "list", "replace", "patch", "remove", "sweep", "transition", "clone",
    "read", "write", "clear", "link", "unlink", "values", "fixed",
]  # fmt: skip
"""`sweep` is about several; `link` and `unlink` change the members of an entity, `values` a set of
its values; `read`, `write`, `clear` are of singletons; `fixed` responds from the schema alone."""


@dataclass(frozen=True, slots=True)
class Because:
    """The reason of an inference."""

    text: str
    confidence: Confidence = "likely"


CORRECTED = Because("mockserver.toml says so", "certain")


@dataclass(frozen=True, slots=True)
class Link:
    """A path parameter that names an entity of another resource (None if unknown).

    `field` is the property of the child that holds the same id; `certain`: the path of the parent
    is a prefix of the child's.
    """

    parameter: str
    resource: str | None = None
    field: str | None = None
    certain: bool = True

    def alike(self, other: Link) -> bool:
        """Whether both name the same kind of entity; if unknown, by the same name."""
        known = self.resource is not None or self.parameter == other.parameter
        return self.resource == other.resource and known


@dataclass(frozen=True, slots=True)
class Envelope:
    """The shape of a list's request and response.

    `items` leads to the array (empty: the body is the array), `row` to the entity within an item
    (`{"hook": {...}}`), `item` to the schema of an item.
    """

    items: Path = ()
    item: str | None = None
    row: Path = ()
    paging: Paging = Paging()
    ordering: Ordering = Ordering()
    page: PageFields = PageFields()
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class States:
    """A status property and the order of its values.

    The value is in the property `name`, or deeper, at `inner` (`status.state`). `new` is the
    initial state; `path` are the states of a successful run. `moves`: time changes the state,
    except in states in `holds`, where a client has to act; `timeout` is the property with the time
    until which it waits. `leads` has what follows a state that ends by itself, `lasts` seconds.

    `moments` are the timestamps of entering states; `results`, `faults` and `cancels` are
    properties that are set on success, failure or cancellation; `progress` grows while it works,
    `attempts` on each retry; `flags` are true in certain states; `verdicts` have a value for each
    terminal state (`conclusion: failure`); `within` has the moments and flags of nested objects.
    `beside` are other status properties with their states: a single one, or those of the same
    work. Where only flags tell the state, `name` is "". `open`: it takes any text, so there may be
    others. `codes`: the value of each state, if that is no word (`0`)."""

    name: str
    initial: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    success: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    inner: Path = ()
    new: str | None = None
    path: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    timeout: str | None = None
    leads: Mapping[str, str] = field(default_factory=dict)
    unplaced: tuple[str, ...] = ()
    moves: bool = False
    started: str | None = None
    ended: str | None = None
    moments: Mapping[str, frozenset[str]] = field(default_factory=dict)
    results: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    progress: str | None = None
    attempts: str | None = None
    flags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    within: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    beside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    verdicts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    because: tuple[Because, ...] = ()
    instead: str | None = None
    lasts: Mapping[str, float] = field(default_factory=dict)
    open: bool = False
    codes: Mapping[str, str | int] = field(default_factory=dict)

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
    """The id of an entity and who knows it.

    `key` is the id property, `parameter` the name of the path parameter. `named_by` leads to the
    schemas of path parameters that hold the id, `returned_as` to those of properties that hold it
    under another name than `key`, `referred_by` to those of other places in requests (`ServiceSid`
    in a body); `given` are ids fixed in paths (`DRAFT`). `client_key`: the client chooses the id.
    `nested`: ids are unique per parent only. `returned`: a response contains the id. `open`: any id
    is accepted, since clients can't learn a first one.
    """

    key: str | None = None
    parameter: str | None = None
    named_by: tuple[str, ...] = ()
    returned_as: tuple[str, ...] = ()
    referred_by: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    client_key: bool = False
    sent_as: str | None = None
    """The property under which a create has the id, where no entity shows it: `GroupSid`."""
    nested: bool = False
    returned: bool = True
    open: bool = False
    names: tuple[str, ...] = ()
    """Properties by which a path may name one as well."""
    member: Path | None = None
    """Where it names the entity of another resource by whose id paths name it."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Other ids that the server gives to a new one, with where their schemas stand."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of entity that the API keeps.

    `schema` leads to its fullest schema, `request` to that of the create request. Where it is one
    branch of a union, `union` leads to the union and `schema` to the first branch. `in_use` are the
    values of fields that occur. `cascades` are resources whose entities go with one, by a property.
    """

    name: str
    noun: str
    path: str
    collections: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    schema: str | None = None
    request: str | None = None
    union: str | None = None
    identity: Identity = Identity()
    singleton: bool = False
    creatable: bool = False
    seeds: int = 0
    parents: tuple[Link, ...] = ()
    states: States | None = None
    because: tuple[Because, ...] = ()
    in_use: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    holder: str | None = None
    switches: Mapping[str, bool] = field(default_factory=dict)
    """Flags that verbs switch, with their first value; `part.flag` is one in a part."""
    stamped: frozenset[str] = frozenset()
    """Timestamps that only verbs set: `archived_at`."""
    touches: bool = False
    """Whether a change that changes nothing counts as one."""
    cascades: tuple[tuple[str, str], ...] = ()

    @property
    def shape(self) -> str | None:
        """The schema that every entity fits: `schema`, or the union it belongs to."""
        return self.union or self.schema


@dataclass(frozen=True, slots=True)
class Reference:
    """A property of a body that names an existing entity of another resource."""

    field: str
    resource: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a request is refused for, with this status: another entity has the same value of one of
    the properties `unique`, or the entity has others, of the resources `without`: below it, or with
    its id in the property that `naming` has for the resource. `ended`: others that have ended do
    not count."""

    status: int
    unique: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    naming: Mapping[str, str] = field(default_factory=dict)
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Through:
    """A query parameter that filters a list by other entities: those of `resource` that name its
    value in the property `of` name the ones to list in `member`."""

    parameter: str
    resource: str
    of: str
    member: str


ItemPlace = Literal["path", "query", "body", "caller"]


@dataclass(frozen=True, slots=True)
class RequestUse:
    """How an action reads its request.

    `at` leads to the entity in the body; with `FIRST` in it, there may be several. Entities in
    `refers` have to exist. `ids` is the query parameter with the ids of a bulk delete. `partial`:
    properties that are not sent keep their values. `upsert`: a missing entity is created. `item_in`
    is where the request holds the id of the entity (`caller`: it is the one who calls); `several`
    leads to an array of entities that may be sent as well. `every`: a bulk delete without ids, of
    the whole collection. `by` are parameters that name the entity, or filter a list, by other
    properties: each with its property; `through` are those that filter it by entities that link
    two others. `newest`: it is about the newest one. `copy` leads to a copy's name, by a property.
    """

    at: Path = ()
    refers: tuple[Reference, ...] = ()
    ids: str | None = None
    partial: bool = False
    upsert: bool = False
    item_in: ItemPlace = "path"
    several: Path | None = None
    every: bool = False
    constraint: Constraint | None = None
    by: tuple[tuple[str, str], ...] = ()
    through: tuple[Through, ...] = ()
    newest: bool = False
    copy: tuple[Path, str] = ((), "")


@dataclass(frozen=True, slots=True)
class ResponseUse:
    """How an action builds its response.

    `at` leads to the entity in the body; with `FIRST` in it, there may be several. `id_path` leads
    from the entity to its id, and `id_schema` to the schema of the id, where the response has it in
    another place or form than the resource. `awaits` is the resource whose job has to succeed
    before there is a response. `part` is the property of the entity that is shown. `counts` leads
    to how many entities there are. `several` leads to the array that shows entities where several
    are sent.
    """

    at: Path = ()
    id_path: Path = ()
    id_schema: str | None = None
    awaits: str | None = None
    part: str | None = None
    counts: Path | None = None
    several: Path | None = None


@dataclass(frozen=True, slots=True)
class Elements:
    """A change of an array, or of a property that shows one other entity (`one`); "show" for none.

    A request names the elements in its path or query `parameter`, or in its body at `sent`; if
    neither is set, all are meant. `key` is the property by which an element is known, where
    elements are objects.
    """

    how: Literal["add", "remove", "set", "one", "show"]
    parameter: str | None = None
    sent: Path | None = None
    key: str | None = None

    def __str__(self) -> str:
        if self.parameter is None and self.sent is None:
            return "nothing"
        inner = [name for name in self.sent or () if name != FIRST]
        source = self.parameter or ".".join(inner) or "the body"
        return {"add": "and ", "remove": "without "}.get(self.how, "") + f"`{source}`"


@dataclass(frozen=True, slots=True)
class Transition:
    """What a verb does to an entity.

    A change is a property and its new value: `now` is the current time, `body.NAME` a property of
    the request, `shown.NAME` the entity whose id is sent, `Elements` a change of an array. `same`:
    the response is the entity itself; `shows` is the other resource whose entity the body property
    `shown_by` names. `soft`: the entity is no longer listed afterwards.
    """

    verb: str = ""
    changes: tuple[tuple[str, Any], ...] = ()
    same: bool = False
    shows: str | None = None
    shown_by: str | None = None
    soft: bool = False
    chosen_by: str | None = None
    """The property of the body whose value is the verb."""
    choices: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """The verb for each of these values, and what it changes."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The entities of a resource that belong to one of the resource `owner` by links.

    `name` tells the relations of a document apart. The members of a request are named by a path
    parameter, or by `ids`, a property of the body or a query parameter; `sets`: they replace those
    that there were. The response `shows` the "member", the "owner" or neither (""). `by` is the
    property by which a request names them, where it is not the id (`email`). `fields` are
    properties of a member that name its owners from the start. `inverse`: the links of the relation
    `name` lead from the members to the owner (the groups of a user). `through` are entities below
    a member, one of whose properties names the owner (the chats of a user, by their participants).
    `held` is the array of the owner that has its members, where nothing else says which they are.
    """

    owner: str
    name: str
    parameter: str | None = None
    ids: str | None = None
    sets: bool = False
    shows: str = ""
    by: str | None = None
    fields: tuple[str, ...] = ()
    inverse: bool = False
    through: tuple[str, str] | None = None
    held: str | None = None


@dataclass(frozen=True, slots=True)
class ValueSet:
    """The values in the property `name` of an entity, and what an action does to them. The response
    has them at `shown`, or it `shows_owner`."""

    name: str
    change: Elements
    shown: Path | None = None
    shows_owner: bool = False


@dataclass(frozen=True, slots=True)
class JobStart:
    """A job of another resource that an action starts, which its response shows, or its id."""

    resource: str
    at: Path = ()
    id_path: Path = ()


@dataclass(frozen=True, slots=True)
class Action:
    """What one operation does.

    `item` is the path parameter that names the entity, `parents` are those that name other
    entities. `elsewhere`: the path belongs to another resource than the one created. `starts` is a
    job that tracks the action. `allowed` are the states of the entity in which it is possible; None
    for any. `instead` is the runner-up reading.
    """

    operation: str
    kind: ActionKind
    method: str = ""
    path: str = ""
    resource: str | None = None
    item: str | None = None
    parents: tuple[Link, ...] = ()
    request: RequestUse = RequestUse()
    response: ResponseUse = ResponseUse()
    envelope: Envelope | None = None
    transition: Transition | None = None
    elsewhere: bool = False
    starts: JobStart | None = None
    membership: Membership | None = None
    allowed: frozenset[str] | None = None
    values: ValueSet | None = None
    because: tuple[Because, ...] = ()
    instead: str | None = None

    @property
    def path_item(self) -> str | None:
        """The path parameter that names the entity, if there is one."""
        return self.item if self.request.item_in == "path" else None


NEXT = "(next)"
"""The state that follows on the usual way, as a change of a transition."""
BACK = "(back)"
"""The state before the present one, as a change of a transition."""
LATER = "(later)"
"""A later moment than before, as a change of a transition."""
NEW = "(new)"
"""Another value than before, as a change of a transition."""
CREATED = ""
"""The moment at which an entity is created; the other moments are named by the state it enters."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """One webhook or callback of the document.

    `place` is its place in the document; `schema` leads to its body, if it has one. A callback is
    registered by `operation` and goes to the runtime expression `url`. It reports on entities of
    `resource`: their creation (`created`), or their entering one of `states`; neither if the
    document doesn't say when. `values` has, for each event, the value of the body property
    `event_field`.
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
    event_field: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    because: tuple[Because, ...] = ()

    @property
    def when(self) -> list[str]:
        """The events, for people."""
        return ["it is made"] * self.created + [f"it is {state}" for state in sorted(self.states)]

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
    """Everything that is inferred: `actions` by operationId, `resources` by name. `callers` is the
    resource of those who log in, if there is one."""

    actions: Mapping[str, Action] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)
    announcements: tuple[Announcement, ...] = ()
    callers: str | None = None
    credentials: CredentialPlan = CredentialPlan()

    def resource_of(self, action: Action) -> Resource | None:
        """The resource of an action."""
        return self.resources.get(action.resource) if action.resource is not None else None
