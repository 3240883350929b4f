"""What is made on the real side: written down before it is asked for, removed afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mockserver.verify.cleanup import clean_up
from mockserver.verify.diff.api import Knowledge
from mockserver.verify.diff.model import Program, Step
from mockserver.verify.diff.runner import at, parsed
from mockserver.verify.fuzz.plan import make_plan
from mockserver.verify.ledger import Ledger
from mockserver.verify.lifecycle.model import Resource
from mockserver.verify.model import Exchange
from mockserver.verify.target import Target

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def is_loopback(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


@dataclass
class Keeper:
    """The ledger of a run. `stuck` are the things that could not be removed, with the reason."""

    ledger: Ledger
    target: Target
    knowledge: Knowledge
    stuck: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        resources = self.knowledge.makeable
        self._makes = {r.create: r for r in resources if r.remove}
        self._puts = {
            op.id: r
            for op in self.knowledge.contract.operations
            for r in resources
            if r.remove and op.method == "PUT" and op.path == r.item
        }
        self._removes = {r.remove for r in resources}

    def asked(self, step: Step) -> int:
        """Before a request: its number in the ledger, 0 if it can't make anything."""
        if step.key != "own" or step.operation not in self._makes.keys() | self._puts.keys():
            return 0
        return self.ledger.ask(step.operation, step.path, "")

    def answered(self, number: int, step: Step, exchange: Exchange) -> None:
        if number:
            made = self._made(step, exchange)
            if made is not None:
                resource, where = made
                self.ledger.made(number, resource.remove, where, resource.name)
            elif exchange.status < 500:
                self.ledger.nothing(number)
        elif step.operation in self._removes and exchange.status < 300:
            for entry in list(self.ledger.left()):
                if entry.remove == step.operation and dict(entry.where) == dict(step.path):
                    self.ledger.removed(entry)

    def _made(self, step: Step, exchange: Exchange) -> tuple[Resource, dict[str, str]] | None:
        """What has come into being, and its path."""
        if step.operation in self._puts:
            # It makes what it names, and says so with a 201.
            there = exchange.status == 201
            return (self._puts[step.operation], dict(step.path)) if there else None
        resource = self._makes[step.operation]
        identity = at(parsed(exchange), resource.id_field)
        if exchange.status >= 300 or not isinstance(identity, str | int):
            return None
        own = {k: v for k, v in step.path.items() if "{" + k + "}" in resource.item}
        return resource, {**own, resource.id_parameter: str(identity)}

    def clean(self) -> None:
        """Remove what there is. Raises NoReply."""
        if any(True for _ in self.ledger.left()) or self.ledger.asked:
            api = self.knowledge.api
            for line in clean_up(self.ledger, self.target, api, lambda text: None):
                self.stuck.setdefault(line)


def only_removable(
    programs: Iterable[Program], knowledge: Knowledge, left_out: set[str]
) -> Iterator[Program]:
    """Programs that make nothing which can't be removed again. What they use is kept."""
    dangerous = {op.id for op, _ in make_plan(knowledge.contract, knowledge.api).left_out}
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
