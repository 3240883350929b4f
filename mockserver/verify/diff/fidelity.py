"""The mock's fidelity: one number, and its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from mockserver.openapi.model import Operation
from mockserver.verify.diff.api import READS, Knowledge
from mockserver.verify.diff.model import KINDS, Kind, Report
from mockserver.verify.lifecycle.infer import body_schema, reply_schema

State = Literal["agreed", "differs", "not reached"]
DEFINITION = (
    "the share of the document's behaviours (an operation and a kind) that were reached and in "
    "which the real side did nothing that the mock could not have done"
)


@dataclass(frozen=True)
class Fidelity:
    """`cells` are the outcome of each behaviour, `counts` how often it was compared."""

    cells: Mapping[tuple[str, Kind], State]
    counts: Mapping[tuple[str, Kind], int]

    def having(self, state: State) -> int:
        return sum(found == state for found in self.cells.values())

    @property
    def number(self) -> float:
        """From 0 to 1; 0 without any behaviours."""
        return self.having("agreed") / len(self.cells) if self.cells else 0.0

    @property
    def words(self) -> str:
        return (
            f"of {len(self.cells)} behaviours {self.having('agreed')} agreed, "
            f"{self.having('differs')} differ, {self.having('not reached')} were not reached"
        )


def fidelity_of(report: Report, knowledge: Knowledge) -> Fidelity:
    differing = {(d.mismatch.operation, d.mismatch.kind) for d in report.differences}
    differing |= {(operation, kind) for operation, kind, _, _ in report.known}  # type: ignore[misc]
    cells: dict[tuple[str, Kind], State] = {}
    for operation in knowledge.contract.operations:
        kinds = set(applicable(knowledge, operation))
        kinds |= {kind for name, kind in differing if name == operation.id}
        for kind in (k for k in KINDS if k in kinds):
            cell = (operation.id, kind)
            reached = report.cells.get(cell, 0)
            cells[cell] = "differs" if cell in differing else "agreed" if reached else "not reached"
    return Fidelity(cells, dict(report.cells))


def applicable(knowledge: Knowledge, operation: Operation) -> Iterator[Kind]:
    """The kinds of behaviour that the document implies for an operation."""
    contract = knowledge.contract
    yield "status"
    yield "headers"
    body = body_schema(contract, operation)
    listing = operation.id in knowledge.lists
    if reply_schema(contract, operation) is not None:
        yield "schema"
    if operation.security or "{" in operation.path or body is not None:
        yield "error"
    if body is not None or any(p.place == "query" for p in operation.parameters):
        yield "validation"
    if listing:
        yield "list"
        return
    resource = next((r for r in knowledge.makeable if r.create == operation.id), None)
    if resource is not None and body is not None and reply_schema(contract, operation):
        yield "default"
    elif operation.method in READS or any(operation.id == r.change for r in knowledge.makeable):
        yield "state"
    if any(operation.id == r.read and knowledge.is_job(r) for r in knowledge.makeable):
        yield "lifecycle"
