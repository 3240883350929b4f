"""Versions of an automation: steps, transitions, and their validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mockserver.engine.world import Row, World, new_id
from mockserver.errors import Invalid
from mockserver.openapi.model import Violation
from mockserver.vendors.truestate.tables import DECISION, START

Graph = Mapping[str, Any]


def new_version(world: World, automation_id: str, sent: Graph) -> Row:
    """A version as stored; the client chooses step ids, the server transition ids (rules 5, 6)."""
    version = {
        "id": new_id(world, "version"),
        "automation_id": automation_id,
        "created_at": world.now,
        "steps": [
            {name: step[name] for name in ("id", "name", "step_type", "prompt_template")}
            for step in sent["steps"]
        ],
        "step_transitions": [
            {
                "id": new_id(world, "transition"),
                "source_step_id": transition["source_step_id"],
                "target_step_id": transition["target_step_id"],
                "label": transition.get("label"),
            }
            for transition in sent["step_transitions"]
        ],
    }
    world["versions"].put(version)
    return version


def check_graph(graph: Graph) -> None:
    """Raises Invalid with all violations of a version (rules 7, 8)."""
    violations = [
        Violation(("body", "current_version", *where), "value_error", message, value)
        for where, message, value in _faults(graph)
    ]
    if violations:
        raise Invalid("The version can't be walked.", violations=violations)


Fault = tuple[tuple[str | int, ...], str, Any]


def _faults(graph: Graph) -> Iterator[Fault]:
    steps: dict[str, Mapping[str, Any]] = {}
    for index, step in enumerate(graph["steps"]):
        if step["id"] in steps:
            yield ("steps", index, "id"), "another step has this id", step["id"]
        steps.setdefault(step["id"], step)
    starts = sum(1 for step in graph["steps"] if step["step_type"] == START)
    if starts != 1:
        yield ("steps",), f"exactly one step must be a START, not {starts}", graph["steps"]
    leaving: dict[str, int] = {}
    for index, transition in enumerate(graph["step_transitions"]):
        for field in ("source_step_id", "target_step_id"):
            if transition[field] not in steps:
                message = "there is no such step in this version"
                yield ("step_transitions", index, field), message, transition[field]
        target = steps.get(transition["target_step_id"])
        if target is not None and target["step_type"] == START:
            message = "no transition may lead to the START"
            yield ("step_transitions", index, "target_step_id"), message, target["id"]
        source = steps.get(transition["source_step_id"])
        if source is None or source["step_type"] == DECISION:
            continue
        leaving[source["id"]] = leaving.get(source["id"], 0) + 1
        if leaving[source["id"]] > 1:
            message = "this step has a way out already, and only a LOGIC_DECISION may have several"
            yield ("step_transitions", index, "source_step_id"), message, source["id"]
    yield from _unclear_labels(steps, graph["step_transitions"])


def _unclear_labels(
    steps: Mapping[str, Mapping[str, Any]], transitions: Sequence[Mapping[str, Any]]
) -> Iterator[Fault]:
    """Transitions of a decision whose labels are missing or duplicates."""
    ways: dict[str, list[tuple[int, str | None]]] = {}
    for index, transition in enumerate(transitions):
        source = steps.get(transition["source_step_id"])
        if source is not None and source["step_type"] == DECISION:
            ways.setdefault(source["id"], []).append((index, transition.get("label")))
    for labels in ways.values():
        seen: set[str] = set()
        for index, label in labels if len(labels) > 1 else ():
            if not label or label in seen:
                message = "of several ways out of a decision each needs a label of its own"
                yield ("step_transitions", index, "label"), message, label
            seen.add(label or "")


def step_named(version: Row, step_id: str) -> Row:
    """The step of a version with this id."""
    return next(step for step in version["steps"] if step["id"] == step_id)


def first_step(version: Row) -> Row:
    """The step at which every session starts."""
    return next(step for step in version["steps"] if step["step_type"] == START)


def ways_out(version: Row, step: Row) -> list[Row]:
    """The transitions from a step."""
    return [way for way in version["step_transitions"] if way["source_step_id"] == step["id"]]
