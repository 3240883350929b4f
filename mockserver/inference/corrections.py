"""The tables of mockserver.toml that correct an inference, as data: their keys and values.

`overrides.py` reads them; the JSON Schema of the file and its reference page are generated from the
same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from mockserver.inference.model import ActionKind
from mockserver.records import dataclass

KINDS: tuple[str, ...] = tuple(
    k for k in get_args(ActionKind) if k not in ("link", "unlink", "values")
)
ON_ONE = frozenset(("fetch", "replace", "patch", "remove", "transition", "clone"))
"""What is done to one entity, which something has to name."""
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Key:
    """One key of a table: its name, the JSON Schema of its value, and what it means."""

    name: str
    schema: Mapping[str, Any]
    help: str


TEXT: Mapping[str, Any] = {"type": "string"}
YES_OR_NO: Mapping[str, Any] = {"type": "boolean"}
TEXTS: Mapping[str, Any] = {"type": "array", "items": TEXT}
TEXT_TABLE: Mapping[str, Any] = {"type": "object", "additionalProperties": TEXT}
SECONDS: Mapping[str, Any] = {"type": "number", "minimum": 0}

RESOURCES = (
    Key("key", TEXT, "The property that holds an entity's id."),
    Key(
        "seeds",
        {"type": "integer", "minimum": 0, "maximum": MOST_SEEDS},
        "How many entities a new world has.",
    ),
)
OPERATIONS = (
    Key("action", {"enum": list(KINDS)}, "What the operation does to its resource."),
    Key(
        "resource",
        TEXT,
        "The resource of the operation, as `mockserver explain` names it. An unknown name "
        "creates a resource, of all operations with that name.",
    ),
    Key(
        "item",
        TEXT,
        "What identifies the entity: a path or query parameter, or a property of the body.",
    ),
    Key("verb", TEXT, "The verb of a transition, such as `publish`."),
    Key(
        "changes",
        {"type": "object"},
        'What a transition sets: properties and values. `"now"` is the time, `"body.NAME"` a sent '
        "value.",
    ),
    Key(
        "refers",
        TEXT_TABLE,
        "Properties of the body with the id of an existing entity of a resource. Each element of "
        "an array is checked; a dot leads deeper (`items.sku`).",
    ),
    Key(
        "from",
        {"enum": ["upstream", "mock"]},
        "Who responds: the server given by `upstream`, or the mock. The table's name may also be a "
        'tag (`"tag:billing"`), a path, or method and path (`"GET /invoices/*"`).',
    ),
)
LIFECYCLES = (
    Key("property", TEXT, "The property that holds the state."),
    Key("moves", YES_OR_NO, "Whether an entity progresses with time alone."),
    Key("initial", TEXTS, "Initial states, in order."),
    Key("active", TEXTS, "Active states, in order."),
    Key("success", TEXTS, "Final states of success; the first is the usual one."),
    Key("failure", TEXTS, "Final states of failure."),
    Key("cancelled", TEXTS, "Final states after a cancellation."),
    Key(
        "durations",
        {"type": "object", "additionalProperties": SECONDS},
        "Seconds in each state, at pace 1.",
    ),
    Key(
        "waits_for",
        {"anyOf": [TEXTS, TEXT_TABLE]},
        "States that do not end with time: a list, or a table of states and the operation that "
        "leads out of each.",
    ),
    Key(
        "passes",
        TEXT_TABLE,
        'Transient states (`deleting`) and what follows; `""` removes the entity.',
    ),
)
WEBHOOKS = (
    Key("resource", TEXT, "The resource that it reports on."),
    Key(
        "when",
        {**TEXTS, "minItems": 1},
        'When it is sent: `"created"`, `"updated"`, `"removed"`, and states of the lifecycle.',
    ),
)
TABLES: Mapping[str, tuple[tuple[Key, ...], str]] = {
    "resources": (RESOURCES, "A resource, by the name that `mockserver explain` prints."),
    "operations": (OPERATIONS, "An operation, by its operationId."),
    "lifecycles": (LIFECYCLES, "The states of a resource, by the resource's name."),
    "webhooks": (WEBHOOKS, "A webhook or callback, by its name in the document."),
}
"""Each table of tables: the keys of one, and what it is about."""


def names(keys: tuple[Key, ...]) -> tuple[str, ...]:
    """The names of the keys."""
    return tuple(key.name for key in keys)
