"""The lifecycle checks as one call: the tour, then the machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mockserver.openapi.model import Contract
from mockserver.verify.lifecycle import clock, feather, speechify, truestate
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.model import Api
from mockserver.verify.lifecycle.session import Session
from mockserver.verify.lifecycle.walkthrough import tour
from mockserver.verify.model import Finding
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.target import Target

BY_HAND: tuple[tuple[Callable[[Contract], bool], Callable[[Contract], Api]], ...] = (
    (feather.claims, feather.describe),
    (truestate.claims, truestate.describe),
    (speechify.claims, speechify.describe),
)


@dataclass(frozen=True)
class Effort:
    """How long to look. `patience` is how many seconds a real clock is waited for."""

    examples: int = 25
    steps: int = 30
    patience: float = 60
    seconds: float = 1800
    """After so many nothing new is begun."""


def describe(
    contract: Contract, *, wrapped: bool = False, overrides: Mapping[str, Any] | None = None
) -> Api:
    """By hand where the operations are known, else from the document (`wrapped` as in `derive`)."""
    for claims, known in BY_HAND:
        if claims(contract):
            # What its verbs do is known by hand.
            return replace(known(contract), commands=())
    return derive(contract, wrapped=wrapped, overrides=overrides)


def described(contract: Contract, sandbox: Sandbox) -> Api:
    """With the corrections and the bodies of the sandbox settings."""
    api = describe(contract, overrides=sandbox.overrides)
    return replace(api, bodies={**api.bodies, **sandbox.bodies}) if sandbox.bodies else api


@dataclass
class Lifecycles:
    """The tour and the machine over one target. Both raise NoReply if the server goes away."""

    target: Target
    surroundings: clock.Surroundings
    note: Callable[[str], None]
    other_key: str = ""
    sandbox: Sandbox = field(default_factory=Sandbox)

    def __post_init__(self) -> None:
        self.api = described(self.target.contract, self.sandbox)
        self.sessions: list[Session] = []

    def session(self) -> Session:
        """A user who starts afresh, where that is possible."""
        self.surroundings.reset()
        session = Session(self.target, self.api, other=self.other_key, time=self.surroundings.time)
        self.sessions.append(session)
        return session

    def tour(self, seconds: float = 1800) -> Iterator[Finding]:
        """Everything once, in a fixed order."""
        yield from tour(self.session(), self.note, time.monotonic() + seconds)
        self.clean_up()

    def machine(self, effort: Effort, seed: int) -> Finding | None:
        """Everything in any order; the smallest sequence that breaks something."""
        from mockserver.verify.lifecycle.state_machine import run_machine

        found = run_machine(
            self.session,
            examples=effort.examples,
            steps=effort.steps,
            start=seed,
            seconds=effort.seconds,
        )
        self.clean_up()
        return found

    def clean_up(self) -> None:
        for session in self.sessions:
            clean_up(session)
        self.sessions.clear()


def clean_up(session: Session) -> None:
    """Remove what the session made and has not removed, the newest first; where there is a ledger,
    that is done by it."""
    if session.time.still or session.target.ownership is not None:
        return
    for thing in reversed(session.things):
        if thing.alive and thing.resource.remove:
            session.target.send(
                session.operation(thing.resource.remove).method,
                _path(session, thing.resource.remove, thing.where),
                source="cleanup",
            )


def _path(session: Session, operation_id: str, where: dict[str, str]) -> str:
    from mockserver.verify.target import fill

    return fill(session.operation(operation_id).path, where)
