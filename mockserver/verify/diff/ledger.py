"""Record creations on the real side before they are sent, and remove them afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mockserver.inference.build import build_plan
from mockserver.verify.cleanup import clean_up
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Program
from mockserver.verify.ledger import Ledger
from mockserver.verify.ownership import Ownership
from mockserver.verify.sandbox import LOOPBACK
from mockserver.verify.target import Target


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
        # `only_removable` has chosen the programs; permit everything here, and record it.
        self.ownership = Ownership(
            self.knowledge.contract,
            build_plan(self.knowledge.contract, self.knowledge.sandbox.overrides),
            self.ledger,
            disposable=True,
            given=self.knowledge.sandbox.params,
            overrides=self.knowledge.sandbox.overrides,
            probe=self.target.status_of,
        )
        self.target.ownership = self.ownership

    def clean(self) -> None:
        """Remove what the ledger lists. Raises NoReply."""
        if any(True for _ in self.ledger.left()) or self.ledger.pending:
            for line in clean_up(self.ledger, self.target, self.ownership, lambda text: None):
                self.stuck.setdefault(line)


def only_removable(
    programs: Iterable[Program], knowledge: Knowledge, left_out: set[str]
) -> Iterator[Program]:
    """Programs that create only what can be removed again, or may be sent anyway."""
    contract, sandbox = knowledge.contract, knowledge.sandbox
    ownership = Ownership(
        contract,
        build_plan(contract, sandbox.overrides),
        allowed=sandbox.allowed_operations(contract),
        given=sandbox.params,
    )
    dangerous = {op.id for op in contract.operations if ownership.kind(op)[0] == "never"}
    for program in programs:
        risky = {
            step.operation
            for step in program.steps
            if step.operation in dangerous and step.intent not in ("auth", "unknown")
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
