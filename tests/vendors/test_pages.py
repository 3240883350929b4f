"""The page of each API agrees with its tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.engine.api import Api
from mockserver.engine.jobs import Lifecycle
from mockserver.vendors import built_in

DOCS = Path(__file__).parents[2] / "docs" / "apis"


def diagram(lifecycle: Lifecycle) -> str:
    """The table as a Mermaid state diagram; arrows have the cause of the transition."""
    lines = ["stateDiagram-v2", f"  [*] --> {lifecycle.initial}"]
    for before, following in lifecycle.moves.items():
        for after in following:
            cause = lifecycle.names.get((before, after))
            lines.append(f"  {before} --> {after}" + (f": {cause}" if cause else ""))
    lines += [f"  {state} --> [*]" for state in lifecycle.moves if lifecycle.is_terminal(state)]
    return "\n".join(lines)


@pytest.mark.parametrize("api", [*built_in()], ids=lambda api: api.name)
def test_the_diagrams_are_those_of_the_tables(api: Api) -> None:
    page = (DOCS / f"{api.name}.md").read_text("utf-8")
    drawn = [part.partition("\n```")[0] for part in page.split("```mermaid\n")[1:]]
    assert sorted(drawn) == sorted(diagram(lifecycle) for lifecycle in api.jobs.lifecycles)


@pytest.mark.parametrize("api", [*built_in()], ids=lambda api: api.name)
def test_every_move_has_its_cause(api: Api) -> None:
    for lifecycle in api.jobs.lifecycles:
        moves = {(a, b) for a, following in lifecycle.moves.items() for b in following}
        assert lifecycle.names.keys() == moves
        assert {after for _, after in moves} <= lifecycle.moves.keys()
