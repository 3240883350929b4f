"""The lifecycle checks as one call: the tour, then the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mockserver.contract.model import Contract
from mockserver.verify.model import Finding
from mockserver.verify.target import Target

from . import clock, feather
from .derive import derive
from .describe import Api
from .session import Session
from .tour import tour


@dataclass(frozen=True)
class Effort:
    """How long to look. `patience` is how many seconds a real clock is waited for."""

    examples: int = 25
    steps: int = 30
    patience: float = 60


def describe(contract: Contract) -> Api:
    """By hand where the operations are known, else from the document."""
    if feather.claims(contract):
        return feather.describe(contract)
    return derive(contract)


def run(
    target: Target,
    effort: Effort,
    hear: Callable[[Finding], None],
    note: Callable[[str], None],
    *,
    surroundings: clock.Surroundings,
    other_key: str = "",
    seed: int = 1,
) -> None:
    """Hear every finding. Raises NoReply if the server goes away."""
    api = describe(target.contract)
    time = surroundings.time

    def new_session() -> Session:
        surroundings.reset()
        return Session(target, api, other=other_key, time=time)

    session = new_session()
    broken = False
    for finding in tour(session, note):
        broken = True
        hear(finding)
    clean_up(session)
    if effort.examples and not broken:
        from .machine import run_machine

        sessions: list[Session] = []

        def remembered() -> Session:
            sessions.append(new_session())
            return sessions[-1]

        found = run_machine(remembered, examples=effort.examples, steps=effort.steps, start=seed)
        if found is not None:
            hear(found)
        for session in sessions:
            clean_up(session)


def clean_up(session: Session) -> None:
    """Remove what the session made and has not removed, the newest first."""
    if session.time.still:
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
