"""Run the lifecycle checks: the tour, then the state machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
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
    """Limits of a run. `patience` is how many seconds to wait on a real clock."""

    examples: int = 25
    steps: int = 30
    patience: float = 60
    seconds: float = 1800
    """Maximum number of steps."""


def describe(
    contract: Contract, *, wrapped: bool = False, overrides: Mapping[str, Any] | None = None
) -> Api:
    """The hand-written description if its operations match, else derived (`wrapped` as in
    `derive`)."""
    for claims, known in BY_HAND:
        if claims(contract):
            # The effects of its verbs are hand-written.
            return replace(known(contract), commands=())
    return derive(contract, wrapped=wrapped, overrides=overrides)


def described(contract: Contract, sandbox: Sandbox, *, wrapped: bool = False) -> Api:
    """The description with the sandbox settings' overrides and bodies."""
    api = describe(contract, wrapped=wrapped, overrides=sandbox.overrides)
    return replace(api, bodies={**api.bodies, **sandbox.bodies}) if sandbox.bodies else api


@dataclass
class Lifecycles:
    """The tour and the state machine on one target. Both raise NoReply if the server is gone."""

    target: Target
    surroundings: clock.Surroundings
    note: Callable[[str], None]
    other_key: str = ""
    sandbox: Sandbox = field(default_factory=Sandbox)

    def __post_init__(self) -> None:
        self.api = described(self.target.contract, self.sandbox)
        self.sessions: list[Session] = []

    def session(self) -> Session:
        """A new session, on a reset world where possible."""
        self.surroundings.reset()
        session = Session(self.target, self.api, other=self.other_key, time=self.surroundings.time)
        self.sessions.append(session)
        return session

    def tour(
        self,
        seconds: float = 1800,
        probes: Collection[str] = frozenset(),
        finished: Collection[str] = frozenset(),
        finish: Callable[[str], None] = lambda name: None,
    ) -> Iterator[Finding]:
        """Run each check once, in a fixed order; only some, if `probes` are named, and none that
        an earlier run has `finished`."""
        end = time.monotonic() + seconds
        yield from tour(self.session(), self.note, end, probes, finished, finish)
        self.clean_up()

    def machine(self, effort: Effort, seed: int) -> Finding | None:
        """Run checks in random order; returns the shortest sequence that breaks an invariant."""
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
    """Remove what the session created, newest first, unless a ledger takes care of it."""
    if session.time.still or session.target.ownership is not None:
        return
    for entity in reversed(session.entities):
        if entity.alive and entity.resource.remove:
            session.target.send(
                session.operation(entity.resource.remove).method,
                _path(session, entity.resource.remove, entity.where),
                source="cleanup",
            )


def _path(session: Session, operation_id: str, where: dict[str, str]) -> str:
    from mockserver.verify.target import fill

    return fill(session.operation(operation_id).path, where)
