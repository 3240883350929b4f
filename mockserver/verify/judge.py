"""A whole judgement: conformance, lifecycles, the second judge, the baseline, the record."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockserver.errors import UsageError

from . import conformance
from .baseline import Baseline
from .lifecycle import clock
from .lifecycle import run as lifecycle
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
    effort: lifecycle.Effort = field(default_factory=lifecycle.Effort)
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
) -> Result:
    """`surroundings` are the control plane's, unless they are given.

    Raises UsageError if there is nothing to judge.
    """
    contract = target.contract
    result = Result(contract.title, target.url, seed=plan.settings.seed)
    result.documented = {op.id: list(op.responses) for op in contract.operations}
    baseline = Baseline.load(plan.baseline)
    start = time.perf_counter()
    sequence = hashlib.sha256()

    def heard(exchange: Exchange) -> None:
        result.requests += 1
        result.coverage.add(exchange)
        sequence.update(_line(exchange))
        record.exchange(exchange)

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
        if not other:
            result.notes.append(
                "one key only: that tenants can't see each other was not checked "
                "(give a second one with --other-key)"
            )
        if "lifecycle" in plan.parts:
            _lifecycle(target, plan, result, found, other, around, progress)
        if "conformance" in plan.parts:
            around.reset()
            _conformance(target, document, plan, result, heard, found, other, progress)
    except EnoughError:
        pass
    except NoReply as error:
        if not result.requests:
            raise
        result.errors.append(str(error))
    finally:
        target.watchers.remove(heard)
    for reason in baseline.expired:
        result.notes.append(reason)
    result.seconds = time.perf_counter() - start
    result.digest = sequence.hexdigest()[:16]
    return result


def _lifecycle(
    target: Target,
    plan: Plan,
    result: Result,
    found: Callable[[Finding], None],
    other: str,
    surroundings: clock.Surroundings,
    progress: Callable[[str], None],
) -> None:
    progress("lifecycles")
    before = len(result.findings)
    lifecycle.run(
        target,
        plan.effort,
        found,
        result.notes.append,
        surroundings=surroundings,
        other_key=other,
        seed=plan.settings.seed,
    )
    result.phases["lifecycle"] = "failure" if len(result.findings) > before else "success"


def _conformance(
    target: Target,
    document: Mapping[str, Any],
    plan: Plan,
    result: Result,
    heard: Callable[[Exchange], None],
    found: Callable[[Finding], None],
    other: str,
    progress: Callable[[str], None],
) -> None:
    progress("conformance: starting Schemathesis")
    second = SecondJudge(document, target.contract, target.url) if plan.second else None

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

    try:
        conformance.run(target, document, plan.settings, hear, other_key=other)
    finally:
        if second is not None:
            result.judged = second.judged
            result.differences = second.differences


def _line(exchange: Exchange) -> bytes:
    """What makes two requests the same; the address of the server does not."""
    parts = urlsplit(exchange.url)
    head = f"{exchange.method} {parts.path}?{parts.query}\n".encode()
    return head + exchange.request_body + b"\n"


def quick(plan: Plan) -> Plan:
    """The same with a small budget, for a test run that has to be short."""
    settings = replace(plan.settings, budget=replace(plan.settings.budget, max_examples=3))
    return replace(plan, settings=settings, effort=lifecycle.Effort(examples=5, steps=20))


def report_folder(path: str) -> Path:
    """Raises UsageError if it can't be written."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--report-dir {path}: {error.strerror or error}") from None
    return folder
