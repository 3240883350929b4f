"""Of which kind a difference is, and what can differ at all."""

from __future__ import annotations

from mockserver.contract.model import Contract

from .knowledge import READS
from .model import STATUS_NAMES, Kind, Program, Step


def leaf_kind(step: Step, name: str, at: str, sent: bool) -> Kind:
    """Of a value in a good reply; `sent`: it stood in a request."""
    if name in STATUS_NAMES:
        return "lifecycle"
    if step.intent in ("make", "refused") and not sent:
        return "default"
    return "list" if at.startswith("rows") and sent else "state"


def of_others(program: Program, contract: Contract) -> frozenset[int]:
    """The labels of reads that name nothing of the program's own, of what it has not written to:
    counts and the like, which depend on what else a server holds. Their values say nothing.
    """
    written: set[str] = set()
    found = set()
    for step in program.steps:
        operation = contract.by_id[step.operation]
        if operation.method not in READS:
            written.add(operation.path)
        elif not step.needs() and operation.path not in written:
            found.add(step.label)
    return frozenset(found)
