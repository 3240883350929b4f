"""Read seed data (`--data FILE`) and the line numbers of its entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

import yaml

from mockserver.errors import ContractError, UsageError
from mockserver.openapi.document import parse_document
from mockserver.records import dataclass

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class SeedData:
    """Entities by resource; `lines` maps a path in the file to the line where it starts."""

    table: Mapping[str, Any]
    source: str = "data"
    lines: Mapping[Place, int] = field(default_factory=dict)

    def where(self, place: Place) -> str:
        """The place of an entry for people: its line, or its path if lines are unknown."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return f"{self.source} line {self.lines[place[:length]]}"
        return f"{self.source}: " + ".".join(map(str, place)) if place else self.source


def read_seed_data(path: Path) -> SeedData:
    """Read the file, YAML or JSON. Raises UsageError if it can't be read."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--data {path}: {error.strerror or error}") from None
    lost: list[str] = []
    try:
        table = parse_document(text, str(path), lost, "seed data")
    except ContractError as error:
        raise UsageError(f"--data {error}") from None
    if lost:
        raise UsageError(f"--data {path}: {lost[0]}")
    lines: dict[Place, int] = {}
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:  # JSON that is not valid YAML, for example because of tabs
        node = None
    if node is not None:
        _note(node, (), lines)
    return SeedData(table, f"--data {path}", lines)


def _note(node: yaml.Node, place: Place, lines: dict[Place, int]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            lines[here] = key.start_mark.line + 1
            _note(value, here, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note(value, (*place, index), lines)
