"""What is sent to both sides, what each of them does, and where they part."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mockserver.verify.model import Exchange

Json = Any
STATUS_NAMES = ("status", "state", "phase", "stage")
"""What the field is called that says how far a thing is."""
MISSING: Any = object()
"""No JSON body: none was sent, or what came is none."""

Intent = Literal[
    "make", "read", "list", "change", "remove", "command", "refused", "unknown", "auth", "settle"
]
Kind = Literal[
    "status",
    "error",
    "schema",
    "default",
    "validation",
    "state",
    "lifecycle",
    "list",
    "headers",
]
KINDS: tuple[Kind, ...] = (
    "status",
    "error",
    "schema",
    "default",
    "validation",
    "state",
    "lifecycle",
    "list",
    "headers",
)
REFERENCE = re.compile(r"\{\{(\d+)((?:\.[^.{}]+)+)\}\}")


def reference(label: int, *names: str | int) -> str:
    """What stands in a step for a value of an earlier step's reply."""
    return "{{" + ".".join(map(str, (label, *names))) + "}}"


@dataclass(frozen=True)
class Step:
    """One request, the same for both sides: values of earlier replies are references.

    `label` names the step in references. `content` is a body as text, instead of JSON. `key` is
    whose credential goes along. `about` says in words what is special. `status_at` is where a
    job's status stands in the reply, for a step that waits until the job has settled.
    """

    label: int
    operation: str
    intent: Intent
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = MISSING
    content: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    key: Literal["own", "none", "wrong"] = "own"
    about: str = ""
    status_at: str = ""
    until: Literal["change", "end"] = "end"
    pages: int = 1

    @property
    def text(self) -> str:
        body = self.content if self.body is MISSING else json.dumps(self.body, sort_keys=True)
        return json.dumps(
            [
                *(self.operation, self.intent, self.key, self.until, self.pages, body),
                *(dict(self.path), dict(self.query), dict(self.headers)),
            ],
            sort_keys=True,
        )

    def needs(self) -> set[int]:
        """The steps whose replies it refers to."""
        return {int(label) for label, _ in REFERENCE.findall(self.text)}


@dataclass(frozen=True)
class Program:
    """Steps in their order. `origin` says which part of the generator made it."""

    steps: tuple[Step, ...]
    origin: str = ""

    def only(self, labels: set[int]) -> Program:
        return Program(tuple(s for s in self.steps if s.label in labels), self.origin)

    def closure(self, label: int) -> set[int]:
        """A step and all that it needs, directly or not."""
        by_label = {step.label: step for step in self.steps}
        found, todo = set[int](), [label]
        while todo:
            step = by_label.get(todo.pop())
            if step is not None and step.label not in found:
                found.add(step.label)
                todo += step.needs()
        return found

    @property
    def preparations(self) -> int:
        """How many steps do nothing but make or find what later ones refer to."""
        needed = {label for step in self.steps for label in step.needs()}
        return sum(s.intent in ("make", "list") and s.label in needed for s in self.steps)

    @property
    def digest(self) -> str:
        text = "\n".join(f"{step.label} {step.text}" for step in self.steps)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Listing:
    """What a walk through the pages of a list has shown.

    `rows` are those of things that this program made, in their order; `facts` are what holds of
    the pages whatever else is listed.
    """

    rows: tuple[Mapping[str, Json], ...]
    facts: frozenset[str]
    whole: bool


@dataclass
class Seen:
    """What one side did at one step. `value` is the last reply's JSON, or MISSING.

    `skipped`: a reference led nowhere, so nothing was sent. `states` are the statuses on the way of
    a job that was waited for, `stays` how many seconds it was in those that it left.
    """

    step: Step
    exchanges: list[Exchange] = field(default_factory=list)
    value: Json = MISSING
    listing: Listing | None = None
    states: tuple[str, ...] = ()
    stays: tuple[tuple[str, float], ...] = ()
    skipped: bool = False

    @property
    def last(self) -> Exchange:
        return self.exchanges[-1]

    @property
    def status(self) -> int:
        return self.last.status


@dataclass
class Run:
    """One program on one side. `fine_clock`: its timestamps tell moments within a second apart."""

    program: Program
    seen: list[Seen]
    fine_clock: bool = False
    edges: frozenset[tuple[str, str, str]] = frozenset()
    """Operation, status, next status, of everything that was seen twice."""

    def __iter__(self) -> Iterator[Seen]:
        return iter(self.seen)


@dataclass(frozen=True)
class Mismatch:
    """One place where the real side did what none of the mock's runs did."""

    label: int
    operation: str
    kind: Kind
    at: str
    real: str
    mock: str
    about: str = ""

    @property
    def signature(self) -> tuple[str, str, str, str]:
        """Equal for what is the same difference in another program."""
        detail = self.about if self.kind == "validation" else ""
        return (self.operation, self.kind, self.at, detail)


def identity(signature: tuple[str, str, str, str]) -> str:
    """A short name that is the same in every run."""
    return hashlib.sha256("\0".join(signature).encode()).hexdigest()[:8]


@dataclass
class Difference:
    """A mismatch that came again, with the shortest program that shows it, on both sides."""

    mismatch: Mismatch
    program: Program
    real: Run
    mock: Run
    count: int = 1
    where: str = ""

    @property
    def id(self) -> str:
        return identity(self.mismatch.signature)


@dataclass
class Report:
    """The outcome of a differential run.

    `cells` say of each operation and kind how often it was compared.
    """

    title: str
    spec: str
    real: str
    mock: str
    seed: int
    differences: list[Difference] = field(default_factory=list)
    cells: dict[tuple[str, Kind], int] = field(default_factory=dict)
    known: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """Differences that the lock file accepts, by signature: how often they were met."""
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    programs: int = 0
    steps: int = 0
    real_requests: int = 0
    mock_requests: int = 0
    habits: Mapping[str, Json] = field(default_factory=dict)
    """By operation, what the real side does of its own accord, as a lock file has it."""
    seconds: float = 0.0
    digest: str = ""
    """Of all programs: equal when two runs sent the same."""

    @property
    def exit_code(self) -> int:
        if self.errors:
            return 2
        return 1 if self.differences else 0
