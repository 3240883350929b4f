"""`mockserver explain`: what is inferred from a document, what is hand-written, and why."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mockserver.cli.options import CONTEXT, complete_spec
from mockserver.engine.inferred.given import template
from mockserver.errors import UsageError
from mockserver.files.documents import DEFAULT_SPEC, as_document, naming
from mockserver.files.wording import counted
from mockserver.inference.build import build_plan
from mockserver.inference.explain import Row, as_json, rows
from mockserver.inference.model import Plan
from mockserver.openapi.build import build_contract
from mockserver.openapi.example_schemas import with_example_schemas
from mockserver.openapi.model import Contract
from mockserver.server.config_file import Config, naming_config, read_config
from mockserver.server.handlers_file import check_known, load_handlers
from mockserver.server.loading import in_shape
from mockserver.server.terminal import plain, waiting
from mockserver.vendors import written_for

_TEMPLATE = """\
# Seed data for mockserver serve SPEC --data FILE. Resources that are not listed here are seeded
# from the document. Entities are in a list, or under names that others may refer to:
# "@projects.first" is its id, "@projects.first.name" a property. `count: 20` creates twenty;
# Faker fills placeholders such as {company}, {first_name} or {bothify:ORD-####}.
"""
_BRIEF = "# Each has more properties than these: --data-template --about NAME shows all of one.\n"
_MOST_IN_FULL = 20
_WIDTH_OF_A_FILE = 180
_COLOURS = {"certain": "green", "likely": "yellow", "guess": "red"}
_ONE_SCREEN = 50
_FEW = 20
_ALIKE = 4
_SAMPLES = 3
_NAMES = re.compile(r"(?:`[^`]*`, )*`[^`]*`|{[^}]*}|\S*/[^\s;,]*")
"""What alike lines differ in: the names of properties, and paths."""
_IN_SHORT = ("operation", "lifecycle", "webhook", "callback")
"""Other kinds of inferences are shown in short only if they are guesses."""
_LEVELS = ("guess", "likely", "certain")
_HEADS = {"guess": "guesses", "likely": "likely", "certain": "certain"}


@dataclass(frozen=True)
class View:
    """Which rows of a plan to show: with evidence, by confidence, by subject."""

    why: bool = False
    only: tuple[str, ...] = ()
    about: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether only a part was requested, which is then shown unfolded."""
        return bool(self.only or self.about)

    def shows(self, row: Row) -> bool:
        return (not self.only or row.confidence in self.only) and row.speaks_of(self.about)


@dataclass(frozen=True)
class Explained:
    """A plan and what overrides it: the API with hand-written handlers (by operation), and the
    user's own handlers, each with its place."""

    contract: Contract
    plan: Plan
    api: str = ""
    by_hand: frozenset[str] = frozenset()
    handlers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        found = as_json(self.plan)
        for name, operation in found["operations"].items():
            operation["by_hand"] = name in self.by_hand
            operation["handler"] = self.handlers.get(name)
        return {"title": self.contract.title, "api": self.api or None, **found}

    @property
    def hand_written(self) -> frozenset[str]:
        """Method and path of the operations with hand-written handlers."""
        by_id = self.contract.by_id
        return frozenset(f"{by_id[name].method} {by_id[name].path}" for name in self.by_hand)

    def handler_of(self, row: Row) -> str:
        """The place of the user's handler for the row's operation, or ""."""
        return self.handlers.get(row.operation, "") if row.operation is not None else ""


def explained(spec: str | None, config: Config, handlers: Path | None = None) -> Explained:
    """Read a document and infer its plan; `handlers` is a file, else the configured one.

    Raises a MockServerError.
    """
    name = spec or config.spec or DEFAULT_SPEC
    with waiting(f"Loading {name}"):
        document = with_example_schemas(as_document(name))
        with naming(name, document), naming_config(config.path):
            contract = build_contract(document)
            plan = build_plan(contract, config.overrides)
    own = _own_handlers(handlers or config.serve.get("handlers"), contract)
    written = in_shape(written_for(contract), contract)
    if written is None:
        return Explained(contract, plan, handlers=own)
    by_hand = frozenset(name for name in written.handlers if name in contract.by_id)
    return Explained(contract, plan, written.name, by_hand - own.keys(), own)


def _own_handlers(path: Path | None, contract: Contract) -> dict[str, str]:
    """The place of the user's handler of each operation, such as `handlers.py:12`."""
    if path is None:
        return {}
    found = load_handlers(path)
    check_known(f"--handlers {path}", found, contract.by_id)
    lines = {name: getattr(f, "__code__", None) for name, f in found.items()}
    return {
        name: f"{path.name}:{code.co_firstlineno}" if code is not None else path.name
        for name, code in lines.items()
    }


def print_plan(found: Explained, view: View) -> None:
    """Print a summary, least certain first, or a table with the evidence."""
    # Rich knows the width of a terminal, or COLUMNS.
    known = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    console = Console(highlight=False, width=None if known else _WIDTH_OF_A_FILE)
    chosen = [row for row in rows(found.plan) if view.shows(row)]
    if view.why:
        console.print(_with_reasons(found, chosen))
    else:
        _print_short(console, found, chosen, view)
    console.print(Text(_summary(found)))


def _with_reasons(found: Explained, chosen: list[Row]) -> Table:
    """A row for each inference, with its evidence and confidence."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("about", overflow="fold", ratio=3)
    table.add_column("inferred", overflow="fold", ratio=3)
    table.add_column("because", overflow="fold", ratio=4)
    table.add_column("confidence", no_wrap=True)
    by_hand = found.hand_written
    for row in chosen:
        if row.kind == "operation" and row.subject in by_hand:
            hand = f"hand-written for {found.api}; else {row.inference}"
            table.add_row(
                Text(plain(row.subject)), Text(plain(hand)), Text("its operationId matches"), ""
            )
            continue
        handler = found.handler_of(row)
        if handler:
            own = f"{handler}; else {row.inference}"
            table.add_row(Text(plain(row.subject)), Text(plain(own)), Text("your handler"), "")
            continue
        reason = row.evidence + (f"; otherwise {row.instead}" if row.instead else "")
        table.add_row(
            Text(plain(_subject(row))),
            Text(plain(row.inference)),
            Text(plain(reason)),
            Text(row.confidence, style=_COLOURS[row.confidence]),
        )
    return table


def _print_short(console: Console, found: Explained, chosen: list[Row], view: View) -> None:
    """A line for each operation and lifecycle, the least certain first. If they exceed a screen,
    certain ones are folded into a line for each resource, and others that are alike into one line,
    unless they were requested."""
    by_hand = found.hand_written
    lines = [row for row in chosen if row.kind in _IN_SHORT or row.confidence == "guess"]
    inferred = [
        row
        for row in lines
        if row.kind != "operation" or not (row.subject in by_hand or found.handler_of(row))
    ]
    for level in _LEVELS:
        shown = [row for row in inferred if row.confidence == level]
        if not shown:
            continue
        console.print(Text(f"{_HEADS[level]} ({len(shown)})", style=f"bold {_COLOURS[level]}"))
        if view.narrowed or len(inferred) <= _ONE_SCREEN:
            _print_pairs(console, _one_line_each(shown))
        elif level == "certain":
            _print_pairs(console, _folded(shown))
        else:
            pairs = _alike_folded(shown) if len(shown) > _FEW else _one_line_each(shown)
            _print_pairs(console, pairs)
            if len(pairs) < len(shown):
                console.print(Text(f"  --only {level} shows each of them", style="dim"))
        console.print()
    own = [row for row in lines if row.kind == "operation" and found.handler_of(row)]
    if own:
        console.print(Text(f"your handlers ({len(own)})", style="bold"))
        _print_pairs(console, [(row.subject, found.handler_of(row)) for row in own])
        console.print()
    hand = len(lines) - len(inferred) - len(own)
    if hand:
        console.print(Text(f"hand-written for {found.api}: {counted(hand, 'operation')}"))


def _print_pairs(console: Console, pairs: list[tuple[str, str]]) -> None:
    """Two columns. On a terminal the second one is cut; the first is always whole, because it
    names the operation."""
    width = max((len(plain(name)) for name, _ in pairs), default=0)
    for name, text in pairs:
        line = Text(f"  {plain(name):<{width}}  {plain(text)}".rstrip())
        if sys.stdout.isatty():
            console.print(line, overflow="ellipsis", no_wrap=True)
        else:
            console.print(line, soft_wrap=True)


def _one_line_each(shown: list[Row]) -> list[tuple[str, str]]:
    found = []
    for row in shown:
        text = row.short or row.inference
        text += f"  [or: {row.instead}]" if row.instead else ""
        text += "  [mockserver.toml]" if row.corrected else ""
        found.append((_subject(row), text))
    return found


def _data_template(found: Explained, about: str) -> str:
    """Seed data to begin with. A line for each resource if there are many."""
    entities = template(found.contract, found.plan, about)
    if about and not entities:
        raise UsageError(f"--about {about}: no resource with that in its name can have seed data")
    head = _TEMPLATE + ("" if about else _BRIEF)
    if about or len(entities) <= _MOST_IN_FULL:
        return f"{head}\n{yaml.safe_dump(entities, sort_keys=False, allow_unicode=True)}"
    lines = [
        yaml.safe_dump(
            {name: rows}, sort_keys=False, allow_unicode=True, default_flow_style=True, width=10**6
        ).strip()[1:-1]
        for name, rows in entities.items()
    ]
    return "\n".join([head, *lines, ""])


def _folded(shown: list[Row]) -> list[tuple[str, str]]:
    about: dict[str, list[str]] = {}
    ways: dict[str, str] = {}
    for row in shown:
        name = row.resource or "no resource"
        if row.kind == "operation":
            kinds = about.setdefault(name, [])
            kinds.append(row.inference.split(" ")[0])
        elif row.kind == "lifecycle":
            ways[name] = row.short
            about.setdefault(name, [])
        else:
            about.setdefault(f"{row.kind} {row.subject}", []).append(row.inference)
    return [
        (name, ", ".join(dict.fromkeys(kinds)) + (f"  [{ways[name]}]" if name in ways else ""))
        for name, kinds in about.items()
    ]


def _alike_folded(shown: list[Row]) -> list[tuple[str, str]]:
    """One line for several rows that differ only in names; the others unchanged."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in shown:
        text = row.short or row.inference
        same = text.split(" ")[0] if row.kind == "operation" else _NAMES.sub("...", text)
        groups.setdefault((row.kind, same), []).append(row)
    found = []
    for (kind, same), members in groups.items():
        if len(members) < _ALIKE:
            found += _one_line_each(members)
            continue
        subjects = ", ".join(row.subject for row in members[:_SAMPLES])
        found.append((counted(len(members), kind), f"{same}: {subjects}, ..."))
    return found


def _subject(row: Row) -> str:
    return row.subject if row.kind == "operation" else f"{row.kind} {row.subject}"


def _summary(found: Explained) -> str:
    guesses = sum(row.confidence == "guess" for row in rows(found.plan))
    words = [
        counted(len(found.plan.resources), "resource"),
        counted(len(found.plan.actions), "operation"),
        counted(guesses, "guess"),
    ]
    hand = f", {len(found.by_hand)} of them hand-written" if found.by_hand else ""
    own = f", {len(found.handlers)} of them by your handlers" if found.handlers else ""
    return (
        f"{plain(found.contract.title)}: {words[0]}, {words[1]}{hand}{own}; {words[2]}. "
        "Correct wrong ones in mockserver.toml."
    )


@click.command(
    context_settings=CONTEXT,
    epilog="""\b
    Examples:
      mockserver explain
      mockserver explain openapi.yaml --data-template > seed.yaml
      mockserver explain openapi.yaml --only guess
      mockserver explain openapi.yaml --about invoices --why
      mockserver explain openapi.yaml --json | jq '.operations.createWidget'
    """,
)
@click.argument("spec", required=False, shell_complete=complete_spec)
@click.option("--why", is_flag=True, help="Show every inference with its evidence.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(_LEVELS),
    help="Only inferences of this confidence; can be repeated.",
)
@click.option("--about", metavar="TEXT", default="", help="Only what has this in its path or name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--data-template", is_flag=True, help="Print a template of seed data, for serve --data."
)
@click.option(
    "--handlers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Mark the operations of this handlers file.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Corrections.  [default: ./mockserver.toml, else the one beside SPEC]",
)
def explain(
    spec: str | None,
    why: bool,
    only: tuple[str, ...],
    about: str,
    as_json: bool,
    data_template: bool,
    handlers: Path | None,
    config: Path | None,
) -> None:
    """Print what a mock infers from SPEC: what each operation does, guesses first, and why.

    SPEC is a built-in API (feather, the default), or the path or URL of an OpenAPI 3 or Swagger 2
    document. Wrong guesses can be corrected in mockserver.toml.
    """

    found = explained(spec, read_config(config, spec), handlers)
    if data_template:
        click.echo(_data_template(found, about))
    elif as_json:
        click.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False))
    else:
        print_plan(found, View(why, only, about))
