"""Run the lifecycle checks: the tour, then the same checks in random order, as a Hypothesis state
machine over one session.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar, cast

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from mockserver.openapi.model import Contract
from mockserver.verify.lifecycle import (
    clock,
    crud_checks,
    feather,
    list_checks,
    speechify,
    truestate,
)
from mockserver.verify.lifecycle.infer import derive
from mockserver.verify.lifecycle.job_checks import Oracle
from mockserver.verify.lifecycle.model import Api
from mockserver.verify.lifecycle.session import (
    UNREADABLE,
    Broken,
    CannotMake,
    Entity,
    Inconclusive,
    Session,
)
from mockserver.verify.lifecycle.walkthrough import dispatch, tour
from mockserver.verify.model import Finding
from mockserver.verify.persistence import NoReply
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.target import Target

Step = TypeVar("Step", bound=Callable[..., None])


def in_time(step: Step) -> Step:
    """Skip a step after the time limit. An entity that can't be created or an operation without a
    response is no finding; Hypothesis would report it and retry."""

    @functools.wraps(step)
    def taken(self: Lifecycle, **given: Any) -> None:
        if time.monotonic() > self.end or self.gone:
            return
        try:
            step(self, **given)
        except (CannotMake, Inconclusive):
            pass
        except NoReply as error:
            if error.how == "key" or not self.session.target.is_there():
                type(self).gone.append(error)

    return cast(Step, taken)


PICK = st.integers(0, 2**16)


class Lifecycle(RuleBasedStateMachine):
    """Every example starts a new session, which a subclass provides."""

    new_session: ClassVar[Callable[[], Session]]
    end: ClassVar[float] = math.inf
    gone: ClassVar[list[NoReply]] = []

    def __init__(self) -> None:
        super().__init__()
        self.session = type(self).new_session()
        api = self.session.api
        self.oracle = Oracle(self.session, api.runs, self.session.time.still) if api.runs else None
        self.kinds = [
            r
            for r in api.resources.values()
            if r.create and not (api.runs and r.name == api.runs.resource)
        ]

    def _one(self, pick: int, needs: str = "") -> Entity | None:
        runs = self.oracle.runs.resource if self.oracle else ""
        fit = [
            t
            for t in self.session.entities
            if t.alive and t.resource.name != runs and (not needs or getattr(t.resource, needs))
        ]
        return fit[pick % len(fit)] if fit else None

    def _run(self, pick: int) -> Entity | None:
        runs = self.oracle.runs.resource if self.oracle else ""
        fit = [t for t in self.session.entities if t.alive and t.resource.name == runs]
        return fit[pick % len(fit)] if fit else None

    @rule(pick=PICK)
    @in_time
    def make(self, pick: int) -> None:
        if self.kinds:
            self.session.make(self.kinds[pick % len(self.kinds)])

    @rule(pick=PICK)
    @in_time
    def read(self, pick: int) -> None:
        entity = self._one(pick, "read")
        if entity is not None:
            crud_checks.read(self.session, entity)

    @rule(pick=PICK)
    @in_time
    def change(self, pick: int) -> None:
        entity = self._one(pick, "change")
        if entity is not None:
            crud_checks.change(self.session, entity)

    @rule(pick=PICK)
    @in_time
    def remove(self, pick: int) -> None:
        entity = self._one(pick, "remove")
        if entity is not None:
            crud_checks.remove(self.session, entity)

    @rule(pick=PICK)
    @in_time
    def list(self, pick: int) -> None:
        entity = self._one(pick, "list")
        if entity is not None:
            list_checks.listed(self.session, entity.resource, dict(entity.path))

    @rule(pick=PICK)
    @in_time
    def other_user(self, pick: int) -> None:
        entity = self._one(pick, "read")
        if entity is not None and self.session.other:
            crud_checks.foreign(self.session, entity)

    @precondition(lambda self: self.oracle is not None)
    @rule()
    @in_time
    def dispatch(self) -> None:
        assert self.oracle is not None
        dispatch(self.oracle, self.session.api.resources[self.oracle.runs.resource])

    @precondition(lambda self: self.oracle is not None)
    @rule(seconds=st.sampled_from([1, 3, 8, 20, 60]))
    @in_time
    def wait(self, seconds: int) -> None:
        assert self.oracle is not None
        if self.session.time.pass_(seconds):
            self.oracle.time_passes()

    @precondition(lambda self: self._run(0) is not None)
    @rule(pick=PICK, how=st.sampled_from(["poll", "poll child", "cancel", "retry"]))
    @in_time
    def run(self, pick: int, how: str) -> None:
        run, oracle = self._run(pick), self.oracle
        assert run is not None
        assert oracle is not None
        if how == "poll child" and oracle.runs.child:
            children = run.value[oracle.runs.children]
            oracle.read_child(children[pick % len(children)]["id"])
        elif how == "cancel":
            oracle.cancel(run)
        elif how == "retry" and oracle.runs.retry:
            oracle.retry(run)
        else:
            oracle.read(run)


def run_machine(
    new_session: Callable[[], Session],
    *,
    examples: int,
    steps: int,
    start: int,
    seconds: float = math.inf,
) -> Finding | None:
    """The shortest sequence that breaks an invariant, or None. Raises NoReply if the server is
    gone."""
    sessions: list[Session] = []

    def remembered() -> Session:
        sessions[:] = [new_session()]
        return sessions[0]

    options = settings(
        max_examples=examples,
        stateful_step_count=steps,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    gone: list[NoReply] = []
    members = {
        "new_session": staticmethod(remembered),
        "end": time.monotonic() + seconds,
        "gone": gone,
    }
    factory: Any = type("Machine", (Lifecycle,), members)
    try:
        run_state_machine_as_test(seed(start)(factory), settings=options)
    except Broken as broken:
        return broken.finding
    except UNREADABLE as error:
        return sessions[0].unreadable(error)
    except Flaky as flaky:
        # The server is not deterministic: what it did once is still a finding.
        group = flaky.exceptions if isinstance(flaky, BaseExceptionGroup) else ()
        once = next((error for error in group if isinstance(error, Broken)), None)
        if once is None:
            raise
        return replace(once.finding, title=f"{once.finding.title} (not every time)")
    if gone:
        raise gone[0]
    return None


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
        from mockserver.verify.lifecycle.run import run_machine

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
