"""Nested parts of bodies as the service returns them: known fields only, with defaults.

A shape maps each field to its default, or to a `Nested` for a field with its own shape.
`tests/vendors/feather/test_shapes.py` compares the table with the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

REQUIRED: Final = object()


@dataclass(frozen=True, slots=True)
class Nested:
    """A field that holds one shape, a list of it or an object of it.

    `absent` is the value of a field that was not sent; "filled" stands for the shape's defaults.
    """

    shape: str
    form: Literal["one", "list", "object"] = "one"
    absent: Literal["filled", "null"] = "null"


SHAPES: dict[str, dict[str, Any]] = {
    "PersonaBehaviorConfig": {
        "first_speaker": "agent",
        "cut_in": Nested("PersonaCutInConfig", absent="filled"),
        "language": None,
        "background_noise": "none",
        "background_noise_volume": 0.3,
        "wait_seconds": 0.0,
        "yield_on_overlap": Nested("PersonaYieldConfig", absent="filled"),
        "interruption_mode": "off",
        "backchannel_style": "neutral",
        "backchannel_overrides": None,
        "reaction_pause_ms_min": 200,
        "reaction_pause_ms_max": 500,
    },
    "PersonaCutInConfig": {"min_words": 3, "min_duration_ms": 300, "backoff_ms": 1000},
    "PersonaYieldConfig": {"after_words": 2, "after_seconds": 0.5},
    "ContextVarSpec": {
        "name": REQUIRED,
        "type": REQUIRED,
        "source": "derived",
        "enum_values": None,
        "reask_cap": None,
        "description": None,
    },
    "ChannelConfig": {
        "prompt": None,
        "first_speaking_config": Nested("FirstSpeakingConfig"),
        "warm_transfer": Nested("WarmTransferChannelConfig"),
    },
    "FirstSpeakingConfig": {
        "first_speaker": "agent",
        "mode": "static",
        "text": None,
        "instructions": None,
        "interruptible": True,
        "ai_disclosure_text": None,
    },
    "WarmTransferChannelConfig": {"briefing_template": None},
    "ModelChainEntry": {"model": REQUIRED, "config": Nested("ModelConfig", absent="filled")},
    "ModelConfig": {
        "temperature": None,
        "max_tokens": None,
        "top_p": None,
        "stop_sequences": None,
        "reasoning_effort": None,
        "request_timeout_ms": None,
        "thinking_budget": None,
    },
    "ToolRef": {
        "kind": REQUIRED,
        "id": None,
        "slug": None,
        "output_bindings": None,
        "input_defaults": Nested("InputArgConfig", "object"),
    },
    "InputArgConfig": {"value": REQUIRED, "type": "default"},
    "KnowledgeBaseRef": {"id": REQUIRED, "description": None, "clearance_level": None},
    "PolicyRefSpec": {"policy_id": REQUIRED},
    "SuccessCriterion": {"description": REQUIRED, "output_type": REQUIRED},
}


def filled(shape: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """The sent value, in this shape."""
    return {name: _part(default, sent, name) for name, default in SHAPES[shape].items()}


def _part(default: Any, sent: Mapping[str, Any], name: str) -> Any:
    if isinstance(default, Nested):
        return _nested(default, sent.get(name, {} if default.absent == "filled" else None))
    return sent.get(name, default)


def _nested(field: Nested, sent: Any) -> Any:
    if sent is None:
        return None
    if field.form == "list":
        return [filled(field.shape, part) for part in sent]
    if field.form == "object":
        return {name: filled(field.shape, part) for name, part in sent.items()}
    return filled(field.shape, sent)


def fill(sent: Any, field: Nested | None) -> Any:
    """A top-level value of a body, in the shape of its field (None: unchanged)."""
    return sent if field is None else _nested(field, sent)
