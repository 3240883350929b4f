"""What a run reports at its end, besides its findings: what was ignored, waited for, not sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mockserver.files.wording import often
from mockserver.openapi.model import Contract
from mockserver.verify.model import Finding, Result, is_server_error
from mockserver.verify.sandbox import Sandbox
from mockserver.verify.target import Target

_SILENCE = re.compile(r"timed out|ConnectTimeout|Connection (refused|aborted|reset)|NewConnection")
_MANY = 3
_PLACE = re.compile(r"\n\s*Location:\n.*\n")
"""Where in the document something is, in Schemathesis' words."""


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


def silences_as_one(errors: Sequence[str]) -> list[str]:
    """The errors, with those of requests that got no response as one: what made the server hang is
    most likely the first of them, or what came before it."""
    silent = [error for error in errors if _SILENCE.search(error)]
    if len(silent) < _MANY:
        return list(errors)
    what, _, reason = silent[0].partition(": ")
    one = (
        f"the server did not respond in {len(silent)} operations, the first of them {what} "
        f"({reason}); look for the cause in its log, restart it if it hangs"
    )
    return [one, *(error for error in errors if error not in silent)]


def alike_as_one(errors: Sequence[str]) -> list[str]:
    """The errors, each reason once with its operations; a place within the document is none."""
    groups: dict[str, list[str]] = {}
    for error in errors:
        what, colon, reason = " ".join(_PLACE.sub("\n", error).split()).partition(": ")
        groups.setdefault(reason if colon else "", []).append(what)
    found = groups.pop("", [])
    for reason, names in groups.items():
        shown = list(dict.fromkeys(names))
        more = f" and {len(shown) - 4} more" if len(shown) > 4 else ""
        found.append(f"{', '.join(shown[:4])}{more}: {reason}")
    return found


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
