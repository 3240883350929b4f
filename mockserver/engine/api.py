"""An API: the handlers written for a document, combined with what is inferred; and what it sends on
its own, as values.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import field
from types import ModuleType
from typing import Any, TypeVar

from mockserver.engine.credentials import Credentials
from mockserver.engine.error_formats.base import ErrorFormat
from mockserver.engine.jobs import JobKind, Lifecycle
from mockserver.engine.messages import Reply, Request
from mockserver.engine.world import Collection, Row, Seeder, World
from mockserver.inference.corrections import Key
from mockserver.inference.model import Announcement
from mockserver.openapi.model import Contract, Operation
from mockserver.records import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the row `key`, and the body to send about it.

    `value` is the name of the event in the body, "" if it has none. `headers` and `query` are the
    parameters that the document requires.
    """

    id: str
    announcement: Announcement = field(repr=False)
    key: str
    at: int
    body: Any
    value: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """A webhook that a client registered at an instant.

    `events` are the names it subscribed to, all if empty; `secret` may be empty.
    """

    key: str
    url: str
    events: frozenset[str]
    secret: str
    at: int


EventsSince = Callable[[World, int, Container[str]], list[Event]]
"""What has happened in a world from an instant to now, oldest first, but for known ids."""


def nobody_listens(world: World) -> list[Listener]:
    """For an API without registration of webhooks."""
    return []


def nothing_happens(world: World, since: int, known: Container[str]) -> list[Event]:
    """For an API that sends nothing."""
    return []


Handler = Callable[[World, Request], Reply]
_F = TypeVar("_F", bound=Callable[..., Any])


def handles(*operation_ids: str) -> Callable[[_F], _F]:
    """Mark a function as the handler of operations: `(world, request) -> Reply`."""

    def mark(function: _F) -> _F:
        function.__handles__ = operation_ids  # type: ignore[attr-defined]
        return function

    return mark


def handlers_in(*modules: ModuleType) -> dict[str, Handler]:
    """The marked functions of modules, by operationId."""
    return {
        operation_id: function
        for module in modules
        for function in vars(module).values()
        for operation_id in getattr(function, "__handles__", ())
    }


def no_seed(world: World, fixtures: Mapping[str, Any]) -> None:
    """A world that starts empty."""


def as_it_is(world: World) -> World:
    """The `seeded` of an API that fills its worlds at once."""
    return world


def nothing_due(world: World) -> bool:
    """The `settle` of an API without timed events."""
    return False


Adopt = Callable[[World, Operation, Mapping[str, str], Any], list[str]]
"""`(world, operation, path values, body)` -> the keys of the rows that a recorded reply shows."""


Owns = Callable[[World, Operation, Mapping[str, str]], bool]
"""`(world, operation, path values)` -> whether the path names an entity that the mock has made."""


def owns_nothing(world: World, operation: Operation, path_values: Mapping[str, str]) -> bool:
    """The `owns` of an API that adopts nothing."""
    return False


Show = Callable[[World, str, Row], Any]
"""`(world, collection, row)` -> what a client is shown of the row."""


def as_kept(world: World, collection: str, row: Row) -> Any:
    """The `show` of an API whose rows are what clients see."""
    return dict(row)


def nothing_adopted(
    world: World, operation: Operation, path_values: Mapping[str, str], body: Any
) -> list[str]:
    """The `adopt` of an API that can't import recordings."""
    return []


TraitsOf = Callable[[World, Operation, Mapping[str, str], Any], dict[str, str]]
"""`(world, operation, path values, body)` -> what is special about a request in this world."""


def no_traits(
    world: World, operation: Operation, path_values: Mapping[str, str], body: Any
) -> dict[str, str]:
    """The `traits` of an API of which nothing is inferred."""
    return {}


Named = Callable[[World, Operation, Mapping[str, str]], Mapping[str, Any]]
"""`(world, operation, path values)` -> the entity that the path names, or nothing."""


def names_nothing(
    world: World, operation: Operation, path_values: Mapping[str, str]
) -> Mapping[str, Any]:
    """The `named` of an API of which nothing is inferred."""
    return {}


Choose = Callable[[Mapping[str, str], str], str]
"""`(headers, tenant)` -> the document of the shape to serve. Raises a Refusal; the tenant is
empty while the caller is not known."""


@dataclass(frozen=True)
class Shape:
    """One wire shape: its document (`contracts/DOCUMENT.json`) and its handlers."""

    document: str
    handlers: Mapping[str, Handler]


@dataclass(frozen=True)
class Shapes:
    """The wire shapes of one API, over the same worlds, each with its own document.

    `of(contract)` says which shape a document describes. `chooser(settings, served)` returns the
    function that picks a shape per request, from the API's table in mockserver.toml (its keys are
    `settings`) and the served document. It raises UsageError for an unknown or impossible setting.
    The chooser validates `header` (lower case), so the documents, which each allow only their own
    versions, don't validate it again.
    """

    all: tuple[Shape, ...]
    of: Callable[[Contract], str]
    chooser: Callable[[Mapping[str, Any], str], Choose]
    header: str
    settings: tuple[Key, ...] = ()


@dataclass(frozen=True, eq=False)
class Jobs:
    """The jobs of an API: where they are stored, their lifecycles and how to steer them.

    `lifecycles` are the state tables, for the diagrams; `kinds` say where jobs are stored, for the
    dashboard. `steer(world, job_id, order)` changes the future of an open job for the admin API;
    `outcomes` are the orders it accepts.
    """

    kinds: tuple[JobKind, ...] = ()
    lifecycles: tuple[Lifecycle, ...] = ()
    outcomes: tuple[str, ...] = ()
    steer: Callable[[World, str, Mapping[str, Any]], Any] | None = None


@dataclass(frozen=True, eq=False)
class Webhooks:
    """What an API sends on its own.

    `announcements` are the webhooks and callbacks, `events` returns what to send, and `listeners`
    who has registered for it in a world, through the operations `registering`.
    """

    announcements: tuple[Announcement, ...] = ()
    events: EventsSince = nothing_happens
    listeners: Callable[[World], list[Listener]] = nobody_listens
    registering: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Wire:
    """How an API speaks HTTP.

    `error_format` is chosen by the document if it is None. `slash_redirects`: a wrong
    trailing slash is redirected (307) as in FastAPI. `body_first`: a body that isn't JSON is
    rejected before the credential is checked. Keys that start with `prefix` are accepted.
    `stamp(reply, headers, serial)` adds what every reply carries (a request id); `serial` counts
    the replies. `candid`: no vendor's wording is known, so refusals may say what would work.
    """

    error_format: ErrorFormat | None = None
    slash_redirects: bool = False
    body_first: bool = False
    prefix: str = "mock-"
    stamp: Callable[[Reply, Mapping[str, str], int], Reply] | None = None
    candid: bool = False


@dataclass(frozen=True, eq=False)
class Api:
    """The behaviour of one vendor's API.

    `handlers` by operationId; `collections` by name; `seed` fills a new world from the parsed
    fixtures. `adopt` turns a recorded response into rows, `show` a row into what a client sees.
    `seeded` gives the world with its seed data in place. `traits` are what a calibration file can
    say of a request, `named` is the entity that a request is about. `shapes` are the wire shapes of
    an API with several. `credentials` says where it issues credentials.

    `row_format` is raised when rows of an earlier version can no longer be read.

    `settle` applies what is due by now, at its own time, before each request, and returns whether
    it wrote anything. What it writes may depend on the state and on when things were due, never on
    when it is called.
    """

    name: str
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    collections: Mapping[str, Collection] = field(default_factory=dict)
    seed: Seeder = no_seed
    settle: Callable[[World], bool] = nothing_due
    adopt: Adopt = nothing_adopted
    owns: Owns = owns_nothing
    show: Show = as_kept
    seeded: Callable[[World], Any] = as_it_is
    traits: TraitsOf = no_traits
    named: Named = names_nothing
    jobs: Jobs = Jobs()
    webhooks: Webhooks = Webhooks()
    wire: Wire = Wire()
    shapes: Shapes | None = None
    credentials: Credentials = field(default_factory=Credentials)
    row_format: int = 1

    @property
    def no_jobs(self) -> str:
        """Why no job can be steered, for an API without any."""
        return (
            f"the API {self.name!r} has no jobs that can be steered: nothing in it progresses "
            "with time. mockserver explain lists its lifecycles; a stub or a fault makes a request "
            "fail"
        )

    def claims(self, contract: Contract) -> bool:
        """Whether the document is this API's: most handlers find their operationId in it."""
        known = sum(1 for operation_id in self.handlers if operation_id in contract.by_id)
        return bool(self.handlers) and known >= 0.8 * len(self.handlers)
