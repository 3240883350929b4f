"""Lifecycles as Mermaid state diagrams, for the documentation."""

from __future__ import annotations

from mockserver.engine.jobs.schedule import Lifecycle


def diagram(lifecycle: Lifecycle) -> str:
    """The table as a diagram; arrows are labelled with the cause of the transition."""
    lines = ["stateDiagram-v2", f"  [*] --> {lifecycle.initial}"]
    for before, following in lifecycle.moves.items():
        for after in following:
            cause = lifecycle.names.get((before, after))
            lines.append(f"  {before} --> {after}" + (f": {cause}" if cause else ""))
    lines += [f"  {state} --> [*]" for state in lifecycle.moves if lifecycle.is_terminal(state)]
    return "\n".join(lines)
