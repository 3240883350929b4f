"""One side of a differential run: it executes programs and removes what they create."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Protocol

from mockserver.errors import UsageError
from mockserver.openapi.document import MISSING
from mockserver.openapi.model import Json
from mockserver.verify.diff.api import READS, Knowledge, Lists
from mockserver.verify.diff.model import (
    REFERENCE,
    Listing,
    Program,
    Run,
    Seen,
    Step,
    status_name,
)
from mockserver.verify.lifecycle.clock import Manual, Real, Time
from mockserver.verify.model import Exchange
from mockserver.verify.needed_headers import json_type
from mockserver.verify.replies import id_in
from mockserver.verify.target import Target, fill

TICK = 0.01
"""Seconds by which a manual clock advances before each write."""
MOST_PAGES = 25
SHORT = 1.0
"""Seconds to wait for a job whose like has not moved before."""
WAITS = (*[1.0] * 15, *[5.0] * 10, *[30.0] * 10, *[300.0] * 6)
FINE = 8
"""Additional short steps first, if the states of a job are known to be short."""
GATEWAY = (502, 503, 504)
OPEN = re.compile(
    r"(?i)^(pending|queued|created|new|scheduled|waiting.*|submitted|accepted|init\w*|started|"
    r"starting|running|in[_ -]?progress|processing|active_run|executing|working|syncing|building)$"
)
"""States of a job in progress."""


class Keeper(Protocol):
    """Records creations, so that they can be removed."""

    def clean(self) -> None: ...


class CannotJudge(UsageError):
    """The real side is in no state to be compared; the message states why, and what to do."""


def parsed(exchange: Exchange) -> Json:
    try:
        return exchange.json() if exchange.body else MISSING
    except (ValueError, RecursionError):
        return MISSING


_MILLISECONDS = 3
_CLOSE = 0.005
"""Seconds between two requests in which a clock of milliseconds may stand still."""


def is_fine(texts: str, moments: Sequence[float]) -> bool:
    """Whether timestamps in the replies tell any two requests apart, which were sent at these
    moments: they have microseconds, or milliseconds where none follows closely."""
    found = re.findall(r"T\d\d:\d\d:\d\d\.(\d*[1-9]\d*)", texts)
    digits = [len(fraction) for fraction in found]
    if max(digits, default=0) > _MILLISECONDS:
        return True
    return bool(digits) and all(b - a > _CLOSE for a, b in pairwise(moments))


def at(value: Json, path: str) -> Json:
    """The value at a dotted path, or MISSING."""
    for name in path.split("."):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return MISSING
    return value


@dataclass
class Side:
    """A target and its settings.

    `judged` marks the real side, whose failures raise CannotJudge. `variant` is how far a manual
    clock advances before each step, in addition to the tick, in seconds; `shortest` is the minimum
    time that a job stays in a state, 0 if irrelevant.
    """

    target: Target
    knowledge: Knowledge
    time: Time
    judged: bool = False
    variant: float = 0.0
    shortest: float = 0.0
    patience: float = 30.0
    before: Callable[[], None] = lambda: None
    carried: str = ""
    """The header of a mock's request that says how long before it is; "" if it takes none."""
    keeper: Keeper | None = None
    requests: int = 0
    speaks: bool = False
    """Whether the API itself has responded."""
    _elapsed: float = 0.0
    _values: dict[int, Json] = field(default_factory=dict)
    _own: set[str] = field(default_factory=set)
    _last: dict[str, tuple[str, str]] = field(default_factory=dict)
    _edges: set[tuple[str, str, str]] = field(default_factory=set)
    _still: set[str] = field(default_factory=set)
    """Operations that showed a job which did not move as long as anybody waited."""

    def execute(self, program: Program) -> Run:
        """Run all steps in order. Raises NoReply, and CannotJudge for the real side."""
        self._values, self._own, self._last, self._edges = {}, set(), {}, set()
        self._elapsed = 0.0
        self.before()
        try:
            seen = [self._step(step) for step in program.steps]
        finally:
            if self.keeper:
                self.keeper.clean()
        texts = "\n".join(s.last.body.decode("utf-8", "replace") for s in seen if s.exchanges)
        moments = [exchange.at for one in seen for exchange in one.exchanges]
        return Run(program, seen, is_fine(texts, moments), frozenset(self._edges))

    def _step(self, step: Step) -> Seen:
        concrete = self._concrete(step)
        if concrete is None:
            return Seen(step, skipped=True)
        if isinstance(self.time, Manual) and (self.variant or self._writes(step)):
            self._pass(TICK + self.variant)
        listing = step.operation in self.knowledge.lists
        if listing:
            seen = self._walk(concrete)
        elif step.intent == "settle":
            seen = self._settle(concrete)
        else:
            exchange = self._send(concrete)
            seen = Seen(concrete, [exchange], parsed(exchange))
        self._values[step.label] = seen.value
        if seen.value is MISSING and step.intent == "make":
            self._values[step.label] = id_in(seen.last.headers) or MISSING
        if not listing:
            self._learn(seen.value)
        if step.operation in self.knowledge.chosen and seen.exchanges and seen.status < 300:
            self._own.add(concrete.path[self.knowledge.chosen[step.operation]])
        self._watch(step.operation, seen.value)
        return replace(seen, step=step)

    def _pass(self, seconds: float) -> bool:
        """Let time pass, with the next request if it can say so; False at the time limit."""
        if not self.carried:
            return self.time.pass_(seconds)
        self._elapsed += seconds
        return True

    def _writes(self, step: Step) -> bool:
        return self.knowledge.contract.by_id[step.operation].method not in READS

    # --- references

    def _concrete(self, step: Step) -> Step | None:
        """The step with its references resolved; None if one has no value."""
        try:
            return replace(
                step,
                path={k: str(self._filled(v)) for k, v in step.path.items()},
                query={k: str(self._filled(v)) for k, v in step.query.items()},
                body=MISSING if step.body is MISSING else self._filled(step.body),
                headers={k: str(self._filled(v)) for k, v in step.headers.items()},
            )
        except LookupError:
            return None

    def _filled(self, value: Json) -> Json:
        if isinstance(value, str):
            whole = REFERENCE.fullmatch(value)
            if whole:
                return self._look(whole)
            return REFERENCE.sub(lambda found: str(self._look(found)), value)
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, dict):
            return {name: self._filled(item) for name, item in value.items()}
        return value

    def _look(self, found: re.Match[str]) -> Json:
        value = self._values.get(int(found[1]), MISSING)
        if not isinstance(value, str | int):
            # Otherwise the reply is nothing but the id.
            value = at(value, found[2][1:])
        if value is MISSING or value is None:
            raise LookupError(found[0])
        return value

    # --- sending

    def _send(self, step: Step, params: Mapping[str, str] | None = None) -> Exchange:
        operation = self.knowledge.contract.by_id[step.operation]
        keys = {"own": "", "none": None, "wrong": "no-such-key"}
        headers = dict(step.headers)
        content = None
        if step.content is not None:
            content = step.content.encode()
            headers.setdefault("content-type", json_type(operation))
        if self._elapsed:
            headers[self.carried] = f"advance={self._elapsed:g}"
            self._elapsed = 0.0
        self.requests += 1
        exchange = self.target.send(
            operation.method,
            fill(operation.path, step.path),
            body=None if step.body is MISSING else step.body,
            content=content,
            params=step.query if params is None else params,
            key=keys[step.key],
            headers=headers,
            operation=step.operation,
            source="diff",
        )
        if self.judged:
            self._is_well(exchange)
        return exchange

    def _is_well(self, exchange: Exchange) -> None:
        """Raises CannotJudge for a response that is not from the API."""
        where = f"{exchange.method} {exchange.url}"
        if exchange.status in GATEWAY:
            raise CannotJudge(
                f"{where} returned {exchange.status}: the service is down or restarting; "
                "try again when it is up"
            )
        if exchange.status == 429:
            raise CannotJudge(f"{where} keeps returning 429: too many requests; lower --rate")
        start = exchange.body.lstrip()[:15].lower()
        page = start.startswith((b"<!doctype html", b"<html"))
        # Frameworks refuse paths that they don't know with a page of their own.
        self.speaks = self.speaks or (not page and exchange.status < 300)
        if page and not (self.speaks and 400 <= exchange.status < 500):
            raise CannotJudge(
                f"{where} returned a web page (HTML), not a response of this API; check --real"
            )

    # --- lists

    def _walk(self, step: Step) -> Seen:
        """Read the pages of a list: as many as the step requests, or all."""
        lists = self.knowledge.lists[step.operation]
        exchanges: list[Exchange] = []
        pages: list[Json] = []
        params = dict(step.query)
        whole = False
        for _ in range(min(step.pages, MOST_PAGES)):
            exchange = self._send(step, params)
            exchanges.append(exchange)
            page = parsed(exchange)
            if exchange.status >= 300 or not lists.rows(page):
                whole = exchange.status < 300
                pages.append(page)
                break
            pages.append(page)
            cursor = lists.next(page)
            if cursor is None:
                whole = lists.is_last(page, step.query)
                break
            params[lists.paging.cursor_parameter] = cursor
        seen = Seen(step, exchanges, pages[-1])
        if exchanges[-1].status < 300:
            seen = replace(seen, listing=self._listing(lists, pages, step, whole))
        return seen

    def _listing(self, lists: Lists, pages: list[Json], step: Step, whole: bool) -> Listing:
        rows = [row for page in pages for row in lists.rows(page)]
        facts = set(lists.facts(pages, step.query, whole))
        own = [row for row in rows if self._is_own(row, lists)]
        return Listing(tuple(own), frozenset(facts), whole)

    def _is_own(self, row: Mapping[str, Json], lists: Lists) -> bool:
        """Whether a row belongs to this program: it was created here, or refers to an entity that
        was."""
        if str(row.get(lists.id_field)) in self._own:
            return True
        named = (str(v) for k, v in row.items() if k.endswith(("_id", "Id")) and v is not None)
        return any(value in self._own for value in named)

    def _learn(self, value: Json) -> None:
        """Remember ids of entities that this program has seen outside lists."""
        names = {"id", *self.knowledge.id_fields}
        for _, node in objects(value):
            for name in names & node.keys():
                if isinstance(node.get(name), str | int):
                    self._own.add(str(node[name]))

    # --- time

    def _settle(self, step: Step) -> Seen:
        """Read until the job is where the step wants it, or time is up."""
        exchanges: list[Exchange] = []
        states: list[str] = []
        stays: list[tuple[str, float]] = []
        moved, since = 0.0, 0.0
        start = time.monotonic()
        if isinstance(self.time, Real):
            still = step.operation in self._still
            self.time.deadline = start + min(self.patience, SHORT if still else self.patience)
        fine = [self.shortest / 2] * FINE if self.shortest else []
        for seconds in (0.0, *fine, *WAITS) if isinstance(self.time, Manual) else _steady():
            if seconds and not self._pass(seconds):
                break
            exchange = self._send(step)
            exchanges = [*exchanges[-3:], exchange]
            value = parsed(exchange)
            state = at(value, step.status_at)
            self._watch(step.operation, value)
            if not isinstance(state, str):
                break
            moved += seconds
            if not states or states[-1] != state:
                now = moved if isinstance(self.time, Manual) else time.monotonic() - start
                if states:
                    stays.append((states[-1], now - since))
                    since = now
                states.append(state)
            if _is_reached(step, states, value) or not OPEN.match(state):
                break
        if len(states) == 1 and OPEN.match(states[0]):
            self._still.add(step.operation)
        return Seen(
            step,
            exchanges,
            parsed(exchanges[-1]),
            states=tuple(states),
            stays=tuple(stays),
        )

    def _watch(self, operation: str, value: Json) -> None:
        """Record state transitions of entities. An entity's kind is where it was first seen."""
        for place, node in objects(value):
            state, identity = node.get(status_name(node)), node.get("id")
            if isinstance(state, str) and isinstance(identity, str | int):
                kind, before = self._last.get(str(identity), (f"{operation} {place}".strip(), ""))
                if before != state:
                    self._edges.add((kind, before, state))
                self._last[str(identity)] = (kind, state)


def _is_reached(step: Step, states: list[str], value: Json) -> bool:
    """Whether a job has changed its state, or one of its parts has ended."""
    if step.until == "part":
        found = [node.get(status_name(node)) for place, node in objects(value) if place]
        return any(isinstance(state, str) and not OPEN.match(state) for state in found)
    return step.until == "change" and len(states) > 1


def _steady() -> Iterator[float]:
    """Poll intervals for a real clock, which stops at its own deadline: short ones at first."""
    yield 0.0
    seconds = 0.1
    while True:
        yield seconds
        seconds = min(seconds * 1.1, 1.0)


def objects(value: Json, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a value, with its path; elements of a list share a path."""
    if isinstance(value, dict):
        yield place, value
    for name, child in _children(value):
        if isinstance(child, dict | list):
            yield from objects(child, f"{place}.{name}" if place else name)


def _children(value: Json) -> Iterable[tuple[str, Json]]:
    if isinstance(value, dict):
        return value.items()
    return (("*", child) for child in value) if isinstance(value, list) else ()
