"""The three shapes of a test's `config`, and the rules beyond the schema (rules 18 to 22).

In the contract `config` is one of three open objects; the test's `type` selects one. A shape maps
field names to their content: "text", "count", a set of words, a shape, or a list of one of these; a
name with a `?` is optional.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mockserver.openapi.model import Violation
from mockserver.vendors.speechify.common import fault

Where = tuple[str | int, ...]

MODES = frozenset({"exact", "regex", "llm"})
TURN = {"role": frozenset({"user", "assistant"}), "content": "text"}
OVERRIDES = {"system_prompt_override?": "text", "model_override?": "text"}
SHAPES: dict[str, dict[str, Any]] = {
    "reply": {
        "context?": "text",
        "success_criteria": "text",
        "success_examples?": ["text"],
        "failure_examples?": ["text"],
        "initial_chat_history?": [TURN],
        "first_message_override?": "text",
        **OVERRIDES,
    },
    "tool": {
        "context?": "text",
        "expected_tool": "text",
        "parameter_checks?": [
            {"path": "text", "mode": MODES, "expected?": "text", "criteria?": "text"}
        ],
        "initial_chat_history?": [TURN],
        **OVERRIDES,
    },
    "simulation": {
        "scenario": "text",
        "max_turns?": "count",
        "initial_chat_history?": [TURN],
        "data_assertions?": [
            {"key": "text", "mode": MODES, "expected?": "text", "criteria?": "text"}
        ],
        **OVERRIDES,
    },
}
MAX_TURNS = 5  # rule 22


def faults(kind: str, config: Mapping[str, Any]) -> list[Violation]:
    """The violations in the config of a test of this type."""
    found = list(_misfits(SHAPES[kind], config, ("config",)))
    if not found and not _has_prompt(kind, config):
        text = "is required unless initial_chat_history ends with a turn of the user"
        found.append(fault(("config", "context"), text, config))
    return found


def filled(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The config as stored, with its default (rule 22)."""
    return {"max_turns": MAX_TURNS, **config} if kind == "simulation" else dict(config)


def _has_prompt(kind: str, config: Mapping[str, Any]) -> bool:
    """Whether there is something to respond to (rule 20)."""
    if kind == "simulation" or "context" in config:
        return True
    history: list[Any] = config.get("initial_chat_history") or []
    return bool(history) and history[-1]["role"] == "user"


def _misfits(shape: Any, value: Any, where: Where) -> Iterator[Violation]:
    if isinstance(shape, Mapping):
        yield from _object_misfits(shape, value, where)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield fault(where, "must be a list", value)
            return
        for index, item in enumerate(value):
            yield from _misfits(shape[0], item, (*where, index))
    elif shape == "text":
        if not isinstance(value, str):
            yield fault(where, "must be a text", value)
    elif shape == "count":
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole or value < 1:
            yield fault(where, "must be a whole number from 1 on", value)
    elif not isinstance(value, str) or value not in shape:
        yield fault(where, f"must be one of {', '.join(sorted(shape))}", value)


def _object_misfits(shape: Mapping[str, Any], value: Any, where: Where) -> Iterator[Violation]:
    if not isinstance(value, Mapping):
        yield fault(where, "must be an object", value)
        return
    for entry, inner in shape.items():
        name = entry.removesuffix("?")
        if name in value:
            yield from _misfits(inner, value[name], (*where, name))
        elif name == entry:
            yield fault((*where, name), "is required", value)
