"""Shared by all parts of Feather: lookups and their refusals, ownership, partial updates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

from mockserver.engine.timestamps import render
from mockserver.engine.world import Row, World, new_id, tenant_id
from mockserver.errors import BadRequest, Invalid, NotFound, Refusal
from mockserver.openapi.model import Violation
from mockserver.records import dataclass

# Nested parts of bodies as the service returns them: known fields only, with defaults.
#
# A shape maps each field to its default, or to a `Nested` for a field with its own shape.
# `tests/vendors/feather/test_shapes.py` compares the table with the contract.

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


NOUNS = {
    "agents": "Agent",
    "revisions": "Agent revision",
    "personas": "Persona",
    "scenarios": "Scenario",
    "suites": "Simulation suite",
    "items": "Simulation suite item",
    "suite_runs": "Simulation suite run",
    "runs": "Simulation run",
    "evaluators": "Evaluator",
    "bindings": "Evaluator binding",
    "eval_runs": "Eval run",
}

Refuse = Callable[[str], Refusal]


def find(world: World, collection: str, key: str, refuse: Refuse = NotFound) -> Row:
    """The row with this id. Raises NotFound, or what rule 20 requires."""
    row = world[collection].get(key)
    if row is None:
        raise refuse(f"{NOUNS[collection]} not found: {key}")
    return row


def find_named(world: World, collection: str, key: str) -> Row:
    """The row with an id from a body, for operations that respond with 400 (rule 20)."""
    return find(world, collection, key, BadRequest)


def find_below(
    world: World, collection: str, key: str, field: str, parent: str, refuse: Refuse = NotFound
) -> Row:
    """The row, if it belongs to this parent (rules 43, 54, 61, 68)."""
    row = world[collection].get(key)
    if row is None or row[field] != parent:
        raise refuse(f"{NOUNS[collection]} not found: {key}")
    return row


def organization(world: World) -> str:
    """The organization of the key (rule 6)."""
    return tenant_id(world, "organization")


def caller(world: World) -> str:
    """The user of the key (rule 65)."""
    return tenant_id(world, "user")


def created(world: World, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A new row with id and times (rule 14)."""
    return {"id": new_id(world, kind), **fields, "created_at": world.now, "updated_at": world.now}


def owned(world: World, row: Row) -> dict[str, Any]:
    """The row as the contract shows it: with its organization, and formatted timestamps."""
    return {
        **row,
        "organization_id": organization(world),
        "created_at": render(row["created_at"]),
        "updated_at": render(row["updated_at"]),
    }


def picked(
    body: Mapping[str, Any],
    defaults: Mapping[str, Any],
    shapes: Mapping[str, Nested] | None = None,
) -> dict[str, Any]:
    """The known fields of a creation body; absent and null ones get their defaults (rule 16)."""
    return {
        name: default if body.get(name) is None else fill(body[name], (shapes or {}).get(name))
        for name, default in defaults.items()
    }


def updated(
    world: World,
    row: Row,
    body: Mapping[str, Any],
    fields: Iterable[str],
    clears: frozenset[str] = frozenset(),
    shapes: Mapping[str, Nested] | None = None,
) -> Row:
    """The row with the body's known fields.

    Absent fields stay; null clears those in `clears` and leaves the others (rule 46). `updated_at`
    changes only if another field did (rule 14).
    """
    changes = {
        name: fill(body[name], (shapes or {}).get(name))
        for name in fields
        if name in body and (body[name] is not None or name in clears)
    }
    if all(row[name] == value for name, value in changes.items()):
        return row
    return {**row, **changes, "updated_at": world.now}


def save(world: World, collection: str, row: Row) -> Row:
    """Store the row, unless it is unchanged."""
    rows = world[collection]
    if rows.get(row[rows.spec.key]) is not row:
        rows.put(row)
    return row


def touch(world: World, collection: str, key: str) -> None:
    """Mark the row as changed, because of a part stored elsewhere."""
    row = world[collection].get(key)
    if row is not None:
        save(world, collection, {**row, "updated_at": world.now})


def refuse_nulls(body: Mapping[str, Any], fields: Iterable[str]) -> None:
    """Refuse null where the model's validator does (rule 46)."""
    nulls = [name for name in fields if name in body and body[name] is None]
    if nulls:
        raise value_error(("body",), f"{', '.join(nulls)} cannot be null", dict(body))


def check_overrides(body: Mapping[str, Any]) -> None:
    """Refuse canned tool responses with neither or both of output and error (rule 47)."""
    for name, response in (body.get("tool_overrides") or {}).items():
        error = response.get("error")
        if bool(error) == ("output" in response) or (error is not None and not error):
            raise value_error(
                ("body", "tool_overrides", name),
                "exactly one of output and error must be set, and error must not be empty",
                response,
            )


def filled_overrides(overrides: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Canned tool responses as responses echo them (rule 62)."""
    if overrides is None:
        return None
    return {name: {"delay_ms": 0, **response} for name, response in overrides.items()}


def value_error(where: tuple[str | int, ...], message: str, value: Any) -> Invalid:
    """A violation that involves several fields (rule 29)."""
    return Invalid(
        "The request does not fit the contract.",
        violations=[Violation(where, "value_error", message, value)],
    )
