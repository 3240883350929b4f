"""A whole judgement: conformance, lifecycles, the second judge, the baseline, the record."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockserver.contract.model import Contract
from mockserver.errors import UsageError

from . import conformance
from .baseline import Baseline
from .lifecycle import clock
from .lifecycle.run import Effort, Lifecycles
from .model import Exchange, Finding, Result
from .reports.record import Record
from .second import SecondJudge
from .settings import Settings
from .target import NoReply, Target, preflight

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
    contract = target.contract
    result = Result(contract.title, target.url, seed=plan.settings.seed)
    result.documented = {op.id: list(op.responses) for op in contract.operations}
    baseline = Baseline.load(plan.baseline)
    start = time.perf_counter()
    sequence = hashlib.sha256()

    if second is None and plan.second:
        second = SecondJudge(document, contract, target.url)

    def heard(exchange: Exchange) -> None:
        result.requests += 1
        result.coverage.add(exchange)
        sequence.update(_line(exchange))
        record.exchange(exchange)
        if second is not None and exchange.source == "lifecycle":
            complaint = second.complaint(exchange)
            if complaint:
                result.add(_unfit(exchange, complaint, contract))

    def found(finding: Finding) -> None:
        baseline.accept(finding)
        result.add(finding)
        if plan.stop_early and not finding.accepted:
            raise EnoughError

    target.watchers.append(heard)
    try:
        preflight(target)
        around = surroundings or clock.surroundings_of(target, plan.effort.patience)
        other = plan.other_key or (MOCK_OTHER_KEY if around.mock else "")
        target.other_key = other
        if not other:
            result.notes.append(
                "one key only: that tenants can't see each other was not checked "
                "(give a second one with --other-key)"
            )
        if "lifecycle" in plan.parts:
            progress("lifecycles")
            _lifecycle(Lifecycles(target, around, result.notes.append, other), plan, result, found)
        if "conformance" in plan.parts:
            around.reset()
            progress("conformance: starting Schemathesis")
            _conformance(target, document, plan, result, heard, found, other, second, progress)
    except EnoughError:
        pass
    except NoReply as error:
        if not result.requests:
            raise
        result.errors.append(str(error))
    finally:
        target.watchers.remove(heard)
    if second is not None:
        result.judged, result.differences = second.judged, second.differences
    for reason in baseline.expired:
        result.notes.append(reason)
    result.seconds = time.perf_counter() - start
    result.digest = sequence.hexdigest()[:16]
    return result


def _lifecycle(
    lifecycles: Lifecycles, plan: Plan, result: Result, found: Callable[[Finding], None]
) -> None:
    """The tour, and if all was well the machine."""
    before = len(result.findings)
    for finding in lifecycles.tour():
        found(finding)
    if plan.stop_early and result.open_findings:
        raise EnoughError
    if plan.effort.examples and len(result.findings) == before:
        broken = lifecycles.machine(plan.effort, plan.settings.seed)
        if broken is not None:
            found(broken)
    result.phases["lifecycle"] = "failure" if len(result.findings) > before else "success"


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


def _conformance(
    target: Target,
    document: Mapping[str, Any],
    plan: Plan,
    result: Result,
    heard: Callable[[Exchange], None],
    found: Callable[[Finding], None],
    other: str,
    second: SecondJudge | None,
    progress: Callable[[str], None],
) -> None:
    def hear(part: conformance.Heard) -> None:
        for exchange in part.exchanges:
            heard(exchange)
            if second is not None:
                second.hear(exchange)
        result.errors += part.errors
        if part.phase is not None:
            name, status = part.phase
            if name in plan.settings.budget.phases:
                result.phases[name] = status
            progress(f"{name}: {status}, {result.requests} requests")
        if part.stopped not in ("", "completed", "max_time"):
            result.errors.append(f"Schemathesis stopped: {part.stopped.replace('_', ' ')}")
        for finding in part.findings:
            found(finding)

    conformance.run(target, document, plan.settings, hear, other_key=other)


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
