"""Seed data: the fixtures, replayed in chronological order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.engine.jobs import ends
from mockserver.engine.randomness import filled
from mockserver.engine.timestamps import seconds
from mockserver.engine.world import Row, World, new_id
from mockserver.vendors.truestate.automations import new_automation
from mockserver.vendors.truestate.graphs import check_graph
from mockserver.vendors.truestate.session_rows import Orders, answered, keep, new_session
from mockserver.vendors.truestate.tables import WAITING

Entry = Mapping[str, Any]
_AGO = {"days_ago": 86_400, "minutes_ago": 60, "seconds_ago": 1}


def seed(world: World, fixtures: Mapping[str, Any]) -> None:
    """Fill a new world; without fixtures it stays empty."""
    now, documented = world.now, str(fixtures.get("documentation_id"))
    made: dict[str, Row] = {}
    for name, entry in fixtures.get("automations", {}).items():
        _go_to(world, now, entry)
        automation_id = documented if entry.get("documented") else new_id(world, "automation")
        entry = filled(world, name, entry)
        graph = _graph(world, entry)
        check_graph(graph)
        made[name] = new_automation(
            world, entry["name"], entry["description"], graph, automation_id
        )
    for index, entry in enumerate(fixtures.get("sessions", ())):
        _go_to(world, now, entry)
        session_id = documented if entry.get("documented") else new_id(world, "session")
        entry = filled(world, f"session {index}", entry)
        _session(world, made[entry["automation"]], entry, session_id)
    world.now = now


def _go_to(world: World, now: int, entry: Entry) -> None:
    """Set the world's time to that of the entry."""
    world.now = now - sum(seconds(entry.get(unit, 0) * length) for unit, length in _AGO.items())


def _graph(world: World, entry: Entry) -> dict[str, Any]:
    ids = {name: new_id(world, "step") for name in entry["steps"]}
    return {
        "steps": [
            {
                "id": ids[name],
                "name": name,
                "step_type": step["type"],
                "prompt_template": step.get("prompt", {"type": "empty"}),
            }
            for name, step in entry["steps"].items()
        ],
        "step_transitions": [
            {"source_step_id": ids[source], "target_step_id": ids[target], "label": label}
            for source, target, *rest in entry["transitions"]
            for label in (rest or [None])
        ],
    }


def _session(world: World, automation: Row, entry: Entry, session_id: str) -> None:
    """A session that runs as its entry describes; each input comes `after` this many seconds."""
    orders = Orders.of({"mock": entry.get("goes")})
    row = new_session(world, automation, entry.get("inputs", {}), orders, session_id)
    for answer in entry.get("answers", ()):
        state, _ = row["steps"][-1]["schedule"][-1]
        assert state == WAITING, "an input in the fixtures belongs to a question"
        world.now = ends(row["steps"][-1]["schedule"]) + seconds(answer["after"])
        row = keep(world, answered(world, row, answer["text"], orders))
