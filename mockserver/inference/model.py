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


CORRECTED = Because("mockserver.toml says so", "certain")


@dataclass(frozen=True, slots=True)
class Link:
    """A path parameter that names an entity of another resource (None if it is not known which).

    `field` is the property of the child that holds the same id; `certain` says that the
    parent's own path stands before the child's.
    """

    parameter: str
    resource: str | None = None
    field: str | None = None
    certain: bool = True

    def alike(self, other: Link) -> bool:
        """Whether both name entities of one kind; of an unknown kind if they have one name."""
        known = self.resource is not None or self.parameter == other.parameter
        return self.resource == other.resource and known


@dataclass(frozen=True, slots=True)
class Paging:
    """The query parameters that ask for a page; properties of the body if `in_body`.

    `cursor` asks for what comes behind a row, `before` for what comes in front of one. The
    default of a cursor, `first_cursor` (`*`), asks for the first page.
    """

    limit: str | None = None
    default_limit: int = 50
    cursor: str | None = None
    first_cursor: Any = None
    before: str | None = None
    offset: str | None = None
    page: str | None = None
    first_page: int = 1
    in_body: bool = False

    @property
    def names(self) -> frozenset[str]:
        """All of them."""
        found = (self.limit, self.cursor, self.before, self.offset, self.page)
        return frozenset(name for name in found if name is not None)


@dataclass(frozen=True, slots=True)
class Ordering:
    """The query parameters that order a list, and its order without them, if anything is said."""

    sort: str | None = None
    direction: str | None = None
    newest_first: bool | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, the one with the field first."""
        return tuple(name for name in (self.sort, self.direction) if name is not None)


Said = Literal[
    "next", "previous", "first", "last", "self", "more", "less", "total", "pages", "returned",
    "page", "limit", "offset", "from", "to", "first_id", "last_id", "items_name",
]  # fmt: skip
Form = Literal["cursor", "url", "page", "offset"]


@dataclass(frozen=True, slots=True)
class PageField:
    """One property of a response that says something of its page.

    `form` is how it names another page: by a cursor, a URL, its number, or where it begins.
    """

    path: Path
    said: Said
    form: Form = "cursor"


@dataclass(frozen=True, slots=True)
class PageFields:
    """Where a response says which page it is, in its body and its headers."""

    fields: tuple[PageField, ...] = ()
    headers: tuple[PageField, ...] = ()
    link_header: bool = False

    def path(self, said: Said) -> Path | None:
        """Where it says this, if it does."""
        return next((one.path for one in self.fields if one.said == said), None)


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a list is asked for and answered.

    `items` leads to the array (empty: the body is the array), `row` to the entity in one of its
    items (`{"hook": {...}}`); the schema of an item is at `item`.
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
    """A status-like property and the order of its values.

    The value stands at `inner` in the property `name`: there itself, or deeper (`status.state`).
    `birth` is the first state; `path` are those that a thing passes through when all goes well.
    `moves` says that time takes it there, except out of the states that it `holds` in until
    somebody tells it to go on; `timeout` is the property that says until when it waits. `leads`
    are the states that pass by themselves (`cancelling`), with what follows. `lasts` are the
    seconds that it is in one, where they are known.
    `moments` are the properties that say when it entered one of some states; `results`, `faults`
    and `cancels` are those that say something once it has succeeded, failed or was cancelled;
    `progress` goes up while it works, `attempts` when it is tried again; `flags` are true in some
    states; `within` has the moments and flags in parts of it. `beside` are other properties of this
    kind, with the states that they pass: one, or those of the same work. Where nothing but flags
    says how it is, `name` is "".
    """

    name: str
    initial: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    success: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    inner: Path = ()
    birth: str | None = None
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
    because: tuple[Because, ...] = ()
    instead: str | None = None
    lasts: Mapping[str, float] = field(default_factory=dict)

    @property
    def each(self) -> tuple[str, ...]:
        """Every state once; first the one in which most of what there is may be found."""
        done = self.path[-1:] if self.moves else ()
        born = (self.birth,) if self.birth is not None else ()
        listed = (
            *done, *born, *self.initial, *self.active, *self.success, *self.failure,
            *self.cancelled, *self.other,
        )  # fmt: skip
        return tuple(dict.fromkeys(listed))

    @property
    def terminal(self) -> frozenset[str]:
        ends = frozenset((*self.success, *self.failure, *self.cancelled))
        return ends - frozenset(self.path[:-1])

    @property
    def known(self) -> tuple[str, ...]:
        """Every value that it can have."""
        kinds = (
            self.initial, self.active, self.success, self.failure, self.cancelled, self.other,
            tuple(self.leads),
        )  # fmt: skip
        return tuple(dict.fromkeys(value for kind in kinds for value in kind))


@dataclass(frozen=True, slots=True)
class Identity:
    """What an entity is called, and who knows it.

    `key` is the property with the id, `parameter` what paths call it. `named_by` leads to the
    schemas of the path parameters that name one, `told_by` to those of the properties that hold
    the id where that is not under its `key`, `referred_by` to those of what else of a request names
    one (`ServiceSid` in a body); `given` are ids that the paths have by name
    (`DRAFT`). `client_key`: the client chooses it. `nested`: ids count only under their parent.
    `told`: a response tells the id of one. `open`: any id is known, as there is no other way to
    learn a first one.
    """

    key: str | None = None
    parameter: str | None = None
    named_by: tuple[str, ...] = ()
    told_by: tuple[str, ...] = ()
    referred_by: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    client_key: bool = False
    nested: bool = False
    told: bool = True
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

    `schema` leads to its richest description, `request` to what a client sends to make one.
    Where it is one of several kinds, `union` leads to their choice, and `schema` to the first.
    `in_use` are the values that some fields really have, of all that the document allows. `holder`
    is the property that has what others have beside the id (`attributes`).
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

    @property
    def shape(self) -> str | None:
        """What each entity fits: its `schema`, or the choice of which that is one."""
        return self.union or self.schema


@dataclass(frozen=True, slots=True)
class Reference:
    """A property of a body that names an entity of another resource, which has to be there."""

    field: str
    resource: str


ItemPlace = Literal["path", "query", "body"]


@dataclass(frozen=True, slots=True)
class RequestUse:
    """What a request of an action says.

    `at` leads to the entity in the body; with `FIRST` in it there may be several. What a body
    `refers` to has to be there. `ids` is the query parameter with the ids of a sweep. `partial`:
    what is not sent stays as it is. `upsert`: what is not there is made. `item_in` is where the id
    of the entity stands, `several` leads to an array of entities that may be sent as well.
    """

    at: Path = ()
    refers: tuple[Reference, ...] = ()
    ids: str | None = None
    partial: bool = False
    upsert: bool = False
    item_in: ItemPlace = "path"
    several: Path | None = None


@dataclass(frozen=True, slots=True)
class ResponseUse:
    """What a response of an action says.

    `at` leads to the entity in the body; with `FIRST` in it there may be several. `tells` leads
    from the entity to its id, and `told_by` to the schema of it, where the response has it in
    another place or shape than the resource. `awaits` is the resource whose job has to have
    succeeded before there is a response. `part` is the property of the entity that is shown.
    """

    at: Path = ()
    tells: Path = ()
    told_by: str | None = None
    awaits: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """What a verb does to an entity.

    A change is a property and its value; `now` is the moment, `body.NAME` what is sent, and
    `shown.NAME` the entity whose id is sent. `same`: the response is the entity itself; `shows` is
    the other resource of which the body's property `shown_by` names one. `soft`: what is changed is
    no longer listed.
    """

    verb: str = ""
    changes: tuple[tuple[str, Any], ...] = ()
    same: bool = False
    shows: str | None = None
    shown_by: str | None = None
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Action:
    """What one operation does.

    `item` is the path parameter that names the entity, `parents` are those that name others.
    `elsewhere`: the path is that of another resource than the one that is made. `instead` is how
    the operation could be read, too.
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
    because: tuple[Because, ...] = ()
    instead: str | None = None

    @property
    def path_item(self) -> str | None:
        """The path parameter that names the entity, if the path does."""
        return self.item if self.request.item_in == "path" else None


NEXT = "(next)"
"""The state that follows on the usual way, as a change of a transition."""
NEW = "(new)"
"""Another value than before, as a change of a transition."""
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

    def resource_of(self, action: Action) -> Resource | None:
        """The resource that an action is about."""
        return self.resources.get(action.resource) if action.resource is not None else None
