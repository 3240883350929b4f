"""Run a whole verification: conformance, lifecycles, the second validator, baseline, reports."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from mockserver.errors import ContractError, UsageError
from mockserver.files.documents import read_contract
from mockserver.files.wording import counted
from mockserver.openapi.model import Contract
from mockserver.verify import baseline, reports
from mockserver.verify.access import (
    check_host,
    clean_up_only,
    open_target,
    ownership_of,
    permission_lines,
)
from mockserver.verify.baseline import Baseline
from mockserver.verify.causes import merged
from mockserver.verify.cleanup import clean_up
from mockserver.verify.conformance import schemathesis
from mockserver.verify.conformance.config import Budget, Settings, write_config
from mockserver.verify.conformance.exemptions import unlisted_refusal
from mockserver.verify.conformance.openapi_core import SecondJudge
from mockserver.verify.ledger import Ledger
from mockserver.verify.lifecycle import clock
from mockserver.verify.lifecycle.run import Effort, Lifecycles
from mockserver.verify.login import Login
from mockserver.verify.model import Exchange, Finding, Result
from mockserver.verify.only import PARTS, Only, only_of
from mockserver.verify.reports import terminal, write
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.reports.terminal import Progress
from mockserver.verify.sandbox import Sandbox, run_hooks
from mockserver.verify.signals import ended_like_ctrl_c
from mockserver.verify.target import NoReply, Target, preflight
from mockserver.verify.verdict import expired, report_trouble

MOCK_OTHER_KEY = "mock-other"
LONGEST_PHASE = 1800
"""Seconds for the lifecycle checks, unless --max-time is given."""


@dataclass(frozen=True)
class Plan:
    """What to run."""

    settings: Settings = field(default_factory=Settings)
    effort: Effort = field(default_factory=Effort)
    parts: tuple[str, ...] = PARTS
    only: Only = field(default_factory=Only)
    """Limits to earlier findings; its `parts` do not count."""
    other_key: str = ""
    baseline: str = ""
    second: bool = True
    stop_early: bool = False
    """Stop at the first finding."""
    sandbox: Sandbox = field(default_factory=Sandbox)
    login: Login | None = None


class EnoughError(Exception):
    """Ends the run after the first finding, if one is enough."""


def judge(
    target: Target,
    document: Mapping[str, Any],
    plan: Plan,
    record: Record,
    progress: Callable[[str], None] = lambda text: None,
    surroundings: clock.Surroundings | None = None,
    second: SecondJudge | None = None,
    watch: Callable[[Result], None] = lambda result: None,
) -> Result:
    """Run the plan against the target.

    `surroundings` default to those of the admin API; the second validator defaults to a new one,
    which is slow to build. Raises UsageError if there is nothing to test.
    """
    unreadable = ""
    if second is None and plan.second:
        try:
            second = SecondJudge(document, target.contract, target.url)
        except ContractError as error:
            # One validator is better than none.
            unreadable = f"openapi-core could not run: {error}"
    verification = Verification(target, plan, record, progress, second, watch)
    verification.result.notes += [unreadable] if unreadable else []
    start = time.perf_counter()
    target.watchers.append(verification.heard)
    with ended_like_ctrl_c() as stop:
        try:
            around = surroundings or clock.surroundings_of(target, plan.effort.patience)
            if not around.mock:
                verification.guard()
            preflight(target)
            verification.run_parts(document, around)
        except EnoughError:
            pass
        except KeyboardInterrupt:
            verification.result.interrupted = stop.exit_code
        except NoReply as error:
            if not verification.result.requests:
                verification.abandon()
                raise
            verification.result.errors.append(str(error))
        except UsageError:
            verification.abandon()
            raise
        try:
            verification.remove_created()
        except KeyboardInterrupt:
            verification.result.interrupted = stop.exit_code
            verification.report_leftovers(["interrupted again during cleanup"])
    target.watchers.remove(verification.heard)
    return verification.verdict(time.perf_counter() - start)


@dataclass
class Verification:
    """One verification in progress."""

    target: Target
    plan: Plan
    record: Record
    progress: Callable[[str], None]
    second: SecondJudge | None
    watch: Callable[[Result], None]

    def __post_init__(self) -> None:
        contract = self.target.contract
        self.result = Result(contract.title, self.target.url, seed=self.plan.settings.seed)
        self.result.documented = {op.id: list(op.responses) for op in contract.operations}
        self.baseline = Baseline.load(self.plan.baseline)
        self._sequence = hashlib.sha256()
        self._unlisted: set[str] = set()
        self._in_phase = 0
        self._no_links = False
        self._view = self.plan.sandbox.in_view(contract)
        self._left_out = self.plan.sandbox.left_out(contract)
        self._lifecycles: Lifecycles | None = None
        self._expired_ignores: dict[str, str] = {}

    def run_parts(self, document: Mapping[str, Any], around: clock.Surroundings) -> None:
        """Run all parts of the plan in order."""
        other = self.plan.other_key or (MOCK_OTHER_KEY if around.mock else "")
        self.target.other_key = other
        if not other:
            self.result.notes.append(
                "only one key: isolation of tenants was not checked "
                "(give a second key with --other-key)"
            )
        if "lifecycle" in self.plan.parts:
            self.progress("lifecycles")
            sandbox = self.plan.sandbox
            self._lifecycles = Lifecycles(
                self.target, around, self.result.notes.append, other, sandbox
            )
            self._lifecycle(self._lifecycles)
        if "conformance" in self.plan.parts:
            around.reset()
            self.progress("conformance: starting Schemathesis")
            self._conformance(document, other)

    def guard(self) -> None:
        """On a server that can't be reset, record what is created and remove it."""
        sandbox, target = self.plan.sandbox, self.target
        if target.ownership is None:
            target.ownership = ownership_of(
                target, sandbox, Ledger.create(sandbox.ledger, target.url)
            )

    def _conformance(self, document: Mapping[str, Any], other: str) -> None:
        quarantined = self.target.persistence.quarantined
        everything = {operation.id for operation in self.target.contract.operations}
        ownership = self.target.ownership
        never = set(quarantined) | (everything - self._view)
        if ownership is not None:
            for operation in self.target.contract.operations:
                kind, reason = ownership.kind(operation)
                if kind == "never":
                    never.add(operation.id)
                    ownership.withheld.setdefault(operation.id, reason)
        if never >= everything:
            self.result.errors.append("conformance: none of the operations may be sent")
            return
        settings = replace(
            self.plan.settings, left_out=frozenset(never), params=self.plan.sandbox.params
        )
        schemathesis.run(
            self.target,
            document,
            settings,
            self._take_report,
            other_key=other,
            login=self.plan.login,
            rate=self.plan.sandbox.rate,
        )

    def abandon(self) -> None:
        """Close the empty ledger of a run that could not start."""
        ledger = self.target.ownership.ledger if self.target.ownership is not None else None
        if ledger is not None:
            ledger.close()
            if not (ledger.pending or ledger.entries):
                ledger.path.unlink(missing_ok=True)

    def remove_created(self) -> None:
        """Remove what was created, however the run ended."""
        ownership = self.target.ownership
        if self._lifecycles is not None and ownership is None:
            with suppress(NoReply):
                self._lifecycles.clean_up()
        if ownership is None or ownership.ledger is None:
            return
        # Another process may have written to it.
        ownership.ledger.close()
        ledger = ownership.ledger = Ledger.load(str(ownership.ledger.path))
        ledger.open()
        try:
            left = clean_up(ledger, self.target, ownership, self.progress)
        except NoReply as error:
            count = len(list(ledger.left())) + len(ledger.pending)
            left = [f"{counted(count, 'entity')} ({error})"] if count else []
        finally:
            ledger.close()
        if left:
            self.report_leftovers(left)
        else:
            ledger.path.unlink(missing_ok=True)

    def report_leftovers(self, left: Sequence[str]) -> None:
        sandbox = self.plan.sandbox
        shown = "; ".join(left[:5]) + ("; ..." if len(left) > 5 else "")
        self.result.errors.append(
            f"not removed: {shown}. Try again: mockserver test SPEC --cleanup {sandbox.ledger}"
        )

    def verdict(self, seconds: float) -> Result:
        if self.second is not None:
            self.result.judged = self.second.judged
            self.result.differences = self.second.differences
        self.result.notes += self.baseline.expired
        report_trouble(self.result, self.target, self._keep)
        for reason, day in self._expired_ignores.items():
            self.result.notes.append(expired(reason, day))
        if self._unlisted:
            self.result.notes.append(
                "bad requests were refused where the document lists no such status (400, 422); "
                f"not a finding: {', '.join(sorted(self._unlisted))}"
            )
        self.result.findings = merged(self.result.findings, self.target.contract)
        for finding in self.result.findings:
            self._accept(finding)
        self.result.seconds = seconds
        self.result.digest = self._sequence.hexdigest()[:16]
        return self.result

    def heard(self, exchange: Exchange) -> None:
        """Take in an exchange from any sender. Only the second validator checks those of
        lifecycles."""
        self.result.requests += 1
        self.result.coverage.add(exchange)
        self._sequence.update(_line(exchange))
        self.record.exchange(exchange)
        self.watch(self.result)
        if unlisted_refusal(exchange, self.target.contract):
            self._unlisted.add(exchange.operation)
        if self.second is not None and self._for_the_second(exchange):
            complaint = self.second.complaint(exchange)
            if complaint:
                self._keep(_unfit(exchange, complaint, self.target.contract))

    def _for_the_second(self, exchange: Exchange) -> bool:
        """Pass on the lifecycles' replies, except undocumented refusals of a key or a bad
        request."""
        if exchange.source != "lifecycle" or not exchange.operation:
            return False
        if unlisted_refusal(exchange, self.target.contract):
            return False
        operation = self.target.contract.by_id[exchange.operation]
        return exchange.status != 401 or operation.response_for(401) is not None

    def _keep(self, finding: Finding) -> None:
        if finding.where and not self._is_in_view(finding.where):
            return
        if not self.plan.only.covers(finding):
            return
        self._accept(finding)
        self.result.add(finding)

    def _accept(self, finding: Finding) -> None:
        if finding.accepted:
            return
        self.baseline.accept(finding)
        for ignore in self.plan.sandbox.ignores:
            if ignore.covers(finding):
                if ignore.expired:
                    self._expired_ignores[ignore.reason] = ignore.until.isoformat()
                else:
                    finding.accepted = ignore.reason

    def _is_in_view(self, where: str) -> bool:
        sandbox = self.plan.sandbox
        if not (sandbox.include or sandbox.exclude):
            return True
        method, _, path = where.partition(" ")
        known = [op for op in self.target.contract.operations if op.path == path]
        return not known or any(op.id in self._view and op.method == method for op in known)

    def _found(self, finding: Finding) -> None:
        self._keep(finding)
        if self.plan.stop_early and self.result.open_findings:
            raise EnoughError

    def _lifecycle(self, lifecycles: Lifecycles) -> None:
        """Run the tour, then the state machine if nothing was found."""
        effort = self.plan.effort
        for finding in lifecycles.tour(effort.seconds, self.plan.only.probes):
            self._found(finding)
        if self.plan.stop_early and self.result.open_findings:
            raise EnoughError
        if effort.examples and not self.result.open_findings:
            broken = lifecycles.machine(effort, self.plan.settings.seed)
            if broken is not None:
                self._found(broken)
        failed = bool(self.result.open_findings)
        self.result.phases["lifecycle"] = "failure" if failed else "success"

    def _take_report(self, part: schemathesis.Heard) -> None:
        """Handle a part of Schemathesis' report."""
        for exchange in part.exchanges:
            self.heard(exchange)
            if self.second is not None:
                self.second.hear(exchange)
        errors = [error for error in part.errors if schemathesis.NO_LINKS not in error]
        self._no_links |= len(errors) < len(part.errors)
        self.result.errors += errors
        self._in_phase += len(part.findings)
        if part.phase is not None:
            name, status = part.phase
            # Schemathesis also counts exempted failures.
            status = "success" if status == "failure" and not self._in_phase else status
            status = "skip" if status == "error" and self._no_links else status
            self._in_phase = 0
            if name in self.plan.settings.budget.phases:
                self.result.phases[name] = status
            self.progress(f"{name}: {status}, {counted(self.result.requests, 'request')}")
        if part.stopped not in ("", "completed", "max_time"):
            self.result.errors.append(f"Schemathesis stopped: {part.stopped.replace('_', ' ')}")
        for finding in part.findings:
            self._found(finding)


def _unfit(exchange: Exchange, complaint: str, contract: Contract) -> Finding:
    operation = contract.by_id[exchange.operation]
    return Finding(
        "reply_conforms",
        f"{operation.method} {operation.path}",
        f"Reply {exchange.status} breaks the document",
        complaint,
        [exchange],
        "openapi-core",
    )


def _line(exchange: Exchange) -> bytes:
    """A key for equal requests, independent of the server's address."""
    parts = urlsplit(exchange.url)
    head = f"{exchange.method} {parts.path}?{parts.query}\n".encode()
    return head + exchange.request_body + b"\n"


def report_folder(path: str) -> Path:
    """Create the report folder. Raises UsageError if it can't be written."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--report-dir {path}: {error.strerror or error}") from None
    return folder


ACCEPTED_FOR = timedelta(days=30)


def run_test(spec: str, given: dict[str, Any], sandbox: Sandbox) -> int:
    """Test the server and return the exit code. Raises UsageError, ContractError."""
    document, contract = read_contract(spec)
    if given["write_config"]:
        write_config(given["write_config"], contract, spec)
        return 0
    sandbox.check(contract)
    only = only_of(given["only"], given["report_dir"])
    names = {f"{operation.method} {operation.path}" for operation in contract.operations}
    if named := [name for name in only.operations if name in names]:
        sandbox = replace(sandbox, include=named)
    seconds = given["max_time"] * len(only.parts)
    progress = Progress(quiet=given["quiet"], seconds=seconds)
    say = progress.say
    if given["cleanup"]:
        return clean_up_only(contract, sandbox, given["cleanup"], say)
    if not sandbox.url:
        raise UsageError(
            "--url is missing: give the server's URL, such as --url http://127.0.0.1:8000"
        )
    if not sandbox.is_here:
        check_host(contract, sandbox.url, sandbox.hosts)
    plan = plan_of(given, sandbox, only)
    if given["dry_run"]:
        for line in permission_lines(contract, sandbox):
            click.echo(line)
        return 0
    target, login = open_target(contract, sandbox)
    plan = replace(plan, login=login)
    # The report with the finding stays as it is.
    keep = not given["report_dir"] or only.is_of_findings
    folder = None if keep else report_folder(given["report_dir"])
    run_hooks(sandbox.setup, "setup", target.url)
    try:
        with target, Record(folder) as record:
            result = judge(target, document, plan, record, say, watch=progress.watch)
            files = write(result, folder, record) if folder is not None else []
    finally:
        progress.clear()
        run_hooks(sandbox.teardown, "teardown", target.url)
    for line in (*terminal.lines(result), *reports.report(result, os.environ)):
        click.echo(line)
    for file in files:
        click.echo(f"  {file}")
    if given["write_baseline"]:
        until = (datetime.now(UTC) + ACCEPTED_FOR).date().isoformat()
        baseline.write(given["write_baseline"], result.open_findings, until, "known, to be fixed")
    return result.exit_code


def plan_of(given: dict[str, Any], sandbox: Sandbox, only: Only) -> Plan:
    budget = Budget(max_examples=given["max_examples"], seconds=given["max_time"])
    settings = Settings(
        seed=given["seed"],
        budget=budget,
        timeout=sandbox.timeout,
        include_path=given["include_regex"],
        checks=only.checks,
    )
    effort = Effort(patience=given["patience"], seconds=given["max_time"] or LONGEST_PHASE)
    return Plan(
        settings=settings,
        # The state machine is for what the tour did not find.
        effort=replace(effort, examples=0) if only.probes else effort,
        parts=only.parts,
        only=only,
        other_key=sandbox.other_key,
        baseline=given["baseline"],
        sandbox=sandbox,
    )
