"""Programs that are sent to both sides, their runs, and the differences."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.verify.model import Coverage, Exchange, Finding, Result

STATUS_NAMES = ("status", "state", "phase", "stage")
"""Names of status fields."""


def status_name(value: Mapping[str, Json]) -> str:
    """The name of the status field, or ""."""
    return next((name for name in STATUS_NAMES if isinstance(value.get(name), str)), "")


Intent = Literal[
    "make", "read", "list", "change", "remove", "command", "refused", "unknown", "auth", "settle"
]
Kind = Literal[
    "status", "error", "schema", "default", "validation", "state", "lifecycle", "list", "headers"
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
REFERENCE = re.compile(r"\{\{(\d+)((?:\.[^.{}]+)+)\}\}")


def reference(label: int, *names: str | int) -> str:
    """The placeholder in a step for a value of an earlier step's reply."""
    return "{{" + ".".join(map(str, (label, *names))) + "}}"


@dataclass(frozen=True)
class Step:
    """One request, the same for both sides; references stand for values of earlier replies.

    `label` names the step in references. `content` is a raw body in place of JSON. `key` is the
    credential to send. `about` describes what is special about it. `status_at` is the path of a
    job's status in the reply, for a step that waits until the job has settled; `until` says for
    what: its next state, the end of the first of its parts, or its own end.
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
    until: Literal["change", "part", "end"] = "end"
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
    """Steps in order. `origin` is the part of the generator that created it."""

    steps: tuple[Step, ...]
    origin: str = ""

    def only(self, labels: set[int]) -> Program:
        return Program(tuple(s for s in self.steps if s.label in labels), self.origin)

    def closure(self, label: int) -> set[int]:
        """A step and all steps that it needs, directly or not."""
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
        """The number of steps that only create or find what later ones refer to."""
        needed = {label for step in self.steps for label in step.needs()}
        return sum(s.intent in ("make", "list") and s.label in needed for s in self.steps)

    @property
    def digest(self) -> str:
        text = "\n".join(f"{step.label} {step.text}" for step in self.steps)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Listing:
    """The result of reading the pages of a list.

    `rows` are those of entities of this program, in order; `facts` are properties of the pages that
    hold whatever they list.
    """

    rows: tuple[Mapping[str, Json], ...]
    facts: frozenset[str]
    whole: bool


@dataclass
class Seen:
    """What one side did at one step. `value` is the last reply's JSON, or MISSING.

    `skipped`: a reference had no value, so nothing was sent. `states` are the states of an awaited
    job, `stays` the seconds that it spent in those it left.
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
    """One program on one side. `fine_clock`: timestamps have a resolution below a second."""

    program: Program
    seen: list[Seen]
    fine_clock: bool = False
    edges: frozenset[tuple[str, str, str]] = frozenset()
    """Observed transitions: operation, status, next status."""

    def __iter__(self) -> Iterator[Seen]:
        return iter(self.seen)


@dataclass(frozen=True)
class Mismatch:
    """A place where the real side did what none of the mock's runs did."""

    label: int
    operation: str
    kind: Kind
    at: str
    real: str
    mock: str
    about: str = ""

    @property
    def signature(self) -> tuple[str, str, str, str]:
        """Identifies the difference across programs."""
        detail = self.about if self.kind == "validation" else ""
        return (self.operation, self.kind, self.at, detail)


def identity(signature: tuple[str, str, str, str]) -> str:
    """A short id that is the same in every run."""
    return hashlib.sha256("\0".join(signature).encode()).hexdigest()[:8]


@dataclass
class Difference:
    """A confirmed mismatch with the shortest program that shows it, run on both sides."""

    mismatch: Mismatch
    program: Program
    real: Run
    mock: Run
    count: int = 1
    where: str = ""

    @property
    def id(self) -> str:
        return identity(self.mismatch.signature)

    @property
    def finding(self) -> Finding:
        """The difference as other commands report what they find."""
        found = self.mismatch
        about = f"{found.about}: " if found.about else ""
        steps: list[Exchange] = []
        for seen in self.real:
            steps += seen.exchanges
            if seen.step.label == found.label:
                break
        return Finding(
            found.kind,
            self.where,
            f"{found.kind} {found.at}".strip(),
            f"{about}the real API has {found.real}, the mock {found.mock}",
            steps,
            "diff",
            self.count,
        )


@dataclass
class Report:
    """The result of a differential run.

    `cells` count how often each operation and kind was compared.
    """

    title: str
    spec: str
    real: str
    mock: str
    seed: int
    differences: list[Difference] = field(default_factory=list)
    cells: dict[tuple[str, Kind], int] = field(default_factory=dict)
    known: dict[tuple[str, str, str, str], int] = field(default_factory=dict)
    """How often each difference accepted by the calibration file occurred, by signature."""
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    programs: int = 0
    steps: int = 0
    real_requests: int = 0
    sequence_requests: int = 0
    """The requests of sequences among those to the real side; the others are to clean up."""
    mock_requests: int = 0
    habits: Mapping[str, Json] = field(default_factory=dict)
    """Observed values and durations by operation, in the calibration file's format."""
    samples: list[Mapping[str, Json]] = field(default_factory=list)
    """Pairs of replies, as `samples` makes them."""
    runs: list[Run] = field(default_factory=list)
    """What the real side did in each program."""
    calibration: Mapping[str, Json] = field(default_factory=dict)
    """The calibration file that the mock followed: `operations` and `known`."""
    seconds: float = 0.0
    digest: str = ""
    """Digest of all programs: equal when two runs sent the same."""
    coverage: Coverage = field(default_factory=Coverage)
    """What the real side's operations returned."""
    documented: Mapping[str, list[str]] = field(default_factory=dict)
    """The statuses of each operation in the document."""

    @property
    def exit_code(self) -> int:
        if self.errors:
            return 2
        return 1 if self.differences else 0

    def as_result(self) -> Result:
        """The run as the reports of other commands read it."""
        return Result(
            self.title,
            self.real,
            findings=[difference.finding for difference in self.differences],
            coverage=self.coverage,
            documented=dict(self.documented),
            errors=self.errors,
            notes=self.notes,
            requests=self.real_requests,
            seconds=self.seconds,
            seed=self.seed,
            digest=self.digest,
            what="Differential test",
        )
