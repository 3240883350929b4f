"""What the endpoints of the admin API receive: the panel that they work on, and the call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from mockserver.errors import BadRequest
from mockserver.records import dataclass
from mockserver.server.journal.coverage import Coverage
from mockserver.server.journal.journal import Journal
from mockserver.server.metrics import Metrics
from mockserver.server.mock import Mock
from mockserver.server.webhooks.delivery import Webhooks

DEFAULT_LIMIT = 100


@dataclass(eq=False)
class Panel:
    """The mock that the admin API works on. `source` is the user's name for the document.

    `state_file`: worlds outlive the process in a file. `draining`: it will end soon.
    """

    mock: Mock
    journal: Journal
    source: str = ""
    changed: Callable[[], None] = lambda: None
    state_file: bool = False
    sender: Webhooks | None = None
    coverage: Coverage | None = None
    metrics: Metrics | None = None
    draining: bool = False

    @property
    def webhooks(self) -> Webhooks:
        """The sender of webhooks."""
        if self.sender is None:
            self.sender = Webhooks(self.mock)
        return self.sender


@dataclass(frozen=True, eq=False)
class Call:
    """A request to the admin API: path values, query, JSON body."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def tenant(self) -> str | None:
        """The requested world; None for all of them."""
        found = self.query.get("tenant")
        if found == "":
            raise BadRequest("tenant is empty; omit it to select every world")
        return found


Handler = Callable[[Panel, Call], Any]


@dataclass(frozen=True, eq=False)
class Route:
    """A path below `/__mock__/`, its methods, and the query parameters of each."""

    path: str
    methods: Mapping[str, Handler]
    query: tuple[str, ...] = ()

    @property
    def allowed(self) -> list[str]:
        found = {*self.methods, "OPTIONS"}
        return sorted(found | {"HEAD"} if "GET" in found else found)


def limit_of(call: Call, usual: int = DEFAULT_LIMIT) -> int:
    """`?limit=`, or the default. Raises BadRequest."""
    return _whole(call, "limit", 1, usual)


def offset_of(call: Call) -> int:
    """`?offset=`: how many to leave out first. Raises BadRequest."""
    return _whole(call, "offset", 0, 0)


def _whole(call: Call, name: str, least: int, usual: int) -> int:
    text = call.query.get(name)
    if text is None:
        return usual
    if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < least:
        raise BadRequest(f"{name} must be an integer of at least {least}, not {text!r}")
    return int(text)
