"""What a run reports at its end, besides its findings: what was ignored, waited for, not sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mockserver.files.wording import often
from mockserver.openapi.model import Contract
from mockserver.verify.model import Finding, Result, is_server_error
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.target import Target


def expired(reason: str, day: str) -> str:
    return f"ignored until {day}, which has passed: {reason}"


def accepted_by(findings: Sequence[Finding], sandbox: Sandbox) -> tuple[list[Finding], list[str]]:
    """The findings, with ignored ones marked as accepted, and notes on expired rules."""
    notes: dict[str, None] = {}
    for finding in findings:
        for ignore in sandbox.ignores:
            if ignore.covers(finding):
                if ignore.expired:
                    notes[expired(ignore.reason, ignore.until.isoformat())] = None
                else:
                    finding.accepted = ignore.reason
    return list(findings), list(notes)


def report_trouble(result: Result, target: Target, keep: Callable[[Finding], object]) -> None:
    """Print what was waited for, what was skipped, and what was never sent."""
    persistence, contract = target.persistence, target.contract
    if result.interrupted:
        result.notes.insert(0, "interrupted: results so far")
    for reason, count in sorted(persistence.waits.items()):
        result.notes.append(f"waited {often(count)}: {reason}")
    for name, reason in sorted({**persistence.troubled, **persistence.quarantined}.items()):
        left = ", and was skipped" if name in persistence.quarantined else ""
        result.errors.append(f"{_where(contract, name)} failed repeatedly{left}: {reason}")
    by_reason: dict[str, list[str]] = {}
    for name, reason in (target.ownership.withheld if target.ownership else {}).items():
        kind = "what it names is not ours" if reason.endswith("is not ours") else reason
        by_reason.setdefault(kind, []).append(_where(contract, name))
    for reason, names in sorted(by_reason.items()):
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        result.notes.append(
            f"not sent, {reason}: {', '.join(names[:8])}{more} "
            "(--allow permits one, --disposable all)"
        )
    for exchange in persistence.passing:
        operation = contract.by_id.get(exchange.operation)
        if operation is not None and is_server_error(exchange.status, operation):
            what = f"responded with {exchange.status}, but not to the same request afterwards"
            title = "No server error (not every time)"
            where = _where(contract, exchange.operation)
            keep(Finding("no_server_error", where, title, what, [exchange]))


def _where(contract: Contract, name: str) -> str:
    operation = contract.by_id.get(name)
    return f"{operation.method} {operation.path}" if operation else name
