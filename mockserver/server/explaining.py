"""`mockserver explain`: what is inferred from a document, what is written by hand, and why."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mockserver.apis import BUILT_IN
from mockserver.contract.build import build_contract
from mockserver.contract.model import Contract
from mockserver.plan.build import build_plan
from mockserver.plan.explain import Row, as_json, rows
from mockserver.plan.model import Plan
from mockserver.server.documents import DEFAULT_SPEC, as_document, naming
from mockserver.server.plain import plain
from mockserver.server.settings import Config, naming_config
from mockserver.server.shapes import in_shape

_WIDTH_OF_A_FILE = 180
_COLOURS = {"certain": "green", "likely": "yellow", "guess": "red"}


@dataclass(frozen=True)
class Explained:
    """A plan, and the API whose handlers take precedence over it, by the operations' names."""

    contract: Contract
    plan: Plan
    api: str
    by_hand: frozenset[str]

    def as_json(self) -> dict[str, Any]:
        found = as_json(self.plan)
        for name, operation in found["operations"].items():
            operation["by_hand"] = name in self.by_hand
        return {"title": self.contract.title, "api": self.api or None, **found}

    @property
    def hand_written(self) -> frozenset[str]:
        """Method and path of the operations whose behaviour is written by hand."""
        by_id = self.contract.by_id
        return frozenset(f"{by_id[name].method} {by_id[name].path}" for name in self.by_hand)


def explained(spec: str | None, config: Config) -> Explained:
    """Read a document and infer. Raises a MockServerError."""
    name = spec or config.spec or DEFAULT_SPEC
    document = as_document(name)
    with naming(name, document), naming_config(config.path):
        contract = build_contract(document)
        plan = build_plan(contract, config.overrides)
    written = next((in_shape(api, contract) for api in BUILT_IN if api.claims(contract)), None)
    if written is None:
        return Explained(contract, plan, "", frozenset())
    by_hand = frozenset(name for name in written.handlers if name in contract.by_id)
    return Explained(contract, plan, written.name, by_hand)


def print_plan(found: Explained) -> None:
    """Print it as a table: a line an inference, with its evidence and how sure it is."""
    # Rich asks the terminal, or COLUMNS.
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    console = Console(highlight=False, width=None if known else _WIDTH_OF_A_FILE)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("about", overflow="fold", ratio=3)
    table.add_column("inferred", overflow="fold", ratio=3)
    table.add_column("because", overflow="fold", ratio=4)
    table.add_column("how sure", no_wrap=True)
    by_hand = found.hand_written
    for row in rows(found.plan):
        if row.kind == "operation" and row.subject in by_hand:
            hand = f"written by hand for {found.api}; else {row.inference}"
            table.add_row(
                Text(plain(row.subject)), Text(plain(hand)), Text("its operationId matches"), ""
            )
            continue
        colour = _COLOURS[row.confidence]
        table.add_row(
            Text(plain(_subject(row))),
            Text(plain(row.inference)),
            Text(plain(row.evidence)),
            Text(row.confidence, style=colour),
        )
    console.print(table)
    console.print(Text(_summary(found)))


def _subject(row: Row) -> str:
    return row.subject if row.kind == "operation" else f"{row.kind} {row.subject}"


def _summary(found: Explained) -> str:
    guesses = sum(row.confidence == "guess" for row in rows(found.plan))
    words = [
        _plural(len(found.plan.resources), "resource"),
        _plural(len(found.plan.actions), "operation"),
        _plural(guesses, "guess"),
    ]
    hand = f", {len(found.by_hand)} of them by hand" if found.by_hand else ""
    return (
        f"\n{plain(found.contract.title)}: {words[0]}, {words[1]}{hand}; {words[2]}. "
        "A wrong one is put right in mockserver.toml."
    )


def _plural(count: int, noun: str) -> str:
    ending = "es" if noun.endswith("s") else "s"
    return f"{count} {noun}" if count == 1 else f"{count} {noun}{ending}"
