"""Run a whole verification: conformance, lifecycles, the second validator, baseline, reports."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from mockserver.errors import ContractError, UsageError
from mockserver.files.wording import counted
from mockserver.openapi.model import Contract
from mockserver.verify.access import Login, ownership_of
from mockserver.verify.causes import (
    accepted_by,
    alike_as_one,
    merged,
    report_trouble,
    silences_as_one,
)
from mockserver.verify.cleanup import clean_up, note_others
from mockserver.verify.conformance import schemathesis
from mockserver.verify.conformance.config import Settings
from mockserver.verify.conformance.exemptions import unlisted_refusal
from mockserver.verify.conformance.openapi_core import SecondJudge
from mockserver.verify.earlier_findings import PARTS, Baseline, Only
from mockserver.verify.ledger import Ledger
from mockserver.verify.lifecycle import clock
from mockserver.verify.lifecycle.run import Effort, Lifecycles
from mockserver.verify.model import KEY_VARIABLE, Exchange, Finding, Result
from mockserver.verify.persistence import TOO_MANY
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.resume import Journal
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.signals import acknowledge, ended_like_ctrl_c, raise_if_pending
from mockserver.verify.target import NoReply, Target, credentials, preflight

MOCK_OTHER_KEY = "mock-other"


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
    resumed: Ledger | None = None
    """The ledger of an interrupted run to go on with."""


def unlisted_refusal_of_key(exchange: Exchange, target: Target) -> bool:
    """Whether a key is refused with an undocumented status: 401, or 403 for a request without the
    run's own key."""
    operation = target.contract.by_id[exchange.operation]
    if operation.response_for(exchange.status) is not None:
        return False
    if exchange.status != 403 or not operation.security:
        return exchange.status == 401
    shown = (*exchange.request_headers.values(), exchange.url)
    # One that was given as a header is sent with every request.
    given = target.headers.keys() & credentials(target.contract, "key").keys()
    return not given and not any(KEY_VARIABLE in one for one in shown)


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
    target.watchers.append(verification.observe)
    with ended_like_ctrl_c():
        try:
            around = surroundings or clock.surroundings_of(target, plan.effort.patience)
            if not around.mock:
                verification.guard()
            preflight(target)
            verification.go_on()
            verification.run_parts(document, around)
            raise_if_pending()
        except EnoughError:
            pass
        except KeyboardInterrupt:
            verification.result.interrupted = acknowledge()
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
            verification.result.interrupted = acknowledge()
            verification.report_leftovers(["interrupted again during cleanup"])
    target.watchers.remove(verification.observe)
    return verification.verdict()


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
        self._start = time.perf_counter()
        self._sequence = hashlib.sha256()
        self._unlisted: set[str] = set()
        self._in_phase = 0
        self._told: dict[str, str] = {}
        self._no_links = False
        self._view = self.plan.sandbox.in_view(contract)
        self._lifecycles: Lifecycles | None = None
        self._journal: Journal | None = None
        self._expired_ignores: dict[str, None] = {}

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
        if target.ownership is not None:
            return
        ledger = self.plan.resumed
        if ledger is None:
            ledger = Ledger.create(sandbox.ledger, target.url)
        elif ledger.url != target.url:
            raise UsageError(f"--resume: the interrupted run was at {ledger.url}; give it as --url")
        else:
            ledger.open()
        target.ownership = ownership_of(target, sandbox, ledger)
        self._journal = Journal(ledger, self.result)

    def go_on(self) -> None:
        """Take in what an interrupted run has found, and remove what it left."""
        journal, ownership, settings = self._journal, self.target.ownership, self.plan.settings
        if journal is None or ownership is None:
            return
        if self.plan.resumed is None:
            journal.begin(settings.seed, settings.budget.max_examples)
            note_others(journal.ledger, self.target, ownership)
            return
        journal.restore()
        self.progress(f"going on after {counted(len(journal.finished), 'step')}")
        if journal.ledger.pending or list(journal.ledger.left()):
            clean_up(journal.ledger, self.target, ownership, self.progress)

    def _finish(self, step: str, **facts: str) -> None:
        if self._journal is not None:
            self._journal.finish(step, **facts)

    @property
    def _finished(self) -> frozenset[str]:
        """The steps that an interrupted run has finished."""
        return frozenset(self._journal.finished if self._journal is not None else ())

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
        budget = self.plan.settings.budget
        if budget.seconds:
            left = max(1, round(budget.seconds - self._seconds))
            budget = replace(budget, seconds=left)
        settings = replace(
            self.plan.settings,
            budget=budget,
            left_out=frozenset(never),
            params=self.plan.sandbox.params,
            finished=self._finished,
        )
        if not any(map(settings.runs, settings.budget.phases)):
            return
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
            if not (ledger.pending or ledger.entries or ledger.steps):
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
        elif not self.result.interrupted:
            ledger.path.unlink(missing_ok=True)

    def report_leftovers(self, left: Sequence[str]) -> None:
        sandbox = self.plan.sandbox
        shown = "; ".join(left[:5]) + ("; ..." if len(left) > 5 else "")
        self.result.errors.append(
            f"not removed: {shown}. Try again: mockserver test SPEC --cleanup {sandbox.ledger}"
        )

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._start

    def verdict(self) -> Result:
        if self.second is not None:
            self.result.judged = self.second.judged
            self.result.differences = self.second.differences
        # The ledger is closed.
        self._journal = None
        self.result.notes += self.baseline.expired
        self.result.errors = alike_as_one(silences_as_one(self.result.errors))
        report_trouble(self.result, self.target, self._keep)
        self.result.notes += self._expired_ignores
        if self._unlisted:
            self.result.notes.append(
                "bad requests were refused where the document lists no such status (400, 422); "
                f"not a finding: {', '.join(sorted(self._unlisted))}"
            )
        self.result.findings = merged(self.result.findings, self.target.contract)
        for finding in self.result.findings:
            self._accept(finding)
        self.result.seconds = self._seconds
        self.result.digest = self._sequence.hexdigest()[:16]
        return self.result

    def observe(self, exchange: Exchange) -> None:
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
        if exchange.source != "lifecycle" or not exchange.operation or exchange.status == TOO_MANY:
            return False
        if unlisted_refusal(exchange, self.target.contract):
            return False
        return not unlisted_refusal_of_key(exchange, self.target)

    def _keep(self, finding: Finding) -> None:
        if finding.where and not self._is_in_view(finding.where):
            return
        if not self.plan.only.covers(finding):
            return
        self._accept(finding)
        if self.result.add(finding) and self._journal is not None:
            self._journal.found(finding)

    def _accept(self, finding: Finding) -> None:
        if finding.accepted:
            return
        self.baseline.accept(finding)
        _, notes = accepted_by([finding], self.plan.sandbox)
        self._expired_ignores.update(dict.fromkeys(notes))

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
        finished = self._finished
        probes = self.plan.only.probes
        for finding in lifecycles.tour(effort.seconds, probes, finished, self._finish):
            self._found(finding)
        if self.plan.stop_early and self.result.open_findings:
            raise EnoughError
        machine = "lifecycle: in any order"
        if effort.examples and not self.result.open_findings and machine not in finished:
            broken = lifecycles.machine(effort, self.plan.settings.seed)
            if broken is not None:
                self._found(broken)
            self._finish(machine)
        failed = bool(self.result.open_findings)
        self.result.phases["lifecycle"] = "failure" if failed else "success"

    def _take_report(self, part: schemathesis.ReportPart) -> None:
        """Handle a part of Schemathesis' report."""
        for exchange in part.exchanges:
            self.observe(exchange)
            if self.second is not None:
                self.second.compare(exchange)
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
            if self._told.get(name) != status:
                self.progress(f"{name}: {status}, {counted(self.result.requests, 'request')}")
            self._told[name] = status
        if part.stopped not in ("", "completed", "max_time"):
            self.result.errors.append(f"Schemathesis stopped: {part.stopped.replace('_', ' ')}")
        for finding in part.findings:
            example = finding.example if finding.rule == "response_schema_conformance" else None
            if self.second is not None and example is not None and example.operation:
                # In the same words as what is found by the second validator alone.
                finding.extra = {**finding.extra, "complaint": self.second.complaint(example)}
            self._found(finding)
        if part.scenario:
            self._finish(part.scenario)
        elif part.phase is not None and part.phase[1] != "interrupted":
            self._finish(part.phase[0], status=self.result.phases.get(part.phase[0], part.phase[1]))


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
