"""Run `mockserver diff`."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import click

from mockserver.files.documents import read_contract
from mockserver.files.wording import counted
from mockserver.inference.build import build_plan
from mockserver.openapi.model import Contract
from mockserver.verify import reports
from mockserver.verify.access import check_host, open_target
from mockserver.verify.causes import expired
from mockserver.verify.cleanup import clean_up, note_others
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.calibration_file import Locked, read_lock
from mockserver.verify.diff.differ import Differ
from mockserver.verify.diff.mock_side import Mocks, check_mock, own_mocks
from mockserver.verify.diff.model import Program, Report
from mockserver.verify.diff.programs.random import programs
from mockserver.verify.diff.report import fidelity_of, lines, write
from mockserver.verify.diff.runner import CannotJudge, Side
from mockserver.verify.ledger import Ledger
from mockserver.verify.lifecycle.clock import clock_of, is_mock, reset
from mockserver.verify.lifecycle.run import described
from mockserver.verify.lifecycle.session import (
    UNREADABLE,
    Broken,
    CannotMake,
    Inconclusive,
    Session,
)
from mockserver.verify.model import Exchange
from mockserver.verify.ownership import Ownership
from mockserver.verify.reports import report_folder
from mockserver.verify.reports.terminal import Progress
from mockserver.verify.sandbox import LOOPBACK, Sandbox, run_hooks
from mockserver.verify.signals import acknowledge, ended_like_ctrl_c
from mockserver.verify.target import NoReply, Target, preflight


def tried(knowledge: Knowledge, target: Target, out: Collection[str]) -> tuple[Knowledge, str]:
    """What is known, with what refusals have shown about creations (but not about those that are
    left `out`), and a note on that. Raises NoReply if the server is gone."""
    api = described(knowledge.contract, knowledge.sandbox)
    makeable = {name: r for name, r in api.resources.items() if r.create and r.create not in out}
    session = Session(target, replace(api, resources=makeable))
    for resource in makeable.values():
        session.begin()
        with suppress(CannotMake, Broken, Inconclusive, RecursionError, *UNREADABLE):
            try:
                session.some(resource.name)
            except NoReply as error:
                if error.how == "key" or not target.is_there():
                    raise
    learned = {create: one for create, one in session.learned.items() if one}
    resources = {
        name: learned[r.create].applied(r) if r.create in learned else r
        for name, r in knowledge.api.resources.items()
    }
    known = replace(knowledge, api=replace(knowledge.api, resources=resources))
    told = [f"{create} ({one})" for create, one in sorted(learned.items())]
    note = f"creations that take another body than the document says: {', '.join(told)}"
    return known, note if told else ""


# Record creations on the real side before they are sent, and remove them afterwards.


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


@dataclass
class Keeper:
    """The ledger of a run, which the target writes to. `stuck` are entities that could not be
    removed, with reasons."""

    ledger: Ledger
    target: Target
    knowledge: Knowledge
    stuck: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # `only_harmless` has chosen the programs; permit everything here, and record it.
        self.ownership = Ownership(
            self.knowledge.contract,
            build_plan(self.knowledge.contract, self.knowledge.sandbox.overrides),
            self.ledger,
            disposable=True,
            given=self.knowledge.sandbox.params,
            overrides=self.knowledge.sandbox.overrides,
            probe=self.target.status_of,
            look=self.target.value_of,
        )
        self.target.ownership = self.ownership

    def clean(self, check: bool = False) -> None:
        """Remove what the ledger lists; `check` at the end whether it is gone. Raises NoReply."""
        ledger = self.ledger
        if check or ledger.pending or any(True for _ in ledger.left()):
            left = clean_up(ledger, self.target, self.ownership, lambda text: None, check=check)
            self.stuck = {**({} if check else self.stuck), **dict.fromkeys(left)}


def dangerous(knowledge: Knowledge, creating: bool) -> set[str]:
    """Operations on everything or of unknown effect and, unless `creating`, creations of what
    can't be removed again."""
    contract, sandbox = knowledge.contract, knowledge.sandbox
    if sandbox.disposable:
        return set()
    ownership = Ownership(
        contract,
        build_plan(contract, sandbox.overrides),
        allowed=sandbox.allowed_operations(contract),
        given=sandbox.params,
    )
    made = ("create", "clone") if creating else ()
    return {
        op.id
        for op in contract.operations
        if ownership.kind(op)[0] == "never" and ownership.plan.actions[op.id].kind not in made
    }


def only_harmless(
    programs: Iterable[Program], out: Collection[str], left_out: set[str]
) -> Iterator[Program]:
    """Programs without these operations; those that were left out are added to `left_out`."""
    for program in programs:
        risky = {
            step.operation
            for step in program.steps
            if step.operation in out and not (step.path and step.intent in _REFUSED)
        }
        if risky:
            left_out |= risky
        else:
            yield program


def only_in_view(programs: Iterable[Program], knowledge: Knowledge) -> Iterator[Program]:
    """Programs without the operations that the settings exclude and what depends on them, if one
    of those to test is left."""
    contract, sandbox = knowledge.contract, knowledge.sandbox
    out, view = sandbox.left_out(contract), sandbox.in_view(contract)
    for program in programs:
        kept = {s.label for s in program.steps if s.operation not in out}
        kept = {label for label in kept if program.closure(label) <= kept}
        rest = program if len(kept) == len(program.steps) else program.only(kept)
        if any(step.operation in view for step in rest.steps):
            yield rest


_REFUSED = ("auth", "unknown")
"""Intents of requests that a server refuses, if it keeps to the ids in their paths."""
POLITE = 5.0
"""Default requests per second to a remote server."""


@dataclass(frozen=True)
class Order:
    """The options of a run. `rate` 0 stands for the default."""

    spec: str
    real: str
    mock: str = ""
    key: str = "mock-key"
    headers: dict[str, str] = field(default_factory=dict)
    allowed: Sequence[str] = ()
    seed: int = 1
    examples: int = 50
    rate: float = 0.0
    timeout: float = 10.0
    patience: float = 30.0
    ledger: str = "diff-ledger.ndjson"
    report_dir: str = ""
    leave_behind: bool = False
    most: int = 200
    shorten: bool = True
    lock: str = ""
    """A calibration file: the mock follows it, and its known differences are not reported."""
    serve: Sequence[str] = ()
    """Options of the mock that the run starts."""
    sandbox: Sandbox = field(default_factory=Sandbox)
    """Further settings: credentials, parameters, bodies, operations, ignored differences."""

    @property
    def whole(self) -> Sandbox:
        """All settings about the real side."""
        rate = self.rate or (1e6 if is_loopback(self.real) else POLITE)
        return replace(
            self.sandbox,
            url=self.real,
            key=self.key,
            headers=self.headers,
            timeout=self.timeout,
            rate=rate,
        )


def run_diff(order: Order, quiet: bool = False) -> int:
    """Run, and return the exit code. Raises UsageError, ContractError."""
    progress = Progress(quiet=quiet, noun="difference")
    document, contract = read_contract(order.spec)
    folder = report_folder(order.report_dir) if order.report_dir else None
    order.sandbox.check(contract)
    run_hooks(order.sandbox.setup, "setup", order.real)
    try:
        with ended_like_ctrl_c() as stop:
            report, knowledge = differential(order, contract, progress)
    finally:
        progress.clear()
        run_hooks(order.sandbox.teardown, "teardown", order.real)
    fidelity = fidelity_of(report, knowledge)
    result = report.as_result()
    for line in (*lines(report, fidelity), *reports.report(result, os.environ)):
        click.echo(line)
    if folder is not None:
        for file in write(report, fidelity, contract, document, Path(folder)):
            click.echo(f"  {file}")
    return stop.exit_code if "interrupted" in report.errors else report.exit_code


def differential(
    order: Order, contract: Contract, progress: Progress | None = None
) -> tuple[Report, Knowledge]:
    """The run itself. Raises UsageError if there is nothing to compare."""
    if not is_loopback(order.real):
        check_host(contract, order.real, order.allowed)
    knowledge = Knowledge.of(contract, order.sandbox)
    progress = progress or Progress(quiet=True)
    report = Report(contract.title, order.spec, order.real, order.mock or "its own", order.seed)
    report.documented = {op.id: list(op.responses) for op in contract.operations}
    lock = read_lock(order.lock) if order.lock else Locked()
    report.calibration = lock.written
    start = time.monotonic()

    def count(exchange: Exchange) -> None:
        report.real_requests += 1
        report.coverage.add(exchange)
        if progress.is_due:
            progress.watch(report.as_result())

    with real_side(order, knowledge, report) as real:
        real.target.watchers.append(count)
        try:
            _compare(order, knowledge, report, real, lock, progress)
        except KeyboardInterrupt:
            acknowledge()
            report.errors.append("interrupted")
        for exchange in real.target.persistence.passing:
            report.notes.append(
                f"{exchange.method} {exchange.url} returned {exchange.status} once, not again"
            )
    _ignore(report, order.sandbox)
    report.seconds = time.monotonic() - start
    gone = (
        lock.known.keys() - report.known.keys() - {d.mismatch.signature for d in report.differences}
    )
    if gone and not report.errors:
        report.notes.append(
            f"{counted(len(gone), 'difference')} of {order.lock} did not occur; "
            "remove from the file what the server no longer does"
        )
    return report, knowledge


def _compare(
    order: Order, knowledge: Knowledge, report: Report, real: Side, lock: Locked, progress: Progress
) -> None:
    """Run the programs on both sides. Raises UsageError if there is nothing to compare."""
    is_reset = _begin(real, knowledge)
    if not is_reset and isinstance(real.keeper, Keeper):
        knowledge = _tried(order, knowledge, report, real, real.keeper)
    with (
        mock_urls(order) as urls,
        Mocks(knowledge, urls, order.timeout, shortest=lock.shortest, own=not order.mock) as mocks,
    ):
        differ = Differ(
            mocks,
            report,
            real=real,
            most=order.most,
            shorten=order.shorten,
            accepted=lock.known,
            in_use=lock.in_use,
            borrow=is_loopback(order.real) and not order.sandbox.exclude,
            progress=progress.step,
            view=order.sandbox.in_view(knowledge.contract),
        )
        try:
            differ.run(chosen(order, knowledge, report, is_reset))
        except (CannotJudge, NoReply) as error:
            report.errors.append(str(error))


def _tried(
    order: Order, knowledge: Knowledge, report: Report, real: Side, keeper: Keeper
) -> Knowledge:
    """What is known, with what the real side takes. Nothing is left of the attempts."""
    out = dangerous(knowledge, order.leave_behind or is_loopback(order.real))
    out |= order.sandbox.left_out(knowledge.contract)
    try:
        found, note = tried(knowledge, real.target, out)
    finally:
        keeper.clean()
    report.notes += [note] if note else []
    return found


def _begin(real: Side, knowledge: Knowledge) -> bool:
    """Check that there is something to compare, and note what is there; returns whether it is a
    mock, which has no ledger, as it is reset. Raises UsageError."""
    keeper = real.keeper
    if not isinstance(keeper, Keeper):
        preflight(real.target)
        real.speaks = True
        return True
    preflight(real.target, dangerous(knowledge, creating=True))
    real.speaks = True
    note_others(keeper.ledger, real.target, keeper.ownership)
    return False


def chosen(
    order: Order, knowledge: Knowledge, report: Report, disposable: bool = False
) -> Iterator[Program]:
    """The programs, without those that would touch what is not the run's own, or would leave
    something behind where that matters."""
    found = only_in_view(programs(knowledge, order.seed, order.examples), knowledge)
    if disposable:
        yield from found
        return
    left_out: set[str] = set()
    out = dangerous(knowledge, order.leave_behind or is_loopback(order.real))
    yield from only_harmless(found, out, left_out)
    if left_out:
        names = ", ".join(sorted(left_out))
        report.notes.append(
            "not sent, because what they create can't be removed, or their effect is unknown: "
            f"{names} (--allow permits one, --disposable all)"
        )


@contextmanager
def mock_urls(order: Order) -> Iterator[list[str]]:
    """The given mock, or two of its own with different seeds."""
    if order.mock:
        check_mock(order.mock)
        yield [order.mock]
    else:
        options = [*order.serve, *(["--calibration", order.lock] if order.lock else [])]
        with own_mocks(order.spec, (order.seed, order.seed + 1), options) as urls:
            yield urls


@contextmanager
def real_side(order: Order, knowledge: Knowledge, report: Report) -> Iterator[Side]:
    """The rate-limited real side; at the end its creations are removed and the ledger is closed."""
    tenant = {"x-mock-tenant": order.key}
    target, _ = open_target(knowledge.contract, order.whole)
    with target:
        side = Side(
            target,
            knowledge,
            clock_of(target, order.patience),
            judged=True,
            patience=order.patience,
        )
        if is_mock(target):
            # A mock can be reset, and its worlds are separate even without credentials.
            target.headers = {**tenant, **target.headers}
            side.before = partial(_reset, target)
            yield side
            return
        ledger = Ledger.create(order.ledger, order.real)
        keeper = side.keeper = Keeper(ledger, target, knowledge)
        try:
            yield side
        finally:
            with suppress(NoReply):
                keeper.clean(check=True)
            ledger.close()
            _report_leftovers(keeper, report, order)


def _report_leftovers(keeper: Keeper, report: Report, order: Order) -> None:
    """Report what could not be removed, and how to remove it."""
    left = max(len(list(keeper.ledger.left())), len(keeper.stuck))
    if left:
        report.notes.append(
            f"{left} entities could not be removed ({next(iter(keeper.stuck), 'no response')}): "
            f"try mockserver fuzz {order.spec} --cleanup {order.ledger} --api-key ..."
        )


def _ignore(report: Report, sandbox: Sandbox) -> None:
    """Drop the differences that the settings ignore, and note the reasons."""
    ignored: Counter[str] = Counter()
    for difference in list(report.differences):
        rules = [rule for rule in sandbox.ignores if rule.covers(difference.finding)]
        active = next((rule for rule in rules if not rule.expired), None)
        if active is not None:
            report.differences.remove(difference)
            ignored[f"ignored: {active.reason}"] += 1
        elif rules:
            ignored[expired(rules[0].reason, rules[0].until.isoformat())] += 1
    report.notes += [f"{counted(count, 'difference')} {why}" for why, count in ignored.items()]


def _reset(target: Target) -> None:
    reset(target)
