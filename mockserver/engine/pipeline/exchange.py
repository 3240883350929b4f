"""What goes through the pipeline of a request, and what the pipelines of a mock share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from mockserver.engine.calibration import Lock
from mockserver.engine.faults import Faults, Injection
from mockserver.engine.leniency import STRICT, Leniency
from mockserver.engine.pipeline.authentication import FindIssued, admit_all, nothing_issued
from mockserver.engine.scenarios import Scenario
from mockserver.engine.serialization import Sent
from mockserver.engine.stubs import Stub, Stubs
from mockserver.openapi.model import Operation, Violation


@dataclass(slots=True)
class Message:
    """A request as received: header names in lower case, `path_values` decoded unless lists.

    `started` is when it had been read, in nanoseconds since 1970, if known; `caller` is the address
    it came from, None in process.
    """

    method: str
    target: str
    path_values: Mapping[str, str] = field(default_factory=dict)
    query: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    started: int = 0
    caller: str | None = None


@dataclass(slots=True)
class Exchange:
    """A request and its reply, for the journal. `now` is the time of the world, 0 if it wasn't
    read.

    `faults_version` is the version of the faults that were applied.
    """

    message: Message
    operation: Operation | None
    tenant: str = ""
    sent: Sent | None = None
    violations: tuple[Violation, ...] = ()
    problem: str = ""
    injection: Injection | None = None
    now: int = 0
    faults_version: int = 0
    stub: Stub | None = None
    upstream: str = ""


class Begin(Protocol):
    """A store's `begin`: a context manager around one transaction."""

    def __call__(self, tenant: str) -> Any: ...


def no_journal(exchange: Exchange) -> None:
    """A journal that keeps nothing."""


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """What the pipelines of one mock share, for all its documents.

    `begin` opens a transaction, `journal` receives every exchange, `serials` number the replies,
    `scenarios` wait for the next jobs by tenant, and `lock` is the calibration. A request may
    override `leniency`.
    """

    begin: Begin
    keys: tuple[str, ...] = ()
    tenant_of: Callable[[str], str] = str
    undocumented: str = "nearest"
    leniency: Leniency = STRICT
    journal: Callable[[Exchange], None] = no_journal
    serials: Iterator[int] = field(default_factory=lambda: count(1))
    faults: Faults = field(default_factory=Faults)
    scenarios: dict[str, list[Scenario | str]] = field(default_factory=dict)
    lock: Lock = field(default_factory=dict)
    issued: FindIssued = nothing_issued
    closed: bool = False
    admit: Callable[[str], None] = admit_all
    stubs: Stubs = field(default_factory=Stubs)
