"""A whole judgement: conformance, lifecycles, the second judge, the baseline, the record."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from mockserver.errors import UsageError
from mockserver.files.documents import read_contract
from mockserver.openapi.model import Contract
from mockserver.verify import baseline
from mockserver.verify.baseline import Baseline
from mockserver.verify.conformance import schemathesis
from mockserver.verify.conformance.config import Budget, Settings, write_config
from mockserver.verify.conformance.exemptions import unlisted_refusal
from mockserver.verify.conformance.openapi_core import SecondJudge
from mockserver.verify.lifecycle import clock
from mockserver.verify.lifecycle.run import Effort, Lifecycles
from mockserver.verify.model import Exchange, Finding, Result
from mockserver.verify.reports import terminal, write
from mockserver.verify.reports.exchanges import Record
from mockserver.verify.target import NoReply, Target, preflight

MOCK_OTHER_KEY = "mock-other"


@dataclass(frozen=True)
class Plan:
    """What to do. `parts` are "conformance" and "lifecycle"."""

    settings: Settings = field(default_factory=Settings)
    effort: Effort = field(default_factory=Effort)
    parts: tuple[str, ...] = ("conformance", "lifecycle")
    other_key: str = ""
    baseline: str = ""
    second: bool = True
    stop_early: bool = False
    """Stop at the first finding."""


class EnoughError(Exception):
    """The first finding is there, and one is enough."""


def judge(
    target: Target,
    document: Mapping[str, Any],
    plan: Plan,
    record: Record,
    progress: Callable[[str], None] = lambda text: None,
    surroundings: clock.Surroundings | None = None,
    second: SecondJudge | None = None,
) -> Result:
    """`surroundings` are the control plane's, unless they are given, and the second judge a new
    one, which takes its time.

    Raises UsageError if there is nothing to judge.
    """
    if second is None and plan.second:
        second = SecondJudge(document, target.contract, target.url)
    court = Court(target, plan, record, progress, second)
    start = time.perf_counter()
    target.watchers.append(court.heard)
    try:
        preflight(target)
        court.sit(document, surroundings or clock.surroundings_of(target, plan.effort.patience))
    except EnoughError:
        pass
    except NoReply as error:
        if not court.result.requests:
            raise
        court.result.errors.append(str(error))
    finally:
        target.watchers.remove(court.heard)
    return court.verdict(time.perf_counter() - start)


@dataclass
class Court:
    """One judgement on its way."""

    target: Target
    plan: Plan
    record: Record
    progress: Callable[[str], None]
    second: SecondJudge | None

    def __post_init__(self) -> None:
        contract = self.target.contract
        self.result = Result(contract.title, self.target.url, seed=self.plan.settings.seed)
        self.result.documented = {op.id: list(op.responses) for op in contract.operations}
        self.baseline = Baseline.load(self.plan.baseline)
        self._sequence = hashlib.sha256()
        self._unlisted: set[str] = set()
        self._in_phase = 0

    def sit(self, document: Mapping[str, Any], around: clock.Surroundings) -> None:
        """All parts of the plan, one after the other."""
        other = self.plan.other_key or (MOCK_OTHER_KEY if around.mock else "")
        self.target.other_key = other
        if not other:
            self.result.notes.append(
                "one key only: that tenants can't see each other was not checked "
                "(give a second one with --other-key)"
            )
        if "lifecycle" in self.plan.parts:
            self.progress("lifecycles")
            self._lifecycle(Lifecycles(self.target, around, self.result.notes.append, other))
        if "conformance" in self.plan.parts:
            around.reset()
            self.progress("conformance: starting Schemathesis")
            settings = self.plan.settings
            schemathesis.run(self.target, document, settings, self._told, other_key=other)

    def verdict(self, seconds: float) -> Result:
        if self.second is not None:
            self.result.judged = self.second.judged
            self.result.differences = self.second.differences
        self.result.notes += self.baseline.expired
        if self._unlisted:
            self.result.notes.append(
                "the document lists no refusal of a bad request (400, 422) where one was given; "
                f"no finding: {', '.join(sorted(self._unlisted))}"
            )
        self.result.seconds = seconds
        self.result.digest = self._sequence.hexdigest()[:16]
        return self.result

    def heard(self, exchange: Exchange) -> None:
        """An exchange, whoever sent it. What the lifecycles get is judged by the second judge
        alone."""
        self.result.requests += 1
        self.result.coverage.add(exchange)
        self._sequence.update(_line(exchange))
        self.record.exchange(exchange)
        if unlisted_refusal(exchange, self.target.contract):
            self._unlisted.add(exchange.operation)
        if self.second is not None and self._for_the_second(exchange):
            complaint = self.second.complaint(exchange)
            if complaint:
                self._keep(_unfit(exchange, complaint, self.target.contract))

    def _for_the_second(self, exchange: Exchange) -> bool:
        """The lifecycles' replies; not a refusal that the document does not list: of the key, or
        of a bad request."""
        if exchange.source != "lifecycle" or not exchange.operation:
            return False
        if unlisted_refusal(exchange, self.target.contract):
            return False
        operation = self.target.contract.by_id[exchange.operation]
        return exchange.status != 401 or operation.response_for(401) is not None

    def _keep(self, finding: Finding) -> None:
        self.baseline.accept(finding)
        self.result.add(finding)

    def _found(self, finding: Finding) -> None:
        self._keep(finding)
        if self.plan.stop_early and self.result.open_findings:
            raise EnoughError

    def _lifecycle(self, lifecycles: Lifecycles) -> None:
        """The tour, and if all was well the machine."""
        effort = self.plan.effort
        for finding in lifecycles.tour():
            self._found(finding)
        if self.plan.stop_early and self.result.open_findings:
            raise EnoughError
        if effort.examples and not self.result.open_findings:
            broken = lifecycles.machine(effort, self.plan.settings.seed)
            if broken is not None:
                self._found(broken)
        failed = bool(self.result.open_findings)
        self.result.phases["lifecycle"] = "failure" if failed else "success"

    def _told(self, part: schemathesis.Heard) -> None:
        """A part of Schemathesis' report."""
        for exchange in part.exchanges:
            self.heard(exchange)
            if self.second is not None:
                self.second.hear(exchange)
        self.result.errors += part.errors
        self._in_phase += len(part.findings)
        if part.phase is not None:
            name, status = part.phase
            # Schemathesis counts what is excused, too.
            status = "success" if status == "failure" and not self._in_phase else status
            self._in_phase = 0
            if name in self.plan.settings.budget.phases:
                self.result.phases[name] = status
            self.progress(f"{name}: {status}, {self.result.requests} requests")
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
    """What makes two requests the same; the address of the server does not."""
    parts = urlsplit(exchange.url)
    head = f"{exchange.method} {parts.path}?{parts.query}\n".encode()
    return head + exchange.request_body + b"\n"


def report_folder(path: str) -> Path:
    """Raises UsageError if it can't be written."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--report-dir {path}: {error.strerror or error}") from None
    return folder


ACCEPTED_FOR = timedelta(days=30)


def run_test(spec: str, given: dict[str, Any]) -> int:
    """The exit code. Raises UsageError, ContractError."""
    document, contract = read_contract(spec)
    if given["write_config"]:
        write_config(given["write_config"], contract, spec)
        return 0
    target = Target(
        contract,
        given["url"],
        given["key"],
        headers=given["headers"],
        timeout=given["timeout"],
    )
    folder = report_folder(given["report_dir"]) if given["report_dir"] else None
    say = (lambda text: None) if given["quiet"] else _say
    with target, Record(folder) as record:
        result = judge(target, document, plan_of(given), record, say)
        files = write(result, folder, record) if folder is not None else []
    for line in terminal.lines(result):
        click.echo(line)
    for file in files:
        click.echo(f"  {file}")
    if given["write_baseline"]:
        until = (datetime.now(UTC) + ACCEPTED_FOR).date().isoformat()
        baseline.write(given["write_baseline"], result.open_findings, until, "known, to be mended")
    return result.exit_code


def plan_of(given: dict[str, Any]) -> Plan:
    budget = Budget(max_examples=given["max_examples"], seconds=given["max_time"])
    settings = Settings(
        seed=given["seed"],
        budget=budget,
        timeout=given["timeout"],
        include_path=given["include"],
    )
    parts = (given["only"],) if given["only"] else ("conformance", "lifecycle")
    return Plan(
        settings=settings,
        effort=Effort(patience=given["patience"]),
        parts=parts,
        other_key=given["other_key"],
        baseline=given["baseline"],
    )


def _say(text: str) -> None:
    click.echo(f"... {text}", err=True)
